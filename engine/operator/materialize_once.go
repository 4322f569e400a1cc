package operator

import (
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// materializeOnce shows one row of each key of a sink for as long as it lives: the first that came. Others that live when the watermark goes on are
// in conflict with it; they are forgotten, or fail the job. What comes and goes between two watermarks is in conflict with nothing.
type materializeOnce struct {
	*materialize
	progress
	touched []int32 // groups with rows that came or went since the last watermark
	noted   []bool  // by group: it is touched
}

// Marks of rows.
const (
	rowCame  = 0 // since the last watermark
	rowShown = 1
	rowGone  = 2 // shown, and to be taken back
)

func newMaterializeOnce(op *graph.Materialize, in []column.Field) *materializeOnce {
	o := &materializeOnce{materialize: newMaterialize(op, in)}
	o.marks = true
	return o
}

func (o *materializeOnce) Open(c *Context) error {
	o.progress.open(c)
	if err := o.keyedRows.open(c, graph.Keep{}); err != nil {
		return err
	}
	for g := range o.keyedRows.groups.Len() {
		o.list = o.rows.AppendGroup(int32(g), o.list[:0])
		for _, r := range o.list {
			if o.rows.Marks[r] != rowShown {
				o.touch(int32(g))
			}
		}
	}
	if len(o.touched) == 0 {
		o.evict()
	}
	return nil
}

// touch notes a group for the next watermark.
func (o *materializeOnce) touch(g int32) {
	for len(o.noted) <= int(g) {
		o.noted = append(o.noted, false)
	}
	if !o.noted[g] {
		o.noted[g] = true
		o.touched = append(o.touched, g)
	}
}

func (o *materializeOnce) Process(_ int, p Payload, _ Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	now := o.tidy(share(n))
	ids := o.lookup(b)
	o.meet(ids, now)
	if cap(o.hash) < n {
		o.hash = make([]uint64, n+n/4)
	}
	o.rows.Hash(b.Cols, b.Sel, o.hash[:n])
	o.sel = o.sel[:0]
	for i := range n {
		if r := b.Row(i); b.Kind(r).Adds() {
			o.sel = append(o.sel, int32(r))
		}
	}
	next := int32(o.rows.Len())
	if len(o.sel) > 0 {
		next = o.rows.Append(b.Cols, o.sel, len(o.sel), now)
	}
	for i, g := range ids {
		r := b.Row(i)
		o.touch(g)
		same := o.rows.Find(b.Cols, r, g, o.hash[i])
		if !b.Kind(r).Adds() {
			o.leave(same)
			continue
		}
		if o.op.InputKeys != nil { // an update of that row
			same = o.leave(same)
		}
		o.rows.Link(next, g)
		o.rows.Marks[next] = rowCame
		o.rows.Index(next, same, o.hash[i])
		next++
	}
	o.arm()
	return nil
}

// leave takes a row back. It returns the row if it is still there, since it is shown.
func (o *materializeOnce) leave(r int32) int32 {
	switch {
	case r == state.None:
	case o.rows.Marks[r] == rowCame:
		o.rows.Remove(r)
		return state.None
	default:
		o.rows.Touch(r)
		o.rows.Marks[r] = rowGone
	}
	return r
}

func (o *materializeOnce) Watermark(t int64, out Output) error {
	if !o.advance(t) || len(o.touched) == 0 {
		return nil
	}
	for _, g := range o.touched {
		if err := o.settle(g); err != nil {
			return err
		}
	}
	if err := o.out.emit(o.rows, out); err != nil {
		return err
	}
	for _, g := range o.touched {
		o.noted[g] = false
		o.forget(g)
	}
	o.touched = o.touched[:0]
	o.evict() // not before: rows that are not shown yet would be lost
	if o.sparse(0) {
		o.regroup()
		o.noted = o.noted[:0]
	}
	return nil
}

// settle shows what is to be shown of a group, and finds conflicts.
func (o *materializeOnce) settle(g int32) error {
	o.list = o.rows.AppendGroup(g, o.list[:0])
	gone, shown := int32(state.None), int32(state.None)
	for _, r := range o.list {
		switch o.rows.Marks[r] {
		case rowGone:
			gone = r
		case rowShown:
			shown = r
		}
	}
	for _, r := range o.list {
		switch {
		case o.rows.Marks[r] != rowCame:
		case shown == state.None:
			shown = r
			o.rows.Touch(r)
			o.rows.Marks[r] = rowShown
			kind := column.Insert
			if gone != state.None {
				kind = column.UpdateAfter
			}
			o.out.add(r, kind)
		case o.op.Conflict == graph.FailOnConflict:
			return o.conflict(r)
		default:
			o.rows.Remove(r)
		}
	}
	if gone == state.None {
		return nil
	}
	if shown == state.None {
		o.out.add(gone, column.Delete)
	}
	o.rows.Remove(gone)
	return nil
}

// conflict is the error of a row whose key another one has.
func (o *materializeOnce) conflict(r int32) error {
	var fields []column.Field
	var cols, all []*column.Vector
	for _, f := range o.in {
		all = append(all, column.NewVector(f.Type, 1))
	}
	picks := column.Picks{Rows: []int32{r}}
	picks.Prepare()
	o.rows.Take(&picks, all)
	for i, k := range o.keys {
		f := o.in[k]
		if i < len(o.op.KeyNames) {
			f.Name = o.op.KeyNames[i]
		}
		fields, cols = append(fields, f), append(cols, all[k])
	}
	key := ""
	if spec, ok := format.Lookup("json"); ok {
		if options, err := setting.Check(spec.Options, nil); err == nil {
			if e, err := spec.NewEncoder(format.Config{Options: options, Columns: fields}); err == nil {
				if text, err := e.Encode(nil, &column.Batch{Len: 1, Cols: cols}); err == nil {
					key = " " + strings.TrimSpace(string(text))
				}
			}
		}
	}
	return fmt.Errorf("rows of several keys of the query have the same primary key%s of table %s: ON CONFLICT DO NOTHING keeps the first, DO DEDUPLICATE the newest",
		key, o.op.Table)
}

func (o *materializeOnce) Timer(at time.Time, out Output) error { return o.materialize.Timer(at, out) }

func (o *materializeOnce) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	return o.materialize.Snapshot(w)
}
