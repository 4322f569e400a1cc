package expr

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
)

// jsonValue is row i of v as testdata/functions.jsonl writes values.
func jsonValue(v *column.Vector, i int) any {
	if v.IsNull(i) {
		return nil
	}
	if v.Dict != nil {
		return jsonValue(v.Dict, int(column.Values[int32](v)[i]))
	}
	text := func() string { return string(column.AppendText(nil, v, i, nil)) }
	switch t := v.Type; t.Kind {
	case column.Boolean:
		return v.Bits().Get(i)
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt:
		return json.Number(text())
	case column.Float, column.Double:
		x := float64(0)
		if t.Kind == column.Float {
			x = float64(column.Values[float32](v)[i])
		} else {
			x = column.Values[float64](v)[i]
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return text()
		}
		return json.Number(text())
	case column.Binary, column.VarBinary:
		return hex.EncodeToString(v.BytesAt(i))
	case column.TimestampLTZ:
		return text() + "Z"
	case column.Array:
		o, list := v.Offsets(), []any{}
		for r := o[i]; r < o[i+1]; r++ {
			list = append(list, jsonValue(v.Children[0], int(r)))
		}
		return list
	case column.Map, column.Multiset:
		o, m := v.Offsets(), map[string]any{}
		for r := o[i]; r < o[i+1]; r++ {
			m[string(column.AppendText(nil, v.Children[0], int(r), nil))] = jsonValue(v.Children[1], int(r))
		}
		return m
	case column.Row:
		m := map[string]any{}
		for f, c := range v.Children {
			m[t.Fields[f].Name] = jsonValue(c, i)
		}
		return m
	}
	return text()
}

func sameJSON(a, b any) bool {
	x, ok1 := a.(json.Number)
	y, ok2 := b.(json.Number)
	if ok1 && ok2 {
		p, _ := x.Float64()
		q, _ := y.Float64()
		return p == q || math.Abs(p-q) <= 1e-12*math.Max(math.Abs(p), math.Abs(q))
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameJSON(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if !sameJSON(a[k], b[k]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

type golden struct {
	Expr, Type, Group, As string
	Value                 any
	Quirk                 bool
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	data, err := os.ReadFile("testdata/functions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var list []golden
	for line := range strings.Lines(string(data)) {
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		var g golden
		if err := d.Decode(&g); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, g)
	}
	return list
}

// evaluated computes e over one row, as a text if as is set.
func evaluated(e Expr, as string) (any, error) {
	if as == "string" {
		t := column.Str()
		t.NotNull = e.Type().NotNull
		e = &Cast{Arg: e, T: t}
	}
	p, err := Compile(e)
	if err != nil {
		return nil, err
	}
	var out column.Vector
	if err := p.Eval(&column.Batch{Len: 1}, &out); err != nil {
		return nil, err
	}
	return jsonValue(&out, 0), nil
}

// Types and values of expressions as Apache Flink 2.3 gives them.
func TestConformance(t *testing.T) {
	passed := 0
	for _, g := range readGolden(t) {
		e, err := sqlExpr(g.Expr)
		if err != nil {
			t.Errorf("%s: %v", g.Expr, err)
			continue
		}
		got, err := evaluated(e, g.As)
		typ := strings.ReplaceAll(e.Type().String(), "INTERVAL SECOND(3)", "INTERVAL SECOND")
		switch {
		case err != nil:
			t.Errorf("%s: %v, want %v", g.Expr, err, g.Value)
		case typ != g.Type:
			t.Errorf("%s: type %s, want %s", g.Expr, typ, g.Type)
		case !sameJSON(got, g.Value):
			t.Errorf("%s: %v, want %v", g.Expr, got, g.Value)
		default:
			passed++
		}
	}
	t.Logf("%d expressions", passed)
}
