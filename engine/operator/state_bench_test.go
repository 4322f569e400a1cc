package operator

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

var stateKeys = flag.Int("state-keys", 1_000_000, "distinct `keys` of BenchmarkStateBytes")

// stateInput is a key, a number and a time.
func stateInput(key column.Type) []column.Field {
	return fields(key, column.Of(column.BigInt).Required(), column.Type{Kind: column.Timestamp, Precision: 3, NotNull: true})
}

// stateBatches are rows with each key once, in random order.
func stateBatches(key column.Type) []*column.Batch {
	order := rand.New(rand.NewPCG(1, 2)).Perm(*stateKeys)
	var list []*column.Batch
	for len(order) > 0 {
		n := min(ChunkRows, len(order))
		b := column.NewBatch(stateInput(key), n)
		for _, k := range order[:n] {
			if key.Kind == column.BigInt {
				column.Append(b.Cols[0], int64(k)*1_000_003)
			} else {
				b.Cols[0].AppendString(fmt.Sprintf("customer number %07d", k))
			}
			column.Append(b.Cols[1], int64(k))
			column.Append(b.Cols[2], int64(1000))
		}
		b.Len, order = n, order[n:]
		list = append(list, b)
	}
	return list
}

// BenchmarkStateBytes fills the state of operators with keys: the bytes that the operator says it holds and by which the heap has grown,
// for each key, beside what key and value take by themselves (raw).
func BenchmarkStateBytes(b *testing.B) {
	long, text := column.Of(column.BigInt).Required(), column.Str().Required()
	calls := []expr.Aggregate{
		{Func: lookupAggregate(b, "COUNT"), Filter: -1, T: long},
		{Func: lookupAggregate(b, "SUM"), Args: []int{1}, Filter: -1, T: column.Of(column.BigInt)},
	}
	const textBytes = 23
	for _, c := range []struct {
		name  string
		op    graph.Op
		key   column.Type
		turns int // times that each key comes
		raw   float64
	}{
		{"group/BIGINT", &graph.Aggregate{Keys: []int{0}, Calls: calls, Updates: true}, long, 1, 8 + 16},
		{"group/STRING", &graph.Aggregate{Keys: []int{0}, Calls: calls, Updates: true}, text, 1, textBytes + 16},
		{"window", &graph.WindowAggregate{Window: graph.Window{Type: graph.Tumble, Size: 1 << 20, Time: 2}, Keys: []int{0}, Calls: calls}, long, 1, 8 + 16},
		{"join", &graph.Join{Match: graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}, Updates: true}, long, 1, 24},
		{"deduplicate/first", &graph.Deduplicate{Keys: []int{0}, Time: -1}, long, 1, 8},
		{"deduplicate/last", &graph.Deduplicate{Keys: []int{0}, Time: -1, Last: true}, long, 1, 24},
		{"top 3", &graph.Rank{Partition: []int{0}, Order: []graph.SortKey{{Column: 1}}, From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Updates: true}, long, 3, 3 * 24},
	} {
		b.Run(c.name, func(b *testing.B) {
			in := stateInput(c.key)
			inputs := [][]column.Field{in}
			n := &graph.Node{Op: c.op, Schema: in}
			switch op := c.op.(type) {
			case *graph.Aggregate:
				n.Schema = outputOf(op, in)
			case *graph.WindowAggregate:
				n.Schema = windowOutputOf(op, in)
			case *graph.Join:
				inputs, n.Schema = append(inputs, in), append(in[:3:3], in...)
			}
			batches := stateBatches(c.key)
			for b.Loop() {
				o, err := New(n, inputs)
				ctx := testContext()
				ctx.Now = time.Now
				if err == nil {
					err = o.Open(ctx)
				}
				before := heapBytes()
				for range c.turns {
					for _, batch := range batches {
						if err == nil {
							err = o.Process(0, batch, outputFunc(func(Payload) error { return nil }))
						}
					}
				}
				if err != nil {
					b.Fatal(err)
				}
				grown := float64(heapBytes()-before) / float64(*stateKeys)
				said := float64(o.(Sizer).SizeBytes()) / float64(*stateKeys)
				b.ReportMetric(said, "B/key")
				b.ReportMetric(grown, "heapB/key")
				b.ReportMetric(c.raw, "rawB/key")
				b.ReportMetric(grown/c.raw, "x-raw")
				runtime.KeepAlive(o)
			}
		})
	}
}

// heapBytes is what is reachable.
func heapBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
