package expr

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
)

// NullOf is NULL of type t.
func NullOf(t column.Type) *Literal { return &Literal{nil, t.Optional()} }

// Bool is TRUE or FALSE.
func Bool(v bool) *Literal { return &Literal{v, column.Of(column.Boolean).Required()} }

// Int is an INT literal.
func Int(v int32) *Literal { return &Literal{int64(v), column.Of(column.Int).Required()} }

// Long is a BIGINT literal.
func Long(v int64) *Literal { return &Literal{v, column.Of(column.BigInt).Required()} }

// Double is a DOUBLE literal.
func Double(v float64) *Literal { return &Literal{v, column.Of(column.Double).Required()} }

// Text is a character literal, CHAR of its length in UTF-16, as in Flink.
func Text(s string) *Literal {
	return &Literal{s, column.Sized(column.Char, int(unitsOf([]byte(s)))).Required()}
}

// IsTrue reports whether e is the literal TRUE.
func IsTrue(e Expr) bool {
	l, ok := e.(*Literal)
	v, _ := valueOf(l, ok).(bool)
	return v
}

// IsFalse reports whether e is the literal FALSE.
func IsFalse(e Expr) bool {
	l, ok := e.(*Literal)
	v, isBool := valueOf(l, ok).(bool)
	return isBool && !v
}

// IsNull reports whether e is a NULL literal.
func IsNull(e Expr) bool {
	l, ok := e.(*Literal)
	return ok && l.Value == nil
}

func valueOf(l *Literal, ok bool) any {
	if !ok {
		return nil
	}
	return l.Value
}

// AppendTo adds the literal's value as a row to v, which has its type.
func (e *Literal) AppendTo(v *column.Vector) error { return appendLiteral(v, e.Value) }

func appendLiteral(v *column.Vector, value any) error {
	wrong := func() error { return fmt.Errorf("a literal of type %s cannot hold a Go %T", v.Type, value) }
	if value == nil {
		v.AppendNull()
		return nil
	}
	switch l := v.Type.Layout(); l {
	case column.LayoutBits:
		b, ok := value.(bool)
		if !ok {
			return wrong()
		}
		v.AppendBool(b)
	case column.LayoutInt8, column.LayoutInt16, column.LayoutInt32, column.LayoutInt64:
		n, ok := value.(int64)
		if !ok {
			return wrong()
		}
		switch l {
		case column.LayoutInt8:
			column.Append(v, int8(n))
		case column.LayoutInt16:
			column.Append(v, int16(n))
		case column.LayoutInt32:
			column.Append(v, int32(n))
		default:
			column.Append(v, n)
		}
	case column.LayoutFloat, column.LayoutDouble:
		f, ok := value.(float64)
		if !ok {
			return wrong()
		}
		if l == column.LayoutFloat {
			column.Append(v, float32(f))
		} else {
			column.Append(v, f)
		}
	case column.LayoutInt128:
		d, ok := value.(column.Int128)
		if !ok {
			return wrong()
		}
		column.Append(v, d)
	case column.LayoutView:
		s, ok := value.(string)
		if !ok {
			return wrong()
		}
		v.AppendString(s)
	case column.LayoutList, column.LayoutStruct:
		list, ok := value.([]Literal)
		if !ok || l == column.LayoutStruct && len(list) != len(v.Children) || len(list)%max(1, len(v.Children)) != 0 {
			return wrong()
		}
		for i := range list {
			if err := appendLiteral(v.Children[i%len(v.Children)], list[i].Value); err != nil {
				return err
			}
		}
		if l == column.LayoutStruct {
			v.AppendStruct()
		} else {
			v.AppendList(len(list) / len(v.Children))
		}
	default:
		return wrong()
	}
	return nil
}

// vector returns the literal as a vector of one row.
func (e *Literal) vector() (*column.Vector, error) {
	v := column.NewVector(e.T, 1)
	return v, appendLiteral(v, e.Value)
}

// LiteralOf returns row i of v as a literal.
func LiteralOf(v *column.Vector, i int) *Literal {
	t := v.Type
	if v.Dict != nil && !v.IsNull(i) {
		return LiteralOf(v.Dict, int(column.Values[int32](v)[i]))
	}
	if v.IsNull(i) {
		return &Literal{nil, t}
	}
	var x any
	switch t.Layout() {
	case column.LayoutBits:
		x = v.Bits().Get(i)
	case column.LayoutInt8:
		x = int64(column.Values[int8](v)[i])
	case column.LayoutInt16:
		x = int64(column.Values[int16](v)[i])
	case column.LayoutInt32:
		x = int64(column.Values[int32](v)[i])
	case column.LayoutInt64:
		x = column.Values[int64](v)[i]
	case column.LayoutFloat:
		x = float64(column.Values[float32](v)[i])
	case column.LayoutDouble:
		x = column.Values[float64](v)[i]
	case column.LayoutInt128:
		x = column.Values[column.Int128](v)[i]
	case column.LayoutView:
		x = string(v.BytesAt(i))
	case column.LayoutList:
		o, list := v.Offsets(), []Literal{}
		for r := int(o[i]); r < int(o[i+1]); r++ {
			for _, c := range v.Children {
				list = append(list, *LiteralOf(c, r))
			}
		}
		x = list
	case column.LayoutStruct:
		list := []Literal{}
		for _, c := range v.Children {
			list = append(list, *LiteralOf(c, i))
		}
		x = list
	}
	return &Literal{x, t}
}

// String writes the literal as SQL does, NULL with its type.
func (e *Literal) String() string {
	if e.Value == nil {
		if e.T.Kind == column.Null {
			return "NULL"
		}
		return "NULL:" + e.T.Optional().String()
	}
	v, err := e.vector()
	if err != nil {
		return err.Error()
	}
	text := string(column.AppendText(nil, v, 0, nil))
	switch k := e.T.Kind; {
	case e.T.IsText():
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	case e.T.IsBinary():
		return fmt.Sprintf("X'%x'", e.Value)
	case k == column.Date, k == column.Time, k == column.Timestamp, k == column.TimestampLTZ:
		name, _, _ := strings.Cut(e.T.Optional().String(), "(")
		return name + " '" + text + "'"
	case k == column.IntervalYearMonth, k == column.IntervalDayTime:
		return "INTERVAL '" + text + "'"
	}
	return text
}
