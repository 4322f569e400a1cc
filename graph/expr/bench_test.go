package expr

import (
	"testing"

	"github.com/millstream/millstream/column"
)

// Each benchmark works on batches of benchRows rows; "limit" is a loop written by hand over bare slices.
const benchRows = 4096

// benchBatch has the columns a BIGINT, b BIGINT, s STRING (five words) and d DOUBLE.
func benchBatch() (*column.Batch, []*Column) {
	fields := []column.Field{{Name: "a", Type: column.Of(column.BigInt)}, {Name: "b", Type: column.Of(column.BigInt)}, {Name: "s", Type: column.Str()}, {Name: "d", Type: column.Of(column.Double)}}
	b := column.NewBatch(fields, benchRows)
	words := []string{"page_view", "purchase", "add_to_cart", "a text of more than twelve bytes", "refund"}
	x := uint64(88172645463325252)
	for range benchRows {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		column.Append(b.Cols[0], int64(x>>54))
		column.Append(b.Cols[1], int64(x>>20&1023))
		b.Cols[2].AppendString(words[x>>40%5])
		column.Append(b.Cols[3], float64(x>>44)/3)
	}
	b.Len = benchRows
	cols := make([]*Column, len(fields))
	for i, f := range fields {
		cols[i] = &Column{i, f.Name, f.Type}
	}
	return b, cols
}

func perRow(b *testing.B, f func() error) {
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
}

func BenchmarkFilter(b *testing.B) {
	batch, cols := benchBatch()
	for name, text := range map[string]string{
		"compare":     "a < 512",
		"conjunction": "a < 512 AND b > 100 AND s = 'purchase'",
		"disjunction": "a < 100 OR s = 'refund'",
		"computed":    "a + b > 1000",
		"like":        "s LIKE '%view%'",
		"in":          "a IN (1, 5, 9, 12, 44, 99, 100)",
	} {
		b.Run(name, func(b *testing.B) {
			e, err := sqlExpr(text, cols...)
			if err != nil {
				b.Fatal(err)
			}
			f, err := CompileFilter(e)
			if err != nil {
				b.Fatal(err)
			}
			sel := make([]int32, benchRows)
			b.ReportAllocs()
			perRow(b, func() error {
				_, err := f.Select(batch, sel)
				return err
			})
		})
	}
	b.Run("limit of conjunction", func(b *testing.B) {
		x, y, s := column.Values[int64](batch.Cols[0]), column.Values[int64](batch.Cols[1]), batch.Cols[2].Views()
		out := make([]int32, benchRows)
		want := column.InlineView([]byte("purchase"))
		perRow(b, func() error {
			k := 0
			for i := range benchRows {
				if x[i] < 512 && y[i] > 100 && s[i] == want {
					out[k] = int32(i)
					k++
				}
			}
			return nil
		})
	})
}

func BenchmarkProjection(b *testing.B) {
	batch, cols := benchBatch()
	for name, list := range map[string][]string{
		"columns":    {"a", "b", "s"},
		"arithmetic": {"a * 2 + b"},
		"shared":     {"a * 2 + b", "(a * 2 + b) * 3"},
		"case":       {"CASE WHEN a < 300 THEN 1 WHEN a < 600 THEN 2 ELSE 3 END"},
		"coalesce":   {"COALESCE(NULLIF(a, 5), b)"},
		"division":   {"a / 7"},
		"upper":      {"UPPER(s)"},
		"substring":  {"SUBSTRING(s, 2, 4)"},
		"concat":     {"s || '-' || s"},
		"to text":    {"CAST(a AS STRING)"},
		"double":     {"CAST(d AS STRING)"},
		"greatest":   {"GREATEST(a, b)"},
	} {
		b.Run(name, func(b *testing.B) {
			var exprs []Expr
			for _, text := range list {
				e, err := sqlExpr(text, cols...)
				if err != nil {
					b.Fatal(err)
				}
				exprs = append(exprs, e)
			}
			p, err := CompileProjection(exprs)
			if err != nil {
				b.Fatal(err)
			}
			var out column.Batch
			b.ReportAllocs()
			perRow(b, func() error { return p.Eval(batch, &out) })
		})
	}
	b.Run("limit of arithmetic", func(b *testing.B) {
		x, y, out := column.Values[int64](batch.Cols[0]), column.Values[int64](batch.Cols[1]), make([]int64, benchRows)
		perRow(b, func() error {
			for i := range out {
				out[i] = x[i]*2 + y[i]
			}
			return nil
		})
	})
}

func BenchmarkAggregate(b *testing.B) {
	batch, _ := benchBatch()
	groups := make([]int32, benchRows)
	for i, x := range column.Values[int64](batch.Cols[0])[:benchRows] {
		groups[i] = int32(x)
	}
	for _, name := range []string{"COUNT", "SUM", "AVG", "MIN"} {
		b.Run(name, func(b *testing.B) {
			f, _ := LookupAggregate(name)
			types := []column.Type{column.Of(column.BigInt)}
			_, result, err := f.Resolve(types)
			if err != nil {
				b.Fatal(err)
			}
			acc := f.New(types, result)
			acc.Grow(1024)
			b.ReportAllocs()
			perRow(b, func() error {
				acc.Update(groups, batch.Cols[1:2], nil)
				return nil
			})
		})
	}
	b.Run("limit", func(b *testing.B) {
		sums, x := make([]int64, 1024), column.Values[int64](batch.Cols[1])
		perRow(b, func() error {
			for i, g := range groups {
				sums[g] += x[i]
			}
			return nil
		})
	})
}
