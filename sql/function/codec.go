package function

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"github.com/millstream/millstream/column"
)

// codec converts between values of one Go type and those of columns.
type codec struct {
	t     column.Type // NOT NULL unless the Go type can be nil
	loose bool        // NULL is nil
	// accept says which other types it reads than those that cast to t.
	accept func(t column.Type) bool
	load   func(v *column.Vector, i int, p unsafe.Pointer) // row i, which is not NULL, to where p points
	store  func(v *column.Vector, p unsafe.Pointer)        // to a new row
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	bytesType    = reflect.TypeFor[[]byte]()
)

// maxDepth bounds types inside each other.
const maxDepth = 20

func codecOf(t reflect.Type) (*codec, error) { return makeCodec(t, 0) }

func makeCodec(t reflect.Type, depth int) (*codec, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the Go type %s is nested more than %d deep", t, maxDepth)
	}
	switch t {
	case timeType:
		return timeCodec(), nil
	case durationType:
		return durationCodec(), nil
	case bytesType:
		return bytesCodec(), nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return &codec{t: column.Of(column.Boolean).Required(),
			load:  func(v *column.Vector, i int, p unsafe.Pointer) { *(*bool)(p) = v.Bits().Get(i) },
			store: func(v *column.Vector, p unsafe.Pointer) { v.AppendBool(*(*bool)(p)) }}, nil
	case reflect.Int8:
		return fixedCodec[int8](column.TinyInt), nil
	case reflect.Int16:
		return fixedCodec[int16](column.SmallInt), nil
	case reflect.Int32:
		return fixedCodec[int32](column.Int), nil
	case reflect.Int64:
		return fixedCodec[int64](column.BigInt), nil
	case reflect.Int:
		return &codec{t: column.Of(column.BigInt).Required(),
			load:  func(v *column.Vector, i int, p unsafe.Pointer) { *(*int)(p) = int(column.Values[int64](v)[i]) },
			store: func(v *column.Vector, p unsafe.Pointer) { column.Append(v, int64(*(*int)(p))) }}, nil
	case reflect.Float32:
		return fixedCodec[float32](column.Float), nil
	case reflect.Float64:
		return fixedCodec[float64](column.Double), nil
	case reflect.String:
		return &codec{t: column.Str().Required(),
			load:  func(v *column.Vector, i int, p unsafe.Pointer) { *(*string)(p) = string(v.BytesAt(i)) },
			store: func(v *column.Vector, p unsafe.Pointer) { v.AppendString(*(*string)(p)) }}, nil
	case reflect.Pointer:
		return pointerCodec(t, depth)
	case reflect.Slice:
		return sliceCodec(t, depth)
	case reflect.Map:
		return mapCodec(t, depth)
	case reflect.Struct:
		return structCodec(t, depth)
	}
	return nil, fmt.Errorf("the Go type %s has no SQL type", t)
}

func fixedCodec[T column.Fixed](k column.Kind) *codec {
	return &codec{t: column.Of(k).Required(),
		load:  func(v *column.Vector, i int, p unsafe.Pointer) { *(*T)(p) = column.Values[T](v)[i] },
		store: func(v *column.Vector, p unsafe.Pointer) { column.Append(v, *(*T)(p)) }}
}

// bytesCodec copies what it reads, so that a function may keep it.
func bytesCodec() *codec {
	return &codec{t: column.Bytes(), loose: true,
		load: func(v *column.Vector, i int, p unsafe.Pointer) { *(*[]byte)(p) = slices.Clone(v.BytesAt(i)) },
		store: func(v *column.Vector, p unsafe.Pointer) {
			if b := *(*[]byte)(p); b == nil {
				v.AppendNull()
			} else {
				v.AppendBytes(b)
			}
		}}
}

func timeCodec() *codec {
	return &codec{t: column.Sized(column.TimestampLTZ, 6).Required(),
		accept: func(t column.Type) bool { return t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ },
		load: func(v *column.Vector, i int, p unsafe.Pointer) {
			x, unit := column.Values[int64](v)[i], v.Type.TimeUnit()
			*(*time.Time)(p) = time.Unix(x/unit, x%unit*(1e9/unit)).UTC()
		},
		store: func(v *column.Vector, p unsafe.Pointer) { column.Append(v, (*time.Time)(p).UnixMicro()) }}
}

func durationCodec() *codec {
	t := column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Scale: 3, NotNull: true}
	return &codec{t: t, accept: func(t column.Type) bool { return t.Kind == column.IntervalDayTime },
		load: func(v *column.Vector, i int, p unsafe.Pointer) {
			*(*time.Duration)(p) = time.Duration(column.Values[int64](v)[i]) * time.Millisecond
		},
		store: func(v *column.Vector, p unsafe.Pointer) { column.Append(v, (*time.Duration)(p).Milliseconds()) }}
}

func pointerCodec(t reflect.Type, depth int) (*codec, error) {
	of, err := makeCodec(t.Elem(), depth+1)
	if err != nil {
		return nil, err
	}
	if of.loose {
		return nil, fmt.Errorf("the Go type %s can be nil in two ways: take %s", t, t.Elem())
	}
	return &codec{t: of.t.Optional(), loose: true, accept: of.accept,
		load: func(v *column.Vector, i int, p unsafe.Pointer) {
			to := reflect.New(t.Elem()).UnsafePointer()
			of.load(v, i, to)
			*(*unsafe.Pointer)(p) = to
		},
		store: func(v *column.Vector, p unsafe.Pointer) {
			if to := *(*unsafe.Pointer)(p); to == nil {
				v.AppendNull()
			} else {
				of.store(v, to)
			}
		}}, nil
}

// read reads row i of v, which may be NULL. What p points to is zero.
func (c *codec) read(v *column.Vector, i int, p unsafe.Pointer) {
	if v.Dict != nil && !v.IsNull(i) {
		v, i = v.Dict, int(column.Values[int32](v)[i])
	}
	if !v.IsNull(i) {
		c.load(v, i, p)
	}
}

func sliceCodec(t reflect.Type, depth int) (*codec, error) {
	elem, err := makeCodec(t.Elem(), depth+1)
	if err != nil {
		return nil, err
	}
	return &codec{t: column.ArrayOf(elem.t), loose: true,
		load: func(v *column.Vector, i int, p unsafe.Pointer) {
			o := v.Offsets()
			n := int(o[i+1] - o[i])
			list := reflect.MakeSlice(t, n, n)
			for k := range n {
				elem.read(v.Children[0], int(o[i])+k, list.Index(k).Addr().UnsafePointer())
			}
			reflect.NewAt(t, p).Elem().Set(list)
		},
		store: func(v *column.Vector, p unsafe.Pointer) {
			list := reflect.NewAt(t, p).Elem()
			if list.IsNil() {
				v.AppendNull()
				return
			}
			for k := range list.Len() {
				elem.store(v.Children[0], list.Index(k).Addr().UnsafePointer())
			}
			v.AppendList(list.Len())
		}}, nil
}

func mapCodec(t reflect.Type, depth int) (*codec, error) {
	key, err := makeCodec(t.Key(), depth+1)
	if err != nil {
		return nil, err
	}
	elem, err := makeCodec(t.Elem(), depth+1)
	if err != nil {
		return nil, err
	}
	holder := func(of reflect.Type) reflect.Value { return reflect.New(of).Elem() }
	return &codec{t: column.MapOf(key.t, elem.t), loose: true,
		load: func(v *column.Vector, i int, p unsafe.Pointer) {
			o := v.Offsets()
			m := reflect.MakeMapWithSize(t, int(o[i+1]-o[i]))
			for e := int(o[i]); e < int(o[i+1]); e++ {
				k, x := holder(t.Key()), holder(t.Elem())
				key.read(v.Children[0], e, k.Addr().UnsafePointer())
				elem.read(v.Children[1], e, x.Addr().UnsafePointer())
				m.SetMapIndex(k, x)
			}
			reflect.NewAt(t, p).Elem().Set(m)
		},
		store: func(v *column.Vector, p unsafe.Pointer) {
			m := reflect.NewAt(t, p).Elem()
			if m.IsNil() {
				v.AppendNull()
				return
			}
			keys := m.MapKeys()
			slices.SortFunc(keys, compareKeys) // so that the result does not depend on chance
			k, x := holder(t.Key()), holder(t.Elem())
			for _, at := range keys {
				k.Set(at)
				x.Set(m.MapIndex(at))
				key.store(v.Children[0], k.Addr().UnsafePointer())
				elem.store(v.Children[1], x.Addr().UnsafePointer())
			}
			v.AppendList(len(keys))
		}}, nil
}

func compareKeys(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	case a.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// field is an exported field of a struct.
type field struct {
	name   string
	offset uintptr
	*codec
}

func fieldsOf(t reflect.Type, depth int) ([]field, error) {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		c, err := makeCodec(f.Type, depth+1)
		if err != nil {
			return nil, fmt.Errorf("field %s of %s: %w", f.Name, t, err)
		}
		name := cmp.Or(f.Tag.Get("sql"), f.Name)
		list = append(list, field{name, f.Offset, c})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the Go type %s has no exported field", t)
	}
	return list, nil
}

func columnFields(list []field) []column.Field {
	out := make([]column.Field, len(list))
	for i, f := range list {
		out[i] = column.Field{Name: f.name, Type: f.t}
	}
	return out
}

func structCodec(t reflect.Type, depth int) (*codec, error) {
	fields, err := fieldsOf(t, depth)
	if err != nil {
		return nil, err
	}
	return &codec{t: column.RowOf(columnFields(fields)...).Required(),
		load: func(v *column.Vector, i int, p unsafe.Pointer) {
			for k, f := range fields {
				f.read(v.Children[k], i, unsafe.Add(p, f.offset))
			}
		},
		store: func(v *column.Vector, p unsafe.Pointer) {
			for k, f := range fields {
				f.store(v.Children[k], unsafe.Add(p, f.offset))
			}
			v.AppendStruct()
		}}, nil
}
