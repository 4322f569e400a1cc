package s3select

import (
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/millstream/millstream/column/jsontext"
)

type shapeKind uint8

const (
	shapeLeaf shapeKind = iota
	shapeGroup
	shapeList    // children: the repeated field
	shapeMap     // children: the repeated group of key and value
	shapeElement // a repeated group around the element of a list
)

// shape is a column of a Parquet file, or a part of one.
type shape struct {
	name     string
	member   []byte // its name as it stands before a member of JSON
	kind     shapeKind
	optional bool
	repeated bool
	children []*shape
	leaf     int          // of shapeLeaf: which one
	typ      parquet.Type // of shapeLeaf
	below    []int        // all leaves
}

func newShape(c *parquet.Column) *shape {
	s := &shape{name: c.Name(), member: jsonName(c.Name()), optional: c.Optional(), repeated: c.Repeated()}
	if c.Leaf() {
		s.leaf, s.typ = c.Index(), c.Type()
		s.below = []int{s.leaf}
		return s
	}
	s.kind = shapeGroup
	for _, child := range c.Columns() {
		part := newShape(child)
		s.children = append(s.children, part)
		s.below = append(s.below, part.below...)
	}
	logical := logicalOf(c.Type())
	if logical == nil || len(s.children) != 1 || !s.children[0].repeated {
		return s
	}
	inner := s.children[0]
	switch logical.Value.(type) {
	case *format.ListType:
		s.kind = shapeList
		if inner.kind == shapeGroup && len(inner.children) == 1 && inner.name != "array" && inner.name != s.name+"_tuple" {
			inner.kind = shapeElement
		}
	case *format.MapType:
		if inner.kind == shapeGroup && len(inner.children) == 2 && inner.children[0].isPlain() {
			s.kind = shapeMap
		}
	}
	return s
}

// isPlain reports whether a column has one value in each row.
func (s *shape) isPlain() bool { return s.kind == shapeLeaf && !s.repeated }

func (s *shape) leaves() []int { return s.below }

// append writes the part of a row as JSON. def and rep are the levels of what is around it.
func (s *shape) append(dst []byte, leaves []*leafReader, def, rep int) ([]byte, error) {
	if len(s.below) == 0 {
		return append(dst, "{}"...), nil
	}
	first, err := leaves[s.below[0]].peek()
	if err != nil {
		return dst, err
	}
	if first == nil {
		return dst, fail("ParquetParsingError", "a column of the Parquet file has fewer values than its row group has rows")
	}
	if (s.optional || s.repeated) && first.DefinitionLevel() <= def {
		for _, at := range s.below { // one value of each says that there is nothing
			if _, err := leaves[at].take(); err != nil {
				return dst, err
			}
		}
		if s.repeated {
			return append(dst, "[]"...), nil
		}
		return append(dst, "null"...), nil
	}
	if !s.repeated {
		if s.optional {
			def++
		}
		return s.appendOne(dst, leaves, def, rep)
	}
	dst = append(dst, '[')
	for more := true; more; {
		if dst, err = s.appendOne(dst, leaves, def+1, rep+1); err != nil {
			return dst, err
		}
		if len(dst) > maxDocument {
			return dst, fail("OverMaxRecordSize", "a row of the object has more than %d bytes", maxDocument)
		}
		if first, err = leaves[s.below[0]].peek(); err != nil {
			return dst, err
		}
		if more = first != nil && first.RepetitionLevel() == rep+1; more {
			dst = append(dst, ',')
		}
	}
	return append(dst, ']'), nil
}

// appendOne writes a value that is there.
func (s *shape) appendOne(dst []byte, leaves []*leafReader, def, rep int) ([]byte, error) {
	var err error
	switch s.kind {
	case shapeLeaf:
		v, err := leaves[s.leaf].take()
		if err != nil {
			return dst, err
		}
		if v.IsNull() {
			return append(dst, "null"...), nil
		}
		x := s.value(v)
		return appendJSON(dst, &x), nil
	case shapeList, shapeElement:
		return s.children[0].append(dst, leaves, def, rep)
	case shapeMap:
		from := len(dst)
		if dst, err = s.children[0].append(dst, leaves, def, rep); err != nil {
			return dst, err
		}
		return mapObject(dst, from)
	}
	dst = append(dst, '{')
	for i, child := range s.children {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, child.member...)
		if dst, err = child.append(dst, leaves, def, rep); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// mapObject makes an object of the list of keys and values that dst has from a place on.
func mapObject(dst []byte, from int) ([]byte, error) {
	var d jsontext.Doc
	text := append([]byte(nil), dst[from:]...)
	if err := d.Parse(text); err != nil {
		return dst, err
	}
	dst = append(dst[:from], '{')
	for c := int32(1); c < d.Nodes[0].Next; c = d.Nodes[c].Next {
		key := c + 2 // behind its name
		if c > 1 {
			dst = append(dst, ',')
		}
		if d.Nodes[key].Kind == jsontext.String {
			dst = d.AppendString(dst, key)
		} else {
			dst = jsontext.AppendQuoted(dst, d.AppendValue(nil, key))
		}
		dst = appendNode(append(dst, ':'), &value{doc: &d, node: d.Nodes[key].Next + 1})
	}
	return append(dst, '}'), nil
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) }

// value gives a leaf's value the kind that its type says.
func (s *shape) value(v *parquet.Value) value {
	logical := logicalOf(s.typ)
	var meaning any
	if logical != nil {
		meaning = logical.Value
	}
	switch v.Kind() {
	case parquet.Boolean:
		return boolValue(v.Boolean())
	case parquet.Int32, parquet.Int64:
		n := int64(v.Int32())
		if v.Kind() == parquet.Int64 {
			n = v.Int64()
		}
		return wholeOf(n, v.Kind() == parquet.Int32, meaning)
	case parquet.Int96:
		x := v.Int96() // nanoseconds of a Julian day
		nanos := int64(uint64(x[0]) | uint64(x[1])<<32)
		return timeValue(time.Unix((int64(x[2])-2_440_588)*86_400, nanos).UTC(), 0, detailSecond)
	case parquet.Float:
		// The digits of the narrow number, and not those of the same number as a wide one.
		f, err := strconv.ParseFloat(strconv.FormatFloat(float64(v.Float()), 'g', -1, 32), 64)
		if err != nil {
			f = float64(v.Float())
		}
		return floatValue(f)
	case parquet.Double:
		return floatValue(v.Double())
	}
	b := v.ByteArray()
	switch m := meaning.(type) {
	case *format.DecimalType:
		n := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
		}
		f, _ := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(m.Scale)), nil)).Float64()
		return floatValue(f)
	case *format.UUIDType:
		if len(b) == 16 {
			return textValue(uuidText(b))
		}
	}
	if !utf8.Valid(b) {
		return textValue(base64.StdEncoding.EncodeToString(b))
	}
	return value{kind: kindText, text: b}
}

// wholeOf gives a whole number the meaning of its logical type.
func wholeOf(n int64, narrow bool, meaning any) value {
	switch m := meaning.(type) {
	case *format.DecimalType:
		if m.Scale == 0 {
			return intValue(n)
		}
		f, _ := new(big.Rat).SetFrac(big.NewInt(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(m.Scale)), nil)).Float64()
		return floatValue(f)
	case *format.DateType:
		return timeValue(time.Unix(n*86_400, 0).UTC(), 0, detailDay)
	case *format.TimestampType:
		unit := nanosOf(m.Unit)
		perSecond := int64(time.Second) / unit
		seconds, rest := n/perSecond, n%perSecond
		return timeValue(time.Unix(seconds, rest*unit).UTC(), 0, detailSecond)
	case *format.TimeType:
		return textValue(clockText(n * nanosOf(m.Unit)))
	case *format.IntType:
		if !m.IsSigned && narrow {
			return intValue(int64(uint32(n)))
		}
		if !m.IsSigned && n < 0 {
			return floatValue(float64(uint64(n)))
		}
	}
	return intValue(n)
}

func nanosOf(u format.TimeUnit) int64 {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return 1e6
	case *format.MicroSeconds:
		return 1e3
	}
	return 1
}
