package operator

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// windowOutput makes rows of the results of a window: keys, calls, properties.
type windowOutput struct {
	o     *windowAggregate
	start int           // the key column with the window's start; -1: it follows from the end
	rows  *column.Batch // keys and results
	props []*column.Vector
	out   column.Batch
	sel   []int32
	times timeColumn
}

func (w *windowOutput) init(o *windowAggregate) {
	w.o, w.start = o, -1
	if len(o.spec.keys) > len(o.op.Keys) {
		w.start = len(o.op.Keys)
	}
	var fields []column.Field
	for _, t := range o.spec.types {
		fields = append(fields, column.Field{Type: t})
	}
	for _, c := range o.op.Calls {
		fields = append(fields, column.Field{Type: c.T})
	}
	w.rows = column.NewBatch(fields, 0)
	for _, f := range o.schema[len(o.op.Keys)+len(o.op.Calls):] {
		w.props = append(w.props, column.NewVector(f.Type, 0))
	}
}

// emit emits all groups of s that have rows, as those of the window with the given end.
func (w *windowOutput) emit(s *windowSlice, end int64, out Output) error {
	n := s.agg.groups.Len()
	for from := 0; from < n; from += ChunkRows {
		to := min(from+ChunkRows, n)
		w.rows.Reset()
		if err := s.agg.appendResults(w.rows, from, to); err != nil {
			return err
		}
		var sel []int32
		if s.count != nil {
			s.grow()
			sel = w.sel[:0]
			for g, c := range s.count[from:to] {
				if c > 0 {
					sel = append(sel, int32(g))
				}
			}
			w.sel = sel
			if len(sel) == 0 {
				continue
			}
		}
		if err := w.send(end, sel, nil, out); err != nil {
			return err
		}
	}
	return nil
}

// send emits the rows that w.rows holds, with the properties of the window with the given end.
func (w *windowOutput) send(end int64, sel []int32, kinds []column.RowKind, out Output) error {
	o, keys := w.o, len(w.o.op.Keys)
	w.out = column.Batch{Len: w.rows.Len, Cols: w.out.Cols[:0], Sel: sel, Kinds: kinds}
	w.out.Cols = append(w.out.Cols, w.rows.Cols[:keys]...)
	w.out.Cols = append(w.out.Cols, w.rows.Cols[len(o.spec.types):]...)
	for i, p := range o.op.Properties {
		v := w.props[i]
		v.Reset()
		if p == graph.WindowStart && w.start >= 0 {
			starts := w.rows.Cols[w.start]
			if v.Type.TimeUnit() == starts.Type.TimeUnit() {
				w.out.Cols = append(w.out.Cols, starts)
				continue
			}
			fillTimes(v, w.times.millis(starts))
		} else {
			w.property(v, p, end)
		}
		w.out.Cols = append(w.out.Cols, v)
	}
	return out.Emit(&w.out)
}

// property writes a property of the window with the given end, as often as there are rows.
func (w *windowOutput) property(v *column.Vector, p graph.WindowProperty, end int64) {
	o := w.o
	t := end
	switch p {
	case graph.WindowStart:
		t = o.w.start(end)
	case graph.WindowRowtime:
		t = o.w.rowtime(end)
	case graph.WindowProctime:
		t = o.clockMillis()
	}
	fillTime(v, t, w.rows.Len)
}

func (o *windowAggregate) clockMillis() int64 {
	if o.clock == nil {
		return time.Now().UnixMilli()
	}
	return o.clock().UnixMilli()
}

// fillTime appends a time in milliseconds n times to a timestamp vector.
func fillTime(v *column.Vector, ms int64, n int) {
	base := v.Len
	v.Resize(base + n)
	x := column.Values[int64](v)[base : base+n]
	ms *= v.Type.TimeUnit() / 1e3
	for i := range x {
		x[i] = ms
	}
}

// appendProperties appends the columns of the properties of rows that each have a window of their own.
func (w *windowOutput) appendProperties(cols []*column.Vector, starts, ends []int64) []*column.Vector {
	o := w.o
	for i, p := range o.op.Properties {
		v := w.props[i]
		v.Reset()
		switch p {
		case graph.WindowStart:
			fillTimes(v, starts)
		case graph.WindowEnd:
			fillTimes(v, ends)
		case graph.WindowRowtime:
			for _, end := range ends {
				fillTime(v, o.w.rowtime(end), 1)
			}
		case graph.WindowProctime:
			fillTime(v, o.clockMillis(), len(ends))
		}
		cols = append(cols, v)
	}
	return cols
}

// fillTimes appends times in milliseconds to a timestamp vector.
func fillTimes(v *column.Vector, ms []int64) {
	base := v.Len
	v.Resize(base + len(ms))
	x := column.Values[int64](v)[base : base+len(ms)]
	unit := v.Type.TimeUnit() / 1e3
	for i := range x {
		x[i] = ms[i] * unit
	}
}
