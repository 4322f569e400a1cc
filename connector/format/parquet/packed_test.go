package parquet

import (
	"fmt"
	"testing"

	"github.com/millstream/millstream/column"
)

// BenchmarkPacked writes integers as differences of some width, and reads them.
func BenchmarkPacked(b *testing.B) {
	const n = 1 << 14
	rows := make([]int32, n)
	for _, width := range []int{0, 1, 8, 11, 24, 64} {
		v := column.NewVector(column.Of(column.BigInt), n)
		for i := range rows {
			rows[i] = int32(i)
			column.Append(v, int64(uint64(i*i)*0x9E3779B97F4A7C15>>(64-width)))
		}
		var out []byte
		b.Run(fmt.Sprintf("write/%d", width), func(b *testing.B) {
			for range b.N {
				out = appendPacked(out[:0], v, rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
		b.Run(fmt.Sprintf("read/%d", width), func(b *testing.B) {
			for range b.N {
				if _, _, err := deltas(out, n); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
		b.Run(fmt.Sprintf("plain/%d", width), func(b *testing.B) {
			for range b.N {
				out = appendPlain(out[:0], v, rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
	}
}
