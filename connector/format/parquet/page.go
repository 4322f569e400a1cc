package parquet

import (
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/parquet-go/parquet-go/format"
)

// Pages are taken apart here, not by the library: its LZ4_RAW pages come back with other bytes than were stored (v0.32.0 drops the
// decompressed page wherever its buffer had to grow), and a damaged run length makes it ask for gigabytes.

// page is a page as its header describes it.
type page struct {
	kind       format.PageType
	encoding   format.Encoding
	entries    int // values, NULLs included
	levels     [2]int
	oldLevels  [2]bool // version 1: levels are packed without runs
	v2         bool
	compressed bool
	size       int    // of the body before compression, in bytes
	body       []byte // as it is stored
	checksum   uint32
	checked    bool // there is a checksum
}

// The two kinds of levels, as indexes.
const (
	repetition = 0
	definition = 1
)

var errHeader = errors.New("a page header that makes no sense")

// splitPages lists the pages of a column chunk, which has the given number of values: its dictionary, if any, and the data pages.
func splitPages(chunk []byte, values int64) (dictionary *page, data []page, err error) {
	for at := 0; values > 0; {
		if at == len(chunk) {
			return nil, nil, fmt.Errorf("the chunk ends %d values before its time", values)
		}
		p, n, err := parsePage(chunk[at:])
		if err != nil {
			return nil, nil, err
		}
		at += n
		switch p.kind {
		case format.DictionaryPage:
			if dictionary != nil || len(data) > 0 {
				return nil, nil, errHeader
			}
			dictionary = &p
		case format.DataPage, format.DataPageV2:
			if int64(p.entries) > values {
				return nil, nil, fmt.Errorf("a page of %d values, but the chunk has only %d more", p.entries, values)
			}
			values -= int64(p.entries)
			data = append(data, p)
		}
	}
	return dictionary, data, nil
}

// parsePage reads the page at the start of b and returns how long it is with its header.
func parsePage(b []byte) (p page, n int, err error) {
	t := thrift{b: b}
	p.compressed = true
	stored, size := -1, -1
	t.fields(func(id int16, kind byte) {
		switch id {
		case 1:
			p.kind = format.PageType(t.int(kind))
		case 2:
			size = t.int(kind)
		case 3:
			stored = t.int(kind)
		case 4:
			p.checksum, p.checked = uint32(t.int(kind)), true
		case 5: // data
			t.fields(func(id int16, kind byte) {
				switch id {
				case 1:
					p.entries = t.int(kind)
				case 2:
					p.encoding = format.Encoding(t.int(kind))
				case 3:
					p.oldLevels[definition] = format.Encoding(t.int(kind)) == format.BitPacked
				case 4:
					p.oldLevels[repetition] = format.Encoding(t.int(kind)) == format.BitPacked
				default:
					t.skip(kind, 0)
				}
			})
		case 7: // dictionary
			t.fields(func(id int16, kind byte) {
				switch id {
				case 1:
					p.entries = t.int(kind)
				case 2:
					p.encoding = format.Encoding(t.int(kind))
				default:
					t.skip(kind, 0)
				}
			})
		case 8: // data, version 2
			p.v2 = true
			t.fields(func(id int16, kind byte) {
				switch id {
				case 1:
					p.entries = t.int(kind)
				case 4:
					p.encoding = format.Encoding(t.int(kind))
				case 5:
					p.levels[definition] = t.int(kind)
				case 6:
					p.levels[repetition] = t.int(kind)
				case 7:
					p.compressed = t.bool(kind)
				default:
					t.skip(kind, 0)
				}
			})
		default:
			t.skip(kind, 0)
		}
	})
	if t.bad || stored < 0 || size < 0 || p.entries < 0 || stored > len(b)-t.at || p.v2 != (p.kind == format.DataPageV2) ||
		p.levels[0] < 0 || p.levels[1] < 0 || p.levels[0]+p.levels[1] > min(stored, size) {
		return p, 0, errHeader
	}
	p.size = size
	p.body = b[t.at : t.at+stored]
	return p, t.at + stored, nil
}

// check compares the page's checksum.
func (p *page) check() error {
	if p.checked && crc32.ChecksumIEEE(p.body) != p.checksum {
		return errors.New("a page does not have the bytes that were written: its checksum differs")
	}
	return nil
}

// thrift reads the compact protocol of Apache Thrift, in which headers are written. After a mistake bad is set and all values are zero.
type thrift struct {
	b   []byte
	at  int
	bad bool
}

// The types of the protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

func (t *thrift) byte() byte {
	if t.at >= len(t.b) {
		t.bad = true
		return 0
	}
	t.at++
	return t.b[t.at-1]
}

func (t *thrift) varint() (x uint64) {
	for shift := 0; shift < 64; shift += 7 {
		c := t.byte()
		x |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return x
		}
	}
	t.bad = true
	return 0
}

// int reads a number of 32 bits or fewer.
func (t *thrift) int(kind byte) int {
	if kind != thriftI32 && kind != thriftI16 {
		t.bad = true
		return 0
	}
	x := t.varint()
	return int(int32(uint32(x>>1) ^ -uint32(x&1)))
}

func (t *thrift) bool(kind byte) bool {
	t.bad = t.bad || kind != thriftTrue && kind != thriftFalse
	return kind == thriftTrue
}

// fields calls read for each field of a struct; read must take the field's value.
func (t *thrift) fields(read func(id int16, kind byte)) {
	id := int16(0)
	for !t.bad {
		head := t.byte()
		if head == 0 {
			return
		}
		if delta := int16(head >> 4); delta != 0 {
			id += delta
		} else {
			x := t.varint()
			id = int16(uint16(x>>1) ^ -uint16(x&1))
		}
		read(id, head&15)
	}
}

// skip passes over a value.
func (t *thrift) skip(kind byte, depth int) {
	if depth > 16 {
		t.bad = true
	}
	if t.bad {
		return
	}
	switch kind {
	case thriftTrue, thriftFalse:
	case thriftByte:
		t.byte()
	case thriftI16, thriftI32, thriftI64:
		t.varint()
	case thriftDouble:
		t.advance(8)
	case thriftBinary:
		t.advance(t.varint())
	case thriftList, thriftSet:
		head := t.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = t.varint()
		}
		for ; n > 0 && !t.bad; n-- {
			t.skipElement(head&15, depth)
		}
	case thriftMap:
		n := t.varint()
		if n == 0 {
			return
		}
		kinds := t.byte()
		for ; n > 0 && !t.bad; n-- {
			t.skipElement(kinds>>4, depth)
			t.skipElement(kinds&15, depth)
		}
	case thriftStruct:
		t.fields(func(_ int16, kind byte) { t.skip(kind, depth+1) })
	default:
		t.bad = true
	}
}

// skipElement passes over an element of a list or map, where a boolean takes a byte.
func (t *thrift) skipElement(kind byte, depth int) {
	if kind == thriftTrue || kind == thriftFalse {
		kind = thriftByte
	}
	t.skip(kind, depth+1)
}

func (t *thrift) advance(n uint64) {
	if n > uint64(len(t.b)-t.at) {
		t.bad = true
		return
	}
	t.at += int(n)
}
