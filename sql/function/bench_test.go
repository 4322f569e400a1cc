package function_test

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// A function of numbers costs its calls; a loop over slices that calls it is the limit.
func BenchmarkScalar(b *testing.B) {
	const rows = 4096
	in := column.NewVector(column.Of(column.BigInt).Required(), rows)
	text := column.NewVector(column.Str().Required(), rows)
	for i := range rows {
		column.Append(in, int64(i))
		text.AppendString("a text of some length")
	}
	batch := &column.Batch{Len: rows, Cols: []*column.Vector{in, text}}
	number, words := &expr.Column{Index: 0, T: in.Type}, &expr.Column{Index: 1, T: text.Type}
	double := func(x int64) int64 { return 2 * x }
	perRow := func(b *testing.B, f func() error) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
	}
	b.Run("limit", func(b *testing.B) {
		out := make([]int64, rows)
		x := column.Values[int64](in)[:rows]
		perRow(b, func() error {
			for i, v := range x {
				out[i] = double(v)
			}
			return nil
		})
	})
	for _, bench := range []struct {
		name, function string
		args           []expr.Expr
	}{{"typed", "u_double", []expr.Expr{number}}, {"texts", "u_join", []expr.Expr{words, words}}, {"reflected", "u_sum", []expr.Expr{number}}} {
		b.Run(bench.name, func(b *testing.B) {
			e, err := expr.NewCall(bench.function, bench.args...)
			if err != nil {
				b.Fatal(err)
			}
			p, err := expr.CompileProjection([]expr.Expr{e})
			if err != nil {
				b.Fatal(err)
			}
			var out column.Batch
			perRow(b, func() error { return p.Eval(batch, &out) })
		})
	}
}
