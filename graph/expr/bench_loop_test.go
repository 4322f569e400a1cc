package expr

import (
	"bytes"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
)

// loopBatch has the columns of benchBatch and n STRING (numbers), t TIMESTAMP(3), p and q DECIMAL(12, 2).
func loopBatch() (*column.Batch, []*Column) {
	b, cols := benchBatch()
	stamp, decimal := column.Sized(column.Timestamp, 3), column.DecimalOf(12, 2)
	for _, f := range []column.Field{{Name: "n", Type: column.Str()}, {Name: "t", Type: stamp}, {Name: "p", Type: decimal}, {Name: "q", Type: decimal}} {
		cols = append(cols, &Column{len(b.Cols), f.Name, f.Type})
		b.Cols = append(b.Cols, column.NewVector(f.Type, benchRows))
	}
	for _, x := range column.Values[int64](b.Cols[0])[:benchRows] {
		b.Cols[4].AppendString(strconv.FormatInt(x*7919, 10))
		column.Append(b.Cols[5], 1_714_990_272_345+x*86_461_000)
		column.Append(b.Cols[6], column.Int128Of(x*101))
		column.Append(b.Cols[7], column.Int128Of(x+7))
	}
	return b, cols
}

// BenchmarkClasses has one expression for each class of kernels beside the loop that one would write for it: x/expr and x/loop.
func BenchmarkClasses(b *testing.B) {
	batch, cols := loopBatch()
	x, y, d := column.Values[int64](batch.Cols[0])[:benchRows], column.Values[int64](batch.Cols[1])[:benchRows], column.Values[float64](batch.Cols[3])[:benchRows]
	stamps, p, q := column.Values[int64](batch.Cols[5])[:benchRows], column.Values[column.Int128](batch.Cols[6])[:benchRows], column.Values[column.Int128](batch.Cols[7])[:benchRows]
	s, n := batch.Cols[2], batch.Cols[4]
	longs, ints, doubles, flags, decimals := make([]int64, benchRows), make([]int32, benchRows), make([]float64, benchRows), make([]bool, benchRows), make([]column.Int128, benchRows)
	views, buf := make([]column.View, benchRows), make([]byte, 0, 1<<20)
	hold := func(i int, from int) {
		if text := buf[from:]; len(text) <= column.InlineLen {
			views[i] = column.InlineView(text)
		} else {
			views[i] = column.MakeView(buf, 0, from, len(text))
		}
	}
	for _, c := range []struct {
		name, text string
		loop       func()
	}{
		{"arithmetic", "a * 2 + b", func() {
			for i := range longs {
				longs[i] = x[i]*2 + y[i]
			}
		}},
		{"floating", "d * 1.5e0 - 2e0", func() {
			for i := range doubles {
				doubles[i] = d[i]*1.5 - 2
			}
		}},
		{"decimal", "p + q", func() {
			for i := range decimals {
				decimals[i] = p[i].Add(q[i])
			}
		}},
		{"compare", "a < b", func() {
			for i := range flags {
				flags[i] = x[i] < y[i]
			}
		}},
		{"compare text", "s = 'purchase'", func() {
			for i := range flags {
				flags[i] = string(s.BytesAt(i)) == "purchase"
			}
		}},
		{"logic", "a < 100 OR b > 900", func() {
			for i := range flags {
				flags[i] = x[i] < 100 || y[i] > 900
			}
		}},
		{"case", "CASE WHEN a < 300 THEN a WHEN a < 600 THEN b ELSE 3 END", func() {
			for i := range longs {
				switch {
				case x[i] < 300:
					longs[i] = x[i]
				case x[i] < 600:
					longs[i] = y[i]
				default:
					longs[i] = 3
				}
			}
		}},
		{"number to number", "CAST(a AS DOUBLE)", func() {
			for i := range doubles {
				doubles[i] = float64(x[i])
			}
		}},
		{"number to text", "CAST(a AS STRING)", func() {
			buf = buf[:0]
			for i := range views {
				from := len(buf)
				buf = strconv.AppendInt(buf, x[i], 10)
				hold(i, from)
			}
		}},
		{"text to number", "CAST(n AS BIGINT)", func() {
			for i := range longs {
				longs[i], _ = strconv.ParseInt(string(n.BytesAt(i)), 10, 64)
			}
		}},
		{"extract", "EXTRACT(HOUR FROM t)", func() {
			for i := range longs {
				longs[i] = stamps[i] / 3_600_000 % 24
			}
		}},
		{"calendar", "EXTRACT(MONTH FROM t)", func() {
			for i := range longs {
				_, m, _ := column.CivilOf(int(stamps[i] / 86_400_000))
				longs[i] = int64(m)
			}
		}},
		{"round time", "FLOOR(t TO HOUR)", func() {
			for i := range longs {
				longs[i] = stamps[i] - stamps[i]%3_600_000
			}
		}},
		{"add interval", "t + INTERVAL '1' HOUR", func() {
			for i := range longs {
				longs[i] = stamps[i] + 3_600_000
			}
		}},
		{"date format", "DATE_FORMAT(t, 'yyyy-MM-dd')", func() {
			buf = buf[:0]
			for i := range views {
				from := len(buf)
				buf = column.AppendDate(buf, int(stamps[i]/86_400_000))
				hold(i, from)
			}
		}},
		{"length", "CHAR_LENGTH(s)", func() {
			for i := range ints {
				ints[i] = int32(utf8.RuneCount(s.BytesAt(i)))
			}
		}},
		{"upper", "UPPER(s)", func() {
			buf = buf[:0]
			for i := range views {
				from := len(buf)
				for _, c := range s.BytesAt(i) {
					if c-'a' < 26 {
						c -= 32
					}
					buf = append(buf, c)
				}
				hold(i, from)
			}
		}},
		{"concat", "s || '-' || s", func() {
			buf = buf[:0]
			for i := range views {
				from, t := len(buf), s.BytesAt(i)
				buf = append(append(append(buf, t...), '-'), t...)
				hold(i, from)
			}
		}},
		{"contains", "s LIKE '%view%'", func() {
			for i := range flags {
				flags[i] = bytes.Contains(s.BytesAt(i), []byte("view"))
			}
		}},
		{"round", "ROUND(d, 2)", nil},
		{"regexp", "REGEXP(s, 'p.*w')", nil},
	} {
		b.Run(c.name+"/expr", func(b *testing.B) {
			e, err := sqlExpr(c.text, cols...)
			if err != nil {
				b.Fatal(err)
			}
			p, err := CompileProjection([]Expr{e})
			if err != nil {
				b.Fatal(err)
			}
			var out column.Batch
			perRow(b, func() error { return p.Eval(batch, &out) })
		})
		if c.loop != nil {
			b.Run(c.name+"/loop", func(b *testing.B) {
				perRow(b, func() error { c.loop(); return nil })
			})
		}
	}
}
