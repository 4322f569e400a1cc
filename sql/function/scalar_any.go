package function

import (
	"reflect"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

var errorType = reflect.TypeFor[error]()

// Scalar registers any Go function with one result, or with one and an error, as a scalar function. A variadic parameter takes any number
// of arguments. Functions of frequent types are called directly, others by reflection. It panics if f is no such function, a type has no
// SQL type, or the name is taken.
func Scalar(name string, f any, opts ...Option) {
	if frequent(name, f, opts) {
		return
	}
	s, t, params := signatureOf(name, f, opts)
	fails := t.NumOut() == 2 && t.Out(1) == errorType
	if t.NumOut() != 1 && !fails {
		s.fail("a function with one result, or with one and an error, was expected, not %s", t)
	}
	result := s.result(t.Out(0))
	call := reflect.ValueOf(f)
	s.register(result, func(c *expr.Call) expr.Kernel { return s.reflected(c, call, params, t.Out(0), result) })
}

// signatureOf returns the signature of any Go function, its type and those of its parameters, of which the last may be repeated.
func signatureOf(name string, f any, opts []Option) (s *signature, t reflect.Type, params []reflect.Type) {
	t = reflect.TypeOf(f)
	if t == nil || t.Kind() != reflect.Func {
		newSignature(name, nil).fail("a Go function was expected, not %T", f)
	}
	for i := range t.NumIn() {
		params = append(params, t.In(i))
	}
	if t.IsVariadic() {
		params[len(params)-1] = params[len(params)-1].Elem()
	}
	s = newSignature(name, opts, params...)
	s.variadic = t.IsVariadic()
	return s, t, params
}

// reflected calls a function by reflection.
func (s *signature) reflected(c *expr.Call, f reflect.Value, params []reflect.Type, out reflect.Type, result *codec) expr.Kernel {
	rows, in := newRows(s, c.Args), make([]reflect.Value, len(c.Args))
	holder := reflect.New(out)
	return func(args []*column.Vector, n int, sel []int32, v *column.Vector) error {
		next := 0
		skip := func(to int) {
			for ; next < to; next++ {
				v.AppendNull()
			}
		}
		err := s.tryEach(n, rows.live(args, n, sel), func(r int) error {
			for i, a := range args {
				at := r
				if rows.constant[i] {
					at = 0
				}
				x := reflect.New(params[min(i, len(params)-1)])
				s.arg(i).read(a, at, x.UnsafePointer())
				in[i] = x.Elem()
			}
			results := f.Call(in)
			if len(results) == 2 && !results[1].IsNil() {
				return results[1].Interface().(error)
			}
			holder.Elem().Set(results[0])
			skip(r)
			next = r + 1
			result.store(v, unsafe.Pointer(holder.Pointer()))
			return nil
		})
		skip(n)
		return err
	}
}

// frequent registers functions whose types are frequent without reflection.
func frequent(name string, f any, opts []Option) bool {
	switch f := f.(type) {
	case func(string) string:
		Scalar1(name, f, opts...)
	case func(string) bool:
		Scalar1(name, f, opts...)
	case func(string) int64:
		Scalar1(name, f, opts...)
	case func(string) float64:
		Scalar1(name, f, opts...)
	case func(int64) string:
		Scalar1(name, f, opts...)
	case func(int64) bool:
		Scalar1(name, f, opts...)
	case func(int64) int64:
		Scalar1(name, f, opts...)
	case func(int64) float64:
		Scalar1(name, f, opts...)
	case func(float64) string:
		Scalar1(name, f, opts...)
	case func(float64) bool:
		Scalar1(name, f, opts...)
	case func(float64) int64:
		Scalar1(name, f, opts...)
	case func(float64) float64:
		Scalar1(name, f, opts...)
	case func(string) (string, error):
		Scalar1Err(name, f, opts...)
	case func(string) (int64, error):
		Scalar1Err(name, f, opts...)
	case func(string) (float64, error):
		Scalar1Err(name, f, opts...)
	case func(string) (bool, error):
		Scalar1Err(name, f, opts...)
	case func(string, string) string:
		Scalar2(name, f, opts...)
	case func(string, string) bool:
		Scalar2(name, f, opts...)
	case func(string, string) int64:
		Scalar2(name, f, opts...)
	case func(string, int64) string:
		Scalar2(name, f, opts...)
	case func(int64, int64) int64:
		Scalar2(name, f, opts...)
	case func(int64, int64) bool:
		Scalar2(name, f, opts...)
	case func(float64, float64) float64:
		Scalar2(name, f, opts...)
	case func(float64, float64) bool:
		Scalar2(name, f, opts...)
	case func(float64, float64, float64) float64:
		Scalar3(name, f, opts...)
	default:
		return false
	}
	return true
}
