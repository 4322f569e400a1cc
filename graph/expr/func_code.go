package expr

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/millstream/millstream/column"
)

// Functions between texts, bytes and numbers of them.

var isBinaryValue = param{"a binary value", column.Type.IsBinary, column.Type{}, column.Bytes()}

func init() {
	register(
		textFunction("ASCII", "The first byte of the text in UTF-8, as a signed number; 0 for an empty text.", "ASCII('abc') => 97", takes(always(integer), isText), func(c *Call) Kernel {
			return fixedOf(c, func(a *rowArgs) (int32, bool) {
				s := a.text(0)
				if len(s) == 0 {
					return 0, true
				}
				return int32(int8(s[0])), true
			})
		}),
		textFunction("CHR", "The character of a number, of which the last eight bits count; none for a negative one.", "CHR(65) => A", takes(maybeNull(column.Str()), isLong), func(c *Call) Kernel {
			return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
				if n := a.long(0); n >= 0 {
					dst = utf8.AppendRune(dst, rune(n&0xff))
				}
				return dst, true
			})
		}),
		textFunction("TO_BASE64", "The bytes of a text or binary value in base 64.", "TO_BASE64('abc') => YWJj", takes(always(column.Str()), isBytes), func(c *Call) Kernel {
			return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
				return base64.StdEncoding.AppendEncode(dst, a.text(0)), true
			})
		}),
		textFunction("FROM_BASE64", "The text that is written in base 64; it fails for anything else.", "FROM_BASE64('YWJj') => abc", takes(always(column.Str()), isBytes), func(c *Call) Kernel {
			var failed error
			return failing(textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
				out, err := fromBase64(dst, a.text(0))
				if err != nil {
					failed = err
				}
				return out, true
			}), &failed)
		}),
		textFunction("ENCODE", "The bytes of a text in a character set, such as 'UTF-8', 'UTF-16LE' or 'ISO-8859-1'; what it cannot write becomes a question mark.",
			"ENCODE('é', 'ISO-8859-1') = X'e9' => TRUE", takes(always(column.Bytes()), isText, isText), func(c *Call) Kernel {
				return charsetKernel(c, func(s *charset, dst, text []byte) []byte { return s.encode(dst, text) })
			}),
		textFunction("DECODE", "The text that bytes write in a character set; malformed ones become U+FFFD.", "DECODE(X'e9', 'ISO-8859-1') => é",
			takes(always(column.Str()), isBinaryValue, isText), func(c *Call) Kernel {
				return charsetKernel(c, func(s *charset, dst, data []byte) []byte { return s.decode(dst, data) })
			}),
		textFunction("UNHEX", "The bytes that hexadecimal digits write; NULL for other characters. With an odd number of digits a zero byte takes the place of the first one, as in Flink.",
			"UNHEX('6162') = X'6162' => TRUE", takes(maybeNull(column.Bytes()), isText), func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					s := a.text(0)
					if len(s)%2 == 1 {
						if _, ok := hexDigit(s[0]); !ok {
							return dst, false
						}
						dst, s = append(dst, 0), s[1:]
					}
					out, err := hex.AppendDecode(dst, s)
					return out, err == nil
				})
			}),
		&Function{Name: "HEX", Doc: "A number of 64 bits, or the bytes of a text, in hexadecimal digits.", Example: "HEX('ab') => 6162", strict: true,
			Resolve: func(args []Expr) ([]Expr, column.Type, error) {
				if len(args) == 1 && args[0].Type().IsInteger() {
					return takes(always(column.Str()), isLong).resolve("HEX")(args)
				}
				return takes(always(column.Str()), param{"an integer or a text", column.Type.IsText, column.Type{}, column.Str()}).resolve("HEX")(args)
			},
			Compile: func(c *Call) (Kernel, error) {
				if c.Args[0].Type().IsText() {
					return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return appendUpperHex(dst, a.text(0)), true }), nil
				}
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					from := len(dst)
					dst = strconv.AppendUint(dst, uint64(a.long(0)), 16)
					return upperASCII(dst, from), true
				}), nil
			}},
		textFunction("BIN", "A number of 64 bits in binary digits.", "BIN(4) => 100", takes(always(column.Str()), isLong), func(c *Call) Kernel {
			return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
				return strconv.AppendUint(dst, uint64(a.long(0)), 2), true
			})
		}),
	)
}

// upperASCII makes the letters behind from upper case.
func upperASCII(b []byte, from int) []byte {
	for i := from; i < len(b); i++ {
		if b[i]-'a' < 26 {
			b[i] -= 'a' - 'A'
		}
	}
	return b
}

func appendUpperHex(dst, data []byte) []byte {
	from := len(dst)
	return upperASCII(hex.AppendEncode(dst, data), from)
}

// fromBase64 decodes with or without the padding at the end.
func fromBase64(dst, s []byte) ([]byte, error) {
	for _, b := range s {
		if b == '\n' || b == '\r' { // which Go's decoder would skip
			return dst, fmt.Errorf("the text is not in base 64: it has a line end")
		}
	}
	enc := base64.RawStdEncoding
	if len(s) > 0 && s[len(s)-1] == '=' {
		enc = base64.StdEncoding
	}
	out, err := enc.AppendDecode(dst, s)
	if err != nil {
		return dst, fmt.Errorf("the text is not in base 64: %w", err)
	}
	return out, nil
}

// charset writes and reads texts in a character set.
type charset struct {
	name   string
	encode func(dst, text []byte) []byte
	decode func(dst, data []byte) []byte
}

// charsetKernel runs f with the character set that the second argument names.
func charsetKernel(c *Call, f func(s *charset, dst, in []byte) []byte) Kernel {
	var set *charset
	var failed error
	return failing(textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		if name := a.text(1); set == nil || set.name != string(name) {
			var err error
			if set, err = newCharset(string(name)); err != nil {
				failed = err
				return dst, true
			}
		}
		return f(set, dst, a.text(0)), true
	}), &failed)
}

func newCharset(name string) (*charset, error) {
	s := &charset{name: name}
	switch strings.ToUpper(name) {
	case "UTF-8", "UTF8":
		s.encode = func(dst, text []byte) []byte { return append(dst, text...) }
		s.decode = decodeUTF8
	case "US-ASCII", "ASCII", "ISO646-US":
		s.encode = func(dst, text []byte) []byte { return encodeNarrow(dst, text, utf8.RuneSelf) }
		s.decode = func(dst, data []byte) []byte {
			for _, b := range data {
				if b >= utf8.RuneSelf {
					dst = utf8.AppendRune(dst, utf8.RuneError)
				} else {
					dst = append(dst, b)
				}
			}
			return dst
		}
	case "ISO-8859-1", "LATIN1", "ISO8859_1", "ISO8859-1", "ISO_8859-1", "L1":
		s.encode = func(dst, text []byte) []byte { return encodeNarrow(dst, text, 0x100) }
		s.decode = func(dst, data []byte) []byte {
			for _, b := range data {
				dst = utf8.AppendRune(dst, rune(b))
			}
			return dst
		}
	default:
		if w, ok := wideCharsets[strings.ToUpper(name)]; ok {
			s.encode, s.decode = w.encode, w.decode
			return s, nil
		}
		e, err := ianaindex.IANA.Encoding(strings.TrimPrefix(strings.ToLower(name), "x-"))
		if err != nil || e == nil {
			return nil, fmt.Errorf("there is no character set '%s'; among those known are UTF-8, UTF-16, UTF-16BE, UTF-16LE, UTF-32, US-ASCII, ISO-8859-1, windows-1252, GBK, Big5, Shift_JIS and EUC-JP", name)
		}
		s.encode = func(dst, text []byte) []byte { return encodeBy(dst, text, e.NewEncoder()) }
		s.decode = func(dst, data []byte) []byte {
			text, err := e.NewDecoder().Bytes(data)
			if err != nil { // decoders replace what is malformed
				return utf8.AppendRune(dst, utf8.RuneError)
			}
			return append(dst, text...)
		}
	}
	return s, nil
}

// encodeNarrow writes code points below limit as one byte.
func encodeNarrow(dst, text []byte, limit rune) []byte {
	for _, r := range string(text) {
		if r >= limit {
			r = '?'
		}
		dst = append(dst, byte(r))
	}
	return dst
}

// encodeBy writes a text character by character where it has some that the set has not.
func encodeBy(dst, text []byte, e *encoding.Encoder) []byte {
	if out, err := e.Bytes(text); err == nil {
		return append(dst, out...)
	}
	for len(text) > 0 {
		n := runeLen(text)
		out, err := e.Bytes(text[:n])
		if err != nil {
			out = []byte{'?'}
		}
		dst, text = append(dst, out...), text[n:]
	}
	return dst
}
