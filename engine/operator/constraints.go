package operator

import (
	"fmt"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/setting"
)

// A sink's table limits more than which of its columns may be NULL: how long its texts are, and the same of the fields of rows and the elements of
// collections. Planning cannot know, since formats read what is there, whatever a table declares.

// constraint is what a sink checks of the values of a column, a field or an element, and of the parts of these.
type constraint struct {
	name     string // of a column or field; "" of an element
	typ      column.Type
	required bool
	length   bool
	fields   []*constraint // of a ROW: nil where there is nothing to check
	elems    []*constraint // of a collection: of the vectors of its elements

	rows, tops []int32 // the values to check, and the rows of the batch that they belong to
}

// constraintsOf returns what is to be checked of each column, beside whether it is NULL; nil where nothing is.
func constraintsOf(columns []column.Field, v setting.Values) []*constraint {
	var out []*constraint
	nested, length := v.Enum(setting.NestedConstraintEnforcer), v.Enum(setting.TypeLengthEnforcer) == "ERROR"
	for i, f := range columns {
		f.Type.NotNull = false
		if c := newConstraint(f, nested, length); c != nil {
			if out == nil {
				out = make([]*constraint, len(columns))
			}
			out[i] = c
		}
	}
	return out
}

func newConstraint(f column.Field, nested string, length bool) *constraint {
	c := &constraint{name: f.Name, typ: f.Type, required: f.Type.NotNull}
	c.length = length && (f.Type.IsText() || f.Type.IsBinary()) && f.Type.Precision < column.MaxLength
	checks := c.required || c.length
	part := func(list *[]*constraint, f column.Field) {
		p := newConstraint(f, nested, length)
		*list = append(*list, p)
		checks = checks || p != nil
	}
	switch t := f.Type; {
	case nested == "IGNORE":
	case t.Kind == column.Row:
		for _, f := range t.Fields {
			part(&c.fields, f)
		}
	case nested == "ROWS":
	case t.Kind == column.Map:
		part(&c.elems, column.Field{Name: "key", Type: *t.Key})
		part(&c.elems, column.Field{Name: "value", Type: *t.Elem})
	case t.Kind == column.Array, t.Kind == column.Multiset:
		part(&c.elems, column.Field{Type: *t.Elem})
	}
	if !checks {
		return nil
	}
	return c
}

// violation is a value that breaks a constraint.
type violation struct {
	of    *constraint
	row   int32 // in the vector that was looked at
	path  string
	value []byte // nil: NULL
}

// check looks at the values of v in c.rows. Rows of the batch with a NULL that must not be are noted in nulls, unless that is nil: then, as everything
// else, they are a violation.
func (c *constraint) check(v *column.Vector, nulls column.Bitmap) *violation {
	rows, tops := c.rows, c.tops
	if v.Valid != nil {
		k := 0
		for i, r := range rows {
			switch {
			case v.Valid.Get(int(r)):
				rows[k], tops[k] = r, tops[i]
				k++
			case c.required && nulls == nil:
				return &violation{of: c, row: r}
			case c.required:
				nulls.Set(int(tops[i]))
			}
		}
		rows, tops = rows[:k], tops[:k]
	}
	if v.Dict != nil && (c.length || c.fields != nil || c.elems != nil) {
		plain := column.NewVector(v.Type, v.Len)
		v.Decode(plain)
		v = plain
	}
	if c.length {
		for _, r := range rows {
			if b := v.BytesAt(int(r)); !c.fits(b) {
				return &violation{of: c, row: r, value: b}
			}
		}
	}
	for i, f := range c.fields {
		if f == nil {
			continue
		}
		f.rows, f.tops = append(f.rows[:0], rows...), append(f.tops[:0], tops...)
		if found := f.check(v.Children[i], nulls); found != nil {
			found.path = "." + f.name + found.path
			return found
		}
	}
	if c.elems == nil {
		return nil
	}
	offsets := v.Offsets()
	for i, e := range c.elems {
		if e == nil {
			continue
		}
		e.rows, e.tops = e.rows[:0], e.tops[:0]
		for k, r := range rows {
			for x := offsets[r]; x < offsets[r+1]; x++ {
				e.rows, e.tops = append(e.rows, x), append(e.tops, tops[k])
			}
		}
		if found := e.check(v.Children[i], nulls); found != nil {
			for _, r := range rows {
				if offsets[r] <= found.row && found.row < offsets[r+1] {
					found.path, found.row = fmt.Sprintf("[%d]", found.row-offsets[r])+dotted(e.name)+found.path, r
					break
				}
			}
			return found
		}
	}
	return nil
}

func dotted(name string) string {
	if name == "" {
		return ""
	}
	return "." + name
}

// fits reports whether a text or bytes have the length that the type gives.
func (c *constraint) fits(b []byte) bool {
	n, most := len(b), int(c.typ.Precision)
	if c.typ.IsText() && n > most || c.typ.Kind == column.Char {
		n = utf8.RuneCount(b)
	}
	return n == most || n < most && (c.typ.Kind == column.VarChar || c.typ.Kind == column.VarBinary)
}

// error says what was to be written where, beginning with Flink's own sentences, which its users search for.
func (v *violation) error(table, name string) error {
	if v.value == nil {
		return fmt.Errorf("Column '%s' is NOT NULL, however, a null value is being written into it. You can set job configuration '%s'='DROP' to suppress this exception and drop such records silently. The table is %s.",
			name+v.path, setting.NotNullEnforcer.Key, table)
	}
	what, n, value := "string", utf8.RuneCount(v.value), fmt.Sprintf("%q", v.value)
	if v.of.typ.IsBinary() {
		what, n, value = "byte array", len(v.value), fmt.Sprintf("x'%x'", v.value)
	}
	if len(value) > 100 {
		value = string([]rune(value)[:min(90, utf8.RuneCountInString(value))]) + "…"
	}
	return fmt.Errorf("Column '%s' is %s, however, a %s of length %d is being written into it. You can set job configuration '%s' to control this behaviour. The table is %s, the value %s.",
		name+v.path, v.of.typ.Optional(), what, n, setting.TypeLengthEnforcer.Key, table, value)
}
