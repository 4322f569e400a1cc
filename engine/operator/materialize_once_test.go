package operator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// TestMaterializeOnceModel keeps, by sink key, the rows that live and the one that is shown, and compares at each watermark; with restarts between.
func TestMaterializeOnceModel(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Str()) // the sink's key, and the stream's
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Materialize{Keys: []int{0}, InputKeys: []int{1}, Table: "c.d.t", Conflict: rapid.SampledFrom([]graph.Conflict{graph.KeepFirst, graph.FailOnConflict}).Draw(t, "conflict")}
		node := &graph.Node{Op: op, Schema: in}
		o := open(t, node, in, testContext())
		now := map[string]int64{} // the sink key of each stream key
		living, shown := map[int64][]string{}, map[int64]string{}
		for mark := range rapid.IntRange(1, 12).Draw(t, "watermarks") {
			b := column.NewBatch(in, 0)
			var kinds []column.RowKind
			add := func(kind column.RowKind, to int64, k string) {
				column.Append(b.Cols[0], to)
				b.Cols[1].AppendString(k)
				kinds = append(kinds, kind)
				b.Len++
			}
			gone := map[int64]bool{}
			for range rapid.IntRange(0, 5).Draw(t, "changes") {
				k, to := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "k"), rapid.Int64Range(0, 2).Draw(t, "to")
				old, there := now[k]
				if there {
					add(column.UpdateBefore, old, k)
					living[old] = slices.DeleteFunc(living[old], func(o string) bool { return o == k })
					if shown[old] == k {
						gone[old] = true
						delete(shown, old)
					}
					delete(now, k)
				}
				if !there || rapid.Bool().Draw(t, "update") {
					add(column.UpdateAfter, to, k)
					living[to] = append(living[to], k)
					now[k] = to
				}
			}
			copy(b.AddKinds(b.Len), kinds)
			for _, b := range cutRows(t, in, b) {
				if err := o.Process(0, b, nil); err != nil {
					t.Fatal(err)
				}
			}
			if rapid.Bool().Draw(t, "restart") {
				var w state.Writer
				if err := o.Snapshot(&w); err != nil {
					t.Fatal(err)
				}
				c := testContext()
				c.Restore = &state.Reader{Tables: w.Tables}
				o = open(t, node, in, c)
			}
			var want []string
			conflict := false
			for to := range int64(3) {
				if _, ok := shown[to]; !ok && len(living[to]) > 0 {
					shown[to] = living[to][0]
					kind := "+I"
					if gone[to] {
						kind = "+U"
					}
					want = append(want, fmt.Sprintf("%s %d %q", kind, to, shown[to]))
				} else if !ok && gone[to] {
					want = append(want, fmt.Sprintf("-D %d", to))
				}
				if len(living[to]) > 1 {
					conflict = true
					living[to] = []string{shown[to]}
				}
			}
			var got capture
			err := o.Watermark(int64(mark), &got)
			if op.Conflict == graph.FailOnConflict && conflict {
				if err == nil || !strings.Contains(err.Error(), "the same primary key {") {
					t.Fatalf("a conflict gives %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range got.rows { // whose row goes the sink does not care
				if strings.HasPrefix(row, "-D") {
					got.rows[i] = row[:strings.LastIndexByte(row, ' ')]
				}
			}
			slices.Sort(got.rows)
			slices.Sort(want)
			if !slices.Equal(got.rows, want) {
				t.Fatalf("watermark %d: %q, want %q", mark, got.rows, want)
			}
		}
	})
}
