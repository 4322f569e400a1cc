package state

import (
	"math/bits"
	"slices"

	"github.com/millstream/millstream/column"
)

// marks are rows that something is true of. gone are the ids of such rows that the table has dropped meanwhile.
type marks struct {
	bits column.Bitmap
	gone []int64
}

func (m *marks) clear() { clear(m.bits); m.gone = m.gone[:0] }

// moveTo marks in one or two others what is marked, and clears it: in one pass, for there may be megabytes while a task stands still.
func (m *marks) moveTo(to, too *marks) {
	a := to.make(m)
	if too == nil {
		for i, w := range m.bits {
			a[i] |= w
			m.bits[i] = 0
		}
	} else {
		b := too.make(m)
		for i, w := range m.bits {
			a[i] |= w
			b[i] |= w
			m.bits[i] = 0
		}
	}
	m.gone = m.gone[:0]
}

// make makes room for the marks of another, and takes over what is gone of them.
func (m *marks) make(from *marks) column.Bitmap {
	m.bits = m.bits.Grow(len(from.bits) * 64)
	m.gone = append(m.gone, from.gone...)
	return m.bits[:len(from.bits)]
}

// orCount adds the first n marks of another, and counts those that there are then.
func orCount(to, from column.Bitmap, n int) (count int) {
	from = from[:min(len(from), (n+63)>>6)]
	to = to[:(n+63)>>6]
	for i, w := range from {
		if i == len(to)-1 && n&63 != 0 {
			w &= 1<<(n&63) - 1
		}
		to[i] |= w
		count += bits.OnesCount64(to[i])
	}
	for _, w := range to[len(from):] {
		count += bits.OnesCount64(w)
	}
	return count
}

func (m *marks) has(r int) bool { return r>>6 < len(m.bits) && m.bits.Get(r) }

// clearRange takes the marks of rows [from, to) off.
func clearRange(b column.Bitmap, from, to int) {
	to = min(to, len(b)*64)
	for from < to && from&63 != 0 {
		b.Clear(from)
		from++
	}
	for ; from+64 <= to; from += 64 {
		b[from>>6] = 0
	}
	for ; from < to; from++ {
		b.Clear(from)
	}
}

// countRange counts the marks of rows [from, to).
func countRange(b column.Bitmap, from, to int) (n int) {
	to = min(to, len(b)*64)
	for w := from >> 6; w<<6 < to; w++ {
		word := b[w]
		if low := w << 6; low < from {
			word &= ^uint64(0) << (from - low)
		}
		if high := to - w<<6; high < 64 {
			word &= 1<<high - 1
		}
		n += bits.OnesCount64(word)
	}
	return n
}

// drop forgets the marks of rows [from, to), and those of ids in a range that are gone.
func (m *marks) drop(from, to int, first, end int64) {
	clearRange(m.bits, from, to)
	if len(m.gone) > 0 {
		m.gone = slices.DeleteFunc(m.gone, func(id int64) bool { return id >= first && id < end })
	}
}

// compact renumbers the marks of a table that keeps those rows alone.
func (m *marks) compact(kept []int32) {
	if len(m.bits) == 0 {
		return
	}
	next := column.MakeBitmap(len(kept))
	for i, r := range kept {
		if m.has(int(r)) {
			next.Set(i)
		}
	}
	m.bits = next
}

// rowIDs are what rows are known by in checkpoints: they ascend with the rows' numbers, and are never given twice, whereas numbers change when a table is
// compacted. Those of rows that came after that, and of all rows until then, follow each other and take no memory.
type rowIDs struct {
	list []int64 // by row
	next int64   // the id of row len(list)
}

func (x *rowIDs) at(row int) int64 {
	if row < len(x.list) {
		return x.list[row]
	}
	return x.next + int64(row-len(x.list))
}

// of writes the ids of rows.
func (x *rowIDs) of(rows []int32, ids []int64) {
	ids = ids[:len(rows)]
	if len(x.list) == 0 {
		for i, r := range rows {
			ids[i] = x.next + int64(r)
		}
		return
	}
	for i, r := range rows {
		ids[i] = x.at(int(r))
	}
}

// row returns the first row whose id is not less than the given one.
func (x *rowIDs) row(id int64) int {
	if id >= x.next {
		return len(x.list) + int(id-x.next)
	}
	at, _ := slices.BinarySearch(x.list, id)
	return at
}

// keep drops the ids of all but the kept ones of n rows.
func (x *rowIDs) keep(kept []int32, n int) {
	next := x.at(n)
	list := make([]int64, len(kept))
	for i, r := range kept {
		list[i] = x.at(int(r))
	}
	x.list, x.next = list, next
	x.trim()
}

// trim forgets ids at the end of the list that follow each other up to the next.
func (x *rowIDs) trim() {
	for n := len(x.list); n > 0 && x.list[n-1] == x.next-1; n-- {
		x.list, x.next = x.list[:n-1], x.next-1
	}
	if len(x.list) == 0 {
		x.list = nil
	}
}
