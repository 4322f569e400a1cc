package avro

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// However a file is cut, its pieces have each row once and in order.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := formattest.Config(t, "avro", "l BIGINT, t STRING, d DOUBLE", map[string]string{"codec": rapid.SampledFrom(codecOption.Values).Draw(t, "codec")})
		var file bytes.Buffer
		out, err := newFile(&file, c)
		if err != nil {
			t.Fatal(err)
		}
		w := out.(*writer)
		if _, err := rand.NewChaCha8([32]byte{1}).Read(w.sync[:]); err != nil { // the same in each try
			t.Fatal(err)
		}
		copy(w.head[len(w.head)-len(w.sync):], w.sync[:])
		var want []string
		for range rapid.IntRange(0, 8).Draw(t, "blocks") {
			b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(0, 200).Draw(t, "rows"))
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
			if err := w.flush(); err != nil {
				t.Fatal(err)
			}
			want = append(want, formattest.Rows(b)...)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		ctx, store := context.Background(), mem.New("t")
		info, err := store.Put(ctx, "f", file.Bytes(), objstore.Condition{})
		if err != nil {
			t.Fatal(err)
		}
		f := format.File{Store: store, Info: info}
		pieces, err := split(ctx, f, c, rapid.SampledFrom([]int64{7, 16, 17, 50, 300, 1000, 5000}).Draw(t, "each"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range pieces {
			rows, _, err := readPiece(f, p, c)
			if err != nil {
				t.Fatalf("piece %+v: %v", p, err)
			}
			got = append(got, rows...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d pieces have %d rows, want %d", len(pieces), len(got), len(want))
		}
	})
}

// A marker that may well stand in data cuts no file.
func TestPlainMarker(t *testing.T) {
	c := formattest.Config(t, "avro", "l BIGINT", nil)
	file := container(`{"type":"record","name":"r","fields":[{"name":"l","type":"long"}]}`, "null", 40, make([]byte, 40))
	for i := range file { // the marker of these files is of one byte alone, or of a few
		if i+16 <= len(file) && bytes.Equal(file[i:i+16], file[len(file)-16:]) {
			copy(file[i:], make([]byte, 16))
		}
	}
	ctx, store := context.Background(), mem.New("t")
	info, err := store.Put(ctx, "f", file, objstore.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	f := format.File{Store: store, Info: info}
	pieces, err := split(ctx, f, c, 10)
	if err != nil || len(pieces) != 1 {
		t.Fatalf("%d pieces, %v", len(pieces), err)
	}
	if rows, _, err := readPiece(f, pieces[0], c); err != nil || len(rows) != 40 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
