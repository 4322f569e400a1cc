package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// decorrelate replaces every Apply by joins. Where the right input depends on the left row only through conditions, these move up into the
// join ([pull]); where it does more with the left row, the distinct values it depends on are joined into it from below ([domain]).
func decorrelate(n plan.Node, _ *Context) (plan.Node, error) {
	var at syntax.Span
	n = plan.Rewrite(marks(n), func(n plan.Node) plan.Node {
		if a, ok := n.(*plan.Apply); ok {
			at = a.At
			return unnest(a)
		}
		return n
	})
	var err error
	plan.Walk(n, func(n plan.Node) bool {
		if s, ok := n.(*stuck); ok {
			err = syntax.Errorf(at, "%s inside a query that depends on a row around it is not supported", s.Kind())
		}
		return err == nil
	})
	return n, err
}

// correlated reports whether a tree refers to the left row of an Apply.
func correlated(n plan.Node, id int) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		plan.EachExpr(n, func(e expr.Expr) { found = found || refersTo(e, id) })
		return !found
	})
	return found
}

func refersTo(e expr.Expr, id int) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if o, ok := e.(*expr.Outer); ok && o.Apply == id {
			found = true
		}
		return !found
	})
	return found
}

// unnest replaces one Apply, whose inputs hold none.
func unnest(n *plan.Apply) plan.Node {
	switch n.Result {
	case plan.ApplyExists:
		return existsColumn(n, n.Right)
	case plan.ApplyIn:
		return inColumn(n)
	case plan.ApplyScalar:
		if !oneRow(n.Right) {
			n = n.With([]plan.Node{n.Left, singleValue(n.Right)}).(*plan.Apply)
		}
		rows := *n
		rows.Result, rows.Type, rows.Cond = plan.ApplyRows, graph.LeftJoin, nil
		return applyRows(&rows)
	}
	return applyRows(n)
}

// oneRow reports whether a node has exactly one row for each left row, whatever the rows below.
func oneRow(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Project:
		return oneRow(n.Input)
	case *plan.Sort:
		return oneRow(n.Input)
	case *plan.Aggregate:
		return len(n.Keys) == 0 && n.Always
	case *plan.Values:
		return len(n.Rows) == 1
	}
	return false
}

// singleValue returns the value of the only row, NULL without rows; more than one row are an error at run time.
func singleValue(n plan.Node) plan.Node {
	f := n.Schema()[0]
	fn, ok := expr.LookupAggregate("SINGLE_VALUE")
	if !ok {
		panic("the list of functions has no SINGLE_VALUE")
	}
	t := f.Type.Optional()
	call := expr.Aggregate{Func: fn, Args: []int{0}, Filter: -1, Name: "SINGLE_VALUE(" + f.Name + ")", T: t}
	return &plan.Aggregate{Input: n, Calls: []expr.Aggregate{call}, Always: true, Fields: []column.Field{{Name: f.Name, Type: t}}}
}

// existsColumn adds to the left input whether the right one has a row: at most one row of TRUE is joined.
func existsColumn(n *plan.Apply, right plan.Node) plan.Node {
	flag := column.Field{Name: "exists", Type: column.Of(column.Boolean).Required()}
	one := &plan.Project{Input: right, Exprs: []expr.Expr{truth(true)}, Fields: []column.Field{flag}}
	distinct := &plan.Aggregate{Input: one, Keys: []int{0}, Fields: []column.Field{flag}}
	rows := &plan.Apply{Left: n.Left, Right: distinct, ID: n.ID, Type: graph.LeftJoin, At: n.At,
		Fields: plan.JoinFields(n.Left.Schema(), distinct.Schema(), graph.LeftJoin)}
	joined := applyRows(rows)
	width := len(n.Left.Schema())
	exprs := plan.Columns(joined)
	exprs[width] = call("IS NOT NULL", exprs[width])
	return &plan.Project{Input: joined, Exprs: exprs, Fields: n.Fields}
}

// inColumn adds to the left input whether a right row makes the condition true: FALSE if it is false for all, else NULL.
func inColumn(n *plan.Apply) plan.Node {
	width := len(n.Left.Schema())
	cond := n.Cond
	if cond == nil {
		cond = truth(true)
	}
	cond = outward(cond, n.ID, width)
	mark := func(left plan.Node, cond expr.Expr, name string) plan.Node {
		apply := &plan.Apply{Left: left, ID: n.ID, At: n.At}
		apply.Fields = append(slices.Clone(left.Schema()), column.Field{Name: name, Type: column.Of(column.Boolean).Required()})
		return existsColumn(apply, &plan.Filter{Input: n.Right, Cond: cond})
	}
	out := mark(n.Left, cond, "found")
	if cond.Type().NotNull {
		exprs := plan.Columns(out)
		return &plan.Project{Input: out, Exprs: exprs, Fields: n.Fields}
	}
	var unknown expr.Expr
	if x, y, ok := halves(cond); ok {
		// A comparison is NULL where the left value is, if there is any row, and for rows whose own value is.
		var parts []expr.Expr
		if !x.Type().NotNull {
			out = mark(out, truth(true), "any")
			left := expr.Rewrite(x, func(e expr.Expr) expr.Expr { return inward(e, n.ID, 0) })
			parts = append(parts, expr.And([]expr.Expr{call("IS NULL", left), plan.ColumnOf(out, len(out.Schema())-1)}))
		}
		if !y.Type().NotNull {
			out = mark(out, call("IS NULL", y), "unknown")
			parts = append(parts, plan.ColumnOf(out, len(out.Schema())-1))
		}
		unknown = expr.Or(parts)
	} else {
		out = mark(out, call("IS NULL", cond), "unknown")
		unknown = plan.ColumnOf(out, len(out.Schema())-1)
	}
	exprs := plan.Columns(out)
	found := exprs[width]
	flag := column.Of(column.Boolean)
	exprs = append(exprs[:width:width], &expr.Case{
		When: []expr.Expr{found, unknown}, Then: []expr.Expr{truth(true), expr.NullOf(flag)}, Else: truth(false), T: flag,
	})
	return &plan.Project{Input: out, Exprs: exprs, Fields: n.Fields}
}

// halves takes an equality of something of the left row, x, and something of the right row, y, apart.
func halves(cond expr.Expr) (x, y expr.Expr, ok bool) {
	c, isCall := cond.(*expr.Call)
	if !isCall || c.Func.Name != "=" || len(c.Args) != 2 {
		return nil, nil, false
	}
	kind := func(e expr.Expr) (outer, inner bool) {
		expr.Walk(e, func(e expr.Expr) bool {
			switch e.(type) {
			case *expr.Outer:
				outer = true
			case *expr.Column:
				inner = true
			}
			return true
		})
		return
	}
	x, y = c.Args[0], c.Args[1]
	outerX, innerX := kind(x)
	outerY, innerY := kind(y)
	if innerX && !outerX {
		x, y, innerX, outerY, innerY = y, x, innerY, outerX, innerX
	}
	return x, y, !innerX && innerY && !outerY
}

// outward turns a condition over left and right columns into one over the right columns, with left ones as outer references.
func outward(e expr.Expr, id, width int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		col, ok := e.(*expr.Column)
		switch {
		case !ok:
			return e
		case col.Index < width:
			return &expr.Outer{Apply: id, Index: col.Index, Name: col.Name, T: col.T}
		}
		return &expr.Column{Index: col.Index - width, Name: col.Name, T: col.T}
	})
}

// truth is TRUE or FALSE.
func truth(value bool) expr.Expr {
	return &expr.Literal{Value: value, T: column.Of(column.Boolean).Required()}
}

// call applies a function that the list is known to have.
func call(name string, args ...expr.Expr) expr.Expr {
	e, err := expr.NewCall(name, args...)
	if err != nil {
		panic(err)
	}
	return e
}

// applyRows replaces an Apply whose result is rows.
func applyRows(n *plan.Apply) plan.Node {
	if !correlated(n.Right, n.ID) {
		j := plan.NewJoin(n.Left, n.Right, n.Type, n.Cond)
		j.Fields, j.At = n.Fields, n.At
		return j
	}
	if p := pull(n.Right, n.ID); p != nil {
		return joinPulled(n, p)
	}
	return joinDomain(n)
}

// joinPulled joins the left input with what is left of the right one, under the conditions that were pulled out of it.
func joinPulled(n *plan.Apply, p *pulled) plan.Node {
	width := len(n.Left.Schema())
	inner, kind := p.node, n.Type
	matched := -1 // column of the right side that is never NULL where a row matched
	outer := kind == graph.LeftJoin
	if p.always && kind == graph.InnerJoin {
		kind, outer = graph.LeftJoin, true
	}
	computed := slices.ContainsFunc(p.out, func(e expr.Expr) bool { return !plainColumn(e) })
	if outer && (computed || slices.ContainsFunc(p.missing, func(e expr.Expr) bool { return e != nil })) {
		matched = len(inner.Schema())
		exprs := append(plan.Columns(inner), truth(true))
		fields := append(slices.Clone(inner.Schema()), column.Field{Name: "matched", Type: column.Of(column.Boolean).Required()})
		inner = &plan.Project{Input: inner, Exprs: exprs, Fields: fields}
	}
	inside := func(e expr.Expr) expr.Expr { return inward(e, n.ID, width) } // over left and then inner columns
	var conds []expr.Expr
	for _, c := range p.conds {
		conds = append(conds, inside(c))
	}
	out := make([]expr.Expr, len(p.out))
	for i, e := range p.out {
		out[i] = inside(e)
	}
	above := []expr.Expr(nil)
	if n.Cond != nil {
		list := expr.Conjuncts(withRight(n.Cond, width, out))
		if p.always && outer { // the condition sees the values of rows that are only made above the join
			above = list
		} else {
			conds = append(conds, list...)
		}
	}
	j := plan.NewJoin(n.Left, inner, kind, expr.And(conds))
	j.At = n.At
	if kind.LeftOnly() {
		return j
	}
	var result plan.Node = j
	exprs := plan.Columns(j)[:width]
	for i, e := range out {
		e = asJoined(e, j)
		t := n.Fields[width+i].Type
		switch missing := p.missing[i]; {
		case outer && missing != nil:
			e = &expr.Case{When: []expr.Expr{call("IS NOT NULL", plan.ColumnOf(j, width+matched))}, Then: []expr.Expr{expr.CastTo(e, t)}, Else: expr.CastTo(missing, t), T: t}
		case outer && matched >= 0 && !plainColumn(e):
			e = &expr.Case{When: []expr.Expr{call("IS NOT NULL", plan.ColumnOf(j, width+matched))}, Then: []expr.Expr{e}, Else: expr.NullOf(t.Optional()), T: t.Optional()}
		}
		exprs = append(exprs, e)
	}
	fields := n.Fields
	if above == nil {
		return &plan.Project{Input: result, Exprs: exprs, Fields: fields}
	}
	// Values of rows that are missing are known now: the condition of the Apply decides which left rows keep them.
	result = &plan.Project{Input: result, Exprs: exprs, Fields: fields}
	cond := asJoined(n.Cond, result)
	if n.Type == graph.InnerJoin {
		return &plan.Filter{Input: result, Cond: cond}
	}
	exprs = plan.Columns(result)
	for i := width; i < len(exprs); i++ {
		t := exprs[i].Type().Optional()
		exprs[i] = &expr.Case{When: []expr.Expr{cond}, Then: []expr.Expr{exprs[i]}, Else: expr.NullOf(t), T: t}
	}
	return &plan.Project{Input: result, Exprs: exprs, Fields: fields}
}

func plainColumn(e expr.Expr) bool { _, ok := e.(*expr.Column); return ok }

// inward turns outer references into columns of a join's left side, and columns into those of its right side.
func inward(e expr.Expr, id, width int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		switch e := e.(type) {
		case *expr.Column:
			return &expr.Column{Index: width + e.Index, Name: e.Name, T: e.T}
		case *expr.Outer:
			if e.Apply == id {
				return &expr.Column{Index: e.Index, Name: e.Name, T: e.T}
			}
		}
		return e
	})
}

// withRight replaces the right columns of a condition, which are those from width on.
func withRight(e expr.Expr, width int, right []expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok && c.Index >= width {
			return right[c.Index-width]
		}
		return e
	})
}

// asJoined gives an expression's columns the types that they have in a node's output.
func asJoined(e expr.Expr, n plan.Node) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			return plan.ColumnOf(n, c.Index)
		}
		return retyped(e)
	})
}
