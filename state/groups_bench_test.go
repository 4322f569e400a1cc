package state

import (
	"math/bits"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/millstream/millstream/column"
)

// The word count's shape: words of 2 to 12 bytes drawn by Zipf's law from 50,000, in batches of 4096.
const (
	benchWords = 50_000
	benchBatch = 4096
	benchCount = 256 // batches: a million words
)

func zipfWords() (text []byte, words [][]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([][]byte, benchWords)
	for i := range list {
		w := make([]byte, 2+r.IntN(8))
		for j := range w {
			w[j] = byte('a' + r.IntN(26))
		}
		list[i] = []byte(string(w) + strconv.Itoa(i%1000))
	}
	z := rand.NewZipf(r, 1.1, 1, benchWords-1)
	for range benchCount * benchBatch {
		w := list[z.Uint64()]
		text = append(text, w...)
		text = append(text, ' ')
		words = append(words, text[len(text)-1-len(w):len(text)-1])
	}
	return text, words
}

func wordBatches() []*column.Vector {
	_, words := zipfWords()
	var out []*column.Vector
	for i := 0; i < len(words); i += benchBatch {
		v := column.NewVector(column.Str(), benchBatch)
		for _, w := range words[i : i+benchBatch] {
			v.AppendBytes(w)
		}
		out = append(out, v)
	}
	return out
}

func perRow(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchBatch, "ns/row")
}

func BenchmarkGroupsWords(b *testing.B) {
	batches := wordBatches()
	t := NewGroups([]column.Type{column.Str()})
	out := make([]int32, benchBatch)
	counts := make([]int64, benchWords)
	keys := make([]*column.Vector, 1)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		keys[0] = batches[i%benchCount]
		t.Lookup(keys, nil, benchBatch, out)
		for _, g := range out {
			counts[g]++
		}
		i++
	}
	perRow(b)
}

// The limit: what a programmer would write by hand.
func BenchmarkLimitWordsMap(b *testing.B) {
	_, words := zipfWords()
	counts := map[string]int64{}
	i := 0
	for b.Loop() {
		at := i % benchCount * benchBatch
		for _, w := range words[at : at+benchBatch] {
			counts[string(w)]++
		}
		i++
	}
	perRow(b)
}

func BenchmarkLimitWordsOpenAddressing(b *testing.B) {
	batches := wordBatches()
	type entry struct {
		key   column.View
		count int64
	}
	const size = 1 << 17
	table := make([]entry, size)
	i := 0
	for b.Loop() {
		for _, w := range batches[i%benchCount].Views() {
			hi, lo := bits.Mul64(w.Lo^0x9e3779b97f4a7c15, w.Hi^0xd6e8feb86659fd93)
			s := (hi ^ lo) & (size - 1)
			for table[s].key != w && table[s].count != 0 {
				s = (s + 1) & (size - 1)
			}
			table[s].key = w
			table[s].count++
		}
		i++
	}
	perRow(b)
}

func BenchmarkHashWords(b *testing.B) {
	batches := wordBatches()
	out := make([]uint64, benchBatch)
	keys := make([]*column.Vector, 1)
	var h KeyHasher
	i := 0
	for b.Loop() {
		keys[0] = batches[i%benchCount]
		h.Hash(keys, nil, out)
		i++
	}
	perRow(b)
}

// ints makes batches of uniform BIGINT keys.
func ints(distinct int64) []*column.Vector {
	r := rand.New(rand.NewPCG(3, 4))
	var out []*column.Vector
	for range benchCount {
		v := column.NewVector(column.Of(column.BigInt), benchBatch)
		for range benchBatch {
			column.Append(v, r.Int64N(distinct))
		}
		out = append(out, v)
	}
	return out
}

func BenchmarkGroupsInts(b *testing.B) {
	for _, distinct := range []int64{1000, 50_000, 1_000_000} {
		b.Run(strconv.FormatInt(distinct, 10), func(b *testing.B) {
			batches := ints(distinct)
			t := NewGroups([]column.Type{column.Of(column.BigInt)})
			out := make([]int32, benchBatch)
			keys := make([]*column.Vector, 1)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				keys[0] = batches[i%benchCount]
				t.Lookup(keys, nil, benchBatch, out)
				i++
			}
			perRow(b)
		})
	}
}

func BenchmarkGroupsTwoKeys(b *testing.B) {
	x, y := ints(3), wordBatches()
	t := NewGroups([]column.Type{column.Of(column.BigInt), column.Str()})
	out := make([]int32, benchBatch)
	keys := make([]*column.Vector, 2)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		keys[0], keys[1] = x[i%benchCount], y[i%benchCount]
		t.Lookup(keys, nil, benchBatch, out)
		i++
	}
	perRow(b)
}

func BenchmarkGroupsDictionary(b *testing.B) {
	words := wordBatches()[0]
	codes := column.NewVector(column.Of(column.Int), benchBatch)
	r := rand.New(rand.NewPCG(5, 6))
	for range benchBatch {
		column.Append(codes, r.Int32N(1000))
	}
	v := &column.Vector{Type: column.Str(), Len: benchBatch, Data: codes.Data, Dict: words}
	t := NewGroups([]column.Type{column.Str()})
	out := make([]int32, benchBatch)
	keys := []*column.Vector{v}
	b.ReportAllocs()
	for b.Loop() {
		t.Lookup(keys, nil, benchBatch, out)
	}
	perRow(b)
}
