package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// overPart is a partition's stretch [from, to) of sorted rows. Rows before first are there for the frames of those behind; they have results already.
type overPart struct {
	from, first, to int
	group           int32      // of what is kept between calls
	so              *overSoFar // what came before, nil for a partition that is all there
	after           overSoFar
}

// overSoFar is what numbers go on from.
type overSoFar struct{ rows, rank, dense int64 }

// frameSearch finds the frames of rows: the bounds move with the rows, never back.
type frameSearch struct {
	frame  graph.Frame
	order  []graph.SortKey
	values []float64 // of the order column, negated where it descends, for RANGE with offsets; NaN: NULL
	whole  []int64   // the same where the column is of integers or times, in its own unit
	nulls  []bool
	typ    column.Type
}

// offset is a bound's number of rows.
func offset(b graph.Bound) int {
	if b.Offset == nil {
		return 0
	}
	n, _ := b.Offset.Value.(int64)
	return int(min(n, math.MaxInt32))
}

// load reads the order column of sorted rows, if the frame needs it.
func (s *frameSearch) load(b *column.Batch) {
	if s.frame.Rows || s.frame.From.Offset == nil && s.frame.To.Offset == nil {
		return
	}
	key := s.order[0]
	v := b.Cols[key.Column]
	s.typ = v.Type
	s.values, s.whole, s.nulls = s.values[:0], s.whole[:0], s.nulls[:0]
	for i := range b.Len {
		null := v.IsNull(i)
		x, w := 0.0, int64(0)
		if !null {
			x, w = numberAt(v, i)
		}
		if key.Descending {
			x, w = -x, -w
		}
		s.values, s.whole, s.nulls = append(s.values, x), append(s.whole, w), append(s.nulls, null)
	}
}

// numberAt reads a number or time as it can be compared: whole ones as integers.
func numberAt(v *column.Vector, i int) (float64, int64) {
	switch v.Type.Layout() {
	case column.LayoutInt8, column.LayoutInt16, column.LayoutInt64:
		x := integerAt(v, i)
		return float64(x), x
	case column.LayoutInt32:
		x := int64(column.Values[int32](v)[i])
		return float64(x), x
	case column.LayoutFloat:
		return float64(column.Values[float32](v)[i]), 0
	case column.LayoutDouble:
		return column.Values[float64](v)[i], 0
	case column.LayoutInt128:
		return decimalFloat(column.Values[column.Int128](v)[i], v.Type.Scale), 0
	}
	return 0, 0
}

func decimalFloat(d column.Int128, scale int32) float64 {
	return (float64(d.Hi)*(1<<64) + float64(d.Lo)) / math.Pow10(int(scale))
}

// bound is the value that is o away from row i in the order; sign is -1 for preceding.
func (s *frameSearch) bound(i int, o *expr.Literal, sign int64) (float64, int64) {
	switch {
	case o.T.Kind == column.IntervalYearMonth:
		up := sign
		at := s.whole[i]
		if s.order[0].Descending {
			at, up = -at, -up
		}
		at = addMonths(at, s.typ, up*o.Value.(int64))
		if s.order[0].Descending {
			at = -at
		}
		return float64(at), at
	case o.T.Kind == column.IntervalDayTime:
		by := sign * o.Value.(int64)
		switch s.typ.Kind {
		case column.Date:
			by /= 86400000
		case column.Timestamp, column.TimestampLTZ:
			by *= s.typ.TimeUnit() / 1000
		}
		return s.values[i] + float64(by), s.whole[i] + by
	}
	switch x := o.Value.(type) {
	case int64:
		return s.values[i] + float64(sign*x), s.whole[i] + sign*x
	case float64:
		return s.values[i] + float64(sign)*x, s.whole[i] + sign*int64(x)
	case column.Int128:
		f := decimalFloat(x, o.T.Scale)
		return s.values[i] + float64(sign)*f, s.whole[i] + sign*int64(math.Floor(f))
	}
	return s.values[i], s.whole[i]
}

// addMonths moves a date or time by months; a day that the month does not have becomes its last.
func addMonths(x int64, t column.Type, months int64) int64 {
	per := int64(1) // of a day
	if t.Kind != column.Date {
		per = 86400 * t.TimeUnit()
	}
	day := floorTo(x, per)
	y, m, d := column.CivilOf(int(day / per))
	first := column.DaysOf(y, m+int(months), 1)
	fy, fm, _ := column.CivilOf(first)
	return int64(first+min(d, column.DaysIn(fy, fm))-1)*per + x - day
}

// exact reports whether values are compared as integers.
func (s *frameSearch) exact(o *expr.Literal) bool {
	switch s.typ.Layout() {
	case column.LayoutFloat, column.LayoutDouble, column.LayoutInt128:
		return false
	}
	switch o.Value.(type) {
	case float64, column.Int128:
		return false
	}
	return true
}

// before reports whether row k stands before the value that is o away from row i; with or is also true where it is equal.
func (s *frameSearch) before(k, i int, o *expr.Literal, sign int64, or bool) bool {
	f, w := s.bound(i, o, sign)
	if s.exact(o) {
		return s.whole[k] < w || or && s.whole[k] == w
	}
	return s.values[k] < f || or && s.values[k] == f
}

// framed walks over the rows of a part and says for each its frame: [lo, hi) and the row's peers [p, q).
func (s *frameSearch) framed(part *overPart, peers []int32, visit func(i, lo, hi int)) {
	lo, hi := part.from, part.from
	for i := part.from; i < part.to; i++ {
		p, q := int(peers[2*i]), int(peers[2*i+1])
		switch f := s.frame; {
		case f.Rows:
			lo, hi = rowsBound(f.From, i, part, 0), rowsBound(f.To, i, part, 1)
		default:
			lo, hi = s.rangeBound(f.From, i, p, q, part, lo, false), s.rangeBound(f.To, i, p, q, part, hi, true)
		}
		visit(i, lo, max(lo, hi))
	}
}

// rowsBound is a bound of ROWS; end is 1 for the end of a frame, which is one behind its last row.
func rowsBound(b graph.Bound, i int, part *overPart, end int) int {
	switch b.Kind {
	case graph.UnboundedPreceding:
		return part.from
	case graph.Preceding:
		return max(part.from, i-offset(b)+end)
	case graph.Following:
		return min(part.to, i+offset(b)+end)
	case graph.UnboundedFollowing:
		return part.to
	}
	return i + end
}

// rangeBound is a bound of RANGE, searched from where that of the row before was.
func (s *frameSearch) rangeBound(b graph.Bound, i, p, q int, part *overPart, at int, end bool) int {
	sign := int64(-1)
	switch b.Kind {
	case graph.UnboundedPreceding:
		return part.from
	case graph.UnboundedFollowing:
		return part.to
	case graph.CurrentRow:
		if end {
			return q
		}
		return p
	case graph.Following:
		sign = 1
	}
	if s.nulls[i] { // NULL is near nothing but itself
		if end {
			return q
		}
		return p
	}
	for ; at < part.to; at++ {
		if s.nulls[at] {
			if at < i {
				continue
			}
			break
		}
		if !s.before(at, i, b.Offset, sign, end) {
			break
		}
	}
	return at
}

// checkFrame checks what the search relies on.
func checkFrame(f *graph.Frame, order []graph.SortKey, in []column.Field) error {
	if f.Rows || f.From.Offset == nil && f.To.Offset == nil {
		return nil
	}
	if len(order) != 1 {
		return fmt.Errorf("RANGE with an offset needs one order column, not %d", len(order))
	}
	t := in[order[0].Column].Type
	if !t.IsNumeric() && !isTime(t) && t.Kind != column.Date && t.Kind != column.Time {
		return fmt.Errorf("RANGE with an offset needs an order column that is a number or a time, not %s", t)
	}
	return nil
}

// reach is how far before a row of a stream the frame begins: a number of rows, or milliseconds; -1: it has no such bound.
func reach(f *graph.Frame) (rows int, span time.Duration) {
	switch {
	case f.From.Kind == graph.UnboundedPreceding:
		if f.To.Kind == graph.Preceding && f.Rows {
			return offset(f.To), -1
		}
		if f.To.Kind == graph.Preceding {
			return -1, spanOf(f.To)
		}
		return -1, -1
	case f.From.Kind == graph.CurrentRow:
		return 0, -1
	case f.Rows:
		return offset(f.From), -1
	}
	return -1, spanOf(f.From)
}

// spanOf is a bound's offset as a time, at least.
func spanOf(b graph.Bound) time.Duration {
	n, _ := b.Offset.Value.(int64)
	if b.Offset.T.Kind == column.IntervalYearMonth {
		return time.Duration(n) * 31 * 24 * time.Hour
	}
	return time.Duration(n) * time.Millisecond
}
