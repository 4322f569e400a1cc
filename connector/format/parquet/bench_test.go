package parquet

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
)

// BenchmarkRead reads two numbers and a text of a million rows into batches, beside a loop over the library's pages that only
// adds up and hashes nothing.
func BenchmarkRead(b *testing.B) {
	const rows = 1_000_000
	id, idField := numbers(rows, "id", func(i int) int64 { return int64(i) })
	price, priceField := numbers(rows, "price", func(i int) int64 { return int64(i*7919) % 100_003 })
	name := column.NewVector(column.Str(), rows)
	for i := range rows {
		name.AppendString([]string{"apple", "pear", "a plum from the garden", "cherry"}[i%4])
	}
	c := config(b, []column.Field{idField, priceField, {Name: "name", Type: name.Type}}, nil)
	data := write(b, c, &column.Batch{Len: rows, Cols: []*column.Vector{id, price, name}})
	f := open(b, data)
	perRow := func(b *testing.B) {
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
	}
	b.Run("batches", func(b *testing.B) {
		out := column.NewBatch(c.Columns, maxRows)
		for b.Loop() {
			n := 0
			pieces, err := splitFile(b.Context(), f, c)
			if err != nil {
				b.Fatal(err)
			}
			for _, p := range pieces {
				r, err := openFile(b.Context(), f, p, c)
				if err != nil {
					b.Fatal(err)
				}
				for out.Reset(); ; out.Reset() {
					if err := r.Next(b.Context(), out); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
					n += out.Len
				}
			}
			if n != rows {
				b.Fatalf("%d rows", n)
			}
		}
		perRow(b)
	})
	b.Run("pages", func(b *testing.B) {
		for b.Loop() {
			if n := pages(b, data); n != 3*rows {
				b.Fatalf("%d values", n)
			}
		}
		perRow(b)
	})
}

// pages decodes all pages of a file by the library and looks at the bounds of their data alone.
func pages(b *testing.B, data []byte) int {
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, g := range file.RowGroups() {
		for _, c := range g.ColumnChunks() {
			p := c.Pages()
			for {
				page, err := p.ReadPage()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				data := page.Data()
				if data.Size() > 0 {
					n += int(page.NumValues())
				}
				parquet.Release(page)
			}
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	return n
}

// BenchmarkWrite writes batches of two numbers and a text.
func BenchmarkWrite(b *testing.B) {
	const rows = 4096
	id, idField := numbers(rows, "id", func(i int) int64 { return int64(i) })
	price, priceField := numbers(rows, "price", func(i int) int64 { return int64(i*7919) % 100_003 })
	name := column.NewVector(column.Str(), rows)
	for i := range rows {
		name.AppendString([]string{"apple", "pear", "a plum from the garden", "cherry"}[i%4])
	}
	c := config(b, []column.Field{idField, priceField, {Name: "name", Type: name.Type}}, map[string]string{"block.size": "8mb"})
	batch := &column.Batch{Len: rows, Cols: []*column.Vector{id, price, name}}
	w, err := newFile(io.Discard, c)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
