package expr

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
)

func init() {
	register(
		&Function{Name: "SPLIT_INDEX", Doc: "The part of a text, counted from 0, that stands between two of the separators, which may be given as a code point's number; NULL if there is none.",
			Example: "SPLIT_INDEX('a,b,c', ',', 1) => b", strict: true, Resolve: resolveSplitIndex, Compile: func(c *Call) (Kernel, error) {
				if c.Args[1].Type().IsText() {
					return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) { return splitIndex(s, a.text(1), a.int(2)) }), nil
				}
				var separator []byte
				return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) {
					r := a.int(1)
					if r <= 0 || r > utf8.MaxRune {
						return 0, 0, false
					}
					separator = utf8.AppendRune(separator[:0], rune(r))
					return splitIndex(s, separator, a.int(2))
				}), nil
			}},
		textFunction("SPLIT", "The parts of a text between the separators, or its characters if the separator is empty; of an empty text none.",
			"SPLIT('a,b', ',') => [a, b]", takes(always(column.ArrayOf(column.Str())), isText, isText), split),
	)
}

func resolveSplitIndex(args []Expr) ([]Expr, column.Type, error) {
	separator := param{"a text or a code point's number", func(t column.Type) bool { return t.IsText() || t.IsInteger() }, column.Type{}, column.Str()}
	typed, t, err := takes(maybeNull(column.Str()), isText, separator, isInt).resolve("SPLIT_INDEX")(args)
	if err == nil && typed[1].Type().IsInteger() {
		typed[1] = CastTo(typed[1], integer)
	}
	return typed, t, err
}

func splitIndex(s, separator []byte, index int) (from, to int, ok bool) {
	if len(s) == 0 || index < 0 {
		return 0, 0, false
	}
	for {
		n := -1
		if len(separator) > 0 {
			n = bytes.Index(s[from:], separator)
		}
		switch {
		case index == 0 && n < 0:
			return from, len(s), true
		case index == 0:
			return from, from + n, true
		case n < 0:
			return 0, 0, false
		}
		from += n + len(separator)
		index--
	}
}

// split lends the text's own buffers to the parts.
func split(c *Call) Kernel {
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		in, parts := args[0], out.Children[0]
		source := column.Values[column.View](in)
		base := len(parts.Buffers)
		parts.Buffers = append(parts.Buffers, in.Buffers...)
		next := 0
		err := a.each(args, n, sel, out, false, func(r int) error {
			offsets := column.Values[int32](out)
			for ; next < r; next++ {
				offsets[next+1] = int32(parts.Len)
			}
			w := &source[a.at(0)]
			s, separator := w.Bytes(in.Buffers), a.text(1)
			if len(separator) == 1 && !w.Inline() {
				b := w.Buffer()
				splitAtByte(parts, base+b, in.Buffers[b], w.Offset(), w.Offset()+w.Len(), separator[0])
				offsets[r+1] = int32(parts.Len)
				next = r + 1
				return nil
			}
			add := func(from, to int) {
				if w.Inline() {
					column.Append(parts, column.InlineView(s[from:to]))
				} else {
					b := w.Buffer()
					column.Append(parts, column.MakeView(in.Buffers[b], base+b, w.Offset()+from, to-from))
				}
			}
			for from := 0; len(s) > 0; {
				size := len(separator)
				var part int
				if size == 0 {
					if from == len(s) {
						break
					}
					part = runeLen(s[from:])
				} else if part = bytes.Index(s[from:], separator); part < 0 {
					add(from, len(s))
					break
				}
				add(from, from+part)
				from += part + size
			}
			offsets[r+1] = int32(parts.Len)
			next = r + 1
			return nil
		})
		offsets := column.Values[int32](out)
		for ; next < n; next++ {
			offsets[next+1] = int32(parts.Len)
		}
		return err
	}
}

// splitAtByte appends views of the parts of buf[from:to] between bytes sep, looking at eight bytes at a time. buf is buffer number
// index of the parts.
func splitAtByte(parts *column.Vector, index int, buf []byte, from, to int, sep byte) {
	const low, high = 0x0101010101010101, 0x8080808080808080
	parts.Reserve(parts.Len + to - from + 1)
	views, n := column.Values[column.View](parts), parts.Len
	pattern := low * uint64(sep)
	begin, at := from, from
	for ; at+8 <= to; at += 8 {
		x := binary.LittleEndian.Uint64(buf[at:]) ^ pattern
		// The lowest bit set is exact; a borrow may set wrong ones above it, so each byte is looked at again.
		for found := (x - low) &^ x & high; found != 0; found &= found - 1 {
			end := at + bits.TrailingZeros64(found)>>3
			if buf[end] == sep {
				views[n] = column.MakeView(buf, index, begin, end-begin)
				n++
				begin = end + 1
			}
		}
	}
	for ; at < to; at++ {
		if buf[at] == sep {
			views[n] = column.MakeView(buf, index, begin, at-begin)
			n++
			begin = at + 1
		}
	}
	views[n] = column.MakeView(buf, index, begin, to-begin)
	parts.Len = n + 1
}
