package rules

import (
	"reflect"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// joinKeys takes equalities of the two inputs out of the conditions of joins and makes them keys. A side that is more than a column is computed
// below the join.
func joinKeys(n plan.Node, _ *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Join:
			out := *n
			left, right, changed := keyed(&out.Match, n.Left, n.Right)
			if !changed {
				return n
			}
			out.Left, out.Right = left, right
			return narrowed(&out, n, plan.JoinFields(left.Schema(), right.Schema(), n.Type))
		case *plan.TemporalJoin:
			out := *n
			left, right, changed := keyed(&out.Match, n.Left, n.Right)
			if !changed {
				return n
			}
			out.Left, out.Right = left, right
			return narrowed(&out, n, plan.JoinFields(left.Schema(), right.Schema(), n.Type))
		}
		return n
	})
}

// keyed moves equalities from a match's condition to its keys, and returns the inputs with the columns that keys need, behind their own.
func keyed(m *graph.Match, left, right plan.Node) (l, r plan.Node, changed bool) {
	if m.Cond == nil {
		return left, right, false
	}
	width := len(left.Schema())
	var rest []expr.Expr
	ls, rs := &side{input: left}, &side{input: right}
	m.LeftKeys, m.RightKeys, m.NullSafe = slices.Clone(m.LeftKeys), slices.Clone(m.RightKeys), slices.Clone(m.NullSafe)
	for _, cond := range expr.Conjuncts(m.Cond) {
		a, b, safe, ok := equality(cond, width)
		if !ok {
			rest = append(rest, cond)
			continue
		}
		for len(m.NullSafe) < len(m.LeftKeys) {
			m.NullSafe = append(m.NullSafe, false)
		}
		m.LeftKeys, m.RightKeys = append(m.LeftKeys, ls.column(a)), append(m.RightKeys, rs.column(rightward(b, width)))
		m.NullSafe = append(m.NullSafe, safe)
	}
	if len(rest) == len(expr.Conjuncts(m.Cond)) {
		return left, right, false
	}
	if !slices.Contains(m.NullSafe, true) {
		m.NullSafe = nil
	}
	m.Cond = nil
	if len(rest) > 0 {
		m.Cond = expr.And(rest)
		if added := len(ls.extra); added > 0 { // right columns have moved
			m.Cond = expr.Rewrite(m.Cond, func(e expr.Expr) expr.Expr {
				if c, ok := e.(*expr.Column); ok && c.Index >= width {
					return &expr.Column{Index: c.Index + added, Name: c.Name, T: c.T}
				}
				return e
			})
		}
	}
	return ls.node(), rs.node(), true
}

// equality takes a condition apart that says that something of the left input equals something of the right one, of the same type.
func equality(cond expr.Expr, width int) (left, right expr.Expr, safe, ok bool) {
	c, isCall := cond.(*expr.Call)
	if !isCall || len(c.Args) != 2 || c.Func.Name != "=" && c.Func.Name != "IS NOT DISTINCT FROM" || volatile(cond) {
		return nil, nil, false, false
	}
	left, right = c.Args[0], c.Args[1]
	l1, r1 := sides(left, width)
	l2, r2 := sides(right, width)
	switch {
	case l1 && !r1 && r2 && !l2:
	case r1 && !l1 && l2 && !r2:
		left, right = right, left
	default:
		return nil, nil, false, false
	}
	return left, right, c.Func.Name != "=", comparable(left.Type(), right.Type())
}

// comparable reports whether values of two types are equal exactly if their keys are.
func comparable(a, b column.Type) bool {
	if a.IsText() && b.IsText() || a.IsBinary() && b.IsBinary() {
		return true
	}
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case column.Decimal:
		return a.Scale == b.Scale
	case column.Timestamp, column.TimestampLTZ:
		return a.TimeUnit() == b.TimeUnit()
	case column.Array, column.Map, column.Multiset, column.Row:
		return a.Optional().SameAs(b.Optional())
	}
	return true
}

// side is an input of a join with columns to be added to it.
type side struct {
	input plan.Node
	extra []expr.Expr
}

// column returns the column that an expression over the input is in.
func (s *side) column(e expr.Expr) int {
	if c, ok := e.(*expr.Column); ok {
		return c.Index
	}
	for i, other := range s.extra {
		if sameExpr(other, e) {
			return len(s.input.Schema()) + i
		}
	}
	s.extra = append(s.extra, e)
	return len(s.input.Schema()) + len(s.extra) - 1
}

// node returns the input with its added columns.
func (s *side) node() plan.Node {
	if len(s.extra) == 0 {
		return s.input
	}
	p := &plan.Project{Input: s.input, Exprs: append(plan.Columns(s.input), s.extra...), Fields: slices.Clone(s.input.Schema())}
	for _, e := range s.extra {
		p.Fields = append(p.Fields, column.Field{Name: e.String(), Type: e.Type()})
	}
	return p
}

// sameExpr reports whether two expressions are written alike.
func sameExpr(a, b expr.Expr) bool { return a.Type().Equal(b.Type()) && reflect.DeepEqual(a, b) }

// narrowed gives a join whose inputs have got columns behind their own its new fields, and above it the columns that it had.
func narrowed(n plan.Node, old plan.Node, fields []column.Field) plan.Node {
	var kind graph.JoinKind
	switch n := n.(type) {
	case *plan.Join:
		kind, n.Fields = n.Type, fields
	case *plan.TemporalJoin:
		kind, n.Fields = n.Type, fields
	}
	if len(fields) == len(old.Schema()) {
		return n
	}
	keep := ascending(len(old.Inputs()[0].Schema()))
	if !kind.LeftOnly() {
		for i := range old.Inputs()[1].Schema() {
			keep = append(keep, len(n.Inputs()[0].Schema())+i)
		}
	}
	return plan.Select(n, keep)
}
