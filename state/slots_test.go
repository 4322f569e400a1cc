package state

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// check holds what must be true of an index: it has the entries of ranks and leads to them.
func (x *slots) check(t *testing.T, ranks map[int]uint32) {
	t.Helper()
	n := 0
	for _, w := range x.table {
		if w.tag != 0 {
			n++
		}
	}
	for i := range x.parts {
		n += x.parts[i].check(t, i)
	}
	if n != len(ranks) || n != x.used {
		t.Fatalf("%d entries, said to be %d, want %d", n, x.used, len(ranks))
	}
	for entry, rank := range ranks {
		if !slices.Contains(x.entries(rank, nil), int32(entry)) {
			t.Fatalf("entry %d of rank %d is not found", entry, rank)
		}
	}
}

// check returns the number of entries of part number i. Between an entry and its home there may be full lines only.
func (p *part) check(t *testing.T, i int) int {
	used, full := 0, 0
	for at := range p.lines {
		l := &p.lines[at]
		used += l.len()
		for s := range lineSlots {
			if s < l.len() != (l.tag(s) != 0) {
				t.Fatalf("part %d: slot %d of line %d, which has %d, has tag %x", i, s, at, l.len(), l.tag(s))
			}
			if home := p.home(l.rank(s)); s < l.len() && (home > at || home < at-full) {
				t.Fatalf("part %d: rank %d in line %d, at home in %d; %d full lines before", i, l.rank(s), at, home, full)
			}
		}
		if full++; !l.full() {
			full = 0
		}
	}
	if used != p.used || p.lines[len(p.lines)-1].len() > 0 {
		t.Fatalf("part %d: %d entries, said to be %d", i, used, p.used)
	}
	return used
}

// TestSlots fills and empties indexes with ranks that are spread evenly, crowd at either end, or repeat.
func TestSlots(t *testing.T) {
	const most = 1<<rankBits - 1
	for name, draw := range map[string]func(*rand.Rand) uint32{
		"even":   func(r *rand.Rand) uint32 { return r.Uint32N(most + 1) },
		"low":    func(r *rand.Rand) uint32 { return r.Uint32N(1 << 12) },
		"high":   func(r *rand.Rand) uint32 { return most - r.Uint32N(1<<12) },
		"repeat": func(r *rand.Rand) uint32 { return r.Uint32N(1<<7) << 24 },
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 8))
			x, ranks := makeSlots(), map[int]uint32{}
			most := 200_000
			if name != "even" { // whoever crowds walks far
				most = 3000
				x.table, x.parts = nil, makeParts(100)
			}
			for entry := range most {
				rank := draw(r)
				x.insert(rank, int32(entry))
				ranks[entry] = rank
			}
			x.check(t, ranks)
			if name == "even" && (x.parts == nil || x.sizeBytes() > len(ranks)*12) {
				t.Fatalf("%d parts, %d bytes for %d entries", len(x.parts), x.sizeBytes(), len(ranks))
			}
			size := x.sizeBytes()
			for entry, rank := range ranks {
				if entry%8 != 0 {
					x.remove(rank, int32(entry))
					delete(ranks, entry)
				}
			}
			x.check(t, ranks)
			moved, after := make([]int32, 200_000), map[int]uint32{}
			for entry, rank := range ranks {
				moved[entry] = int32(entry / 8)
				after[entry/8] = rank
			}
			x.renumber(moved)
			x.check(t, after)
			if x.sizeBytes() > size || name == "even" && x.sizeBytes() > size/3 {
				t.Fatalf("%d bytes for an eighth of what took %d", x.sizeBytes(), size)
			}
			x.reset()
			x.check(t, nil)
		})
	}
}
