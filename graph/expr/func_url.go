package expr

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
)

// Functions on addresses.

func init() {
	register(
		textFunction("URL_ENCODE", "The text as in an HTML form's address: letters, digits and .-*_ as they are, blanks as +, all other bytes as %XX.",
			"URL_ENCODE('a b&c') => a+b%26c", takes(maybeNull(column.Str()), isText), func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return urlEncode(dst, a.text(0)), true })
			}),
		textFunction("URL_DECODE", "What URL_ENCODE made of a text; NULL if a % is not followed by two hexadecimal digits.", "URL_DECODE('a+b%26c') => a b&c",
			takes(maybeNull(column.Str()), isText), func(c *Call) Kernel {
				var raw []byte
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					var ok bool
					if raw, ok = urlDecode(raw[:0], a.text(0)); !ok {
						return dst, false
					}
					return decodeUTF8(dst, raw), true
				})
			}),
		textFunction("PARSE_URL", "A part of an address: HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE or USERINFO, or the value of the QUERY's parameter that the third argument "+
			"names; NULL if there is none or the address is malformed.", "PARSE_URL('http://example.com/p?a=1', 'QUERY', 'a') => 1",
			takes(maybeNull(column.Str()), isText, isText, isText).optional(1), compileParseURL),
		textFunction("INET_ATON", "The number of an IPv4 address, whose last part may stand for several; NULL for anything else.", "INET_ATON('192.168.0.1') => 3232235521",
			takes(maybeNull(column.Of(column.BigInt)), isText), func(c *Call) Kernel {
				return fixedOf(c, func(a *rowArgs) (int64, bool) { return inetNumber(a.text(0)) })
			}),
		textFunction("INET_NTOA", "The IPv4 address of a number; NULL if there is none.", "INET_NTOA(3232235521) => 192.168.0.1", takes(maybeNull(column.Str()), isLong), func(c *Call) Kernel {
			return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
				n := a.long(0)
				if n < 0 || n > 1<<32-1 {
					return dst, false
				}
				return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).AppendTo(dst), true
			})
		}),
	)
}

func urlEncode(dst, s []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, b := range s {
		switch {
		case b-'0' < 10, b-'A' < 26, b-'a' < 26, b == '.', b == '-', b == '*', b == '_':
			dst = append(dst, b)
		case b == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', digits[b>>4], digits[b&15])
		}
	}
	return dst
}

func urlDecode(dst, s []byte) ([]byte, bool) {
	for i := 0; i < len(s); i++ {
		switch b := s[i]; b {
		case '+':
			dst = append(dst, ' ')
		case '%':
			if i+2 >= len(s) {
				return dst, false
			}
			high, ok1 := hexDigit(s[i+1])
			low, ok2 := hexDigit(s[i+2])
			if !ok1 || !ok2 {
				return dst, false
			}
			dst = append(dst, high<<4|low)
			i += 2
		default:
			dst = append(dst, b)
		}
	}
	return dst, true
}

func hexDigit(b byte) (byte, bool) {
	switch {
	case b-'0' < 10:
		return b - '0', true
	case b|0x20-'a' < 6:
		return b | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// inetNumber reads one to four decimal numbers up to 255, of which the last stands behind zeros if there are fewer.
func inetNumber(s []byte) (int64, bool) {
	var value int64
	parts := 0
	for {
		part, rest, more := bytes.Cut(s, []byte{'.'})
		n := 0
		if len(part) == 0 || parts == 4 {
			return 0, false
		}
		for _, b := range part {
			if b-'0' > 9 {
				return 0, false
			}
			if n = n*10 + int(b-'0'); n > 255 {
				return 0, false
			}
		}
		parts++
		if !more {
			return value | int64(n), true
		}
		value |= int64(n) << (32 - 8*parts)
		s = rest
	}
}

func compileParseURL(c *Call) Kernel {
	named := len(c.Args) > 2
	return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		s, name := a.text(0), string(a.text(1))
		u, ok := parseURL(s)
		if !ok || named && name != "QUERY" {
			return dst, false
		}
		part := u.part(name)
		if named {
			part = queryValue(s, part, a.text(2))
		}
		if name == "PROTOCOL" {
			return append(dst, bytes.ToLower(s[part.from:part.to])...), part.there
		}
		return append(dst, s[part.from:part.to]...), part.there
	})
}

// piece is a part of a text.
type piece struct {
	from, to int
	there    bool
}

// webAddress is a parsed URL: places in its text.
type webAddress struct {
	protocol, authority, user, host, path, query, ref piece
}

// part returns a part by its name.
func (u *webAddress) part(name string) piece {
	switch name {
	case "HOST":
		return u.host
	case "PATH":
		return u.path
	case "QUERY":
		return u.query
	case "REF":
		return u.ref
	case "PROTOCOL":
		return u.protocol
	case "AUTHORITY":
		return u.authority
	case "USERINFO":
		return u.user
	case "FILE":
		if u.query.there {
			return piece{u.path.from, u.query.to, true}
		}
		return u.path
	}
	return piece{}
}

// webProtocols are the protocols that addresses may have.
var webProtocols = map[string]bool{"http": true, "https": true, "ftp": true, "file": true, "jar": true, "mailto": true}

// parseURL takes an address apart as Java's URL class does, which Flink uses: parts are not decoded, and the rules are laxer than RFC 3986's.
func parseURL(s []byte) (u webAddress, ok bool) {
	from, to := 0, len(s)
	for from < to && s[from] <= ' ' {
		from++
	}
	for to > from && s[to-1] <= ' ' {
		to--
	}
	if to-from >= 4 && strings.EqualFold(string(s[from:from+4]), "url:") {
		from += 4
	}
	colon := bytes.IndexAny(s[from:to], ":/")
	if colon <= 0 || s[from+colon] != ':' || !webProtocols[strings.ToLower(string(s[from:from+colon]))] {
		return u, false
	}
	u.protocol = piece{from, from + colon, true}
	from += colon + 1
	if hash := bytes.IndexByte(s[from:to], '#'); hash >= 0 {
		u.ref = piece{from + hash + 1, to, true}
		to = from + hash
	}
	if mark := bytes.IndexByte(s[from:to], '?'); mark >= 0 {
		u.query = piece{from + mark + 1, to, true}
		to = from + mark
	}
	rest := s[from:to]
	u.host = piece{from, from, true}
	if bytes.HasPrefix(rest, []byte("//")) && !bytes.HasPrefix(rest, []byte("////")) {
		from += 2
		end := to
		if slash := bytes.IndexByte(s[from:to], '/'); slash >= 0 {
			end = from + slash
		}
		u.authority = piece{from, end, true}
		if !u.readAuthority(s) {
			return u, false
		}
		from = end
	}
	u.path = piece{from, to, true}
	return u, true
}

// readAuthority takes user@host:port apart; it reports false if that is malformed.
func (u *webAddress) readAuthority(s []byte) bool {
	from, to := u.authority.from, u.authority.to
	if at := bytes.IndexByte(s[from:to], '@'); at >= 0 {
		if bytes.LastIndexByte(s[from:to], '@') != at {
			u.host = piece{from, from, true}
			return true
		}
		u.user = piece{from, from + at, true}
		from += at + 1
	}
	end := to
	if from < to && s[from] == '[' {
		bracket := bytes.IndexByte(s[from:to], ']')
		if bracket < 0 {
			return false
		}
		if a, err := netip.ParseAddr(string(s[from+1 : from+bracket])); err != nil || !a.Is6() {
			return false
		}
		if end = from + bracket + 1; end < to && s[end] != ':' {
			return false
		}
	} else if colon := bytes.IndexByte(s[from:to], ':'); colon >= 0 {
		end = from + colon
	}
	u.host = piece{from, end, true}
	if end+1 < to {
		port, err := strconv.ParseInt(string(s[end+1:to]), 10, 32)
		return err == nil && port >= -1
	}
	return true
}

// queryValue is the value of the first parameter of the name.
func queryValue(s []byte, query piece, name []byte) piece {
	for at := query.from; query.there && at <= query.to; {
		end := query.to
		if and := bytes.IndexByte(s[at:query.to], '&'); and >= 0 {
			end = at + and
		}
		if key, value, found := bytes.Cut(s[at:end], []byte{'='}); found && bytes.Equal(key, name) {
			return piece{end - len(value), end, true}
		}
		at = end + 1
	}
	return piece{}
}
