package migrate

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// fit says how values of a type become those of another.
type fit uint8

const (
	never fit = iota // values could be lost
	same             // the vectors are alike
	alike            // a cast, and equal values have equal hashes before and behind it
	wider            // a cast, and values have other hashes
)

// fits says how all values of a type become those of another, which differs in more than being nullable.
func fits(from, to column.Type) fit {
	from.NotNull = to.NotNull
	if from.Equal(to) {
		return same
	}
	ints := map[column.Kind]int32{column.TinyInt: 3, column.SmallInt: 5, column.Int: 10, column.BigInt: 19} // with their digits
	switch {
	case ints[from.Kind] > 0 && ints[to.Kind] >= ints[from.Kind]:
		return alike
	case ints[from.Kind] > 0 && to.Kind == column.Decimal && to.Precision-to.Scale >= ints[from.Kind]:
		return wider
	case from.Kind == column.Float && to.Kind == column.Double:
		return wider
	case from.Kind == column.Decimal && to.Kind == column.Decimal && from.Scale == to.Scale && to.Precision >= from.Precision:
		return alike
	case from.Kind == column.Decimal && to.Kind == column.Decimal && to.Scale > from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale:
		return wider
	case (from.Kind == column.Char || from.Kind == column.VarChar) && to.Kind == column.VarChar && to.Precision >= from.Precision:
		return alike
	case (from.Kind == column.Binary || from.Kind == column.VarBinary) && to.Kind == column.VarBinary && to.Precision >= from.Precision:
		return alike
	case from.Kind == to.Kind && (to.Kind == column.Timestamp || to.Kind == column.TimestampLTZ || to.Kind == column.Time) && to.Precision >= from.Precision:
		if from.TimeUnit() == to.TimeUnit() {
			return alike
		}
		return wider
	case from.Kind == to.Kind && (to.Kind == column.Array || to.Kind == column.Multiset) && fits(*from.Elem, *to.Elem) == same:
		return same
	case from.Kind == column.Map && to.Kind == column.Map && fits(*from.Elem, *to.Elem) == same && fits(*from.Key, *to.Key) == same:
		return same
	case from.Kind == column.Row && to.Kind == column.Row && len(from.Fields) == len(to.Fields):
		for i, f := range from.Fields {
			if f.Name != to.Fields[i].Name || fits(f.Type, to.Fields[i].Type) != same {
				return never
			}
		}
		return same
	}
	return never
}

// cast returns column k of the old table as column i of the new one.
func (f *fitting) cast(t *state.Table, want *operator.Expected, i, k int) *column.Vector {
	v, from, to := t.Rows.Cols[k], t.Schema[k].Type, want.Schema[i].Type
	if to.NotNull && !from.NotNull && nulls(t.Rows, v) {
		f.problem("table '%s': column %s has NULLs and is %s now", t.Name, want.Schema[i].Name, to)
		return v
	}
	how := fits(from, to)
	switch {
	case how == same && from.Equal(to):
		return v
	case how == never, how == wider && t.Keyed && !stateColumn(want, i):
		why := "not every value of the one is a value of the other"
		if how == wider {
			why = "it may be a key, which would find its rows no more"
		}
		f.problem("table '%s': column %s was %s and is %s now: %s", t.Name, want.Schema[i].Name, from, to, why)
		return v
	}
	f.note("table '%s': column %s becomes %s instead of %s", t.Name, want.Schema[i].Name, to, from)
	if how == same {
		out := *v
		out.Type = to
		return &out
	}
	source := from
	source.NotNull = false
	target := to
	target.NotNull = false
	program, err := expr.Compile(&expr.Cast{Arg: &expr.Column{Index: 0, Name: want.Schema[i].Name, T: source}, T: target})
	out := &column.Vector{}
	if err == nil {
		plain := column.Vector{}
		if v.Dict != nil {
			v.Decode(&plain)
			v = &plain
		}
		err = program.Eval(&column.Batch{Len: v.Len, Cols: []*column.Vector{v}}, out)
	}
	if err != nil {
		f.problem("table '%s': column %s: %v", t.Name, want.Schema[i].Name, err)
		return v
	}
	copied := column.NewVector(to, out.Len) // the program's memory is its own
	copied.AppendRows(out, nil)
	return copied
}

// nulls reports whether a live row has a NULL.
func nulls(b *column.Batch, v *column.Vector) bool {
	for i := range b.Rows() {
		if v.IsNull(b.Row(i)) {
			return true
		}
	}
	return false
}
