package snapshot

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
)

// How tables stand in Parquet. Not all types have a place there, and operators hold values that their types do not allow, such as a NULL of a
// side that is not there. So columns are stored as nullable columns of types that hold every value of the vector, bit by bit:
//
//	DECIMAL                 DECIMAL(38, scale)
//	TIMESTAMP               as it is if its unit is that of the first timestamp of the table, else BIGINT
//	intervals               INT, BIGINT
//	VARIANT, BITMAP         BYTES
//	MAP, MULTISET           ARRAY<ROW<key, value>>
//	NULL                    BOOLEAN, all NULL
//	ROW<>                   ROW<no_columns BOOLEAN>
//
// Columns of snapshots stand in front: the key group of a keyed table, kinds and event times of rows.
const (
	groupColumn = "key_group"
	idColumn    = "row_id"
	goneColumn  = "row_gone"
	kindColumn  = "row_kind"
	timeColumn  = "event_time"
	emptyColumn = "no_columns" // of a table without columns: there are no rows without columns in Parquet
)

// storedNames returns names that are not empty and differ, also from each other's upper and lower case.
func storedNames(fields []column.Field) []string {
	taken := map[string]bool{groupColumn: true, kindColumn: true, timeColumn: true, emptyColumn: true, idColumn: true, goneColumn: true}
	list := make([]string, len(fields))
	for i, f := range fields {
		base := f.Name
		if base == "" {
			base = "column"
		}
		name := base
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		taken[strings.ToLower(name)] = true
		list[i] = name
	}
	return list
}

// storedType returns the type that a column is stored as. unit is that of timestamps in the table.
func storedType(t column.Type, unit int64) column.Type {
	switch t.Kind {
	case column.Null:
		return column.Of(column.Boolean)
	case column.Decimal:
		return column.DecimalOf(38, int(t.Scale))
	case column.Timestamp, column.TimestampLTZ:
		if t.TimeUnit() != unit {
			return column.Of(column.BigInt)
		}
	case column.IntervalYearMonth:
		return column.Of(column.Int)
	case column.IntervalDayTime:
		return column.Of(column.BigInt)
	case column.Variant, column.Bitset:
		return column.Bytes()
	case column.Char, column.VarChar:
		return column.Str()
	case column.Binary, column.VarBinary:
		return column.Bytes()
	case column.Array:
		return column.ArrayOf(storedType(*t.Elem, unit))
	case column.Map:
		return entries(storedType(*t.Key, unit), storedType(*t.Elem, unit))
	case column.Multiset:
		return entries(storedType(*t.Elem, unit), column.Of(column.Int))
	case column.Row:
		if len(t.Fields) == 0 {
			return column.RowOf(column.Field{Name: emptyColumn, Type: column.Of(column.Boolean)})
		}
		names := storedNames(t.Fields)
		fields := make([]column.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = column.Field{Name: names[i], Type: storedType(f.Type, unit)}
		}
		return column.RowOf(fields...)
	}
	return t.Optional()
}

func entries(key, value column.Type) column.Type {
	return column.ArrayOf(column.RowOf(column.Field{Name: "key", Type: key}, column.Field{Name: "value", Type: value}))
}

// timeUnit returns the unit of the first timestamp among fields, however deep, or 0.
func timeUnit(fields []column.Field) int64 {
	for _, f := range fields {
		if u := unitIn(f.Type); u != 0 {
			return u
		}
	}
	return 0
}

func unitIn(t column.Type) int64 {
	switch t.Kind {
	case column.Timestamp, column.TimestampLTZ:
		return t.TimeUnit()
	case column.Row:
		return timeUnit(t.Fields)
	case column.Map:
		if u := unitIn(*t.Key); u != 0 {
			return u
		}
		return unitIn(*t.Elem)
	case column.Array, column.Multiset:
		return unitIn(*t.Elem)
	}
	return 0
}

// toStored returns a vector of the stored type that shares the memory of v.
func toStored(v *column.Vector, stored column.Type) *column.Vector {
	if v.Dict != nil {
		plain := &column.Vector{}
		v.Decode(plain)
		v = plain
	}
	if v.Type.Kind == column.Null {
		return nulls(stored, v.Len)
	}
	out := &column.Vector{Type: stored, Len: v.Len, Valid: v.Valid, Data: v.Data, Buffers: v.Buffers}
	switch v.Type.Kind {
	case column.Array:
		out.Children = []*column.Vector{toStored(v.Children[0], *stored.Elem)}
	case column.Map, column.Multiset:
		fields := stored.Elem.Fields
		pairs := &column.Vector{Type: *stored.Elem, Len: v.Children[0].Len}
		pairs.Children = []*column.Vector{toStored(v.Children[0], fields[0].Type), toStored(v.Children[1], fields[1].Type)}
		out.Children = []*column.Vector{pairs}
	case column.Row:
		if len(v.Children) == 0 {
			out.Children = []*column.Vector{nulls(stored.Fields[0].Type, v.Len)}
		}
		for i, c := range v.Children {
			out.Children = append(out.Children, toStored(c, stored.Fields[i].Type))
		}
	}
	return out
}

// nulls returns a vector of n times NULL.
func nulls(t column.Type, n int) *column.Vector {
	v := column.NewVector(t, n)
	for range n {
		v.AppendNull()
	}
	return v
}

// fromStored gives a vector that was read its own type again.
func fromStored(v *column.Vector, t column.Type) {
	if v.Type = t; t.Kind == column.Null {
		*v = *nulls(t, v.Len)
		return
	}
	switch t.Kind {
	case column.Array:
		fromStored(v.Children[0], *t.Elem)
	case column.Map, column.Multiset:
		v.Children = v.Children[0].Children
		key, value := t.Key, *t.Elem
		if t.Kind == column.Multiset {
			key, value = t.Elem, column.Of(column.Int).Required()
		}
		fromStored(v.Children[0], *key)
		fromStored(v.Children[1], value)
	case column.Row:
		v.Children = v.Children[:len(t.Fields)]
		for i, c := range v.Children {
			fromStored(c, t.Fields[i].Type)
		}
	}
}
