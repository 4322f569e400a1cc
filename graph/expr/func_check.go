package expr

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
)

func init() {
	isTextOrNumber := param{"a text or number", func(t column.Type) bool { return t.IsText() || t.IsNumeric() }, column.Type{}, column.Str()}
	flag := func([]Expr) column.Type { return boolean.Required() }
	check := func(name, doc, example string, ofNumber func(t column.Type) bool, ofText func(s []byte) bool) {
		register(&Function{Name: name, Doc: doc, Example: example, Resolve: takes(flag, isTextOrNumber).resolve(name),
			Compile: func(c *Call) (Kernel, error) {
				if t := c.Args[0].Type(); !t.IsText() { // the type decides, even for NULL
					return constantFlag(ofNumber(t)), nil
				}
				a := newRowArgs(c)
				return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
					return a.each(args, n, sel, out, true, func(r int) error {
						out.Bits().Put(r, !a.null(0) && ofText(a.text(0)))
						return nil
					})
				}, nil
			}})
	}
	check("IS_ALPHA", "Whether all characters of a text are letters, and there is one.", "IS_ALPHA('abc') => TRUE",
		func(column.Type) bool { return false }, func(s []byte) bool { return allRunes(s, unicode.IsLetter) })
	check("IS_DIGIT", "Whether all characters of a text are digits, and there is one; TRUE for integers.", "IS_DIGIT('123') => TRUE",
		column.Type.IsInteger, func(s []byte) bool { return allRunes(s, unicode.IsDigit) })
	check("IS_DECIMAL", "Whether a text is a number, with a fraction and exponent or without; TRUE for integers.", "IS_DECIMAL('12.5') => TRUE",
		column.Type.IsInteger, isJavaDouble)
	uuid := volatile(textFunction("UUID", "A random universally unique identifier of RFC 4122, version 4.", "CHAR_LENGTH(UUID()) => 36",
		takes(always(column.Sized(column.Char, 36))), func(c *Call) Kernel {
			return textOf(c, func(_ *rowArgs, dst []byte) ([]byte, bool) { return appendUUID(dst), true })
		}))
	database := textFunction("CURRENT_DATABASE", "The session's current database.", "CURRENT_DATABASE() => default_database", takes(always(column.Str())), nil)
	database.compile = func(c *Call, env *environment) (Kernel, error) {
		return textOf(c, func(_ *rowArgs, dst []byte) ([]byte, bool) { return append(dst, env.database...), true }), nil
	}
	register(uuid, database, &Function{Name: "HASH_CODE", Doc: "A number of 32 bits computed from a value, the one that Java's hashCode gives.", Example: "HASH_CODE('abc') => 96354", strict: true,
		Resolve: takes(always(integer), param{"a simple value that is not binary", func(t column.Type) bool {
			return t.Layout() < column.LayoutView || t.IsText()
		}, column.Type{}, column.Of(column.Int)}).resolve("HASH_CODE"), Compile: compileHashCode})
}

func constantFlag(value bool) Kernel {
	return func(_ []*column.Vector, n int, _ []int32, out *column.Vector) error {
		out.Resize(n)
		out.Valid = nil
		out.Bits().Fill(n, value)
		return nil
	}
}

func allRunes(s []byte, is func(rune) bool) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		if !is(r) {
			return false
		}
		i += n
	}
	return len(s) > 0
}

// isJavaDouble reports whether Java's Double.parseDouble reads s: blanks around, a suffix d or f and hexadecimal numbers with an exponent
// are allowed.
func isJavaDouble(s []byte) bool {
	for len(s) > 0 && s[0] <= ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	rest := s
	if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	switch {
	case string(rest) == "NaN", string(rest) == "Infinity":
		return true
	case len(rest) == 0 || rest[0] != '.' && rest[0]-'0' > 9:
		return false
	}
	if last := rest[len(rest)-1] | 0x20; last == 'd' || last == 'f' {
		if rest = rest[:len(rest)-1]; len(rest) == 0 {
			return false
		}
	}
	for _, b := range rest {
		if b == '_' { // which Go's parser takes between digits of a hexadecimal number
			return false
		}
	}
	_, err := strconv.ParseFloat(string(rest), 64)
	return err == nil || math.IsInf(mustFloat(rest), 0)
}

// mustFloat is the number nearest to s, infinity for one too large.
func mustFloat(s []byte) float64 {
	f, _ := strconv.ParseFloat(string(s), 64)
	return f
}

func appendUUID(dst []byte) []byte {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[:8], id[:4])
	for i, at := range []int{8, 13, 18, 23} {
		text[at] = '-'
		from := 4 + 2*i
		hex.Encode(text[at+1:], id[from:min(from+2, 16)])
	}
	hex.Encode(text[24:], id[10:])
	return append(dst, text[:]...)
}

func hash64(x int64) int32 { return int32(x ^ int64(uint64(x)>>32)) }

func compileHashCode(c *Call) (Kernel, error) {
	t := c.Args[0].Type()
	switch t.Layout() {
	case column.LayoutBits:
		return fixedOf(c, func(a *rowArgs) (int32, bool) {
			if a.vecs[0].Bits().Get(a.at(0)) {
				return 1231, true
			}
			return 1237, true
		}), nil
	case column.LayoutInt8:
		return fixedOf(c, func(a *rowArgs) (int32, bool) { return int32(column.Values[int8](a.vecs[0])[a.at(0)]), true }), nil
	case column.LayoutInt16:
		return fixedOf(c, func(a *rowArgs) (int32, bool) { return int32(column.Values[int16](a.vecs[0])[a.at(0)]), true }), nil
	case column.LayoutInt32:
		return fixedOf(c, func(a *rowArgs) (int32, bool) { return int32(a.int(0)), true }), nil
	case column.LayoutInt64:
		if t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ {
			unit := t.TimeUnit()
			return fixedOf(c, func(a *rowArgs) (int32, bool) {
				ms := floorDiv(a.long(0), unit/1000)
				nanos := (a.long(0) - ms*(unit/1000)) * (1e9 / unit)
				return 31*(int32(ms)^int32(ms>>32)) + int32(nanos), true
			}), nil
		}
		return fixedOf(c, func(a *rowArgs) (int32, bool) { return hash64(a.long(0)), true }), nil
	case column.LayoutFloat:
		return fixedOf(c, func(a *rowArgs) (int32, bool) {
			return int32(math.Float32bits(column.Values[float32](a.vecs[0])[a.at(0)])), true
		}), nil
	case column.LayoutDouble:
		return fixedOf(c, func(a *rowArgs) (int32, bool) { return hash64(int64(math.Float64bits(a.double(0)))), true }), nil
	case column.LayoutInt128:
		return fixedOf(c, func(a *rowArgs) (int32, bool) {
			return decimalHash(column.Values[column.Int128](a.vecs[0])[a.at(0)], t.Scale), true
		}), nil
	}
	return fixedOf(c, func(a *rowArgs) (int32, bool) { h := textHash(a.text(0)); return max(h, -h), true }), nil
}

// decimalHash is BigDecimal's: of the unscaled value, whose magnitude counts in words of 32 bits, and the scale.
func decimalHash(d column.Int128, scale int32) int32 {
	negative := d.Hi < 0
	if negative {
		d = d.Neg()
	}
	if d.Hi == 0 && d.Lo < 1<<63 { // a small value is hashed as a long
		low, high := int32(d.Lo), int32(d.Lo>>32)
		h := 31*high + low
		if negative {
			h = -h
		}
		return 31*h + scale
	}
	var words [16]byte
	binary.BigEndian.PutUint64(words[:8], uint64(d.Hi))
	binary.BigEndian.PutUint64(words[8:], d.Lo)
	h := int32(0)
	for i := 0; i < 16; i += 4 {
		h = 31*h + int32(binary.BigEndian.Uint32(words[i:]))
	}
	if negative {
		h = -h
	}
	return 31*h + scale
}

// textHash is String's, over UTF-16 units.
func textHash(s []byte) int32 {
	h := int32(0)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		i += n
		if a, b := utf16.EncodeRune(r); a != utf8.RuneError {
			h = 31*(31*h+a) + b
		} else {
			h = 31*h + r
		}
	}
	return h
}
