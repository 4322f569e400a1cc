package expr

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
)

// Functions that look for a part of a text, or replace one at a place.

var integer = column.Of(column.Int)

func init() {
	register(
		textFunction("INSTR", "Where the second argument begins in the first, 1 being the first code point; 0 if nowhere. The third argument is the place to start at, counted from "+
			"the end and searched backwards if negative; the fourth says which occurrence.", "INSTR('hello world', 'o', 1, 2) => 8",
			takes(always(integer), isText, isText, isInt, isInt).optional(2), compileInstr),
		textFunction("LOCATE", "Where the first argument begins in the second, at the third argument's place or behind it; 0 if nowhere.", "LOCATE('o', 'hello world', 6) => 8",
			takes(always(integer), isText, isText, isInt).optional(1), func(c *Call) Kernel {
				started := len(c.Args) > 2
				return fixedOf(c, func(a *rowArgs) (int32, bool) {
					start := 1
					if started {
						start = a.int(2)
					}
					return locate(a.text(0), a.text(1), start), true
				})
			}),
		textFunction("OVERLAY", "The first argument with the code points from the third argument's place on replaced by the second, as many as that has, or as the fourth says.",
			"OVERLAY('abcdef' PLACING 'XX' FROM 3) => abXXef", takes(overlayType, isText, isText, isInt, isInt).optional(1), compileOverlay),
		loose(textFunction("TRANSLATE", "The first argument with each character of the second replaced by the third's at the same place, or dropped where that is too short or NULL.",
			"TRANSLATE('hello', 'el', 'ip') => hippo", takes(func(args []Expr) column.Type { return nullable(column.Str(), args[:1]) }, isText, isText, isText),
			compileTranslate, "TRANSLATE3")),
	)
	functions["OVERLAY"].print = func(c *Call) string {
		s := "OVERLAY(" + c.Args[0].String() + " PLACING " + c.Args[1].String() + " FROM " + c.Args[2].String()
		if len(c.Args) > 3 {
			s += " FOR " + c.Args[3].String()
		}
		return s + ")"
	}
}

var errOccurrence = errors.New("the occurrence to look for, INSTR's fourth argument, must be 1 or more")

func compileInstr(c *Call) Kernel {
	n := len(c.Args)
	var failed error
	return failing(fixedOf(c, func(a *rowArgs) (int32, bool) {
		start, nth := 1, 1
		if n > 2 {
			start = a.int(2)
		}
		if n > 3 {
			nth = a.int(3)
		}
		if nth <= 0 {
			failed = errOccurrence
			return 0, true
		}
		return instr(a.text(0), a.text(1), start, nth), true
	}), &failed)
}

// instr finds the nth occurrence of part from a place on, backwards for a negative one. Occurrences may overlap.
func instr(s, part []byte, start, nth int) int32 {
	switch {
	case len(part) == 0:
		return 1
	case len(s) == 0 || start == 0:
		return 0
	case start > 0:
		from := advance(s, 0, start-1)
		for {
			i := bytes.Index(s[from:], part)
			if i < 0 {
				return 0
			}
			if nth--; nth == 0 {
				return int32(utf8.RuneCount(s[:from+i])) + 1
			}
			from += i + runeLen(s[from+i:])
		}
	}
	// The last place at which an occurrence may begin is that many code points before the end.
	if utf8.RuneCount(s) < -start {
		return 0
	}
	end := min(retreat(s, -start)+len(part), len(s))
	for {
		i := bytes.LastIndex(s[:end], part)
		if i < 0 {
			return 0
		}
		if nth--; nth == 0 {
			return int32(utf8.RuneCount(s[:i])) + 1
		}
		end = i + len(part) - 1
	}
}

// locate finds part in s from a place on; places before the first code point are that of it.
func locate(part, s []byte, start int) int32 {
	if len(part) == 0 {
		return 1
	}
	from := advance(s, 0, max(start, 1)-1)
	i := bytes.Index(s[from:], part)
	if i < 0 {
		return 0
	}
	return int32(utf8.RuneCount(s[:from+i])) + 1
}

func overlayType(args []Expr) column.Type {
	return nullable(column.Sized(column.VarChar, min(column.MaxLength, int(args[0].Type().Precision)+int(args[1].Type().Precision))), args)
}

func compileOverlay(c *Call) Kernel {
	sized := len(c.Args) > 3
	return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		s, by, start := a.text(0), a.text(1), a.int(2)
		length := utf8.RuneCount(by)
		if sized {
			length = a.int(3)
		}
		from := advance(s, 0, start-1)
		if start <= 0 || from == len(s) { // there is nothing to replace
			return append(dst, s...), true
		}
		dst = append(append(dst, s[:from]...), by...)
		if length < 0 { // as in Flink, the rest goes
			return dst, true
		}
		if sized && length == 0 {
			return dst, true
		}
		return append(dst, s[advance(s, from, length):]...), true
	})
}

// translation maps characters; those dropped map to nothing.
type translation struct {
	from, to string
	null     bool
	ascii    [utf8.RuneSelf]string
	mapped   [utf8.RuneSelf]bool
	others   map[rune]string
	done     bool
}

func (t *translation) set(from, to []byte, null bool) {
	if t.done && t.null == null && t.from == string(from) && t.to == string(to) {
		return
	}
	*t = translation{from: string(from), to: string(to), null: null, done: true}
	rest := t.to
	for _, r := range t.from {
		by := ""
		if len(rest) > 0 {
			_, n := utf8.DecodeRuneInString(rest)
			by, rest = rest[:n], rest[n:]
		}
		switch {
		case r < utf8.RuneSelf:
			if !t.mapped[r] { // the first mapping of a character counts
				t.mapped[r], t.ascii[r] = true, by
			}
		default:
			if t.others == nil {
				t.others = map[rune]string{}
			}
			if _, ok := t.others[r]; !ok {
				t.others[r] = by
			}
		}
	}
}

func (t *translation) apply(dst, s []byte) []byte {
	for len(s) > 0 {
		if b := s[0]; b < utf8.RuneSelf {
			if t.mapped[b] {
				dst = append(dst, t.ascii[b]...)
			} else {
				dst = append(dst, b)
			}
			s = s[1:]
			continue
		}
		r, n := utf8.DecodeRune(s)
		if by, ok := t.others[r]; ok {
			dst = append(dst, by...)
		} else {
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return dst
}

func compileTranslate(c *Call) Kernel {
	t := &translation{}
	return textRows(c, true, func(a *rowArgs, dst []byte) ([]byte, bool) {
		switch {
		case a.null(0):
			return dst, false
		case a.null(1):
			return append(dst, a.text(0)...), true
		case a.null(2):
			t.set(a.text(1), nil, true)
		default:
			t.set(a.text(1), a.text(2), false)
		}
		return t.apply(dst, a.text(0)), true
	})
}

// compileElt picks one of the arguments by number.
func resolveElt(args []Expr) ([]Expr, column.Type, error) {
	if len(args) < 2 {
		return nil, column.Type{}, fmt.Errorf("ELT takes an index and at least one value, not %s", count(len(args)))
	}
	if t := args[0].Type(); !t.IsInteger() && t.Kind != column.Null {
		return nil, t, fmt.Errorf("ELT takes an integer as its index, not %s", t.Optional())
	}
	if n, ok := constInt(args[0]); ok && n < 0 {
		return nil, column.Type{}, fmt.Errorf("ELT takes an index from 1 on, not %d", n)
	}
	t, ok := LeastRestrictive(typesOf(args[1:])...)
	if !ok || !t.IsText() && !t.IsBinary() {
		return nil, t, fmt.Errorf("ELT takes texts or binary values to choose from, not (%s)", argTypes(args[1:]))
	}
	typed := []Expr{CastTo(args[0], integer)}
	for _, a := range args[1:] { // a shorter value is one of the longer type as it is
		if IsNull(a) {
			a = NullOf(t)
		}
		typed = append(typed, a)
	}
	return typed, t.Optional(), nil
}

func compileElt(c *Call) (Kernel, error) {
	n := len(c.Args)
	return textRows(c, true, func(a *rowArgs, dst []byte) ([]byte, bool) {
		if a.null(0) {
			return dst, false
		}
		i := a.int(0)
		if i < 1 || i >= n || a.null(i) {
			return dst, false
		}
		return append(dst, a.text(i)...), true
	}), nil
}

func init() {
	register(&Function{Name: "ELT", Doc: "The argument that the first one numbers, 1 being the one behind it; NULL if there is none.", Example: "ELT(2, 'a', 'b') => b",
		Resolve: resolveElt, Compile: compileElt})
}
