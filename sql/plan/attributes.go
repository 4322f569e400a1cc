package plan

import (
	"slices"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
)

// Times says which of a node's columns are attributes of time: columns of event time whose watermark the stream carries, and columns of
// processing time. An expression over one is an ordinary value.
//
// A join is taken for one that keeps attributes (interval, temporal, lookup, window) until rules have made it a regular one.
func Times(n Node) []catalog.TimeAttribute {
	out := make([]catalog.TimeAttribute, len(n.Schema()))
	switch n := n.(type) {
	case *Scan, *Values, *FromChangelog, *ToChangelog, *Match:
	case *Watermark:
		copy(out, Times(n.Input))
		out[n.Column] = catalog.Rowtime
	case *Project:
		exprTimes(out, n.Input, n.Exprs)
	case *Calc:
		if n.Exprs == nil {
			return Times(n.Input)
		}
		exprTimes(out, n.Input, n.Exprs)
	case *Unnest:
		for i, t := range moved(Times(n.Input), n.Keep) {
			out[i] = t
		}
	case *Join:
		if !n.Updates {
			joinTimes(out, n.Left, n.Right)
		}
	case *Aggregate:
		if w := WindowOf(n); w != nil { // of the keys only the window's own time stays one
			for i, t := range moved(Times(n.Input), n.Keys) {
				if slices.Contains(w.Time, i) {
					out[i] = t
				}
			}
		}
	case *AssignWindows:
		copy(out, Times(n.Input))
		if out[len(out)-1] = catalog.Rowtime; n.Processing {
			out[len(out)-1] = catalog.Proctime
		}
	case *WindowAggregate:
		for i, p := range n.Properties {
			switch p {
			case graph.WindowRowtime:
				out[len(n.Keys)+len(n.Calls)+i] = catalog.Rowtime
			case graph.WindowProctime:
				out[len(n.Keys)+len(n.Calls)+i] = catalog.Proctime
			}
		}
		if n.Attached {
			if w := WindowOf(n.Input); w != nil {
				for i, k := range n.Keys {
					if slices.Contains(w.Time, k) {
						out[i] = Times(n.Input)[k]
					}
				}
			}
		}
	case *Union:
		copy(out, Times(n.From[0]))
		for _, in := range n.From[1:] {
			for i, t := range Times(in) {
				if t != out[i] {
					out[i] = catalog.NoTime
				}
			}
		}
	case *Expand:
		exprTimes(out, n.Input, n.Projections[0])
		for _, list := range n.Projections[1:] {
			other := make([]catalog.TimeAttribute, len(out))
			exprTimes(other, n.Input, list)
			for i, t := range other {
				if t != out[i] {
					out[i] = catalog.NoTime
				}
			}
		}
	case *Replicate:
	default:
		inputs := n.Inputs()
		if len(inputs) == 2 {
			joinTimes(out, inputs[0], inputs[1])
		} else if len(inputs) == 1 {
			copy(out, Times(inputs[0]))
		}
	}
	return out
}

func exprTimes(out []catalog.TimeAttribute, in Node, exprs []expr.Expr) {
	times := Times(in)
	for i, e := range exprs {
		switch e := e.(type) {
		case *expr.Column:
			out[i] = times[e.Index]
		case *expr.Call:
			if e.Func.Name == "PROCTIME" {
				out[i] = catalog.Proctime
			}
		}
	}
}

func joinTimes(out []catalog.TimeAttribute, left, right Node) {
	n := copy(out, Times(left))
	copy(out[n:], Times(right))
}

func moved(times []catalog.TimeAttribute, from []int) []catalog.TimeAttribute {
	out := make([]catalog.TimeAttribute, len(from))
	for i, c := range from {
		out[i] = times[c]
	}
	return out
}

// WindowColumns are the columns of a node that bear the windows of a windowing table function, and what windows these are. Each list holds at
// least one column, but for Time, which may be empty.
type WindowColumns struct {
	Start, End, Time []int
	Window           graph.Window
	Partition        []string // names of a session's partition columns, for messages
}

// WindowOf returns the windows that a node's rows belong to, nil if they belong to none, or if the columns that tell are not all there.
func WindowOf(n Node) *WindowColumns {
	switch n := n.(type) {
	case *AssignWindows:
		at := len(n.Input.Schema())
		w := &WindowColumns{Start: []int{at}, End: []int{at + 1}, Time: []int{at + 2}, Window: n.Window}
		for _, p := range n.Partition {
			w.Partition = append(w.Partition, n.Input.Schema()[p].Name)
		}
		return w
	case *Project:
		return WindowOf(n.Input).through(n.Exprs)
	case *Calc:
		if n.Exprs == nil {
			return WindowOf(n.Input)
		}
		return WindowOf(n.Input).through(n.Exprs)
	case *Unnest:
		return WindowOf(n.Input).moved(n.Keep)
	case *Aggregate:
		return WindowOf(n.Input).moved(n.Keys)
	case *WindowAggregate:
		w := &WindowColumns{Window: n.Window}
		at := len(n.Keys) + len(n.Calls)
		for i, p := range n.Properties {
			switch p {
			case graph.WindowStart:
				w.Start = append(w.Start, at+i)
			case graph.WindowEnd:
				w.End = append(w.End, at+i)
			default:
				w.Time = append(w.Time, at+i)
			}
		}
		if n.Attached {
			if below := WindowOf(n.Input).moved(n.Keys); below != nil {
				w.Start, w.End, w.Time = append(w.Start, below.Start...), append(w.End, below.End...), append(w.Time, below.Time...)
			}
		}
		return w.whole()
	case *Join, *WindowJoin, *IntervalJoin, *TemporalJoin, *Apply:
		if j, ok := n.(*Join); ok && j.Updates {
			return nil
		}
		return WindowOf(n.Inputs()[0])
	case *Filter, *Exchange, *Rank, *Deduplicate, *Over, *TableFunction, *LookupJoin, *Watermark:
		return WindowOf(n.Inputs()[0])
	case *Expand:
		in := WindowOf(n.Input)
		if in == nil {
			return nil
		}
		w := in.through(n.Projections[0])
		for _, p := range n.Projections[1:] { // a column is the window's if it is so in each of the rows made
			other := in.through(p)
			if w == nil || other == nil {
				return nil
			}
			w.Start, w.End, w.Time = common(w.Start, other.Start), common(w.End, other.End), common(w.Time, other.Time)
		}
		return w.whole()
	case *Union:
		w := WindowOf(n.From[0])
		for _, in := range n.From[1:] {
			other := WindowOf(in)
			if w == nil || other == nil || w.Window != other.Window || !slices.Equal(w.Start, other.Start) || !slices.Equal(w.End, other.End) {
				return nil
			}
		}
		return w
	}
	return nil
}

// common returns the columns that both lists have.
func common(a, b []int) []int {
	var list []int
	for _, c := range a {
		if slices.Contains(b, c) {
			list = append(list, c)
		}
	}
	return list
}

// whole returns w if both bounds of the windows are there.
func (w *WindowColumns) whole() *WindowColumns {
	if w == nil || len(w.Start) == 0 || len(w.End) == 0 {
		return nil
	}
	return w
}

// moved returns the windows of rows that have the given columns only.
func (w *WindowColumns) moved(columns []int) *WindowColumns {
	if w == nil {
		return nil
	}
	out := &WindowColumns{Window: w.Window, Partition: w.Partition}
	for i, c := range columns {
		out.add(w, c, i)
	}
	return out.whole()
}

// through returns the windows behind a projection.
func (w *WindowColumns) through(exprs []expr.Expr) *WindowColumns {
	if w == nil {
		return nil
	}
	out := &WindowColumns{Window: w.Window, Partition: w.Partition}
	for i, e := range exprs {
		if c, ok := e.(*expr.Column); ok {
			out.add(w, c.Index, i)
		}
	}
	return out.whole()
}

func (w *WindowColumns) add(from *WindowColumns, old, now int) {
	if slices.Contains(from.Start, old) {
		w.Start = append(w.Start, now)
	}
	if slices.Contains(from.End, old) {
		w.End = append(w.End, now)
	}
	if slices.Contains(from.Time, old) {
		w.Time = append(w.Time, now)
	}
}
