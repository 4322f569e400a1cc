package operator

import (
	"fmt"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// tiedRank numbers the rows of a bounded input by RANK or DENSE_RANK, where rows that are alike share a number. It holds all rows and emits those with a
// number in range at the end, partition by partition.
type tiedRank struct {
	*rank
	held   heldRows
	group  []int32 // by row
	sorter kernel.Sorter
}

func newTiedRank(o *rank) *tiedRank { return &tiedRank{rank: o, held: newHeldRows(o.in)} }

func (o *tiedRank) Open(c *Context) error {
	if err := o.open(c, graph.Keep{MaxKeys: -1}); err != nil {
		return err
	}
	if t := c.Restore.Table("held"); t != nil && t.Rows.Rows() > 0 {
		if err := o.Process(0, t.Rows, nil); err != nil {
			return err
		}
		o.held.track.Resume(o.table(), t)
	}
	return nil
}

func (o *tiedRank) Process(_ int, p Payload, _ Output) error {
	b := p.(*column.Batch)
	if !appended(b) {
		return fmt.Errorf("a ranking of bounded input cannot take back rows")
	}
	if b.Rows() > 0 {
		o.group = append(o.group, o.lookup(b)...)
		o.held.add(b, nil)
	}
	return nil
}

func (o *tiedRank) Timer(time.Time, Output) error { return nil }

func (o *tiedRank) EndInput(_ int, out Output) error {
	byGroup := make([][]int32, o.groups.Len())
	for r, g := range o.group {
		byGroup[g] = append(byGroup[g], int32(r))
	}
	b := column.NewBatch(o.schema, 0)
	for _, list := range byGroup {
		o.sorter.Sort(list, o.held.rows.Cols, o.order)
		from, number := 0, int64(0)
		for from < len(list) {
			to := from + 1
			for to < len(list) && o.alike(list[from], list[to]) {
				to++
			}
			if o.op.Numbering == graph.DenseRank {
				number++
			} else {
				number = int64(from) + 1
			}
			if number >= o.op.From && number <= int64(o.last(o.held.rows, int(list[from]))) {
				for i, c := range o.held.rows.Cols {
					b.Cols[i].AppendRows(c, list[from:to])
				}
				if o.op.Number {
					fillNumber(b.Cols[len(b.Cols)-1], number, to-from)
				}
				if b.Len += to - from; b.Len >= ChunkRows {
					if err := out.Emit(b); err != nil {
						return err
					}
					b.Reset()
				}
			}
			from = to
		}
	}
	if b.Len > 0 {
		return out.Emit(b)
	}
	return nil
}

// fillNumber appends a number n times to a BIGINT column.
func fillNumber(v *column.Vector, x int64, n int) {
	base := v.Len
	v.Resize(base + n)
	list := column.Values[int64](v)[base : base+n]
	for i := range list {
		list[i] = x
	}
}

// alike reports whether two rows have equal sort keys.
func (o *tiedRank) alike(a, b int32) bool {
	return !slices.ContainsFunc(o.order, func(k kernel.SortKey) bool {
		v := o.held.rows.Cols[k.Column]
		return k.Compare(v, int(a), v, int(b)) != 0
	})
}

// SizeBytes implements [Sizer].
func (o *tiedRank) SizeBytes() int {
	return o.rank.SizeBytes() + o.held.sizeBytes() + cap(o.group)*4
}

// table is the rows as a table of checkpoints.
func (o *tiedRank) table() keptRows {
	return keptRows{&o.held, shipped{keys: o.op.Partition, parts: o.number}}
}

func (o *tiedRank) Snapshot(w *state.Writer) error {
	w.Track(&o.held.track, o.table(), "held", o.in)
	return nil
}
