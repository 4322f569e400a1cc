package s3select

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// csvInput is how CSV is read.
type csvInput struct {
	record, field []byte // delimiters
	quote, escape byte   // 0: none
	comment       byte   // 0: none
	header        string // NONE, IGNORE or USE
	quotedRecords bool   // record delimiters may stand in quotes
	trimReturn    bool   // \r\n ends a record as \n does
	names         []string
}

func newCSVInput(s *types.CSVInput) (*csvInput, error) {
	c := &csvInput{record: []byte(valueOr(s.RecordDelimiter, "\n")), field: []byte(valueOr(s.FieldDelimiter, ","))}
	var err error
	if c.quote, err = character("QuoteCharacter", s.QuoteCharacter, '"'); err != nil {
		return nil, err
	}
	if c.escape, err = character("QuoteEscapeCharacter", s.QuoteEscapeCharacter, c.quote); err != nil {
		return nil, err
	}
	if c.comment, err = character("Comments", s.Comments, 0); err != nil {
		return nil, err
	}
	switch c.header = strings.ToUpper(string(s.FileHeaderInfo)); c.header {
	case "":
		c.header = "NONE"
	case "NONE", "IGNORE", "USE":
	default:
		return nil, fail("InvalidFileHeaderInfo", "FileHeaderInfo is NONE, IGNORE or USE and not %s", s.FileHeaderInfo)
	}
	if bytes.Equal(c.record, c.field) || bytes.IndexByte(c.field, c.quote) >= 0 || bytes.IndexByte(c.record, c.quote) >= 0 {
		return nil, fail("InvalidRequestParameter", "the delimiters of records and fields and the quote have to differ")
	}
	c.quotedRecords = s.AllowQuotedRecordDelimiter != nil && *s.AllowQuotedRecordDelimiter
	c.trimReturn = string(c.record) == "\n"
	return c, nil
}

// recordEnd returns where the first record of b ends and where the next one begins; next is -1 if b has no end of it.
func (c *csvInput) recordEnd(b []byte) (end, next int) {
	if !c.quotedRecords || c.quote == 0 {
		if len(c.record) == 1 {
			end = bytes.IndexByte(b, c.record[0])
		} else {
			end = bytes.Index(b, c.record)
		}
		if end < 0 {
			return 0, -1
		}
		return end, end + len(c.record)
	}
	for i := 0; i < len(b); {
		stop := bytes.Index(b[i:], c.record)
		quote := bytes.IndexByte(b[i:], c.quote)
		if quote < 0 || stop >= 0 && stop < quote {
			if stop < 0 {
				return 0, -1
			}
			return i + stop, i + stop + len(c.record)
		}
		for i += quote + 1; ; { // inside of quotes
			if i >= len(b) {
				return 0, -1
			}
			if c.escape != c.quote && b[i] == c.escape {
				i += 2
			} else if i++; b[i-1] == c.quote {
				break
			}
		}
	}
	return 0, -1
}

// cut returns up to where b holds whole records.
func (c *csvInput) cut(b []byte) int {
	if !c.quotedRecords || c.quote == 0 {
		if i := bytes.LastIndex(b, c.record); i >= 0 && !overlapsItself(c.record) {
			return i + len(c.record)
		}
	}
	at := 0
	for {
		_, next := c.recordEnd(b[at:])
		if next < 0 {
			return at
		}
		at += next
	}
}

// overlapsItself reports whether two places of a delimiter can share bytes, so that records can be told only from the first one on.
func overlapsItself(delimiter []byte) bool {
	for n := 1; n < len(delimiter); n++ {
		if bytes.HasPrefix(delimiter, delimiter[n:]) {
			return true
		}
	}
	return false
}

// isRecord reports whether a line is one, and not empty or a comment, and takes off its carriage return.
func (c *csvInput) isRecord(line []byte) ([]byte, bool) {
	if n := len(line); c.trimReturn && n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, len(line) > 0 && (c.comment == 0 || line[0] != c.comment)
}

// want is a field that is read, and its slot.
type want struct{ column, slot int }

// split finds fields of a record, nil for those that it does not have. Wants ascend by column. Unescaped text goes to memory.
func (c *csvInput) split(line []byte, wants []want, dst [][]byte, memory []byte) []byte {
	quoted := c.quote != 0 && bytes.IndexByte(line, c.quote) >= 0
	k, more := 0, true
	for column := 0; k < len(wants); column++ {
		if !more {
			clear(dst[k:])
			return memory
		}
		var field []byte
		if quoted {
			field, line, more, memory = c.next(line, memory)
		} else {
			field, line, more = c.plain(line)
		}
		if wants[k].column == column {
			dst[k] = field
			k++
		}
	}
	return memory
}

// plain takes a field up to the next delimiter.
func (c *csvInput) plain(line []byte) (field, rest []byte, more bool) {
	i := 0
	if len(c.field) == 1 {
		i = bytes.IndexByte(line, c.field[0])
	} else {
		i = bytes.Index(line, c.field)
	}
	if i < 0 {
		return line, nil, false
	}
	return line[:i:i], line[i+len(c.field):], true
}

// next takes a field that may be in quotes. What stands between the closing quote and the delimiter belongs to the field.
func (c *csvInput) next(line, memory []byte) (field, rest []byte, more bool, kept []byte) {
	if len(line) == 0 || line[0] != c.quote || c.quote == 0 {
		field, rest, more = c.plain(line)
		return field, rest, more, memory
	}
	from := len(memory)
	escaped := false
	start := 1
	i := 1
	for i < len(line) {
		if c.escape == c.quote {
			if n := bytes.IndexByte(line[i:], c.quote); n >= 0 {
				i += n
			} else {
				i = len(line)
				break
			}
		}
		if line[i] == c.escape && i+1 < len(line) && (c.escape != c.quote || line[i+1] == c.quote) {
			memory = append(memory, line[start:i]...)
			memory = append(memory, line[i+1])
			i += 2
			start, escaped = i, true
			continue
		}
		if line[i] == c.quote {
			break
		}
		i++
	}
	field = line[start:i:i]
	if escaped {
		memory = append(memory, field...)
		field = memory[from:len(memory):len(memory)]
	}
	if i >= len(line) {
		return field, nil, false, memory
	}
	behind, rest, more := c.plain(line[i+1:])
	if len(behind) > 0 {
		if !escaped {
			memory = append(memory, field...)
		}
		memory = append(memory, behind...)
		field = memory[from:len(memory):len(memory)]
	}
	return field, rest, more, memory
}

// fields splits a whole record.
func (c *csvInput) fields(line []byte, dst [][]byte, memory []byte) ([][]byte, []byte) {
	quoted := c.quote != 0 && bytes.IndexByte(line, c.quote) >= 0
	for more := true; more; {
		var field []byte
		if quoted {
			field, line, more, memory = c.next(line, memory)
		} else {
			field, line, more = c.plain(line)
		}
		dst = append(dst, field)
	}
	return dst, memory
}

// column finds the field that a name means: one of the header, or _N.
func (c *csvInput) column(name step) (int, *Error) {
	found := -1
	for i, n := range c.names {
		switch {
		case n == name.name:
			return i, nil
		case name.matches(n):
			if found >= 0 && c.names[found] != n {
				return 0, fail("AmbiguousFieldName", "the name %s means both %q and %q: put it into double quotes", name.name, c.names[found], n)
			}
			found = i
		}
	}
	if found >= 0 {
		return found, nil
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(name.name, "_")); err == nil && name.name[0] == '_' && isDigit(name.name[1]) {
		if n < 1 || n > maxColumns {
			return 0, fail("InvalidColumnIndex", "the columns are _1 to _%d and not %s", maxColumns, name.name)
		}
		return n - 1, nil
	}
	if c.header == "USE" {
		return 0, fail("MissingHeaders", "the header has no column %s (it has %s)", name.name, list(c.names))
	}
	return 0, fail("InvalidColumnIndex", "there is no column %s: without FileHeaderInfo USE columns are _1, _2 and so on", name.name)
}

const maxColumns = 100_000

func list(names []string) string {
	if len(names) > 20 {
		return strings.Join(names[:20], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
