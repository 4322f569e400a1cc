package s3select

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// events writes the messages of an event stream: 4 bytes of its length, 4 of its headers' length, their CRC, the headers, the payload
// and the CRC of all. Each message reaches the client at once.
type events struct {
	w       *bufio.Writer
	message []byte
}

// maxPayload is how many bytes of records a message has at most, about.
const maxPayload = 256 << 10

func (s *events) send(payload []byte, headers ...string) error {
	const prelude = 12
	m := append(s.message[:0], make([]byte, prelude)...)
	for i := 0; i < len(headers); i += 2 {
		m = append(append(m, byte(len(headers[i]))), headers[i]...)
		m = binary.BigEndian.AppendUint16(append(m, 7), uint16(len(headers[i+1]))) // 7: a text
		m = append(m, headers[i+1]...)
	}
	head := len(m) - prelude
	binary.BigEndian.PutUint32(m, uint32(len(m)+len(payload)+4))
	binary.BigEndian.PutUint32(m[4:], uint32(head))
	binary.BigEndian.PutUint32(m[8:], crc32.ChecksumIEEE(m[:8]))
	m = append(m, payload...)
	m = binary.BigEndian.AppendUint32(m, crc32.ChecksumIEEE(m))
	s.message = m
	if _, err := s.w.Write(m); err != nil {
		return err
	}
	return s.w.Flush()
}

func (s *events) records(payload []byte) error {
	return s.send(payload, ":message-type", "event", ":content-type", "application/octet-stream", ":event-type", "Records")
}

func (s *events) empty(event string) error {
	return s.send(nil, ":message-type", "event", ":event-type", event)
}

// counts are the bytes read of the object, those of them when decompressed, and those sent.
type counts struct{ scanned, processed, returned int64 }

// count sends an event named Progress or Stats.
func (s *events) count(event string, c counts) error {
	payload := fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><%s><BytesScanned>%d</BytesScanned><BytesProcessed>%d</BytesProcessed>`+
		`<BytesReturned>%d</BytesReturned></%s>`, event, c.scanned, c.processed, c.returned, event)
	return s.send(payload, ":message-type", "event", ":content-type", "text/xml", ":event-type", event)
}

func (s *events) fail(err *Error) error {
	message := err.Message
	if len(message) > 4096 {
		message = message[:4096]
	}
	return s.send(nil, ":error-code", err.Code, ":error-message", message, ":message-type", "error")
}
