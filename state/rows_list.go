package state

import "github.com/millstream/millstream/column"

// rowLists are the lists of the rows of groups, each in the order in which they came. A group with one row, as keys mostly have, needs 4 bytes: what there
// must be for several exists only from the first such group on.
type rowLists struct {
	heads []int32 // by group: None, its only row, or the number of its list, as longAt has it; only the number of rows if counts is set
	long  []longList
	free  []int32 // lists that are not in use
	next  []int32 // by row: the one behind it in a list; nil as long as there is no list

	counts bool
}

// longList is the list of a group that has had several rows at once. Dead rows are taken out when somebody walks over them.
type longList struct{ first, last, n int32 }

// longAt turns the number of a list into a head and back.
func longAt(k int32) int32 { return -2 - k }

// head is what there is of a group.
func (l *rowLists) head(g int32) int32 {
	if g < 0 || int(g) >= len(l.heads) {
		return None
	}
	return l.heads[g]
}

// none is the head of a group without rows.
func (l *rowLists) none() int32 {
	if l.counts {
		return 0
	}
	return None
}

// count is the number of rows of a group.
func (l *rowLists) count(g int32) int {
	switch h := l.head(g); {
	case h == None:
		return 0
	case l.counts:
		return int(h)
	case h >= 0:
		return 1
	default:
		return int(l.long[longAt(h)].n)
	}
}

// appended makes room for n more rows.
func (l *rowLists) appended(n int) {
	if l.next != nil {
		l.next = extend(l.next, n, None)
	}
}

// add puts a row, one of so many, at the end of the list of a group.
func (l *rowLists) add(r, g int32, rows int) {
	if int(g) >= len(l.heads) {
		l.heads = extend(l.heads, int(g)+1-len(l.heads), l.none())
	}
	if l.counts {
		l.heads[g]++
		return
	}
	switch h := l.heads[g]; {
	case h == None:
		l.heads[g] = r
	case h >= 0:
		if l.next == nil {
			l.next = extend(l.next, rows, None)
		}
		l.next[h] = r
		l.heads[g] = longAt(l.list(longList{h, r, 2}))
	default:
		p := &l.long[longAt(h)]
		l.next[p.last] = r
		p.last = r
		p.n++
	}
}

// list stores a list and returns its number.
func (l *rowLists) list(p longList) int32 {
	if n := len(l.free); n > 0 {
		k := l.free[n-1]
		l.free, l.long[k] = l.free[:n-1], p
		return k
	}
	l.long = append(l.long, p)
	return int32(len(l.long) - 1)
}

// drop counts a dead row of a group out.
func (l *rowLists) drop(g int32) {
	if l.counts {
		l.heads[g]--
		return
	}
	h := l.heads[g]
	if h >= 0 {
		l.heads[g] = None
		return
	}
	p := &l.long[longAt(h)]
	if p.n--; p.n == 0 {
		l.heads[g] = None
		l.free = append(l.free, longAt(h))
	}
}

// rows adds the rows of a group to list.
func (l *rowLists) rows(g int32, dead column.Bitmap, list []int32) []int32 {
	h := l.head(g)
	switch {
	case h == None:
		return list
	case h >= 0:
		return append(list, h)
	}
	p := &l.long[longAt(h)]
	before := int32(None)
	for r := p.first; r != None; r = l.next[r] {
		switch {
		case !dead.Get(int(r)):
			list = append(list, r)
			before = r
			continue
		case before == None:
			p.first = l.next[r]
		default:
			l.next[before] = l.next[r]
		}
		if p.last == r {
			p.last = before
		}
	}
	return list
}

// first is the first row of a group. Dead ones before it are taken out.
func (l *rowLists) first(g int32, dead column.Bitmap) int32 {
	h := l.head(g)
	if h >= None {
		return h
	}
	p := &l.long[longAt(h)]
	for dead.Get(int(p.first)) {
		p.first = l.next[p.first]
	}
	return p.first
}

// reset forgets all lists; their rows are to be added again.
func (l *rowLists) reset() {
	for g := range l.heads {
		l.heads[g] = l.none()
	}
	l.long, l.free, l.next = l.long[:0], l.free[:0], nil
}

func (l *rowLists) sizeBytes() int {
	return (cap(l.heads)+cap(l.free)+cap(l.next))*4 + cap(l.long)*12
}

// extend adds n elements to a list. A long one grows by an eighth, as columns do.
func extend[T any](list []T, n int, x T) []T {
	const long = 64 << 10
	old := len(list)
	if size := old + n; size > cap(list) && size > long {
		next := make([]T, old, max(size, cap(list)+cap(list)/8+long/4))
		copy(next, list)
		list = next
	}
	for range n {
		list = append(list, x)
	}
	return list
}
