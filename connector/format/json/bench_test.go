package json

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// events returns a megabyte of flat objects with eight keys, of about 239 bytes; pretty ones have blanks behind ':' and ','.
func events(pretty bool) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	form := `{"id":%d,"user":"user-%d","timestamp":"2024-05-%02d 10:%02d:%02d.%03d","amount":%d.%02d,"page":"/products/category-%d/item-%d","status":"%s","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/%d.36","referrer":"https://www.example.com/%x"}` + "\n"
	if pretty {
		form = string(bytes.ReplaceAll(bytes.ReplaceAll([]byte(form), []byte(`":`), []byte(`": `)), []byte(`,"`), []byte(`, "`)))
	}
	var b bytes.Buffer
	for b.Len() < 1<<20 {
		fmt.Fprintf(&b, form, 1000000+b.Len(), r.IntN(100000), 1+r.IntN(28), r.IntN(60), r.IntN(60), r.IntN(1000), r.IntN(1000), r.IntN(100),
			r.IntN(50), r.IntN(10000), []string{"ok", "failed", "pending"}[r.IntN(3)], r.IntN(1000), r.Uint32())
	}
	return scan.Padded(b.Bytes())
}

const eventColumns = "id BIGINT, user STRING, timestamp TS, amount DOUBLE, page STRING, status STRING, agent STRING, referrer STRING"

func benchmark(b *testing.B, data []byte, columns string, project []int) {
	c := config(b, columns, nil)
	c.Project = project
	formattest.BenchmarkDecode(b, mustDecoder(b, c), formattest.Projected(c), data)
}

func BenchmarkDecode(b *testing.B) {
	compact, pretty := events(false), events(true)
	four, all := []int{0, 1, 3, 5}, []int{0, 1, 2, 3, 4, 5, 6, 7}
	b.Run("4of8", func(b *testing.B) { benchmark(b, compact, eventColumns, four) })
	b.Run("4of8/pretty", func(b *testing.B) { benchmark(b, pretty, eventColumns, four) })
	b.Run("8of8", func(b *testing.B) { benchmark(b, compact, eventColumns, all) })
	b.Run("0of8", func(b *testing.B) { benchmark(b, compact, eventColumns, []int{}) })
	nested := bytes.Repeat([]byte(`{"r":{"x":{"c":"some text","d":[1,2,3]},"n":5},"m":{"key":[1],"other":[]},"p":[{"k":"a","v":1.5},{"k":"b","v":2.5}]}`+"\n"), 8000)
	b.Run("nested", func(b *testing.B) { benchmark(b, scan.Padded(nested), "r DEEP, m LISTS, p PAIRS", []int{0, 1, 2}) })
	// The limit: a loop written for this file, which trusts it: it knows the keys, their order and what has no escapes.
	b.Run("4of8/hand", func(b *testing.B) {
		var ids [4096]int64
		var users, states [4096][]byte
		var amounts [4096]float64
		skip := func(at, strings int) int {
			for range strings {
				at += bytes.IndexByte(compact[at:], '"') + 1
			}
			return at
		}
		b.SetBytes(int64(len(compact)))
		for b.Loop() {
			row := 0
			for at := 0; at < len(compact); row++ {
				i := row & 4095
				at += len(`{"id":`)
				var id int64
				for ; compact[at] != ','; at++ {
					id = id*10 + int64(compact[at]-'0')
				}
				ids[i] = id
				at += len(`,"user":"`)
				end := at + bytes.IndexByte(compact[at:], '"')
				users[i] = compact[at:end]
				at = skip(end+1+len(`,"timestamp":"`), 1) + len(`,"amount":`)
				var amount, digits int64
				for ; compact[at] != '.'; at++ {
					amount = amount*10 + int64(compact[at]-'0')
				}
				digits = int64(compact[at+1]-'0')*10 + int64(compact[at+2]-'0')
				amounts[i] = float64(amount*100+digits) / 100
				at = skip(at+3+len(`,"page":"`), 1) + len(`,"status":"`)
				end = at + bytes.IndexByte(compact[at:], '"')
				states[i] = compact[at:end]
				at = skip(end+1+len(`,"agent":"`), 1)
				at = skip(at+len(`,"referrer":"`), 1) + len("}\n")
			}
		}
	})
}
