package stream

import (
	"strings"
	"unsafe"
)

// table maps keys to dense numbers in the order of their first coming. It is open addressing over words of (32 bits of
// hash, number + 1), with the keys beside, like [state.Groups] but over Go values.
type table[K comparable] struct {
	hash   hasher[K]
	keep   func(K) K // copies a key that is to be held
	keys   []K
	hashes []uint64 // by key
	slots  []uint64
	mask   uint64
	batch  []uint64 // hashes of the keys at hand
}

func newTable[K comparable](hash hasher[K]) *table[K] {
	const size = 1 << 10
	return &table[K]{hash: hash, keep: newKeeper[K](), slots: make([]uint64, size), mask: size - 1}
}

// lookup writes the number of each key to out, making one for each new key.
func (t *table[K]) lookup(keys []K, out []int32) {
	if cap(t.batch) < len(keys) {
		t.batch = make([]uint64, max(len(keys), batchLen))
	}
	hashes := t.batch[:len(keys)]
	t.hash(keys, hashes)
	out = out[:len(keys)]
	slots, mask := t.slots, t.mask
	for i, h := range hashes {
		at := h & mask
		for {
			s := slots[at]
			if s>>32 == h>>32 && s != 0 && t.keys[uint32(s)-1] == keys[i] {
				out[i] = int32(uint32(s) - 1)
				break
			}
			if s == 0 {
				out[i] = t.insert(keys[i], h, at)
				slots, mask = t.slots, t.mask
				break
			}
			at = (at + 1) & mask
		}
	}
}

func (t *table[K]) insert(k K, h, at uint64) int32 {
	n := len(t.keys)
	t.keys = append(t.keys, t.keep(k))
	t.hashes = append(t.hashes, h)
	t.slots[at] = h>>32<<32 | uint64(n+1)
	if 2*(n+1) > len(t.slots) {
		t.grow()
	}
	return int32(n)
}

// grow doubles the slots. Keys are found again by their hashes alone.
func (t *table[K]) grow() {
	t.slots = make([]uint64, 2*len(t.slots))
	t.mask = uint64(len(t.slots) - 1)
	for i, h := range t.hashes {
		at := h & t.mask
		for t.slots[at] != 0 {
			at = (at + 1) & t.mask
		}
		t.slots[at] = h>>32<<32 | uint64(i+1)
	}
}

// reset forgets all keys and keeps the memory of the slots.
func (t *table[K]) reset() {
	clear(t.slots)
	clear(t.keys)
	t.keys, t.hashes = t.keys[:0], t.hashes[:0]
}

// newKeeper returns a function that copies what a key points to, so that a held key does not hold on to the block of input that it
// was cut from. Strings are copied into chunks of their own; structs are held as they are.
func newKeeper[K comparable]() func(K) K {
	if _, ok := any(*new(K)).(string); !ok {
		return func(k K) K { return k }
	}
	var chunk []byte
	const chunkSize = 32 << 10
	keep := func(s string) string {
		if len(s) > chunkSize/4 {
			return strings.Clone(s)
		}
		if len(s) > cap(chunk)-len(chunk) {
			chunk = make([]byte, 0, chunkSize)
		}
		at := len(chunk)
		chunk = append(chunk, s...)
		return unsafe.String(unsafe.SliceData(chunk[at:]), len(s))
	}
	return any(keep).(func(K) K)
}
