package savepoint

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot"
)

// Snapshot is a savepoint or checkpoint that is looked at.
type Snapshot struct {
	dir      *snapshot.Dir
	Manifest *snapshot.Manifest
	URL      string
}

// Open reads the manifest that a path means, as [snapshot.Locate] has it.
func Open(ctx context.Context, objects *objstore.Resolver, path string) (*Snapshot, error) {
	d, name, err := snapshot.Locate(ctx, objects, path, Codec)
	if err != nil {
		return nil, err
	}
	m, err := d.Load(ctx, name)
	if err != nil {
		return nil, err
	}
	return &Snapshot{d, m, d.URL(name)}, nil
}

// Operator finds the operator that has a uid or name, or the only one whose uid or name begins so, in upper or lower case.
func (s *Snapshot) Operator(name string) (*snapshot.Operator, error) {
	var found []*snapshot.Operator
	var known []string
	begins := func(text string) bool { return len(text) >= len(name) && strings.EqualFold(text[:len(name)], name) }
	for i := range s.Manifest.Operators {
		op := &s.Manifest.Operators[i]
		if op.UID == name {
			return op, nil
		}
		if len(op.Tables) == 0 {
			continue
		}
		known = append(known, fmt.Sprintf("'%s' (%s)", op.UID, op.Name))
		if name != "" && (begins(op.UID) || begins(op.Name)) {
			found = append(found, op)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(known) == 0:
		return nil, fmt.Errorf("%s has no operator with state", s.URL)
	case len(found) > 1:
		known = known[:0]
		for _, op := range found {
			known = append(known, fmt.Sprintf("'%s' (%s)", op.UID, op.Name))
		}
		return nil, fmt.Errorf("several operators of %s begin with '%s': name one by its uid, of %s", s.URL, name, strings.Join(known, ", "))
	}
	return nil, fmt.Errorf("there is no operator '%s' in %s; those with state are %s", name, s.URL, strings.Join(known, ", "))
}

// Table finds a table of an operator; without a name, the only one besides those that keep its progress.
func (s *Snapshot) Table(op *snapshot.Operator, name string) (*snapshot.Table, error) {
	var known []string
	var usual []*snapshot.Table
	for i := range op.Tables {
		t := &op.Tables[i]
		if t.Name == name {
			return t, nil
		}
		known = append(known, "'"+t.Name+"'")
		if t.Name != "watermark" && t.Name != "last" {
			usual = append(usual, t)
		}
	}
	switch {
	case name == "" && len(usual) == 1:
		return usual[0], nil
	case len(known) == 0:
		return nil, fmt.Errorf("the operator '%s' (%s) has no tables in %s", op.UID, op.Name, s.URL)
	case name == "":
		return nil, fmt.Errorf("the operator '%s' (%s) has several tables: name one, of %s, as third argument", op.UID, op.Name, strings.Join(known, ", "))
	}
	return nil, fmt.Errorf("the operator '%s' (%s) has no table '%s'; there are %s", op.UID, op.Name, name, strings.Join(known, ", "))
}

// Rows counts the rows of a table.
func (s *Snapshot) Rows(ctx context.Context, t *snapshot.Table) (int64, error) {
	return s.dir.Live(ctx, t)
}

// rows reads a table of all subtasks.
func (s *Snapshot) rows(ctx context.Context, op *snapshot.Operator, t *snapshot.Table) ([]state.Table, error) {
	part := *s.Manifest
	one := *op
	one.Tables = []snapshot.Table{*t}
	part.Operators = []snapshot.Operator{one}
	tables, err := s.dir.Tables(ctx, &part)
	if err != nil {
		return nil, err
	}
	return slices.Concat(tables[0]...), nil
}
