package json

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// object is what is wanted of a JSON object: the columns of the table or the fields of a ROW.
//
// Objects of a stream mostly have the same keys in the same order. So the keys seen are kept in a sequence with what they mean, and a
// key is compared with the one that is expected before it is looked up.
type object struct {
	fields   []*field
	byName   map[string]*field
	expected []expected
	epoch    uint32 // counts objects
	// absent, if not nil, gets for each field the rows in which it has no key.
	absent [][]int32
}

type field struct {
	name string
	node *node
	seen uint32 // the epoch in which the key was last seen
}

// expected is a key with its closing quote: up to 16 bytes as two words and the masks of those that count.
type expected struct {
	word, mask [2]uint64
	text       string // of longer keys
	size       int
	field      *field // nil: a key to skip
}

// longestSequence bounds how many keys are kept.
const longestSequence = 256

func newObject(fields []column.Field, nodes []*node) *object {
	o := &object{byName: map[string]*field{}}
	for i, f := range fields {
		entry := &field{name: f.Name, node: nodes[i]}
		o.fields = append(o.fields, entry)
		o.byName[f.Name] = entry
	}
	return o
}

// is reports whether the bytes at i are the key and its closing quote.
func (e *expected) is(b []byte, i int) bool {
	if e.text != "" {
		return len(b)-i >= e.size && string(b[i:i+e.size]) == e.text
	}
	return (scan.Load(b, i)^e.word[0])&e.mask[0]|(scan.Load(b, i+8)^e.word[1])&e.mask[1] == 0
}

func newExpected(key []byte, f *field) expected {
	e := expected{size: len(key), field: f}
	if len(key) > 16 {
		e.text = string(key)
		return e
	}
	for i, c := range key {
		e.word[i>>3] |= uint64(c) << (i & 7 * 8)
		e.mask[i>>3] |= 0xff << (i & 7 * 8)
	}
	return e
}

// object parses what follows '{' at i into row.
//
// Once every field has a value, the rest is only checked, as Flink does: a key that is repeated before replaces the value, one
// that is repeated after does not.
func (d *decoder) object(o *object, i, row int) int {
	b := d.block
	o.epoch++
	for i, list := range o.absent { // of a line that was given up
		for len(list) > 0 && list[len(list)-1] >= int32(row) {
			list = list[:len(list)-1]
		}
		o.absent[i] = list
	}
	missing, at := len(o.fields), 0
	if i = blanks(b, i); b[i] == '}' {
		return d.missing(o, missing, i+1, row)
	}
	for {
		if b[i] != '"' {
			return d.syntax(i, "expected a key in quotes")
		}
		i++
		var f *field
		switch {
		case missing == 0:
			i = d.skipString(i)
		case at < len(o.expected) && o.expected[at].is(b, i):
			f = o.expected[at].field
			i += o.expected[at].size
			at++
		default:
			f, at, i = d.key(o, at, i)
		}
		if i < 0 {
			return -1
		}
		if b[i] != ':' {
			if i = blanks(b, i); b[i] != ':' {
				return d.syntax(i, "expected ':' behind a key")
			}
		}
		i++
		if b[i] <= ' ' {
			i = blanks(b, i)
		}
		if f == nil {
			i = d.skip(i, 0)
		} else {
			if f.seen != o.epoch {
				f.seen = o.epoch
				missing--
			} else {
				f.node.w.Forget(row)
			}
			i = d.value(f.node, i, row)
		}
		if i < 0 {
			return -1
		}
		if b[i] <= ' ' {
			i = blanks(b, i)
		}
		switch b[i] {
		case ',':
			i++
			if b[i] <= ' ' {
				i = blanks(b, i)
			}
		case '}':
			return d.missing(o, missing, i+1, row)
		default:
			return d.syntax(i, "expected ',' or '}'")
		}
	}
}

// key finds the field of the key at i, which is not the expected one, and returns the position behind its quote. next is the place of
// the key after it in the sequence.
func (d *decoder) key(o *object, at, i int) (f *field, next, end int) {
	// A key may be missing that was there before.
	for ahead := at + 1; ahead < min(at+4, len(o.expected)); ahead++ {
		if e := &o.expected[ahead]; e.is(d.block, i) {
			return e.field, ahead + 1, i + e.size
		}
	}
	text, end, escaped := d.text(i)
	if end < 0 {
		return nil, at, -1
	}
	f = o.byName[string(text)]
	if escaped {
		return f, at, end
	}
	e := newExpected(d.block[i:end], f)
	switch {
	case at < len(o.expected):
		o.expected[at] = e
	case at < longestSequence:
		o.expected = append(o.expected, e)
	default:
		return f, at, end
	}
	return f, at + 1, end
}

// missing makes the fields NULL that no key was there for; n is their number.
func (d *decoder) missing(o *object, n, i, row int) int {
	if n == 0 {
		return i
	}
	for k, f := range o.fields {
		if f.seen == o.epoch {
			continue
		}
		if o.absent != nil {
			o.absent[k] = append(o.absent[k], int32(row))
		}
		if d.failMissing {
			return d.unfit(f.node, i, row, nil, "the key is missing")
		}
		f.node.w.Null(row)
	}
	return i
}

// text returns the text at i, which is behind the opening quote, and the position behind the closing one. An escaped text stands in
// the decoder's scratch memory.
func (d *decoder) text(i int) (text []byte, end int, escaped bool) {
	end = stringEnd(d.block, i)
	switch d.block[end] {
	case '"':
		text = d.block[i:end]
		end++
	case '\\':
		end = d.unescape(i, end)
		text, escaped = d.scratch, true
	default:
		return nil, d.syntax(end, "a control character in a text, or no closing quote"), false
	}
	return text, end, escaped
}
