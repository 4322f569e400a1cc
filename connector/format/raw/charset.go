package raw

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charset converts text between a single-byte character set and UTF-8. The zero charset is UTF-8 itself.
type charset struct {
	name   string
	decode *[256]rune
	encode map[rune]byte
}

// plain reports whether bytes of the character set are UTF-8 as they are, if they are valid.
func (c *charset) plain() bool { return c.decode == nil }

// newCharset finds a character set by the names that Java knows it by.
func newCharset(name string) (*charset, error) {
	key := normalise(name)
	switch key {
	case "utf8", "unicode11utf8":
		return &charset{name: "UTF-8"}, nil
	case "usascii", "ascii", "iso646us":
		c := &charset{name: "US-ASCII", decode: new([256]rune), encode: map[rune]byte{}}
		for b := range c.decode {
			c.decode[b] = utf8.RuneError
			if b < utf8.RuneSelf {
				c.decode[b] = rune(b)
				c.encode[rune(b)] = byte(b)
			}
		}
		return c, nil
	case "latin1", "l1":
		key = "iso88591"
	case "koi8r", "koi8u", "macintosh":
	default:
		for _, short := range []string{"cp125", "ibm", "cp"} {
			if number, ok := strings.CutPrefix(key, short); ok && number != "" {
				key = map[string]string{"cp125": "windows125", "ibm": "ibmcodepage", "cp": "ibmcodepage"}[short] + number
				break
			}
		}
	}
	for _, e := range charmap.All {
		m, ok := e.(*charmap.Charmap)
		if !ok || normalise(m.String()) != key {
			continue
		}
		c := &charset{name: m.String(), decode: new([256]rune), encode: map[rune]byte{}}
		for b := range c.decode {
			r := m.DecodeByte(byte(b))
			c.decode[b] = r
			if r != utf8.RuneError {
				c.encode[r] = byte(b)
			}
		}
		return c, nil
	}
	hint := "valid are 'UTF-8', 'US-ASCII' and single-byte sets such as 'ISO-8859-1', 'ISO-8859-15' or 'windows-1252'"
	if strings.HasPrefix(key, "utf16") || strings.HasPrefix(key, "utf32") {
		return nil, fmt.Errorf("option 'raw.charset': lines of '%s' cannot be told apart by their bytes: %s", name, hint)
	}
	return nil, fmt.Errorf("option 'raw.charset': '%s' is not a known character set: %s", name, hint)
}

func normalise(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "", ":", "").Replace(strings.ToLower(name))
}

// appendUTF8 appends b as UTF-8. Bytes without a meaning become U+FFFD, as in Java.
func (c *charset) appendUTF8(dst, b []byte) []byte {
	if !c.plain() {
		for _, x := range b {
			dst = utf8.AppendRune(dst, c.decode[x])
		}
		return dst
	}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		dst = utf8.AppendRune(dst, r)
		b = b[n:]
	}
	return dst
}

// appendFrom appends the UTF-8 text b in the character set. bad is a character that it lacks, if ok is false.
func (c *charset) appendFrom(dst, b []byte) (out []byte, bad rune, ok bool) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		x, known := c.encode[r]
		if !known {
			return dst, r, false
		}
		dst = append(dst, x)
		b = b[n:]
	}
	return dst, 0, true
}
