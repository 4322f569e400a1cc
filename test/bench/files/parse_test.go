package main

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// TestLoop converts generated records by the loop: the files hold their rows, and another row is noticed in its column.
func TestLoop(t *testing.T) {
	parsers := map[string]func(*parser, []byte, int, *bid) int{"csv": (*parser).csv, "json": (*parser).json}
	for format, appendRecord := range map[string]func([]byte, *bid) []byte{"csv": appendCSV, "json": appendJSON} {
		var data []byte
		var want rowSums
		g := newGenerator()
		var b bid
		for range 5000 {
			g.next(&b)
			want.add(&b)
			data = appendRecord(data, &b)
		}
		var file bytes.Buffer
		w := parquet.NewGenericWriter[bid](&file, parquet.Compression(&fastSnappy{}))
		if err := convertLines(w, data, parsers[format]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var got rowSums
		if err := got.file(file.Bytes()); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s:\n%swant\n%s", format, &got, &want)
		}
		b.Note += "!"
		want.add(&b)
		b.Note = b.Note[1:]
		got.add(&b)
		if same := got.columns[4] == want.columns[4]; !same || got.columns[5] == want.columns[5] {
			t.Errorf("%s: a row with another note has the sums\n%s beside\n%s", format, &got, &want)
		}
	}
}
