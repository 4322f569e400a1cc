package expr

import (
	"slices"

	"github.com/millstream/millstream/column"
)

// digits is the number of decimal digits of an integer type, as DECIMAL's precision.
func digits(k column.Kind) int32 {
	switch k {
	case column.TinyInt:
		return 3
	case column.SmallInt:
		return 5
	case column.Int:
		return 10
	}
	return 19
}

// asDecimal is the DECIMAL that holds every value of an exact numeric type.
func asDecimal(t column.Type) column.Type {
	if t.Kind == column.Decimal {
		return t
	}
	d := column.DecimalOf(int(digits(t.Kind)), 0)
	d.NotNull = t.NotNull
	return d
}

const maxPrecision = 38

// isApprox reports whether the type is FLOAT or DOUBLE.
func isApprox(t column.Type) bool { return t.Kind == column.Float || t.Kind == column.Double }

func isExact(t column.Type) bool { return t.IsInteger() || t.Kind == column.Decimal }

// isTime reports whether the type is DATE, TIME or a timestamp.
func isTime(t column.Type) bool { return t.Kind >= column.Date && t.Kind <= column.TimestampLTZ }

func isInterval(t column.Type) bool {
	return t.Kind == column.IntervalYearMonth || t.Kind == column.IntervalDayTime
}

// CastTo returns e as type t's kind of values: e itself if it is of that type, else a cast. Nullability of the result is
// e's.
func CastTo(e Expr, t column.Type) Expr {
	from := e.Type()
	if from.SameAs(t) {
		return e
	}
	t.NotNull = from.NotNull
	if IsNull(e) {
		return NullOf(t)
	}
	return &Cast{Arg: e, T: t}
}

// castAll casts the arguments to one type.
func castAll(args []Expr, t column.Type) []Expr {
	out := make([]Expr, len(args))
	for i, a := range args {
		out[i] = CastTo(a, t)
	}
	return out
}

// LeastRestrictive returns the type to which all the types are cast to be in one column, as CASE and UNION do; it is
// nullable if any of them is. FLOAT with DOUBLE gives whichever stands first, as in Flink.
func LeastRestrictive(types ...column.Type) (column.Type, bool) {
	if len(types) == 0 {
		return column.Type{}, false
	}
	t := types[0]
	for _, u := range types[1:] {
		notNull := t.NotNull && u.NotNull
		var ok bool
		if t, ok = leastRestrictive(t, u); !ok {
			return column.Type{}, false
		}
		t.NotNull = notNull
	}
	return t, true
}

func leastRestrictive(a, b column.Type) (column.Type, bool) {
	switch {
	case a.SameAs(b), b.Kind == column.Null:
		return a, true
	case a.Kind == column.Null:
		return b, true
	case a.IsNumeric() && b.IsNumeric():
		return commonNumber(a, b), true
	case a.IsText() && b.IsText():
		return commonSized(a, b, column.Char, column.VarChar), true
	case a.IsBinary() && b.IsBinary():
		return commonSized(a, b, column.Binary, column.VarBinary), true
	case isTime(a) && isTime(b):
		return commonTime(a, b)
	case a.Kind == b.Kind && isInterval(a):
		return commonInterval(a, b), true
	case a.Kind == b.Kind && (a.Kind == column.Array || a.Kind == column.Multiset):
		e, ok := LeastRestrictive(*a.Elem, *b.Elem)
		return column.Type{Kind: a.Kind, Elem: &e}, ok
	case a.Kind == b.Kind && a.Kind == column.Map:
		k, ok1 := LeastRestrictive(*a.Key, *b.Key)
		v, ok2 := LeastRestrictive(*a.Elem, *b.Elem)
		return column.MapOf(k, v), ok1 && ok2
	case a.Kind == b.Kind && a.Kind == column.Row && len(a.Fields) == len(b.Fields):
		fields := slices.Clone(a.Fields)
		for i := range fields {
			t, ok := LeastRestrictive(a.Fields[i].Type, b.Fields[i].Type)
			if !ok {
				return column.Type{}, false
			}
			fields[i].Type = t
		}
		return column.RowOf(fields...), true
	}
	return column.Type{}, false
}

func commonNumber(a, b column.Type) column.Type {
	switch {
	case isApprox(a) && isApprox(b):
		return a
	case isApprox(b):
		a, b = b, a
		fallthrough
	case isApprox(a):
		if b.Kind == column.Decimal {
			return column.Of(column.Double)
		}
		return a
	case a.Kind != column.Decimal && b.Kind != column.Decimal:
		return column.Of(max(a.Kind, b.Kind))
	}
	a, b = asDecimal(a), asDecimal(b)
	scale := max(a.Scale, b.Scale)
	whole := max(a.Precision-a.Scale, b.Precision-b.Scale)
	return boundedDecimal(whole+scale, scale)
}

// boundedDecimal is DECIMAL(p, s), or what is left of it with 38 digits: the whole digits are kept.
func boundedDecimal(p, s int32) column.Type {
	if p > maxPrecision {
		s = max(0, s-(p-maxPrecision))
		p = maxPrecision
	}
	return column.DecimalOf(int(p), int(s))
}

func commonSized(a, b column.Type, fixed, varying column.Kind) column.Type {
	if a.Kind == fixed && b.Kind == fixed && a.Precision == b.Precision {
		return a
	}
	return column.Sized(varying, int(max(a.Precision, b.Precision)))
}

func commonTime(a, b column.Type) (column.Type, bool) {
	if a.Kind > b.Kind {
		a, b = b, a
	}
	switch {
	case a.Kind == column.Date && b.Kind != column.Date, a.Kind == column.Time && b.Kind != column.Time:
		return column.Type{}, false
	}
	return column.Sized(b.Kind, int(max(a.Precision, b.Precision))), true
}

func commonInterval(a, b column.Type) column.Type {
	if a.Kind == column.IntervalYearMonth {
		return column.Type{Kind: a.Kind, Unit: column.Month, Precision: max(a.Precision, b.Precision)}
	}
	return column.Type{Kind: a.Kind, Unit: column.Second, Precision: max(a.Precision, b.Precision), Scale: max(a.Scale, b.Scale)}
}

// CanCast reports whether values of type from can be cast to type to: at all, or, if implicit is set, without being asked
// for, as where a query's result goes into a table's column. Lengths and precisions do not matter.
func CanCast(from, to column.Type, implicit bool) bool {
	a, b := from.Kind, to.Kind
	if a == column.Null || from.SameAs(to) {
		return true
	}
	switch b {
	case column.Array, column.Multiset:
		return a == b && CanCast(*from.Elem, *to.Elem, implicit)
	case column.Map:
		return a == b && CanCast(*from.Key, *to.Key, implicit) && CanCast(*from.Elem, *to.Elem, implicit)
	case column.Row:
		if a != b || len(from.Fields) != len(to.Fields) {
			return false
		}
		for i := range from.Fields {
			if !CanCast(from.Fields[i].Type, to.Fields[i].Type, implicit) {
				return false
			}
		}
		return true
	}
	if implicit {
		return canCastImplicitly(from, to)
	}
	switch {
	case b == column.Variant || a == column.Variant || b == column.Bitset:
		return a == b
	case a == column.Bitset:
		return to.IsText()
	case to.IsText():
		return true
	case from.IsText():
		return !isInterval(to)
	case to.IsNumeric():
		return from.IsNumeric() || a == column.Boolean
	case b == column.Boolean:
		return from.IsNumeric() || a == b
	case to.IsBinary():
		return from.IsBinary()
	case b == column.Date:
		return a == b || a == column.Timestamp || a == column.TimestampLTZ
	case b == column.Time:
		return a == b || a == column.Timestamp || a == column.TimestampLTZ
	case b == column.Timestamp, b == column.TimestampLTZ:
		return isTime(from)
	case isInterval(to):
		return a == b
	}
	return false
}

func canCastImplicitly(from, to column.Type) bool {
	a, b := from.Kind, to.Kind
	switch b {
	case column.SmallInt, column.Int, column.BigInt:
		return from.IsInteger() && a <= b
	case column.Decimal, column.Double:
		return from.IsNumeric()
	case column.Float:
		return isExact(from) || a == column.Float
	case column.VarChar:
		return from.IsText()
	case column.VarBinary:
		return from.IsBinary()
	case column.Date, column.Time:
		return a == b || a == column.Timestamp
	case column.Timestamp, column.TimestampLTZ:
		return a == column.Timestamp || a == column.TimestampLTZ
	}
	return a == b
}
