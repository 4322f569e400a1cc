package formattest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// BenchmarkDecode measures the decoding of data into batches of the given columns.
func BenchmarkDecode(b *testing.B, d format.Decoder, columns []column.Field, data []byte) {
	out := column.NewBatch(columns, 0)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := data; len(rest) > 0; {
			out.Reset()
			n, err := d.Decode(rest, true, out, 4096)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
	}
}

// BenchmarkEncode measures the encoding of the first rows of data, which the decoder reads.
func BenchmarkEncode(b *testing.B, e format.Encoder, d format.Decoder, columns []column.Field, data []byte) {
	out := column.NewBatch(columns, 0)
	if _, err := d.Decode(data, true, out, 4096); err != nil {
		b.Fatal(err)
	}
	dst, err := e.Encode(nil, out)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = e.Encode(dst[:0], out); err != nil {
			b.Fatal(err)
		}
	}
}

// CheckError compares the error of a record with "@offset: text", of which the end may be missing; no text: there must be none.
func CheckError(t TB, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	var e *format.RecordError
	if !errors.As(err, &e) {
		t.Fatalf("%v is no RecordError", err)
	}
	if got := fmt.Sprintf("@%d: %v", e.Offset, e); !strings.HasPrefix(got, want) {
		t.Fatalf("%s, want %s", got, want)
	}
}
