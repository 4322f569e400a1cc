package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// domain is the distinct values of the left row's columns that a tree depends on. A tree with the domain joined into it has, in front of its own
// columns, those of the domain: its rows for each of these values. (Neumann and Kemper, "Unnesting Arbitrary Queries", BTW 2015.)
type domain struct {
	id     int
	node   plan.Node   // distinct rows
	places map[int]int // left column → column of node
}

// joinDomain replaces an Apply whose right input depends on the left row in any way.
func joinDomain(n *plan.Apply) plan.Node {
	d := &domain{id: n.ID, places: map[int]int{}}
	left := n.Left.Schema()
	var columns []int
	plan.Walk(n.Right, func(in plan.Node) bool {
		plan.EachExpr(in, func(e expr.Expr) {
			expr.Walk(e, func(e expr.Expr) bool {
				if o, ok := e.(*expr.Outer); ok && o.Apply == n.ID && !slices.Contains(columns, o.Index) {
					columns = append(columns, o.Index)
				}
				return true
			})
		})
		return true
	})
	slices.Sort(columns)
	for i, c := range columns {
		d.places[c] = i
	}
	values := plan.Select(n.Left, columns)
	d.node = &plan.Aggregate{Input: values, Keys: ascending(len(columns)), Fields: values.Schema()}
	right := d.into(n.Right)

	width, k := len(left), len(columns)
	shifted := make([]expr.Expr, len(n.Right.Schema()))
	for i, f := range n.Right.Schema() {
		shifted[i] = &expr.Column{Index: width + k + i, Name: f.Name, T: f.Type}
	}
	var conds []expr.Expr
	for i, c := range columns {
		conds = append(conds, call("IS NOT DISTINCT FROM", plan.ColumnOf(n.Left, c), &expr.Column{Index: width + i, Name: left[c].Name, T: left[c].Type}))
	}
	if n.Cond != nil {
		conds = append(conds, withRight(n.Cond, width, shifted))
	}
	j := plan.NewJoin(n.Left, right, n.Type, expr.And(conds))
	j.At = n.At
	if n.Type.LeftOnly() {
		return j
	}
	out := plan.Columns(j)
	return &plan.Project{Input: j, Exprs: append(out[:width:width], out[width+k:]...), Fields: n.Fields}
}

func (d *domain) width() int { return len(d.places) }

// inside puts an expression over a tree in terms of the tree with the domain in front.
func (d *domain) inside(e expr.Expr) expr.Expr {
	k := d.width()
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		switch e := e.(type) {
		case *expr.Column:
			return &expr.Column{Index: e.Index + k, Name: e.Name, T: e.T}
		case *expr.Outer:
			if e.Apply == d.id {
				return plan.ColumnOf(d.node, d.places[e.Index])
			}
		}
		return e
	})
}

func (d *domain) insideAll(list []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = d.inside(e)
	}
	return out
}

// shift moves column numbers behind the domain.
func (d *domain) shift(list []int) []int {
	out := make([]int, len(list))
	for i, c := range list {
		out[i] = c + d.width()
	}
	return out
}

// front puts the domain's columns before others.
func (d *domain) front(fields []column.Field) []column.Field {
	return slices.Concat(d.node.Schema(), fields)
}

func (d *domain) keys() []int { return ascending(d.width()) }

func (d *domain) sortKeys(keys []graph.SortKey) []graph.SortKey {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Column += d.width()
	}
	return out
}

// into joins the domain into a tree.
func (d *domain) into(n plan.Node) plan.Node {
	if !correlated(n, d.id) {
		return plan.NewJoin(d.node, n, graph.InnerJoin, nil)
	}
	switch n := n.(type) {
	case *plan.Values:
		// Rows of constants and of the left row's columns: the union of a projection of the domain for each.
		u := &plan.Union{Fields: d.front(n.Fields)}
		for _, row := range n.Rows {
			exprs := append(plan.Columns(d.node), d.insideAll(row)...)
			u.From = append(u.From, &plan.Project{Input: d.node, Exprs: exprs, Fields: u.Fields})
		}
		if len(u.From) == 1 {
			return u.From[0]
		}
		return u
	case *plan.Filter:
		return &plan.Filter{Input: d.into(n.Input), Cond: d.inside(n.Cond)}
	case *plan.Project:
		in := d.into(n.Input)
		return &plan.Project{Input: in, Exprs: append(plan.Columns(in)[:d.width():d.width()], d.insideAll(n.Exprs)...), Fields: d.front(n.Fields)}
	case *plan.Unnest:
		out := *n
		out.Input, out.Column, out.Keep, out.Fields = d.into(n.Input), n.Column+d.width(), append(d.keys(), d.shift(n.Keep)...), d.front(n.Fields)
		return &out
	case *plan.TableFunction:
		out := *n
		out.Input, out.Args, out.Fields = d.into(n.Input), d.insideAll(n.Args), d.front(n.Fields)
		return &out
	case *plan.Aggregate:
		return d.intoAggregate(n)
	case *plan.Sort:
		return d.into(n.Input) // the order of the rows of a subquery means nothing without a limit
	case *plan.Limit:
		return d.intoLimit(n)
	case *plan.Union:
		u := &plan.Union{Fields: d.front(n.Fields)}
		for _, in := range n.From {
			u.From = append(u.From, d.into(in))
		}
		return u
	case *plan.Over:
		out := *n
		out.Input, out.Partition, out.Order, out.Fields = d.into(n.Input), append(d.keys(), d.shift(n.Partition)...), d.sortKeys(n.Order), d.front(n.Fields)
		out.Calls = slices.Clone(n.Calls)
		for i := range out.Calls {
			c := &out.Calls[i]
			c.Args = d.insideAll(c.Args)
			if c.Aggregate != nil {
				a := d.aggregate(*c.Aggregate)
				c.Aggregate = &a
			}
		}
		return &out
	case *plan.Join:
		return d.intoJoin(n)
	case *plan.Expand:
		in := d.into(n.Input)
		out := &plan.Expand{Input: in, Fields: d.front(n.Fields)}
		for _, p := range n.Projections {
			out.Projections = append(out.Projections, append(plan.Columns(in)[:d.width():d.width()], d.insideAll(p)...))
		}
		return out
	case *plan.Replicate:
		out := *n
		out.Input, out.Count, out.Fields = d.into(n.Input), n.Count+d.width(), d.front(n.Fields)
		return &out
	case *plan.AssignWindows:
		out := *n
		out.Input, out.Time, out.Partition, out.Fields = d.into(n.Input), n.Time+d.width(), d.shift(n.Partition), d.front(n.Fields)
		if n.Type == graph.Session {
			out.Partition = append(d.keys(), out.Partition...)
		}
		return &out
	case *plan.Rank:
		out := *n
		out.Input, out.Partition, out.Order, out.Fields = d.into(n.Input), append(d.keys(), d.shift(n.Partition)...), d.sortKeys(n.Order), d.front(n.Fields)
		return &out
	case *plan.LookupJoin:
		out := *n
		out.Input, out.Fields = d.into(n.Input), d.front(n.Fields)
		out.Keys = slices.Clone(n.Keys)
		for i := range out.Keys {
			out.Keys[i].Value = d.inside(out.Keys[i].Value)
		}
		if n.Cond != nil {
			out.Cond = d.inside(n.Cond)
		}
		return &out
	}
	// What is left joins or orders by time: its inputs are joined with the domain as a whole, which is right where only their
	// own conditions depend on the left row.
	return &stuck{n}
}

// stuck marks a tree that depends on the left row in a place from which nothing can be pulled out; [Optimize] reports it.
type stuck struct{ plan.Node }

func (d *domain) aggregate(c expr.Aggregate) expr.Aggregate {
	c.Args = d.shift(c.Args)
	if c.Filter >= 0 {
		c.Filter += d.width()
	}
	return c
}

// intoAggregate groups by the domain too. A grouping without keys has a row for every value of the domain.
func (d *domain) intoAggregate(n *plan.Aggregate) plan.Node {
	k := d.width()
	out := &plan.Aggregate{Input: d.into(n.Input), Keys: append(d.keys(), d.shift(n.Keys)...), Keep: n.Keep, At: n.At, Fields: d.front(n.Fields)}
	for _, c := range n.Calls {
		out.Calls = append(out.Calls, d.aggregate(c))
	}
	if len(n.Keys) > 0 || !n.Always {
		return out
	}
	var conds []expr.Expr
	for i, f := range d.node.Schema() {
		conds = append(conds, call("IS NOT DISTINCT FROM", plan.ColumnOf(d.node, i), &expr.Column{Index: k + i, Name: f.Name, T: f.Type}))
	}
	j := plan.NewJoin(d.node, out, graph.LeftJoin, expr.And(conds))
	exprs := plan.Columns(j)
	list := exprs[:k:k]
	for i, c := range n.Calls {
		e, t := exprs[2*k+i], n.Fields[i].Type
		if c.T.NotNull { // COUNT and its kin: of no rows they are 0
			list = append(list, &expr.Case{When: []expr.Expr{call("IS NOT NULL", e)}, Then: []expr.Expr{expr.CastTo(e, t)}, Else: zero(t), T: t})
		} else {
			list = append(list, e)
		}
	}
	return &plan.Project{Input: j, Exprs: list, Fields: d.front(n.Fields)}
}

// intoLimit keeps the first rows for each value of the domain.
func (d *domain) intoLimit(n *plan.Limit) plan.Node {
	keys, input := n.Keys, n.Input
	if s, ok := input.(*plan.Sort); ok && len(keys) == 0 {
		keys, input = s.Keys, s.Input
	}
	in := d.into(input)
	out := &plan.Rank{Input: in, Fields: in.Schema(), At: n.At}
	out.Partition, out.Order = d.keys(), d.sortKeys(keys)
	out.From, out.To, out.ToColumn, out.WindowEnd = n.Offset+1, n.Offset+n.Count, -1, -1
	if n.Count < 0 {
		out.To = 1<<63 - 1
	}
	return out
}

// intoJoin joins the domain into the sides that depend on it.
func (d *domain) intoJoin(n *plan.Join) plan.Node {
	k, width := d.width(), len(n.Left.Schema())
	fields := d.front(n.Fields)
	if !correlated(n.Right, d.id) {
		var cond expr.Expr
		if n.Cond != nil {
			cond = d.inside(n.Cond)
		}
		if n.Type == graph.InnerJoin || n.Type == graph.LeftJoin || n.Type.LeftOnly() {
			j := plan.NewJoin(d.into(n.Left), n.Right, n.Type, cond)
			j.At = n.At
			return j
		}
	}
	// Both sides have the domain: left columns are 0 … k+width-1, the right side's domain k columns behind them.
	left, right := d.into(n.Left), d.into(n.Right)
	var conds []expr.Expr
	for i, f := range d.node.Schema() {
		conds = append(conds, call("IS NOT DISTINCT FROM", plan.ColumnOf(left, i), &expr.Column{Index: k + width + i, Name: f.Name, T: f.Type}))
	}
	if n.Cond != nil {
		conds = append(conds, expr.Rewrite(n.Cond, func(e expr.Expr) expr.Expr {
			switch e := e.(type) {
			case *expr.Column:
				to := e.Index + k
				if e.Index >= width {
					to += k
				}
				return &expr.Column{Index: to, Name: e.Name, T: e.T}
			case *expr.Outer:
				if e.Apply == d.id {
					return plan.ColumnOf(left, d.places[e.Index])
				}
			}
			return e
		}))
	}
	j := plan.NewJoin(left, right, n.Type, expr.And(conds))
	j.At = n.At
	if n.Type.LeftOnly() {
		return j
	}
	columns := plan.Columns(j)
	exprs := slices.Concat(columns[:k+width], columns[2*k+width:])
	if n.Type.KeepsRight() { // the domain stands on the side that has a row
		for i := range k {
			a, b := columns[i], columns[k+width+i]
			t := d.node.Schema()[i].Type
			exprs[i] = &expr.Case{When: []expr.Expr{call("IS NOT NULL", a)}, Then: []expr.Expr{a}, Else: b, T: t.Optional()}
		}
	}
	return &plan.Project{Input: j, Exprs: exprs, Fields: fields}
}
