package conformance

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
)

// value returns row i of v as the corpus writes it: nil, bool, json.Number, float32, string, []any or map[string]any.
func value(v *column.Vector, i int, zone *time.Location) any {
	if v.IsNull(i) {
		return nil
	}
	if v.Dict != nil {
		return value(v.Dict, int(column.Values[int32](v)[i]), zone)
	}
	text := func() string { return string(column.AppendText(nil, v, i, zone)) }
	switch t := v.Type; t.Kind {
	case column.Boolean:
		return v.Bits().Get(i)
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt:
		return json.Number(text())
	case column.Float:
		if x := column.Values[float32](v)[i]; !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) {
			return x
		}
		return text()
	case column.Double:
		if x := column.Values[float64](v)[i]; !math.IsNaN(x) && !math.IsInf(x, 0) {
			return json.Number(text())
		}
		return text()
	case column.Binary, column.VarBinary:
		return hex.EncodeToString(v.BytesAt(i))
	case column.Time: // the gateway's JSON rows have no fraction
		clock, _, _ := strings.Cut(text(), ".")
		return clock
	case column.TimestampLTZ:
		return text() + "Z"
	case column.Array:
		o, list := v.Offsets(), []any{}
		for r := o[i]; r < o[i+1]; r++ {
			list = append(list, value(v.Children[0], int(r), zone))
		}
		return list
	case column.Map, column.Multiset:
		o, m := v.Offsets(), map[string]any{}
		for r := o[i]; r < o[i+1]; r++ {
			key := "null"
			if !v.Children[0].IsNull(int(r)) {
				key = string(column.AppendText(nil, v.Children[0], int(r), zone))
			}
			m[key] = value(v.Children[1], int(r), zone)
		}
		return m
	case column.Row:
		m := map[string]any{}
		for f, c := range v.Children {
			m[t.Fields[f].Name] = value(c, i, zone)
		}
		return m
	}
	return text()
}

// typeText writes a type as the corpus does: comments of fields and the precision of intervals are not carried by the gateway.
func typeText(t column.Type) string {
	return strings.ReplaceAll(uncommented(t).String(), "INTERVAL SECOND(3)", "INTERVAL SECOND")
}

func uncommented(t column.Type) column.Type {
	for _, part := range []**column.Type{&t.Elem, &t.Key} {
		if *part != nil {
			plain := uncommented(**part)
			*part = &plain
		}
	}
	t.Fields = slices.Clone(t.Fields)
	for i := range t.Fields {
		t.Fields[i].Comment, t.Fields[i].Type = "", uncommented(t.Fields[i].Type)
	}
	return t
}

// decode reads JSON with its numbers as texts.
func decode(text string, to any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return err
	}
	return nil
}

// encode writes JSON in one line, as the corpus does.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// same compares a value of ours with one of the corpus: integers exactly, doubles within 1e-12 relative, floats rounded to 32 bits.
func same(got, want any) bool {
	switch g := got.(type) {
	case float32:
		w, ok := want.(json.Number)
		if !ok {
			return false
		}
		x, err := strconv.ParseFloat(w.String(), 32)
		return err == nil && float32(x) == g
	case json.Number:
		w, ok := want.(json.Number)
		if !ok {
			return false
		}
		if g == w {
			return true
		}
		if _, err := strconv.ParseInt(g.String(), 10, 64); err == nil {
			if _, err := strconv.ParseInt(w.String(), 10, 64); err == nil {
				return false
			}
		}
		x, err1 := g.Float64()
		y, err2 := w.Float64()
		return err1 == nil && err2 == nil && (x == y || math.Abs(x-y) <= 1e-12*max(math.Abs(x), math.Abs(y)))
	case []any:
		w, ok := want.([]any)
		return ok && slices.EqualFunc(g, w, same)
	case map[string]any:
		w, ok := want.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range g {
			x, ok := w[k]
			if !ok || !same(g[k], x) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}

// sameBag compares rows in any order.
func sameBag(got, want [][]any) bool {
	if len(got) != len(want) {
		return false
	}
	left := slices.Clone(want)
	for _, g := range got {
		i := slices.IndexFunc(left, func(w []any) bool { return slices.EqualFunc(g, w, same) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// sameRows compares rows in order.
func sameRows(got, want [][]any) bool {
	return slices.EqualFunc(got, want, func(g, w []any) bool { return slices.EqualFunc(g, w, same) })
}

// decodeRows reads rows, one JSON array a line.
func decodeRows(text string) ([][]any, error) {
	var rows [][]any
	for _, line := range lines(text) {
		var row []any
		if err := decode(line, &row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// difference shows what two lists of rows do not share, shortly.
func difference(got, want [][]any) string {
	only := func(a, b [][]any) []string {
		count := map[string]int{}
		for _, r := range b {
			count[encode(r)]++
		}
		var list []string
		for _, r := range a {
			if t := encode(r); count[t] > 0 {
				count[t]--
			} else {
				list = append(list, t)
			}
		}
		slices.Sort(list)
		return list
	}
	return "too many " + few(only(got, want)) + ", missing " + few(only(want, got))
}

// few joins the first of a list.
func few(list []string) string {
	const most = 4
	switch {
	case len(list) == 0:
		return "none"
	case len(list) > most:
		return strings.Join(list[:most], " ") + " … (" + strconv.Itoa(len(list)) + ")"
	}
	return strings.Join(list, " ")
}
