package expr

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// history keeps the values of groups so that rows can be taken out again: an entry for each row, in the order in which they came, or, counted, one for each value of a
// group. Entries stand in columns, are found by a hash table over group and value, and form a list for each group. Those that are gone keep their place until they are many.
//
// A row that is taken out before it has come leaves a debt: an entry with a negative count, which the row meets when it comes.
type history struct {
	vals    *column.Vector // by entry
	counted bool
	nulls   bool   // rows whose value is NULL have entries too
	order   *heaps // nil: nobody asks for the least value

	group []int32 // by entry; -1: gone
	count []int64 // by entry: its rows; negative: a debt
	hash  []uint64
	next  []int32 // by entry: the one that came after it in its group, one more
	prev  []int32 // and the one before
	same  []int32 // by entry: the next with the same group and value, one more
	last  []int32 // by first entry of these: the last of them, one more
	table []int32 // the first entry of each group and value, one more, by open addressing
	used  int     // places of table that are taken
	gone  int     // entries that are gone

	head, tail []int32 // by group: its first and last entry, one more
	size       []int64 // by group: its rows

	hasher kernel.Hasher
	hashes []uint64
	cols   [1]*column.Vector
	arg    flat
	counts flat
	one    [1]int32
	rows   []int32 // never nil, which would select all
	into   []int32
	picks  []int32
}

func newHistory(t column.Type, counted bool) *history {
	return &history{vals: column.NewVector(t.Optional(), 0), counted: counted, rows: []int32{}}
}

// Grow implements [Accumulator], as do the other exported methods.
func (h *history) Grow(n int) {
	h.head, h.tail, h.size = grow(h.head, n), grow(h.tail, n), grow(h.size, n)
	if h.order != nil {
		h.order.root = grow(h.order.root, n)
	}
}

func (h *history) Clear(group int) {
	for e := h.head[group]; e != 0; { // each is the first of its value once those before it are gone
		next := h.next[e-1]
		place := int(h.hash[e-1]) & (len(h.table) - 1)
		for h.table[place] != e {
			place = (place + 1) & (len(h.table) - 1)
		}
		h.remove(e-1, place)
		e = next
	}
	h.size[group] = 0
	if h.order != nil {
		h.order.root[group] = 0
	}
	h.tidy()
}

func (h *history) Update(groups []int32, args []*column.Vector, rows []int32) {
	h.change(groups, args[0], rows, 1)
}

func (h *history) Retract(groups []int32, args []*column.Vector, rows []int32) {
	h.change(groups, args[0], rows, -1)
}

func (h *history) change(groups []int32, v *column.Vector, rows []int32, by int64) {
	v = h.arg.of(v)
	hashes := h.hashRows(v, rows, len(groups))
	for i, g := range groups {
		if r := rowAt(rows, i); h.nulls || !v.IsNull(r) {
			h.add(g, v, r, hashes[i], by)
		}
	}
	h.tidy()
}

func (h *history) hashRows(v *column.Vector, rows []int32, n int) []uint64 {
	if cap(h.hashes) < n {
		h.hashes = make([]uint64, n+n/4)
	}
	h.hashes = h.hashes[:n]
	h.cols[0] = v
	h.hasher.Hash(h.hashes, h.cols[:], rows)
	return h.hashes
}

// add counts row r of v, of the given hash, by times; by may be negative.
func (h *history) add(g int32, v *column.Vector, r int, hash uint64, by int64) {
	hash = (hash ^ uint64(uint32(g))) * 0x9e3779b97f4a7c15
	hash ^= hash >> 32
	h.size[g] += by
	if h.counted {
		h.addCount(g, v, r, hash, by)
		return
	}
	for ; by > 0; by-- {
		h.come(g, v, r, hash)
	}
	for ; by < 0; by++ {
		h.leave(g, v, r, hash)
	}
}

func (h *history) addCount(g int32, v *column.Vector, r int, hash uint64, by int64) {
	place, first := h.find(g, v, r, hash)
	if first != 0 {
		before := h.count[first-1]
		after := before + by
		if after != 0 && (before < 0) == (after < 0) {
			h.count[first-1] = after
			return
		}
		h.remove(first-1, place)
		if by = after; by == 0 {
			return
		}
		place, _ = h.find(g, v, r, hash) // removing moves places
	}
	h.table[place] = h.entry(g, v, r, hash, by, true)
	h.used++
}

// come adds a row, which meets a debt if there is one.
func (h *history) come(g int32, v *column.Vector, r int, hash uint64) {
	place, first := h.find(g, v, r, hash)
	switch {
	case first == 0:
		h.table[place] = h.entry(g, v, r, hash, 1, true)
		h.used++
	case h.count[first-1] < 0:
		if h.count[first-1]++; h.count[first-1] == 0 {
			h.remove(first-1, place)
		}
	default:
		e := h.entry(g, v, r, hash, 1, false)
		h.same[h.last[first-1]-1], h.last[first-1] = e, e
	}
}

// leave takes the oldest row of a value out.
func (h *history) leave(g int32, v *column.Vector, r int, hash uint64) {
	place, first := h.find(g, v, r, hash)
	switch {
	case first == 0:
		h.table[place] = h.entry(g, v, r, hash, -1, true)
		h.used++
	case h.count[first-1] < 0:
		h.count[first-1]--
	default:
		h.remove(first-1, place)
	}
}

// find returns the place in the table of a group's value, or where it would stand, and its first entry, one more.
func (h *history) find(g int32, v *column.Vector, r int, hash uint64) (place int, first int32) {
	if 4*(h.used+1) > 3*len(h.table) {
		h.table = make([]int32, max(16, 2*len(h.table)))
		h.rehash()
	}
	mask := len(h.table) - 1
	for place = int(hash) & mask; ; place = (place + 1) & mask {
		e := h.table[place]
		if e == 0 || h.hash[e-1] == hash && h.group[e-1] == g && kernel.EqualRows(h.vals, int(e-1), v, r) {
			return place, e
		}
	}
}

// rehash fills the empty table with the first entries of all values.
func (h *history) rehash() {
	mask := len(h.table) - 1
	h.used = 0
	for e, g := range h.group {
		if g < 0 || h.last[e] == 0 {
			continue
		}
		place := int(h.hash[e]) & mask
		for h.table[place] != 0 {
			place = (place + 1) & mask
		}
		h.table[place] = int32(e) + 1
		h.used++
	}
}

// entry adds an entry at the end of a group's list and returns it, one more. first says that it is the first of its value.
func (h *history) entry(g int32, v *column.Vector, r int, hash uint64, count int64, first bool) int32 {
	h.one[0] = int32(r)
	h.vals.AppendRows(v, h.one[:])
	e := int32(h.vals.Len)
	last := int32(0)
	if first {
		last = e
	}
	h.group, h.count, h.hash = append(h.group, g), append(h.count, count), append(h.hash, hash)
	h.next, h.prev = append(h.next, 0), append(h.prev, h.tail[g])
	h.same, h.last = append(h.same, 0), append(h.last, last)
	if t := h.tail[g]; t != 0 {
		h.next[t-1] = e
	} else {
		h.head[g] = e
	}
	h.tail[g] = e
	if h.order != nil {
		h.order.push(h, g, e)
	}
	return e
}

// remove takes out an entry that is the first of its value and stands at place.
func (h *history) remove(e int32, place int) {
	if next := h.same[e]; next != 0 {
		h.last[next-1] = h.last[e]
		h.table[place] = next
	} else {
		h.vacate(place)
	}
	g, before, after := h.group[e], h.prev[e], h.next[e]
	if before != 0 {
		h.next[before-1] = after
	} else {
		h.head[g] = after
	}
	if after != 0 {
		h.prev[after-1] = before
	} else {
		h.tail[g] = before
	}
	h.group[e] = -1
	h.gone++
}

// vacate empties a place of the table and moves those up that were pushed on by what stood there.
func (h *history) vacate(place int) {
	mask := len(h.table) - 1
	for i := place; ; {
		i = (i + 1) & mask
		e := h.table[i]
		if e == 0 {
			break
		}
		if home := int(h.hash[e-1]) & mask; (i-home)&mask >= (i-place)&mask {
			h.table[place] = e
			place = i
		}
	}
	h.table[place] = 0
	h.used--
}

// tidy drops the entries that are gone once they are most.
func (h *history) tidy() {
	if h.gone <= len(h.group)/2+512 {
		return
	}
	h.rows = h.rows[:0]
	moved := h.into[:0]
	for e, g := range h.group {
		if g < 0 {
			moved = append(moved, 0)
			continue
		}
		h.rows = append(h.rows, int32(e))
		moved = append(moved, int32(len(h.rows)))
	}
	h.into = moved
	vals := column.NewVector(h.vals.Type, len(h.rows))
	vals.AppendRows(h.vals, h.rows)
	h.vals = vals
	at := func(e int32) int32 {
		if e == 0 {
			return 0
		}
		return moved[e-1]
	}
	for to, e := range h.rows {
		h.group[to], h.count[to], h.hash[to] = h.group[e], h.count[e], h.hash[e]
		h.next[to], h.prev[to], h.same[to], h.last[to] = at(h.next[e]), at(h.prev[e]), at(h.same[e]), at(h.last[e])
	}
	n := len(h.rows)
	h.group, h.count, h.hash = h.group[:n], h.count[:n], h.hash[:n]
	h.next, h.prev, h.same, h.last = h.next[:n], h.prev[:n], h.same[:n], h.last[:n]
	for g := range h.head {
		h.head[g], h.tail[g] = at(h.head[g]), at(h.tail[g])
	}
	h.gone = 0
	clear(h.table)
	h.rehash()
	if h.order != nil {
		h.order.rebuild(h)
	}
}

// each calls visit for the entries of a group that are no debts, in the order in which they came.
func (h *history) each(g int, visit func(e int, count int64)) {
	for e := h.head[g]; e != 0; e = h.next[e-1] {
		if c := h.count[e-1]; c > 0 {
			visit(int(e-1), c)
		}
	}
}

// StateTypes are a list of a group's values and one of their counts.
func (h *history) StateTypes() []column.Type {
	return []column.Type{column.ArrayOf(h.vals.Type), column.ArrayOf(column.Of(column.BigInt).Required())}
}

func (h *history) AppendState(from, to int, out []*column.Vector) {
	for g := from; g < to; g++ {
		h.rows = h.rows[:0]
		for e := h.head[g]; e != 0; e = h.next[e-1] {
			h.rows = append(h.rows, e-1)
			column.Append(out[1].Children[0], h.count[e-1])
		}
		out[0].Children[0].AppendRows(h.vals, h.rows)
		out[0].AppendList(len(h.rows))
		out[1].AppendList(len(h.rows))
	}
}

func (h *history) Merge(groups []int32, state []*column.Vector, rows []int32) {
	lists, numbers := h.arg.of(state[0]), h.counts.of(state[1])
	vals, counts := lists.Children[0], column.Values[int64](numbers.Children[0])
	a, b := lists.Offsets(), numbers.Offsets()
	h.rows, h.into = h.rows[:0], h.into[:0]
	for i, g := range groups {
		r := rowAt(rows, i)
		for e := a[r]; e < a[r+1]; e++ {
			h.rows, h.into = append(h.rows, e), append(h.into, g)
		}
	}
	hashes := h.hashRows(vals, h.rows, len(h.rows))
	k := 0
	for i := range groups {
		r := rowAt(rows, i)
		for e := a[r]; e < a[r+1]; e++ {
			h.add(h.into[k], vals, int(e), hashes[k], counts[b[r]+e-a[r]])
			k++
		}
	}
	h.tidy()
}

func (h *history) SizeBytes() int {
	n := h.vals.SizeBytes() + 4*(cap(h.group)+cap(h.next)+cap(h.prev)+cap(h.same)+cap(h.last)+cap(h.table)+cap(h.head)+cap(h.tail)) + 8*(cap(h.hash)+cap(h.count)+cap(h.size))
	if h.order != nil {
		n += 4 * (cap(h.order.root) + cap(h.order.child) + cap(h.order.sibling))
	}
	return n
}
