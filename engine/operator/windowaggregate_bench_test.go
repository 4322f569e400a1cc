package operator

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// benchWindowBatches are rows of 1000 keys, ten to a millisecond, a little out of order.
func benchWindowBatches() []*column.Batch {
	var list []*column.Batch
	x, t := uint64(88172645463325252), int64(1_700_000_000_000)
	for range 64 {
		b := column.NewBatch(windowInput, ChunkRows)
		for i := range ChunkRows {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			column.Append(b.Cols[0], int32(x%1000))
			column.Append(b.Cols[1], t+int64(i)/10-int64(x>>40%50))
			column.Append(b.Cols[2], int64(x>>50))
			b.Cols[3].AppendString("s")
		}
		t += ChunkRows / 10
		b.Len = ChunkRows
		list = append(list, b)
	}
	return list
}

// BenchmarkWindowCount counts by key and window, with a watermark behind each batch; "limit" is a loop written by hand over a map for each window.
func BenchmarkWindowCount(b *testing.B) {
	batches := benchWindowBatches()
	perRow := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batches)*ChunkRows), "ns/row")
	}
	count := []expr.Aggregate{{Func: lookupAggregate(b, "COUNT"), Filter: -1, T: column.Of(column.BigInt).Required()}}
	for name, w := range map[string]graph.Window{
		"tumble": {Type: graph.Tumble, Size: 1000, Time: 1}, "hop": {Type: graph.Hop, Size: 1000, Slide: 200, Time: 1},
		"session": {Type: graph.Session, Size: 100, Time: 1},
	} {
		b.Run(name, func(b *testing.B) {
			op := &graph.WindowAggregate{Window: w, Keys: []int{0}, Calls: count, Properties: startEnd}
			n := &graph.Node{Op: op, Schema: windowOutputOf(op, windowInput)}
			rows := 0
			out := outputFunc(func(p Payload) error { rows += p.Rows(); return nil })
			for b.Loop() {
				o := open(b, n, windowInput, testContext())
				for _, batch := range batches {
					if err := o.Process(0, batch, out); err != nil {
						b.Fatal(err)
					}
					if err := o.Watermark(column.Values[int64](batch.Cols[1])[ChunkRows-1]-100, out); err != nil {
						b.Fatal(err)
					}
				}
			}
			perRow(b)
		})
	}
	b.Run("limit", func(b *testing.B) {
		sum := int64(0)
		for b.Loop() {
			windows := map[int64]map[int32]int64{}
			for _, batch := range batches {
				keys, times := column.Values[int32](batch.Cols[0]), column.Values[int64](batch.Cols[1])
				last, counts := int64(-1), map[int32]int64(nil)
				for i := range batch.Len {
					if w := times[i] / 1000; w != last {
						if last, counts = w, windows[w]; counts == nil {
							counts = map[int32]int64{}
							windows[w] = counts
						}
					}
					counts[keys[i]]++
				}
				for w, counts := range windows {
					if (w+1)*1000 <= times[batch.Len-1]-100 {
						sum += int64(len(counts))
						delete(windows, w)
					}
				}
			}
		}
		perRow(b)
	})
}
