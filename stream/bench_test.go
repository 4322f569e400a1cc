package stream

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkWordCount runs the word count over lines in memory, beside a loop with a map over the same lines on one core.
func BenchmarkWordCount(b *testing.B) {
	z := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.05, 2.7, 49_999)
	var lines []string
	const words = 2_000_000
	for range words / 10 {
		var l strings.Builder
		for i := range 10 {
			if i > 0 {
				l.WriteByte(' ')
			}
			fmt.Fprintf(&l, "w%x", z.Uint64()*7919%1_000_003)
		}
		lines = append(lines, l.String())
	}
	perWord := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/words, "ns/word")
	}
	b.Run("stream", func(b *testing.B) {
		for b.Loop() {
			j := NewJob("wordcount")
			n := int64(0)
			ForEach(Count(KeyBy(FlatMap(FromSlice(j, lines), strings.FieldsSeq), identity)), func(c Counted[string]) error {
				n += c.Count
				return nil
			})
			if _, err := j.Run(b.Context()); err != nil || n != words {
				b.Fatalf("%d words, error %v", n, err)
			}
		}
		perWord(b)
	})
	b.Run("map", func(b *testing.B) {
		for b.Loop() {
			counts := map[string]int64{}
			for _, l := range lines {
				for w := range strings.FieldsSeq(l) {
					counts[w]++
				}
			}
		}
		perWord(b)
	})
}
