package plan

import (
	"reflect"
	"slices"

	"github.com/millstream/millstream/column"
)

// columnsOf are the columns of a scan's table, with all the fields of those that are rows.
func (n *Scan) columnsOf() []column.Field {
	if n.whole != nil {
		return n.whole
	}
	return n.Table.Columns
}

// Merge returns a scan that reads what both read, without a filter, nil if they read different tables or stop after some rows.
func (n *Scan) Merge(o *Scan) *Scan {
	a, b := n.Table, o.Table
	a.Columns, b.Columns = n.columnsOf(), o.columnsOf()
	if n.Limit >= 0 || o.Limit >= 0 || n.Bounded != o.Bounded || n.Changes != o.Changes || n.FieldsByName != o.FieldsByName || !reflect.DeepEqual(a, b) {
		return nil
	}
	project := append(slices.Clone(n.Project), o.Project...)
	slices.Sort(project)
	out := &Scan{Table: a, Limit: -1, Bounded: n.Bounded, Changes: n.Changes, FieldsByName: n.FieldsByName, At: n.At}
	out = out.Reading(slices.Compact(project))
	types := make([]*column.Type, len(out.Project))
	narrower := false
	for i, c := range out.Project {
		t := out.fields[i].Type
		if t.Kind != column.Row || c >= len(a.Columns) {
			continue
		}
		var fields []column.Field
		for _, f := range t.Fields {
			if n.reads(c, f.Name) || o.reads(c, f.Name) {
				fields = append(fields, f)
			}
		}
		if len(fields) < len(t.Fields) {
			t.Fields = fields
			types[i], narrower = &t, true
		}
	}
	if !narrower {
		return out
	}
	return out.Narrowed(types)
}

// reads reports whether a field of the table's column c is read.
func (n *Scan) reads(c int, field string) bool {
	i := slices.Index(n.Project, c)
	return i >= 0 && slices.ContainsFunc(n.fields[i].Type.Fields, func(f column.Field) bool { return f.Name == field })
}
