package durable

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot"
)

// Of a table in layers those rows are counted that are read: not those that were replaced or are gone. Nothing but their ids is decoded for that.
func TestLiveRows(t *testing.T) {
	d := &snapshot.Dir{Store: mem.New("b"), Prefix: "x/", Codec: Codec}
	var last *snapshot.Manifest
	save := func(name string, l *state.Layers, ids ...int64) {
		t.Helper()
		c := state.Chunk{Rows: column.NewBatch(fields, 0), IDs: column.NewVector(column.Of(column.BigInt), 0), Groups: column.NewVector(column.Of(column.Int), 0)}
		for _, id := range ids {
			c.Rows.Cols[0].AppendString("text")
			column.Append(c.Rows.Cols[1], id)
			column.Append(c.IDs, id)
			column.Append(c.Groups, int32(0))
			c.Rows.Len++
		}
		l.Chunks = []state.Chunk{c}
		m := &snapshot.Manifest{Job: "j", ID: 1, MaxParallelism: 8, Operators: []snapshot.Operator{{UID: "u", Parallelism: 1}}}
		tables := snapshot.Tables{{{{Name: "rows", Schema: fields, Keyed: true, Layers: l}}}}
		if err := d.Save(t.Context(), name, name, m, tables, nil, last); err != nil {
			t.Fatal(err)
		}
		last = m
	}
	count := func(want int64) {
		t.Helper()
		table := &last.Operators[0].Tables[0]
		tables, err := d.Tables(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Live(t.Context(), table); err != nil || got != want || int(got) != tables[0][0][0].Rows.Rows() {
			t.Errorf("%d rows are counted, %v, and %d read; want %d", got, err, tables[0][0][0].Rows.Rows(), want)
		}
	}
	base := state.Span{Number: 1, To: 10}
	old := base
	base.New = true
	save("1", &state.Layers{Base: []state.Span{base}}, 0, 1, 2, 3, 5, 6, 7, 8, 9)
	count(9)
	first, tail := state.Span{Number: 2, To: 10}, state.Span{Number: 3, From: 10, To: 20}
	newFirst, newTail := first, tail
	newFirst.New, newTail.New = true, true
	save("2", &state.Layers{Base: []state.Span{old, newTail}, Deltas: []state.Span{newFirst}, Gone: []int64{2, 5, 6}}, 1, 4, 10, 11)
	count(9)
	second := state.Span{Number: 4, To: 20, New: true}
	save("3", &state.Layers{Base: []state.Span{old, tail}, Deltas: []state.Span{first, second}, Gone: []int64{1, 10}}, 2, 11)
	count(8)

	for _, s := range last.Operators[0].Tables[0].Segments {
		if err := d.Store.Delete(t.Context(), d.Prefix+s.Object); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Live(t.Context(), &last.Operators[0].Tables[0]); !snapshot.IsDamaged(err) || objstore.KindOf(err) == objstore.NotFound {
		t.Errorf("objects that are gone: %v", err)
	}
}
