package expr

import (
	"fmt"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
)

// Functions of JSON cost little more than reading the text, which is the limit.
func BenchmarkJSON(b *testing.B) {
	v := column.NewVector(column.Str(), benchRows)
	for i := range benchRows {
		v.AppendString(fmt.Sprintf(`{"id": %d, "name": "a longer name, number %d", "price": %d.50, "tags": ["x", "y"], "nested": {"a": {"b": [1, 2, 3]}}}`, i, i%100, i%1000))
	}
	batch := &column.Batch{Len: benchRows, Cols: []*column.Vector{v}}
	col := &Column{0, "s", column.Str()}
	b.Run("limit", func(b *testing.B) {
		var d jsontext.Doc
		perRow(b, func() error {
			for r := range benchRows {
				if err := d.Parse(v.BytesAt(r)); err != nil {
					return err
				}
			}
			return nil
		})
	})
	path := func(name, path string) Expr {
		e, err := NewJSONPath(name, col, Text(path), JSONClauses{})
		if err != nil {
			b.Fatal(err)
		}
		return e
	}
	call := func(name string, args ...Expr) Expr {
		e, err := NewCall(name, args...)
		if err != nil {
			b.Fatal(err)
		}
		return e
	}
	for _, bench := range []struct {
		name string
		e    Expr
	}{
		{"four values", call("CONCAT", path("JSON_VALUE", "$.name"), path("JSON_VALUE", "$.id"), path("JSON_VALUE", "$.price"), path("JSON_VALUE", "$.tags[0]"))},
		{"value", path("JSON_VALUE", "$.name")}, {"nested", path("JSON_VALUE", "$.nested.a.b[1]")}, {"exists", path("JSON_EXISTS", "$.price")},
		{"query", path("JSON_QUERY", "$.nested")}, {"is", call("IS JSON OBJECT", col)}, {"parse", call("PARSE_JSON", col)},
		{"variant", call("ITEM", call("PARSE_JSON", col), Text("name"))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p, err := CompileProjection([]Expr{bench.e})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var out column.Batch
			perRow(b, func() error { return p.Eval(batch, &out) })
		})
	}
}

func BenchmarkArrays(b *testing.B) {
	v := column.NewVector(column.ArrayOf(column.Of(column.Int)), benchRows)
	for i := range benchRows {
		for k := range 8 {
			column.Append(v.Children[0], int32(i*k%13))
		}
		v.AppendList(8)
	}
	batch := &column.Batch{Len: benchRows, Cols: []*column.Vector{v}}
	col := &Column{0, "a", v.Type}
	b.Run("contains limit", func(b *testing.B) {
		out := make([]bool, benchRows)
		perRow(b, func() error {
			x, o := column.Values[int32](v.Children[0]), v.Offsets()
			for r := range benchRows {
				out[r] = false
				for _, y := range x[o[r]:o[r+1]] {
					if y == 12 {
						out[r] = true
						break
					}
				}
			}
			return nil
		})
	})
	for _, bench := range []struct {
		name string
		args []Expr
	}{
		{"ARRAY_CONTAINS", []Expr{col, Int(12)}}, {"ARRAY_DISTINCT", []Expr{col}}, {"ARRAY_SORT", []Expr{col}}, {"ARRAY_MAX", []Expr{col}}, {"ARRAY_CONCAT", []Expr{col, col}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			e, err := NewCall(bench.name, bench.args...)
			if err != nil {
				b.Fatal(err)
			}
			p, err := CompileProjection([]Expr{e})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var out column.Batch
			perRow(b, func() error { return p.Eval(batch, &out) })
		})
	}
}
