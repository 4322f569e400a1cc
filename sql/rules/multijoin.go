package rules

import (
	"slices"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// multiJoins makes one operator of a chain of inner and left joins whose conditions ask for the same key, where the session or a hint asks for
// that. It keeps the rows of its inputs once, while each join of a chain also keeps the result of the one before it; for that, a changed row is
// joined with all other inputs again. So it pays where the results between the joins are large, and is left to the user, as in Flink.
func multiJoins(n plan.Node, c *Context) plan.Node {
	if c.Batch {
		return n
	}
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || !chainable(j, c) {
			return n
		}
		left := chainOf(j.Left, c)
		if left == nil {
			return n
		}
		out := left.extend(j)
		if out == nil {
			return n
		}
		return &plan.Project{Input: out.join, Exprs: out.columns(), Fields: j.Fields}
	})
}

// chainable reports whether a join may be part of a chain.
func chainable(j *plan.Join, c *Context) bool {
	return (c.MultiJoin || j.Multi) && j.Updates && (j.Type == graph.InnerJoin || j.Type == graph.LeftJoin) &&
		len(j.LeftKeys) > 0 && !slices.Contains(j.NullSafe, true)
}

// joinChain is a chain of joins, and what stands above it.
type joinChain struct {
	join  *plan.MultiJoin
	place []int       // by column above, the join's
	where []expr.Expr // conditions on the join's columns
}

func (c *joinChain) columns() []expr.Expr {
	list := make([]expr.Expr, len(c.place))
	for i, p := range c.place {
		list[i] = plan.ColumnOf(c.join, p)
	}
	return list
}

// chainOf finds a chain below projections that only choose columns, and conditions; nil if there is none.
func chainOf(n plan.Node, c *Context) *joinChain {
	switch n := n.(type) {
	case *plan.MultiJoin:
		return &joinChain{join: n, place: ascending(len(n.Fields))}
	case *plan.Join:
		if !chainable(n, c) {
			return nil
		}
		m := &plan.MultiJoin{From: []plan.Node{n.Left, n.Right}, Fields: n.Fields, At: n.At}
		m.Keys, m.Sides = [][]int{n.LeftKeys, n.RightKeys}, []graph.Side{n.Sides[0], n.Sides[1]}
		m.Joins = []graph.MultiStep{{Type: n.Type, Cond: n.Cond}}
		return &joinChain{join: m, place: ascending(len(n.Fields))}
	case *plan.Project:
		in := chainOf(n.Input, c)
		if in == nil {
			return nil
		}
		place := make([]int, len(n.Exprs))
		for i, e := range n.Exprs {
			col, ok := e.(*expr.Column)
			if !ok {
				return nil
			}
			place[i] = in.place[col.Index]
		}
		in.place = place
		return in
	case *plan.Filter:
		in := chainOf(n.Input, c)
		if in == nil || volatile(n.Cond) {
			return nil
		}
		in.where = append(in.where, move(n.Cond, in.place))
		return in
	}
	return nil
}

// extend returns the chain with one more join at its end; nil if no part of the chain's key is its key too.
func (c *joinChain) extend(j *plan.Join) *joinChain {
	m := c.join
	if len(c.where) > 0 && j.Type != graph.InnerJoin { // rows that fail the condition must not come back without a match
		return nil
	}
	width := len(m.Fields)
	last := len(m.From)
	step := graph.MultiStep{Type: j.Type}
	conds := slices.Clone(c.where)
	// A pair of the join's keys is the chain's key if its left column is one of those that the key has in the chain's inputs.
	taken := make([]int, len(m.Keys[0])) // by key of the chain, the column of the new input; -1: none
	for k := range taken {
		taken[k] = -1
	}
	for i, l := range j.LeftKeys {
		input, col := m.Input(c.place[l])
		k := slices.Index(m.Keys[input], col)
		if k >= 0 && (taken[k] < 0 || taken[k] == j.RightKeys[i]) {
			taken[k] = j.RightKeys[i]
			if input > 0 && m.Joins[input-1].Type == graph.LeftJoin && !slices.Contains(step.Present, input) {
				step.Present = append(step.Present, input)
			}
			continue
		}
		right := plan.ColumnOf(j.Right, j.RightKeys[i])
		conds = append(conds, call("=", plan.ColumnOf(m, c.place[l]), &expr.Column{Index: width + right.Index, Name: right.Name, T: right.T}))
	}
	if !slices.ContainsFunc(taken, func(col int) bool { return col >= 0 }) {
		return nil
	}
	if j.Cond != nil {
		to := slices.Clone(c.place)
		for i := range j.Right.Schema() {
			to = append(to, width+i)
		}
		conds = append(conds, move(j.Cond, to))
	}
	step.Cond = conjunction(conds)

	out := &plan.MultiJoin{From: append(slices.Clone(m.From), j.Right), At: j.At}
	out.Joins, out.Sides = slices.Clone(m.Joins), append(slices.Clone(m.Sides), j.Sides[1])
	out.Joins = append(out.Joins, step)
	out.Fields = slices.Clone(m.Fields)
	for _, f := range j.Right.Schema() {
		if j.Type == graph.LeftJoin {
			f.Type = f.Type.Optional()
		}
		out.Fields = append(out.Fields, f)
	}
	out.Keys = make([][]int, last+1)
	for k, col := range taken {
		if col < 0 { // no longer part of the key: its equalities are conditions like others
			for i := 1; i < last; i++ {
				equal := call("=", plan.ColumnOf(m, m.Keys[0][k]), plan.ColumnOf(m, m.First(i)+m.Keys[i][k]))
				out.Joins[i-1].Cond = conjunction(append(conjuncts(out.Joins[i-1].Cond), equal))
			}
			continue
		}
		for i := range last {
			out.Keys[i] = append(out.Keys[i], m.Keys[i][k])
		}
		out.Keys[last] = append(out.Keys[last], col)
	}
	place := slices.Clone(c.place)
	for i := range j.Right.Schema() {
		place = append(place, width+i)
	}
	return &joinChain{join: out, place: place}
}

// conjunction is AND of a list, nil of none.
func conjunction(list []expr.Expr) expr.Expr {
	if len(list) == 0 {
		return nil
	}
	return expr.And(list)
}

func conjuncts(e expr.Expr) []expr.Expr {
	if e == nil {
		return nil
	}
	return expr.Conjuncts(e)
}

// pruneMulti reads of each input only what is needed.
func pruneMulti(n *plan.MultiJoin, need []int) plan.Node {
	below := make([][]int, len(n.From)) // by input, the columns that it still has
	note := func(c int) {
		input, col := n.Input(c)
		below[input] = append(below[input], col)
	}
	for _, c := range need {
		note(c)
	}
	for i, keys := range n.Keys {
		below[i] = append(below[i], keys...)
	}
	for _, s := range n.Joins {
		if s.Cond != nil {
			uses(s.Cond, func(c *expr.Column) { note(c.Index) })
		}
	}
	out := *n
	out.From, out.Keys, out.Joins, out.Fields = slices.Clone(n.From), slices.Clone(n.Keys), slices.Clone(n.Joins), nil
	all := make([]int, 0, len(n.Fields)) // by column of n, that of out
	for i, in := range n.From {
		below[i] = with(below[i], func(func(int)) {})
		to := inverse(len(in.Schema()), below[i])
		out.From[i], out.Keys[i] = prune(in, below[i]), moveAll(n.Keys[i], to)
		for _, c := range to {
			if c >= 0 {
				c += len(out.Fields)
			}
			all = append(all, c)
		}
		out.Fields = append(out.Fields, pick(n.Fields[n.First(i):n.First(i)+len(to)], below[i])...)
	}
	for i := range out.Joins {
		if out.Joins[i].Cond != nil {
			out.Joins[i].Cond = move(n.Joins[i].Cond, all)
		}
	}
	return plan.Select(&out, moveAll(need, all))
}

// spreadMulti brings rows of one key together, whichever input they come from.
func spreadMulti(n *plan.MultiJoin, in []plan.Node, at []distribution) (plan.Node, distribution) {
	alone := !slices.ContainsFunc(at, func(d distribution) bool { return !d.single })
	for i := range in {
		if !alone && (at[i].single || !slices.Equal(at[i].keys, n.Keys[i])) {
			in[i] = &plan.Exchange{Input: in[i], Keys: n.Keys[i]}
		}
	}
	return n.With(in), distribution{single: alone, keys: n.Keys[0]}
}
