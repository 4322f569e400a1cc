package bind

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// grouping is the GROUP BY of a SELECT, or what takes its place where aggregates stand without one. Expressions are bound to the rows
// that are grouped and then replaced by what is known of a group.
type grouping struct {
	grouped    bool        // GROUP BY is written
	keys       []expr.Expr // in terms of the rows that are grouped
	names      []string
	sets       [][]int // grouping sets: keys in each; nil: one of all keys
	window     *groupWindow
	calls      []groupingCall
	keep       graph.Keep // what is kept of groups that do not change, by hints
	aggregates aggregates
	at         syntax.Span
	places     map[*expr.Column]syntax.Node
}

// grouping binds GROUP BY, which may be nil.
func (b *binding) grouping(n *syntax.GroupBy, x *exprs) (*grouping, error) {
	g := &grouping{places: map[*expr.Column]syntax.Node{}}
	if n == nil {
		return g, nil
	}
	g.grouped, g.at = true, n.Span
	x.where = "GROUP BY"
	sets, err := g.items(x, n.Items)
	if err != nil {
		return nil, err
	}
	if g.takeSets(sets, n.Distinct); g.sets != nil && g.window != nil {
		return nil, fail(n, "use a windowing table function in FROM", "a window in GROUP BY does not go with GROUPING SETS")
	}
	return g, nil
}

func keyName(e expr.Expr) string {
	if c, ok := e.(*expr.Column); ok {
		return c.Name
	}
	return e.String()
}

// replace puts an expression in terms of the grouping's output: keys, and then aggregates. A column that is neither is an error at the
// place where it is named.
func (g *grouping) replace(e expr.Expr) (expr.Expr, error) {
	for i, k := range g.keys {
		if equal(k, e) {
			return &expr.Column{Index: i, Name: g.names[i], T: g.keyType(i)}, nil
		}
	}
	list := func(in []expr.Expr) ([]expr.Expr, error) {
		out := make([]expr.Expr, len(in))
		for i, a := range in {
			var err error
			if out[i], err = g.replace(a); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	switch e := e.(type) {
	case *expr.Column:
		if e.Index <= lateBase || e.Index >= inBase {
			return e, nil
		}
		if e.Index <= groupBase {
			return g.groupingValue(&g.calls[groupBase-e.Index])
		}
		if e.Index <= windowBase {
			at := windowBase - e.Index
			return &expr.Column{Index: len(g.keys) + len(g.aggregates.calls) + at, Name: e.Name, T: e.T}, nil
		}
		if e.Index < 0 {
			call := -1 - e.Index
			return &expr.Column{Index: g.width() + call, Name: e.Name, T: g.result(call)}, nil
		}
		msg, hint := "'"+e.Name+"' is not being grouped", "add it to GROUP BY, or take an aggregate of it, such as MAX("+e.Name+")"
		if at := g.places[e]; at != nil {
			return nil, fail(at, hint, "%s", msg)
		}
		return nil, &catalog.Error{Msg: msg, Hint: hint} // of a query inside, which has a place
	case *expr.Call:
		args, err := list(e.Args)
		if err != nil {
			return nil, err
		}
		return e.Func.Call(args...) // types may have become nullable
	case *expr.Cast:
		arg, err := g.replace(e.Arg)
		if err != nil {
			return nil, err
		}
		t := e.T
		t.NotNull = arg.Type().NotNull && !e.Try
		return &expr.Cast{Arg: arg, T: t, Try: e.Try}, nil
	case *expr.Case:
		when, err := list(e.When)
		if err != nil {
			return nil, err
		}
		then, err := list(e.Then)
		if err != nil {
			return nil, err
		}
		other, err := g.replace(e.Else)
		if err != nil {
			return nil, err
		}
		t := e.T
		t.NotNull = other.Type().NotNull
		for _, branch := range then {
			t.NotNull = t.NotNull && branch.Type().NotNull
		}
		return &expr.Case{When: when, Then: then, Else: other, T: t}, nil
	}
	return e, nil
}

// result is the type of a call's result. Without keys a group may be empty, and with FILTER nothing may be left of it: all but counts are
// NULL then.
func (g *grouping) result(call int) column.Type {
	c := &g.aggregates.calls[call]
	if len(g.keys) == 0 && g.window == nil || c.filter != nil {
		if c.t.NotNull && !countsRows(c.fn) {
			return c.t.Optional()
		}
	}
	return c.t
}

// countsRows reports whether an aggregate of no rows is not NULL: its result is NOT NULL even if its argument is nullable.
func countsRows(f *expr.AggregateFunction) bool {
	if f.Total {
		return true
	}
	_, t, err := f.Resolve([]column.Type{column.Of(column.Int)})
	return err == nil && t.NotNull
}

// attach computes the queries that stand inside keys and inside the arguments of aggregates below the aggregation.
func (g *grouping) attach(input plan.Node, l *late) (plan.Node, error) {
	var list []*expr.Expr
	for i := range g.keys {
		list = append(list, &g.keys[i])
	}
	for i := range g.aggregates.calls {
		c := &g.aggregates.calls[i]
		for j := range c.args {
			list = append(list, &c.args[j])
		}
		if c.filter != nil {
			list = append(list, &c.filter)
		}
	}
	exprs := make([]expr.Expr, len(list))
	for i, e := range list {
		exprs[i] = *e
	}
	input, at, err := l.attach(input, l.usedIn(exprs), nil)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		*e = placed(*e, at)
	}
	return input, nil
}

// plan returns the aggregation, over a projection of what it needs.
func (g *grouping) plan(input plan.Node) plan.Node {
	below := &plan.Project{Input: input}
	add := func(e expr.Expr, name string) int {
		for i, other := range below.Exprs {
			if equal(other, e) && (g.sets == nil || i >= len(g.keys)) { // keys are NULL in some of the sets, what aggregates take is not
				return i
			}
		}
		below.Exprs = append(below.Exprs, e)
		below.Fields = append(below.Fields, column.Field{Name: name, Type: e.Type()})
		return len(below.Exprs) - 1
	}
	out := &plan.Aggregate{Input: below, Always: len(g.keys) == 0, Keep: g.keep, At: g.at}
	if !g.grouped && len(g.aggregates.calls) > 0 {
		out.At = g.aggregates.calls[0].at
	}
	for i, k := range g.keys {
		out.Keys = append(out.Keys, add(k, g.names[i]))
		out.Fields = append(out.Fields, column.Field{Name: g.names[i], Type: g.keyType(i)})
	}
	if g.sets != nil {
		out.Fields = append(out.Fields, column.Field{Name: setName, Type: column.Of(column.BigInt).Required()})
	}
	for i := range g.aggregates.calls {
		c := &g.aggregates.calls[i]
		call := expr.Aggregate{Func: c.function(), Distinct: c.distinct, Filter: -1, Name: c.name, T: g.result(i)}
		for _, a := range c.args {
			call.Args = append(call.Args, add(a, keyName(a)))
		}
		if c.filter != nil {
			call.Filter = add(c.filter, keyName(c.filter))
		}
		out.Calls = append(out.Calls, call)
		out.Fields = append(out.Fields, column.Field{Name: c.name, Type: call.T})
	}
	switch {
	case g.window != nil:
		return g.window.plan(below, out)
	case g.sets != nil:
		out.Input, out.Always = g.expand(below), false
		out.Keys = append(out.Keys, len(below.Exprs))
	}
	return out
}

// width is the number of columns before those of the calls.
func (g *grouping) width() int {
	if g.sets != nil {
		return len(g.keys) + 1
	}
	return len(g.keys)
}
