package operator

import (
	"math"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// The size of a state grows with what the operator keeps: at least its payload, and not many times as much.
func TestStateSize(t *testing.T) {
	in := []column.Field{{Name: "k", Type: column.Of(column.BigInt)}, {Name: "ts", Type: column.Sized(column.Timestamp, 3)}, {Name: "s", Type: column.Str()}}
	bigint := column.Of(column.BigInt).Required()
	count := []expr.Aggregate{{Func: lookupAggregate(t, "COUNT"), Filter: -1, T: bigint}}
	distinct := []expr.Aggregate{{Func: lookupAggregate(t, "COUNT"), Args: []int{2}, Distinct: true, Filter: -1, T: bigint}}
	key, byTime := []int{0}, []graph.SortKey{{Column: 1}}
	keyed := []column.Field{in[0], {Name: "n", Type: bigint}}
	window := func(kind graph.WindowKind) (*graph.WindowAggregate, []column.Field) {
		op := &graph.WindowAggregate{Window: graph.Window{Type: kind, Time: 1, Size: 1000, Slide: 1000}, Keys: key, Calls: count, Properties: startEnd}
		return op, windowOutputOf(op, in)
	}
	tumble, tumbled := window(graph.Tumble)
	session, sessions := window(graph.Session)
	const row, text = 40, 24 // bytes of what is kept of each row, and of its text
	for _, c := range []struct {
		name string
		op   graph.Op
		out  []column.Field
		row  int // bytes that must be kept of each row, at least
	}{
		{"aggregate", &graph.Aggregate{Keys: key, Calls: count}, keyed, 16},
		{"changelog", &graph.Aggregate{Keys: key, Calls: count, Updates: true, UpdateBefore: true}, keyed, 24},
		{"distinct", &graph.Aggregate{Keys: key, Calls: distinct, Updates: true}, keyed, 24 + text},
		{"window", tumble, tumbled, 16},
		{"sessions", session, sessions, 16 + 24},
		{"rank", &graph.Rank{Partition: key, Order: byTime, From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Updates: true}, in, row},
		{"last rows", &graph.Deduplicate{Keys: key, Time: 1, Last: true}, in, row},
		{"first rows", &graph.Deduplicate{Keys: key, Time: -1}, in, 8},
		{"earliest rows", &graph.Deduplicate{Keys: key, Time: 1}, in, row},
		{"normalize", &graph.Normalize{Keys: key}, in, row},
		{"materialize", &graph.Materialize{Keys: key, InputKeys: key}, in, row},
		{"temporal sort", &graph.TemporalSort{Time: 1}, in, row},
		{"sort", &graph.Sort{Keys: byTime, Limit: -1}, in, row},
		{"over", &graph.Over{Partition: key, Order: byTime, Calls: []graph.OverCall{{
			Aggregate: &count[0], Name: "n", T: bigint,
			Frame: graph.Frame{From: graph.Bound{Kind: graph.UnboundedPreceding}, To: graph.Bound{Kind: graph.CurrentRow}},
		}}, Time: graph.OverEventTime, Updates: true}, append(in[:3:3], keyed[1]), row},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := open(t, &graph.Node{Name: c.name, Op: c.op, Schema: c.out}, in, testContext())
			sizer, ok := o.(Sizer)
			if !ok {
				t.Fatalf("%T does not tell the size of its state", o)
			}
			empty := sizer.SizeBytes()
			const rows, batch = 40 * ChunkRows, ChunkRows
			for from := 0; from < rows; from += batch {
				b := column.NewBatch(in, batch)
				for i := range batch {
					column.Append(b.Cols[0], int64(from+i))
					column.Append(b.Cols[1], int64(1+i%900))
					b.Cols[2].AppendString("a text longer than a view")
				}
				b.Len = batch
				if err := o.Process(0, b, &capture{}); err != nil {
					t.Fatal(err)
				}
			}
			held := sizer.SizeBytes() - empty
			if held < rows*c.row || held > rows*c.row*8+1<<20 {
				t.Errorf("%d bytes for %d rows of which at least %d bytes are kept", held, rows, c.row)
			}
			if err := o.Watermark(math.MaxInt64-1, &capture{}); err != nil {
				t.Fatal(err)
			}
			if after := sizer.SizeBytes(); after > empty+held+held/2 {
				t.Errorf("a watermark makes %d bytes of %d", after, held)
			}
		})
	}
}
