package expr

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// rowArgs reads the arguments of a call row by row. It is for functions whose work on one value far exceeds a call.
type rowArgs struct {
	vecs     []*column.Vector
	constant []bool
	row      int
	out      *column.Vector
}

func newRowArgs(c *Call) *rowArgs {
	a := &rowArgs{constant: make([]bool, len(c.Args))}
	for i, e := range c.Args {
		a.constant[i] = isLiteral(e)
	}
	return a
}

func (a *rowArgs) at(i int) int {
	if a.constant[i] {
		return 0
	}
	return a.row
}

func (a *rowArgs) null(i int) bool   { return a.vecs[i].IsNull(a.at(i)) }
func (a *rowArgs) text(i int) []byte { return a.vecs[i].BytesAt(a.at(i)) }
func (a *rowArgs) int(i int) int     { return int(column.Values[int32](a.vecs[i])[a.at(i)]) }
func (a *rowArgs) long(i int) int64  { return column.Values[int64](a.vecs[i])[a.at(i)] }
func (a *rowArgs) double(i int) float64 {
	return column.Values[float64](a.vecs[i])[a.at(i)]
}

// each calls f for the rows of sel in which no argument is null, with a.row set, and makes the others null; with loose, f
// sees all rows.
func (a *rowArgs) each(args []*column.Vector, n int, sel []int32, out *column.Vector, loose bool, f func(r int) error) error {
	a.vecs, a.out = args, out
	out.Resize(n)
	out.Valid = nil
	if !loose {
		for i, v := range args {
			switch {
			case a.constant[i] && v.IsNull(0):
				allNull(out, n)
				return nil
			case !a.constant[i]:
				kernel.And(out, out.Valid, v.Valid, n)
			}
		}
	}
	valid := out.Valid
	if sel == nil {
		for r := range n {
			if valid == nil || valid.Get(r) {
				a.row = r
				if err := f(r); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, r := range sel {
		if valid == nil || valid.Get(int(r)) {
			a.row = int(r)
			if err := f(int(r)); err != nil {
				return err
			}
		}
	}
	return nil
}

// textOf makes a kernel of a function that appends its result to dst and returns that; ok is false for NULL.
func textOf(c *Call, f func(a *rowArgs, dst []byte) (text []byte, ok bool)) Kernel {
	return textRows(c, false, f)
}

func textRows(c *Call, loose bool, f func(a *rowArgs, dst []byte) (text []byte, ok bool)) Kernel {
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		return a.each(args, n, sel, out, loose, func(r int) error {
			text, ok := f(a, out.Tail())
			if views[r] = out.HoldTail(text); !ok {
				out.SetNull(r)
			}
			return nil
		})
	}
}

// sliceOf makes a kernel of a function whose result is a part of its first argument: s[from:to]; ok is false for NULL. Long
// values stay where they are.
func sliceOf(c *Call, f func(a *rowArgs, s []byte) (from, to int, ok bool)) Kernel {
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		in := args[0]
		base := len(out.Buffers)
		out.Buffers = append(out.Buffers, in.Buffers...)
		source := column.Values[column.View](in)
		return a.each(args, n, sel, out, false, func(r int) error {
			w := &source[a.at(0)]
			s := w.Bytes(in.Buffers)
			from, to, ok := f(a, s)
			switch {
			case !ok:
				out.SetNull(r)
			case w.Inline():
				views[r] = column.InlineView(s[from:to])
			default:
				b := w.Buffer()
				views[r] = column.MakeView(in.Buffers[b], base+b, w.Offset()+from, to-from)
			}
			return nil
		})
	}
}

// fixedOf makes a kernel of a function with a fixed-width result; ok is false for NULL.
func fixedOf[T column.Fixed](c *Call, f func(a *rowArgs) (value T, ok bool)) Kernel {
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		values := column.Values[T](out)[:n]
		return a.each(args, n, sel, out, false, func(r int) error {
			var ok bool
			if values[r], ok = f(a); !ok {
				out.SetNull(r)
			}
			return nil
		})
	}
}

// flagOf makes a kernel of a predicate; ok is false for NULL.
func flagOf(c *Call, f func(a *rowArgs) (value, ok bool)) Kernel {
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		return a.each(args, n, sel, out, false, func(r int) error {
			value, ok := f(a)
			out.Bits().Put(r, value)
			if !ok {
				out.SetNull(r)
			}
			return nil
		})
	}
}

// constText returns a literal text argument.
func constText(e Expr) (string, bool) {
	if r, ok := e.(*repeated); ok {
		e = r.Literal
	}
	l, ok := e.(*Literal)
	if !ok {
		return "", false
	}
	s, ok := l.Value.(string)
	return s, ok
}

// constInt returns a literal integer argument.
func constInt(e Expr) (int64, bool) {
	l, ok := e.(*Literal)
	if !ok {
		return 0, false
	}
	n, ok := l.Value.(int64)
	return n, ok
}
