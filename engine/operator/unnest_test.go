package operator

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// unnestModel makes the output rows of one input row, as text.
func unnestModel(op *graph.Unnest, b *column.Batch, r int) []string {
	list := b.Cols[op.Column]
	prefix := b.Kind(r).String()
	for _, k := range op.Keep {
		prefix += " " + textOf(b.Cols[k], r)
	}
	suffix := ""
	if b.Times != nil {
		suffix = rowText(&column.Batch{Len: b.Len, Times: b.Times}, r)[2:]
	}
	position := func(n int) string {
		if !op.Ordinality {
			return ""
		}
		v := column.NewVector(column.Of(column.Int), 1)
		column.Append(v, int32(n))
		return " " + textOf(v, 0)
	}
	var out []string
	isRow := list.Type.Kind != column.Map && list.Type.Elem.Kind == column.Row
	width := 1
	switch {
	case list.Type.Kind == column.Map:
		width = 2
	case isRow:
		width = len(list.Type.Elem.Fields)
	}
	if !list.IsNull(r) {
		o := list.Offsets()
		n := 0
		for e := o[r]; e < o[r+1]; e++ {
			times := 1
			if list.Type.Kind == column.Multiset {
				times = int(column.Values[int32](list.Children[1])[e])
			}
			for range times {
				n++
				s := ""
				switch {
				case list.Type.Kind == column.Map:
					s = " " + textOf(list.Children[0], int(e)) + " " + textOf(list.Children[1], int(e))
				case isRow:
					if list.Children[0].IsNull(int(e)) {
						continue
					}
					for _, c := range list.Children[0].Children {
						s += " " + textOf(c, int(e))
					}
				default:
					s = " " + textOf(list.Children[0], int(e))
				}
				out = append(out, prefix+s+position(n)+suffix)
			}
		}
	}
	if len(out) == 0 && op.Outer {
		s := prefix
		for range width {
			s += " NULL"
		}
		if op.Ordinality {
			s += " NULL"
		}
		out = append(out, s+suffix)
	}
	return out
}

func TestUnnestModel(t *testing.T) {
	row := column.Type{Kind: column.Row, Fields: fields(column.Of(column.Int), column.Str())}
	lists := []column.Type{
		column.ArrayOf(column.Str()), column.ArrayOf(column.Of(column.BigInt)), column.ArrayOf(column.Of(column.Boolean)), column.ArrayOf(row),
		column.MapOf(column.Str().Required(), column.Of(column.Int)), column.ArrayOf(column.ArrayOf(column.Of(column.TinyInt))),
		{Kind: column.Multiset, Elem: ptr(column.Str())}, {Kind: column.Multiset, Elem: &row},
	}
	rapid.Check(t, func(t *rapid.T) {
		in := fields(column.Of(column.Int), rapid.SampledFrom(lists).Draw(t, "type"), column.Str())
		op := &graph.Unnest{Column: 1, Outer: rapid.Bool().Draw(t, "outer"), Ordinality: rapid.Bool().Draw(t, "ordinality")}
		op.Keep = rapid.SampledFrom([][]int{nil, {0}, {2, 0}, {1}}).Draw(t, "keep")
		var opts drawOptions
		opts.times = true
		if rapid.Bool().Draw(t, "changelog") {
			opts.kinds = anyKind
		}
		all := drawRows(t, in, rapid.IntRange(0, 30).Draw(t, "rows"), opts)
		var want []string
		for r := range all.Len {
			want = append(want, unnestModel(op, all, r)...)
		}
		compareRows(t, run(t, &graph.Node{Op: op}, in, cutRows(t, in, all), -1), want)
	})
}

func ptr[T any](x T) *T { return &x }

// TestUnnestLong has more elements than go into one batch.
func TestUnnestLong(t *testing.T) {
	for _, types := range [][]column.Type{{column.Str()}, {column.Of(column.Int)}, {column.Of(column.Boolean)}} {
		in := fields(column.Of(column.BigInt), column.ArrayOf(types[0]))
		for _, op := range []*graph.Unnest{
			{Column: 1}, {Column: 1, Keep: []int{0}, Ordinality: true}, {Column: 1, Outer: true, Keep: []int{0}},
		} {
			b := column.NewBatch(in, 0)
			for i := range 3000 {
				column.Append(b.Cols[0], int64(i))
				for j := range i % 6 {
					switch e := b.Cols[1].Children[0]; e.Type.Layout() {
					case column.LayoutView:
						e.AppendString([]string{"short", "a longer text", "x"}[j%3])
					case column.LayoutInt32:
						column.Append(e, int32(i+j))
					default:
						e.AppendBool(i%3 == j)
					}
				}
				b.Cols[1].AppendList(i % 6)
			}
			b.Len = 3000
			for _, sel := range []bool{false, true} {
				if sel {
					for i := 1; i < b.Len; i += 3 {
						b.Sel = append(b.Sel, int32(i))
					}
				}
				var want []string
				for i := range b.Rows() {
					want = append(want, unnestModel(op, b, b.Row(i))...)
				}
				var c capture
				o := open(t, &graph.Node{Op: op}, in, testContext())
				if err := o.Process(0, b, &c); err != nil {
					t.Fatal(err)
				}
				compareRows(t, c.rows, want)
				if c.problem != "" || c.batches < 1 || !sel && c.batches < 2 {
					t.Fatalf("%d batches; %s", c.batches, c.problem)
				}
				b.Sel = nil
			}
		}
	}
}

func TestUnnestWrongType(t *testing.T) {
	_, err := New(&graph.Node{Name: "Unnest", Op: &graph.Unnest{}}, [][]column.Field{fields(column.Str())})
	if err == nil || err.Error() != "Unnest: unnest: column a is of type STRING, want ARRAY, MAP or MULTISET" {
		t.Errorf("error %v", err)
	}
}

func BenchmarkUnnest(b *testing.B) {
	in := fields(column.ArrayOf(column.Str()))
	batch := column.NewBatch(in, 0)
	for range 512 {
		for range 16 {
			batch.Cols[0].Children[0].AppendString("word")
		}
		batch.Cols[0].AppendList(16)
	}
	batch.Len = 512
	o := open(b, &graph.Node{Op: &graph.Unnest{}}, in, testContext())
	b.ReportAllocs()
	for b.Loop() {
		if err := o.Process(0, batch, discard{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512/16, "ns/row")
}

// discard takes batches and does nothing.
type discard struct{}

func (discard) Emit(Payload) error { return nil }
