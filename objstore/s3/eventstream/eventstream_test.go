package eventstream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// header encodes a header of text.
func header(name, value string) []byte {
	b := append([]byte{byte(len(name))}, name...)
	b = append(b, typeText)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// encode writes a message.
func encode(headers, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(preludeSize+len(headers)+len(payload)+crcSize))
	b = binary.BigEndian.AppendUint32(b, uint32(len(headers)))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(append(b, headers...), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func event(name string, payload string) []byte {
	return encode(append(header(":message-type", "event"), header(":event-type", name)...), []byte(payload))
}

func TestMessages(t *testing.T) {
	others := []byte{} // a header of each other type
	for kind, size := range fixedSize {
		others = append(append(others, 1, 'x', kind), make([]byte, size)...)
	}
	others = append(others, 1, 'y', typeBytes, 0, 2, 7, 7)
	stream := bytes.Join([][]byte{
		event("Records", "a,b\n"), event("Cont", ""), event("Records", strings.Repeat("x", 3*fillStep)), event("Records", "z"),
		encode(append(others, header(":event-type", "End")...), nil),
		encode(bytes.Join([][]byte{header(":message-type", "error"), header(":error-code", "C"), header(":error-message", "why")}, nil), nil),
	}, nil)
	for name, in := range map[string]io.Reader{"at once": bytes.NewReader(stream), "by half": iotest.HalfReader(bytes.NewReader(stream))} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(in)
			for _, want := range []Message{
				{Type: "event", Event: "Records", Payload: []byte("a,b\n")}, {Type: "event", Event: "Cont"},
				{Type: "event", Event: "Records", Payload: bytes.Repeat([]byte("x"), 3*fillStep)}, {Type: "event", Event: "Records", Payload: []byte("z")},
				{Event: "End"}, {Type: "error", Code: "C", Reason: "why"},
			} {
				m, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if m.Type != want.Type || m.Event != want.Event || m.Code != want.Code || m.Reason != want.Reason || !bytes.Equal(m.Payload, want.Payload) {
					t.Errorf("got %.100v, want %.100v", m, want)
				}
			}
			if _, err := r.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// TestDamage flips each bit of a message and cuts it at each byte: nothing is taken for what was sent.
func TestDamage(t *testing.T) {
	whole := event("Records", "some,records\n")
	for i := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[i] ^= 1 << bit
			if m, err := NewReader(bytes.NewReader(b)).Next(); err == nil {
				t.Errorf("bit %d of byte %d flipped: got %v", bit, i, m)
			}
		}
		if _, err := NewReader(bytes.NewReader(whole[:i])).Next(); i > 0 && !errors.Is(err, io.ErrUnexpectedEOF) || i == 0 && !errors.Is(err, io.EOF) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

// TestLongLengths checks that lengths are bounded, though their checksum is right.
func TestLongLengths(t *testing.T) {
	for _, lengths := range [][2]uint32{{MaxMessage + 1, 0}, {15, 0}, {0, 0}, {100, 85}, {MaxMessage, maxHeaders + 1}, {1 << 31, 1 << 31}} {
		b := binary.BigEndian.AppendUint32(nil, lengths[0])
		b = binary.BigEndian.AppendUint32(b, lengths[1])
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
		var bad *FormatError
		if _, err := NewReader(bytes.NewReader(b)).Next(); !errors.As(err, &bad) {
			t.Errorf("lengths %v: %v", lengths, err)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(event("Records", "x"), false)
	f.Add([]byte{13, ':', 'e'}, true)
	f.Fuzz(func(t *testing.T, data []byte, wrap bool) {
		if wrap { // headers that pass the checksums
			data = encode(data, []byte("p"))
		}
		r := NewReader(bytes.NewReader(data))
		read := 0
		for {
			m, err := r.Next()
			if err != nil {
				return
			}
			if read += len(m.Payload); read > len(data) {
				t.Fatalf("%d bytes of payload from %d", read, len(data))
			}
		}
	})
}
