package s3select

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// BenchmarkSelect computes queries over 64 MiB of CSV, of ten fields and about 100 bytes a record.
func BenchmarkSelect(b *testing.B) {
	var data bytes.Buffer
	random := rand.New(rand.NewPCG(3, 4))
	for i := 0; data.Len() < 64<<20; i++ {
		fmt.Fprintf(&data, "%d,%d,name %d,%d.%02d,2024-%02d-%02dT10:00:00Z,Oslo,some text that is longer,%d,x,%d\n", i, random.IntN(1000), random.IntN(50),
			random.IntN(100_000), random.IntN(100), 1+random.IntN(12), 1+random.IntN(28), random.IntN(10), random.IntN(1_000_000))
	}
	for _, c := range []struct{ name, sql string }{
		{"one percent", "SELECT s._1, s._3, s._4 FROM S3Object s WHERE s._2 < 10"},
		{"one percent of the last field", "SELECT s._1, s._3 FROM S3Object s WHERE CAST(s._10 AS INT) < 10000"},
		{"text", "SELECT s._1 FROM S3Object s WHERE s._3 = 'name 7' AND s._8 = '3'"},
		{"like", "SELECT s._1 FROM S3Object s WHERE s._5 LIKE '2024-07-1%'"},
		{"sum", "SELECT SUM(s._4) FROM S3Object s"},
		{"all", "SELECT * FROM S3Object s"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(data.Len()))
			for b.Loop() {
				r, err := Prepare(request{sql: c.sql}.input(), Object{bytes.NewReader(data.Bytes()), int64(data.Len())})
				if err != nil {
					b.Fatal(err)
				}
				if err := r.WriteTo(context.Background(), bufio.NewWriterSize(io.Discard, 64<<10)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSelectJSON computes queries over 32 MiB of JSON lines.
func BenchmarkSelectJSON(b *testing.B) {
	var data bytes.Buffer
	for i := 0; data.Len() < 32<<20; i++ {
		fmt.Fprintf(&data, `{"id":%d,"k":%d,"name":"name %d","user":{"city":"Oslo","tags":["a","b"]},"text":"some text that is longer","at":"2024-01-01T10:00:00Z"}`+"\n",
			i, i*7919%1000, i%50)
	}
	b.SetBytes(int64(data.Len()))
	for b.Loop() {
		q := request{sql: "SELECT s.id, s.user.city FROM S3Object s WHERE s.k < 10", json: "LINES"}
		r, err := Prepare(q.input(), Object{bytes.NewReader(data.Bytes()), int64(data.Len())})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.WriteTo(context.Background(), bufio.NewWriterSize(io.Discard, 64<<10)); err != nil {
			b.Fatal(err)
		}
	}
}
