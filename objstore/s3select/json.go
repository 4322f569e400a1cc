package s3select

import (
	"bytes"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/millstream/millstream/column/jsontext"
)

// maxDocument bounds a value of JSON DOCUMENT, of which FROM may make many records.
const maxDocument = 32 << 20

func jsonType(s *types.JSONInput) (document bool, err error) {
	switch strings.ToUpper(string(s.Type)) {
	case "LINES":
		return false, nil
	case "DOCUMENT", "":
		return true, nil
	}
	return false, fail("InvalidJsonType", "the Type of JSON is DOCUMENT or LINES and not %s", s.Type)
}

// cutValues returns up to where b holds whole values of a JSON document: objects and arrays that end, and scalars with something
// behind them. What is no JSON is left to the parser.
func cutValues(b []byte) int {
	whole := 0
	for i := 0; i < len(b); {
		end, ok := valueEnd(b, i)
		if !ok {
			return whole
		}
		whole, i = end, end
	}
	return whole
}

// valueEnd returns the end of the value that begins at or behind i.
func valueEnd(b []byte, i int) (end int, ok bool) {
	for i < len(b) && isBlank(b[i]) {
		i++
	}
	depth := 0
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			for escaped := true; escaped; { // by an odd number of backslashes
				stop := bytes.IndexByte(b[i+1:], '"')
				if stop < 0 {
					return 0, false
				}
				i += stop + 1
				escaped = false
				for k := i - 1; b[k] == '\\'; k-- {
					escaped = !escaped
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth > 0 {
				break
			}
			for i++; i < len(b) && !isBlank(b[i]) && strings.IndexByte(`"{}[],`, b[i]) < 0; {
				i++
			}
			return i, i < len(b)
		}
		if i++; depth <= 0 {
			return i, true
		}
	}
	return 0, false
}

var lineEnd = []byte{'\n'}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// jsonBlock computes the whole records of b.
func (w *worker) jsonBlock(b []byte) error {
	for len(b) > 0 && !w.full {
		var one []byte
		limit := maxRecord
		if w.run.document {
			end, ok := valueEnd(b, 0)
			if !ok {
				end = len(b)
			}
			one, b = b[:end], b[end:]
			limit = maxDocument
		} else {
			one, b, _ = bytes.Cut(b, lineEnd)
		}
		if one = bytes.TrimSpace(one); len(one) == 0 {
			continue
		}
		if len(one) > limit {
			return fail("OverMaxRecordSize", "a record of the object has more than %d bytes", limit)
		}
		d := &w.doc
		if err := d.Parse(one); err != nil {
			return fail("JSONParsingError", "%v of a record that begins with %.60q", err, one)
		}
		if rest := bytes.TrimSpace(behindValue(d)); len(rest) > 0 {
			return fail("JSONParsingError", "%.20q stands behind the value of a record that begins with %.60q", rest, one)
		}
		if err := w.jsonRecords(0, w.run.query.from); err != nil {
			return err
		}
	}
	return nil
}

// behindValue returns what stands behind the first value of a text.
func behindValue(d *jsontext.Doc) []byte {
	x := &d.Nodes[0]
	end := int(x.To)
	if x.Kind == jsontext.String {
		end++
	}
	return d.Text[end:]
}

// jsonRecords goes down the path of FROM from a node and computes the records that it finds.
func (w *worker) jsonRecords(at int32, path []step) error {
	for i := range path {
		if s := &path[i]; s.kind != stepEach {
			if at = child(&w.doc, at, s); at < 0 {
				return nil
			}
			continue
		}
		x := &w.doc.Nodes[at]
		if x.Kind != jsontext.Array {
			continue // one value stands for itself
		}
		for c := at + 1; c < x.Next && !w.full; c = w.doc.Nodes[c].Next {
			if err := w.jsonRecords(c, path[i+1:]); err != nil {
				return err
			}
		}
		return nil
	}
	return w.jsonRecord(at)
}

func (w *worker) jsonRecord(at int32) error {
	e := &w.ev
	e.doc, e.record, e.memory = &w.doc, at, e.memory[:0]
	if where := w.run.query.where; where != nil {
		t, err := e.test(where)
		if err != nil || t != isTrue {
			return err
		}
	}
	switch {
	case len(w.accumulators) > 0:
		return w.aggregate()
	case w.run.query.all:
		return w.jsonAll(at)
	}
	return w.items()
}

// jsonAll writes a record as it is; one that is no object as the object {"_1": record}.
func (w *worker) jsonAll(at int32) error {
	d, o := &w.doc, w.run.output
	start := len(w.out)
	x := &d.Nodes[at]
	if x.Kind != jsontext.Object {
		v := w.ev.node(at)
		if o.json {
			w.out = appendJSON(append(w.out, `{"_1":`...), &v)
		} else {
			w.scratch = appendValue(w.scratch[:0], &v)
			w.out = o.appendField(w.out, w.scratch)
		}
		return w.endRecord(start)
	}
	if o.json {
		w.out = appendNode(w.out, &value{doc: d, node: at})
		w.out = w.out[:len(w.out)-1] // endRecord adds the bracket
		return w.endRecord(start)
	}
	for c := at + 1; c < x.Next; c = d.Nodes[c+1].Next {
		if c > at+1 {
			w.out = append(w.out, o.field...)
		}
		v := w.ev.node(c + 1)
		w.scratch = appendValue(w.scratch[:0], &v)
		w.out = o.appendField(w.out, w.scratch)
	}
	return w.endRecord(start)
}
