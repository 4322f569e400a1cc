// Package eventstream reads the messages in which S3 answers SelectObjectContent.
//
// What enters: an answer's body. What leaves: one message at a time, with its headers, whole and checked.
//
// A message is its total length, the length of its headers, a CRC32 of these two, the headers, the payload and a CRC32 of all before; numbers are
// big-endian. A header is a name, a type and a value.
//
// What must hold: no byte leaves before its checksum was compared; a message's length, which comes from the network, is bounded before memory is taken; an end between two messages is
// [io.EOF], one within a message [io.ErrUnexpectedEOF].
package eventstream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	preludeSize = 12
	crcSize     = 4
	// MaxMessage bounds a message's length. S3 sends 1 MiB at most, the format allows payloads of 16 MiB.
	MaxMessage = 17 << 20
	// maxHeaders is what the format allows.
	maxHeaders = 128 << 10
)

// Message is one message. Its payload is valid until the next is read.
type Message struct {
	Type    string // :message-type, "event" or "error"
	Event   string // :event-type, such as "Records"
	Code    string // :error-code
	Reason  string // :error-message
	Payload []byte
}

// FormatError says that bytes are no message, or not those that were sent.
type FormatError struct{ Reason string }

func (e *FormatError) Error() string { return "the answer is damaged: " + e.Reason }

// Reader reads messages.
type Reader struct {
	r       io.Reader
	prelude [preludeSize]byte
	buf     []byte
}

// NewReader reads messages from r, in pieces as small as they come: r should be buffered.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next reads a message.
func (r *Reader) Next() (Message, error) {
	if _, err := io.ReadFull(r.r, r.prelude[:]); err != nil {
		return Message{}, err
	}
	p := r.prelude[:]
	total, headers := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	crc := crc32.ChecksumIEEE(p[:8])
	if got := binary.BigEndian.Uint32(p[8:]); got != crc {
		return Message{}, &FormatError{fmt.Sprintf("the checksum of a message's lengths is %08x, not %08x", crc, got)}
	}
	if total < preludeSize+crcSize || total > MaxMessage || headers > maxHeaders || headers > total-preludeSize-crcSize {
		return Message{}, &FormatError{fmt.Sprintf("a message has %d bytes, of which %d are headers", total, headers)}
	}
	rest := int(total) - preludeSize
	if err := r.fill(rest); err != nil {
		return Message{}, err
	}
	crc = crc32.Update(crc32.ChecksumIEEE(p), crc32.IEEETable, r.buf[:rest-crcSize])
	if got := binary.BigEndian.Uint32(r.buf[rest-crcSize : rest]); got != crc {
		return Message{}, &FormatError{fmt.Sprintf("the checksum of a message is %08x, not %08x", crc, got)}
	}
	m := Message{Payload: r.buf[headers : rest-crcSize]}
	return m, m.parse(r.buf[:headers])
}

// fillStep is how much memory is taken at a time for bytes that have not come yet.
const fillStep = 1 << 20

// fill reads n bytes into buf.
func (r *Reader) fill(n int) error {
	for at := 0; at < n; {
		end := min(n, at+fillStep)
		if end > len(r.buf) {
			grown := make([]byte, end)
			copy(grown, r.buf[:at])
			r.buf = grown
		}
		k, err := io.ReadFull(r.r, r.buf[at:end])
		if at += k; err == io.EOF { // within a message
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The types of headers, with the lengths of those that have a fixed one.
const (
	typeBytes = 6
	typeText  = 7
)

var fixedSize = map[byte]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}

// parse reads the headers.
func (m *Message) parse(b []byte) error {
	for len(b) > 0 {
		n := int(b[0])
		if len(b) < 1+n+1 {
			return &FormatError{"a header's name is cut off"}
		}
		name, kind := string(b[1:1+n]), b[1+n]
		b = b[2+n:]
		size, fixed := fixedSize[kind]
		switch {
		case fixed:
		case kind != typeBytes && kind != typeText:
			return &FormatError{fmt.Sprintf("the header '%s' has the unknown type %d", name, kind)}
		case len(b) < 2:
			return &FormatError{"the value of the header '" + name + "' is cut off"}
		default:
			size = int(binary.BigEndian.Uint16(b))
			b = b[2:]
		}
		if len(b) < size {
			return &FormatError{"the value of the header '" + name + "' is cut off"}
		}
		if kind == typeText {
			m.set(name, string(b[:size]))
		}
		b = b[size:]
	}
	return nil
}

func (m *Message) set(name, value string) {
	switch name {
	case ":message-type":
		m.Type = value
	case ":event-type":
		m.Event = value
	case ":error-code":
		m.Code = value
	case ":error-message":
		m.Reason = value
	}
}
