package rules

import (
	"math"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
)

// topN makes a Rank of a Filter over an Over whose only call numbers rows, where the filter bounds the number from above. With the first row only,
// ordered by time, it is a Deduplicate, in streaming mode.
func topN(n plan.Node, c *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		over, ok := f.Input.(*plan.Over)
		if !ok || len(over.Calls) != 1 || over.Calls[0].Function == nil {
			return n
		}
		kind, ok := map[string]graph.RankKind{"ROW_NUMBER": graph.RowNumber, "RANK": graph.RankRank, "DENSE_RANK": graph.DenseRank}[over.Calls[0].Function.Name]
		if !ok {
			return n
		}
		number := len(over.Input.Schema())
		b := bounds{from: 1, to: math.MaxInt64, toColumn: -1}
		var rest []expr.Expr
		for _, cond := range expr.Conjuncts(f.Cond) {
			if !b.take(cond, number) {
				rest = append(rest, cond)
			}
		}
		if b.to == math.MaxInt64 && b.toColumn < 0 {
			return n
		}
		return filter(rank(over, kind, b, c), rest)
	})
}

// endlessRank returns the Over below a filter that bounds the number of rows from below only: rules have left it, and it would change all rows behind a new one.
func endlessRank(f *plan.Filter) *plan.Over {
	over, ok := f.Input.(*plan.Over)
	if !ok || len(over.Calls) != 1 || over.Calls[0].Function == nil || !slices.Contains([]string{"ROW_NUMBER", "RANK", "DENSE_RANK"}, over.Calls[0].Function.Name) {
		return nil
	}
	b := bounds{from: 1, to: math.MaxInt64, toColumn: -1}
	for _, cond := range expr.Conjuncts(f.Cond) {
		if b.take(cond, len(over.Input.Schema())) {
			return over
		}
	}
	return nil
}

// bounds are the numbers that a condition lets pass.
type bounds struct {
	from, to int64
	toColumn int // a column that is the upper bound; -1: none
}

// take takes a condition in; false if it says something else.
func (b *bounds) take(cond expr.Expr, number int) bool {
	c, ok := cond.(*expr.Call)
	if !ok || len(c.Args) != 2 {
		return false
	}
	op, x, y := c.Func.Name, uncast(c.Args[0]), uncast(c.Args[1])
	if col, ok := y.(*expr.Column); ok && col.Index == number {
		x, y = y, x
		op = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
	}
	if col, ok := x.(*expr.Column); !ok || col.Index != number {
		return false
	}
	if col, ok := y.(*expr.Column); ok && op == "<=" && b.toColumn < 0 && col.Index != number && col.T.IsInteger() {
		b.toColumn = col.Index
		return true
	}
	lit, ok := y.(*expr.Literal)
	if !ok || !lit.T.IsInteger() || lit.Value == nil {
		return false
	}
	v := lit.Value.(int64)
	switch op {
	case "=":
		b.from, b.to = max(b.from, v), min(b.to, v)
	case "<":
		b.to = min(b.to, v-1)
	case "<=":
		b.to = min(b.to, v)
	case ">":
		b.from = max(b.from, v+1)
	case ">=":
		b.from = max(b.from, v)
	default:
		return false
	}
	return true
}

// uncast takes off casts between integers.
func uncast(e expr.Expr) expr.Expr {
	for {
		c, ok := e.(*expr.Cast)
		if !ok || !c.T.IsInteger() || !c.Arg.Type().IsInteger() {
			return e
		}
		e = c.Arg
	}
}

// rank makes the operator. The number is a column of its output as it was of the Over's; a number that is always the same is a constant above.
func rank(over *plan.Over, kind graph.RankKind, b bounds, c *Context) plan.Node {
	in := over.Input.Schema()
	if b.from > b.to {
		return &plan.Values{Fields: over.Schema()}
	}
	numbered := func(n plan.Node) plan.Node {
		exprs := append(plan.Columns(n), expr.CastTo(&expr.Literal{Value: b.from, T: column.Of(column.BigInt).Required()}, over.Fields[len(in)].Type))
		return &plan.Project{Input: n, Exprs: exprs, Fields: over.Fields}
	}
	constant := b.from == b.to && b.toColumn < 0
	times := plan.Times(over.Input)
	window := plan.WindowOf(over.Input)
	windowed := !c.Batch && window != nil && !window.Window.Processing && containsAny(over.Partition, window.Start) && containsAny(over.Partition, window.End)
	if !c.Batch && !windowed && kind == graph.RowNumber && constant && b.to == 1 && len(over.Order) == 1 {
		k := over.Order[0]
		if t := times[k.Column]; t != catalog.NoTime {
			d := &plan.Deduplicate{Input: over.Input, At: over.At}
			d.Keys, d.Time, d.Last = over.Partition, k.Column, k.Descending
			if t == catalog.Proctime {
				d.Time = -1
			}
			return numbered(d)
		}
	}
	r := &plan.Rank{Input: over.Input, At: over.At, Fields: over.Fields}
	r.Numbering, r.Partition, r.Order = kind, over.Partition, over.Order
	r.From, r.To, r.ToColumn, r.WindowEnd, r.Number = max(b.from, 1), b.to, b.toColumn, -1, true
	if windowed {
		r.Zoned = window.Window.Zoned
		// Of the rows of a window with the last time, deduplication keeps the one that came last.
		r.Latest = constant && b.to == 1 && len(over.Order) == 1 && over.Order[0].Descending && times[over.Order[0].Column] != catalog.NoTime
		for _, e := range window.End {
			if slices.Contains(over.Partition, e) {
				r.WindowEnd = e
			}
		}
	}
	if constant && kind == graph.RowNumber {
		r.Number, r.Fields = false, in
		return numbered(r)
	}
	return r
}

func containsAny(list, some []int) bool {
	return slices.ContainsFunc(some, func(c int) bool { return slices.Contains(list, c) })
}
