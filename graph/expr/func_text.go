package expr

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/millstream/millstream/column"
)

func init() {
	register(
		textFunction("UPPER", "The text in upper case.", "UPPER('abc') => ABC", takes(likeFirst, isText),
			func(c *Call) Kernel { return changeCase(c, 'a', 'z', cases.Upper(language.Und)) }),
		textFunction("LOWER", "The text in lower case.", "LOWER('ABC') => abc", takes(likeFirst, isText),
			func(c *Call) Kernel { return changeCase(c, 'A', 'Z', cases.Lower(language.Und)) }),
		textFunction("INITCAP", "The text with the first letter of each word of ASCII letters and digits in upper case, the rest in lower case.",
			"INITCAP('hello wORLD') => Hello World", takes(likeFirst, isText),
			func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return initCap(dst, a.text(0)), true })
			}),
		textFunction("CHAR_LENGTH", "The number of code points of the text.", "CHAR_LENGTH('日本') => 2", takes(always(column.Of(column.Int)), isText),
			func(*Call) Kernel { return charLength }, "CHARACTER_LENGTH"),
		textFunction("SUBSTRING", "The part of a text from a position on, 1 being the first code point and -1 the last, at most as long as the third argument.",
			"SUBSTRING('abcdef', 2, 3) => bcd", takes(varying, isText, isInt, isInt).optional(1),
			func(c *Call) Kernel {
				limited := len(c.Args) == 3
				return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) {
					length := int(^uint32(0) >> 1)
					if limited {
						length = a.int(2)
					}
					return substring(s, a.int(1), length)
				})
			}, "SUBSTR"),
		textFunction("LEFT", "The first code points of a text.", "LEFT('abcdef', 2) => ab", takes(varying, isText, isInt),
			func(c *Call) Kernel {
				return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) { return 0, advance(s, 0, a.int(1)), true })
			}),
		textFunction("RIGHT", "The last code points of a text.", "RIGHT('abcdef', 2) => ef", takes(varying, isText, isInt),
			func(c *Call) Kernel {
				return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) {
					n := a.int(1)
					if n <= 0 {
						return len(s), len(s), true
					}
					return retreat(s, n), len(s), true
				})
			}),
		textFunction("CONCAT", "The texts behind one another; NULL if one of them is.", "CONCAT('a', 'b') => ab", takes(always(column.Str()), isText).repeated(), concat),
		concatenation,
		loose(textFunction("CONCAT_WS", "The texts that are not NULL, with the first argument between them; NULL if that is NULL.",
			"CONCAT_WS(',', 'a', 'b') => a,b", takes(always(column.Str()), isText, isText).optional(1).repeated(), concatWith)),
		textFunction("REPLACE", "The text with every occurrence of the second argument replaced by the third.", "REPLACE('a.b', '.', '-') => a-b",
			takes(always(column.Str()), isText, isText, isText), func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					return replaceAll(dst, a.text(0), a.text(1), a.text(2)), true
				})
			}),
		textFunction("POSITION", "Where the first argument begins in the second, 1 being the first code point; 0 if nowhere.", "POSITION('b' IN 'abc') => 2",
			takes(always(column.Of(column.Int)), isText, isText), func(c *Call) Kernel {
				return fixedOf(c, func(a *rowArgs) (int32, bool) { return position(a.text(1), a.text(0)), true })
			}),
		textFunction("LPAD", "The text, filled up on the left by repetitions of the third argument to a length, or cut to it; NULL for a negative length or an empty filling.",
			"LPAD('hi', 4, '??') => ??hi", takes(always(column.Str()), isText, isInt, isText), func(c *Call) Kernel { return padding(c, true) }),
		textFunction("RPAD", "The text, filled up on the right by repetitions of the third argument to a length, or cut to it.", "RPAD('hi', 4, '?') => hi??",
			takes(always(column.Str()), isText, isInt, isText), func(c *Call) Kernel { return padding(c, false) }),
		textFunction("REVERSE", "The code points of the text in reverse order.", "REVERSE('abc') => cba", takes(maybeNull(column.Str()), isText),
			func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					for s := a.text(0); len(s) > 0; {
						_, n := utf8.DecodeLastRune(s)
						dst = append(dst, s[len(s)-n:]...)
						s = s[:len(s)-n]
					}
					return dst, true
				})
			}),
		textFunction("REPEAT", "The text a number of times.", "REPEAT('ab', 2) => abab", takes(always(column.Str()), isText, isInt),
			func(c *Call) Kernel {
				var failed error
				return failing(textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					if err := checkLength(len(a.text(0)), a.int(1)); err != nil {
						failed = err
						return dst, false
					}
					for range a.int(1) {
						dst = append(dst, a.text(0)...)
					}
					return dst, true
				}), &failed)
			}),
		alike(textFunction("STARTSWITH", "Whether the first argument begins with the second.", "STARTSWITH('hello', 'he') => TRUE",
			takes(always(boolean), isBytes, isBytes), func(c *Call) Kernel {
				return flagOf(c, func(a *rowArgs) (bool, bool) { return bytes.HasPrefix(a.text(0), a.text(1)), true })
			})),
		alike(textFunction("ENDSWITH", "Whether the first argument ends with the second.", "ENDSWITH('hello', 'lo') => TRUE",
			takes(always(boolean), isBytes, isBytes), func(c *Call) Kernel {
				return flagOf(c, func(a *rowArgs) (bool, bool) { return bytes.HasSuffix(a.text(0), a.text(1)), true })
			})),
		trimming("TRIM", "The text without the second argument's characters (blanks) at both ends, or where the third argument says: 'BOTH', 'LEADING' or 'TRAILING'.",
			"TRIM('  abc ') => abc", takes(varyingLikeFirst, isText, isText, isText).optional(2), "BOTH"),
		trimming("LTRIM", "The text without the second argument's characters (blanks) at its start.", "LTRIM('xxabc', 'x') => abc",
			takes(varyingLikeFirst, isText, isText).optional(1), "LEADING"),
		trimming("RTRIM", "The text without the second argument's characters (blanks) at its end.", "RTRIM('abcxx', 'x') => abc",
			takes(varyingLikeFirst, isText, isText).optional(1), "TRAILING"),
		trimming("BTRIM", "The text without the second argument's characters (blanks) at both ends.", "BTRIM('xabcx', 'x') => abc",
			takes(always(column.Str()), isText, isText).optional(1), "BOTH"),
	)
}

// concatenation is ||. A chain of it is compiled as one call with many arguments.
var concatenation = infix(textFunction("||", "The texts behind one another; NULL if one of them is.", "'a' || 'b' => ab", takes(concatType, isText, isText), concat))

// textFunction is a strict function of a signature.
func textFunction(name, doc, example string, s signature, compile func(c *Call) Kernel, aliases ...string) *Function {
	return &Function{Name: name, Aliases: aliases, Doc: doc, Example: example, strict: true, Resolve: s.resolve(name),
		Compile: func(c *Call) (Kernel, error) { return compile(c), nil }}
}

func infix(f *Function) *Function { f.Infix = f.Name; return f }

// loose marks a function that is not NULL for every NULL argument.
func loose(f *Function) *Function { f.strict = false; return f }

// alike makes a function take texts alone or binary values alone.
func alike(f *Function) *Function {
	resolve := f.Resolve
	f.Resolve = func(args []Expr) ([]Expr, column.Type, error) {
		typed, t, err := resolve(args)
		if err == nil && typed[0].Type().IsText() != typed[1].Type().IsText() && !IsNull(args[0]) && !IsNull(args[1]) {
			err = fmt.Errorf("%s takes two texts or two binary values, not (%s)", f.Name, argTypes(args))
		}
		return typed, t, err
	}
	return f
}

// varying is VARCHAR of the first argument's length, and may be NULL for any arguments.
func varying(args []Expr) column.Type {
	return column.Sized(column.VarChar, int(args[0].Type().Precision))
}

// varyingLikeFirst is VARCHAR of the first argument's length.
func varyingLikeFirst(args []Expr) column.Type { return nullable(varying(args), args) }

func concatType(args []Expr) column.Type {
	a, b := args[0].Type(), args[1].Type()
	kind := column.VarChar
	if a.Kind == column.Char && b.Kind == column.Char {
		kind = column.Char
	}
	return nullable(column.Sized(kind, min(column.MaxLength, int(a.Precision)+int(b.Precision))), args)
}

// changeCase maps the ASCII letters from low to high eight at a time, and other texts by the Unicode tables, which may make them
// longer: CHAR then cuts them.
func changeCase(c *Call, low, high byte, tables cases.Caser) Kernel {
	fit := fitText(column.Sized(column.VarChar, int(c.T.Precision)))
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		in := args[0]
		views := prepareViews(in, out, n)
		source := column.Values[column.View](in)
		rows(n, sel, func(r int) {
			w := &source[r]
			if in.Valid != nil && !in.Valid.Get(r) {
				return
			}
			if w.Inline() && (w.Lo>>32|w.Hi)&high8 == 0 {
				views[r] = column.View{Lo: w.Lo ^ caseBits(w.Lo>>32, low, high)<<32, Hi: w.Hi ^ caseBits(w.Hi, low, high)}
				return
			}
			s := w.Bytes(in.Buffers)
			text, ascii := appendCase(out.Tail(), s, low, high)
			if !ascii {
				text = fit(append(text[:0], tables.Bytes(s)...))
			}
			views[r] = out.HoldTail(text)
		})
		return nil
	}
}

const (
	low8  = 0x0101010101010101
	high8 = 0x8080808080808080
)

// caseBits returns the bits that change the case of the letters from low to high among eight ASCII bytes.
func caseBits(w uint64, low, high byte) uint64 {
	// Adding carries into the top bit of bytes that are at least low, and of those that are greater than high.
	least, beyond := w+low8*uint64(0x80-low), w+low8*uint64(0x7f-high)
	return (least &^ beyond & high8) >> 2
}

// appendCase appends s with its case changed; it reports false if s is not ASCII.
func appendCase(dst, s []byte, low, high byte) ([]byte, bool) {
	for ; len(s) >= 8; s = s[8:] {
		w := binary.LittleEndian.Uint64(s)
		if w&high8 != 0 {
			return dst, false
		}
		dst = binary.LittleEndian.AppendUint64(dst, w^caseBits(w, low, high))
	}
	for _, b := range s {
		if b >= utf8.RuneSelf {
			return dst, false
		}
		if b >= low && b <= high {
			b ^= 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst, true
}

func initCap(dst, s []byte) []byte {
	inside := false
	for _, b := range s {
		switch {
		case b-'a' < 26 && !inside, b-'A' < 26 && inside:
			b ^= 'a' - 'A'
		}
		dst = append(dst, b)
		inside = b|0x20-'a' < 26 || b-'0' < 10
	}
	return dst
}

// advance returns the offset n code points behind offset i of s.
func advance(s []byte, i, n int) int {
	for ; n > 0 && i < len(s); n-- {
		i += runeLen(s[i:])
	}
	return i
}

// retreat returns the offset n code points before the end of s; 0 if it has fewer.
func retreat(s []byte, n int) int {
	for ; n > 0 && len(s) > 0; n-- {
		_, size := utf8.DecodeLastRune(s)
		s = s[:len(s)-size]
	}
	return len(s)
}

func substring(s []byte, pos, length int) (from, to int, ok bool) {
	if length < 0 {
		return 0, 0, false
	}
	switch {
	case pos > 0:
		from = advance(s, 0, pos-1)
	case pos < 0:
		if -pos > utf8.RuneCount(s) {
			return 0, 0, true
		}
		from = retreat(s, -pos)
	}
	return from, advance(s, from, length), true
}

func concat(c *Call) Kernel {
	n := len(c.Args)
	return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		for i := range n {
			dst = append(dst, a.text(i)...)
		}
		return dst, true
	})
}

func concatWith(c *Call) Kernel {
	n := len(c.Args)
	return textRows(c, true, func(a *rowArgs, dst []byte) ([]byte, bool) {
		if a.null(0) {
			return dst, false
		}
		first := true
		for i := 1; i < n; i++ {
			if a.null(i) {
				continue
			}
			if !first {
				dst = append(dst, a.text(0)...)
			}
			dst, first = append(dst, a.text(i)...), false
		}
		return dst, true
	})
}

func replaceAll(dst, s, old, by []byte) []byte {
	if len(old) == 0 { // between all code points and at both ends
		for len(s) > 0 {
			n := runeLen(s)
			dst = append(append(dst, by...), s[:n]...)
			s = s[n:]
		}
		return append(dst, by...)
	}
	if len(old) == 1 && len(by) <= 1 {
		return replaceByte(dst, s, old[0], by)
	}
	for {
		i := bytes.Index(s, old)
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(append(dst, s[:i]...), by...)
		s = s[i+len(old):]
	}
}

func position(s, part []byte) int32 {
	i := bytes.Index(s, part)
	if i < 0 {
		return 0
	}
	return int32(utf8.RuneCount(s[:i])) + 1
}

// longestText is the greatest length, in bytes, of a text that is made by repetition.
const longestText = 1 << 28

func checkLength(size, times int) error {
	if times > 0 && size > longestText/times {
		return fmt.Errorf("the result would have more than %d bytes", longestText)
	}
	return nil
}

func padding(c *Call, left bool) Kernel {
	var failed error
	return failing(textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		if err := checkLength(utf8.UTFMax, a.int(1)); err != nil {
			failed = err
			return dst, false
		}
		return pad(dst, a.text(0), a.text(2), a.int(1), left)
	}), &failed)
}

func pad(dst, s, filling []byte, length int, left bool) ([]byte, bool) {
	if length < 0 || len(filling) == 0 {
		return dst, false
	}
	missing := length - utf8.RuneCount(s)
	if missing <= 0 {
		return append(dst, s[:advance(s, 0, length)]...), true
	}
	if !left {
		dst = append(dst, s...)
	}
	for rest := filling; missing > 0; missing-- {
		if len(rest) == 0 {
			rest = filling
		}
		n := runeLen(rest)
		dst, rest = append(dst, rest[:n]...), rest[n:]
	}
	if left {
		dst = append(dst, s...)
	}
	return dst, true
}

// trimming is a function that drops characters where side says.
func trimming(name, doc, example string, s signature, side string) *Function {
	return textFunction(name, doc, example, s, func(c *Call) Kernel {
		side := side
		if len(c.Args) > 2 {
			side, _ = constText(c.Args[2])
		}
		left, right := side != "TRAILING", side != "LEADING"
		given := len(c.Args) > 1
		blank := []byte(" ")
		return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) {
			set := blank
			if given {
				set = a.text(1)
			}
			from, to := 0, len(s)
			for left && from < to {
				n := runeLen(s[from:])
				if !bytes.Contains(set, s[from:from+n]) {
					break
				}
				from += n
			}
			for right && from < to {
				_, n := utf8.DecodeLastRune(s[from:to])
				if !bytes.Contains(set, s[to-n:to]) {
					break
				}
				to -= n
			}
			return from, to, true
		})
	})
}
