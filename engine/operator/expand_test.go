package operator

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// TestExpandModel: a row's copies follow each other.
func TestExpandModel(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Str())
	rapid.Check(t, func(t *rapid.T) {
		null := &expr.Literal{T: column.Of(column.BigInt)}
		op := &graph.Expand{Projections: [][]expr.Expr{{ref(0, in[0]), ref(1, in[1]), bigint(1)}, {null, ref(1, in[1]), bigint(2)}}}
		opts := drawOptions{}
		if rapid.Bool().Draw(t, "changelog") {
			opts.kinds = anyKind
		}
		all := drawRows(t, in, rapid.IntRange(0, 30).Draw(t, "rows"), opts)
		var want []string
		for r := range all.Len {
			k, s := all.Kind(r), textOf(all.Cols[1], r)
			want = append(want, lineOf(k, textOf(all.Cols[0], r), s, "1"), lineOf(k, "NULL", s, "2"))
		}
		n := &graph.Node{Op: op, Schema: append(in, column.Field{Name: "id", Type: column.Of(column.BigInt).Required()})}
		compareRows(t, run(t, n, in, cutRows(t, in, all), -1), want)
	})
}
