package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// pulled is a tree without references to the left row, and what has to be done above a join with it to make up for them. Expressions are over
// the node's columns, and over the left row's by [expr.Outer].
type pulled struct {
	node  plan.Node
	conds []expr.Expr // conditions of the join
	out   []expr.Expr // the original tree's columns
	// always says that the original tree has one row for every left row, also where no row of node matches; missing are its values there, by
	// column: nil for NULL.
	always  bool
	missing []expr.Expr
}

// pull takes references to the left row of an Apply out of a tree; nil if they are not in places from which that is possible.
func pull(n plan.Node, id int) *pulled {
	if !correlated(n, id) {
		out := plan.Columns(n)
		return &pulled{node: n, out: out, missing: make([]expr.Expr, len(out))}
	}
	switch n := n.(type) {
	case *plan.Filter:
		p := pull(n.Input, id)
		if p == nil || p.always {
			return nil
		}
		var stay []expr.Expr
		for _, cond := range expr.Conjuncts(over(n.Cond, p.out)) {
			if refersTo(cond, id) {
				p.conds = append(p.conds, cond)
			} else {
				stay = append(stay, cond)
			}
		}
		p.node = filter(p.node, stay)
		return p
	case *plan.Project:
		p := pull(n.Input, id)
		if p == nil {
			return nil
		}
		in, missing := p.out, p.missing
		p.out, p.missing = make([]expr.Expr, len(n.Exprs)), make([]expr.Expr, len(n.Exprs))
		for i, e := range n.Exprs {
			if volatile(e) {
				return nil
			}
			p.out[i] = over(e, in)
			if p.always {
				p.missing[i] = over(e, nulls(missing, in))
			}
		}
		return p
	case *plan.Sort:
		return pull(n.Input, id)
	case *plan.Limit:
		return pullLimit(n, id)
	case *plan.Aggregate:
		return pullAggregate(n, id)
	case *plan.Join:
		return pullJoin(n, id)
	}
	return nil
}

// over replaces the columns of an expression by what they stand for.
func over(e expr.Expr, by []expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			return by[c.Index]
		}
		return retyped(e)
	})
}

// nulls fills a list of values with NULLs of the right types.
func nulls(list, types []expr.Expr) []expr.Expr {
	out := slices.Clone(list)
	for i, e := range out {
		if e == nil {
			out[i] = expr.NullOf(types[i].Type())
		}
	}
	return out
}

// equalities returns the inner sides of conditions that are all equalities of something of the left row and something of the inner row, and
// the conditions as they are once column i of a node holds the inner side of condition i. ok is false if there are others.
func equalities(conds []expr.Expr, id int) (inner []expr.Expr, again func(at []int) []expr.Expr, ok bool) {
	type half struct {
		call *expr.Call
		side int // of the inner row
	}
	var halves []half
	for _, c := range conds {
		eq, isCall := c.(*expr.Call)
		if !isCall || len(eq.Args) != 2 || eq.Func.Name != "=" && eq.Func.Name != "IS NOT DISTINCT FROM" {
			return nil, nil, false
		}
		side := -1
		for i, a := range eq.Args {
			hasInner := false
			uses(a, func(*expr.Column) { hasInner = true })
			if hasInner && !refersTo(a, id) {
				side = i
			} else if hasInner {
				return nil, nil, false
			}
		}
		if side < 0 || !refersTo(eq.Args[1-side], id) {
			return nil, nil, false
		}
		halves = append(halves, half{eq, side})
		inner = append(inner, eq.Args[side])
	}
	again = func(at []int) []expr.Expr {
		out := make([]expr.Expr, len(halves))
		for i, h := range halves {
			args := slices.Clone(h.call.Args)
			args[h.side] = &expr.Column{Index: at[i], Name: label(inner[i]), T: inner[i].Type()}
			out[i] = &expr.Call{Func: h.call.Func, Args: args, T: h.call.T}
		}
		return out
	}
	return inner, again, true
}

// label names a column that an expression makes.
func label(e expr.Expr) string {
	if c, ok := e.(*expr.Column); ok {
		return c.Name
	}
	return e.String()
}

// pullAggregate groups also by what is compared with the left row.
func pullAggregate(n *plan.Aggregate, id int) *pulled {
	p := pull(n.Input, id)
	if p == nil || p.always {
		return nil
	}
	inner, again, ok := equalities(p.conds, id)
	if !ok {
		return nil
	}
	for _, e := range p.out {
		if refersTo(e, id) {
			return nil
		}
	}
	below := &plan.Project{Input: p.node, Exprs: slices.Clone(p.out)}
	for i, f := range n.Input.Schema() {
		below.Fields = append(below.Fields, column.Field{Name: f.Name, Type: p.out[i].Type()})
	}
	out := &plan.Aggregate{Input: below, Calls: n.Calls, Keep: n.Keep, At: n.At, Keys: slices.Clone(n.Keys)}
	out.Fields = append(out.Fields, n.Fields[:len(n.Keys)]...)
	var at []int
	for _, e := range inner {
		at = append(at, len(out.Keys))
		out.Keys = append(out.Keys, len(below.Exprs))
		f := column.Field{Name: label(e), Type: e.Type()}
		below.Exprs, below.Fields, out.Fields = append(below.Exprs, e), append(below.Fields, f), append(out.Fields, f)
	}
	result := &pulled{conds: again(at), always: len(n.Keys) == 0 && n.Always}
	for i := range n.Keys {
		result.out = append(result.out, &expr.Column{Index: i, Name: n.Fields[i].Name, T: n.Fields[i].Type})
		result.missing = append(result.missing, nil)
	}
	for i, c := range n.Calls {
		f := n.Fields[len(n.Keys)+i]
		result.out = append(result.out, &expr.Column{Index: len(out.Fields), Name: f.Name, T: f.Type})
		var missing expr.Expr
		if result.always && c.T.NotNull { // COUNT and its kin: of no rows they are 0
			missing = zero(f.Type)
		}
		result.missing = append(result.missing, missing)
		out.Fields = append(out.Fields, f)
	}
	result.node = out
	return result
}

// zero is 0 of a type.
func zero(t column.Type) expr.Expr {
	return expr.CastTo(&expr.Literal{Value: int64(0), T: column.Of(column.BigInt).Required()}, t)
}

// pullLimit keeps the first rows for each value that is compared with the left row.
func pullLimit(n *plan.Limit, id int) *pulled {
	keys, input := n.Keys, n.Input
	if s, ok := input.(*plan.Sort); ok && len(keys) == 0 {
		keys, input = s.Keys, s.Input
	}
	p := pull(input, id)
	if p == nil || p.always {
		return nil
	}
	inner, again, ok := equalities(p.conds, id)
	if !ok {
		return nil
	}
	below := &plan.Project{Input: p.node}
	add := func(e expr.Expr, name string) int {
		below.Exprs = append(below.Exprs, e)
		below.Fields = append(below.Fields, column.Field{Name: name, Type: e.Type()})
		return len(below.Exprs) - 1
	}
	// Columns made with the left row are computed above; sorting by one is not possible here.
	place := make([]int, len(p.out))
	out := slices.Clone(p.out)
	for i, e := range p.out {
		if refersTo(e, id) {
			place[i] = -1
			continue
		}
		place[i] = add(e, n.Schema()[i].Name)
	}
	bare := plan.Columns(p.node)
	carried := make([]expr.Expr, len(bare))
	for i, e := range out {
		if place[i] >= 0 {
			out[i] = &expr.Column{Index: place[i], Name: below.Fields[place[i]].Name, T: e.Type()}
			continue
		}
		uses(e, func(c *expr.Column) {
			if carried[c.Index] == nil {
				carried[c.Index] = &expr.Column{Index: add(bare[c.Index], c.Name), Name: c.Name, T: c.T}
			}
		})
		out[i] = over(e, carried)
	}
	rank := &plan.Rank{At: n.At}
	rank.From, rank.To, rank.ToColumn, rank.WindowEnd = n.Offset+1, n.Offset+n.Count, -1, -1
	if n.Count < 0 {
		return nil
	}
	for _, k := range keys {
		if place[k.Column] < 0 {
			return nil
		}
		k.Column = place[k.Column]
		rank.Order = append(rank.Order, k)
	}
	for i, e := range inner {
		rank.Partition = append(rank.Partition, add(e, label(inner[i])))
	}
	rank.Input, rank.Fields = below, below.Fields
	return &pulled{node: rank, conds: again(rank.Partition), out: out, missing: make([]expr.Expr, len(out))}
}

// pullJoin takes references out of the sides of a join that are not padded with NULLs.
func pullJoin(n *plan.Join, id int) *pulled {
	if n.Type == graph.RightJoin || n.Type == graph.FullJoin {
		return nil
	}
	left := pullSide(n.Left, id)
	if left == nil {
		return nil
	}
	right := &pulled{node: n.Right, out: plan.Columns(n.Right)}
	if n.Type == graph.InnerJoin {
		right = pullSide(n.Right, id)
	} else if correlated(n.Right, id) {
		if n.Type == graph.LeftJoin {
			return nil
		}
		right = pullSide(n.Right, id)
	}
	if right == nil {
		return nil
	}
	width := len(left.node.Schema())
	shift := func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok {
				return &expr.Column{Index: c.Index + width, Name: c.Name, T: c.T}
			}
			return e
		})
	}
	p := &pulled{conds: left.conds}
	both := slices.Clone(left.out)
	for _, e := range right.out {
		both = append(both, shift(e))
	}
	var stay []expr.Expr
	conds := make([]expr.Expr, 0, len(right.conds))
	for _, e := range right.conds {
		conds = append(conds, shift(e))
	}
	if n.Cond != nil {
		for _, e := range expr.Conjuncts(over(n.Cond, both)) {
			if refersTo(e, id) {
				conds = append(conds, e)
			} else {
				stay = append(stay, e)
			}
		}
	}
	if n.Type != graph.InnerJoin && len(conds) > 0 {
		return nil // what decides whether a row has a match cannot be decided above
	}
	p.conds = append(p.conds, conds...)
	var cond expr.Expr
	if len(stay) > 0 {
		cond = expr.And(stay)
	}
	j := plan.NewJoin(left.node, right.node, n.Type, cond)
	j.At = n.At
	p.node = j
	p.out = both
	if n.Type.LeftOnly() {
		p.out = left.out
	}
	for i, e := range p.out {
		p.out[i] = asJoined(e, j)
	}
	p.missing = make([]expr.Expr, len(p.out))
	return p
}

// pullSide is pull for an input of a join.
func pullSide(n plan.Node, id int) *pulled {
	if !correlated(n, id) {
		return &pulled{node: n, out: plan.Columns(n)}
	}
	p := pull(n, id)
	if p == nil || p.always {
		return nil
	}
	return p
}
