package filesystem

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore/mem"
)

func BenchmarkReadLines(b *testing.B) {
	const size = 200 << 20
	line := []byte("the quick brown fox jumps over the lazy dog and runs away into the forest at night\n")
	data := bytes.Repeat(line, size/len(line))
	store := mem.New("t")
	put(b, store, "f", data)
	for _, keep := range []bool{false, true} {
		b.Run(fmt.Sprintf("keep=%t", keep), func(b *testing.B) {
			req := scan(memory(store), lineTable("mem://t/f"), 0)
			req.Keep = keep
			s, err := newSource(req, defaults)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				rows := 0
				splits, err := s.Splits(b.Context(), 1)
				if err != nil {
					b.Fatal(err)
				}
				for _, split := range splits {
					r, err := s.Open(b.Context(), split)
					if err != nil {
						b.Fatal(err)
					}
					for done := false; !done; {
						var batch *column.Batch
						if batch, done = poll(b, r); batch != nil {
							rows += batch.Len
						}
					}
					if err := r.Close(); err != nil {
						b.Fatal(err)
					}
				}
				if rows != size/len(line) {
					b.Fatal(rows)
				}
			}
		})
	}
	b.Run("limit", func(b *testing.B) { // a hand-written loop over the same bytes in memory
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			rows, rest := 0, data
			for len(rest) > 0 {
				i := bytes.IndexByte(rest, '\n')
				rest = rest[i+1:]
				rows++
			}
			if rows != size/len(line) {
				b.Fatal(rows)
			}
		}
	})
}

func BenchmarkWriteLines(b *testing.B) {
	table := lineTable("mem://t/out")
	list := make([]string, 4096)
	size := 0
	for i := range list {
		list[i] = fmt.Sprintf("row %d: the quick brown fox jumps over the lazy dog", i)
		size += len(list[i]) + 1
	}
	batch := lines(table, list)
	store := mem.New("t")
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, defaultLimits)
	if err != nil {
		b.Fatal(err)
	}
	w, err := s.NewWriter(b.Context(), 0, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		if err := w.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkWritePartitions(b *testing.B) {
	table := partitionedLines()
	list, parts := make([]string, 4096), make([]any, 4096)
	size := 0
	for i := range list {
		list[i] = fmt.Sprintf("row %d: the quick brown fox jumps over the lazy dog", i)
		parts[i] = fmt.Sprint("partition", i%20)
		size += len(list[i]) + 1
	}
	batch := lines(table, list, parts...)
	store := mem.New("t")
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, defaultLimits)
	if err != nil {
		b.Fatal(err)
	}
	w, err := s.NewWriter(b.Context(), 0, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		if err := w.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
