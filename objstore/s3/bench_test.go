package s3

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/storetest"
)

const benchSize = 200 << 20

// benchObject uploads what the read benchmarks read, once.
func benchObject(b *testing.B) *bucket {
	s := newBucket(b, newClient(b, testConfig(b)))
	p := storetest.Seal(b, s, "object", storetest.Bytes(1, benchSize))
	if _, err := s.Commit(storetest.Context(b), p, objstore.Condition{}); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkGet reads 200 MiB over loopback: through one GET with a buffer of 1 MiB, the hand-written loop,
// and through ReadAhead with several sizes.
func BenchmarkGet(b *testing.B) {
	s := benchObject(b)
	b.Run("copy", func(b *testing.B) {
		buf := make([]byte, 1<<20)
		b.SetBytes(benchSize)
		for b.Loop() {
			body, _, err := s.Get(b.Context(), "object", objstore.All)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				_, err = body.Read(buf)
			}
			if !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
			body.Close()
		}
	})
	for _, o := range []objstore.ReadAheadOptions{
		{},
		{Parallel: 1}, {Parallel: 2}, {Parallel: 8},
		{RequestSize: 4 << 20}, {RequestSize: 16 << 20},
		{BlockSize: 256 << 10}, {BlockSize: 4 << 20},
	} {
		b.Run(fmt.Sprintf("readahead/block=%dK,request=%dM,parallel=%d", o.BlockSize>>10, o.RequestSize>>20, o.Parallel), func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				r := objstore.NewReadAhead(b.Context(), s, "object", objstore.Range{Length: benchSize}, o)
				for {
					block, err := r.Next(b.Context())
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					r.Release(block)
				}
				r.Close()
			}
		})
	}
}

// BenchmarkUpload writes 200 MiB in pieces of 64 KiB and commits.
func BenchmarkUpload(b *testing.B) {
	for _, parallel := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("parallel=%d", parallel), func(b *testing.B) {
			cfg := testConfig(b)
			cfg.Parallelism = parallel
			s := newBucket(b, newClient(b, cfg))
			piece := storetest.Bytes(1, 64<<10)
			b.SetBytes(benchSize)
			for b.Loop() {
				u, err := s.Create(b.Context(), "object")
				if err != nil {
					b.Fatal(err)
				}
				for range benchSize / len(piece) {
					if _, err := u.Write(piece); err != nil {
						b.Fatal(err)
					}
				}
				p, err := u.Seal(b.Context())
				if err == nil {
					_, err = s.Commit(b.Context(), p, objstore.Condition{})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSmall measures a round trip: signing, sending, understanding.
func BenchmarkSmall(b *testing.B) {
	s := newBucket(b, newClient(b, testConfig(b)))
	storetest.Put(b, s, "object", make([]byte, 1000))
	b.Run("head", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Head(b.Context(), "object"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("put", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			storetest.Put(b, s, "object", make([]byte, 1000))
		}
	})
}
