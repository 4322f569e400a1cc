package operator

import mathbits "math/bits" // bits is a table of the package

// rowPlaces are lists of rows by group, in blocks of one array: a list takes 8 bytes and its rows, where a slice would take 24 and memory of its own for the
// collector to look after.
type rowPlaces struct {
	heads []placeHead
	pool  []int32
	free  [][]int32 // by class of size: blocks that are not in use
	least int       // rows for which the smallest block has room
}

// placeHead is a list: its block in the pool and its length, which says how large the block is.
type placeHead struct{ at, n int32 }

// len is the number of lists.
func (p *rowPlaces) len() int { return len(p.heads) }

// grow makes empty lists up to n.
func (p *rowPlaces) grow(n int) {
	if n > len(p.heads) {
		p.heads = extended(p.heads, n-len(p.heads))
	}
}

// reset forgets all lists.
func (p *rowPlaces) reset() { p.heads, p.pool, p.free = p.heads[:0], p.pool[:0], nil }

// of returns the list of a group. It may be changed in place, up to its capacity, and stands until the next set.
func (p *rowPlaces) of(g int32) []int32 {
	h := p.heads[g]
	_, size := p.class(int(h.n))
	return p.pool[h.at : h.at+h.n : int(h.at)+size]
}

// set replaces the list of a group, perhaps by what of returned and was changed.
func (p *rowPlaces) set(g int32, list []int32) {
	h := &p.heads[g]
	class, _ := p.class(int(h.n))
	next, size := p.class(len(list))
	if next != class {
		for len(p.free) <= max(class, next) {
			p.free = append(p.free, nil)
		}
		at := int32(len(p.pool))
		switch blocks := p.free[next]; {
		case size == 0:
			at = 0
		case len(blocks) > 0:
			at, p.free[next] = blocks[len(blocks)-1], blocks[:len(blocks)-1]
		default:
			p.pool = extended(p.pool, size)
		}
		copy(p.pool[at:], list)
		if h.n > 0 {
			p.free[class] = append(p.free[class], h.at)
		}
		*h = placeHead{at, int32(len(list))}
		return
	}
	h.n = int32(len(list))
	copy(p.pool[h.at:], list)
}

// extended makes a list n elements longer. A long one grows by an eighth, as columns do.
func extended[T any](list []T, n int) []T {
	const long = 64 << 10
	if size := len(list) + n; size > cap(list) && size > long {
		next := make([]T, len(list), max(size, cap(list)+cap(list)/8+long/4))
		copy(next, list)
		list = next
	}
	return append(list, make([]T, n)...)
}

// class is that of the block for n rows, and how many rows such a block has room for.
func (p *rowPlaces) class(n int) (class, size int) {
	switch {
	case n == 0:
		return 0, 0
	case n <= p.least:
		return 1, p.least
	}
	class, size = placeClass(n)
	return class + 1, size
}

// placeClass is the class of block for n rows, and how many rows such a block has room for: at most a quarter, mostly an eighth more than there are.
func placeClass(n int) (class, size int) {
	switch {
	case n <= 4:
		return n, n
	case n <= 16:
		size = (n + 1) &^ 1
		return 2 + size/2, size
	}
	width := mathbits.Len(uint(n - 1)) // 5 for 17 … 32
	eighths := (n-1)>>(width-4) + 1
	return 10 + (width-5)*8 + eighths - 8, eighths << (width - 4)
}

// sizeBytes is the memory held, in bytes.
func (p *rowPlaces) sizeBytes() int {
	n := cap(p.heads)*8 + cap(p.pool)*4 + cap(p.free)*24
	for _, blocks := range p.free {
		n += cap(blocks) * 4
	}
	return n
}
