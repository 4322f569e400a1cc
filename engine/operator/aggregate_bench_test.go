package operator

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

const benchBatches = 256

// wordBatches are words of 2 to 12 bytes drawn by Zipf's law from 50,000.
func wordBatches() []*column.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]string, 50_000)
	for i := range list {
		w := make([]byte, 2+r.IntN(8))
		for j := range w {
			w[j] = byte('a' + r.IntN(26))
		}
		list[i] = fmt.Sprint(string(w), i%1000)
	}
	z := rand.NewZipf(r, 1.1, 1, uint64(len(list)-1))
	var out []*column.Batch
	for range benchBatches {
		b := column.NewBatch(fields(column.Str()), ChunkRows)
		for range ChunkRows {
			b.Cols[0].AppendString(list[z.Uint64()])
		}
		b.Len = ChunkRows
		out = append(out, b)
	}
	return out
}

// intBatches have a key of so many and a number.
func intBatches(distinct int64) []*column.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	var out []*column.Batch
	for range benchBatches {
		b := column.NewBatch(fields(column.Of(column.BigInt), column.Of(column.BigInt)), ChunkRows)
		for i := range ChunkRows {
			column.Append(b.Cols[0], r.Int64N(distinct))
			column.Append(b.Cols[1], int64(i))
		}
		b.Len = ChunkRows
		out = append(out, b)
	}
	return out
}

func benchAggregate(b *testing.B, op *graph.Aggregate, in []column.Field, batches []*column.Batch) {
	b.Helper()
	schema := outputOf(op, in)
	if op.Phase == graph.Partial {
		schema, _ = statesOf(op, in)
	}
	o := open(b, &graph.Node{Op: op, Schema: schema}, in, testContext())
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := o.Process(0, batches[i%benchBatches], discard{}); err != nil {
			b.Fatal(err)
		}
		i++
	}
	perRow(b, ChunkRows)
}

func wordCount(t fataler) *graph.Aggregate {
	return &graph.Aggregate{Keys: []int{0}, Calls: []expr.Aggregate{
		{Func: lookupAggregate(t, "COUNT"), Filter: -1, T: column.Of(column.BigInt).Required()},
	}}
}

func BenchmarkWordCount(b *testing.B) {
	batches := wordBatches()
	in := fields(column.Str())
	b.Run("whole", func(b *testing.B) { benchAggregate(b, wordCount(b), in, batches) })
	b.Run("partial", func(b *testing.B) {
		op := wordCount(b)
		op.Phase = graph.Partial
		benchAggregate(b, op, in, batches)
	})
	b.Run("changelog", func(b *testing.B) {
		op := wordCount(b)
		op.Updates, op.UpdateBefore = true, true
		benchAggregate(b, op, in, batches)
	})
}

// The limit: an open-addressing table of words and counts, by hand.
func BenchmarkLimitWordCount(b *testing.B) {
	type entry struct {
		key   column.View
		count int64
	}
	const size = 1 << 17
	batches, table := wordBatches(), make([]entry, size)
	i := 0
	for b.Loop() {
		for _, w := range batches[i%benchBatches].Cols[0].Views() {
			h := (w.Lo ^ w.Hi) * 0x9e3779b97f4a7c15
			s := (h ^ h>>32) & (size - 1)
			for table[s].key != w && table[s].count != 0 {
				s = (s + 1) & (size - 1)
			}
			table[s].key = w
			table[s].count++
		}
		i++
	}
	perRow(b, ChunkRows)
}

func BenchmarkSum(b *testing.B) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	bigint := column.Of(column.BigInt)
	for _, distinct := range []int64{100, 50_000} {
		batches := intBatches(distinct)
		for name, updates := range map[string]bool{"whole": false, "changelog": true} {
			b.Run(fmt.Sprint(distinct, "/", name), func(b *testing.B) {
				benchAggregate(b, &graph.Aggregate{Keys: []int{0}, Updates: updates, UpdateBefore: updates, Calls: []expr.Aggregate{
					{Func: lookupAggregate(b, "COUNT"), Filter: -1, T: bigint.Required()},
					{Func: lookupAggregate(b, "SUM"), Args: []int{1}, Filter: -1, T: bigint},
				}}, in, batches)
			})
		}
	}
}

// The limit: count and sum by a key that is an index, by hand.
func BenchmarkLimitSum(b *testing.B) {
	batches := intBatches(50_000)
	type entry struct{ count, sum int64 }
	table := make([]entry, 50_000)
	i := 0
	for b.Loop() {
		batch := batches[i%benchBatches]
		y := column.Values[int64](batch.Cols[1])
		for j, k := range column.Values[int64](batch.Cols[0])[:ChunkRows] {
			table[k].count++
			table[k].sum += y[j]
		}
		i++
	}
	perRow(b, ChunkRows)
}

func BenchmarkCountDistinct(b *testing.B) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	benchAggregate(b, &graph.Aggregate{Keys: []int{0}, Calls: []expr.Aggregate{
		{Func: lookupAggregate(b, "COUNT"), Args: []int{1}, Distinct: true, Filter: -1, T: column.Of(column.BigInt).Required()},
	}}, in, intBatches(10))
}
