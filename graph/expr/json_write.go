package expr

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
)

// canBeJSON says why values of the type cannot be written as JSON; nil if they can.
func canBeJSON(t column.Type) error {
	switch t.Kind {
	case column.Boolean, column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Float, column.Double, column.Decimal, column.Char,
		column.VarChar, column.Binary, column.VarBinary, column.Timestamp, column.TimestampLTZ, column.Variant, column.Null:
		return nil
	case column.Array:
		return canBeJSON(*t.Elem)
	case column.Map, column.Multiset:
		key, value := t.Key, t.Elem
		if t.Kind == column.Multiset {
			key, value = t.Elem, &column.Type{Kind: column.Int}
		}
		if !key.IsText() {
			return fmt.Errorf("the keys of a JSON object are texts, and those of %s are not", t.Optional())
		}
		return canBeJSON(*value)
	case column.Row:
		for _, f := range t.Fields {
			if err := canBeJSON(f.Type); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("there is no JSON for values of type %s; cast them to STRING", t.Optional())
}

// jsonWriter writes values as JSON. It holds memory, so it belongs to one kernel.
type jsonWriter struct {
	order []int32
	text  []byte
}

// append adds row i of v. Keys of maps and fields of rows are sorted by name.
func (w *jsonWriter) append(dst []byte, v *column.Vector, i int) ([]byte, error) {
	if v.IsNull(i) {
		return append(dst, "null"...), nil
	}
	if v.Dict != nil {
		return w.append(dst, v.Dict, int(column.Values[int32](v)[i]))
	}
	switch v.Type.Kind {
	case column.Boolean:
		if v.Bits().Get(i) {
			return append(dst, "true"...), nil
		}
		return append(dst, "false"...), nil
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt:
		return column.AppendText(dst, v, i, nil), nil
	case column.Decimal:
		w.text = column.AppendText(w.text[:0], v, i, nil)
		return jsontext.AppendNumber(dst, w.text), nil
	case column.Float:
		return w.double(dst, float64(column.Values[float32](v)[i])), nil
	case column.Double:
		return w.double(dst, column.Values[float64](v)[i]), nil
	case column.Char, column.VarChar:
		return jsontext.AppendQuoted(dst, v.BytesAt(i)), nil
	case column.Binary, column.VarBinary:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.BytesAt(i)), '"'), nil
	case column.Variant:
		return column.VariantOf(v.BytesAt(i)).AppendJSON(dst), nil
	case column.Timestamp, column.TimestampLTZ:
		return w.stamp(dst, v, i), nil
	case column.Array:
		return w.array(dst, v, i)
	case column.Map, column.Multiset:
		return w.object(dst, v, i)
	case column.Row:
		return w.row(dst, v, i)
	}
	return dst, canBeJSON(v.Type)
}

func (w *jsonWriter) double(dst []byte, x float64) []byte {
	w.text = column.AppendFloat(w.text[:0], x, 64)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return jsontext.AppendQuoted(dst, w.text)
	}
	return jsontext.AppendNumber(dst, w.text)
}

// stamp writes a timestamp with T and without zeros at the end of the fraction; one of an instant is in UTC, with Z.
func (w *jsonWriter) stamp(dst []byte, v *column.Vector, i int) []byte {
	t := v.Type
	dst = append(dst, '"')
	from := len(dst)
	dst = column.AppendTimestamp(dst, column.Values[int64](v)[i], t)
	if at := slices.Index(dst[from:], ' '); at >= 0 {
		dst[from+at] = 'T'
	}
	if t.Precision > 0 {
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		if dst[len(dst)-1] == '.' {
			dst = dst[:len(dst)-1]
		}
	}
	if t.Kind == column.TimestampLTZ {
		dst = append(dst, 'Z')
	}
	return append(dst, '"')
}

func (w *jsonWriter) array(dst []byte, v *column.Vector, i int) ([]byte, error) {
	o := v.Offsets()
	dst = append(dst, '[')
	var err error
	for r := o[i]; r < o[i+1] && err == nil; r++ {
		if r > o[i] {
			dst = append(dst, ',')
		}
		dst, err = w.append(dst, v.Children[0], int(r))
	}
	return append(dst, ']'), err
}

func (w *jsonWriter) object(dst []byte, v *column.Vector, i int) ([]byte, error) {
	o, keys := v.Offsets(), v.Children[0]
	from := len(w.order)
	for r := o[i]; r < o[i+1]; r++ {
		if keys.IsNull(int(r)) {
			return dst, fmt.Errorf("a key of the %s is NULL, which no JSON object can have", v.Type.Optional())
		}
		w.order = append(w.order, r)
	}
	list := w.order[from:]
	slices.SortFunc(list, func(a, b int32) int { return slices.Compare(keys.BytesAt(int(a)), keys.BytesAt(int(b))) })
	dst = append(dst, '{')
	var err error
	for k := range list {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendQuoted(dst, keys.BytesAt(int(list[k]))), ':')
		if dst, err = w.append(dst, v.Children[1], int(list[k])); err != nil {
			return dst, err
		}
	}
	w.order = w.order[:from]
	return append(dst, '}'), nil
}

func (w *jsonWriter) row(dst []byte, v *column.Vector, i int) ([]byte, error) {
	from := len(w.order)
	for f := range v.Children {
		w.order = append(w.order, int32(f))
	}
	list := w.order[from:]
	name := func(f int32) string { return v.Type.Fields[f].Name }
	slices.SortFunc(list, func(a, b int32) int {
		if name(a) < name(b) {
			return -1
		}
		return 1
	})
	dst = append(dst, '{')
	var err error
	for k := range list {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendQuoted(dst, []byte(name(list[k]))), ':')
		if dst, err = w.append(dst, v.Children[list[k]], i); err != nil {
			return dst, err
		}
	}
	w.order = w.order[:from]
	return append(dst, '}'), nil
}
