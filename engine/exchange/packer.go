package exchange

import (
	"sync"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// NewPacker returns the packer of column batches for an edge with the given number of receivers.
func NewPacker(edge graph.Edge, fields []column.Field, receivers, maxParallelism int) operator.Packer {
	lots := Lots(edge.Ship, receivers)
	if lots == 1 {
		g := &gatherer{}
		g.init(fields, lots, receivers)
		return g
	}
	h := &hasher{keys: edge.Keys, columns: make([]*column.Vector, len(edge.Keys)), groups: maxParallelism,
		targets: make([]int32, maxParallelism), ends: make([]int32, lots)}
	h.init(fields, lots, receivers)
	for g := range h.targets {
		h.targets[g] = int32(state.Target(g, maxParallelism, lots))
	}
	return h
}

// batches holds the pending batch of each target, and empty ones that came back.
type batches struct {
	fields  []column.Field
	pending []*column.Batch

	mu   sync.Mutex
	free []*column.Batch
	most int // batches kept in free
}

func (b *batches) init(fields []column.Field, lots, receivers int) {
	b.fields, b.pending = fields, make([]*column.Batch, lots)
	b.most = (Capacity + 2) * receivers // what can be on its way, read and pending at once
}

// largestKept is the size of a batch, in bytes, above which it is not kept for reuse: a rare giant row should not be paid for for ever.
const largestKept = 8 * mostBytes

func (b *batches) Pending(target int) int {
	if p := b.pending[target]; p != nil {
		return p.Len
	}
	return 0
}

// PendingBytes returns the size of a target's pending rows.
func (b *batches) PendingBytes(target int) int {
	p := b.pending[target]
	if p == nil {
		return 0
	}
	return Bytes(p)
}

// usedBytes is what the rows of a vector take, about; its memory may be larger.
func usedBytes(v *column.Vector) int {
	n := 0
	switch v.Type.Layout() {
	case column.LayoutBits:
		n = v.Len / 8
	case column.LayoutInt8:
		n = v.Len
	case column.LayoutInt16:
		n = v.Len * 2
	case column.LayoutInt32, column.LayoutFloat, column.LayoutList:
		n = v.Len * 4
	case column.LayoutInt64, column.LayoutDouble:
		n = v.Len * 8
	case column.LayoutInt128, column.LayoutView:
		n = v.Len * 16
	}
	for _, b := range v.Buffers {
		n += len(b)
	}
	for _, c := range v.Children {
		n += usedBytes(c)
	}
	return n
}

func (b *batches) Take(target int) operator.Payload {
	p := b.pending[target]
	if p == nil {
		return nil
	}
	b.pending[target] = nil
	return p
}

// Recycle keeps an empty batch for reuse.
func (b *batches) Recycle(p operator.Payload) {
	batch := p.(*column.Batch)
	if Mangle {
		mangle(batch)
	}
	if batch.SizeBytes() > largestKept {
		return
	}
	batch.Reset()
	b.mu.Lock()
	if len(b.free) < b.most {
		b.free = append(b.free, batch)
	}
	b.mu.Unlock()
}

// open returns the pending batch of a target.
func (b *batches) open(target int) *column.Batch {
	if p := b.pending[target]; p != nil {
		return p
	}
	var p *column.Batch
	b.mu.Lock()
	if last := len(b.free) - 1; last >= 0 {
		p, b.free[last] = b.free[last], nil
		b.free = b.free[:last]
	}
	b.mu.Unlock()
	if p == nil {
		p = column.NewBatch(b.fields, 0)
	}
	b.pending[target] = p
	return p
}

// gatherer puts all rows into one lot.
type gatherer struct{ batches }

func (g *gatherer) Pack(p operator.Payload) {
	src := p.(*column.Batch)
	g.open(0).AppendRows(src, nil)
}

// hasher puts each row into the lot of its key group's subtask. It writes the rows' indexes in order of their targets, then copies
// a target's rows column by column.
type hasher struct {
	batches
	keys    []int
	groups  int
	targets []int32 // by key group

	hash    state.KeyHasher
	columns []*column.Vector
	hashes  []uint64
	target  []int32 // by live row
	rows    []int32 // physical rows, in order of their targets
	ends    []int32 // by target: the end of its rows
}

func (h *hasher) Pack(p operator.Payload) {
	src := p.(*column.Batch)
	n := src.Rows()
	if n == 0 {
		return
	}
	if cap(h.hashes) < n {
		size := n + n/4
		h.hashes, h.target, h.rows = make([]uint64, size), make([]int32, size), make([]int32, size)
	}
	for i, k := range h.keys {
		h.columns[i] = src.Cols[k]
	}
	hashes, target, rows, ends := h.hashes[:n], h.target[:n], h.rows[:n], h.ends
	h.hash.Hash(h.columns, src.Sel, hashes)

	clear(ends)
	for i, x := range hashes {
		t := h.targets[state.KeyGroup(x, h.groups)]
		target[i] = t
		ends[t]++
	}
	sum := int32(0)
	for t, count := range ends {
		ends[t] = sum
		sum += count
	}
	if src.Sel == nil {
		for i, t := range target {
			rows[ends[t]] = int32(i)
			ends[t]++
		}
	} else {
		for i, t := range target {
			rows[ends[t]] = src.Sel[i]
			ends[t]++
		}
	}
	first := int32(0)
	for t, end := range ends {
		if end > first {
			h.open(t).AppendRows(src, rows[first:end])
		}
		first = end
	}
}
