package expr

import (
	"github.com/millstream/millstream/column/kernel"
)

// heaps keep the entries of each group as a pairing heap, so that its least value is at hand. Entries that are gone are dropped when they come to the top.
type heaps struct {
	key     kernel.SortKey
	root    []int32 // by group: the entry at the top, one more
	child   []int32 // by entry: its first child, one more
	sibling []int32 // by entry: the next child of its parent, one more
	list    []int32
}

// push adds the newest entry; debts are left out, for entries do not cease to be one.
func (p *heaps) push(h *history, g, e int32) {
	p.child, p.sibling = append(p.child, 0), append(p.sibling, 0)
	if h.count[e-1] > 0 {
		p.root[g] = p.meld(h, p.root[g], e)
	}
}

func (p *heaps) meld(h *history, a, b int32) int32 {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	}
	if p.key.Compare(h.vals, int(b-1), h.vals, int(a-1)) < 0 {
		a, b = b, a
	}
	p.sibling[b-1] = p.child[a-1]
	p.child[a-1] = b
	return a
}

// top returns the least entry of a group, one more; 0 if it has none.
func (p *heaps) top(h *history, g int) int32 {
	r := p.root[g]
	for r != 0 && h.group[r-1] < 0 {
		// The children meld in pairs from the left, the pairs from the right.
		p.list = p.list[:0]
		for c := p.child[r-1]; c != 0; {
			a := c
			c = p.sibling[a-1]
			p.sibling[a-1] = 0
			if b := c; b != 0 {
				c = p.sibling[b-1]
				p.sibling[b-1] = 0
				a = p.meld(h, a, b)
			}
			p.list = append(p.list, a)
		}
		r = 0
		for i := len(p.list) - 1; i >= 0; i-- {
			r = p.meld(h, r, p.list[i])
		}
	}
	p.root[g] = r
	return r
}

// rebuild makes the heaps anew after entries have moved.
func (p *heaps) rebuild(h *history) {
	clear(p.root)
	p.child, p.sibling = p.child[:0], p.sibling[:0]
	for e, g := range h.group {
		p.push(h, g, int32(e)+1)
	}
}
