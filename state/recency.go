package state

import (
	"cmp"
	"slices"
)

// Recency keeps groups in the order in which they were last touched, with the times of that: the first of them is the next to be forgotten. The zero value has none.
type Recency struct {
	at         []int64 // by group
	prev, next []int32 // by group, one more than the number; 0: none
	in         []bool
	head, tail int32 // one more than the number
	n          int
}

// Touch moves a group to the end, at a time in milliseconds. Times must not go back, but for [Recency.Load].
func (r *Recency) Touch(g int32, now int64) {
	for len(r.in) <= int(g) {
		r.at, r.prev, r.next, r.in = append(r.at, 0), append(r.prev, 0), append(r.next, 0), append(r.in, false)
	}
	r.at[g] = now
	if r.tail == g+1 {
		return
	}
	r.Remove(g)
	r.in[g], r.n = true, r.n+1
	if r.prev[g], r.next[g] = r.tail, 0; r.tail > 0 {
		r.next[r.tail-1] = g + 1
	} else {
		r.head = g + 1
	}
	r.tail = g + 1
}

// Remove takes a group out, if it is there.
func (r *Recency) Remove(g int32) {
	if !r.Has(g) {
		return
	}
	p, n := r.prev[g], r.next[g]
	if p > 0 {
		r.next[p-1] = n
	} else {
		r.head = n
	}
	if n > 0 {
		r.prev[n-1] = p
	} else {
		r.tail = p
	}
	r.in[g], r.n = false, r.n-1
}

// Has reports whether a group is there.
func (r *Recency) Has(g int32) bool { return int(g) < len(r.in) && r.in[g] }

// At is when a group was last touched; it must be there.
func (r *Recency) At(g int32) int64 { return r.at[g] }

// Oldest is the group that was touched before all others, and when; false if there is none.
func (r *Recency) Oldest() (g int32, at int64, ok bool) {
	if r.head == 0 {
		return None, 0, false
	}
	return r.head - 1, r.at[r.head-1], true
}

// Groups returns all groups, the oldest first.
func (r *Recency) Groups() []int32 {
	list := make([]int32, 0, r.n)
	for g := r.head; g > 0; g = r.next[g-1] {
		list = append(list, g-1)
	}
	return list
}

// Len is the number of groups.
func (r *Recency) Len() int { return r.n }

// Load makes groups with the times at which they were last touched, by their number, all that there are. A time of [Untouched] says that there is no such group.
func (r *Recency) Load(at []int64) {
	r.LoadOrdered(at, nil)
}

// LoadOrdered is Load where the order of some groups is known, which is that of those of the same time.
func (r *Recency) LoadOrdered(at []int64, known []int32) {
	r.Reset()
	order, listed := make([]int32, 0, len(at)), make([]bool, len(at))
	for _, g := range known {
		if at[g] != Untouched && !listed[g] {
			order, listed[g] = append(order, g), true
		}
	}
	for g, t := range at {
		if t != Untouched && !listed[g] {
			order = append(order, int32(g))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(at[a], at[b]) })
	for _, g := range order {
		r.Touch(g, at[g])
	}
}

// Untouched is the time of a group that is not there.
const Untouched = -1 << 63

// Renumber gives each group the number that moved has for its own, and drops those for which that is None.
func (r *Recency) Renumber(moved []int32) {
	old := *r
	*r = Recency{}
	for g := old.head; g > 0; g = old.next[g-1] {
		if to := moved[g-1]; to != None {
			r.Touch(to, old.at[g-1])
		}
	}
}

// Reset takes all groups out.
func (r *Recency) Reset() {
	*r = Recency{at: r.at[:0], prev: r.prev[:0], next: r.next[:0], in: r.in[:0]}
}

// SizeBytes returns the memory held, in bytes.
func (r *Recency) SizeBytes() int { return cap(r.at)*8 + cap(r.prev)*4 + cap(r.next)*4 + cap(r.in) }
