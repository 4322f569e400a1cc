package filecatalog

import (
	"fmt"
	"net/url"
	"strings"
)

// escape makes a part of a key from a name: letters, digits, '_' and '-' stand for themselves, as does '.' but at the beginning; every
// other byte is written as %XX. So a name can hold whatever it wants, and a listing can still be read.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unescape is the reverse of escape; ok is false for what escape does not write, which is no name.
func unescape(part string) (name string, ok bool) {
	name, err := url.PathUnescape(part)
	return name, err == nil && escape(name) == part && name != ""
}
