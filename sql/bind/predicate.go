package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// Predicates and CASE: what is put together from comparisons.

func (x *exprs) is(n *syntax.Is) (expr.Expr, error) {
	name := [...]string{syntax.IsNull: "NULL", syntax.IsTrue: "TRUE", syntax.IsFalse: "FALSE", syntax.IsUnknown: "UNKNOWN", syntax.IsJSON: "JSON",
		syntax.IsJSONObject: "JSON OBJECT", syntax.IsJSONArray: "JSON ARRAY", syntax.IsJSONScalar: "JSON SCALAR", syntax.IsASet: "A SET",
		syntax.IsEmpty: "EMPTY"}[n.Test]
	if n.Not {
		name = "NOT " + name
	}
	if n.Test == syntax.IsASet || n.Test == syntax.IsEmpty {
		return nil, fail(n, "use CARDINALITY", "there is no predicate IS %s", name)
	}
	e, err := x.bind(n.X)
	if err != nil {
		return nil, err
	}
	return x.apply(n, "IS "+name, e)
}

func (x *exprs) between(n *syntax.Between) (expr.Expr, error) {
	list, err := x.bindAll([]syntax.Expr{n.X, n.Lo, n.Hi})
	if err != nil {
		return nil, err
	}
	inside := func(lo, hi expr.Expr) (expr.Expr, error) {
		low, err := x.apply(n, ">=", list[0], lo)
		if err != nil {
			return nil, err
		}
		high, err := x.apply(n, "<=", list[0], hi)
		if err != nil {
			return nil, err
		}
		return x.apply(n, "AND", low, high)
	}
	e, err := inside(list[1], list[2])
	if err == nil && n.Symmetric {
		var swapped expr.Expr
		if swapped, err = inside(list[2], list[1]); err == nil {
			e, err = x.apply(n, "OR", e, swapped)
		}
	}
	if err == nil && n.Not {
		e, err = x.apply(n, "NOT", e)
	}
	return e, err
}

func (x *exprs) in(n *syntax.In) (expr.Expr, error) {
	if n.Query != nil {
		return x.inQuery(n)
	}
	of, err := x.bind(n.X)
	if err != nil {
		return nil, err
	}
	list, err := x.bindAll(n.List)
	if err != nil {
		return nil, err
	}
	if rowOf(of, list...) {
		return x.inRows(n, of, list)
	}
	common := column.Type{}
	for i, e := range list {
		t, ok := expr.LeastRestrictive(common, e.Type())
		if !ok {
			return nil, syntax.Errorf(n.List[i], "the values of IN must have types that go together, and this is %s after %s", e.Type().Optional(), common.Optional())
		}
		common = t
	}
	if common.IsText() && of.Type().IsNumeric() {
		of = expr.CastTo(of, column.Str())
	} else if common.IsNumeric() && of.Type().IsText() {
		for i := range list {
			list[i] = expr.CastTo(list[i], column.Str())
		}
	} else if t := of.Type(); common.IsText() && t.Kind >= column.Date && t.Kind <= column.TimestampLTZ {
		for i := range list {
			list[i] = expr.CastTo(list[i], t)
		}
	}
	var e expr.Expr
	if _, ok := expr.Lookup("IN"); ok {
		e, err = x.apply(n, "IN", append([]expr.Expr{of}, list...)...)
	} else {
		equal := make([]expr.Expr, len(list))
		for i, v := range list {
			if equal[i], err = x.apply(n.List[i], "=", of, v); err != nil {
				return nil, err
			}
		}
		e = expr.Or(equal)
	}
	if err == nil && n.Not {
		e, err = x.apply(n, "NOT", e)
	}
	return e, err
}

// rowOf reports whether values are rows of as many expressions that are written out.
func rowOf(e expr.Expr, others ...expr.Expr) bool {
	row, ok := e.(*expr.Call)
	return ok && row.Func.Name == "ROW" && !slices.ContainsFunc(others, func(other expr.Expr) bool {
		c, ok := other.(*expr.Call)
		return !ok || c.Func != row.Func || len(c.Args) != len(row.Args)
	})
}

// compareRows compares rows that are written out, expression by expression: they are equal if all are.
func (x *exprs) compareRows(at syntax.Node, op string, a, b expr.Expr) (expr.Expr, error) {
	var parts []expr.Expr
	for i, left := range a.(*expr.Call).Args {
		e, err := x.apply(at, op, left, b.(*expr.Call).Args[i])
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
	}
	if op == "=" {
		return expr.And(parts), nil
	}
	return expr.Or(parts), nil
}

// inRows binds (a, b) IN ((c, d), …).
func (x *exprs) inRows(n *syntax.In, of expr.Expr, list []expr.Expr) (expr.Expr, error) {
	parts := make([]expr.Expr, len(list))
	for i, row := range list {
		var err error
		if parts[i], err = x.compareRows(n.List[i], "=", of, row); err != nil {
			return nil, err
		}
	}
	e := expr.Or(parts)
	if n.Not {
		return x.apply(n, "NOT", e)
	}
	return e, nil
}

func (x *exprs) like(n *syntax.LikeExpr) (expr.Expr, error) {
	args := []syntax.Expr{n.X, n.Pattern}
	if n.Escape != nil {
		args = append(args, n.Escape)
	}
	list, err := x.bindAll(args)
	if err == nil {
		err = typed(args, list...)
	}
	if err != nil {
		return nil, err
	}
	switch n.Kind {
	case syntax.ILike, syntax.RLike:
		return nil, fail(n, "use LIKE with LOWER, or REGEXP(text, pattern)", "there is no %s", [...]string{syntax.ILike: "ILIKE", syntax.RLike: "RLIKE"}[n.Kind])
	}
	name := "LIKE"
	if n.Kind == syntax.SimilarTo {
		name = "SIMILAR TO"
	}
	e, err := x.apply(n, name, list...)
	if err == nil && n.Not {
		e, err = x.apply(n, "NOT", e)
	}
	return e, err
}

func (x *exprs) caseOf(n *syntax.Case) (expr.Expr, error) {
	var operand expr.Expr
	var err error
	if n.Operand != nil {
		if operand, err = x.bind(n.Operand); err != nil {
			return nil, err
		}
	}
	e := &expr.Case{Else: expr.NullOf(column.Of(column.Null))}
	var at []syntax.Expr
	for _, w := range n.Whens {
		var conds []expr.Expr
		for _, c := range w.Conds {
			var cond expr.Expr
			if operand == nil {
				cond, err = x.condition(c, "what stands behind WHEN")
			} else if cond, err = x.bind(c); err == nil {
				cond, err = x.apply(c, "=", operand, cond)
			}
			if err != nil {
				return nil, err
			}
			conds = append(conds, cond)
		}
		then, err := x.bind(w.Then)
		if err != nil {
			return nil, err
		}
		e.When, e.Then, at = append(e.When, expr.Or(conds)), append(e.Then, then), append(at, w.Then)
	}
	if n.Else != nil {
		if e.Else, err = x.bind(n.Else); err != nil {
			return nil, err
		}
		at = append(at, n.Else)
	}
	var types []column.Type
	for i, branch := range append(e.Then[:len(e.Then):len(e.Then)], e.Else) {
		types = append(types, branch.Type())
		t, ok := expr.LeastRestrictive(types...)
		if !ok {
			return nil, syntax.Errorf(at[min(i, len(at)-1)], "the branches of CASE must have types that go together, and this is %s after %s", branch.Type().Optional(), e.T.Optional())
		}
		e.T = t
	}
	if e.T.Kind == column.Null {
		return nil, fail(n, "write CAST(NULL AS type) in one of them", "all branches of CASE are NULL, so it has no type")
	}
	for i := range e.Then {
		e.Then[i] = expr.CastTo(e.Then[i], e.T)
	}
	e.Else = expr.CastTo(e.Else, e.T)
	return e, nil
}
