package state

import "unsafe"

// slots is the index of a hash table: it leads from 31 bits of a hash, its rank, to the numbers of the entries that have them. Whether such an entry is
// the right one its owner must see. It holds words of a rank and a number, so that it grows without a look at keys or hashes.
//
// A small index is one table, more than half empty, with linear probing: what comes first, which is often what comes most, stands at its home. A large one, whose free
// slots would be much of what a key takes, has many [part]s by the first bits of the rank. They grow one at a time and by little.
type slots struct {
	table []slot // of a small index, a power of two
	parts []part // of a large one
	used  int
}

// slot is a word of an index: the complement of a rank, and the number of the entry. Tag 0 is free.
type slot struct {
	tag   uint32
	entry int32
}

const (
	rankBits = 31
	// minSlots is the size of a new index: 8 KB.
	minSlots = 1 << 10
	// maxTable is the number of slots, 2 MB, up to which an index is one table.
	maxTable = 1 << 18
)

// rankOf is the rank of a hash, of which the first bits say where its home is.
func rankOf(hash uint64) uint32 { return uint32(hash >> (64 - rankBits)) }

func makeSlots() slots { return slots{table: make([]slot, minSlots)} }

// homeShift is by how many bits a rank is shifted to be its home in the table.
func (x *slots) homeShift() (shift, mask uint32) {
	mask = uint32(len(x.table) - 1)
	for shift = rankBits; mask>>(rankBits-shift) != 0; shift-- {
	}
	return shift, mask
}

// seek writes an entry of the rank of each hash to out, up to the first rank that has none; it returns how many hashes these are.
func (x *slots) seek(hash []uint64, out []int32) int {
	if x.parts != nil {
		return seekParts(x.parts, hash, out)
	}
	table := x.table
	shift, mask := x.homeShift()
	out = out[:len(hash)]
next:
	for i, h := range hash {
		rank := rankOf(h)
		for s := rank >> (shift & 31); ; s++ {
			switch w := table[s&mask]; w.tag {
			case ^rank:
				out[i] = w.entry
				continue next
			case 0:
				return i
			}
		}
	}
	return len(hash)
}

// insert adds an entry of a rank.
func (x *slots) insert(rank uint32, entry int32) {
	x.used++
	if x.parts != nil {
		x.insertPart(rank, entry)
		return
	}
	if x.used > len(x.table)/8*3 {
		x.grow()
		if x.parts != nil {
			x.insertPart(rank, entry)
			return
		}
	}
	x.put(slot{^rank, entry})
}

// put writes a word to the first free slot from its home on.
func (x *slots) put(w slot) {
	shift, mask := x.homeShift()
	s := ^w.tag >> (shift & 31)
	for x.table[s&mask].tag != 0 {
		s++
	}
	x.table[s&mask] = w
}

// grow doubles the table, or makes parts of it.
func (x *slots) grow() {
	old := x.table
	if len(old) < maxTable {
		x.table = make([]slot, 2*len(old))
		for _, w := range old {
			if w.tag != 0 {
				x.put(w)
			}
		}
		return
	}
	x.table, x.parts = nil, makeParts(x.used)
	for _, w := range old {
		if w.tag != 0 {
			x.insertPart(^w.tag, w.entry)
		}
	}
}

// entries appends the entries of a rank to list.
func (x *slots) entries(rank uint32, list []int32) []int32 {
	if x.parts != nil {
		return x.partOf(rank).entries(rank, list)
	}
	shift, mask := x.homeShift()
	for s := rank >> (shift & 31); x.table[s&mask].tag != 0; s++ {
		if w := x.table[s&mask]; w.tag == ^rank {
			list = append(list, w.entry)
		}
	}
	return list
}

// remove takes out an entry, which must be there, and closes the gap, so that no way from a home to its slot is cut.
func (x *slots) remove(rank uint32, entry int32) {
	x.used--
	if x.parts != nil {
		x.partOf(rank).remove(rank, entry)
		return
	}
	shift, mask := x.homeShift()
	s := rank >> (shift & 31) & mask
	for x.table[s] != (slot{^rank, entry}) {
		s = (s + 1) & mask
	}
	for next := (s + 1) & mask; x.table[next].tag != 0; next = (next + 1) & mask {
		home := ^x.table[next].tag >> (shift & 31) & mask
		if (next-home)&mask >= (next-s)&mask {
			x.table[s] = x.table[next]
			s = next
		}
	}
	x.table[s] = slot{}
}

// renumber gives entries new numbers, and lets memory go where most of it is free.
func (x *slots) renumber(moved []int32) {
	for i := range x.table {
		if w := &x.table[i]; w.tag != 0 {
			w.entry = moved[w.entry]
		}
	}
	for i := range x.parts {
		x.parts[i].renumber(moved)
	}
	size := len(x.table)
	for size > minSlots && x.used <= size/16 {
		size /= 2
	}
	if size < len(x.table) {
		old := x.table
		x.table = make([]slot, size)
		for _, w := range old {
			if w.tag != 0 {
				x.put(w)
			}
		}
	}
}

// reset takes out all entries and keeps the memory.
func (x *slots) reset() {
	clear(x.table)
	for i := range x.parts {
		clear(x.parts[i].lines)
		x.parts[i].used = 0
	}
	x.used = 0
}

func (x *slots) sizeBytes() int {
	n := cap(x.table) * 8
	for i := range x.parts {
		n += cap(x.parts[i].lines)*int(unsafe.Sizeof(line{})) + 40
	}
	return n
}
