package function

import (
	"reflect"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// lane reads the values of one argument. Numbers stay where they are; texts are copied batch by batch, so that a function may keep them.
type lane[T any] struct {
	*codec
	step   int // 0: one value for all rows
	direct bool
	text   bool
	buf    []T
}

// isDirect reports whether values of the Go type lie in columns as they do in slices.
func isDirect[T any]() bool {
	t := reflect.TypeFor[T]()
	switch t.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return t != durationType
	case reflect.Int:
		return t.Size() == 8
	}
	return false
}

func newLane[T any](c *codec, arg expr.Expr) *lane[T] {
	l := &lane[T]{codec: c, step: 1, direct: isDirect[T](), text: reflect.TypeFor[T]().Kind() == reflect.String}
	if _, constant := arg.(*expr.Literal); constant {
		l.step = 0
	}
	return l
}

// load returns the values; those of rows that are not live may be anything.
func (l *lane[T]) load(v *column.Vector, n int, live []int32) []T {
	if l.step == 0 {
		n, live = 1, nil
	}
	if l.direct {
		return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Data))), n)
	}
	if cap(l.buf) < n {
		l.buf = make([]T, n)
	}
	buf := l.buf[:n]
	clear(buf)
	if l.text {
		l.texts(buf, v, n, live)
		return buf
	}
	each(n, live, func(r int) {
		if !v.IsNull(r) {
			l.codec.load(v, r, unsafe.Pointer(&buf[r]))
		}
	})
	return buf
}

// texts makes the strings of a batch in one piece of memory.
func (l *lane[T]) texts(buf []T, v *column.Vector, n int, live []int32) {
	total := 0
	each(n, live, func(r int) {
		if !v.IsNull(r) {
			total += len(v.BytesAt(r))
		}
	})
	arena := make([]byte, 0, total)
	each(n, live, func(r int) {
		if v.IsNull(r) {
			return
		}
		from := len(arena)
		arena = append(arena, v.BytesAt(r)...)
		*(*string)(unsafe.Pointer(&buf[r])) = unsafe.String(unsafe.SliceData(arena[from:]), len(arena)-from)
	})
}

// each calls f for the rows of live, or for all n if it is nil.
func each(n int, live []int32, f func(r int)) {
	if live == nil {
		for r := range n {
			f(r)
		}
		return
	}
	for _, r := range live {
		f(int(r))
	}
}

// results takes the results of a function.
type results[T any] struct {
	*codec
	direct bool
	buf    []T
}

func newResults[T any](c *codec) *results[T] { return &results[T]{codec: c, direct: isDirect[T]()} }

// begin returns where the results of n rows go.
func (o *results[T]) begin(v *column.Vector, n int) []T {
	if o.direct {
		v.Resize(n)
		return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Data))), n)
	}
	if cap(o.buf) < n {
		o.buf = make([]T, n)
	}
	return o.buf[:n]
}

// end writes the results of the live rows (nil: of all) to v; other rows are NULL.
func (o *results[T]) end(v *column.Vector, n int, live []int32) {
	next := 0
	skip := func(to int) {
		for ; next < to; next++ {
			if o.direct {
				v.SetNull(next)
			} else {
				v.AppendNull()
			}
		}
	}
	if live == nil && o.direct {
		return
	}
	each(n, live, func(r int) {
		skip(r)
		if next = r + 1; !o.direct {
			o.store(v, unsafe.Pointer(&o.buf[r]))
		}
	})
	skip(n)
}
