package s3select

import (
	"bytes"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/millstream/millstream/column/jsontext"
)

// output is how records are written.
type output struct {
	json          bool
	record, field []byte // delimiters
	quote, escape byte
	always        bool      // quotes around every field
	names         [][]byte  // of JSON: the names of the items in quotes and with a colon
	interesting   [256]bool // of CSV: bytes that ask for quotes
}

func newOutput(s *types.OutputSerialization) (*output, error) {
	switch {
	case s == nil || s.CSV == nil && s.JSON == nil:
		return nil, fail("MissingRequiredParameter", "the request has no OutputSerialization: CSV or JSON")
	case s.CSV != nil && s.JSON != nil:
		return nil, fail("ObjectSerializationConflict", "OutputSerialization is either CSV or JSON")
	case s.JSON != nil:
		return &output{json: true, record: []byte(valueOr(s.JSON.RecordDelimiter, "\n"))}, nil
	}
	o := &output{record: []byte(valueOr(s.CSV.RecordDelimiter, "\n")), field: []byte(valueOr(s.CSV.FieldDelimiter, ","))}
	var err error
	if o.quote, err = character("QuoteCharacter", s.CSV.QuoteCharacter, '"'); err != nil {
		return nil, err
	}
	if o.escape, err = character("QuoteEscapeCharacter", s.CSV.QuoteEscapeCharacter, o.quote); err != nil {
		return nil, err
	}
	switch fields := strings.ToUpper(string(s.CSV.QuoteFields)); fields {
	case "", "ASNEEDED":
	case "ALWAYS":
		o.always = true
	default:
		return nil, fail("InvalidQuoteFields", "QuoteFields is ALWAYS or ASNEEDED and not %s", s.CSV.QuoteFields)
	}
	for _, special := range [][]byte{o.record, o.field, {o.quote, '\n', '\r'}} {
		for _, c := range special {
			o.interesting[c] = true
		}
	}
	return o, nil
}

func valueOr(s *string, otherwise string) string {
	if s == nil || *s == "" {
		return otherwise
	}
	return *s
}

// character reads an option of one character; without it none is said to be there, by 0, if it is empty.
func character(name string, s *string, otherwise byte) (byte, error) {
	switch {
	case s == nil || *s == "":
		return otherwise, nil
	case len(*s) > 1:
		return 0, fail("InvalidRequestParameter", "%s is one ASCII character and not %q", name, *s)
	}
	return (*s)[0], nil
}

// jsonName makes a name what stands before a member's value.
func jsonName(name string) []byte { return append(jsontext.AppendQuoted(nil, []byte(name)), ':') }

// field adds a field of CSV.
func (o *output) appendField(dst, text []byte) []byte {
	quoted := o.always
	if !quoted {
		for _, c := range text {
			if o.interesting[c] {
				quoted = true
				break
			}
		}
	}
	if !quoted || o.quote == 0 {
		return append(dst, text...)
	}
	dst = append(dst, o.quote)
	for {
		i := bytes.IndexByte(text, o.quote)
		if i < 0 {
			break
		}
		dst = append(append(dst, text[:i]...), o.escape, o.quote)
		text = text[i+1:]
	}
	return append(append(dst, text...), o.quote)
}

// items writes the record of a list's values.
func (w *worker) items() error {
	o := w.run.output
	start := len(w.out)
	if o.json {
		w.out = append(w.out, '{')
	}
	for i := range w.run.query.items {
		v, err := w.ev.eval(w.run.query.items[i].expr)
		if err != nil {
			return err
		}
		if o.json {
			if v.kind == kindMissing {
				continue
			}
			if w.out[len(w.out)-1] != '{' || len(w.out)-1 != start {
				w.out = append(w.out, ',')
			}
			w.out = appendJSON(append(w.out, o.names[i]...), &v)
			continue
		}
		if i > 0 {
			w.out = append(w.out, o.field...)
		}
		if v.isText() {
			w.out = o.appendField(w.out, v.text)
			continue
		}
		w.scratch = appendValue(w.scratch[:0], &v)
		w.out = o.appendField(w.out, w.scratch)
	}
	return w.endRecord(start)
}

// endRecord ends the record that began at start.
func (w *worker) endRecord(start int) error {
	o := w.run.output
	if o.json {
		w.out = append(w.out, '}')
	}
	if len(w.out)-start > maxRecord {
		return fail("OverMaxRecordSize", "a record of the result has more than %d bytes", maxRecord)
	}
	w.out = append(w.out, o.record...)
	w.records++
	if w.run.query.limit >= 0 {
		w.ends = append(w.ends, len(w.out))
		w.full = w.records >= w.run.query.limit
	}
	if len(w.out) >= maxPayload {
		return w.emit()
	}
	return nil
}
