package snapshot

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
)

// Type is a column's type as a manifest has it. Names are part of the format: they do not follow those in the program.
type Type struct {
	Kind      string      `json:"kind"`
	NotNull   bool        `json:"notNull,omitempty"`
	Precision int32       `json:"precision,omitempty"`
	Scale     int32       `json:"scale,omitempty"`
	Unit      string      `json:"unit,omitempty"`
	Elem      *Type       `json:"elem,omitempty"`
	Key       *Type       `json:"key,omitempty"`
	Fields    []TypeField `json:"fields,omitempty"`
	Class     string      `json:"class,omitempty"`
}

// TypeField is a field of a row type.
type TypeField struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

var kindNames = [...]string{
	column.Null: "NULL", column.Boolean: "BOOLEAN", column.TinyInt: "TINYINT", column.SmallInt: "SMALLINT", column.Int: "INT",
	column.BigInt: "BIGINT", column.Float: "FLOAT", column.Double: "DOUBLE", column.Decimal: "DECIMAL", column.Char: "CHAR",
	column.VarChar: "VARCHAR", column.Binary: "BINARY", column.VarBinary: "VARBINARY", column.Date: "DATE", column.Time: "TIME",
	column.Timestamp: "TIMESTAMP", column.TimestampLTZ: "TIMESTAMP_LTZ", column.IntervalYearMonth: "INTERVAL_YEAR_MONTH",
	column.IntervalDayTime: "INTERVAL_DAY_TIME", column.Array: "ARRAY", column.Map: "MAP", column.Multiset: "MULTISET", column.Row: "ROW",
	column.Variant: "VARIANT", column.Bitset: "BITMAP",
}

var unitNames = [...]string{
	column.UnitNone: "", column.Year: "YEAR", column.YearToMonth: "YEAR TO MONTH", column.Month: "MONTH", column.Day: "DAY",
	column.DayToHour: "DAY TO HOUR", column.DayToMinute: "DAY TO MINUTE", column.DayToSecond: "DAY TO SECOND", column.Hour: "HOUR",
	column.HourToMinute: "HOUR TO MINUTE", column.HourToSecond: "HOUR TO SECOND", column.Minute: "MINUTE",
	column.MinuteToSecond: "MINUTE TO SECOND", column.Second: "SECOND",
}

func typeOf(t column.Type) Type {
	out := Type{
		Kind: kindNames[t.Kind], NotNull: t.NotNull, Precision: t.Precision, Scale: t.Scale, Unit: unitNames[t.Unit], Class: t.Class,
	}
	if t.Elem != nil {
		elem := typeOf(*t.Elem)
		out.Elem = &elem
	}
	if t.Key != nil {
		key := typeOf(*t.Key)
		out.Key = &key
	}
	for _, f := range t.Fields {
		out.Fields = append(out.Fields, TypeField{f.Name, typeOf(f.Type)})
	}
	return out
}

// column returns the type, which a manifest of a newer program may not name rightly.
func (t Type) column() (out column.Type, err error) {
	kind, unit := slices.Index(kindNames[:], t.Kind), slices.Index(unitNames[:], t.Unit)
	if kind < 0 || unit < 0 {
		return out, fmt.Errorf("there is no type %s %s", t.Kind, t.Unit)
	}
	out = column.Type{
		Kind: column.Kind(kind), NotNull: t.NotNull, Precision: t.Precision, Scale: t.Scale, Unit: column.Unit(unit), Class: t.Class,
	}
	part := func(t *Type) *column.Type {
		if t == nil || err != nil {
			return nil
		}
		var c column.Type
		c, err = t.column()
		return &c
	}
	out.Elem, out.Key = part(t.Elem), part(t.Key)
	for _, f := range t.Fields {
		c := part(&f.Type)
		if err != nil {
			break
		}
		out.Fields = append(out.Fields, column.Field{Name: f.Name, Type: *c})
	}
	if err != nil {
		return column.Type{}, err
	}
	lists := out.Kind == column.Array || out.Kind == column.Multiset || out.Kind == column.Map
	if lists && out.Elem == nil || out.Kind == column.Map && out.Key == nil {
		return column.Type{}, fmt.Errorf("a %s lacks the type of its elements", t.Kind)
	}
	return out, nil
}
