package operator

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// freezeCase is an operator that holds the rows of its input, or something for each.
type freezeCase struct {
	name string
	op   graph.Op
	ttl  bool
	two  bool // it has two inputs
}

func freezeCases(t testing.TB) []freezeCase {
	long := column.Of(column.BigInt).Required()
	sum := expr.Aggregate{Func: lookupAggregate(t, "SUM"), Args: []int{1}, Filter: -1, T: column.Of(column.BigInt)}
	distinct := expr.Aggregate{Func: lookupAggregate(t, "COUNT"), Args: []int{1}, Filter: -1, Distinct: true, T: long}
	number, _ := expr.LookupWindow("ROW_NUMBER")
	over := func(time graph.OverTime, updates bool) *graph.Over {
		frame := graph.Frame{Rows: true, From: graph.Bound{Kind: graph.UnboundedPreceding}, To: graph.Bound{Kind: graph.CurrentRow}}
		return &graph.Over{Partition: []int{0}, Order: []graph.SortKey{{Column: 2}}, Time: time, Updates: updates, Calls: []graph.OverCall{
			{Name: "n", T: long, Function: number}, {Name: "s", T: sum.T, Aggregate: &sum, Frame: frame}, {Name: "d", T: long, Aggregate: &distinct, Frame: frame},
		}}
	}
	session := graph.Window{Type: graph.Session, Size: 1000, Time: 2}
	order := []graph.SortKey{{Column: 1}}
	upsert := graph.Side{Changes: graph.Upsert, Unique: []int{0}}
	join := graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}, Type: graph.FullJoin}
	return []freezeCase{
		{name: "over, rows that wait", op: over(graph.OverEventTime, true)},
		{name: "over, partitions", op: over(graph.OverProcessing, true)},
		{name: "over, partitions with a time to live", op: over(graph.OverProcessing, true), ttl: true},
		{name: "over, bounded", op: over(graph.OverColumns, false)},
		{name: "session aggregate", op: &graph.WindowAggregate{Window: session, Keys: []int{0}, Calls: []expr.Aggregate{sum, distinct}, Properties: startEnd}},
		{name: "rows of sessions", op: &graph.AssignWindows{Window: session, Partition: []int{0}}},
		{name: "temporal sort", op: &graph.TemporalSort{Time: 2, Keys: order}},
		{name: "sort", op: &graph.Sort{Keys: order, Limit: -1}},
		{name: "top", op: &graph.Rank{Partition: []int{0}, Order: order, From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Updates: true}},
		{name: "top of updates", op: &graph.Rank{Partition: []int{0}, Order: order, From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Updates: true, Side: upsert}},
		{name: "top of a window", op: &graph.Rank{Partition: []int{0, 2}, Order: order, From: 1, To: 3, ToColumn: -1, WindowEnd: 2, Updates: true}},
		{name: "rank of rows alike", op: &graph.Rank{Partition: []int{0}, Order: order, From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Numbering: graph.DenseRank}},
		{name: "aggregate", op: &graph.Aggregate{Keys: []int{0}, Calls: []expr.Aggregate{sum, distinct}, Updates: true}, ttl: true},
		{name: "windows", op: &graph.WindowAggregate{Window: graph.Window{Type: graph.Tumble, Size: 1 << 40, Time: 2}, Keys: []int{0}, Calls: []expr.Aggregate{sum}}},
		{name: "deduplicate", op: &graph.Deduplicate{Keys: []int{0}, Time: -1, Last: true}},
		{name: "join", op: &graph.Join{Match: join, Updates: true}, two: true},
		{name: "join of bounded inputs", op: &graph.Join{Match: join}, two: true},
		{name: "temporal join", op: &graph.TemporalJoin{Match: graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}, LeftTime: 2, RightTime: 2}, two: true, ttl: true},
	}
}

// open makes the operator.
func (c *freezeCase) open(t testing.TB) Operator {
	now := int64(1)
	return c.openAt(t, &now, nil)
}

// openAt makes the operator with a clock, perhaps of a checkpoint.
func (c *freezeCase) openAt(t testing.TB, now *int64, from *state.Reader) Operator {
	in := stateInput(column.Of(column.BigInt).Required())
	n, inputs := &graph.Node{Op: c.op, Schema: in}, [][]column.Field{in}
	switch op := c.op.(type) {
	case *graph.Over:
		n.Schema = overOutput(op, in)
	case *graph.WindowAggregate:
		n.Schema = windowOutputOf(op, in)
	case *graph.AssignWindows:
		n.Schema = windowed(in)
	case *graph.Aggregate:
		n.Schema = outputOf(op, in)
	}
	if c.two {
		inputs, n.Schema = append(inputs, in), append(in[:3:3], in...)
	}
	ttl := "0 ms"
	if c.ttl {
		ttl = "1 h"
	}
	ctx := idleContext(t, ttl, now, new([]int64))
	ctx.Restore = from
	o, err := New(n, inputs)
	if err == nil {
		err = o.Open(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// freezeRows are rows of keys in that order.
func freezeRows(keys []int) []*column.Batch {
	in := stateInput(column.Of(column.BigInt).Required())
	var list []*column.Batch
	for len(keys) > 0 {
		n := min(ChunkRows, len(keys))
		b := column.NewBatch(in, n)
		for _, k := range keys[:n] {
			column.Append(b.Cols[0], int64(k))
			column.Append(b.Cols[1], int64(k)%1000)
			column.Append(b.Cols[2], int64(1000+k%50))
		}
		b.Len, keys = n, keys[n:]
		list = append(list, b)
	}
	return list
}

// feed gives the operator rows on all its inputs.
func (c *freezeCase) feed(t testing.TB, o Operator, batches []*column.Batch) {
	nothing := outputFunc(func(Payload) error { return nil })
	for _, b := range batches {
		for side := range 2 {
			if side == 1 && !c.two {
				break
			}
			if err := o.Process(side, b, nothing); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// freeze begins a checkpoint and returns how many rows the barrier copied.
func freeze(t testing.TB, o Operator, id, stored int64) (w state.Writer, rows int) {
	w = state.Freeze(state.Frozen{Checkpoint: id, Stored: stored})
	if err := o.Snapshot(&w); err != nil {
		t.Fatal(err)
	}
	for i := range w.Tables {
		if b := w.Tables[i].Rows; b != nil {
			rows += b.Rows()
		}
	}
	return w, rows
}

// copyAll copies the rest and returns how many rows a checkpoint has.
func copyAll(w *state.Writer) (rows int) {
	for !w.Copy(1000) {
	}
	for i := range w.Tables {
		if l := w.Tables[i].Layers; l != nil {
			for _, c := range l.Chunks {
				rows += c.Rows.Len
			}
		}
	}
	return rows
}

// TestBarrierCopiesNothing: what a barrier copies, and the memory that it takes, do not grow with the state; and a checkpoint has little more than what has
// changed since the one before.
func TestBarrierCopiesNothing(t *testing.T) {
	const keys = 100_000
	few := freezeRows([]int{7, 70_007, 3, keys + 1})
	const atOnce = 200 // the watermark of each key group, and the like
	for _, c := range freezeCases(t) {
		t.Run(c.name, func(t *testing.T) {
			o := c.open(t)
			c.feed(t, o, freezeRows(rand.New(rand.NewPCG(1, 2)).Perm(keys)))
			var copied [3]int
			for i := range copied {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				w, rows := freeze(t, o, int64(i+1), int64(i))
				runtime.ReadMemStats(&after)
				if rows > atOnce {
					t.Errorf("barrier %d copied %d rows", i, rows)
				}
				if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 4*keys {
					t.Errorf("barrier %d took %d bytes", i, bytes)
				}
				c.feed(t, o, few)
				copied[i] = copyAll(&w)
			}
			if copied[0] < keys-1000 || copied[2] > 1000 {
				t.Errorf("the checkpoints have %d rows", copied)
			}
			if err := o.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// BenchmarkBarrier: how long a barrier keeps an operator from its input (ms), for so many keys (-state-keys), of which one in a hundred
// changes between two checkpoints.
func BenchmarkBarrier(b *testing.B) {
	for _, c := range freezeCases(b) {
		b.Run(c.name, func(b *testing.B) {
			o := c.open(b)
			random := rand.New(rand.NewPCG(1, 2))
			c.feed(b, o, freezeRows(random.Perm(*stateKeys)))
			id, longest, total, n := int64(0), time.Duration(0), time.Duration(0), 0
			for b.Loop() {
				start := time.Now()
				w, _ := freeze(b, o, id+1, id)
				took := time.Since(start)
				b.StopTimer()
				id++
				copyAll(&w)
				if id > 1 {
					total, longest, n = total+took, max(longest, took), n+1
				}
				changed := make([]int, *stateKeys/100)
				for i := range changed {
					changed[i] = random.IntN(*stateKeys)
				}
				c.feed(b, o, freezeRows(changed))
				b.StartTimer()
			}
			b.ReportMetric(float64(total.Microseconds())/1000/float64(max(n, 1)), "ms")
			b.ReportMetric(float64(longest.Microseconds())/1000, "longest-ms")
			runtime.KeepAlive(o)
		})
	}
}

// TestFollowedThroughCompactions has keys come and go, so that operators give new numbers to what they hold, with checkpoints that are copied meanwhile and
// from some of which another operator goes on, and compares what comes out with what comes out of an undisturbed one.
func TestFollowedThroughCompactions(t *testing.T) {
	const rounds, width = 24, 1200
	for _, c := range freezeCases(t) {
		if c.two {
			continue // see crew
		}
		t.Run(c.name, func(t *testing.T) {
			now := int64(1)
			o, undisturbed := c.openAt(t, &now, nil), c.openAt(t, &now, nil)
			keeper, open := snapshottest.NewKeeper(testContext().MaxParallelism), false
			check := func(err error) {
				if err != nil {
					t.Fatal(err)
				}
			}
			var got, want capture
			random := rand.New(rand.NewPCG(3, 4))
			in := stateInput(column.Of(column.BigInt).Required())
			for round := range rounds {
				b := column.NewBatch(in, width)
				for _, i := range random.Perm(width) {
					column.Append(b.Cols[0], int64(round*width/2+i))
					column.Append(b.Cols[1], int64(i%1000))
					column.Append(b.Cols[2], int64(round*4000+i%300))
				}
				b.Len = width
				switch random.IntN(5) {
				case 0:
					check(keeper.Begin(o.Snapshot))
					check(keeper.End())
					tables, err := keeper.Tables()
					check(err)
					o, open = c.openAt(t, &now, &state.Reader{Tables: tables}), false
				case 1, 2:
					check(keeper.Begin(o.Snapshot))
					keeper.Copy(random.IntN(width))
					open = true
				case 3:
					if open {
						check(keeper.End())
					}
					open = false
				}
				mark := int64(round)*4000 - 1500
				check(undisturbed.Process(0, b, &want))
				check(undisturbed.Watermark(mark, &want))
				check(o.Process(0, b, &got))
				check(o.Watermark(mark, &got))
				now += (time.Hour / 2).Milliseconds()
			}
			for _, one := range []struct {
				o   Operator
				out *capture
			}{{o, &got}, {undisturbed, &want}} {
				check(one.o.Watermark(math.MaxInt64, one.out))
				check(one.o.EndInput(0, one.out))
			}
			slices.Sort(got.rows)
			slices.Sort(want.rows)
			compareRows(t, got.rows, want.rows)
		})
	}
}
