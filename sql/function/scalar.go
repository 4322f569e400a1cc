package function

import (
	"reflect"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// register adds a scalar function to SQL.
func (s *signature) register(result *codec, compile func(c *expr.Call) expr.Kernel) {
	s.check(expr.RegisterUser(&expr.Function{Name: s.name, Doc: s.doc, Volatile: s.volatile, Pure: s.strict(),
		Resolve: func(args []expr.Expr) ([]expr.Expr, column.Type, error) {
			typed, err := s.cast(args)
			if err != nil {
				return nil, column.Type{}, err
			}
			t := result.t
			t.NotNull = t.NotNull && !s.nullable(typed)
			return typed, t, nil
		},
		Compile: func(c *expr.Call) (expr.Kernel, error) { return compile(c), nil }}))
}

// Scalar1 registers a scalar function of one parameter. Like all of its kind it panics if a type has no SQL type or the name is taken.
func Scalar1[A, R any](name string, f func(A) R, opts ...Option) {
	s := newSignature(name, opts, reflect.TypeFor[A]())
	result := s.result(reflect.TypeFor[R]())
	s.register(result, func(c *expr.Call) expr.Kernel {
		a, out, rows := newLane[A](s.args[0], c.Args[0]), newResults[R](result), newRows(s, c.Args)
		return func(args []*column.Vector, n int, sel []int32, v *column.Vector) (err error) {
			live := rows.live(args, n, sel)
			x, z := a.load(args[0], n, live), out.begin(v, n)
			defer s.recovered(&err)
			if live == nil && a.step == 1 {
				for r := range z {
					z[r] = f(x[r])
				}
			} else {
				each(n, live, func(r int) { z[r] = f(x[r*a.step]) })
			}
			out.end(v, n, live)
			return nil
		}
	})
}

// Scalar1Err registers a scalar function of one parameter that can fail.
func Scalar1Err[A, R any](name string, f func(A) (R, error), opts ...Option) {
	s := newSignature(name, opts, reflect.TypeFor[A]())
	result := s.result(reflect.TypeFor[R]())
	s.register(result, func(c *expr.Call) expr.Kernel {
		a, out, rows := newLane[A](s.args[0], c.Args[0]), newResults[R](result), newRows(s, c.Args)
		return func(args []*column.Vector, n int, sel []int32, v *column.Vector) error {
			live := rows.live(args, n, sel)
			x, z := a.load(args[0], n, live), out.begin(v, n)
			err := s.tryEach(n, live, func(r int) (err error) {
				z[r], err = f(x[r*a.step])
				return err
			})
			if err == nil {
				out.end(v, n, live)
			}
			return err
		}
	})
}

// tryEach calls f for rows until it fails or panics.
func (s *signature) tryEach(n int, live []int32, f func(r int) error) (err error) {
	defer s.recovered(&err)
	if live == nil {
		for r := range n {
			if err := f(r); err != nil {
				return s.failed(err)
			}
		}
		return nil
	}
	for _, r := range live {
		if err := f(int(r)); err != nil {
			return s.failed(err)
		}
	}
	return nil
}

// Scalar2 registers a scalar function of two parameters.
func Scalar2[A, B, R any](name string, f func(A, B) R, opts ...Option) {
	s := newSignature(name, opts, reflect.TypeFor[A](), reflect.TypeFor[B]())
	result := s.result(reflect.TypeFor[R]())
	s.register(result, func(c *expr.Call) expr.Kernel {
		a, b, out, rows := newLane[A](s.args[0], c.Args[0]), newLane[B](s.args[1], c.Args[1]), newResults[R](result), newRows(s, c.Args)
		return func(args []*column.Vector, n int, sel []int32, v *column.Vector) (err error) {
			live := rows.live(args, n, sel)
			x, y, z := a.load(args[0], n, live), b.load(args[1], n, live), out.begin(v, n)
			defer s.recovered(&err)
			if live == nil {
				for r := range z {
					z[r] = f(x[r*a.step], y[r*b.step])
				}
			} else {
				for _, r := range live {
					z[r] = f(x[int(r)*a.step], y[int(r)*b.step])
				}
			}
			out.end(v, n, live)
			return nil
		}
	})
}

// Scalar2Err registers a scalar function of two parameters that can fail.
func Scalar2Err[A, B, R any](name string, f func(A, B) (R, error), opts ...Option) {
	s := newSignature(name, opts, reflect.TypeFor[A](), reflect.TypeFor[B]())
	result := s.result(reflect.TypeFor[R]())
	s.register(result, func(c *expr.Call) expr.Kernel {
		a, b, out, rows := newLane[A](s.args[0], c.Args[0]), newLane[B](s.args[1], c.Args[1]), newResults[R](result), newRows(s, c.Args)
		return func(args []*column.Vector, n int, sel []int32, v *column.Vector) error {
			live := rows.live(args, n, sel)
			x, y, z := a.load(args[0], n, live), b.load(args[1], n, live), out.begin(v, n)
			err := s.tryEach(n, live, func(r int) (err error) {
				z[r], err = f(x[r*a.step], y[r*b.step])
				return err
			})
			if err == nil {
				out.end(v, n, live)
			}
			return err
		}
	})
}

// Scalar3 registers a scalar function of three parameters.
func Scalar3[A, B, C, R any](name string, f func(A, B, C) R, opts ...Option) {
	s := newSignature(name, opts, reflect.TypeFor[A](), reflect.TypeFor[B](), reflect.TypeFor[C]())
	result := s.result(reflect.TypeFor[R]())
	s.register(result, func(call *expr.Call) expr.Kernel {
		a, b, c := newLane[A](s.args[0], call.Args[0]), newLane[B](s.args[1], call.Args[1]), newLane[C](s.args[2], call.Args[2])
		out, rows := newResults[R](result), newRows(s, call.Args)
		return func(args []*column.Vector, n int, sel []int32, v *column.Vector) (err error) {
			live := rows.live(args, n, sel)
			x, y, w, z := a.load(args[0], n, live), b.load(args[1], n, live), c.load(args[2], n, live), out.begin(v, n)
			defer s.recovered(&err)
			if live == nil {
				for r := range z {
					z[r] = f(x[r*a.step], y[r*b.step], w[r*c.step])
				}
			} else {
				for _, r := range live {
					z[r] = f(x[int(r)*a.step], y[int(r)*b.step], w[int(r)*c.step])
				}
			}
			out.end(v, n, live)
			return nil
		}
	})
}
