package parquet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// shape says how one level of a column lies in a file: a leaf, a struct, or a list or map.
type shape struct {
	typ      column.Type
	def      int // definition level at which a value is not NULL
	children []*shape
	leaf     *leaf

	// Of a list or map: the levels at which an element is there and at which it follows another.
	elemDef, elemRep int
	missing          bool // the file has no such column: all rows are NULL
}

// leaf is a column of the file.
type leaf struct {
	column *parquet.Column
	typ    column.Type
	maxDef int
	maxRep int
	inside bool   // of a struct
	name   string // path, for messages
}

// plan finds the projected columns in a file.
func plan(f *parquet.File, c format.Config) ([]*shape, error) {
	project := c.Project
	if project == nil {
		for i := range c.Columns {
			project = append(project, i)
		}
	}
	plans := make([]*shape, len(project))
	for i, p := range project {
		var err error
		if plans[i], err = find(f.Root(), c.Columns[p], 0, 0); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// find looks a field up among the children of a group; def and rep are the group's levels.
func find(parent *parquet.Column, f column.Field, def, rep int) (*shape, error) {
	child := parent.Column(f.Name)
	if child == nil {
		for _, c := range parent.Columns() { // Flink's writers and readers agree on case, other tools may not
			if strings.EqualFold(c.Name(), f.Name) {
				child = c
				break
			}
		}
	}
	if child == nil {
		if f.Type.NotNull {
			return nil, fmt.Errorf("column '%s' is NOT NULL, and the file does not have it", strings.Join(append(slices.Clone(parent.Path()), f.Name), "."))
		}
		return &shape{typ: f.Type, missing: true}, nil
	}
	return describe(child, f.Type, def, rep)
}

func describe(c *parquet.Column, t column.Type, def, rep int) (*shape, error) {
	if c.Repeated() { // a list without the group around it
		if t.Kind != column.Array {
			return nil, mismatch(c, t)
		}
		s := &shape{typ: t, def: def, elemDef: def + 1, elemRep: rep + 1}
		elem, err := describeValue(c, *t.Elem, def+1, rep+1)
		s.children = []*shape{elem}
		return s, err
	}
	if c.Optional() {
		def++
	}
	return describeValue(c, t, def, rep)
}

// describeValue describes a column whose own repetition is accounted for in the levels.
func describeValue(c *parquet.Column, t column.Type, def, rep int) (*shape, error) {
	s := &shape{typ: t, def: def}
	switch t.Kind {
	case column.Row:
		if c.Leaf() {
			return nil, mismatch(c, t)
		}
		for _, f := range t.Fields {
			child, err := find(c, f, def, rep)
			if err != nil {
				return nil, err
			}
			s.children = append(s.children, child)
		}
		if s.firstLeaf() == nil && len(c.Columns()) > 0 {
			return nil, fmt.Errorf("column '%s' of the file has none of the fields of %s", strings.Join(c.Path(), "."), t)
		}
		return s, nil
	case column.Array:
		repeated, err := onlyRepeated(c, t)
		if err != nil {
			return nil, err
		}
		s.elemDef, s.elemRep = def+1, rep+1
		elem, err := describeElement(repeated, *t.Elem, def+1, rep+1)
		s.children = []*shape{elem}
		return s, err
	case column.Map, column.Multiset:
		repeated, err := onlyRepeated(c, t)
		if err != nil {
			return nil, err
		}
		if len(repeated.Columns()) != 2 {
			return nil, mismatch(c, t)
		}
		key, value := t.Key, *t.Elem
		if t.Kind == column.Multiset {
			key, value = t.Elem, column.Of(column.Int).Required()
		}
		s.elemDef, s.elemRep = def+1, rep+1
		k, err := describe(repeated.Columns()[0], *key, def+1, rep+1)
		if err != nil {
			return nil, err
		}
		v, err := describe(repeated.Columns()[1], value, def+1, rep+1)
		s.children = []*shape{k, v}
		return s, err
	}
	if !c.Leaf() {
		return nil, mismatch(c, t)
	}
	s.leaf = &leaf{column: c, typ: t, maxDef: c.MaxDefinitionLevel(), maxRep: c.MaxRepetitionLevel(), inside: len(c.Path()) > 1, name: strings.Join(c.Path(), ".")}
	if !convertible(c.Type(), t) {
		return nil, mismatch(c, t)
	}
	return s, nil
}

// onlyRepeated returns the repeated child of a list or map.
func onlyRepeated(c *parquet.Column, t column.Type) (*parquet.Column, error) {
	if c.Leaf() || len(c.Columns()) != 1 || !c.Columns()[0].Repeated() {
		return nil, mismatch(c, t)
	}
	return c.Columns()[0], nil
}

// describeElement describes a list's element: the only child of the repeated group in the standard layout; the repeated
// column itself where older writers left the group out, by the rules of Parquet's specification.
func describeElement(repeated *parquet.Column, t column.Type, def, rep int) (*shape, error) {
	if repeated.Leaf() || len(repeated.Columns()) != 1 || repeated.Name() == "array" || strings.HasSuffix(repeated.Name(), "_tuple") {
		return describeValue(repeated, t, def, rep)
	}
	return describe(repeated.Columns()[0], t, def, rep)
}

// firstLeaf is a leaf below the shape, whose levels tell where its lists and structs are; nil if the file has none.
func (s *shape) firstLeaf() *leaf {
	if s.leaf != nil {
		return s.leaf
	}
	for _, c := range s.children {
		if l := c.firstLeaf(); l != nil {
			return l
		}
	}
	return nil
}

// leaves appends all leaves below the shape.
func (s *shape) leaves(list []*leaf) []*leaf {
	if s.leaf != nil {
		return append(list, s.leaf)
	}
	for _, c := range s.children {
		list = c.leaves(list)
	}
	return list
}

func mismatch(c *parquet.Column, t column.Type) error {
	has := "a group"
	if c.Leaf() {
		has = c.Type().String()
	}
	return fmt.Errorf("column '%s' is %s in the file and cannot be read as %s", strings.Join(c.Path(), "."), has, t)
}
