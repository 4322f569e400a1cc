package mem_test

import (
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestSuite(t *testing.T) {
	storetest.Run(t, storetest.Suite{Open: func(testing.TB) objstore.Store { return mem.New("bucket") }})
}

// BenchmarkUpload writes 64 MiB in pieces of 64 KiB.
func BenchmarkUpload(b *testing.B) {
	s := mem.New("bench")
	piece := storetest.Bytes(1, 64<<10)
	b.SetBytes(64 << 20)
	for b.Loop() {
		u, err := s.Create(b.Context(), "object")
		if err != nil {
			b.Fatal(err)
		}
		for range 1024 {
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
}
