package state

import (
	"encoding/binary"
	"math/bits"

	"github.com/millstream/millstream/column"
)

// texts is the memory of the long values of a column that are written over. What a value leaves is used again for one of the same size, rounded up to 8 bytes,
// and beyond 256 to a sixteenth; if too much is left that no value asks for, all move together.
type texts struct {
	v    *column.Vector // its buffers are all lent by this
	free []uint64       // by class of size: where the first block is that is not in use; it holds where the next is
	at   int            // bytes taken of the last buffer
	used int            // bytes of blocks in use
	idle int            // bytes of blocks that are not
}

// none ends a list of free blocks.
const none = ^uint64(0)

// The sizes of buffers, in bytes: the first grows, which copies it, and others have an eighth of what there is.
const (
	leastTexts = 1 << 10
	fullTexts  = 1 << 20
	mostTexts  = 1 << 29
)

func newTexts(v *column.Vector) *texts { return &texts{v: v} }

// blockOf is the class of the blocks for n bytes, and their size.
func blockOf(n int) (class, size int) {
	if n <= 256 {
		size = (n + 7) &^ 7
		return size / 8, size
	}
	width := bits.Len(uint(n - 1)) // 9 for 257 … 512
	step := 1 << (width - 5)
	steps := (n + step - 1) / step // 17 … 32
	return 32 + (width-9)*16 + steps - 16, steps * step
}

// write puts values of src, which has no dictionary, over those of other rows.
func (t *texts) write(src *column.Vector, rows, to []int32) {
	if t.idle > t.used/2+fullTexts {
		t.gather()
	}
	from, views := src.Views(), t.v.Views()
	for i, r := range rows {
		w, p := from[r], &views[to[i]]
		if src.Valid != nil && !src.Valid.Get(int(r)) {
			w = column.View{}
		}
		if w.Inline() {
			if !p.Inline() {
				t.release(*p)
			}
			*p = w
			continue
		}
		b := w.Bytes(src.Buffers)
		class, size := blockOf(len(b))
		if !p.Inline() {
			if have, _ := blockOf(p.Len()); have == class {
				buf := t.v.Buffers[p.Buffer()]
				copy(buf[p.Offset():], b)
				*p = column.MakeView(buf, p.Buffer(), p.Offset(), len(b))
				continue
			}
			t.release(*p)
		}
		buffer, offset := t.block(class, size)
		buf := t.v.Buffers[buffer]
		copy(buf[offset:], b)
		*p = column.MakeView(buf, buffer, offset, len(b))
	}
}

// drop lets the value of a row go.
func (t *texts) drop(r int) {
	p := &t.v.Views()[r]
	if !p.Inline() {
		t.release(*p)
	}
	*p = column.View{}
}

// release makes the block of a long value one that is not in use.
func (t *texts) release(w column.View) {
	class, size := blockOf(w.Len())
	for len(t.free) <= class {
		t.free = append(t.free, none)
	}
	binary.LittleEndian.PutUint64(t.v.Buffers[w.Buffer()][w.Offset():], t.free[class])
	t.free[class] = w.Hi
	t.used -= size
	t.idle += size
}

// block returns where a block of a class lies that is now in use.
func (t *texts) block(class, size int) (buffer, offset int) {
	t.used += size
	if class < len(t.free) && t.free[class] != none {
		w := column.View{Hi: t.free[class]}
		t.free[class] = binary.LittleEndian.Uint64(t.v.Buffers[w.Buffer()][w.Offset():])
		t.idle -= size
		return w.Buffer(), w.Offset()
	}
	last := len(t.v.Buffers) - 1
	if last < 0 || t.at+size > len(t.v.Buffers[last]) {
		last = t.more(size)
	}
	offset = t.at
	t.at += size
	return last, offset
}

// more makes room for a block and returns the buffer in which it is.
func (t *texts) more(size int) int {
	n := len(t.v.Buffers)
	if n == 1 && len(t.v.Buffers[0]) < fullTexts || n == 0 {
		next := make([]byte, max(leastTexts, 2*t.at, t.at+size))
		if n == 0 {
			return t.v.Lend(next)
		}
		copy(next, t.v.Buffers[0][:t.at])
		t.v.Buffers[0] = next
		return 0
	}
	t.at = 0
	return t.v.Lend(make([]byte, max(fullTexts, min((t.used+t.idle)/8, mostTexts), size)))
}

// move makes another vector that of the values, whose views point where those of the old one did.
func (t *texts) move(v *column.Vector) {
	for _, b := range t.v.Buffers {
		v.Lend(b)
	}
	t.v = v
}

// gather moves all values together, into new memory.
func (t *texts) gather() {
	old := t.v.Buffers
	t.v.Buffers, t.free, t.at, t.used, t.idle = nil, nil, 0, 0, 0
	views := t.v.Views()
	for i := range views {
		p := &views[i]
		if p.Inline() {
			continue
		}
		b := p.Bytes(old)
		buffer, offset := t.block(blockOf(len(b)))
		buf := t.v.Buffers[buffer]
		copy(buf[offset:], b)
		*p = column.MakeView(buf, buffer, offset, len(b))
	}
}
