package operator

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"github.com/millstream/millstream/state"
)

// sessionSet knows the open sessions of each key. A session is a slot, a dense number under which its owner keeps what belongs to it; the slots
// of sessions that are over are given out again.
//
// There is no timer for each session: a heap has one entry for each, with an end that the session had once; a session that has become
// longer is put back when its entry comes up.
type sessionSet struct {
	gap   int64
	due   func(end int64) int64
	slots []session
	heads []int32 // by key: its first session, one more; 0: none
	free  []int32
	heap  endHeap
	count int64 // sessions ever made

	// touch is called before a row changes a session, and before a slot is given out again or freed; moves says that its start changes. Nil: nobody wants to know.
	touch func(slot int32, moves bool)

	absorbed []int32
	over     []int32
}

// session is an open session: local times [start, end).
type session struct {
	start, end int64
	serial     int64 // in the order in which sessions began; 0: the slot is free
	key        int32
	next       int32 // the key's next session, one more
	rows       int64 // for owners whose input takes rows back
}

func newSessionSet(w *windowing) sessionSet { return sessionSet{gap: w.Size, due: w.due} }

// add finds the session of a row of a key at local time t, which it makes or extends. Sessions that become one with it are absorbed: they are in
// s.absorbed until the next call, in the order of time, and their slots are the owner's to free. A row whose session would be over is late.
func (s *sessionSet) add(key int32, t, now int64) (slot int32, ok bool) {
	return s.cover(key, t, t+s.gap, now)
}

// deleteUnused deletes those of keys that have no session: keys that were made for rows that are dropped are not kept.
func (s *sessionSet) deleteUnused(groups *state.Groups, keys []int32) {
	for _, key := range keys {
		if (int(key) >= len(s.heads) || s.heads[key] == 0) && groups.Alive(int(key)) {
			groups.Delete(int(key))
		}
	}
}

// cover is add for a time from t to end in which a session has rows.
func (s *sessionSet) cover(key int32, t, end, now int64) (slot int32, ok bool) {
	for len(s.heads) <= int(key) {
		s.heads = append(s.heads, 0)
	}
	s.absorbed = s.absorbed[:0]
	slot = -1
	for at := s.heads[key]; at != 0; at = s.slots[at-1].next {
		p := &s.slots[at-1]
		if p.start > end || p.end < t {
			continue
		}
		if slot < 0 {
			slot = at - 1
		} else {
			s.absorbed = append(s.absorbed, at-1)
		}
	}
	if slot < 0 {
		if s.due(end) <= now {
			return 0, false
		}
		return s.open(key, t, end), true
	}
	if len(s.absorbed) > 0 { // the earliest one stays
		for i, other := range s.absorbed {
			if s.slots[other].start < s.slots[slot].start {
				s.absorbed[i], slot = slot, other
			}
		}
		slices.SortFunc(s.absorbed, func(a, b int32) int { return cmp.Compare(s.slots[a].start, s.slots[b].start) })
	}
	if s.touch != nil {
		s.touch(slot, t < s.slots[slot].start)
		for _, other := range s.absorbed {
			s.touch(other, false)
		}
	}
	p := &s.slots[slot]
	p.start, p.end = min(p.start, t), max(p.end, end)
	for _, other := range s.absorbed {
		p.end = max(p.end, s.slots[other].end)
		p.rows += s.slots[other].rows
	}
	return slot, true
}

// open makes a session.
func (s *sessionSet) open(key int32, start, end int64) int32 {
	for len(s.heads) <= int(key) {
		s.heads = append(s.heads, 0)
	}
	var slot int32
	if n := len(s.free) - 1; n >= 0 {
		slot, s.free = s.free[n], s.free[:n]
		if s.touch != nil {
			s.touch(slot, false)
		}
	} else {
		slot = int32(len(s.slots))
		s.slots = append(s.slots, session{})
	}
	s.count++
	s.slots[slot] = session{start: start, end: end, serial: s.count, key: key, next: s.heads[key]}
	s.heads[key] = slot + 1
	s.heap.push(timedSlot{end, s.count, slot})
	return slot
}

// drop frees a slot and reports whether its key has no session left.
func (s *sessionSet) drop(slot int32) bool {
	p := &s.slots[slot]
	link := &s.heads[p.key]
	for *link != slot+1 {
		link = &s.slots[*link-1].next
	}
	*link = p.next
	if s.touch != nil {
		s.touch(slot, false)
	}
	p.serial = 0
	s.free = append(s.free, slot)
	return s.heads[p.key] == 0
}

// first is the watermark that ends a session, or an earlier one; MaxInt64: there is none.
func (s *sessionSet) first() int64 {
	if len(s.heap) == 0 {
		return math.MaxInt64
	}
	return s.due(s.heap[0].end)
}

// ended returns the sessions that are over, in the order of their ends. The owner drops them.
func (s *sessionSet) ended(now int64) []int32 {
	s.over = s.over[:0]
	for len(s.heap) > 0 && s.due(s.heap[0].end) <= now {
		e := s.heap.pop()
		p := &s.slots[e.slot]
		switch {
		case p.serial != e.serial: // absorbed
		case p.end > e.end: // it has become longer
			s.heap.push(timedSlot{p.end, e.serial, e.slot})
		default:
			s.over = append(s.over, e.slot)
		}
	}
	return s.over
}

// renumber gives keys new numbers. Those of sessions must not be gone.
func (s *sessionSet) renumber(moved []int32) {
	for i := range s.slots {
		if p := &s.slots[i]; p.serial != 0 {
			p.key = moved[p.key]
		}
	}
	n := 0
	for key, head := range s.heads {
		if to := moved[key]; to >= 0 {
			s.heads[to] = head // it is not behind
			n = int(to) + 1
		}
	}
	s.heads = s.heads[:n]
}

// sizeBytes is the memory held, in bytes.
func (s *sessionSet) sizeBytes() int {
	return cap(s.slots)*int(unsafe.Sizeof(session{})) + (cap(s.heads)+cap(s.free))*4 + s.heap.sizeBytes()
}
