package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// aggregates collects the aggregate calls of a SELECT.
type aggregates struct {
	calls []aggregateCall
	inner bool // the arguments of one are being bound
}

// aggregateCall is an aggregate call with its arguments in terms of the rows that are grouped.
type aggregateCall struct {
	fn       *expr.AggregateFunction
	args     []expr.Expr // those of the function, and then what only order needs
	own      int         // arguments of the function
	order    []expr.Order
	filter   expr.Expr // nil: none
	distinct bool
	at       syntax.Span
	name     string
	t        column.Type
}

// function is what the plan calls.
func (c *aggregateCall) function() *expr.AggregateFunction {
	if len(c.order) == 0 {
		return c.fn
	}
	return c.fn.InOrder(c.own, c.order)
}

// aggregate binds an aggregate call. Its value stands for a column of the grouping's output; until that is known, it is a column
// numbered -1, -2, … by the place in calls.
func (x *exprs) aggregate(n *syntax.FuncCall, f *expr.AggregateFunction) (expr.Expr, error) {
	switch {
	case x.aggregates == nil:
		return nil, fail(n, "compare aggregates in HAVING, or in a query around this one", "the aggregate %s cannot stand in %s", f.Name, x.where)
	case x.aggregates.inner:
		return nil, fail(n, "compute the inner one in a query in FROM", "aggregates cannot stand inside each other")
	}
	x.aggregates.inner = true
	defer func() { x.aggregates.inner = false }()
	call := aggregateCall{at: n.Span, distinct: n.Quantifier == syntax.DistinctQuantifier}
	var err error
	if call.fn, call.args, call.t, err = x.aggregateArgs(n, f); err != nil {
		return nil, err
	}
	call.own = len(call.args)
	if err := x.aggregateOrder(n, &call); err != nil {
		return nil, err
	}
	if n.Filter != nil {
		if call.filter, err = x.condition(n.Filter, "FILTER (WHERE …)"); err != nil {
			return nil, err
		}
	}
	call.name = callName(&call)
	for i := range x.aggregates.calls {
		if sameCall(&x.aggregates.calls[i], &call) {
			return x.aggregates.column(i), nil
		}
	}
	x.aggregates.calls = append(x.aggregates.calls, call)
	return x.aggregates.column(len(x.aggregates.calls) - 1), nil
}

// aggregateArgs types the arguments of an aggregate call, and says what it returns. With IGNORE NULLS the function is another one.
func (x *exprs) aggregateArgs(n *syntax.FuncCall, f *expr.AggregateFunction) (*expr.AggregateFunction, []expr.Expr, column.Type, error) {
	none := column.Type{}
	if n.Nulls != syntax.NoNullTreatment {
		ignoring, ok := expr.LookupAggregate(f.Name + " IGNORE NULLS")
		if !ok {
			return nil, nil, none, fail(n, "ARRAY_AGG takes them", "IGNORE NULLS and RESPECT NULLS are not supported in %s", f.Name)
		}
		if n.Nulls == syntax.IgnoreNulls {
			f = ignoring
		}
	}
	list := n.Args
	if len(list) == 1 {
		if star, ok := list[0].(*syntax.Star); ok {
			if f.Name != "COUNT" || len(star.Qualifier) > 0 || n.Quantifier == syntax.DistinctQuantifier {
				return nil, nil, none, fail(star, "only COUNT(*) takes all rows", "%s does not take *", f.Name)
			}
			list = nil
		}
	} else if len(list) == 0 {
		advice := "write " + f.Name + "(expression)"
		if f.Name == "COUNT" {
			advice = "write COUNT(*) to count rows"
		}
		return nil, nil, none, fail(n, advice, "%s needs an argument", f.Name)
	}
	args, err := x.bindAll(list)
	if err != nil {
		return nil, nil, none, err
	}
	if err = typed(list, args...); err != nil {
		return nil, nil, none, err
	}
	if err = x.jsonAggregated(n, f.Name, args); err != nil {
		return nil, nil, none, err
	}
	types := make([]column.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	casts, t, err := f.Resolve(types)
	if err == nil && f.Check != nil {
		err = f.Check(args)
	}
	if err != nil {
		return nil, nil, none, place(n, err)
	}
	for i := range casts {
		args[i] = expr.CastTo(args[i], casts[i])
	}
	return f, args, t, nil
}

// orderedAggregates are the functions of the list whose result depends on the order of the rows.
var orderedAggregates = []string{"ARRAY_AGG", "ARRAY_AGG IGNORE NULLS", "FIRST_VALUE", "LAST_VALUE", "LISTAGG", "JSON_ARRAYAGG_ABSENT_ON_NULL", "JSON_ARRAYAGG_NULL_ON_NULL"}

// aggregateOrder binds the order of the rows that an aggregate takes in: ORDER BY behind its arguments, or WITHIN GROUP.
func (x *exprs) aggregateOrder(n *syntax.FuncCall, c *aggregateCall) error {
	items := n.OrderBy
	if len(n.Within) > 0 {
		if len(items) > 0 {
			return syntax.Errorf(n, "%s has ORDER BY inside, and so cannot have WITHIN GROUP", c.fn.Name)
		}
		items = n.Within
	}
	if len(items) == 0 {
		return nil
	}
	if !slices.Contains(orderedAggregates, c.fn.Name) && !slices.Contains(slices.Collect(expr.UserFunctions()), c.fn.Name) {
		return fail(&items[0], "leave it out", "the result of %s does not depend on the order of the rows: it takes no ORDER BY", c.fn.Name)
	}
	for i := range items {
		e, err := x.bind(items[i].X)
		if err != nil {
			return err
		}
		if err := orderable(items[i].X, e.Type()); err != nil {
			return err
		}
		at := slices.IndexFunc(c.args, func(a expr.Expr) bool { return equal(a, e) })
		if at < 0 {
			if c.distinct {
				return fail(items[i].X, "order by an argument", "with DISTINCT the rows of %s are those of its arguments, and have nothing else to order by", c.fn.Name)
			}
			at = len(c.args)
			c.args = append(c.args, e)
		}
		k := sortKey(&items[i], at)
		c.order = append(c.order, expr.Order{Arg: at, Descending: k.Descending, NullsLast: k.NullsLast})
	}
	return nil
}

// orderable refuses to order by values that have no order.
func orderable(at syntax.Node, t column.Type) error {
	switch t.Kind {
	case column.Map, column.Multiset, column.Array, column.Row, column.Variant, column.Bitset, column.Null:
		return syntax.Errorf(at, "values of type %s have no order", t.Optional())
	}
	return nil
}

// column is the stand-in for call i.
func (a *aggregates) column(i int) *expr.Column {
	return &expr.Column{Index: -1 - i, Name: a.calls[i].name, T: a.calls[i].t}
}

// callName writes an aggregate call for EXPLAIN.
func callName(c *aggregateCall) string {
	args := make([]string, c.own)
	for i := range args {
		args[i] = c.args[i].String()
	}
	list := strings.Join(args, ", ")
	if len(args) == 0 {
		list = "*"
	}
	if c.distinct {
		list = "DISTINCT " + list
	}
	for i, o := range c.order {
		list += [...]string{" ORDER BY ", ", "}[min(i, 1)] + c.args[o.Arg].String()
		if o.Descending {
			list += " DESC"
		}
	}
	name := c.fn.Name + "(" + list + ")"
	if c.filter != nil {
		name += " FILTER " + c.filter.String()
	}
	return name
}

func sameCall(a, b *aggregateCall) bool {
	return a.fn == b.fn && a.distinct == b.distinct && (a.filter == nil) == (b.filter == nil) &&
		(a.filter == nil || equal(a.filter, b.filter)) && slices.EqualFunc(a.args, b.args, equal) && slices.Equal(a.order, b.order)
}
