package expr

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
)

func init() {
	register(&Function{Name: "PRINTF", Doc: "The other arguments as the first one formats them, in the language of Java's Formatter: %s, %d, %5.2f, %x and so on; NULL if it is malformed or an argument does not fit.",
		Example: "PRINTF('%s is %d', 'Bob', 5) => Bob is 5",
		Resolve: takes(maybeNull(column.Str()), isText, isAny).optional(1).repeated().resolve("PRINTF"),
		Compile: func(c *Call) (Kernel, error) {
			p := &printer{args: newRowArgs(c), call: c}
			var failed error
			k := textRows(c, true, func(a *rowArgs, dst []byte) ([]byte, bool) {
				if a.null(0) {
					return dst, false
				}
				p.args = a
				text, ok, err := p.print(dst, a.text(0))
				if err != nil {
					failed = err
				}
				return text, ok
			})
			return failing(k, &failed), nil
		}})
}

// spec is one %… of a format.
type spec struct {
	index            int // of the argument, 1 being the first; 0: the next one
	again            bool
	width, precision int // -1: not given
	verb             byte
	upper            bool
	left, plus, space, zero,
	group, parentheses, alternate bool
}

// widest bounds width and precision.
const widest = 1 << 20

// printer formats rows.
type printer struct {
	call *Call
	args *rowArgs
	buf  []byte
}

// print appends the formatted text; it reports false where the format or an argument is wrong.
func (p *printer) print(dst, format []byte) (text []byte, ok bool, err error) {
	next, last := 0, -1
	for len(format) > 0 {
		i := bytes.IndexByte(format, '%')
		if i < 0 {
			return append(dst, format...), true, nil
		}
		dst = append(dst, format[:i]...)
		s, n, ok := readSpec(format[i:])
		if !ok {
			return dst, false, nil
		}
		format = format[i+n:]
		if s.width > widest || s.precision > widest {
			return dst, false, fmt.Errorf("the format asks for more than %d characters", widest)
		}
		if s.verb == '%' || s.verb == 'n' {
			if dst, ok = literalSpec(dst, &s); !ok {
				return dst, false, nil
			}
			continue
		}
		arg := s.index - 1
		switch {
		case s.again:
			arg = last
		case s.index == 0:
			arg = next
			next++
		}
		if last = arg; arg < 0 || arg >= len(p.call.Args)-1 {
			return dst, false, nil
		}
		if dst, ok = p.value(dst, &s, arg+1); !ok {
			return dst, false, nil
		}
		if len(dst) > longestText {
			return dst, false, fmt.Errorf("the text would have more than %d bytes", longestText)
		}
	}
	return dst, true, nil
}

// readSpec reads %[index$][flags][width][.precision]verb at the start of b, and how long it is.
func readSpec(b []byte) (s spec, n int, ok bool) {
	s.width, s.precision = -1, -1
	i := 1
	number := func() int {
		v := 0
		for ; i < len(b) && b[i]-'0' < 10; i++ {
			v = min(v*10+int(b[i]-'0'), 1<<30)
		}
		return v
	}
	if start := i; i < len(b) && b[i]-'1' < 9 {
		if v := number(); i < len(b) && b[i] == '$' {
			s.index = v
			i++
		} else {
			i = start
		}
	}
	seen := map[byte]*bool{'-': &s.left, '+': &s.plus, ' ': &s.space, '0': &s.zero, ',': &s.group, '(': &s.parentheses, '#': &s.alternate, '<': &s.again}
	for ; i < len(b) && seen[b[i]] != nil; i++ {
		flag := seen[b[i]]
		if *flag {
			return s, 0, false // given twice
		}
		*flag = true
	}
	if i < len(b) && b[i]-'1' < 9 {
		s.width = number()
	}
	if i+1 < len(b) && b[i] == '.' && b[i+1]-'0' < 10 {
		i++
		s.precision = number()
	}
	if i >= len(b) {
		return s, 0, false
	}
	s.verb = b[i]
	if strings.IndexByte("SBHXEGAC", s.verb) >= 0 {
		s.upper = true
		s.verb |= 0x20
	}
	return s, i + 1, strings.IndexByte("bhscdoxefga%n", s.verb) >= 0
}

// literalSpec is %% and %n.
func literalSpec(dst []byte, s *spec) ([]byte, bool) {
	if s.precision >= 0 || s.plus || s.space || s.zero || s.group || s.parentheses || s.alternate || s.left && s.width < 0 {
		return dst, false
	}
	if s.verb == 'n' {
		return append(dst, '\n'), s.width < 0 && !s.left
	}
	return justify(dst, []byte{'%'}, s), true
}

// justify appends text, filled up with blanks to the width.
func justify(dst, text []byte, s *spec) []byte {
	missing := 0
	if s.width >= 0 {
		missing = s.width - utf8.RuneCount(text)
	}
	if s.left {
		dst = append(dst, text...)
	}
	for range missing {
		dst = append(dst, ' ')
	}
	if !s.left {
		dst = append(dst, text...)
	}
	return dst
}

// plain appends a text as %s does: cut to the precision, filled up to the width.
func plain(dst, text []byte, s *spec) []byte {
	if s.precision >= 0 {
		text = text[:advance(text, 0, s.precision)]
	}
	if s.upper {
		text = []byte(strings.ToUpper(string(text)))
	}
	return justify(dst, text, s)
}

// value appends argument i by its specification.
func (p *printer) value(dst []byte, s *spec, i int) ([]byte, bool) {
	if s.left && s.width < 0 {
		return dst, false
	}
	t := p.call.Args[i].Type()
	null := p.args.null(i)
	switch s.verb {
	case 'b', 'h', 's', 'c':
		if s.plus || s.space || s.zero || s.group || s.parentheses || s.alternate || s.verb == 'c' && s.precision >= 0 {
			return dst, false
		}
		switch {
		case s.verb == 'b' && null:
			return plain(dst, []byte("false"), s), true
		case null:
			return plain(dst, []byte("null"), s), true
		case s.verb == 's':
			p.buf = p.appendPlain(p.buf[:0], t, i)
			return plain(dst, p.buf, s), true
		case s.verb == 'b':
			if t.Kind == column.Boolean && !p.args.vecs[i].Bits().Get(p.args.at(i)) {
				return plain(dst, []byte("false"), s), true
			}
			return plain(dst, []byte("true"), s), true
		case s.verb == 'h':
			p.buf = p.appendPlain(p.buf[:0], t, i)
			return plain(dst, fmt.Appendf(nil, "%x", uint32(textHash(p.buf))), s), true
		}
		if !t.IsInteger() && t.Kind != column.Date && t.Kind != column.Time || t.Kind == column.BigInt {
			return dst, false
		}
		r := p.integer(t, i)
		if r < 0 || r > utf8.MaxRune {
			return dst, false
		}
		return plain(dst, utf8.AppendRune(nil, rune(r)), s), true
	}
	if (s.left || s.zero) && s.width < 0 || s.left && s.zero || s.plus && s.space {
		return dst, false
	}
	switch s.verb {
	case 'd', 'o', 'x':
		if s.precision >= 0 || s.verb == 'd' && s.alternate || s.verb != 'd' && s.group {
			return dst, false
		}
		if null {
			return plain(dst, []byte("null"), s), true
		}
		if !hasInteger(t) || s.verb != 'd' && (s.plus || s.space || s.parentheses) {
			return dst, false
		}
		return p.integral(dst, s, t, p.integer(t, i)), true
	}
	if s.verb == 'a' && (s.group || s.parentheses) || s.verb == 'e' && s.group || s.verb == 'g' && s.alternate {
		return dst, false
	}
	if null {
		return plain(dst, []byte("null"), s), true
	}
	switch t.Kind {
	case column.Float:
		return p.floating(dst, s, float64(column.Values[float32](p.args.vecs[i])[p.args.at(i)])), true
	case column.Double:
		return p.floating(dst, s, p.args.double(i)), true
	}
	return dst, false
}

// hasInteger reports whether values of the type are whole numbers to Flink's formatter: dates are days, times milliseconds.
func hasInteger(t column.Type) bool {
	return t.IsInteger() || t.Kind == column.Date || t.Kind == column.Time || isInterval(t)
}

func (p *printer) integer(t column.Type, i int) int64 {
	v, r := p.args.vecs[i], p.args.at(i)
	switch t.Layout() {
	case column.LayoutInt8:
		return int64(column.Values[int8](v)[r])
	case column.LayoutInt16:
		return int64(column.Values[int16](v)[r])
	case column.LayoutInt32:
		return int64(column.Values[int32](v)[r])
	}
	return column.Values[int64](v)[r]
}

// appendPlain appends a value as %s shows it.
func (p *printer) appendPlain(dst []byte, t column.Type, i int) []byte {
	v, r := p.args.vecs[i], p.args.at(i)
	switch {
	case hasInteger(t):
		return fmt.Appendf(dst, "%d", p.integer(t, i))
	case t.Kind == column.Boolean:
		return fmt.Appendf(dst, "%t", v.Bits().Get(r))
	case t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ:
		from := len(dst)
		dst = column.AppendText(dst, v, r, nil)
		return isoTime(dst, from)
	}
	return column.AppendText(dst, v, r, nil)
}

// isoTime makes a timestamp behind from one of ISO 8601 as Java writes it: a T between, the fraction in groups of three digits, without seconds that are zero.
func isoTime(dst []byte, from int) []byte {
	text := dst[from:]
	if i := bytes.IndexByte(text, ' '); i >= 0 {
		text[i] = 'T'
	}
	whole, fraction, _ := strings.Cut(string(text), ".")
	fraction = strings.TrimRight(fraction, "0")
	for len(fraction)%3 != 0 {
		fraction += "0"
	}
	dst = append(dst[:from], whole...)
	switch {
	case fraction != "":
		dst = append(append(dst, '.'), fraction...)
	case strings.HasSuffix(whole, ":00") && strings.Count(whole, ":") == 2:
		dst = dst[:len(dst)-3]
	}
	return dst
}
