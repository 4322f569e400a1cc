package discovery

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// The state is
//
//	version   1 byte: 1
//	flags     1 byte: 1 times are steady, 2 a listing is under way
//	horizon   varint, milliseconds since 1970
//	begun     varint, the same
//	number    uvarint, of the listing
//	since     varint, milliseconds since 1970: when the first listing began
//	cursor    uvarint length, bytes
//	position  uvarint length, bytes: of the stream of notifications
//	marks     uvarint count; each: directory and rest of the key, as texts like the cursor, and a varint time
//	hashes    uvarint groups; each: uvarint minute or listing, uvarint count, and 8 bytes each
const stateVersion = 1

const (
	flagSteady = 1 << iota
	flagListing
)

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// encode writes what is known, and a stream's position.
func (s *seen) encode(position []byte) []byte {
	var flags byte
	if s.steady {
		flags |= flagSteady
	}
	if s.listing {
		flags |= flagListing
	}
	b := []byte{stateVersion, flags}
	b = binary.AppendVarint(b, s.horizon)
	b = binary.AppendVarint(b, s.begun)
	b = binary.AppendUvarint(b, uint64(s.number))
	b = binary.AppendVarint(b, s.since)
	b = appendText(b, s.cursor)
	b = appendText(b, string(position))
	b = binary.AppendUvarint(b, uint64(len(s.marks)))
	for dir, m := range s.marks {
		b = appendText(b, dir)
		b = appendText(b, m.key[len(dir):])
		b = binary.AppendVarint(b, m.time)
	}
	counts := map[uint32]int{}
	for _, group := range s.set {
		counts[group]++
	}
	b = binary.AppendUvarint(b, uint64(len(counts)))
	b = slices.Grow(b, 8*len(s.set)+10*len(counts))
	places := make(map[uint32]int, len(counts)) // where the next hash of each group belongs
	for group, n := range counts {
		b = binary.AppendUvarint(b, uint64(group))
		b = binary.AppendUvarint(b, uint64(n))
		places[group] = len(b)
		b = b[:len(b)+8*n]
	}
	for h, group := range s.set {
		at := places[group]
		binary.LittleEndian.PutUint64(b[at:], h)
		places[group] = at + 8
	}
	return b
}

var errState = errors.New("what was discovered before cannot be read from the checkpoint")

// decoder reads a state; after an error it gives zeros.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// take returns the next n bytes.
func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) text() string { return string(d.take(d.uvarint())) }

// decode reads what encode has written. Whether times are steady must be as it was.
func (s *seen) decode(state []byte) (position []byte, err error) {
	if len(state) < 2 || state[0] != stateVersion || (state[1]&flagSteady != 0) != s.steady {
		return nil, errState
	}
	d := &decoder{rest: state[2:]}
	s.listing = state[1]&flagListing != 0
	s.horizon, s.begun, s.number, s.since, s.cursor = d.varint(), d.varint(), uint32(d.uvarint()), d.varint(), d.text() //nolint:gosec // written as 32 bits
	if p := d.text(); p != "" {
		position = []byte(p)
	}
	for range d.uvarint() {
		dir := d.text()
		s.marks[dir] = mark{key: dir + d.text(), time: d.varint()}
		if d.bad {
			return nil, errState
		}
	}
	for range d.uvarint() {
		group, n := uint32(d.uvarint()), d.uvarint() //nolint:gosec // written as 32 bits
		if n > uint64(len(d.rest))/8 {
			return nil, errState
		}
		for hashes := d.take(8 * n); len(hashes) > 0; hashes = hashes[8:] {
			s.set[binary.LittleEndian.Uint64(hashes)] = group
		}
		if d.bad {
			return nil, errState
		}
	}
	if d.bad || len(d.rest) > 0 {
		return nil, errState
	}
	if s.listing { // what it had shown of the directory that it is in is not known: no mark is made there before the next listing
		s.run = run{dir: s.cursor[:strings.LastIndexByte(s.cursor, '/')+1]}
	}
	return position, nil
}
