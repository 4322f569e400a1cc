package bind

import (
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// Alter resolves ALTER TABLE, but for RENAME TO: it returns the table as it will be, with everything in it still valid.
func (b *Binder) Alter(t *catalog.Table, n *syntax.Alter) (*catalog.Table, error) {
	d := &definition{Binder: b, t: t.Clone(), at: n, altered: true}
	var err error
	switch a := n.Action.(type) {
	case *syntax.SetOptions:
		maps.Copy(d.t.Options, Options(a.Options))
		return d.t, nil
	case *syntax.ResetOptions:
		return d.t, resetOptions(d.t.Options, a, "connector")
	case *syntax.AddPartitions:
		return d.t, d.addPartitions(a)
	case *syntax.DropPartitions:
		return d.t, d.dropPartitions(a)
	case *syntax.ChangeDistribution:
		return d.t, d.changeDistribution(a)
	case *syntax.ChangeSchema:
		err = d.changeSchema(a)
	case *syntax.DropColumns:
		err = d.dropColumns(a)
	case *syntax.RenameColumn:
		err = d.renameColumn(a)
	case *syntax.DropPrimaryKey:
		if d.t.PrimaryKey == nil {
			return nil, syntax.Errorf(a, "table '%s' has no primary key", t.Path)
		}
		d.t.PrimaryKey = nil // its columns stay NOT NULL
	case *syntax.DropConstraint:
		switch k := d.t.PrimaryKey; {
		case k == nil:
			return nil, syntax.Errorf(a, "table '%s' has no constraints", t.Path)
		case k.Name != a.Name.Name:
			return nil, fail(&a.Name, suggest.Hint(a.Name.Name, []string{k.Name}, "there is"), "table '%s' has no constraint '%s'", t.Path, a.Name.Name)
		}
		d.t.PrimaryKey = nil
	case *syntax.DropWatermark:
		if d.t.Watermark == nil {
			return nil, syntax.Errorf(a, "table '%s' has no watermark", t.Path)
		}
		d.t.Watermark = nil
	default:
		return nil, unsupported(n.Action, "this form of ALTER TABLE is")
	}
	if err != nil {
		return nil, err
	}
	return d.t, d.recheck()
}

// recheck types what is computed again, and checks the watermark.
func (d *definition) recheck() error {
	for i := range d.t.Columns {
		d.t.Columns[i].Time = catalog.NoTime
	}
	if err := d.computed(); err != nil {
		return err
	}
	if w := d.t.Watermark; w != nil {
		return d.setWatermark(w, d.at, d.at)
	}
	return nil
}

// resetOptions takes options out of those of an object; those in fixed must stay.
func resetOptions(options map[string]string, n *syntax.ResetOptions, fixed ...string) error {
	if len(n.Keys) == 0 {
		return fail(n, "name the options: RESET ('key')", "RESET needs an option to reset")
	}
	for i := range n.Keys {
		k := &n.Keys[i]
		if slices.Contains(fixed, k.Text) {
			return syntax.Errorf(k, "the option '%s' cannot be reset: drop the object and create it anew", k.Text)
		}
		delete(options, k.Text)
	}
	return nil
}

// ResetOptions returns options without those that RESET names; those in fixed must stay.
func ResetOptions(options map[string]string, n *syntax.ResetOptions, fixed ...string) (map[string]string, error) {
	left := maps.Clone(options)
	return left, resetOptions(left, n, fixed...)
}

// changeSchema adds or modifies columns, the primary key and the watermark.
func (d *definition) changeSchema(n *syntax.ChangeSchema) error {
	s := &n.Schema
	for i := range s.Columns {
		change := d.addColumn
		if n.Modify {
			change = d.modifyColumn
		}
		if d.own[s.Columns[i].Name.Name] != nil {
			return syntax.Errorf(&s.Columns[i].Name, "the column '%s' is there twice", s.Columns[i].Name.Name)
		}
		if err := change(&s.Columns[i]); err != nil {
			return err
		}
	}
	keys, err := keysOf(s)
	if err != nil {
		return err
	}
	if len(keys) > 0 {
		switch has := d.t.PrimaryKey != nil; {
		case has && !n.Modify:
			return fail(keys[0], "MODIFY it, or drop it first", "table '%s' has a primary key already", d.t.Path)
		case !has && n.Modify:
			return fail(keys[0], "ADD it", "table '%s' has no primary key", d.t.Path)
		}
		if err := d.primaryKey(s); err != nil {
			return err
		}
	}
	if w := s.Watermark; w != nil {
		switch has := d.t.Watermark != nil; {
		case has && !n.Modify:
			return fail(w, "MODIFY it, or drop it first", "table '%s' has a watermark already", d.t.Path)
		case !has && n.Modify:
			return fail(w, "ADD it", "table '%s' has no watermark", d.t.Path)
		}
		if err := d.computed(); err != nil { // the watermark may be for one of them
			return err
		}
		return d.watermark(w)
	}
	return nil
}

// changeDistribution adds, modifies or drops the distribution.
func (d *definition) changeDistribution(n *syntax.ChangeDistribution) error {
	switch has := d.t.Distribution != nil; {
	case n.Distribution == nil && !has:
		return syntax.Errorf(n, "table '%s' has no distribution", d.t.Path)
	case n.Distribution == nil:
		d.t.Distribution = nil
		return nil
	case has && !n.Modify:
		return fail(n, "MODIFY it, or drop it first", "table '%s' has a distribution already", d.t.Path)
	case !has && n.Modify:
		return fail(n, "ADD it", "table '%s' has no distribution", d.t.Path)
	}
	return d.distribution(n.Distribution)
}

// partition resolves a partition, which names a value for each partition column.
func (d *definition) partition(n *syntax.Partition) (catalog.Partition, error) {
	p := catalog.Partition{Values: make([]string, len(d.t.PartitionBy)), Options: Options(n.Options)}
	if len(d.t.PartitionBy) == 0 {
		return p, syntax.Errorf(n, "table '%s' is not partitioned", d.t.Path)
	}
	given := make([]bool, len(d.t.PartitionBy))
	for i := range n.Values {
		v := &n.Values[i]
		at := slices.Index(d.t.PartitionBy, v.Column.Name)
		lit, ok := v.Value.(*syntax.Literal)
		switch {
		case at < 0:
			return p, fail(&v.Column, suggest.Hint(v.Column.Name, d.t.PartitionBy, "it is partitioned by"), "'%s' is not a partition column of table '%s'", v.Column.Name, d.t.Path)
		case given[at]:
			return p, syntax.Errorf(&v.Column, "the partition column '%s' is given twice", v.Column.Name)
		case !ok:
			return p, syntax.Errorf(v, "the partition column '%s' needs a literal for its value", v.Column.Name)
		}
		given[at], p.Values[at] = true, lit.Text
	}
	if at := slices.Index(given, false); at >= 0 {
		return p, fail(n, "table '"+d.t.Path.String()+"' is partitioned by "+strings.Join(d.t.PartitionBy, ", "), "the partition column '%s' has no value", d.t.PartitionBy[at])
	}
	return p, nil
}

// findPartition returns the position of a partition in the table's list, -1 if it is not there.
func (d *definition) findPartition(p catalog.Partition) int {
	return slices.IndexFunc(d.t.Partitions, func(o catalog.Partition) bool { return slices.Equal(o.Values, p.Values) })
}

func (d *definition) addPartitions(n *syntax.AddPartitions) error {
	for i := range n.Partitions {
		p, err := d.partition(&n.Partitions[i])
		if err != nil {
			return err
		}
		switch exists := d.findPartition(p) >= 0; {
		case !exists:
			d.t.Partitions = append(d.t.Partitions, p)
		case !n.IfNotExists:
			return fail(&n.Partitions[i], "add IF NOT EXISTS", "the partition %s of table '%s' exists already", d.t.PartitionName(p), d.t.Path)
		}
	}
	return nil
}

func (d *definition) dropPartitions(n *syntax.DropPartitions) error {
	for i := range n.Partitions {
		p, err := d.partition(&n.Partitions[i])
		if err != nil {
			return err
		}
		at := d.findPartition(p)
		switch {
		case at >= 0:
			d.t.Partitions = slices.Delete(d.t.Partitions, at, at+1)
		case !n.IfExists:
			return fail(&n.Partitions[i], "SHOW PARTITIONS lists those there are; add IF EXISTS", "the partition %s of table '%s' does not exist", d.t.PartitionName(p), d.t.Path)
		}
	}
	return nil
}
