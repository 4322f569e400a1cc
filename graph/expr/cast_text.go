package expr

import (
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// prepareViews makes out n rows of text, valid where in is; rows that nobody writes are empty.
func prepareViews(in, out *column.Vector, n int) []column.View {
	out.Resize(n)
	kernel.And(out, in.Valid, nil, n)
	v := column.Values[column.View](out)[:n]
	clear(v)
	return v
}

// castToText prints values as [column.AppendText] does, cut to the type's length or, for CHAR, filled up with blanks.
func castToText(from, to column.Type, env *environment) Kernel {
	fit := fitText(to)
	if from.IsText() {
		if to.Kind == column.VarChar && to.Precision >= from.Precision {
			return nil
		}
		return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
			in := args[0]
			views := prepareViews(in, out, n)
			from := column.Values[column.View](in)
			var buf []byte
			rows(n, sel, func(r int) {
				if !in.IsNull(r) {
					buf = fit(append(buf[:0], from[r].Bytes(in.Buffers)...))
					views[r] = out.Hold(buf)
				}
			})
			return nil
		}
	}
	zone := env.zone
	var buf []byte
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		in := args[0]
		views := prepareViews(in, out, n)
		switch {
		case to.Precision == column.MaxLength && from.Kind == column.BigInt:
			printIntegers(column.Values[int64](in), in.Valid, n, sel, out, views)
		case to.Precision == column.MaxLength && from.Kind == column.Int:
			printIntegers(column.Values[int32](in), in.Valid, n, sel, out, views)
		default:
			rows(n, sel, func(r int) {
				if !in.IsNull(r) {
					buf = fit(column.AppendText(buf[:0], in, r, zone))
					views[r] = out.Hold(buf)
				}
			})
		}
		return nil
	}
}

// printIntegers writes integers as text.
func printIntegers[T int32 | int64](in []T, valid column.Bitmap, n int, sel []int32, out *column.Vector, views []column.View) {
	var buf [20]byte
	rows(n, sel, func(r int) {
		if valid != nil && !valid.Get(r) {
			return
		}
		x := int64(in[r])
		u := uint64(x)
		if x < 0 {
			u = -u
		}
		i := len(buf)
		for {
			i--
			buf[i] = byte('0' + u%10)
			if u /= 10; u == 0 {
				break
			}
		}
		if x < 0 {
			i--
			buf[i] = '-'
		}
		views[r] = out.Hold(buf[i:])
	})
}

// fitText returns what makes a text one of type t.
func fitText(t column.Type) func(b []byte) []byte {
	length := int(t.Precision)
	if length == column.MaxLength {
		return func(b []byte) []byte { return b }
	}
	char := t.Kind == column.Char
	return func(b []byte) []byte {
		n, i := 0, 0
		for ; i < len(b) && n < length; n++ {
			i += runeLen(b[i:])
		}
		b = b[:i]
		for ; char && n < length; n++ {
			b = append(b, ' ')
		}
		return b
	}
}

// runeLen is the number of bytes of the first code point of b, which is not empty.
func runeLen(b []byte) int {
	if b[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRune(b)
	return n
}

// castFromText reads values as [column.ParseText] does.
func castFromText(to column.Type, try bool, env *environment) Kernel {
	zone := env.zone
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		in := args[0]
		if sel == nil {
			out.Reserve(n)
			for r := range n {
				if in.IsNull(r) {
					out.AppendNull()
				} else if err := column.ParseText(out, in.BytesAt(r), zone); err != nil {
					if !try {
						return err
					}
					out.AppendNull()
				}
			}
			return nil
		}
		// Rows between those of sel stay as they are.
		for _, r := range sel {
			out.Resize(int(r))
			if in.IsNull(int(r)) {
				out.AppendNull()
			} else if err := column.ParseText(out, in.BytesAt(int(r)), zone); err != nil {
				if !try {
					return err
				}
				out.AppendNull()
			}
		}
		out.Resize(n)
		return nil
	}
}

// castBinary converts text and binary to binary, cut to the type's length or, for BINARY, filled up with zeros.
func castBinary(from, to column.Type) Kernel {
	length := int(to.Precision)
	if to.Kind == column.VarBinary && (length == column.MaxLength || from.IsBinary() && from.Precision <= to.Precision) {
		return nil
	}
	var buf []byte
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		in := args[0]
		views := prepareViews(in, out, n)
		rows(n, sel, func(r int) {
			if in.IsNull(r) {
				return
			}
			b := in.BytesAt(r)
			buf = append(buf[:0], b[:min(len(b), length)]...)
			for to.Kind == column.Binary && len(buf) < length {
				buf = append(buf, 0)
			}
			views[r] = out.Hold(buf)
		})
		return nil
	}
}

func castFromBoolean(to column.Type) Kernel {
	scaled, _ := column.Int128Of(1).Rescale(0, int(to.Scale))
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		in := args[0]
		out.Resize(n)
		kernel.And(out, in.Valid, nil, n)
		bits := in.Bits()
		for r := range n {
			x := int64(0)
			if bits.Get(r) {
				x = 1
			}
			switch to.Layout() {
			case column.LayoutInt8:
				column.Values[int8](out)[r] = int8(x)
			case column.LayoutInt16:
				column.Values[int16](out)[r] = int16(x)
			case column.LayoutInt32:
				column.Values[int32](out)[r] = int32(x)
			case column.LayoutInt64:
				column.Values[int64](out)[r] = x
			case column.LayoutFloat:
				column.Values[float32](out)[r] = float32(x)
			case column.LayoutDouble:
				column.Values[float64](out)[r] = float64(x)
			case column.LayoutInt128:
				d := column.Int128{}
				if x != 0 {
					if d = scaled; !d.Fits(int(to.Precision)) {
						out.SetNull(r)
					}
				}
				column.Values[column.Int128](out)[r] = d
			}
		}
		return nil
	}
}

func castToBoolean(from column.Type) Kernel {
	notZero := compareBits(kernel.Ne, from, true)
	zero := column.NewVector(from, 1)
	zero.Resize(1)
	clear(zero.Data)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		kernel.And(out, args[0].Valid, nil, n)
		if n > 0 {
			notZero(args[0], zero, n, sel, out.Bits())
		}
		return nil
	}
}
