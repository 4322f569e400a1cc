package bind

import (
	"slices"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// windowingFunctions are the table functions that put rows into windows.
var windowingFunctions = map[string]graph.WindowKind{"TUMBLE": graph.Tumble, "HOP": graph.Hop, "CUMULATE": graph.Cumulate, "SESSION": graph.Session}

// takesTable reports whether a table function takes a table: it puts rows into windows, or changes their kinds. It, or a savepoint, does not depend on
// the rows to its left.
func takesTable(n *syntax.FuncCall) bool {
	_, ok := windowingFunctions[functionLabel(n)]
	return (ok || functionLabel(n) == savepointFunction || slices.Contains(changelogFunctions, functionLabel(n))) && len(n.Name.Parts) == 1
}

// tableFunctionJoin binds a join with what a table function makes of each row.
func (b *binding) tableFunctionJoin(left plan.Node, sc *scope, n *syntax.Join, f *syntax.TableFunc, e *env) (plan.Node, *scope, error) {
	switch {
	case n.Kind == syntax.RightJoin || n.Kind == syntax.FullJoin:
		return nil, nil, fail(&syntax.Span{From: n.OpPos, To: f.From}, "use CROSS JOIN or LEFT JOIN", "a table function depends on the rows to its left and cannot be joined so")
	case n.Natural || len(n.Using) > 0:
		return nil, nil, fail(n, "write ON TRUE", "a join with a table function cannot be NATURAL and has no USING")
	}
	return b.dependentJoin(left, sc, n, f.Span, e, func(left plan.Node, sc *scope, outer bool, e *env) (plan.Node, *scope, error) {
		return b.tableFunction(left, sc, f, outer, e)
	})
}

// tableFunction joins each row with what a table function makes of it.
func (b *binding) tableFunction(left plan.Node, sc *scope, n *syntax.TableFunc, outer bool, e *env) (plan.Node, *scope, error) {
	name := functionLabel(n.Call)
	f, ok := expr.LookupTableFunction(name)
	if !ok {
		known := append([]string{"TUMBLE", "HOP", "CUMULATE", "SESSION", "UNNEST", savepointFunction}, changelogFunctions...)
		for t := range expr.TableFunctions() {
			known = append(known, t.Name)
		}
		return nil, nil, fail(&n.Call.Name, suggest.Hint(name, known, "table functions are"), "there is no table function %s", name)
	}
	x := &exprs{binding: b, scope: sc, env: e, where: "the arguments of a table function"}
	args, err := x.bindAll(n.Call.Args)
	if err != nil {
		return nil, nil, err
	}
	typed, fields, err := f.Resolve(args)
	if err != nil {
		return nil, nil, place(n.Call, err)
	}
	fields = slices.Clone(fields)
	path := []string(nil)
	if n.Alias != nil {
		path = []string{n.Alias.Name.Name}
		if given := n.Alias.Columns; len(given) > 0 {
			if len(given) != len(fields) {
				return nil, nil, syntax.Errorf(&n.Alias.Span, "%s makes %s, but the alias names %d", name, plural(len(fields), "column"), len(given))
			}
			for i := range fields {
				fields[i].Name = given[i].Name
			}
		}
	}
	if outer {
		for i := range fields {
			fields[i].Type = fields[i].Type.Optional()
		}
	}
	width := len(left.Schema())
	out := &plan.TableFunction{Input: left, Fields: append(slices.Clone(left.Schema()), fields...), At: n.Span}
	out.Func, out.Args, out.Outer = f, typed, outer
	r := &rel{node: &plan.Values{Fields: fields}}
	joined := &scope{relations: slices.Clone(sc.relations)}
	return out, joined, joined.add(newRelation(n, path, r, width))
}
