package stream

import (
	"strings"
	"unsafe"
)

// stringTable numbers strings. A string of up to 16 bytes is two words (see [packString]) and its length, which the tag
// holds; so most lookups compare numbers in two places and never touch the strings themselves.
type stringTable struct {
	slots
	packed []packed // by number
	keys   []string
	hashes []uint64
	chunk  []byte // where held keys are copied to

	batch       [lookupLen]packed // of the keys at hand
	batchHashes [lookupLen]uint64
}

// packed is what packString makes of a string.
type packed struct{ lo, hi uint64 }

// packedLen is the greatest length of strings that are equal exactly if their lengths and packed words are.
const packedLen = 16

func newStringTable() *stringTable { return &stringTable{slots: newSlots()} }

func (t *stringTable) held() []string   { return t.keys }
func (t *stringTable) hashed() []uint64 { return t.hashes }

// stringTag is 27 bits of the hash and 5 of the length; 31 stands for all lengths above packedLen.
func stringTag(h uint64, length int) uint64 {
	if length > packedLen {
		length = 31
	}
	return h>>37<<5 | uint64(length)
}

// lookupLen is how many keys are hashed before they are looked up: so few that what is known of them stays in the first-level cache,
// enough for the processor to work on many lookups at a time.
const lookupLen = 256

func (t *stringTable) lookup(keys []string, out []int32) {
	for len(keys) > lookupLen {
		t.lookupSome(keys[:lookupLen], out)
		keys, out = keys[lookupLen:], out[lookupLen:]
	}
	t.lookupSome(keys, out)
}

func (t *stringTable) lookupSome(keys []string, out []int32) {
	n := len(keys)
	batch, hashes := t.batch[:n], t.batchHashes[:n]
	for i, k := range keys {
		hashes[i], batch[i] = hashString(k)
	}
	out = out[:n]
	for i, h := range hashes {
		p := batch[i]
		tag := stringTag(h, len(keys[i]))
		at := h & t.mask
		for {
			s := t.words[at]
			if s == 0 {
				out[i] = t.insert(keys[i], h, p)
				break
			}
			if n := uint32(s) - 1; s>>32 == tag && t.packed[n] == p && (len(keys[i]) <= packedLen || t.keys[n] == keys[i]) {
				out[i] = int32(n)
				break
			}
			at = (at + 1) & t.mask
		}
	}
}

func (t *stringTable) insert(k string, h uint64, p packed) int32 {
	n := len(t.keys)
	t.keys = append(t.keys, t.keep(k))
	t.packed = append(t.packed, p)
	t.hashes = append(t.hashes, h)
	if !t.grown(n + 1) {
		t.put(h, stringTag(h, len(k)), n)
		return int32(n)
	}
	for i, h := range t.hashes {
		t.put(h, stringTag(h, len(t.keys[i])), i)
	}
	return int32(n)
}

// keep copies a key, so that a held key does not hold on to the piece of input that it was cut from.
func (t *stringTable) keep(s string) string {
	const chunkLen = 32 << 10
	if len(s) > chunkLen/4 {
		return strings.Clone(s)
	}
	if len(s) > cap(t.chunk)-len(t.chunk) {
		t.chunk = make([]byte, 0, chunkLen)
	}
	at := len(t.chunk)
	t.chunk = append(t.chunk, s...)
	return unsafe.String(unsafe.SliceData(t.chunk[at:]), len(s))
}

func (t *stringTable) reset() {
	clear(t.words)
	clear(t.keys)
	t.keys, t.hashes, t.packed = t.keys[:0], t.hashes[:0], t.packed[:0]
	t.chunk = nil // strings that were sent on still lie in it
}
