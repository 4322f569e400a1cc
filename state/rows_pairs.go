package state

import (
	"math/bits"

	"github.com/millstream/millstream/column"
)

// pairs lead from rows to groups and back where later rows are of later groups, as those of keys that come once mostly are. Neither has a number for the other
// then: the k-th row that is one of a pair is of the k-th group that is. What is different, the strays, is noted apart.
type pairs struct {
	rows   []pairWord
	groups []pairWord
	row    int32         // of the last pair; None before the first
	group  int32         // the same
	before int32         // group of the pair before the last
	owners strays        // by row that is in no pair, its group
	heads  strays        // by group, its head if that is no longer the row of its pair
	moved  column.Bitmap // groups with a head in heads
}

// pairWord says of 64 rows, or groups, which are in a pair, and what the other ones are.
type pairWord struct {
	paired uint64
	shift  int32 // how far the other one of the first is from it, and so those of all if even is set
	uneven bool  // also where the head of a group is in heads, or its row is dead
}

// other is the other one of the first in word number i.
func (w *pairWord) other(i int) int32 { return int32(i<<6+bits.TrailingZeros64(w.paired)) + w.shift }

// pair makes the one numbered x, behind the others of the word, one of a pair with y. It reports whether y is not too far from those of the others.
func (w *pairWord) pair(x, y int32) bool {
	switch {
	case w.paired == 0:
		w.shift = y - x
	case y-w.other(int(x>>6)) > pairReach:
		return false
	case y-x != w.shift:
		w.uneven = true
	}
	w.paired |= 1 << (x & 63)
	return true
}

// pairReach is how far the other ones of a word may be apart, so that few words are looked at from the first to the last.
const pairReach = 512

func makePairs() pairs { return pairs{row: None, group: None, before: None} }

// add makes a pair of a row and a group, if they come behind all others. If only the last one is in the way, since its group was numbered late, that one is a
// stray.
func (p *pairs) add(r, g int32, dead column.Bitmap) bool {
	if r <= p.row || g <= p.before || g == p.group || p.isMoved(g) {
		return false
	}
	if g < p.group {
		p.part(dead)
	}
	i, j := int(r>>6), int(g>>6)
	p.rows = extend(p.rows, i+1-len(p.rows), pairWord{})
	p.groups = extend(p.groups, j+1-len(p.groups), pairWord{})
	if !p.rows[i].pair(r, g) {
		return false
	}
	if !p.groups[j].pair(g, r) {
		p.rows[i].paired &^= 1 << (r & 63)
		return false
	}
	p.row, p.group, p.before = r, g, p.group
	return true
}

// part makes the last pair one no more.
func (p *pairs) part(dead column.Bitmap) {
	head := p.head(p.group, dead)
	p.rows[p.row>>6].paired &^= 1 << (p.row & 63)
	p.groups[p.group>>6].paired &^= 1 << (p.group & 63)
	p.owners.put(p.row, p.group)
	p.setHead(p.group, head)
	p.group = p.before
}

func (p *pairs) isMoved(g int32) bool { return int(g>>6) < len(p.moved) && p.moved.Get(int(g)) }

// owner is the group of a row, None if it has none.
func (p *pairs) owner(r int32) int32 {
	if i := int(r >> 6); i < len(p.rows) {
		if w := &p.rows[i]; w.paired>>(r&63)&1 != 0 {
			if !w.uneven {
				return r + w.shift
			}
			return nth(p.groups, w.other(i), bits.OnesCount64(w.paired&(1<<(r&63)-1)))
		}
	}
	return p.owners.get(r)
}

// head is what there is of a group, as in [rowLists.head].
func (p *pairs) head(g int32, dead column.Bitmap) int32 {
	j := int(g >> 6)
	if j < len(p.groups) {
		if w := &p.groups[j]; w.paired>>(g&63)&1 != 0 && !w.uneven {
			return g + w.shift
		}
	}
	if p.isMoved(g) {
		return p.heads.get(g)
	}
	if j >= len(p.groups) || p.groups[j].paired>>(g&63)&1 == 0 {
		return None
	}
	w := &p.groups[j]
	r := nth(p.rows, w.other(j), bits.OnesCount64(w.paired&(1<<(g&63)-1)))
	if dead.Get(int(r)) {
		return None
	}
	return r
}

// setHead notes what there is of a group whose head is not, or no longer, the row of its pair.
func (p *pairs) setHead(g, head int32) {
	p.drop(g)
	p.moved = p.moved.Grow(int(g) + 1)
	p.moved.Set(int(g))
	p.heads.put(g, head)
}

// drop says that the row of a group's pair may be dead.
func (p *pairs) drop(g int32) {
	if j := int(g >> 6); j < len(p.groups) {
		p.groups[j].uneven = true
	}
}

// nth finds the k-th one, from 0 on, of those in pairs behind the first, which is one itself.
func nth(words []pairWord, first int32, k int) int32 {
	i := int(first >> 6)
	w := words[i].paired >> (first & 63)
	if bits.TrailingZeros64(^w) > k { // all from the first on are
		return first + int32(k)
	}
	w <<= first & 63
	for n := bits.OnesCount64(w); k >= n; n = bits.OnesCount64(w) {
		k -= n
		i++
		w = words[i].paired
	}
	for ; k > 0; k-- {
		w &= w - 1
	}
	return int32(i<<6 + bits.TrailingZeros64(w))
}

// tooMany reports whether so many of some rows are strays that numbers for all take less memory and time.
func tooMany(strays, rows int) bool { return strays > rows/16+64 }

// spell writes numbers for all of so many rows, and for all groups that have any.
func (p *pairs) spell(rows int, dead column.Bitmap) (owners, heads []int32) {
	last := p.group
	for _, s := range p.heads.slots {
		if s.key > 0 {
			last = max(last, s.key-1)
		}
	}
	owners, heads = extend[int32](nil, rows, None), extend[int32](nil, int(last)+1, None)
	for r := range owners {
		owners[r] = p.owner(int32(r))
	}
	for g := range heads {
		heads[g] = p.head(int32(g), dead)
	}
	return owners, heads
}

func (p *pairs) sizeBytes() int {
	return (cap(p.rows)+cap(p.groups))*16 + (len(p.owners.slots)+len(p.heads.slots)+cap(p.moved))*8
}

// strays are numbers by other numbers, in a table by linear probing that is at most half full.
type strays struct {
	slots []stray // a power of two
	used  int
}

// stray is a slot: a key and one more, so that 0 is free, and its value.
type stray struct{ key, value int32 }

// place is the slot of a key, or the free one where it belongs.
func (s *strays) place(key int32) *stray {
	mask := uint32(len(s.slots) - 1)
	for at := uint32(uint64(uint32(key)) * 0x9e3779b97f4a7c15 >> 32); ; at++ {
		if p := &s.slots[at&mask]; p.key == key+1 || p.key == 0 {
			return p
		}
	}
}

func (s *strays) get(key int32) int32 {
	if s.used == 0 {
		return None
	}
	if p := s.place(key); p.key != 0 {
		return p.value
	}
	return None
}

func (s *strays) put(key, value int32) {
	if s.used >= len(s.slots)/2 {
		old := s.slots
		s.slots = make([]stray, max(16, 2*len(old)))
		for _, p := range old {
			if p.key != 0 {
				*s.place(p.key - 1) = p
			}
		}
	}
	p := s.place(key)
	if p.key == 0 {
		s.used++
	}
	*p = stray{key + 1, value}
}
