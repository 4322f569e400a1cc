package operator

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// overEval computes the calls of OVER for sorted rows. For an aggregate it writes down what enters and what leaves the frame from row to row, for all
// partitions at once, and lets the accumulator take these steps in one loop.
//
// Sums from the beginning of a partition are kept between calls, in lasting; others are built anew from the rows that are there.
type overEval struct {
	op      *graph.Over
	frames  []*overFrame
	funcs   []*overFunction
	lasting *aggregation // keyed by the partition
	results []*column.Vector

	order   []kernel.SortKey
	alone   bool    // a row has no peers: it is not known what comes
	peers   []int32 // by row: the first of those alike, and one behind the last
	ids     []int32 // of the steps: group, row, sign
	rows    []int32
	signs   []int8
	picks   []int32 // by row: its step; -1: it has its result
	pairs   *column.Vector
	numbers []int32
}

// overFrame is the calls of one frame.
type overFrame struct {
	search frameSearch
	calls  []int // of op.Calls
	agg    *aggregation
	lasts  bool
}

// overFunction is a call of a window function.
type overFunction struct {
	call int
	name string
	args []*expr.Program
	vals []*column.Vector
}

func newOverEval(op *graph.Over, in []column.Field, schema []column.Field) (*overEval, error) {
	e := &overEval{op: op, pairs: column.NewVector(column.Of(column.BigInt), 0)}
	if len(schema) != len(in)+len(op.Calls) {
		return nil, fmt.Errorf("the output has %d columns, want %d", len(schema), len(in)+len(op.Calls))
	}
	for _, k := range op.Order {
		e.order = append(e.order, kernel.SortKey{Column: k.Column, Desc: k.Descending, NullsFirst: !k.NullsLast})
	}
	byFrame := map[string]*overFrame{}
	var lasting []expr.Aggregate
	var lastingTypes [][]column.Type
	for i, c := range op.Calls {
		e.results = append(e.results, column.NewVector(c.T, 0))
		if c.Aggregate == nil {
			e.funcs = append(e.funcs, &overFunction{call: i, name: c.Function.Name})
			continue
		}
		if err := checkFrame(&c.Frame, op.Order, in); err != nil {
			return nil, err
		}
		key := fmt.Sprint(c.Frame.Rows, c.Frame.From.Kind, c.Frame.From.Offset, c.Frame.To.Kind, c.Frame.To.Offset)
		f := byFrame[key]
		if f == nil {
			f = &overFrame{search: frameSearch{frame: c.Frame, order: op.Order}, lasts: c.Frame.From.Kind == graph.UnboundedPreceding}
			byFrame[key] = f
			e.frames = append(e.frames, f)
		}
		f.calls = append(f.calls, i)
	}
	for _, f := range e.frames {
		var list []expr.Aggregate
		var argTypes [][]column.Type
		for _, i := range f.calls {
			a := *op.Calls[i].Aggregate
			a.T = op.Calls[i].T
			a.Retracts = !f.lasts
			var types []column.Type
			for _, k := range a.Args {
				types = append(types, in[k].Type)
			}
			if _, ok := a.New(types).(expr.Retractor); !ok && !f.lasts {
				return nil, fmt.Errorf("%s cannot be computed over a frame that rows leave", a.Func.Name)
			}
			list, argTypes = append(list, a), append(argTypes, types)
		}
		if f.lasts {
			lasting, lastingTypes = append(lasting, list...), append(lastingTypes, argTypes...)
			continue
		}
		f.agg = newAggregation(nil, nil, list, argTypes, false)
	}
	keys := make([]column.Type, len(op.Partition))
	for i, k := range op.Partition {
		keys[i] = in[k].Type
	}
	e.lasting = newAggregation(op.Partition, keys, lasting, lastingTypes, false)
	return e, nil
}

func (e *overEval) open(c *Context) error {
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	for _, f := range e.funcs {
		for _, a := range e.op.Calls[f.call].Args {
			p, err := expr.Compile(a, opts...)
			if err != nil {
				return fmt.Errorf("%s: %w", a, err)
			}
			f.args, f.vals = append(f.args, p), append(f.vals, column.NewVector(a.Type(), 0))
		}
	}
	return nil
}

// run computes the results of the rows of b, in parts; those of rows before a part's first are not meant to be read.
func (e *overEval) run(b *column.Batch, parts []overPart) error {
	e.findPeers(b, parts)
	last := 0
	for _, f := range e.frames {
		f.search.load(b)
		e.steps(f, parts)
		agg, at := f.agg, 0
		if f.lasts {
			agg, at = e.lasting, last
			last += len(f.calls)
		} else {
			agg.clear()
			agg.room = len(parts)
		}
		for k, call := range f.calls {
			if err := e.take(agg.calls[at+k], agg.size(), b, e.results[call]); err != nil {
				return err
			}
		}
	}
	numbers := false
	for _, f := range e.funcs {
		if err := e.function(f, b, parts); err != nil {
			return err
		}
		numbers = numbers || f.name != "LAG" && f.name != "LEAD"
	}
	for i := range parts {
		if p := &parts[i]; numbers && p.so != nil {
			*p.so = p.after
		}
	}
	return nil
}

// findPeers finds rows that are alike in the order. Without an order all rows of a partition are.
func (e *overEval) findPeers(b *column.Batch, parts []overPart) {
	e.peers = slices.Grow(e.peers[:0], 2*b.Len)[:2*b.Len]
	for _, p := range parts {
		for from := p.from; from < p.to; {
			to := from + 1
			for to < p.to && e.alike(b, to-1, to) {
				to++
			}
			for i := from; i < to; i++ {
				e.peers[2*i], e.peers[2*i+1] = int32(from), int32(to)
			}
			from = to
		}
	}
}

func (e *overEval) alike(b *column.Batch, i, j int) bool {
	if e.alone {
		return false
	}
	for _, k := range e.order {
		if k.Compare(b.Cols[k.Column], i, b.Cols[k.Column], j) != 0 {
			return false
		}
	}
	return true
}

// steps writes down what enters and leaves the frames from row to row.
func (e *overEval) steps(f *overFrame, parts []overPart) {
	e.ids, e.rows, e.signs, e.picks = e.ids[:0], e.rows[:0], e.signs[:0], e.picks[:0]
	step := func(g int32, row int, sign int8) {
		e.ids, e.rows, e.signs = append(e.ids, g), append(e.rows, int32(row)), append(e.signs, sign)
	}
	for n := range parts {
		p := &parts[n]
		group := int32(n)
		if f.lasts {
			group = p.group
		}
		a, z := -1, -1 // rows [a, z) are in
		f.search.framed(p, e.peers, func(i, lo, hi int) {
			if i < p.first {
				if f.lasts { // these were taken in before
					a, z = p.from, hi
				}
				e.picks = append(e.picks, -1)
				return
			}
			if a < 0 {
				a, z = lo, lo
			}
			before := len(e.ids)
			for ; a < lo && a < z; a++ {
				step(group, a, -1)
			}
			if a = max(a, lo); z < a {
				z = a
			}
			for ; z < hi; z++ {
				step(group, z, 1)
			}
			if len(e.ids) == before {
				step(group, i, 0)
			}
			e.picks = append(e.picks, int32(len(e.ids)-1))
		})
	}
}

// take lets a call's accumulator take the steps and writes the results of the rows.
func (e *overEval) take(c *aggregateCall, groups int, b *column.Batch, out *column.Vector) error {
	out.Reset()
	c.load(b)
	c.acc.Grow(groups)
	sign := append(c.sign[:0], e.signs...)
	c.sign = sign
	if c.Filter >= 0 {
		f := b.Cols[c.Filter]
		for i, r := range e.rows {
			if !isTrue(f, int(r)) {
				sign[i] = 0
			}
		}
	}
	if c.distinct != nil {
		c.distinct.change(c.args, e.rows, e.ids, b.Len, sign)
	}
	if s, ok := c.acc.(expr.Stepper); ok {
		e.pairs.Type = c.T
		e.pairs.Reset()
		e.pairs.Reserve(2 * len(e.ids))
		s.Step(e.ids, sign, c.args, e.rows, e.pairs)
		e.numbers = e.numbers[:0]
		for _, p := range e.picks {
			e.numbers = append(e.numbers, max(2*p+1, 0))
		}
		if len(e.numbers) > 0 {
			out.AppendRows(e.pairs, e.numbers)
		}
		e.pairs = column.NewVector(c.T, 0)
		return nil
	}
	return e.takeRuns(c, sign, out)
}

// takeRuns is take for an accumulator that shows its result only when it is asked: it takes steps of one sign together.
func (e *overEval) takeRuns(c *aggregateCall, sign []int8, out *column.Vector) error {
	retractor, _ := c.acc.(expr.Retractor)
	at := 0
	for _, pick := range e.picks {
		if pick < 0 {
			out.AppendNull()
			continue
		}
		for at <= int(pick) {
			to := at + 1
			for to <= int(pick) && sign[to] == sign[at] && e.ids[to] == e.ids[at] {
				to++
			}
			switch {
			case sign[at] > 0:
				c.acc.Update(e.ids[at:to], c.args, e.rows[at:to])
			case sign[at] < 0:
				retractor.Retract(e.ids[at:to], c.args, e.rows[at:to])
			}
			at = to
		}
		g := int(e.ids[pick])
		if err := c.acc.AppendResult(g, g+1, out); err != nil {
			return err
		}
	}
	return nil
}

// function computes a window function.
func (e *overEval) function(f *overFunction, b *column.Batch, parts []overPart) error {
	out := e.results[f.call]
	out.Reset()
	for i, p := range f.args {
		if err := p.Eval(b, f.vals[i]); err != nil {
			return err
		}
	}
	switch f.name {
	case "LAG", "LEAD":
		return f.shift(b, parts, out)
	}
	for n := range parts {
		p := &parts[n]
		var so overSoFar
		if p.so != nil {
			so = *p.so
		}
		rows := int64(p.to - p.from)
		for i := p.from; i < p.to; i++ {
			if i < p.first {
				appendNumber(out, 0)
				continue
			}
			so.rows++
			if i == p.first && (p.so == nil || p.first == p.from || !e.alike(b, i-1, i)) || i > p.first && int(e.peers[2*i]) == i {
				so.rank, so.dense = so.rows, so.dense+1
			}
			last := so.rows + int64(int(e.peers[2*i+1])-1-i) // the number of the last one alike
			switch f.name {
			case "ROW_NUMBER":
				appendNumber(out, so.rows)
			case "RANK":
				if e.op.Updates && e.op.Time == graph.OverColumns { // Flink counts those alike from the last one there
					appendNumber(out, last)
				} else {
					appendNumber(out, so.rank)
				}
			case "DENSE_RANK":
				appendNumber(out, so.dense)
			case "PERCENT_RANK":
				x := 0.0
				if rows > 1 {
					x = float64(so.rank-1) / float64(rows-1)
				}
				column.Append(out, x)
			case "CUME_DIST":
				column.Append(out, float64(so.rows)/float64(rows)) // Flink takes rows that are alike one by one
			case "NTILE":
				if err := f.tile(b, i, so.rows, rows, out); err != nil {
					return err
				}
			default:
				return fmt.Errorf("no operator computes %s", f.name)
			}
		}
		p.after = so
	}
	return nil
}

// appendNumber adds an integer to a column of an integer type, or a DOUBLE.
func appendNumber(v *column.Vector, x int64) {
	switch v.Type.Layout() {
	case column.LayoutInt8:
		column.Append(v, int8(x))
	case column.LayoutInt16:
		column.Append(v, int16(x))
	case column.LayoutInt32:
		column.Append(v, int32(x))
	case column.LayoutDouble:
		column.Append(v, float64(x))
	default:
		column.Append(v, x)
	}
}

// tile is NTILE: the first parts have one row more if they cannot all be of one size.
func (f *overFunction) tile(_ *column.Batch, i int, number, rows int64, out *column.Vector) error {
	if f.vals[0].IsNull(i) {
		out.AppendNull()
		return nil
	}
	n := integerAt(f.vals[0], i)
	if n <= 0 {
		return fmt.Errorf("NTILE takes a number of parts from 1 on, not %d", n)
	}
	size, larger := rows/n, rows%n
	if number <= larger*(size+1) {
		appendNumber(out, (number-1)/(size+1)+1)
	} else {
		appendNumber(out, larger+(number-1-larger*(size+1))/size+1)
	}
	return nil
}

// shift is LAG and LEAD.
func (f *overFunction) shift(b *column.Batch, parts []overPart, out *column.Vector) error {
	sign := -1
	if f.name == "LEAD" {
		sign = 1
	}
	one := []int32{0}
	picks := column.Picks{}
	var rest []int32 // rows that get the default
	for n := range parts {
		p := &parts[n]
		for i := p.from; i < p.to; i++ {
			by := int64(1)
			if len(f.vals) > 1 {
				if f.vals[1].IsNull(i) {
					picks.Rows = append(picks.Rows, column.Missing)
					continue
				}
				by = integerAt(f.vals[1], i)
			}
			at := int64(i) + int64(sign)*by
			if at < int64(p.from) || at >= int64(p.to) {
				if len(f.vals) > 2 {
					rest = append(rest, int32(i))
				}
				picks.Rows = append(picks.Rows, column.Missing)
				continue
			}
			picks.Rows = append(picks.Rows, int32(at))
		}
	}
	if len(rest) == 0 {
		picks.Prepare()
		picks.Take(out, f.vals[0])
		return nil
	}
	for i, r := range picks.Rows { // value or default
		src := f.vals[0]
		one[0] = r
		if r < 0 && len(rest) > 0 && int(rest[0]) == i {
			src, one[0] = f.vals[2], int32(i)
			rest = rest[1:]
		}
		if one[0] < 0 {
			out.AppendNull()
		} else {
			out.AppendRows(src, one)
		}
	}
	return nil
}
