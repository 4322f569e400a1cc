package operator

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// overChanges computes OVER for rows in the order of any column, as they come and go: what a row changes in the results of others is emitted as updates,
// in the order of the partition. The row itself leaves as it came, at its place among them, and goes as -D ahead of them.
type overChanges struct {
	rank  // keeps the rows of each partition in order
	eval  *overEval
	old   overResults
	fresh overResults
	batch *column.Batch
}

// overResults is a partition's rows, in order, with their results.
type overResults struct {
	list []int32
	rows *column.Batch // the results alone
	work *column.Batch
}

func newOverChanges(op *graph.Over, in, schema []column.Field, e *overEval) *overChanges {
	o := &overChanges{eval: e, batch: column.NewBatch(schema, 0)}
	r := &graph.Rank{Partition: op.Partition, Order: op.Order, ToColumn: -1, WindowEnd: -1}
	o.rank = rank{op: r, keyedRows: newKeyedRows(in, op.Partition, nil), keeps: true}
	for _, k := range e.order {
		if !slices.Contains(op.Partition, k.Column) {
			o.rank.order = append(o.rank.order, k)
		}
	}
	for _, p := range []*overResults{&o.old, &o.fresh} {
		p.rows, p.work = column.NewBatch(schema[len(in):], 0), column.NewBatch(in, 0)
	}
	return o
}

func (o *overChanges) Open(c *Context) error {
	if err := o.eval.open(c); err != nil {
		return err
	}
	return o.rank.Open(c)
}

func (o *overChanges) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	now := o.renew(share(b.Rows()))
	ids := o.lookup(b)
	o.grow()
	o.meet(ids, now)
	next := o.load(b, ids, now)
	o.batch.Reset()
	for i, g := range ids {
		r := b.Row(i)
		list := slices.Clone(o.places.of(g))
		if err := o.compute(&o.old, list); err != nil {
			return err
		}
		come, gone := int32(state.None), int32(state.None)
		if b.Kind(r).Adds() {
			come = next
			next++
			o.rows.Link(come, g)
			o.places.set(g, slices.Insert(slices.Clone(list), o.position(list, b.Cols, r), come))
		} else {
			at := o.search(list, b.Cols, r)
			if at < 0 {
				continue
			}
			gone = list[at]
			o.places.set(g, slices.Delete(slices.Clone(list), at, at+1))
		}
		if err := o.compute(&o.fresh, o.places.of(g)); err != nil {
			return err
		}
		o.show(come, gone, b.Kind(r))
		if gone != state.None {
			o.rows.Remove(gone)
		}
		if o.batch.Len >= ChunkRows {
			if err := out.Emit(o.batch); err != nil {
				return err
			}
			o.batch.Reset()
		}
	}
	for _, g := range ids {
		o.forget(g)
	}
	o.trim()
	o.arm()
	if o.batch.Len == 0 {
		return nil
	}
	return out.Emit(o.batch)
}

// compute computes the results of a partition.
func (o *overChanges) compute(to *overResults, list []int32) error {
	to.list = list
	to.rows.Reset()
	to.work.Reset()
	if len(list) == 0 {
		return nil
	}
	o.out.picks.Rows = append(o.out.picks.Rows[:0], list...)
	o.out.picks.Prepare()
	o.rows.Take(&o.out.picks, to.work.Cols)
	to.work.Len = len(list)
	o.eval.lasting.clear()
	o.eval.lasting.room = 1
	if err := o.eval.run(to.work, []overPart{{to: len(list)}}); err != nil {
		return err
	}
	for i, v := range o.eval.results {
		to.rows.Cols[i].AppendRows(v, nil)
	}
	to.rows.Len = len(list)
	return nil
}

// show adds to the output what has changed: row come came, or row gone went.
func (o *overChanges) show(come, gone int32, kind column.RowKind) {
	i := 0
	if gone != state.None {
		o.add(&o.old, slices.Index(o.old.list, gone), column.Delete)
	}
	for j, row := range o.fresh.list {
		if row == come {
			o.add(&o.fresh, j, kind)
			continue
		}
		if o.old.list[i] == gone {
			i++
		}
		for k, v := range o.fresh.rows.Cols {
			if !state.Same(v, j, o.old.rows.Cols[k], i) {
				o.add(&o.old, i, column.UpdateBefore)
				o.add(&o.fresh, j, column.UpdateAfter)
				break
			}
		}
		i++
	}
}

func (o *overChanges) add(from *overResults, i int, kind column.RowKind) {
	one := []int32{int32(i)}
	for c, v := range from.work.Cols {
		o.batch.Cols[c].AppendRows(v, one)
	}
	for c, v := range from.rows.Cols {
		o.batch.Cols[len(from.work.Cols)+c].AppendRows(v, one)
	}
	o.batch.Len++
	o.batch.AddKinds(o.batch.Len)[o.batch.Len-1] = kind
}

// EndInput implements [Operator]: everything was emitted as it came.
func (o *overChanges) EndInput(int, Output) error { return nil }
