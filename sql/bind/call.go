package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
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
	if (name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF") && len(n.Args) > 0 {
		if _, ok := n.Args[0].(*syntax.TimeUnit); !ok {
			return nil, fail(n.Args[0], "write "+name+"(DAY, …)", "%s begins with a unit of time, which is a word and no value", name)
		}
	}
	if f.Name == "CURRENT_WATERMARK" && len(n.Args) == 1 {
		if err := x.needsRowtime(n.Args[0], args[0].Type()); err != nil {
			return nil, err
		}
	}
	if n.Special && name == "TRIM" {
		args = append(args, expr.Text([...]string{"BOTH", "LEADING", "TRAILING"}[n.Trim]))
		if len(args) == 2 {
			args = []expr.Expr{args[0], expr.Text(" "), args[1]}
		}
	}
	if slices.Contains(typedArguments, f.Name) {
		if err := typed(n.Args, args[:min(len(args), len(n.Args))]...); err != nil {
			return nil, err
		}
	}
	if n.Special && name == "POSITION" && len(args) == 3 {
		return x.apply(n, "LOCATE", args...)
	}
	e, err := f.Call(args...)
	return e, place(n, err)
}

// needsRowtime fails unless the argument of CURRENT_WATERMARK is a column with watermarks.
func (x *exprs) needsRowtime(n syntax.Expr, t column.Type) error {
	if ref, ok := n.(*syntax.ColumnRef); ok {
		if hit, err := x.scope.lookup(ref.Parts, ref); err == nil && len(hit.fields) == 0 && hit.column.time == catalog.Rowtime {
			return nil
		}
	}
	return fail(n, "name a column for which the table has a WATERMARK", "the argument of CURRENT_WATERMARK must be an event time with watermarks, and this is of type %s", t.Optional())
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
