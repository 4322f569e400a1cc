package bind

import (
	"strings"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// The functions of JSON that are written in a form of their own.

var (
	jsonPathNames = [...]string{syntax.JSONExists: "JSON_EXISTS", syntax.JSONValue: "JSON_VALUE", syntax.JSONQuery: "JSON_QUERY"}
	jsonWrappers  = [...]string{syntax.JSONWrapperUnset: "", syntax.JSONWithoutWrapper: "WITHOUT", syntax.JSONWithWrapper: "WITH",
		syntax.JSONWithConditionalWrapper: "WITH CONDITIONAL"}
	jsonBehaviors = [...]string{syntax.JSONBehaviorUnset: "", syntax.JSONBehaviorNull: "NULL", syntax.JSONBehaviorError: "ERROR",
		syntax.JSONBehaviorDefault: "DEFAULT", syntax.JSONBehaviorTrue: "TRUE", syntax.JSONBehaviorFalse: "FALSE", syntax.JSONBehaviorUnknown: "UNKNOWN",
		syntax.JSONBehaviorEmptyArray: "EMPTY ARRAY", syntax.JSONBehaviorEmptyObject: "EMPTY OBJECT"}
	jsonNulls = [...]string{syntax.JSONNullsDefault: "", syntax.JSONNullOnNull: "NULL", syntax.JSONAbsentOnNull: "ABSENT"}
)

// jsonPath binds JSON_EXISTS, JSON_VALUE and JSON_QUERY.
func (x *exprs) jsonPath(n *syntax.JSONPathCall) (expr.Expr, error) {
	nodes := []syntax.Expr{n.X, n.Path}
	args, err := x.bindAll(nodes)
	if err == nil {
		err = typed(nodes, args...)
	}
	if err != nil {
		return nil, err
	}
	c := expr.JSONClauses{Wrapper: jsonWrappers[n.Wrapper], OnEmpty: jsonBehaviors[n.OnEmpty.Behavior], OnError: jsonBehaviors[n.OnError.Behavior]}
	if n.Returning != nil {
		if c.Returning, err = typeOf(n.Returning); err != nil {
			return nil, err
		}
	}
	for _, d := range []struct {
		n  syntax.Expr
		to *expr.Expr
	}{{n.OnEmpty.Default, &c.EmptyDefault}, {n.OnError.Default, &c.ErrorDefault}} {
		if d.n == nil {
			continue
		}
		if *d.to, err = x.bind(d.n); err != nil {
			return nil, err
		}
	}
	e, err := expr.NewJSONPath(jsonPathNames[n.Func], args[0], args[1], c)
	return e, place(n, err)
}

// jsonConstructor binds JSON_OBJECT and JSON_ARRAY.
func (x *exprs) jsonConstructor(n *syntax.FuncCall, name string) (expr.Expr, error) {
	if n.Quantifier != syntax.NoQuantifier || n.Filter != nil || len(n.OrderBy) > 0 || len(n.Within) > 0 {
		return nil, syntax.Errorf(n, "DISTINCT, FILTER and ORDER BY belong to aggregate functions, and %s is none", name)
	}
	args := make([]expr.Expr, len(n.Args))
	for i, a := range n.Args {
		var err error
		if args[i], err = x.jsonArgument(a); err != nil {
			return nil, err
		}
	}
	build := expr.NewJSONArray
	if name == "JSON_OBJECT" {
		build = expr.NewJSONObject
	}
	e, err := build(args, jsonNulls[n.JSONNulls])
	return e, place(n, err)
}

// jsonArgument binds a value in a constructor, where JSON(…) may stand.
func (x *exprs) jsonArgument(n syntax.Expr) (expr.Expr, error) {
	call, ok := n.(*syntax.FuncCall)
	if !ok || functionLabel(call) != "JSON" || call.Over != nil {
		return x.bind(n)
	}
	args, err := x.bindAll(call.Args)
	if err != nil {
		return nil, err
	}
	return x.apply(n, "JSON", args...)
}

// jsonAggregate is the name of the aggregate function behind JSON_OBJECTAGG and JSON_ARRAYAGG, or name itself.
func jsonAggregate(n *syntax.FuncCall, name string) string {
	switch {
	case name == "JSON_OBJECTAGG" && n.JSONNulls == syntax.JSONAbsentOnNull, name == "JSON_ARRAYAGG" && n.JSONNulls != syntax.JSONNullOnNull:
		return name + "_ABSENT_ON_NULL"
	case name == "JSON_OBJECTAGG" || name == "JSON_ARRAYAGG":
		return name + "_NULL_ON_NULL"
	}
	return name
}

// jsonAggregated makes the last argument of such an aggregate JSON, unless it is: the accumulator only joins texts.
func (x *exprs) jsonAggregated(n *syntax.FuncCall, name string, args []expr.Expr) error {
	if !strings.HasPrefix(name, "JSON_") || len(args) == 0 {
		return nil
	}
	last := &args[len(args)-1]
	if c, ok := (*last).(*expr.Call); ok && (c.Func.Name == "JSON_OBJECT" || c.Func.Name == "JSON_ARRAY") {
		return nil
	}
	var err error
	*last, err = x.apply(n, "JSON_STRING", *last)
	return err
}
