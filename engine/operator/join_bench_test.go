package operator

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// Joins of two inputs with BIGINT keys and one more BIGINT, 200,000 keys: each right row has its own key, and left rows have any.
const (
	benchKeys = 200_000
	benchRows = 800_000
)

var benchFields = fields(column.Of(column.BigInt).Required(), column.Of(column.BigInt).Required())

func benchSides() [2][]*column.Batch {
	random := rand.New(rand.NewPCG(1, 2))
	order := random.Perm(benchKeys)
	var sides [2][]*column.Batch
	for side, n := range [2]int{benchRows, benchKeys} {
		for at := 0; at < n; at += ChunkRows {
			b := column.NewBatch(benchFields, ChunkRows)
			for i := at; i < min(at+ChunkRows, n); i++ {
				key := random.IntN(benchKeys)
				if side == 1 {
					key = order[i]
				}
				column.Append(b.Cols[0], int64(key)*1_000_003)
				column.Append(b.Cols[1], int64(i))
				b.Len++
			}
			sides[side] = append(sides[side], b)
		}
	}
	return sides
}

// sumUp adds the last column up, so that results are read.
type sumUp struct{ rows, sum int64 }

func (s *sumUp) Emit(p Payload) error {
	b := p.(*column.Batch)
	for _, x := range column.Values[int64](b.Cols[len(b.Cols)-1])[:b.Len] {
		s.sum += x
	}
	s.rows += int64(b.Len)
	return nil
}

func benchJoin(b *testing.B, op *graph.Join) {
	op.Match = graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}
	sides := benchSides()
	n := &graph.Node{Op: op, Schema: append(benchFields, benchFields...)}
	b.ReportAllocs()
	for b.Loop() {
		o, err := New(n, [][]column.Field{benchFields, benchFields})
		c := testContext()
		c.Now = time.Now
		if err == nil {
			err = o.Open(c)
		}
		var out sumUp
		for side := 1; side >= 0 && err == nil; side-- {
			for _, batch := range sides[side] {
				if err = o.Process(side, batch, &out); err != nil {
					break
				}
			}
			if err == nil && !op.Updates {
				err = o.EndInput(side, &out)
			}
		}
		if err != nil || out.rows != benchRows {
			b.Fatal(out.rows, err)
		}
		if s, ok := o.(*changeJoin); ok {
			b.ReportMetric(float64(s.SizeBytes())/(benchRows+benchKeys), "bytes/row")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(benchRows+benchKeys), "ns/row")
}

func BenchmarkHashJoin(b *testing.B) { benchJoin(b, &graph.Join{}) }

func BenchmarkChangeJoin(b *testing.B) { benchJoin(b, &graph.Join{Updates: true}) }

func BenchmarkChangeJoinRetract(b *testing.B) {
	side := graph.Side{Changes: graph.Retract}
	benchJoin(b, &graph.Join{Updates: true, Sides: [2]graph.Side{side, side}})
}

// The limit: what a programmer would write by hand for bounded inputs.
func BenchmarkLimitHashJoin(b *testing.B) {
	sides := benchSides()
	for b.Loop() {
		built := make(map[int64][]int64, benchKeys)
		for _, batch := range sides[1] {
			keys, values := column.Values[int64](batch.Cols[0]), column.Values[int64](batch.Cols[1])
			for i := range batch.Len {
				built[keys[i]] = append(built[keys[i]], values[i])
			}
		}
		type row struct{ key, left, right int64 }
		var out []row
		var sum int64
		for _, batch := range sides[0] {
			keys, values := column.Values[int64](batch.Cols[0]), column.Values[int64](batch.Cols[1])
			out = out[:0]
			for i := range batch.Len {
				for _, v := range built[keys[i]] {
					out = append(out, row{keys[i], values[i], v})
				}
			}
			for _, r := range out {
				sum += r.right
			}
		}
		_ = sum
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(benchRows+benchKeys), "ns/row")
}

// The limit of a streaming join: both sides are remembered.
func BenchmarkLimitChangeJoin(b *testing.B) {
	sides := benchSides()
	for b.Loop() {
		var state [2]map[int64][]int64
		state[0], state[1] = map[int64][]int64{}, map[int64][]int64{}
		type row struct{ key, left, right int64 }
		var out []row
		var sum int64
		for side := 1; side >= 0; side-- {
			for _, batch := range sides[side] {
				keys, values := column.Values[int64](batch.Cols[0]), column.Values[int64](batch.Cols[1])
				out = out[:0]
				for i := range batch.Len {
					state[side][keys[i]] = append(state[side][keys[i]], values[i])
					for _, v := range state[1-side][keys[i]] {
						out = append(out, row{keys[i], values[i], v})
					}
				}
				for _, r := range out {
					sum += r.right
				}
			}
		}
		_ = sum
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(benchRows+benchKeys), "ns/row")
}
