package operator

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// TestReplicateModel: a row leaves as often as it says.
func TestReplicateModel(t *testing.T) {
	in := fields(column.Str(), column.Of(column.BigInt), column.Of(column.Int))
	rapid.Check(t, func(t *rapid.T) {
		opts := drawOptions{}
		if rapid.Bool().Draw(t, "changelog") {
			opts.kinds = anyKind
		}
		all := drawRows(t, in, rapid.IntRange(0, 20).Draw(t, "rows"), opts)
		all.Cols[1] = column.NewVector(in[1].Type, 0)
		var want []string
		for r := range all.Len {
			n := rapid.SampledFrom([]int64{-1, 0, 1, 2, 5, 5000}).Draw(t, "times")
			column.Append(all.Cols[1], n)
			for range n {
				want = append(want, lineOf(all.Kind(r), textOf(all.Cols[0], r), textOf(all.Cols[2], r)))
			}
		}
		n := &graph.Node{Op: &graph.Replicate{Count: 1}, Schema: []column.Field{in[0], in[2]}}
		compareRows(t, run(t, n, in, cutRows(t, in, all), -1), want)
	})
}
