package bind

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// typeNames are the types that are offered for one that is not known.
var typeNames = []string{
	"BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "CHAR", "VARCHAR", "STRING", "BINARY", "VARBINARY",
	"BYTES", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ", "INTERVAL", "ARRAY", "MAP", "MULTISET", "ROW", "VARIANT", "BITMAP",
}

// foreignTypes are names that other databases use, and what to write here.
var foreignTypes = map[string]string{
	"TEXT": "STRING", "NVARCHAR": "STRING", "JSON": "STRING, or ROW, MAP and ARRAY types for its parts", "UUID": "STRING",
	"BOOL": "BOOLEAN", "LONG": "BIGINT", "INT64": "BIGINT", "INT32": "INT", "INT8": "TINYINT", "INT16": "SMALLINT", "SHORT": "SMALLINT",
	"BYTE": "TINYINT", "REAL": "FLOAT", "NUMBER": "DECIMAL", "MONEY": "DECIMAL(19, 4)", "TIMESTAMPTZ": "TIMESTAMP_LTZ",
	"BYTEA": "BYTES", "SERIAL": "BIGINT", "STRUCT": "ROW", "LIST": "ARRAY",
}

// simpleTypes are the types without parameters.
var simpleTypes = map[string]column.Kind{
	"BOOLEAN": column.Boolean, "TINYINT": column.TinyInt, "SMALLINT": column.SmallInt, "INT": column.Int, "BIGINT": column.BigInt,
	"FLOAT": column.Float, "DOUBLE": column.Double, "DATE": column.Date, "VARIANT": column.Variant, "BITMAP": column.Bitset,
}

// sizedTypes are those with a length or precision: its default, the most there is, and the least.
var sizedTypes = map[string]struct {
	kind                  column.Kind
	standard, most, least int
	clamp                 bool // more than the most means the most
}{
	"CHAR": {column.Char, 1, column.MaxLength, 0, false}, "VARCHAR": {column.VarChar, column.MaxLength, column.MaxLength, 0, false},
	"BINARY": {column.Binary, 1, column.MaxLength, 0, false}, "VARBINARY": {column.VarBinary, column.MaxLength, column.MaxLength, 0, false},
	"TIME": {column.Time, 0, 3, 0, true}, "TIMESTAMP": {column.Timestamp, 6, 9, 0, true}, "TIMESTAMP_LTZ": {column.TimestampLTZ, 6, 9, 0, true},
}

// typeOf returns the type that is written.
func typeOf(n *syntax.TypeName) (column.Type, error) {
	t, err := baseType(n)
	t.NotNull = n.Null == syntax.NotNull
	return t, err
}

func baseType(n *syntax.TypeName) (column.Type, error) {
	if n.UserType != nil {
		return column.Type{}, unknownType(n)
	}
	if kind, ok := simpleTypes[n.Name]; ok {
		return column.Of(kind), nil
	}
	if s, ok := sizedTypes[n.Name]; ok {
		size := s.standard
		if len(n.Params) > 0 {
			size = n.Params[0]
		}
		if s.clamp {
			size = min(size, s.most)
		}
		if size < s.least || size > s.most {
			return column.Type{}, syntax.Errorf(n, "the length of %s must be between %d and %d", n.Name, s.least, s.most)
		}
		return column.Sized(s.kind, size), nil
	}
	switch n.Name {
	case "STRING":
		return column.Str(), nil
	case "BYTES":
		return column.Bytes(), nil
	case "DECIMAL":
		return decimalType(n)
	case "INTERVAL":
		return intervalType(&n.Units.Span, n.Units)
	case "ARRAY", "MULTISET":
		elem, err := typeOf(n.Elem)
		if n.Name == "ARRAY" {
			return column.ArrayOf(elem), err
		}
		return column.MultisetOf(elem), err
	case "MAP":
		key, err := typeOf(n.Key)
		if err != nil {
			return column.Type{}, err
		}
		elem, err := typeOf(n.Elem)
		return column.MapOf(key, elem), err
	case "ROW", "STRUCTURED":
		var fields []column.Field
		for i, f := range n.Fields {
			t, err := typeOf(f.Type)
			if err != nil {
				return column.Type{}, err
			}
			for _, before := range n.Fields[:i] {
				if before.Name.Name == f.Name.Name {
					return column.Type{}, syntax.Errorf(&f.Name.Span, "the field '%s' is there twice", f.Name.Name)
				}
			}
			field := column.Field{Name: f.Name.Name, Type: t}
			if f.Comment != nil {
				field.Comment = f.Comment.Text
			}
			fields = append(fields, field)
		}
		t := column.RowOf(fields...)
		t.Class = n.Class
		return t, nil
	case "REAL":
		return column.Type{}, unknownType(n)
	}
	return column.Type{}, unsupported(n, "the type %s is", n.Name)
}

func decimalType(n *syntax.TypeName) (column.Type, error) {
	precision, scale := 10, 0
	if len(n.Params) > 0 {
		precision = min(n.Params[0], 38)
	}
	if len(n.Params) > 1 {
		scale = n.Params[1]
	}
	if precision < 1 {
		return column.Type{}, syntax.Errorf(n, "the precision of DECIMAL must be between 1 and 38")
	}
	if scale > precision {
		return column.Type{}, syntax.Errorf(n, "the scale of DECIMAL must be between 0 and the precision %d", precision)
	}
	return column.DecimalOf(precision, scale), nil
}

// intervalUnits are the types of intervals by their first and last unit.
var intervalUnits = map[[2]string]column.Unit{
	{"YEAR", ""}: column.Year, {"YEAR", "MONTH"}: column.YearToMonth, {"MONTH", ""}: column.Month, {"QUARTER", ""}: column.Month,
	{"WEEK", ""}: column.Day, {"DAY", ""}: column.Day, {"DAY", "HOUR"}: column.DayToHour, {"DAY", "MINUTE"}: column.DayToMinute,
	{"DAY", "SECOND"}: column.DayToSecond, {"HOUR", ""}: column.Hour, {"HOUR", "MINUTE"}: column.HourToMinute,
	{"HOUR", "SECOND"}: column.HourToSecond, {"MINUTE", ""}: column.Minute, {"MINUTE", "SECOND"}: column.MinuteToSecond,
	{"SECOND", ""}: column.Second,
}

// intervalType returns the type of a written interval: all of months are INTERVAL MONTH, all others INTERVAL SECOND(3).
func intervalType(at syntax.Node, u *syntax.IntervalUnits) (column.Type, error) {
	unit, ok := intervalUnits[[2]string{u.From, u.To}]
	if !ok {
		return column.Type{}, syntax.Errorf(at, "an interval cannot go from %s to %s", u.From, u.To)
	}
	if unit <= column.Month {
		return column.Type{Kind: column.IntervalYearMonth, Unit: column.Month}, nil
	}
	return column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Scale: 3}, nil
}

func unknownType(n *syntax.TypeName) error {
	name := n.Name
	if n.UserType != nil {
		name = n.UserType.Last().Name
	}
	if instead := foreignTypes[upper(name)]; instead != "" {
		return fail(n, "use "+instead, "there is no type '%s'", name)
	}
	return fail(n, suggest.Hint(upper(name), typeNames, "types are"), "there is no type '%s'", name)
}
