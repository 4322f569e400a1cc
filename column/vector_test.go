package column_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

func picked[T any](list []T, rows []int32) []T {
	if rows == nil {
		return list
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = list[r]
	}
	return out
}

// Vectors do what a list of values does, over many generations in the same memory.
func TestVectorModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := columntest.RandomType(t, 2)
		v := column.NewVector(typ, rapid.IntRange(0, 5).Draw(t, "room"))
		var model []string
		same := func() {
			if diff := cmp.Diff(model, columntest.Texts(v), cmp.Comparer(func(a, b []string) bool { return slices.Equal(a, b) })); diff != "" {
				t.Fatalf("%s: %s", typ, diff)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { same() },
			"append": func(t *rapid.T) {
				columntest.AppendRandom(t, v)
				model = columntest.Texts(v)
			},
			"append null": func(t *rapid.T) {
				v.AppendNull()
				model = append(model, "NULL!")
			},
			"set null": func(t *rapid.T) {
				if v.Len > 0 {
					i := rapid.IntRange(0, v.Len-1).Draw(t, "row")
					v.SetNull(i)
					model[i] = "NULL!"
				}
			},
			"append rows": func(t *rapid.T) {
				src := columntest.RandomVector(t, typ, rapid.IntRange(0, 80).Draw(t, "n"))
				if rapid.Bool().Draw(t, "dictionary") {
					src = columntest.WithDictionary(t, src, rapid.IntRange(0, 20).Draw(t, "indexes"))
				}
				rows := columntest.RandomRows(t, src.Len)
				model = append(model, picked(columntest.Texts(src), rows)...)
				v.AppendRows(src, rows)
				src.Reset() // v owns what it holds
				for range 3 {
					columntest.AppendRandom(t, src)
				}
			},
			"append itself": func(t *rapid.T) {
				if v.Len < 200 {
					src := column.NewVector(typ, 0)
					src.AppendRows(v, nil)
					v.AppendRows(src, nil)
					model = append(model, model...)
				}
			},
			"reset": func(t *rapid.T) {
				v.Reset()
				model = model[:0]
			},
			"lend": func(t *rapid.T) {
				if l := typ.Layout(); l == column.LayoutList || l == column.LayoutStruct || l == column.LayoutNone {
					return
				}
				src := columntest.RandomVector(t, typ, rapid.IntRange(0, 80).Draw(t, "n"))
				want := columntest.Texts(src)
				v.Reset()
				v.Borrow(src)
				if diff := cmp.Diff(want, columntest.Texts(v)); diff != "" {
					t.Fatal(diff)
				}
				for range rapid.IntRange(0, 3).Draw(t, "more") {
					v.AppendNull()
				}
				if v.Len > 0 {
					v.SetNull(0)
				}
				if diff := cmp.Diff(want, columntest.Texts(src)); diff != "" {
					t.Fatalf("the lender's values changed: %s", diff)
				}
				model = columntest.Texts(v)
			},
		})
	})
}

// After the first rounds a vector that is filled and reset allocates nothing.
func TestVectorReuse(t *testing.T) {
	for _, typ := range append(columntest.ScalarTypes, column.ArrayOf(column.Str()), column.RowOf(column.Field{Name: "a", Type: column.Of(column.Int)}), column.MapOf(column.Str(), column.Of(column.Int))) {
		src := column.NewVector(typ, 0)
		for range 500 {
			switch l := typ.Layout(); l {
			case column.LayoutView:
				src.AppendString("a text of more than twelve bytes")
			default:
				src.AppendNull()
				src.Valid.Set(src.Len - 1)
			}
			src.AppendNull()
		}
		v := column.NewVector(typ, 0)
		fill := func() {
			v.Reset()
			v.AppendRows(src, nil)
			v.AppendNull()
		}
		fill()
		fill()
		if n := testing.AllocsPerRun(10, fill); n > 0 {
			t.Errorf("%s: %v allocations a round", typ, n)
		}
	}
}

func TestBatchModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := []column.Type{columntest.RandomType(t, 1), columntest.RandomType(t, 1)}
		fields := []column.Field{{Name: "a", Type: types[0]}, {Name: "b", Type: types[1]}}
		type row struct {
			a, b string
			kind column.RowKind
			time int64
		}
		rowsOf := func(b *column.Batch) []row {
			var out []row
			x, y := columntest.Texts(b.Cols[0]), columntest.Texts(b.Cols[1])
			for i := range b.Rows() {
				r := row{x[b.Row(i)], y[b.Row(i)], b.Kind(b.Row(i)), column.NoTime}
				if b.Times != nil {
					r.time = b.Times[b.Row(i)]
				}
				out = append(out, r)
			}
			return out
		}
		b := column.NewBatch(fields, 0)
		var model []row
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if got := rowsOf(b); !slices.Equal(got, model) {
					t.Fatalf("got %v, want %v", got, model)
				}
			},
			"append rows": func(t *rapid.T) {
				n := rapid.IntRange(0, 70).Draw(t, "n")
				src := &column.Batch{Len: n, Cols: []*column.Vector{columntest.RandomVector(t, types[0], n), columntest.RandomVector(t, types[1], n)}}
				if rapid.Bool().Draw(t, "kinds") {
					for i := range src.AddKinds(n) {
						src.Kinds[i] = column.RowKind(rapid.IntRange(0, 3).Draw(t, "kind"))
					}
				}
				if rapid.Bool().Draw(t, "times") {
					for i := range src.AddTimes(n) {
						src.Times[i] = rapid.Int64().Draw(t, "time")
					}
				}
				all := rowsOf(src)
				if rapid.Bool().Draw(t, "selection") {
					src.Sel = []int32{}
					for i := range n {
						if rapid.Bool().Draw(t, "live") {
							src.Sel = append(src.Sel, int32(i))
						}
					}
				}
				if rapid.Bool().Draw(t, "live rows") {
					model = append(model, rowsOf(src)...)
					b.AppendRows(src, nil)
				} else if rows := columntest.RandomRows(t, n); rows != nil {
					model = append(model, picked(all, rows)...)
					b.AppendRows(src, rows)
				}
				src.Reset()
			},
			"reset": func(t *rapid.T) {
				b.Reset()
				model = nil
			},
		})
	})
}

func TestBatchReuse(t *testing.T) {
	src := column.NewBatch([]column.Field{{Name: "a", Type: column.Of(column.Int)}}, 0)
	for i := range 1000 {
		column.Append(src.Cols[0], int32(i))
	}
	src.Len = 1000
	src.AddKinds(1000)[5] = column.Delete
	src.AddTimes(1000)[5] = 7
	b := column.NewBatch([]column.Field{{Name: "a", Type: column.Of(column.Int)}}, 0)
	fill := func() {
		b.Reset()
		b.AppendRows(src, nil)
	}
	fill()
	if n := testing.AllocsPerRun(10, fill); n > 0 {
		t.Errorf("%v allocations a round", n)
	}
	if b.Kind(5) != column.Delete || b.Kind(6) != column.Insert || b.Times[5] != 7 || b.Times[6] != column.NoTime {
		t.Error("kinds or times are wrong")
	}
}

// MakeView reads 16 bytes at once where it can, and must not where the buffer ends.
func TestMakeView(t *testing.T) {
	full := []byte("0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ")
	for size := range len(full) + 1 {
		buf := append([]byte(nil), full[:size]...)
		buf = buf[:size:size]
		for off := range size + 1 {
			for n := 0; n <= 40 && off+n <= size; n++ {
				v := column.MakeView(buf, 3, off, n)
				bufs := [][]byte{nil, nil, nil, buf}
				if got := v.Bytes(bufs); !bytes.Equal(got, buf[off:off+n]) {
					t.Fatalf("size %d, offset %d, length %d: %q", size, off, n, got)
				}
				if v.Inline() != (n <= column.InlineLen) || v.Len() != n {
					t.Fatalf("length %d: inline %t, Len %d", n, v.Inline(), v.Len())
				}
				if n <= column.InlineLen && v != column.InlineView(buf[off:off+n]) {
					t.Fatalf("length %d at %d of %d: bytes behind the value are in the view", n, off, size)
				}
			}
		}
	}
}

func TestHold(t *testing.T) {
	v := column.NewVector(column.Str(), 0)
	lent := v.Lend([]byte("lent text of some length"))
	v.AppendString("a text of more than twelve bytes")
	column.Append(v, column.MakeView(v.Buffers[lent], lent, 5, 19))
	v.AppendString("short")
	if diff := cmp.Diff([]string{"a text of more than twelve bytes", "text of some length", "short"}, columntest.Texts(v)); diff != "" {
		t.Fatal(diff)
	}
	v.Reset()
	if len(v.Buffers) != 1 || len(v.Buffers[0]) != 0 {
		t.Fatalf("buffers after Reset: %q", v.Buffers)
	}
	v.AppendString("again a text of more than twelve bytes")
	if got := columntest.Texts(v)[0]; got != "again a text of more than twelve bytes" {
		t.Fatal(got)
	}
}

// Much text lies in several buffers, so that none is copied as it grows; after a Reset, in one.
func TestHoldMuch(t *testing.T) {
	v := column.NewVector(column.Str(), 0)
	text := func(i int) string { return fmt.Sprintf("%08d %s", i, strings.Repeat("x", i%3000)) }
	const rows = 4000
	for round := range 3 {
		for i := range rows {
			v.AppendString(text(i))
		}
		for i := range rows {
			if got := string(v.BytesAt(i)); got != text(i) {
				t.Fatalf("round %d, row %d: %.20q", round, i, got)
			}
		}
		if n := len(v.Buffers); round == 0 && (n < 2 || n > 10) || round > 0 && n > 2 {
			t.Errorf("round %d: %d buffers", round, n)
		}
		v.Reset()
	}
	v.AppendString(strings.Repeat("y", 5<<20))
	held := v.HoldTail(append(v.Tail(), "a text of more than twelve bytes"...))
	if string(held.Bytes(v.Buffers)) != "a text of more than twelve bytes" {
		t.Error("the tail of a full buffer is not held")
	}
}

func TestDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := columntest.RandomType(t, 1)
		dict := columntest.RandomVector(t, typ, rapid.IntRange(0, 10).Draw(t, "values"))
		v := columntest.WithDictionary(t, dict, rapid.IntRange(0, 20).Draw(t, "indexes"))
		to := &column.Vector{}
		for range 2 {
			to.Reset()
			v.Decode(to)
			if diff := cmp.Diff(columntest.Texts(v), columntest.Texts(to)); diff != "" {
				t.Fatalf("%s: %s", typ, diff)
			}
		}
		rows := columntest.RandomRows(t, v.Len)
		if rows == nil {
			rows = []int32{}
		}
		taken := column.NewVector(typ, 0)
		taken.Take(to, rows)
		if diff := cmp.Diff(picked(columntest.Texts(v), rows), columntest.Texts(taken)); diff != "" {
			t.Fatalf("%s: %s", typ, diff)
		}
	})
}

func TestScatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(columntest.ScalarTypes).Draw(t, "type")
		n := rapid.IntRange(1, 100).Draw(t, "n")
		v, src := columntest.RandomVector(t, typ, n), columntest.RandomVector(t, typ, n)
		constant := rapid.Bool().Draw(t, "constant")
		rows := rapid.SliceOfN(rapid.Int32Range(0, int32(n-1)), 0, n).Draw(t, "rows")
		want, from := columntest.Texts(v), columntest.Texts(src)
		for _, r := range rows {
			if want[r] = from[r]; constant {
				want[r] = from[0]
			}
		}
		v.Scatter(src, constant, rows)
		if diff := cmp.Diff(want, columntest.Texts(v)); diff != "" {
			t.Fatalf("%s: %s", typ, diff)
		}
	})
}

func TestBitmapModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const size = 300
		b, model := column.MakeBitmap(size), make([]bool, size)
		src, from := column.MakeBitmap(size), make([]bool, size)
		for i := range size {
			from[i] = rapid.Bool().Draw(t, "bit")
			src.Put(i, from[i])
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				count := 0
				for i, want := range model {
					if b.Get(i) != want {
						t.Fatalf("bit %d is %t", i, b.Get(i))
					}
					if b.Count(i) != count {
						t.Fatalf("%d bits set of the first %d, want %d", b.Count(i), i, count)
					}
					if want {
						count++
					}
				}
			},
			"put": func(t *rapid.T) {
				i, x := rapid.IntRange(0, size-1).Draw(t, "i"), rapid.Bool().Draw(t, "x")
				b.Put(i, x)
				model[i] = x
			},
			"set range": func(t *rapid.T) {
				from := rapid.IntRange(0, size).Draw(t, "from")
				to := rapid.IntRange(from, size).Draw(t, "to")
				b.SetRange(from, to)
				for i := from; i < to; i++ {
					model[i] = true
				}
			},
			"copy range": func(t *rapid.T) {
				to, at := rapid.IntRange(0, size).Draw(t, "to"), rapid.IntRange(0, size).Draw(t, "at")
				n := rapid.IntRange(0, size-max(to, at)).Draw(t, "n")
				b.CopyRange(to, src, at, n)
				copy(model[to:to+n], from[at:at+n])
			},
		})
	})
}
