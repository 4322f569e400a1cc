package state

import "github.com/millstream/millstream/column"

// rowLists are the lists of the rows of groups, each in the order in which they came, and lead from rows to their groups. While rows mostly come in the order of
// their groups they take next to nothing ([pairs]), then 4 bytes a row and 4 a group: what there must be for groups of several rows exists only from the first
// such group on.
type rowLists struct {
	pairs  pairs
	plain  bool    // owners and heads, which are empty otherwise, stand in place of pairs
	owners []int32 // by row, the group; None before it is linked
	heads  []int32 // by group: None, its only row, or the number of its list, as longAt has it; only the number of rows if counts is set
	long   []longList
	free   []int32 // lists that are not in use
	next   []int32 // by row: the one behind it in a list; nil as long as there is no list

	counts bool
}

// longList is the list of a group that has had several rows at once. Dead rows are taken out when somebody walks over them.
type longList struct{ first, last, n int32 }

// longAt turns the number of a list into a head and back.
func longAt(k int32) int32 { return -2 - k }

// init makes lists without rows. With counts they are none: there is only the number of rows by group.
func (l *rowLists) init(counts bool) { l.pairs, l.plain, l.counts = makePairs(), counts, counts }

// owner is the group of a row, None if it has none.
func (l *rowLists) owner(r int32) int32 {
	if int(r) < len(l.owners) {
		return l.owners[r]
	}
	return l.pairs.owner(r)
}

// head is what there is of a group.
func (l *rowLists) head(g int32, dead column.Bitmap) int32 {
	if uint(g) < uint(len(l.heads)) {
		return l.heads[g]
	}
	return l.pairedHead(g, dead)
}

// pairedHead is head of a group that is not in heads.
func (l *rowLists) pairedHead(g int32, dead column.Bitmap) int32 {
	if l.plain || g < 0 {
		return None
	}
	return l.pairs.head(g, dead)
}

// none is the head of a group without rows.
func (l *rowLists) none() int32 {
	if l.counts {
		return 0
	}
	return None
}

// setHead changes what there is of a group.
func (l *rowLists) setHead(g, head int32) {
	if l.plain {
		l.heads[g] = head
	} else {
		l.pairs.setHead(g, head)
	}
}

// count is the number of rows of a group.
func (l *rowLists) count(g int32, dead column.Bitmap) int {
	switch h := l.head(g, dead); {
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
	if l.plain {
		l.owners = extend(l.owners, n, None)
	}
	if l.next != nil {
		l.next = extend(l.next, n, None)
	}
}

// add puts a row, one of so many, at the end of the list of a group.
func (l *rowLists) add(r, g int32, rows int, dead column.Bitmap) {
	if !l.plain {
		if l.pairs.add(r, g, dead) {
			return
		}
		l.pairs.owners.put(r, g)
		if tooMany(l.pairs.owners.used, rows) {
			l.owners, l.heads = l.pairs.spell(rows, dead)
			l.pairs, l.plain = makePairs(), true
		}
	}
	if l.plain {
		l.owners[r] = g
		if int(g) >= len(l.heads) {
			l.heads = extend(l.heads, int(g)+1-len(l.heads), l.none())
		}
		if l.counts {
			l.heads[g]++
			return
		}
	}
	switch h := l.head(g, dead); {
	case h == None:
		l.setHead(g, r)
	case h >= 0:
		if l.next == nil {
			l.next = extend(l.next, rows, None)
		}
		l.next[h] = r
		l.setHead(g, longAt(l.list(longList{h, r, 2})))
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
func (l *rowLists) drop(g int32, dead column.Bitmap) {
	if l.counts {
		l.heads[g]--
		return
	}
	if !l.plain && !l.pairs.isMoved(g) {
		l.pairs.drop(g)
		return
	}
	h := l.head(g, dead)
	if h >= 0 {
		l.setHead(g, None)
		return
	}
	p := &l.long[longAt(h)]
	if p.n--; p.n == 0 {
		l.setHead(g, None)
		l.free = append(l.free, longAt(h))
	}
}

// rows adds the rows of a group to list.
func (l *rowLists) rows(g int32, dead column.Bitmap, list []int32) []int32 {
	h := l.head(g, dead)
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
	h := l.head(g, dead)
	if h >= None {
		return h
	}
	p := &l.long[longAt(h)]
	for dead.Get(int(p.first)) {
		p.first = l.next[p.first]
	}
	return p.first
}

// groups are those of some rows, in memory of the lists where that can be.
func (l *rowLists) groups(rows []int32) []int32 {
	list := l.owners
	if !l.plain {
		list = make([]int32, len(rows))
	}
	for i, r := range rows {
		list[i] = l.owner(r)
	}
	return list[:len(rows)]
}

// reset forgets all rows, and makes room for those of groups, which are to be added again.
func (l *rowLists) reset(groups []int32) {
	l.long, l.free, l.next = l.long[:0], l.free[:0], nil
	l.pairs, l.plain = makePairs(), l.counts || !ascending(groups)
	if !l.plain {
		l.owners, l.heads = nil, nil
		return
	}
	l.owners = shrink(groups, len(groups))
	l.heads = l.heads[:0]
}

// ascending reports whether groups are in their order but for few.
func ascending(groups []int32) bool {
	last, strays := int32(None), 0
	for _, g := range groups {
		if g <= last {
			strays++
		}
		last = max(last, g)
	}
	return !tooMany(strays, len(groups))
}

func (l *rowLists) sizeBytes() int {
	return l.pairs.sizeBytes() + (cap(l.owners)+cap(l.heads)+cap(l.free)+cap(l.next))*4 + cap(l.long)*12
}

// extend adds n elements to a list. A long one grows by an eighth, as columns do.
func extend[T any](list []T, n int, x T) []T {
	const long = 64 << 10
	old := len(list)
	if size := old + n; size > cap(list) && size > long {
		next := make([]T, old, max(size, cap(list)+cap(list)/8+long/8))
		copy(next, list)
		list = next
	}
	for range n {
		list = append(list, x)
	}
	return list
}
