package bind

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// Casts, and values made of several and taken apart again.

func (x *exprs) cast(n *syntax.Cast) (expr.Expr, error) {
	t, err := typeOf(n.Type)
	if err != nil {
		return nil, err
	}
	e, err := x.bind(n.X)
	if err != nil {
		return nil, err
	}
	from := e.Type()
	if isInterval(t) && from.IsInteger() && !n.Try && n.Type.Units.To == "" {
		return x.units(n, e, n.Type.Units, false)
	}
	if !expr.CanCast(from, t, false) {
		return nil, fail(n, castHint(from, t), "%s cannot be cast to %s", from.Optional(), t.Optional())
	}
	t.NotNull = from.NotNull && !n.Try
	switch {
	case expr.IsNull(e):
		return expr.NullOf(t), nil
	case from.SameAs(t) && !n.Try:
		return e, nil
	}
	return &expr.Cast{Arg: e, T: t, Try: n.Try}, nil
}

// castHint says how to do what a cast cannot.
func castHint(from, to column.Type) string {
	isTimestamp := func(t column.Type) bool { return t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ }
	switch {
	case isTimestamp(from) && to.IsNumeric():
		return "use UNIX_TIMESTAMP(CAST(… AS STRING))"
	case from.Kind == column.Variant:
		return "cast its JSON: CAST(JSON_UNQUOTE(JSON_STRING(…)) AS " + to.Optional().String() + ")"
	case from.IsNumeric() && isTimestamp(to):
		return "use TO_TIMESTAMP_LTZ(…, 0) for seconds or TO_TIMESTAMP_LTZ(…, 3) for milliseconds"
	}
	return ""
}

func (x *exprs) collection(n *syntax.Collection) (expr.Expr, error) {
	name := [...]string{syntax.Array: "ARRAY", syntax.Map: "MAP", syntax.Multiset: "MULTISET"}[n.Kind]
	if n.Query != nil {
		return x.collect(n)
	}
	if len(n.Items) == 0 {
		return nil, fail(n, "write CAST(NULL AS ARRAY<INT>) for none", "%s needs at least one value, so that it has a type", name)
	}
	return x.construct(n, name, n.Items)
}

// construct calls ROW, ARRAY or MAP.
func (x *exprs) construct(n syntax.Node, name string, items []syntax.Expr) (expr.Expr, error) {
	list, err := x.bindAll(items)
	if err == nil && name == "ROW" {
		err = typed(items, list...)
	}
	if err != nil {
		return nil, err
	}
	return x.apply(n, name, list...)
}

func (x *exprs) index(n *syntax.Index) (expr.Expr, error) {
	nodes := []syntax.Expr{n.X, n.Index}
	list, err := x.bindAll(nodes)
	if err == nil {
		err = typed(nodes, list...)
	}
	if err != nil {
		return nil, err
	}
	if k := list[0].Type().Kind; k != column.Array && k != column.Map && k != column.Row && k != column.Variant {
		return nil, syntax.Errorf(n, "[ ] takes an element of an ARRAY, MAP or ROW, not of %s", list[0].Type().Optional())
	}
	return x.apply(n, "ITEM", list...)
}
