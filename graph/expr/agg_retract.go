package expr

import (
	"errors"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Accumulators that can take rows out, for functions whose cheap accumulators cannot.

var (
	_ Retractor = (*extremeHistory)(nil)
	_ Retractor = (*edgeHistory)(nil)
	_ Retractor = (*joinedHistory)(nil)
	_ Retractor = (*arrayHistory)(nil)
	_ Retractor = (*collected)(nil)
	_ Retractor = (*singleHistory)(nil)
	_ Retractor = (*countHistory)(nil)
)

// extremeHistory is the accumulator of MIN and MAX.
type extremeHistory struct{ *history }

func newExtremeHistory(op kernel.Cmp) func(args []column.Type, _ column.Type) Accumulator {
	return func(args []column.Type, _ column.Type) Accumulator {
		h := newHistory(args[0], true)
		h.order = &heaps{key: kernel.SortKey{Desc: op == kernel.Gt}}
		return &extremeHistory{h}
	}
}

// AppendResult implements [Accumulator].
func (a *extremeHistory) AppendResult(from, to int, out *column.Vector) error {
	a.appendEntries(from, to, out, func(g int) int32 { return a.order.top(a.history, g) })
	return nil
}

// appendEntries appends for each group the value of an entry, one more; 0 is NULL.
func (h *history) appendEntries(from, to int, out *column.Vector, entry func(g int) int32) {
	for g := from; g < to; {
		e := entry(g)
		if e == 0 {
			out.AppendNull()
			g++
			continue
		}
		h.rows = h.rows[:0]
		for ; e != 0; e = entry(g) {
			h.rows = append(h.rows, e-1)
			if g++; g == to {
				break
			}
		}
		out.AppendRows(h.vals, h.rows)
	}
}

// Step implements [Stepper].
func (a *extremeHistory) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	a.step(groups, signs, args[0], rows, out, func(g int) int32 { return a.order.top(a.history, g) })
}

// step is Step for a result that is the value of an entry, one more; 0 is NULL.
func (h *history) step(groups []int32, signs []int8, v *column.Vector, rows []int32, out *column.Vector, entry func(g int) int32) {
	v = h.arg.of(v)
	hashes := h.hashRows(v, rows, len(groups))
	h.picks = h.picks[:0]
	for i, g := range groups {
		h.picks = append(h.picks, entry(int(g)))
		if r := rowAt(rows, i); signs[i] != 0 && !v.IsNull(r) {
			h.add(g, v, r, hashes[i], int64(signs[i]))
		}
		h.picks = append(h.picks, entry(int(g)))
	}
	h.appendEntries(0, len(h.picks), out, func(i int) int32 { return h.picks[i] })
	h.tidy() // which moves entries
}

// edgeHistory is the accumulator of FIRST_VALUE and LAST_VALUE.
type edgeHistory struct {
	*history
	last bool
}

func newEdgeHistory(last bool) func(args []column.Type, _ column.Type) Accumulator {
	return func(args []column.Type, _ column.Type) Accumulator {
		return &edgeHistory{newHistory(args[0], false), last}
	}
}

// edge is the first or last entry of a group that is no debt, one more.
func (a *edgeHistory) edge(g int) int32 {
	start, step := a.head, a.next
	if a.last {
		start, step = a.tail, a.prev
	}
	e := start[g]
	for e != 0 && a.count[e-1] < 0 {
		e = step[e-1]
	}
	return e
}

// AppendResult implements [Accumulator].
func (a *edgeHistory) AppendResult(from, to int, out *column.Vector) error {
	a.appendEntries(from, to, out, a.edge)
	return nil
}

// Step implements [Stepper].
func (a *edgeHistory) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	a.step(groups, signs, args[0], rows, out, a.edge)
}

// joinedHistory is the accumulator of LISTAGG.
type joinedHistory struct {
	*history
	separator []byte
	buf       []byte
}

func newJoinedHistory(args []column.Type, _ column.Type) Accumulator {
	return &joinedHistory{history: newHistory(args[0], false), separator: []byte(",")}
}

// Update implements [Accumulator].
func (a *joinedHistory) Update(groups []int32, args []*column.Vector, rows []int32) {
	if len(args) > 1 && len(groups) > 0 {
		if r := rowAt(rows, 0); !args[1].IsNull(r) { // a constant
			a.separator = append(a.separator[:0], args[1].BytesAt(r)...)
		}
	}
	a.history.Update(groups, args, rows)
}

// StateTypes implements [Accumulator]: the separator comes behind the values.
func (a *joinedHistory) StateTypes() []column.Type {
	return append(a.history.StateTypes(), column.Str().Required())
}

// AppendState implements [Accumulator].
func (a *joinedHistory) AppendState(from, to int, out []*column.Vector) {
	a.history.AppendState(from, to, out)
	for range to - from {
		out[2].AppendBytes(a.separator)
	}
}

// Merge implements [Accumulator].
func (a *joinedHistory) Merge(groups []int32, state []*column.Vector, rows []int32) {
	if len(groups) > 0 {
		a.separator = append(a.separator[:0], state[2].BytesAt(rowAt(rows, 0))...)
	}
	a.history.Merge(groups, state, rows)
}

// AppendResult implements [Accumulator].
func (a *joinedHistory) AppendResult(from, to int, out *column.Vector) error {
	for g := from; g < to; g++ {
		a.buf = a.buf[:0]
		n := 0
		a.each(g, func(e int, _ int64) {
			if n++; n > 1 {
				a.buf = append(a.buf, a.separator...)
			}
			a.buf = append(a.buf, a.vals.BytesAt(e)...)
		})
		if n == 0 {
			out.AppendNull()
		} else {
			out.AppendBytes(a.buf)
		}
	}
	return nil
}

// arrayHistory is the accumulator of ARRAY_AGG.
type arrayHistory struct{ *history }

func newArrayHistory(nulls bool) func(args []column.Type, _ column.Type) Accumulator {
	return func(args []column.Type, _ column.Type) Accumulator {
		h := newHistory(args[0], false)
		h.nulls = nulls
		return &arrayHistory{h}
	}
}

// AppendResult implements [Accumulator].
func (a *arrayHistory) AppendResult(from, to int, out *column.Vector) error {
	for g := from; g < to; g++ {
		a.rows = a.rows[:0]
		a.each(g, func(e int, _ int64) { a.rows = append(a.rows, int32(e)) })
		if len(a.rows) == 0 {
			out.AppendNull()
			continue
		}
		out.Children[0].AppendRows(a.vals, a.rows)
		out.AppendList(len(a.rows))
	}
	return nil
}

// collected is the accumulator of COLLECT.
type collected struct{ *history }

func newCollected(args []column.Type, _ column.Type) Accumulator {
	return &collected{newHistory(args[0], true)}
}

// AppendResult implements [Accumulator].
func (a *collected) AppendResult(from, to int, out *column.Vector) error {
	for g := from; g < to; g++ {
		a.rows = a.rows[:0]
		a.each(g, func(e int, count int64) {
			a.rows = append(a.rows, int32(e))
			column.Append(out.Children[1], int32(count))
		})
		out.Children[0].AppendRows(a.vals, a.rows)
		out.AppendList(len(a.rows))
	}
	return nil
}

// errSeveral is what a query as a value fails with.
var errSeveral = errors.New("a query that stands for a value gives more than one row; add LIMIT 1, an aggregate or a condition")

// singleHistory is the accumulator of SINGLE_VALUE over a changelog.
type singleHistory struct{ *history }

func newSingleHistory(args []column.Type, _ column.Type) Accumulator {
	h := newHistory(args[0], false)
	h.nulls = true
	return &singleHistory{h}
}

// AppendResult implements [Accumulator].
func (a *singleHistory) AppendResult(from, to int, out *column.Vector) error {
	for _, n := range a.size[from:to] {
		if n > 1 {
			return errSeveral
		}
	}
	a.appendEntries(from, to, out, func(g int) int32 {
		e := a.head[g]
		for e != 0 && a.count[e-1] < 0 {
			e = a.next[e-1]
		}
		return e
	})
	return nil
}

// countHistory is the accumulator of APPROX_COUNT_DISTINCT over a changelog; it is exact.
type countHistory struct{ *history }

func newCountHistory(args []column.Type, _ column.Type) Accumulator {
	return &countHistory{newHistory(args[0], true)}
}

// AppendResult implements [Accumulator].
func (a *countHistory) AppendResult(from, to int, out *column.Vector) error {
	for g := from; g < to; g++ {
		n := int64(0)
		a.each(g, func(int, int64) { n++ })
		column.Append(out, n)
	}
	return nil
}
