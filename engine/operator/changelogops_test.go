package operator

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// TestNormalizeModel keeps the last row of each key in a map.
func TestNormalizeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Normalize{Keys: []int{0}, UpdateBefore: rapid.Bool().Draw(t, "before")}
		filtered := rapid.Bool().Draw(t, "filter")
		if filtered {
			op.Filter = &expr.Column{Index: 3, Name: "z", T: column.Of(column.Boolean)}
		}
		in := &timedInput{rows: drawRows(t, rankInput, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{kinds: anyKind})}
		b := in.rows
		kept := map[string]int{}
		rest := func(r int) string { return rowText(b, r)[2:] }
		var want []string
		for r := range b.Len {
			key := textOf(b.Cols[0], r)
			before, known := kept[key]
			adds := b.Kind(r).Adds() && (!filtered || isTrue(b.Cols[3], r))
			switch {
			case b.Kind(r) == column.UpdateBefore || !adds && !known:
			case !adds:
				want = append(want, "-D"+rest(before))
				delete(kept, key)
			case !known:
				want = append(want, "+I"+rest(r))
				kept[key] = r
			case rest(before) != rest(r):
				if op.UpdateBefore {
					want = append(want, "-U"+rest(before))
				}
				want = append(want, "+U"+rest(r))
				kept[key] = r
			}
		}
		checkTimed(t, &graph.Node{Op: op, Schema: rankInput}, rankInput, in, op.Keys, want, 0)
	})
}

func TestMaterializeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Materialize{Keys: []int{0}}
		if rapid.Bool().Draw(t, "unique") {
			op.InputKeys = []int{1}
		}
		in := &timedInput{rows: drawRows(t, rankInput[:3], rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{kinds: anyKind})}
		b := in.rows
		lists := map[string][]int{}
		rest := func(r int) string { return rowText(b, r)[2:] }
		same := func(a, b2 int) bool {
			if op.InputKeys != nil {
				return keyText(b, op.InputKeys, a) == keyText(b, op.InputKeys, b2)
			}
			return rest(a) == rest(b2)
		}
		var want []string
		for r := range b.Len {
			key := textOf(b.Cols[0], r)
			list := lists[key]
			at := -1 // the newest that is alike
			for i, o := range list {
				if same(o, r) {
					at = i
				}
			}
			switch {
			case b.Kind(r).Adds():
				if len(list) == 0 {
					want = append(want, "+I"+rest(r))
				} else {
					want = append(want, "+U"+rest(r))
				}
				if op.InputKeys != nil && at >= 0 {
					list = slices.Delete(slices.Clone(list), at, at+1)
				}
				list = append(list, r)
			case at >= 0:
				shown := at == len(list)-1
				gone := list[at]
				list = slices.Delete(slices.Clone(list), at, at+1)
				if shown && len(list) > 0 {
					want = append(want, "+U"+rest(list[len(list)-1]))
				} else if shown {
					want = append(want, "-D"+rest(gone))
				}
			}
			lists[key] = list
		}
		checkTimed(t, &graph.Node{Op: op, Schema: rankInput[:3]}, rankInput[:3], in, op.Keys, want, 0)
	})
}

func TestDropUpdateBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := &timedInput{rows: drawRows(t, rankInput, rapid.IntRange(0, 20).Draw(t, "rows"), drawOptions{kinds: anyKind})}
		var want []string
		for r := range in.rows.Len {
			if in.rows.Kind(r) != column.UpdateBefore {
				want = append(want, rowText(in.rows, r))
			}
		}
		batches := slices.DeleteFunc(cutRows(t, rankInput, in.rows), func(b *column.Batch) bool { return b.Rows() == 0 })
		compareRows(t, run(t, &graph.Node{Op: &graph.DropUpdateBefore{}, Schema: rankInput}, rankInput, batches, -1), want)
	})
}

func TestTemporalSortModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.TemporalSort{Time: 1}
		if rapid.Bool().Draw(t, "keys") {
			op.Keys = []graph.SortKey{{Column: 2, Descending: true, NullsLast: true}}
		}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		b := in.rows
		var held []int
		var want []string
		late := int64(0)
		fire := func(now int64) {
			slices.SortStableFunc(held, func(x, y int) int {
				if c := longAt(b.Cols[1], x) - longAt(b.Cols[1], y); c != 0 || len(op.Keys) == 0 {
					return int(c)
				}
				return kernel.SortKey{Desc: true}.Compare(b.Cols[2], x, b.Cols[2], y)
			})
			for len(held) > 0 && longAt(b.Cols[1], held[0]) <= now {
				want = append(want, rowText(b, held[0]))
				held = held[1:]
			}
		}
		for r := range b.Len {
			now := in.before(r)
			fire(now)
			if longAt(b.Cols[1], r) <= now {
				late++
			} else {
				held = append(held, r)
			}
		}
		fire(math.MaxInt64)
		checkTimed(t, &graph.Node{Op: op, Schema: windowInput}, windowInput, in, nil, want, late)
	})
}

// TestTemporalSortOfProcessingTime sorts the rows of a millisecond once it is over.
func TestTemporalSortOfProcessingTime(t *testing.T) {
	in := rankInput[:1]
	op := &graph.TemporalSort{Time: -1, Keys: []graph.SortKey{{Column: 0}}}
	c := testContext()
	now, due := int64(5), []int64{}
	c.Now = func() time.Time { return time.UnixMilli(now) }
	c.SetTimer = func(at time.Time) { due = append(due, at.UnixMilli()) }
	o := open(t, &graph.Node{Op: op, Schema: in}, in, c)
	var got capture
	feed := func(list ...int32) {
		b := column.NewBatch(in, 0)
		for _, x := range list {
			column.Append(b.Cols[0], x)
			b.Len++
		}
		if err := o.Process(0, b, &got); err != nil {
			t.Fatal(err)
		}
	}
	feed(3, 1)
	feed(2)
	now = 6
	if err := o.Timer(time.UnixMilli(6), &got); err != nil {
		t.Fatal(err)
	}
	feed(9, 0)
	if err := o.EndInput(0, &got); err != nil {
		t.Fatal(err)
	}
	compareRows(t, got.rows, []string{"+I 1", "+I 2", "+I 3", "+I 0", "+I 9"})
	if !slices.Equal(due, []int64{6, 7}) {
		t.Fatalf("timers at %v", due)
	}
}
