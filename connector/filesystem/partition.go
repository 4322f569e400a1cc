package filesystem

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// escaped are the characters that stand in a directory's name as %XX: those that Hive and Flink escape.
var escaped = func() (set [128]bool) {
	for c := range 0x20 {
		set[c] = true
	}
	for _, c := range "\"#%'*/:=?\\\x7F{[]^" {
		set[c] = true
	}
	return set
}()

const upperHex = "0123456789ABCDEF"

// appendEscaped appends a partition's name or value as it stands in a directory's name.
func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c < 128 && escaped[c] {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// unescape is the inverse of appendEscaped. A percent sign that no two hexadecimal digits follow stands for itself.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, ok1 := hexDigit(s[i+1])
			lo, ok2 := hexDigit(s[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// partitionText returns the text of a partition column in the directories of a file's key. ok is false where no directory
// names the column.
func partitionText(key, name string) (text string, ok bool) {
	dirs, _, _ := cutLast(key)
	for segment := range strings.SplitSeq(dirs, "/") {
		k, v, found := strings.Cut(segment, "=")
		if found && unescape(k) == name {
			text, ok = unescape(v), true
		}
	}
	return text, ok
}

// cutLast cuts a key at its last slash.
func cutLast(key string) (dir, base string, ok bool) {
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		return key[:i], key[i+1:], true
	}
	return "", key, false
}

// partitionValue reads a directory's text as a value of the column.
func partitionValue(f column.Field, text, defaultName string, opts ...expr.Option) (*expr.Literal, error) {
	if text == defaultName {
		return expr.NullOf(f.Type), nil
	}
	lit, err := convert(expr.Text(text), f.Type, opts...)
	if err != nil {
		return nil, fmt.Errorf("the directory '%s=%s' has no value of type %s for column '%s': %w", f.Name, text, f.Type.Optional(), f.Name, err)
	}
	return lit, nil
}

// convert casts a constant.
func convert(lit *expr.Literal, to column.Type, opts ...expr.Option) (*expr.Literal, error) {
	if lit.T.SameAs(to) {
		return lit, nil
	}
	p, err := expr.Compile(&expr.Cast{Arg: lit, T: to}, opts...)
	if err != nil {
		return nil, err
	}
	var out column.Vector
	if err := p.Eval(&column.Batch{Len: 1}, &out); err != nil {
		return nil, err
	}
	return expr.LiteralOf(&out, 0), nil
}

// partitionDir returns the directories of a row's partition, such as "dt=2024-01-01/h=7/": names are those of the partition
// columns, row is the row of values.
func partitionDir(fields []column.Field, values []*column.Vector, row int, defaultName string, opts ...expr.Option) (string, error) {
	var dir []byte
	for i, v := range values {
		text := ""
		if !v.IsNull(row) {
			lit, err := convert(expr.LiteralOf(v, row), column.Str(), opts...)
			if err != nil {
				return "", fmt.Errorf("partition column '%s': %w", fields[i].Name, err)
			}
			text, _ = lit.Value.(string)
		}
		if text == "" {
			text = defaultName
		}
		dir = appendEscaped(dir, fields[i].Name)
		dir = append(dir, '=')
		dir = appendEscaped(dir, text)
		dir = append(dir, '/')
	}
	return string(dir), nil
}
