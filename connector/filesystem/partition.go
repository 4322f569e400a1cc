package filesystem

import (
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
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

// appendPartition adds the value of a directory's text to a vector of the column's type.
func appendPartition(v *column.Vector, f column.Field, text, defaultName string, zone *time.Location) error {
	if text == defaultName {
		v.AppendNull()
		return nil
	}
	if err := column.ParseText(v, []byte(text), zone); err != nil {
		return fmt.Errorf("the directory '%s=%s' has no value for column '%s': %w", f.Name, text, f.Name, err)
	}
	return nil
}

// appendDir appends the directories of a row's partition, such as "dt=2024-01-01/h=7/": fields are the partition columns, and row that of their
// values.
func appendDir(dir []byte, fields []column.Field, values []*column.Vector, row int, defaultName string, zone *time.Location) []byte {
	var text []byte
	for i, v := range values {
		text = text[:0]
		if !v.IsNull(row) {
			text = column.AppendText(text, v, row, zone)
		}
		if len(text) == 0 {
			text = append(text, defaultName...)
		}
		dir = appendEscaped(dir, fields[i].Name)
		dir = append(dir, '=')
		dir = appendEscaped(dir, string(text))
		dir = append(dir, '/')
	}
	return dir
}
