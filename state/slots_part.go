package state

import (
	"math/bits"
	"slices"
)

// part is a range of the ranks of a large index: lines of the cache, each the home of as many slots as it has room for. What finds its home full is in the first
// line behind it that is not, so that a search ends at such a line; nearly always that is the first one.
type part struct {
	lines []line // the last one is empty
	homes uint64 // lines that are homes; those behind are for what these have no room for
	used  int
}

// line is slots of 7 bytes: the number of an entry, and the bits of its rank that do not tell the part. Those of a line are taken in their order.
type line struct {
	tags    uint64 // of all but the last slot: the last bits of the rank, and one that says that the slot is taken; 0: free
	entries [lineSlots]int32
	middle  [lineSlots]uint16 // the bits of the rank before those in the tag
	last    uint8             // the tag of the last slot
}

const (
	// A rank is the number of its part, what stands in middle, and what stands in a tag.
	partBits  = 8
	placeBits = rankBits - partBits
	tagBits   = 7

	lineSlots = 9

	taken    = 1 << tagBits
	lowBits  = 0x0101010101010101
	highBits = taken * lowBits
)

func tagOf(rank uint32) uint64 { return uint64(rank&(taken-1) | taken) }

func middleOf(rank uint32) uint16 { return uint16(rank >> tagBits) }

// makeParts returns parts with room for n entries. They are of different sizes, from what is soon full to what has just grown, so that they do not grow at one
// time later: of all slots then are always as many free as on average.
func makeParts(n int) []part {
	list := make([]part, 1<<partBits)
	for i := range list {
		least := n>>partBits*5/4 - n>>(partBits+5) // chance gives some parts more than others
		size := linesFor(least + least*(i/together*together+1)>>(partBits+3))
		list[i].take(make([]line, size))
	}
	return list
}

// linesFor is how many lines have so many slots, with some behind the homes.
func linesFor(slots int) int {
	n := slots/lineSlots + 1
	return n + n/128 + 2
}

// take makes lines, all free, those of a part.
func (p *part) take(lines []line) {
	p.lines = lines
	p.homes = uint64(len(lines) - len(lines)/128 - 2)
}

func (x *slots) partOf(rank uint32) *part { return &x.parts[rank>>placeBits] }

// home is the line of a rank.
func (p *part) home(rank uint32) int {
	return int(uint64(rank&(1<<placeBits-1)) * p.homes >> placeBits)
}

// ahead is how many lines seekParts reads before it searches them.
const ahead = 32

// seekParts is seek of a large index. It reads the lines of some hashes before it looks for a slot in any, since a guess about one that was wrong would hold up the
// loads of others.
func seekParts(parts []part, hash []uint64, out []int32) int {
	out = out[:len(hash)]
	if len(parts) != 1<<partBits {
		return 0
	}
	var lines [ahead]*line
	var tags [ahead]uint64
	size := 1 // at first: where many keys are new, the next one may be
	for from := 0; from < len(hash); from, size = from+size, min(2*size, ahead) {
		some := hash[from:min(from+size, len(hash))]
		for i, h := range some {
			rank := rankOf(h)
			p := &parts[rank>>placeBits]
			l := &p.lines[p.home(rank)]
			lines[i&(ahead-1)], tags[i&(ahead-1)] = l, l.tags
		}
		for i, h := range some {
			rank := rankOf(h)
			tag, middle := tagOf(rank), middleOf(rank)
			l := lines[i&(ahead-1)]
			// A byte of differ is 0 where the tag is, and the lowest bit of hits is at the first of them.
			differ := tags[i&(ahead-1)] ^ tag*lowBits
			hits := (differ - lowBits) &^ differ & highBits
			if s := bits.TrailingZeros64(hits) >> 3; s < lineSlots-1 && l.middle[s] == middle {
				out[from+i] = l.entries[s]
				continue
			}
			if l.last == uint8(tag) && l.middle[lineSlots-1] == middle {
				out[from+i] = l.entries[lineSlots-1]
				continue
			}
			e := parts[rank>>placeBits].find(rank)
			if e == None {
				return from + i
			}
			out[from+i] = e
		}
	}
	return len(hash)
}

// full reports whether all slots of a line are taken.
func (l *line) full() bool { return l.last != 0 }

// len is the number of slots taken.
func (l *line) len() int {
	if l.full() {
		return lineSlots
	}
	return bits.OnesCount64(l.tags & highBits)
}

// tag is that of slot s.
func (l *line) tag(s int) uint64 {
	if s == lineSlots-1 {
		return uint64(l.last)
	}
	return l.tags >> (8 * s) & 0xff
}

// set writes slot s.
func (l *line) set(s int, tag uint64, middle uint16, entry int32) {
	l.entries[s], l.middle[s] = entry, middle
	if s == lineSlots-1 {
		l.last = uint8(tag)
		return
	}
	l.tags = l.tags&^(0xff<<(8*s)) | tag<<(8*s)
}

// rank is that of slot s, but for the part.
func (l *line) rank(s int) uint32 { return uint32(l.middle[s])<<tagBits | uint32(l.tag(s))&(taken-1) }

// drop frees slot s; the last one that is taken moves there.
func (l *line) drop(s int) {
	end := l.len() - 1
	l.set(s, l.tag(end), l.middle[end], l.entries[end])
	l.set(end, 0, 0, 0)
}

// entries appends the entries of a rank to list.
func (p *part) entries(rank uint32, list []int32) []int32 {
	tag, middle := tagOf(rank), middleOf(rank)
	for at := p.home(rank); ; at++ {
		l := &p.lines[at]
		for s := range l.len() {
			if l.middle[s] == middle && l.tag(s) == tag {
				list = append(list, l.entries[s])
			}
		}
		if !l.full() {
			return list
		}
	}
}

// find returns an entry of a rank, None if there is none.
func (p *part) find(rank uint32) int32 {
	tag, middle := tagOf(rank), middleOf(rank)
	for at := p.home(rank); ; at++ {
		l := &p.lines[at]
		for s := range l.len() {
			if l.middle[s] == middle && l.tag(s) == tag {
				return l.entries[s]
			}
		}
		if !l.full() {
			return None
		}
	}
}

// limit is how many entries a part has before it grows.
func (p *part) limit() int { return int(p.homes) * lineSlots / 8 * 7 }

const (
	// together is how many parts grow at once, in one piece of memory, as long as they have few lines: the sizes that memory comes in are far apart for one.
	together = 8
	fewLines = 1 << 11
)

func (x *slots) insertPart(rank uint32, entry int32) {
	p := x.partOf(rank)
	if p.used >= p.limit() {
		x.widen(int(rank >> placeBits))
	}
	p.put(rank, entry)
	p.used++
}

// widen gives a part an eighth more of room, and as long as it is small those beside it too.
func (x *slots) widen(i int) {
	some := x.parts[i : i+1]
	if len(x.parts[i].lines) < fewLines {
		i &^= together - 1
		some = x.parts[i : i+together]
	}
	total := 0
	for k := range some {
		total += some[k].wanted()
	}
	lines := slices.Grow([]line(nil), total)
	lines = lines[:cap(lines)]
	clear(lines)
	more := (len(lines) - total) / len(some)
	for k := range some {
		n := some[k].wanted() + more
		some[k].move(lines[:n:n])
		lines = lines[n:]
	}
}

// wanted is how many lines a part should have when it grows.
func (p *part) wanted() int { return max(len(p.lines), linesFor(p.used*9/7)) }

// put writes a slot.
func (p *part) put(rank uint32, entry int32) {
	at := p.home(rank)
	for p.lines[at].full() {
		at++
	}
	l := &p.lines[at]
	l.set(l.len(), tagOf(rank), middleOf(rank), entry)
	if at == len(p.lines)-1 {
		p.lines = append(p.lines, line{})
	}
}

// move moves what a part has to other lines.
func (p *part) move(lines []line) {
	old := p.lines
	p.take(lines)
	for i := range old {
		l := &old[i]
		for s := range l.len() {
			p.put(l.rank(s), l.entries[s])
		}
	}
}

// remove takes out an entry, which must be there. A line that was full takes back what is behind it for want of room.
func (p *part) remove(rank uint32, entry int32) {
	at := p.home(rank)
	s := p.lines[at].index(entry)
	for ; s < 0; s = p.lines[at].index(entry) {
		at++
	}
	p.used--
	full := p.lines[at].full()
	p.lines[at].drop(s)
	for next := at + 1; full; next++ {
		l := &p.lines[next]
		full = l.full()
		for s := range l.len() {
			if rank := l.rank(s); p.home(rank) <= at {
				to := &p.lines[at]
				to.set(to.len(), tagOf(rank), middleOf(rank), l.entries[s])
				l.drop(s)
				at = next
				break
			}
		}
	}
}

// index is the slot of an entry, -1 if there is none.
func (l *line) index(entry int32) int {
	for s := range l.len() {
		if l.entries[s] == entry {
			return s
		}
	}
	return -1
}

// renumber gives entries new numbers, and lets memory go if most of it is free.
func (p *part) renumber(moved []int32) {
	for i := range p.lines {
		l := &p.lines[i]
		for s := range l.len() {
			l.entries[s] = moved[l.entries[s]]
		}
	}
	if size := p.used + p.used/4; size < int(p.homes)*lineSlots/2 {
		p.move(make([]line, linesFor(size)))
	}
}
