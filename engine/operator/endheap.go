package operator

import "unsafe"

// timedSlot is something that is due when time has reached end.
type timedSlot struct {
	end, serial int64
	slot        int32
}

func (a *timedSlot) before(b *timedSlot) bool {
	return a.end < b.end || a.end == b.end && a.serial < b.serial
}

// endHeap gives what is due first, and of that the lowest serial number. What has become void in the meantime is told by the serial number or by what else the owner knows of the slot.
type endHeap []timedSlot

func (p *endHeap) push(e timedSlot) {
	*p = append(*p, e)
	h := *p
	for c := len(h) - 1; c > 0; {
		up := (c - 1) / 2
		if !h[c].before(&h[up]) {
			break
		}
		h[up], h[c] = h[c], h[up]
		c = up
	}
}

func (p *endHeap) pop() timedSlot {
	h := *p
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	*p = h
	for i := 0; ; {
		c := 2*i + 1
		if c >= last {
			return top
		}
		if c+1 < last && h[c+1].before(&h[c]) {
			c++
		}
		if !h[c].before(&h[i]) {
			return top
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

// sizeBytes is the memory held, in bytes.
func (p endHeap) sizeBytes() int { return cap(p) * int(unsafe.Sizeof(timedSlot{})) }
