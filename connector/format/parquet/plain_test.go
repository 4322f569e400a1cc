package parquet

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	library "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/formattest"
)

// Files of values as they stand are read back as any other, by this package and by the library.
func TestPlain(t *testing.T) {
	const columns = "b BOOLEAN, i TINYINT, s SMALLINT, n INT, l BIGINT, f FLOAT, d DOUBLE, t STRING, y BYTES, m38 DEC38, dt DATE, tm TIME3, tz LTZ6"
	rapid.Check(t, func(t *rapid.T) {
		c := formattest.Config(t, "parquet", columns, map[string]string{"write.int64.timestamp": "true", "timestamp.time.unit": "micros", "utc-timezone": "true"})
		b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(0, 20).Draw(t, "rows"))
		if b.Len > 0 && rapid.Bool().Draw(t, "some") {
			b.Sel = rapid.SliceOfN(rapid.Int32Range(0, int32(b.Len-1)), 1, 40).Draw(t, "selection")
		}
		for i, v := range b.Cols {
			if v.Type = c.Columns[i].Type; rapid.Bool().Draw(t, "required") && !v.HasNulls() {
				c.Columns[i].Type = v.Type.Required()
			}
		}
		want := formattest.Rows(b)
		parts := []*column.Batch{b}
		if rapid.Bool().Draw(t, "two") {
			parts = append(parts, b)
			want = slices.Concat(want, want)
		}
		data, ok, err := Plain(c, parts, make([]byte, 7, rapid.IntRange(7, 10_000).Draw(t, "memory")))
		if err != nil || !ok {
			t.Fatal("a file of simple columns is not written:", ok, err)
		}
		comparePlain(t, data, want, func() ([]string, error) {
			rows, _, err := readTexts(open(t, data), c)
			return rows, err
		})
	})
}

func comparePlain(t fataler, data []byte, want []string, read func() ([]string, error)) {
	t.Helper()
	got, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("read back %d rows\n%s\nwant %d\n%s", len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
	}
	f, err := library.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if f.NumRows() != int64(len(want)) {
		t.Fatalf("the library reads %d rows, want %d", f.NumRows(), len(want))
	}
	for _, g := range f.RowGroups() {
		rows := g.Rows()
		buffer := make([]library.Row, 1000)
		n, total := 1, 0
		for n > 0 {
			n, _ = rows.ReadRows(buffer)
			total += n
		}
		if err := rows.Close(); err != nil || total != len(want) {
			t.Fatalf("the library reads %d rows, want %d: %v", total, len(want), err)
		}
	}
}

// Pages are bounded, and those are compressed that become smaller.
func TestPlainPages(t *testing.T) {
	c := formattest.Config(t, "parquet", "l BIGINT, t STRING, n INT", map[string]string{"write.int64.timestamp": "true"})
	b := column.NewBatch(c.Columns, 0)
	want := []string(nil)
	for i := range 3*pageRows + 5 {
		column.Append(b.Cols[0], int64(uint64(i*i)*0x9E3779B97F4A7C15))
		b.Cols[1].AppendBytes([]byte(strings.Repeat("ab", 60+i%7)))
		if i%3 == 0 {
			b.Cols[2].AppendNull()
		} else {
			column.Append(b.Cols[2], int32(i))
		}
		b.Len++
	}
	want = formattest.Rows(b)
	data, ok, err := Plain(c, []*column.Batch{b}, nil)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	comparePlain(t, data, want, func() ([]string, error) {
		rows, _, err := readTexts(open(t, data), c)
		return rows, err
	})
	f, err := library.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	compressed, encodings := []bool{}, []format.Encoding{}
	for i, chunk := range f.Metadata().RowGroups[0].Columns {
		m := chunk.MetaData
		_, pages, err := splitPages(data[m.DataPageOffset:m.DataPageOffset+m.TotalCompressedSize], m.NumValues)
		if err != nil {
			t.Fatal(err)
		}
		for k, p := range pages {
			if p.size > pageBytes+1000 || p.entries > pageRows {
				t.Errorf("page %d of column %d has %d values in %d bytes", k, i, p.entries, p.size)
			}
		}
		compressed, encodings = append(compressed, pages[0].compressed), append(encodings, pages[0].encoding)
	}
	if want := []bool{false, true, false}; !slices.Equal(compressed, want) {
		t.Error(fmt.Sprint("compressed columns: ", compressed, ", want ", want))
	}
	if want := []format.Encoding{format.Plain, format.Plain, format.DeltaBinaryPacked}; !slices.Equal(encodings, want) {
		t.Error("encodings: ", encodings, ", want ", want)
	}
}

// Integers as differences are what the library and this package read, whatever there is between them.
func TestPacked(t *testing.T) {
	bigint, integer := column.NewVector(column.Of(column.BigInt), 0), column.NewVector(column.Of(column.Int), 0)
	rapid.Check(t, func(t *rapid.T) {
		long := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5, 5), rapid.Int64Range(1e9, 1e9+1000), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		want := rapid.SliceOfN(long, 0, 400).Draw(t, "values")
		bigint.Reset()
		integer.Reset()
		rows, narrow := []int32{}, []int32(nil)
		for i, x := range want {
			column.Append(bigint, x)
			column.Append(integer, int32(x))
			rows, narrow = append(rows, int32(i)), append(narrow, int32(x))
		}
		before := []byte("before")
		data := appendPacked(before, bigint, rows)[len(before):]
		if got, rest, err := deltas(append(data, "rest"...), len(want)); err != nil || !slices.Equal(got, want) || string(rest) != "rest" {
			t.Fatalf("%v, rest %q, %v, want %v", got, rest, err, want)
		}
		if got, err := library.DeltaBinaryPacked.DecodeInt64(nil, data); err != nil || !slices.Equal(got, want) {
			t.Fatalf("the library reads %v, %v, want %v", got, err, want)
		}
		data = appendPacked(nil, integer, rows)
		if got, err := library.DeltaBinaryPacked.DecodeInt32(nil, data); err != nil || !slices.Equal(got, narrow) {
			t.Fatalf("the library reads %v, %v, want %v", got, err, narrow)
		}
	})
}
