package operator

import (
	"math"

	"github.com/millstream/millstream/column"
)

// sliceRouter finds the slices of a batch's rows. Rows near each other are mostly of one slice, so a row costs two comparisons as long as it is
// in the slice of the one before it.
type sliceRouter struct {
	w      *windowing
	late   func(slice int64) bool // whether rows of a slice come too late for all its windows
	recent [64]recentSlice        // by the slice's number
	runs   []sliceRun
	index  []int32 // of the run, by live row; -1: the row is dropped
	rows   []int32
	drops  []int32 // physical rows that came late
}

type recentSlice struct {
	end, turn int64
	run       int32
}

// sliceRun is a slice and those of a batch's rows that fall into it.
type sliceRun struct {
	end  int64
	rows []int32 // nil: all live rows
	n    int32
}

// Of rows that belong to no run.
const (
	sliceLate = -1 // they come late
	sliceNone = -2 // no window covers them
)

// turns counts batches, so that recent slices need not be cleared.
func (r *sliceRouter) route(b *column.Batch, times []int64, ends bool, turn int64) []sliceRun {
	n := b.Rows()
	if cap(r.index) < n {
		r.index = make([]int32, n+n/4)
	}
	r.runs, r.drops = r.runs[:0], r.drops[:0]
	index := r.index[:n]
	from, to, run := int64(0), int64(0), int32(sliceNone) // the current slice is [from, to)
	dropped := false
	for i := range index {
		t := times[b.Row(i)]
		if t < from || t >= to {
			end := t
			if ends {
				from, to = t, t+1
			} else {
				end = r.w.sliceEnd(t)
				from, to = end-r.w.slice, end
			}
			run = r.runOf(end, ends, turn)
		}
		index[i] = run
		if run >= 0 {
			r.runs[run].n++
			continue
		}
		dropped = true
		if run == sliceLate {
			r.drops = append(r.drops, int32(b.Row(i)))
		}
	}
	if len(r.runs) == 1 && !dropped {
		return r.runs
	}
	// Rows in the order of their runs.
	if cap(r.rows) < n {
		r.rows = make([]int32, n+n/4)
	}
	rows, at := r.rows[:n], int32(0)
	for i := range r.runs {
		p := &r.runs[i]
		p.rows = rows[at : at : at+p.n]
		at += p.n
	}
	for i, run := range index {
		if run >= 0 {
			p := &r.runs[run]
			p.rows = append(p.rows, int32(b.Row(i)))
		}
	}
	return r.runs
}

// runOf finds or makes the run of a slice.
func (r *sliceRouter) runOf(end int64, ends bool, turn int64) int32 {
	number := end
	if !ends {
		number = end / r.w.slice
	}
	p := &r.recent[uint64(number)%uint64(len(r.recent))]
	if p.turn == turn && p.end == end {
		return p.run
	}
	run := int32(sliceNone)
	if p.turn == turn { // another slice has taken its place
		for i := range r.runs {
			if r.runs[i].end == end {
				run = int32(i)
			}
		}
	}
	if run < 0 {
		switch {
		case !ends && !r.w.covers(end):
		case r.late(end):
			run = sliceLate
		default:
			run = int32(len(r.runs))
			r.runs = append(r.runs, sliceRun{end: end})
		}
	}
	*p = recentSlice{end, turn, run}
	return run
}

// windowSlice is the state of a slice, or in the second role that of a cumulated window so far.
type windowSlice struct {
	end   int64 // of the slice; of a cumulated window, its start
	next  int64 // end of the first window that has the slice and was not emitted
	agg   *aggregation
	count []int64 // rows by group, where the input may take rows back
}

// sliceList holds slices in the order of their ends.
type sliceList struct {
	list []*windowSlice
	free []*aggregation
	make func() *aggregation
}

// find returns the position of the slice with the given end, or where it would be inserted.
func (l *sliceList) find(end int64) (int, bool) {
	n := len(l.list)
	if n == 0 || l.list[n-1].end < end { // as a rule
		return n, false
	}
	lo, hi := 0, n
	for lo < hi {
		if mid := (lo + hi) / 2; l.list[mid].end < end {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, l.list[lo].end == end
}

// at returns the slice with the given end, which it makes if there is none.
func (l *sliceList) at(end int64, next func() int64) *windowSlice {
	i, found := l.find(end)
	if found {
		return l.list[i]
	}
	s := &windowSlice{end: end, next: next()}
	if k := len(l.free) - 1; k >= 0 {
		s.agg, l.free = l.free[k], l.free[:k]
	} else {
		s.agg = l.make()
	}
	l.list = append(l.list, nil)
	copy(l.list[i+1:], l.list[i:])
	l.list[i] = s
	return s
}

// remove forgets slice i.
func (l *sliceList) remove(i int) {
	s := l.list[i]
	copy(l.list[i:], l.list[i+1:])
	l.list[len(l.list)-1] = nil
	l.list = l.list[:len(l.list)-1]
	for _, f := range s.agg.followed() {
		f.track.Reset() // a checkpoint may be copying it
	}
	s.agg.untrack()
	if len(l.free) < 4 && s.agg.sizeBytes() < 16<<20 {
		s.agg.clear()
		l.free = append(l.free, s.agg)
	}
}

// first is the end of the first window to be emitted; MaxInt64: none.
func (l *sliceList) first() int64 {
	end := int64(math.MaxInt64)
	for _, s := range l.list {
		end = min(end, s.next)
	}
	return end
}

// sizeBytes is the memory held, in bytes: that of aggregations kept for reuse too.
func (l *sliceList) sizeBytes() int {
	n := 0
	for _, s := range l.list {
		n += s.agg.sizeBytes() + cap(s.count)*8
	}
	for _, a := range l.free {
		n += a.sizeBytes()
	}
	return n
}
