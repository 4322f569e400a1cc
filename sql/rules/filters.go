package rules

import (
	"slices"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// pushFilters moves conditions as far down as they can be evaluated.
func pushFilters(n plan.Node, c *Context) plan.Node { return push(n, nil, c) }

// push returns n with conditions on its output applied, at n or below.
func push(n plan.Node, conds []expr.Expr, c *Context) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		own := slices.DeleteFunc(expr.Conjuncts(n.Cond), expr.IsTrue)
		return push(n.Input, slices.Concat(conds, own), c)
	case *plan.Project:
		var below, above []expr.Expr
		for _, cond := range conds {
			if in, ok := substitute([]expr.Expr{cond}, n.Exprs); ok && !volatile(in[0]) {
				below = append(below, in[0])
			} else {
				above = append(above, cond)
			}
		}
		return filter(n.With([]plan.Node{push(n.Input, below, c)}), above)
	case *plan.Unnest:
		return pushThrough(n, conds, places(len(n.Fields), n.Keep), c)
	case *plan.Aggregate:
		if n.Phase == graph.Whole && len(n.Keys) > 0 {
			return pushThrough(n, conds, places(len(n.Fields), n.Keys), c)
		}
	case *plan.Sort:
		return pushThrough(n, conds, places(len(n.Schema()), ascending(len(n.Schema()))), c)
	case *plan.Join:
		return pushJoin(n, conds, c)
	case *plan.TemporalJoin:
		return pushTimed(n, n.Type, conds, c)
	case *plan.LookupJoin:
		return pushTimed(n, n.Type, conds, c)
	case *plan.AssignWindows:
		from := ascending(len(n.Input.Schema()))
		if n.Type == graph.Session { // rows that are left out would change the sessions of others
			from = only(len(from), n.Partition)
		}
		return pushThrough(n, conds, places(len(n.Fields), from), c)
	case *plan.WindowAggregate:
		return pushThrough(n, conds, places(len(n.Fields), n.Keys), c)
	case *plan.Over:
		return pushThrough(n, conds, places(len(n.Fields), only(len(n.Input.Schema()), n.Partition)), c)
	case *plan.Rank:
		return pushThrough(n, conds, places(len(n.Fields), only(len(n.Input.Schema()), n.Partition)), c)
	case *plan.TableFunction:
		return pushThrough(n, conds, places(len(n.Fields), ascending(len(n.Input.Schema()))), c)
	case *plan.Replicate:
		from := slices.Delete(ascending(len(n.Input.Schema())), n.Count, n.Count+1)
		return pushThrough(n, conds, from, c)
	case *plan.Union:
		from := make([]plan.Node, len(n.From))
		for i, in := range n.From {
			from[i] = push(in, conds, c)
		}
		return n.With(from)
	}
	inputs := n.Inputs()
	changed := make([]plan.Node, len(inputs))
	for i, in := range inputs {
		changed[i] = push(in, nil, c)
	}
	if len(inputs) > 0 {
		n = n.With(changed)
	}
	return filter(n, conds)
}

// pushThrough pushes those conditions below n whose columns are columns of its input too: output column i is input column to[i].
func pushThrough(n plan.Node, conds []expr.Expr, to []int, c *Context) plan.Node {
	var below, above []expr.Expr
	for _, cond := range conds {
		if movable(cond, to) && !volatile(cond) {
			below = append(below, move(cond, to))
		} else {
			above = append(above, cond)
		}
	}
	return filter(n.With([]plan.Node{push(n.Inputs()[0], below, c)}), above)
}

// places returns for n output columns where they come from: the first from the listed ones, the others from none, -1.
func places(n int, from []int) []int {
	to := make([]int, n)
	for i := range to {
		to[i] = -1
		if i < len(from) {
			to[i] = from[i]
		}
	}
	return to
}

// only returns the columns 0 … n-1, with -1 for those that are not listed.
func only(n int, list []int) []int {
	out := inverse(n, nil)
	for _, c := range list {
		out[c] = c
	}
	return out
}

// ascending returns 0 … n-1.
func ascending(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// filter puts conditions above n.
func filter(n plan.Node, conds []expr.Expr) plan.Node {
	if len(conds) == 0 {
		return n
	}
	return &plan.Filter{Input: n, Cond: expr.And(conds)}
}

// scanFilters copies the conditions right above a scan into it.
func scanFilters(n plan.Node, _ *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		scan, ok := f.Input.(*plan.Scan)
		if !ok {
			return n
		}
		pushed := *scan
		for _, cond := range expr.Conjuncts(f.Cond) {
			if !volatile(cond) {
				pushed.Filter = append(pushed.Filter, cond)
			}
		}
		return f.With([]plan.Node{&pushed})
	})
}
