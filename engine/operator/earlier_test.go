package operator

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// These tests go on from tables as earlier versions of the operators wrote them.

// numbersOf makes a batch of rows of the columns' integers.
func numbersOf(in []column.Field, rows ...[]int64) *column.Batch {
	b := column.NewBatch(in, len(rows))
	for _, row := range rows {
		for i, x := range row {
			switch b.Cols[i].Type.Layout() {
			case column.LayoutInt8:
				column.Append(b.Cols[i], int8(x))
			case column.LayoutInt32:
				column.Append(b.Cols[i], int32(x))
			default:
				column.Append(b.Cols[i], x)
			}
		}
		b.Len++
	}
	return b
}

// rewritten restores an operator from another's tables, of which change rewrites the rows.
func rewritten(t *testing.T, n *graph.Node, in []column.Field, from Operator, change func(table *state.Table)) Operator {
	t.Helper()
	tables := snapshotOf(t, from, nil)
	for i := range tables {
		change(&tables[i])
	}
	ctx := testContext()
	ctx.Restore = &state.Reader{Tables: tables}
	return open(t, n, in, ctx)
}

// TestRowsOfSessionsOfEarlierVersions: rows had the times of their session and not their own.
func TestRowsOfSessionsOfEarlierVersions(t *testing.T) {
	in := fields(column.Of(column.Int).Required(), stamp)
	const gap = 10
	n := &graph.Node{Op: &graph.AssignWindows{Window: graph.Window{Type: graph.Session, Size: gap, Time: 1}, Partition: []int{0}}, Schema: windowed(in)}
	before := numbersOf(in, []int64{1, 0}, []int64{2, 100}, []int64{1, 9}, []int64{1, 17}, []int64{1, 60}, []int64{1, 25})
	sessions := map[[2]int64][2]int64{{1, 0}: {0, 35}, {1, 9}: {0, 35}, {1, 17}: {0, 35}, {1, 25}: {0, 35}, {1, 60}: {60, 70}, {2, 100}: {100, 110}}
	o := open(t, n, in, testContext())
	var nothing capture
	if err := o.Process(0, before, &nothing); err != nil {
		t.Fatal(err)
	}
	o = rewritten(t, n, in, o, func(table *state.Table) {
		if table.Name != "rows" {
			return
		}
		keys, times := column.Values[int32](table.Rows.Cols[0]), column.Values[int64](table.Rows.Cols[1])
		for r := range table.Rows.Len {
			s := sessions[[2]int64{int64(keys[r]), times[r]}]
			column.Values[int64](table.Rows.Cols[3])[r], column.Values[int64](table.Rows.Cols[4])[r] = s[0], s[1]
		}
	})
	for range 2 { // what they are now is known again from the next checkpoint
		o = rewritten(t, n, in, o, func(*state.Table) {})
	}
	var got capture
	if err := o.Process(0, numbersOf(in, []int64{1, 35}, []int64{1, 40}), &got); err != nil {
		t.Fatal(err)
	}
	if err := o.Watermark(1000, &got); err != nil {
		t.Fatal(err)
	}
	compareRows(t, got.rows, []string{
		"+I 1 0 0 50 49", "+I 1 9 0 50 49", "+I 1 17 0 50 49", "+I 1 25 0 50 49", "+I 1 35 0 50 49", "+I 1 40 0 50 49", "+I 1 60 60 70 69", "+I 2 100 100 110 109",
	})
}

// TestRankOfEarlierVersions: rows had their places and not their turns among those that are alike.
func TestRankOfEarlierVersions(t *testing.T) {
	in := fields(column.Of(column.Int).Required(), column.Of(column.BigInt).Required())
	op := &graph.Rank{Order: []graph.SortKey{{Column: 1}}, From: 1, To: 9, ToColumn: -1, WindowEnd: -1, Updates: true, UpdateBefore: true, Number: true}
	op.Side = graph.Side{Changes: graph.Upsert, Unique: []int{0}}
	n := &graph.Node{Op: op, Schema: rankOutput(op, in)}
	undisturbed := open(t, n, in, testContext())
	var out, nothing capture
	// The first of those that are alike comes again, and keeps its place.
	if err := undisturbed.Process(0, numbersOf(in, []int64{1, 5}, []int64{2, 5}, []int64{3, 3}, []int64{4, 5}, []int64{1, 5}), &nothing); err != nil {
		t.Fatal(err)
	}
	places := map[int32]int32{3: 0, 1: 1, 2: 2, 4: 3}
	o := rewritten(t, n, in, undisturbed, func(table *state.Table) {
		keys, marks := column.Values[int32](table.Rows.Cols[0]), column.Values[int32](table.Rows.Cols[2])
		for r := range table.Rows.Len {
			marks[r] = places[keys[r]]
		}
	})
	var got capture
	for _, b := range []*column.Batch{numbersOf(in, []int64{5, 5}), numbersOf(in, []int64{2, 5}), numbersOf(in, []int64{3, 7}), numbersOf(in, []int64{6, 5})} {
		if err := undisturbed.Process(0, b, &out); err != nil {
			t.Fatal(err)
		}
		if err := o.Process(0, b, &got); err != nil {
			t.Fatal(err)
		}
		o = rewritten(t, n, in, o, func(*state.Table) {})
	}
	compareRows(t, got.rows, out.rows)
}
