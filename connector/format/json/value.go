package json

import (
	"bytes"
	"math"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// ends is true for the bytes that may follow a number.
var ends = [256]bool{',': true, '}': true, ']': true, ' ': true, '\t': true, '\r': true, '\n': true}

// value parses the value at i into row of the node.
func (d *decoder) value(n *node, i, row int) int {
	b := d.block
	c := b[i]
	if c == 'n' && string(b[i:i+4]) == "null" {
		n.w.Null(row)
		return i + 4
	}
	switch n.kind {
	case column.Char, column.VarChar:
		if c == '"' {
			end := stringEnd(b, i+1)
			if b[end] == '"' && !d.strict {
				n.w.View(row, i+1, end-i-1)
				return end + 1
			}
		}
		return d.anyText(n, i, row)
	case column.BigInt, column.Int, column.SmallInt, column.TinyInt:
		if x, end := integer(b, i); end > 0 {
			switch n.kind {
			case column.BigInt:
				n.w.Int64(row, x)
				return end
			case column.Int:
				if x == int64(int32(x)) {
					n.w.Int32(row, int32(x))
					return end
				}
			case column.SmallInt:
				if x == int64(int16(x)) {
					n.w.Int16(row, int16(x))
					return end
				}
			case column.TinyInt:
				if x == int64(int8(x)) {
					n.w.Int8(row, int8(x))
					return end
				}
			}
		}
		return d.scalar(n, i, row)
	case column.Double:
		if c-'0' <= 9 || c == '-' {
			end, _ := d.number(i)
			if end < 0 {
				return -1
			}
			if x, ok := scan.Double(b[i:end]); ok {
				n.w.Double(row, x)
				return end
			}
		}
		return d.scalar(n, i, row)
	case column.Boolean:
		return d.boolean(n, i, row)
	case column.Array:
		return d.array(n, i, row)
	case column.Map, column.Multiset:
		return d.mapping(n, i, row)
	case column.Row:
		if c != '{' {
			return d.unfit(n, i, row, d.token(i), "not an object, as ROW needs")
		}
		return d.object(n.object, i+1, row)
	case column.Null:
		n.w.Null(row)
		return d.skip(i, 0)
	}
	return d.scalar(n, i, row)
}

// integer reads an integer of at most 18 digits at i. end is 0 where there is none.
func integer(b []byte, i int) (x int64, end int) {
	negative := b[i] == '-'
	if negative {
		i++
	}
	first := i
	for {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		x = x*10 + int64(d)
		i++
	}
	n := i - first
	if n == 0 || n > 18 || !ends[b[i]] || b[first] == '0' && n > 1 {
		return 0, 0
	}
	if negative {
		x = -x
	}
	return x, i
}

// token returns the bytes of the value at i as far as an error message needs them.
func (d *decoder) token(i int) []byte {
	end := d.skip(i, 0)
	if end < 0 {
		end = i + bytes.IndexByte(d.block[i:], '\n')
	}
	return d.block[i:end]
}

// anyText reads any value as text: objects and arrays as JSON, others as they stand there.
func (d *decoder) anyText(n *node, i, row int) int {
	b := d.block
	switch b[i] {
	case '"':
		text, end, escaped := d.text(i + 1)
		switch {
		case end < 0:
			return -1
		case d.strict && !utf8.Valid(text):
			return d.unfit(n, i, row, text, "not valid UTF-8")
		case escaped:
			n.w.Bytes(row, text)
		default:
			n.w.View(row, i+1, end-i-2)
		}
		return end
	case '{', '[':
		text, end := d.compact(d.compacted[:0], i, 0)
		d.compacted = text
		if end < 0 {
			return -1
		}
		if d.strict && !utf8.Valid(text) {
			return d.unfit(n, i, row, text, "not valid UTF-8")
		}
		n.w.Bytes(row, text)
		return end
	}
	end := d.skip(i, 0)
	if end < 0 {
		return -1
	}
	n.w.View(row, i, end-i)
	return end
}

func (d *decoder) boolean(n *node, i, row int) int {
	switch d.block[i] {
	case 't', 'f':
		end := d.literal(i)
		if end > 0 {
			n.w.Bool(row, end == i+4)
		}
		return end
	case '"':
		text, end, _ := d.text(i + 1)
		if end > 0 {
			n.w.Bool(row, scan.IsTrue(scan.Trim(text)))
		}
		return end
	case '{', '[':
		return d.unfit(n, i, row, d.token(i), "not a value of type BOOLEAN")
	}
	end := d.skip(i, 0)
	if end > 0 {
		n.w.Bool(row, false)
	}
	return end
}

// scalar reads a number or a text as the node's type.
func (d *decoder) scalar(n *node, i, row int) int {
	b := d.block
	binary := n.w.Type.IsBinary()
	var text []byte
	var end int
	switch b[i] {
	case '"':
		if text, end, _ = d.text(i + 1); end < 0 {
			return -1
		}
	case '{', '[':
		if end = d.skip(i, 0); end < 0 {
			return -1
		}
		return d.unfit(n, i, row, b[i:end], "not "+n.w.Want(&d.form))
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		var fraction bool
		if end, fraction = d.number(i); end < 0 {
			return -1
		}
		text = b[i:end]
		if fraction && (n.kind == column.Int || n.kind == column.BigInt) {
			if d.truncate(n, row, text) {
				return end
			}
			return d.unfit(n, i, row, text, "not "+n.w.Want(&d.form))
		}
		if binary {
			return d.unfit(n, i, row, text, "not "+n.w.Want(&d.form))
		}
	default:
		if end = d.skip(i, 0); end < 0 {
			return -1
		}
		return d.unfit(n, i, row, b[i:end], "not "+n.w.Want(&d.form))
	}
	if !n.w.Text(row, text, &d.form) {
		return d.unfit(n, i, row, text, "not "+n.w.Want(&d.form))
	}
	return end
}

// truncate reads a number with a fraction or exponent as an integer: the fraction is cut off.
func (d *decoder) truncate(n *node, row int, text []byte) bool {
	x, ok := scan.Double(text)
	if !ok {
		return false
	}
	if n.kind == column.Int {
		if x < math.MinInt32 || x > math.MaxInt32 {
			return false
		}
		n.w.Int32(row, int32(x))
		return true
	}
	if x < math.MinInt64 || x >= -math.MinInt64 {
		return false
	}
	n.w.Int64(row, int64(x))
	return true
}

func (d *decoder) array(n *node, i, row int) int {
	b := d.block
	if b[i] != '[' {
		return d.unfit(n, i, row, d.token(i), "not an array, as ARRAY needs")
	}
	if i = blanks(b, i+1); b[i] == ']' {
		n.w.List(row, 0)
		return i + 1
	}
	start := n.w.Start(row)
	for count := 0; ; {
		if i = d.value(n.elem, i, start+count); i < 0 {
			return -1
		}
		count++
		if b[i] <= ' ' {
			i = blanks(b, i)
		}
		switch b[i] {
		case ',':
			i = blanks(b, i+1)
		case ']':
			n.w.List(row, count)
			return i + 1
		default:
			return d.syntax(i, "expected ',' or ']'")
		}
	}
}

// mapping reads an object as a MAP, or as a MULTISET with its counts. Of a repeated key the last value counts.
func (d *decoder) mapping(n *node, i, row int) int {
	if d.block[i] != '{' {
		return d.unfit(n, i, row, d.token(i), "not an object, as "+n.w.Type.Optional().String()+" needs")
	}
	start := n.w.Start(row)
	end, count := d.entries(n, i, start, nil)
	if end >= 0 && repeats(n, start, count) {
		last := map[string]int{} // the ordinal of each key's last value
		for at := range count {
			last[string(n.w.Children[0].Value(start+at))] = at
		}
		n.w.Children[0].Forget(start)
		n.w.Children[1].Forget(start)
		end, count = d.entries(n, i, start, last)
	}
	if end >= 0 {
		n.w.List(row, count)
	}
	return end
}

// entries reads the entries of the object at i into the children from row start on. Where last is given, only those count that it names.
func (d *decoder) entries(n *node, i, start int, last map[string]int) (end, count int) {
	b := d.block
	if i = blanks(b, i+1); b[i] == '}' {
		return i + 1, 0
	}
	for ordinal := 0; ; ordinal++ {
		if b[i] != '"' {
			return d.syntax(i, "expected a key in quotes"), 0
		}
		key, end, escaped := d.text(i + 1)
		if end < 0 {
			return -1, 0
		}
		if d.strict && !utf8.Valid(key) {
			return d.syntax(i, "a key that is not valid UTF-8"), 0
		}
		at := start + count
		if wanted := last == nil || last[string(key)] == ordinal; wanted {
			count++
			if escaped {
				n.w.Children[0].Bytes(at, key)
			} else {
				n.w.Children[0].View(at, i+1, end-i-2)
			}
		} else {
			at = -1
		}
		if i = blanks(b, end); b[i] != ':' {
			return d.syntax(i, "expected ':' behind a key"), 0
		}
		i = blanks(b, i+1)
		if at >= 0 {
			i = d.value(n.elem, i, at)
		} else {
			i = d.skip(i, 0)
		}
		if i < 0 {
			return -1, 0
		}
		i = blanks(b, i)
		switch b[i] {
		case ',':
			i = blanks(b, i+1)
		case '}':
			return i + 1, count
		default:
			return d.syntax(i, "expected ',' or '}'"), 0
		}
	}
}

// repeats reports whether a key stands twice among n entries.
func repeats(n *node, start, count int) bool {
	keys := n.w.Children[0]
	if count > 16 {
		seen := make(map[string]bool, count)
		for at := range count {
			seen[string(keys.Value(start+at))] = true
		}
		return len(seen) < count
	}
	for at := 1; at < count; at++ {
		for before := range at {
			if keys.Same(start+at, start+before) {
				return true
			}
		}
	}
	return false
}
