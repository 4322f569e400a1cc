package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

func hint(name string, known []string, what string) string { return suggest.Hint(name, known, what) }

// call binds a function call of any kind.
func (x *exprs) call(n *syntax.FuncCall) (expr.Expr, error) {
	name := functionLabel(n)
	if len(n.Name.Parts) > 1 {
		return nil, unsupported(&n.Name, "a function of the user's own, such as %s, is", dotted(n.Name.Parts))
	}
	if n.Over != nil {
		return x.over(n, name)
	}
	if _, ok := expr.LookupWindow(name); ok {
		return nil, fail(n, "write "+name+"() OVER (PARTITION BY … ORDER BY …)", "%s needs OVER", name)
	}
	if x.match != nil {
		if e, known, err := x.matchCall(n, name); known || err != nil {
			return e, err
		}
	}
	if slices.Contains(groupingFunctions, name) {
		return x.groupingFunction(n, name)
	}
	if window, p, ok := isWindowProperty(name); ok {
		return x.windowProperty(n, name, window, p)
	}
	switch name {
	case "JSON_OBJECT", "JSON_ARRAY":
		return x.jsonConstructor(n, name)
	case "JSON":
		return nil, fail(n, "write JSON_OBJECT('key' VALUE JSON(…))", "JSON can only be a value of JSON_OBJECT or JSON_ARRAY")
	}
	if f, ok := expr.LookupAggregate(jsonAggregate(n, name)); ok && !f.Internal {
		return x.aggregate(n, f)
	}
	f, ok := expr.Lookup(name)
	if !ok || !isWord(f.Name) && !isWord(name) {
		return nil, noFunction(n, name)
	}
	switch {
	case n.Quantifier != syntax.NoQuantifier:
		return nil, syntax.Errorf(n, "DISTINCT and ALL belong to aggregate functions, and %s is none", name)
	case n.Filter != nil:
		return nil, syntax.Errorf(n.Filter, "FILTER belongs to aggregate functions, and %s is none", name)
	case len(n.OrderBy) > 0 || len(n.Within) > 0:
		return nil, syntax.Errorf(n, "ORDER BY belongs to aggregate functions, and %s is none", name)
	case n.Nulls != syntax.NoNullTreatment:
		return nil, syntax.Errorf(n, "IGNORE NULLS and RESPECT NULLS belong to window functions, and %s is none", name)
	}
	args, err := x.bindAll(n.Args)
	if err != nil {
		return nil, err
	}
	if n.Special && name == "TRIM" {
		args = append(args, expr.Text([...]string{"BOTH", "LEADING", "TRAILING"}[n.Trim]))
		if len(args) == 2 {
			args = []expr.Expr{args[0], expr.Text(" "), args[1]}
		}
	}
	e, err := f.Call(args...)
	return e, place(n, err)
}

// noFunction offers the function that is nearest in name.
func noFunction(n *syntax.FuncCall, name string) error {
	advice := "SHOW FUNCTIONS lists those there are"
	if near := suggest.Nearest(name, functionNames()); near != "" {
		advice = "did you mean " + near + "?"
	}
	return fail(&n.Name, advice, "there is no function %s", name)
}

// isWord reports whether a function has a name, and not a sign or several words.
func isWord(name string) bool {
	return strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == ""
}

// functionNames lists the functions that can be called by name.
func functionNames() []string {
	var list []string
	for f := range expr.Functions() {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if isWord(name) {
				list = append(list, name)
			}
		}
	}
	for f := range expr.Aggregates() {
		list = append(list, f.Name)
	}
	for name := range expr.UserFunctions() {
		list = append(list, name)
	}
	return list
}

// aggregates collects the aggregate calls of a SELECT.
type aggregates struct {
	calls []aggregateCall
	inner bool // the arguments of one are being bound
}

// aggregateCall is an aggregate call with its arguments in terms of the rows that are grouped.
type aggregateCall struct {
	fn       *expr.AggregateFunction
	args     []expr.Expr
	filter   expr.Expr // nil: none
	distinct bool
	at       syntax.Span
	name     string
	t        column.Type
}

// aggregate binds an aggregate call. Its value stands for a column of the grouping's output; until that is known, it is a column
// numbered -1, -2, … by the place in calls.
func (x *exprs) aggregate(n *syntax.FuncCall, f *expr.AggregateFunction) (expr.Expr, error) {
	switch {
	case x.aggregates == nil:
		return nil, fail(n, "compare aggregates in HAVING, or in a query around this one", "the aggregate %s cannot stand in %s", f.Name, x.where)
	case x.aggregates.inner:
		return nil, fail(n, "compute the inner one in a query in FROM", "aggregates cannot stand inside each other")
	case len(n.OrderBy) > 0 || len(n.Within) > 0:
		return nil, unsupported(n, "ORDER BY in %s is", f.Name)
	case n.Nulls != syntax.NoNullTreatment:
		ignoring, ok := expr.LookupAggregate(f.Name + " IGNORE NULLS")
		if !ok {
			return nil, unsupported(n, "IGNORE NULLS in %s is", f.Name)
		}
		if n.Nulls == syntax.IgnoreNulls {
			f = ignoring
		}
	}
	call := aggregateCall{fn: f, at: n.Span, distinct: n.Quantifier == syntax.DistinctQuantifier}
	x.aggregates.inner = true
	defer func() { x.aggregates.inner = false }()
	if len(n.Args) == 1 {
		if star, ok := n.Args[0].(*syntax.Star); ok {
			if f.Name != "COUNT" || len(star.Qualifier) > 0 || call.distinct {
				return nil, fail(star, "only COUNT(*) takes all rows", "%s does not take *", f.Name)
			}
			n = &syntax.FuncCall{Span: n.Span, Name: n.Name, Filter: n.Filter}
		}
	} else if len(n.Args) == 0 {
		return nil, fail(n, map[bool]string{true: "write COUNT(*) to count rows", false: "write " + f.Name + "(expression)"}[f.Name == "COUNT"],
			"%s needs an argument", f.Name)
	}
	var err error
	if call.args, err = x.bindAll(n.Args); err != nil {
		return nil, err
	}
	if err = x.jsonAggregated(n, f.Name, call.args); err != nil {
		return nil, err
	}
	types := make([]column.Type, len(call.args))
	for i, a := range call.args {
		types[i] = a.Type()
	}
	casts, result, err := f.Resolve(types)
	if err != nil {
		return nil, place(n, err)
	}
	if f.Check != nil {
		if err := f.Check(call.args); err != nil {
			return nil, place(n, err)
		}
	}
	for i := range casts {
		call.args[i] = expr.CastTo(call.args[i], casts[i])
	}
	if n.Filter != nil {
		if call.filter, err = x.condition(n.Filter, "FILTER (WHERE …)"); err != nil {
			return nil, err
		}
	}
	call.t, call.name = result, callName(f, &call)
	for i := range x.aggregates.calls {
		if sameCall(&x.aggregates.calls[i], &call) {
			return x.aggregates.column(i), nil
		}
	}
	x.aggregates.calls = append(x.aggregates.calls, call)
	return x.aggregates.column(len(x.aggregates.calls) - 1), nil
}

// column is the stand-in for call i.
func (a *aggregates) column(i int) *expr.Column {
	return &expr.Column{Index: -1 - i, Name: a.calls[i].name, T: a.calls[i].t}
}

// callName writes an aggregate call for EXPLAIN.
func callName(f *expr.AggregateFunction, c *aggregateCall) string {
	args := make([]string, len(c.args))
	for i, a := range c.args {
		args[i] = a.String()
	}
	list := strings.Join(args, ", ")
	if len(args) == 0 {
		list = "*"
	}
	if c.distinct {
		list = "DISTINCT " + list
	}
	name := f.Name + "(" + list + ")"
	if c.filter != nil {
		name += " FILTER " + c.filter.String()
	}
	return name
}

func sameCall(a, b *aggregateCall) bool {
	return a.fn == b.fn && a.distinct == b.distinct && (a.filter == nil) == (b.filter == nil) &&
		(a.filter == nil || equal(a.filter, b.filter)) && slices.EqualFunc(a.args, b.args, equal)
}
