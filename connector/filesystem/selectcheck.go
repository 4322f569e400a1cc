package filesystem

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
	"github.com/millstream/millstream/objstore"
)

// answerCheck looks at answers in JSON lines for values that may not be those that the object has. Stores write numbers anew: as the nearest DOUBLE (MinIO), so that whole
// numbers from 2^53 on and the last digits of decimals are lost, and 1.10 becomes 1.1, which matters to STRING; they replace what is not UTF-8; and they write a DATE of Parquet
// as a timestamp.
type answerCheck struct {
	parquet bool
	types   []column.Type
	doc     jsontext.Doc
}

// lines checks the records of data, which ends behind one, and returns them as the decoder reads them: the same, unless there are dates of Parquet in it.
func (c *answerCheck) lines(data []byte) ([]byte, error) {
	out := data
	if c.rewrites() {
		out = make([]byte, 0, len(data)+len(data)/4+objstore.Tailroom)
	}
	for rest := data; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		if err := c.record(line); err != nil {
			return nil, err
		}
		if c.rewrites() {
			var err error
			if out, err = c.rewrite(out, line); err != nil {
				return nil, err
			}
		}
	}
	if c.rewrites() {
		out = append(out, make([]byte, objstore.Tailroom)...)
		out = out[:len(out)-objstore.Tailroom]
	}
	return out, nil
}

var errDoubtful = errors.New("the store gives values that may not be the object's own: large or exact numbers, or text of other values")

func (c *answerCheck) record(line []byte) error {
	if err := c.doc.Parse(line); err != nil {
		return err
	}
	if c.doc.Nodes[0].Kind != jsontext.Object {
		return errors.New("the answer is not made of objects")
	}
	for at := int32(1); at < c.doc.Nodes[0].Next; at = c.doc.Nodes[at+1].Next {
		i, ok := c.column(at)
		if !ok {
			return errors.New("the answer has names that were not asked for")
		}
		if i < len(c.types) && !c.alike(at+1, c.types[i]) {
			return errDoubtful
		}
	}
	return nil
}

// column is the position of the column that a name stands for.
func (c *answerCheck) column(name int32) (int, bool) {
	n := &c.doc.Nodes[name]
	text := c.doc.Text[n.From:n.To]
	if len(text) < 2 || text[0] != 'c' {
		return 0, false
	}
	i, err := strconv.Atoi(string(text[1:]))
	return i, err == nil && i >= 0
}

// alike reports whether a value of an answer surely means what the value in the object does.
func (c *answerCheck) alike(at int32, t column.Type) bool {
	n := &c.doc.Nodes[at]
	if n.Kind == jsontext.Null {
		return true
	}
	text := n.Kind == jsontext.String && !c.parquet
	switch t.Kind {
	case column.Boolean:
		return text || n.Kind == jsontext.True || n.Kind == jsontext.False
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt:
		return text || n.Kind.IsNumber() && (n.Kind == jsontext.Int || !c.parquet) && exact(c.doc.Text[n.From:n.To])
	case column.Float:
		return text || n.Kind.IsNumber() && c.parquet // a FLOAT is a DOUBLE; rounding twice is another number
	case column.Double:
		return text || n.Kind.IsNumber()
	case column.Array:
		return n.Kind == jsontext.Array && c.elements(at, *t.Elem)
	case column.Map:
		return n.Kind == jsontext.Object && c.members(at, func(string) (column.Type, bool) { return *t.Elem, true })
	case column.Multiset:
		return n.Kind == jsontext.Object && c.members(at, func(string) (column.Type, bool) { return column.Of(column.Int), true })
	case column.Row:
		return n.Kind == jsontext.Object && c.members(at, func(name string) (column.Type, bool) {
			for _, f := range t.Fields {
				if f.Name == name {
					return f.Type, true
				}
			}
			return column.Type{}, false
		})
	}
	return n.Kind == jsontext.String
}

// exact reports whether a number is one that is held as DOUBLE without loss, if it is whole.
func exact(text []byte) bool {
	f, err := strconv.ParseFloat(string(text), 64)
	return err == nil && f < maxSelectNumber && f > -maxSelectNumber
}

func (c *answerCheck) elements(array int32, t column.Type) bool {
	for at := array + 1; at < c.doc.Nodes[array].Next; at = c.doc.Nodes[at].Next {
		if !c.alike(at, t) {
			return false
		}
	}
	return true
}

func (c *answerCheck) members(object int32, typeOf func(name string) (column.Type, bool)) bool {
	for at := object + 1; at < c.doc.Nodes[object].Next; at = c.doc.Nodes[at+1].Next {
		name := &c.doc.Nodes[at]
		if t, wanted := typeOf(string(c.doc.Text[name.From:name.To])); name.Escaped || wanted && !c.alike(at+1, t) {
			return false
		}
	}
	return true
}

// rewrites reports whether the decoder gets something else than the store sends.
func (c *answerCheck) rewrites() bool {
	for _, t := range c.types {
		if c.parquet && t.Kind == column.Date {
			return true
		}
	}
	return false
}

// rewrite adds the record that was checked last, with dates as the decoder knows them.
func (c *answerCheck) rewrite(dst, line []byte) ([]byte, error) {
	from := int32(0)
	for at := int32(1); at < c.doc.Nodes[0].Next; at = c.doc.Nodes[at+1].Next {
		i, _ := c.column(at)
		n := &c.doc.Nodes[at+1]
		if i >= len(c.types) || c.types[i].Kind != column.Date || n.Kind != jsontext.String {
			continue
		}
		day, ok := dateOf(string(line[n.From:n.To]))
		if !ok {
			return nil, fmt.Errorf("%q is no date", line[n.From:n.To])
		}
		dst = append(append(dst, line[from:n.From]...), day...)
		from = n.To
	}
	return append(append(dst, line[from:]...), '\n'), nil
}

// dateOf is the date of a timestamp of S3, which leaves out at its end what is the beginning of a year, month or day.
func dateOf(text string) (string, bool) {
	for _, layout := range []string{"2006-01-02T", "2006-01T", "2006T", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// plainLines reports whether stores surely read JSON lines as the decoder does, as far as the head of a range shows: no object has a key twice, of which each takes another
// value, there is no whole number -0, which loses its sign, and no half of a pair of surrogates, for which each puts another character. last says that nothing follows the text.
func plainLines(text []byte, last bool) bool {
	var doc jsontext.Doc
	for len(text) > 0 {
		line, rest, whole := bytes.Cut(text, []byte{'\n'})
		if text = rest; !whole && !last {
			return true
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if doc.Parse(line) != nil || !plainDoc(&doc) {
			return false
		}
	}
	return true
}

func plainDoc(doc *jsontext.Doc) bool {
	for i := range doc.Nodes {
		n := &doc.Nodes[i]
		switch n.Kind {
		case jsontext.Int:
			if string(doc.Text[n.From:n.To]) == "-0" {
				return false
			}
		case jsontext.String:
			if n.Escaped && hasHalf(doc.Text[n.From:n.To]) {
				return false
			}
		case jsontext.Object:
			if repeatsName(doc, int32(i)) {
				return false
			}
		}
	}
	return true
}

// hasHalf reports whether a text has the escape of one half of a character beyond the basic plane without the other.
func hasHalf(text []byte) bool {
	unit := func(i int) rune { // the escape at i, which the parser has seen to be whole; 0: there is none
		if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' {
			return 0
		}
		n, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16)
		if err != nil {
			return 0
		}
		return rune(n)
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if r := unit(i); utf16.IsSurrogate(r) {
			if utf16.DecodeRune(r, unit(i+6)) == utf8.RuneError {
				return true
			}
			i += 6
		}
		i++ // the character behind the backslash is none itself
	}
	return false
}

// repeatsName reports whether an object has a key twice; one with escapes may be another one's.
func repeatsName(doc *jsontext.Doc, object int32) bool {
	o := &doc.Nodes[object]
	var seen map[string]bool
	if o.Count > 16 {
		seen = make(map[string]bool, o.Count)
	}
	for at := object + 1; at < o.Next; at = doc.Nodes[at+1].Next {
		n := &doc.Nodes[at]
		if n.Escaped {
			return true
		}
		name := doc.Text[n.From:n.To]
		if seen != nil {
			if seen[string(name)] {
				return true
			}
			seen[string(name)] = true
			continue
		}
		for before := object + 1; before < at; before = doc.Nodes[before+1].Next {
			if other := &doc.Nodes[before]; bytes.Equal(doc.Text[other.From:other.To], name) {
				return true
			}
		}
	}
	return false
}
