package function

import (
	"fmt"
	"iter"
	"reflect"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// Table1 registers a table function of one parameter, for LATERAL TABLE(name(x)): each value that the iterator yields is a row. A
// struct, but for time.Time, is a row of its exported fields, any other type a row of one column, which is called f0 unless [Columns]
// says otherwise.
func Table1[A, T any](name string, f func(A) iter.Seq[T], opts ...Option) {
	s := newSignature(name, opts, reflect.TypeFor[A]())
	w := s.rowWriter(reflect.TypeFor[T]())
	s.registerTable(w, func(c *call) expr.TableKernel {
		a := newLane[A](s.args[0], c.stand(0))
		return c.kernel(func(args []*column.Vector, n int, live []int32) func(r int, row func(p unsafe.Pointer)) {
			x := a.load(args[0], n, live)
			return func(r int, row func(p unsafe.Pointer)) {
				for v := range f(x[r]) {
					row(unsafe.Pointer(&v))
				}
			}
		})
	})
}

// Table2 registers a table function of two parameters.
func Table2[A, B, T any](name string, f func(A, B) iter.Seq[T], opts ...Option) {
	s := newSignature(name, opts, reflect.TypeFor[A](), reflect.TypeFor[B]())
	w := s.rowWriter(reflect.TypeFor[T]())
	s.registerTable(w, func(c *call) expr.TableKernel {
		a, b := newLane[A](s.args[0], c.stand(0)), newLane[B](s.args[1], c.stand(1))
		return c.kernel(func(args []*column.Vector, n int, live []int32) func(r int, row func(p unsafe.Pointer)) {
			x, y := a.load(args[0], n, live), b.load(args[1], n, live)
			return func(r int, row func(p unsafe.Pointer)) {
				for v := range f(x[r], y[r]) {
					row(unsafe.Pointer(&v))
				}
			}
		})
	})
}

// Table registers any Go function whose result is a slice, or a slice and an error, as a table function; its elements are the rows. It
// is called by reflection.
func Table(name string, f any, opts ...Option) {
	s, t, params := signatureOf(name, f, opts)
	fails := t.NumOut() == 2 && t.Out(1) == errorType
	if t.NumOut() != 1 && !fails || t.Out(0).Kind() != reflect.Slice {
		s.fail("a function with a slice as its result, or with a slice and an error, was expected, not %s", t)
	}
	w, value := s.rowWriter(t.Out(0).Elem()), reflect.ValueOf(f)
	s.registerTable(w, func(c *call) expr.TableKernel {
		in := make([]reflect.Value, len(c.types))
		return c.kernel(func(args []*column.Vector, _ int, _ []int32) func(r int, row func(p unsafe.Pointer)) {
			return func(r int, row func(p unsafe.Pointer)) {
				for i, a := range args {
					x := reflect.New(params[min(i, len(params)-1)])
					s.arg(i).read(a, r, x.UnsafePointer())
					in[i] = x.Elem()
				}
				results := value.Call(in)
				if len(results) == 2 && !results[1].IsNil() {
					panic(failure{results[1].Interface().(error)})
				}
				for k := range results[0].Len() {
					row(results[0].Index(k).Addr().UnsafePointer())
				}
			}
		})
	})
}

// failure carries an error of the function up to where its panics are caught.
type failure struct{ err error }

// rowWriter writes a Go value as a row.
type rowWriter struct{ fields []field }

func (s *signature) rowWriter(t reflect.Type) *rowWriter {
	w := &rowWriter{}
	if t.Kind() == reflect.Struct && t != timeType {
		list, err := fieldsOf(t, 0)
		s.check(err)
		w.fields = list
	} else {
		w.fields = []field{{name: "f0", codec: s.result(t)}}
	}
	if s.columns == nil {
		return w
	}
	if len(s.columns) != len(w.fields) {
		s.fail("%d columns are named, and a row of %s has %d", len(s.columns), t, len(w.fields))
	}
	for i, name := range s.columns {
		w.fields[i].name = name
	}
	return w
}

func (s *signature) registerTable(w *rowWriter, compile func(c *call) expr.TableKernel) {
	s.check(expr.RegisterUserTable(&expr.TableFunction{Name: s.name, Doc: s.doc,
		Resolve: func(args []expr.Expr) ([]expr.Expr, []column.Field, error) {
			typed, err := s.cast(args)
			return typed, columnFields(w.fields), err
		},
		New: func(types []column.Type) (expr.TableKernel, error) {
			return compile(&call{signature: s, types: types, writer: w}), nil
		}}))
}

// call is a call of a table function in one task.
type call struct {
	*signature
	types  []column.Type
	writer *rowWriter
}

// stand returns an expression of argument i's type that is no constant: all arguments are vectors.
func (c *call) stand(i int) expr.Expr { return &expr.Column{Index: i, T: c.types[i]} }

// kernel runs the function row by row. load prepares a batch and returns what calls row for each row made of row r.
func (c *call) kernel(load func(args []*column.Vector, n int, live []int32) func(r int, row func(p unsafe.Pointer))) expr.TableKernel {
	stands := make([]expr.Expr, len(c.types))
	for i := range stands {
		stands[i] = c.stand(i)
	}
	rows := newRows(c.signature, stands)
	return func(args []*column.Vector, n int, sel []int32, out []*column.Vector, from []int32) (_ []int32, err error) {
		live := rows.live(args, n, sel)
		at := int32(0)
		row := func(p unsafe.Pointer) {
			for i, f := range c.writer.fields {
				f.store(out[i], unsafe.Add(p, f.offset))
			}
			from = append(from, at)
		}
		defer func() {
			switch r := recover().(type) {
			case nil:
			case failure:
				err = c.failed(r.err)
			default:
				err = fmt.Errorf("the function %s panicked: %v", c.name, r)
			}
		}()
		make := load(args, n, live)
		each(n, live, func(r int) {
			at = int32(r)
			make(r, row)
		})
		return from, nil
	}
}
