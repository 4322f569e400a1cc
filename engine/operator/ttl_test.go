package operator

import (
	"testing"
	stdtime "time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// stateful are operators whose state only table.exec.state.ttl bounds, by name, over inputs of ttlInput.
func stateful(t fataler) map[string]*graph.Node {
	t.Helper()
	in, wide := ttlInput, append(ttlInput[:len(ttlInput):len(ttlInput)], ttlInput...)
	bigint := column.Of(column.BigInt)
	call := func(name string, distinct bool, args ...int) expr.Aggregate {
		f, ok := expr.LookupAggregate(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		return expr.Aggregate{Func: f, Args: args, Distinct: distinct, T: bigint, Filter: -1}
	}
	over := func(frame graph.OverTime, rows bool) *graph.Node {
		op := &graph.Over{Partition: []int{0}, Order: []graph.SortKey{{Column: 1}}, Time: frame, Updates: true}
		if frame == graph.OverColumns {
			op.Order[0].Column = 2
		}
		sum := call("SUM", false, 2)
		f := graph.Frame{Rows: rows, From: graph.Bound{Kind: graph.UnboundedPreceding}, To: graph.Bound{Kind: graph.CurrentRow}}
		op.Calls = []graph.OverCall{{Name: "s", T: bigint, Aggregate: &sum, Frame: f}}
		return &graph.Node{Op: op, Schema: append(in[:len(in):len(in)], column.Field{Name: "s", Type: bigint})}
	}
	join := graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}
	kind := func(k graph.JoinKind) graph.Match { m := join; m.Type = k; return m }
	grouped := []column.Field{in[0], {Name: "x", Type: bigint}}
	rank := graph.Rank{From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Partition: []int{0}, Order: []graph.SortKey{{Column: 2}}, Updates: true, UpdateBefore: true}
	retracted := rank
	retracted.Side.Changes = graph.Retract
	keys := []int{0}
	return map[string]*graph.Node{
		"aggregate":         {Op: &graph.Aggregate{Keys: keys, Calls: []expr.Aggregate{call("SUM", false, 2)}, Updates: true, UpdateBefore: true}, Schema: grouped},
		"aggregate of sets": {Op: &graph.Aggregate{Keys: keys, Calls: []expr.Aggregate{call("COUNT", true, 2)}, Updates: true}, Schema: grouped},
		"distinct":          {Op: &graph.Aggregate{Keys: []int{0, 1, 2}, Updates: true}, Schema: in},
		"join":              {Op: &graph.Join{Match: kind(graph.InnerJoin), Updates: true}, Schema: wide},
		"outer join":        {Op: &graph.Join{Match: kind(graph.FullJoin), Updates: true, Sides: [2]graph.Side{{Changes: graph.Retract}, {}}}, Schema: wide},
		"anti join":         {Op: &graph.Join{Match: kind(graph.AntiJoin), Updates: true}, Schema: in},
		"multi-join": {Op: &graph.MultiJoin{Keys: [][]int{keys, keys}, Joins: []graph.MultiStep{{Type: graph.LeftJoin}}, Sides: make([]graph.Side, 2)},
			Schema: wide},
		"temporal join":      {Op: &graph.TemporalJoin{Match: join, LeftTime: 1, RightTime: 1}, Schema: wide},
		"newest row join":    {Op: &graph.TemporalJoin{Match: join, LeftTime: -1, RightTime: -1}, Schema: wide},
		"rank":               {Op: &rank, Schema: in},
		"rank of changes":    {Op: &retracted, Schema: in},
		"last row":           {Op: &graph.Deduplicate{Keys: keys, Time: -1, Last: true}, Schema: in},
		"last row by time":   {Op: &graph.Deduplicate{Keys: keys, Time: 1, Last: true}, Schema: in},
		"first row":          {Op: &graph.Deduplicate{Keys: keys, Time: -1}, Schema: in},
		"first row by time":  {Op: &graph.Deduplicate{Keys: keys, Time: 1}, Schema: in},
		"normalize":          {Op: &graph.Normalize{Keys: keys, UpdateBefore: true}, Schema: in},
		"materialize":        {Op: &graph.Materialize{Keys: keys}, Schema: in},
		"materialize once":   {Op: &graph.Materialize{Keys: keys, InputKeys: []int{2}, Conflict: graph.KeepFirst}, Schema: in},
		"over by arrival":    over(graph.OverProcessing, true),
		"over by event time": over(graph.OverEventTime, true),
		"over by a column":   over(graph.OverColumns, true),
		"over by peers":      over(graph.OverEventTime, false),
		"limit":              {Op: &graph.Rank{From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Updates: true}, Schema: in},
	}
}

var ttlInput = []column.Field{{Name: "k", Type: column.Of(column.BigInt)}, {Name: "ts", Type: stamp}, {Name: "v", Type: column.Of(column.BigInt)}}

// TestStateTTL: each operator forgets what it keeps by key a time after the last row came, without more input, and keeps it until then; without a time to
// live it is kept.
func TestStateTTL(t *testing.T) {
	for name, n := range stateful(t) {
		t.Run(name, func(t *testing.T) {
			for _, ttl := range []string{"10 ms", "0 ms"} {
				var now int64 = 100
				var timers []int64
				var out capture
				in := [][]column.Field{ttlInput}
				switch n.Op.(type) {
				case *graph.Join, *graph.TemporalJoin, *graph.MultiJoin:
					in = append(in, ttlInput)
				}
				o, err := New(n, in)
				if err == nil {
					err = o.Open(idleContext(t, ttl, &now, &timers))
				}
				if err != nil {
					t.Fatal(err)
				}
				held := func() (rows int) {
					t.Helper()
					var w state.Writer
					if err := o.Snapshot(&w); err != nil {
						t.Fatal(err)
					}
					for _, table := range w.Tables {
						if table.Keyed && table.Name != watermarkTable {
							rows += table.Rows.Rows()
						}
					}
					return rows
				}
				for i := range int64(50) {
					b := column.NewBatch(ttlInput, 0)
					column.Append(b.Cols[0], i%5)
					column.Append(b.Cols[1], i+1)
					column.Append(b.Cols[2], i)
					b.Len = 1
					for side := range in {
						if err := o.Process(side, b, &out); err != nil {
							t.Fatal(err)
						}
					}
					if i < 49 { // of temporal joins something stays behind the watermark
						if err := o.Watermark(i+1, &out); err != nil {
							t.Fatal(err)
						}
					}
					now++
					dueTimers(t, o, now, &timers, &out)
				}
				if _, waits := n.Op.(*graph.Over); waits { // rows that wait are not forgotten
					if err := o.Watermark(50, &out); err != nil {
						t.Fatal(err)
					}
				}
				if d, ok := o.(*earliestRows); ok {
					if err := d.Watermark(50, &out); err != nil {
						t.Fatal(err)
					}
				}
				if held() == 0 {
					t.Fatalf("%s: nothing is held", ttl)
				}
				for range 10 {
					now += 10
					dueTimers(t, o, now, &timers, &out)
				}
				if n := held(); (n == 0) != (ttl != "0 ms") {
					t.Errorf("%s: %d rows are held", ttl, n)
				}
			}
		})
	}
}

// TestStateTTLBehind: results do not depend on how far the cleaning has come. Much is over at once and little comes, with timers that see to the rest and without.
func TestStateTTLBehind(t *testing.T) {
	for name, n := range stateful(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				in := [][]column.Field{ttlInput}
				switch n.Op.(type) {
				case *graph.Join, *graph.TemporalJoin, *graph.MultiJoin:
					in = append(in, ttlInput)
				}
				var now int64 = 100
				var timers []int64
				start := func() Operator {
					o, err := New(n, in)
					if err == nil {
						err = o.Open(idleContext(t, "10 ms", &now, &timers))
					}
					if err != nil {
						t.Fatal(err)
					}
					return o
				}
				behind, clean := start(), start()
				var got, want capture
				time := int64(0)
				feed := func(side int, keys []int64) {
					b := column.NewBatch(ttlInput, 0)
					for _, k := range keys {
						time++
						column.Append(b.Cols[0], k)
						column.Append(b.Cols[1], time)
						column.Append(b.Cols[2], k%3)
						b.Len++
					}
					for range 30 { // so much is over
						if err := clean.Timer(stdtime.UnixMilli(now), &want); err != nil {
							t.Fatal(err)
						}
					}
					for o, out := range map[Operator]*capture{behind: &got, clean: &want} {
						if err := o.Process(side, b, out); err != nil {
							t.Fatal(err)
						}
						if err := o.Watermark(time, out); err != nil {
							t.Fatal(err)
						}
					}
				}
				for side := range in {
					var keys []int64
					for i := range int64(400) {
						keys = append(keys, i/2)
					}
					feed(side, keys)
				}
				for range rapid.IntRange(1, 12).Draw(t, "batches") {
					now += rapid.SampledFrom([]int64{0, 1, 9, 10, 11}).Draw(t, "time")
					feed(rapid.IntRange(0, len(in)-1).Draw(t, "side"), rapid.SliceOfN(rapid.Int64Range(0, 199), 1, 4).Draw(t, "keys"))
				}
				compareRows(t, got.rows, want.rows)
			})
		})
	}
}
