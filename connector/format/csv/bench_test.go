package csv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// events returns a megabyte of unquoted records of eight columns, of about 70 bytes.
func events(quoted bool) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	q := ""
	if quoted {
		q = `"`
	}
	var b bytes.Buffer
	for b.Len() < 1<<20 {
		fmt.Fprintf(&b, "%d,%suser-%d%s,2024-05-%02d 10:%02d:%02d,%d.%02d,%sPage%d%s,%d,%s,%x\n", 1000000+b.Len(), q, r.IntN(100000), q, 1+r.IntN(28), r.IntN(60), r.IntN(60),
			r.IntN(1000), r.IntN(100), q, r.IntN(50), q, r.IntN(10), []string{"ok", "failed", "pending"}[r.IntN(3)], r.Uint32())
	}
	return scan.Padded(b.Bytes())
}

const eventColumns = "id BIGINT, name STRING, ts TS, price DOUBLE, page STRING, n INT, state STRING, hash STRING"

func benchmark(b *testing.B, data []byte, project []int) {
	c := config(b, eventColumns, nil)
	c.Project = project
	formattest.BenchmarkDecode(b, mustDecoder(b, c), formattest.Projected(c), data)
}

func BenchmarkDecode(b *testing.B) {
	data, quoted := events(false), events(true)
	three, all := []int{0, 3, 4}, []int{0, 1, 2, 3, 4, 5, 6, 7}
	b.Run("3of8", func(b *testing.B) { benchmark(b, data, three) })
	b.Run("8of8", func(b *testing.B) { benchmark(b, data, all) })
	b.Run("0of8", func(b *testing.B) { benchmark(b, data, []int{}) })
	b.Run("3of8/quoted", func(b *testing.B) { benchmark(b, quoted, three) })
	b.Run("8of8/quoted", func(b *testing.B) { benchmark(b, quoted, all) })
	// The limit: a loop written for this file, which trusts it.
	b.Run("3of8/hand", func(b *testing.B) {
		var ids [4096]int64
		var prices [4096]float64
		var pages [4096][]byte
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			row := 0
			for at := 0; at < len(data); row++ {
				line := data[at:]
				line = line[:bytes.IndexByte(line, '\n')]
				at += len(line) + 1
				i := bytes.IndexByte(line, ',')
				var id int64
				for _, c := range line[:i] {
					id = id*10 + int64(c-'0')
				}
				for range 2 {
					i += 1 + bytes.IndexByte(line[i+1:], ',')
				}
				j := i + 1 + bytes.IndexByte(line[i+1:], ',')
				price, err := strconv.ParseFloat(string(line[i+1:j]), 64)
				if err != nil {
					b.Fatal(err)
				}
				k := j + 1 + bytes.IndexByte(line[j+1:], ',')
				ids[row&4095], prices[row&4095], pages[row&4095] = id, price, line[j+1:k]
			}
		}
	})
}
