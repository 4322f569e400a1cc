package expr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
)

// The values that these functions take are JSON already: the binder calls JSON_STRING.

func init() {
	for _, f := range []struct {
		nulls, example string
		absent         bool
	}{
		{"NULL", "JSON_OBJECTAGG(KEY CAST(x AS STRING) VALUE s) => {\"1\":\"a\",\"2\":\"b\",\"3\":null}", false},
		{"ABSENT", "JSON_OBJECTAGG(KEY CAST(x AS STRING) VALUE s ABSENT ON NULL) => {\"1\":\"a\",\"2\":\"b\"}", true},
	} {
		name := "JSON_OBJECTAGG_" + f.nulls + "_ON_NULL"
		registerAggregate(&AggregateFunction{Name: name, Total: true, Example: f.example,
			Doc: "The JSON object of keys, which must differ and not be NULL, and values; of NULL values " + whatHappens(f.absent) + ". Members stand by key.",
			Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
				if len(args) != 2 || !args[0].IsText() || !args[1].IsText() {
					return nil, column.Type{}, errors.New("JSON_OBJECTAGG takes a text as KEY, and a VALUE; cast other keys to STRING")
				}
				return nil, jsonCollected, nil
			},
			New: func([]column.Type, column.Type) Accumulator { return &jsonEntries{absent: f.absent, keyed: true} }})
	}
	for _, f := range []struct {
		nulls, example string
		absent         bool
	}{
		{"ABSENT", "JSON_ARRAYAGG(s) => [\"a\",\"b\"]", true},
		{"NULL", "JSON_ARRAYAGG(s NULL ON NULL) => [\"a\",\"b\",null]", false},
	} {
		name := "JSON_ARRAYAGG_" + f.nulls + "_ON_NULL"
		registerAggregate(&AggregateFunction{Name: name, Total: true, Example: f.example,
			Doc: "The JSON array of the values, in the order in which they come; of NULLs " + whatHappens(f.absent) + ".",
			Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
				if len(args) != 1 || !args[0].IsText() {
					return nil, column.Type{}, errors.New("JSON_ARRAYAGG takes one value")
				}
				return nil, jsonCollected, nil
			},
			New: func([]column.Type, column.Type) Accumulator { return &jsonEntries{absent: f.absent} }})
	}
}

// jsonCollected is the type that Flink gives to collected JSON; it does not cut it.
var jsonCollected = column.Sized(column.VarChar, 2000).Required()

func whatHappens(absent bool) string {
	if absent {
		return "nothing stands there"
	}
	return "there is null"
}

// jsonEntries is the accumulator of JSON_OBJECTAGG and JSON_ARRAYAGG. A group holds its entries one after the other: for objects the
// length of the key and the key, then the length of the value and the value.
type jsonEntries struct {
	absent, keyed bool
	groups        []jsonGroup
	bytes         int
	list          []jsonEntry
	entry         []byte
}

type jsonGroup struct {
	entries  []byte
	nullKeys int64
}

type jsonEntry struct{ key, value []byte }

var jsonNull = []byte("null")

func (a *jsonEntries) Grow(n int) { a.groups = grow(a.groups, n) }

func (a *jsonEntries) Clear(group int) {
	a.bytes -= cap(a.groups[group].entries)
	a.groups[group] = jsonGroup{}
}

func (a *jsonEntries) Update(groups []int32, args []*column.Vector, rows []int32) {
	for i, g := range groups {
		a.change(&a.groups[g], args, rowAt(rows, i), 1)
	}
}

func (a *jsonEntries) Retract(groups []int32, args []*column.Vector, rows []int32) {
	for i, g := range groups {
		a.change(&a.groups[g], args, rowAt(rows, i), -1)
	}
}

// change adds a row's entry, or takes it out.
func (a *jsonEntries) change(g *jsonGroup, args []*column.Vector, r, sign int) {
	values := args[len(args)-1]
	value := jsonNull
	if !values.IsNull(r) {
		value = values.BytesAt(r)
	} else if a.absent {
		return
	}
	a.entry = a.entry[:0]
	if a.keyed {
		if args[0].IsNull(r) {
			g.nullKeys += int64(sign)
			return
		}
		a.entry = appendSized(a.entry, args[0].BytesAt(r))
	}
	a.entry = appendSized(a.entry, value)
	before := cap(g.entries)
	if sign > 0 {
		g.entries = append(g.entries, a.entry...)
	} else {
		g.entries = a.without(g.entries, a.entry)
	}
	a.bytes += cap(g.entries) - before
}

func appendSized(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// sized takes what appendSized added from the front of b.
func sized(b []byte) (value, rest []byte) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil
	}
	return b[k : k+int(n)], b[k+int(n):]
}

// next takes an entry from the front of b.
func (a *jsonEntries) next(b []byte) (e jsonEntry, rest []byte) {
	if a.keyed {
		e.key, b = sized(b)
	}
	e.value, rest = sized(b)
	return e, rest
}

// without takes the first entry of that kind out.
func (a *jsonEntries) without(entries, entry []byte) []byte {
	for rest := entries; len(rest) > 0; {
		_, after := a.next(rest)
		if size := len(rest) - len(after); bytes.Equal(rest[:size], entry) {
			at := len(entries) - len(rest)
			return append(entries[:at], after...)
		}
		rest = after
	}
	return entries
}

func (a *jsonEntries) StateTypes() []column.Type {
	return []column.Type{column.Bytes().Required(), column.Of(column.BigInt).Required()}
}

func (a *jsonEntries) AppendState(from, to int, out []*column.Vector) {
	for i := range a.groups[from:to] {
		out[0].AppendBytes(a.groups[from+i].entries)
		column.Append(out[1], a.groups[from+i].nullKeys)
	}
}

func (a *jsonEntries) Merge(groups []int32, state []*column.Vector, rows []int32) {
	nullKeys := column.Values[int64](state[1])
	for i, n := range groups {
		r, g := rowAt(rows, i), &a.groups[n]
		before := cap(g.entries)
		g.entries = append(g.entries, state[0].BytesAt(r)...)
		g.nullKeys += nullKeys[r]
		a.bytes += cap(g.entries) - before
	}
}

func (a *jsonEntries) AppendResult(from, to int, out *column.Vector) error {
	for i := range a.groups[from:to] {
		text, err := a.text(&a.groups[from+i])
		if err != nil {
			return err
		}
		out.AppendBytes(text)
	}
	return nil
}

func (a *jsonEntries) text(g *jsonGroup) ([]byte, error) {
	a.list = a.list[:0]
	for rest := g.entries; len(rest) > 0; {
		var e jsonEntry
		e, rest = a.next(rest)
		a.list = append(a.list, e)
	}
	open, end := byte('['), byte(']')
	if a.keyed {
		open, end = '{', '}'
		if g.nullKeys > 0 {
			return nil, errors.New("JSON_OBJECTAGG: a key is NULL, which no JSON object can have; leave such rows out by FILTER (WHERE key IS NOT NULL)")
		}
		slices.SortStableFunc(a.list, func(x, y jsonEntry) int { return bytes.Compare(x.key, y.key) })
	}
	text := append(a.entry[:0], open)
	for i, e := range a.list {
		if i > 0 {
			text = append(text, ',')
		}
		if a.keyed {
			if i > 0 && bytes.Equal(e.key, a.list[i-1].key) {
				return nil, fmt.Errorf("JSON_OBJECTAGG: the key %q is there twice in a group, and keys must differ", e.key)
			}
			text = append(jsontext.AppendQuoted(text, e.key), ':')
		}
		text = append(text, e.value...)
	}
	a.entry = append(text, end)
	return a.entry, nil
}

func (a *jsonEntries) SizeBytes() int { return cap(a.groups)*32 + a.bytes }

var _ Retractor = (*jsonEntries)(nil)
