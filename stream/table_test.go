package stream

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hashes returns the hash of each key, one at a time.
func hashes[K comparable](t interface{ Fatal(...any) }, keys ...K) []uint64 {
	hash, err := newHasher[K]()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]uint64, len(keys))
	hash(keys, out)
	return out
}

// Checkpoints are dealt out by these hashes, so they may never change.
func TestHashesAreStable(t *testing.T) {
	type pair struct {
		Name string
		N    int32
	}
	for _, c := range []struct {
		name string
		got  uint64
		want uint64
	}{
		{"empty", hashes(t, "")[0], 0x4b24d35cba4a63b0},
		{"word", hashes(t, "word")[0], 0x4a922854fb35742f},
		{"long", hashes(t, strings.Repeat("millstream", 5))[0], 0x27f126482d1d4d34},
		{"int", hashes(t, 42)[0], 0x345c008a342ff195},
		{"pair", hashes(t, pair{"a", 1})[0], 0xc43059f8a3898a39},
	} {
		if c.got != c.want {
			t.Errorf("hash of %s = %#x, want %#x", c.name, c.got, c.want)
		}
	}
}

func TestHashOfEqualKeys(t *testing.T) {
	zero := 0.0
	type key struct {
		A string
		_ int
		B [2]float64
	}
	h := hashes(t, key{A: "x", B: [2]float64{zero, 1}}, key{A: "x", B: [2]float64{-zero, 1}}, key{A: "x", B: [2]float64{1, 0}})
	if h[0] != h[1] || h[0] == h[2] {
		t.Fatalf("hashes %x", h)
	}
	if h := hashes(t, int64(-1), int64(1)); h[0] == h[1] {
		t.Fatal("-1 and 1 have one hash")
	}
}

func TestHashOfPointersIsRefused(t *testing.T) {
	if _, err := newHasher[struct{ P *int }](); err == nil || !strings.Contains(err.Error(), "field P: *int cannot be a key") {
		t.Fatalf("error %v", err)
	}
	if _, err := newHasher[any](); err == nil {
		t.Fatal("an interface is no key")
	}
}

// Hashes of similar strings must differ in the bits that choose slots and those that choose key groups.
func TestHashSpreads(t *testing.T) {
	const n = 1 << 14
	var low, high [256]int
	for i := range n {
		h, _ := hashString(fmt.Sprint("user-", i))
		low[h&255]++
		high[h>>56]++
	}
	for i := range 256 {
		for _, c := range []int{low[i], high[i]} {
			if c < n/256/2 || c > n/256*2 {
				t.Fatalf("%d of %d hashes fall on one of 256 values", c, n)
			}
		}
	}
}

func TestNumberingIsAMap(t *testing.T) {
	t.Run("string", func(t *testing.T) { testNumbering(t, func(s string, _ int) string { return s }) })
	t.Run("struct", func(t *testing.T) {
		type key struct {
			S string
			N int
		}
		testNumbering(t, func(s string, n int) key { return key{s, n} })
	})
}

// testNumbering compares a numbering with a map, over batches of keys with many repetitions.
func testNumbering[K comparable](t *testing.T, makeKey func(string, int) K) {
	rapid.Check(t, func(t *rapid.T) {
		hash, err := newHasher[K]()
		if err != nil {
			t.Fatal(err)
		}
		tab := newNumbering(hash)
		model := map[K]int32{}
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			if rapid.IntRange(0, 9).Draw(t, "reset") == 0 {
				tab.reset()
				clear(model)
			}
			n := rapid.IntRange(0, 3000).Draw(t, "n")
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			keys := make([]K, n)
			for i := range keys {
				// Lengths 0 to 36, with differences in one byte anywhere.
				b := []byte(strings.Repeat("k", r.IntN(37)))
				if len(b) > 0 {
					b[r.IntN(len(b))] = "kxyz"[r.IntN(4)]
				}
				keys[i] = makeKey(string(b), r.IntN(3))
			}
			out := make([]int32, n)
			tab.lookup(keys, out)
			for i, k := range keys {
				want, ok := model[k]
				if !ok {
					want = int32(len(model))
					model[k] = want
				}
				if out[i] != want || tab.held()[want] != k {
					t.Fatalf("key %v has number %d, want %d", k, out[i], want)
				}
			}
		}
	})
}

func BenchmarkTable(b *testing.B) {
	z := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, 50_000)
	keys := make([]string, 1<<16)
	for i := range keys {
		keys[i] = fmt.Sprint("word", z.Uint64())
	}
	b.Run("table", func(b *testing.B) {
		tab := newStringTable()
		out := make([]int32, batchLen)
		counts := []int64{}
		for b.Loop() {
			for at := 0; at < len(keys); at += batchLen {
				tab.lookup(keys[at:at+batchLen], out)
				for len(counts) < len(tab.keys) {
					counts = append(counts, 0)
				}
				for _, g := range out {
					counts[g]++
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(keys)), "ns/key")
	})
	b.Run("map", func(b *testing.B) {
		counts := map[string]int64{}
		for b.Loop() {
			for _, k := range keys {
				counts[k]++
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(keys)), "ns/key")
	})
}
