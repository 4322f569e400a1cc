package arrow

import (
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// A batch of any types survives the way to Arrow and back, whole or sliced, with selections and dictionaries.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "rows")
		b := &column.Batch{Len: n}
		var fields []column.Field
		for range rapid.IntRange(1, 4).Draw(t, "columns") {
			typ := columntest.RandomType(t, 2)
			v := columntest.RandomVector(t, typ, n)
			if n > 0 && rapid.Bool().Draw(t, "dictionary") && typ.Layout() < column.LayoutList && typ.Kind != column.Null {
				v = columntest.WithDictionary(t, columntest.RandomVector(t, typ, 5), n)
			}
			b.Cols = append(b.Cols, v)
			fields = append(fields, column.Field{Name: "c", Type: typ})
		}
		if rapid.Bool().Draw(t, "selected") {
			b.Sel = columntest.RandomSelection(t, n)
		}
		r, err := ToRecord(b, fields)
		if errors.Is(err, ErrNullKey) {
			t.Skip("a map with a NULL key")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		from := rapid.IntRange(0, b.Rows()).Draw(t, "from")
		to := rapid.IntRange(from, b.Rows()).Draw(t, "to")
		part := r.NewSlice(int64(from), int64(to))
		defer part.Release()
		back, err := FromRecord(part, fields)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range b.Cols {
			var want []string
			for row := from; row < to; row++ {
				want = append(want, columntest.Key(c, b.Row(row)))
			}
			var got []string
			for row := range back.Len {
				got = append(got, columntest.Key(back.Cols[i], row))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: got %q, want %q", fields[i].Type, got, want)
			}
		}
	})
}

// Values are shared, not copied.
func TestNoCopy(t *testing.T) {
	v := column.NewVector(column.Of(column.BigInt), 100)
	text := column.NewVector(column.Str(), 100)
	for i := range 100 {
		column.Append(v, int64(i))
		text.AppendString("a text that does not fit into a view")
	}
	b := &column.Batch{Len: 100, Cols: []*column.Vector{v, text}}
	fields := []column.Field{{Name: "n", Type: v.Type}, {Name: "s", Type: text.Type}}
	r, err := ToRecord(b, fields)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	back, err := FromRecord(r, fields)
	if err != nil {
		t.Fatal(err)
	}
	column.Values[int64](v)[7] = -1
	text.Buffers[0][0] = 'A'
	if column.Values[int64](back.Cols[0])[7] != -1 || back.Cols[1].BytesAt(0)[0] != 'A' {
		t.Fatal("the batch is a copy")
	}
}

func TestPlainStringsAndDictionaries(t *testing.T) {
	builder := array.NewStringBuilder(memory.DefaultAllocator)
	builder.AppendValues([]string{"short", "", "longer than what a view holds"}, []bool{true, false, true})
	plain := builder.NewArray()
	defer plain.Release()
	dict := array.NewDictionaryBuilder(memory.DefaultAllocator, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String})
	for _, s := range []string{"x", "y", "x"} {
		if err := dict.(*array.BinaryDictionaryBuilder).AppendString(s); err != nil {
			t.Fatal(err)
		}
	}
	coded := dict.NewArray()
	defer coded.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: plain.DataType(), Nullable: true}, {Name: "b", Type: coded.DataType()}}, nil)
	r := array.NewRecordBatch(schema, []arrow.Array{plain, coded}, 3)
	defer r.Release()
	b, err := FromRecord(r, []column.Field{{Name: "a", Type: column.Str()}, {Name: "b", Type: column.Str()}})
	if err != nil {
		t.Fatal(err)
	}
	if !b.Cols[0].IsNull(1) || string(b.Cols[0].BytesAt(2)) != "longer than what a view holds" || string(b.Cols[1].BytesAt(2)) != "x" {
		t.Fatalf("got %q, %q", columntest.Texts(b.Cols[0]), columntest.Texts(b.Cols[1]))
	}
}

func TestOtherTypesAreRefused(t *testing.T) {
	builder := array.NewInt32Builder(memory.DefaultAllocator)
	builder.Append(1)
	a := builder.NewArray()
	defer a.Release()
	r := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "a", Type: a.DataType()}}, nil), []arrow.Array{a}, 1)
	defer r.Release()
	if _, err := FromRecord(r, []column.Field{{Name: "a", Type: column.Str()}}); err == nil {
		t.Fatal("an int32 array is no STRING")
	}
}
