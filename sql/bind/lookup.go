package bind

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// lookupJoin binds a join with what a table holds when a row is processed: the connector is asked for the rows of a key. right is a plan that
// reads the table: a scan, with computed columns and conditions above it.
func (b *binding) lookupJoin(left, right plan.Node, kind graph.JoinKind, cond expr.Expr, fields []column.Field, n *syntax.TableName) (plan.Node, error) {
	scan, columns := scanned(right)
	if scan == nil {
		return nil, fail(n, "join the table itself", "a join at processing time needs a table that can be looked up, and '%s' is a query", dotted(n.Name.Parts))
	}
	spec, ok := connector.Lookup(scan.Table.Connector)
	if !ok || spec.NewLookup == nil {
		return nil, fail(n, "use an event time, or a table of a connector that can be looked up", "the connector '%s' of table '%s' cannot be looked up",
			scan.Table.Connector, scan.Table.Name)
	}
	width := len(left.Schema())
	out := &plan.LookupJoin{Input: left, Fields: fields, At: n.Span}
	out.Type, out.Table, out.Project = kind, scan.Table, make([]int, len(columns))
	for i, c := range columns {
		out.Project[i] = scan.Project[c]
	}
	var rest []expr.Expr
	for _, c := range expr.Conjuncts(cond) {
		if k, ok := lookupKey(c, width, scan, columns); ok {
			out.Keys = append(out.Keys, k)
		} else {
			rest = append(rest, c)
		}
	}
	if len(out.Keys) == 0 {
		return nil, fail(n, "add table.column = value to ON", "a join at processing time needs a condition that says which rows of '%s' to look up", scan.Table.Name)
	}
	if len(rest) > 0 {
		out.Cond = expr.And(rest)
	}
	if b.advice != nil {
		name := n.Name.Last().Name
		if n.Alias != nil {
			name = n.Alias.Name.Name
		}
		out.Hint = b.advice.lookup[name]
	}
	return out, nil
}

func hintText(n syntax.Expr) string {
	switch n := n.(type) {
	case *syntax.Literal:
		return n.Text
	case *syntax.ColumnRef:
		return dotted(n.Parts)
	}
	return ""
}

// scanned returns the scan that a plan reads as it is, and which of the scan's columns the plan has.
func scanned(n plan.Node) (*plan.Scan, []int) {
	switch n := n.(type) {
	case *plan.Scan:
		columns := make([]int, len(n.Project))
		for i := range columns {
			columns[i] = i
		}
		return n, columns
	case *plan.Watermark:
		return scanned(n.Input)
	case *plan.Project:
		scan, below := scanned(n.Input)
		if scan == nil {
			return nil, nil
		}
		columns := make([]int, len(n.Exprs))
		for i, e := range n.Exprs {
			c, ok := e.(*expr.Column)
			if !ok {
				return nil, nil
			}
			columns[i] = below[c.Index]
		}
		return scan, columns
	}
	return nil, nil
}

// lookupKey takes a condition apart that says what a stored column of the table is equal to.
func lookupKey(cond expr.Expr, width int, scan *plan.Scan, columns []int) (graph.LookupKey, bool) {
	c, ok := cond.(*expr.Call)
	if !ok || c.Func.Name != "=" || len(c.Args) != 2 {
		return graph.LookupKey{}, false
	}
	for i, a := range c.Args {
		col, ok := a.(*expr.Column)
		if !ok || col.Index < width {
			continue
		}
		stored := scan.Project[columns[col.Index-width]]
		if stored >= len(scan.Table.Columns) {
			continue
		}
		other, onLeft := c.Args[1-i], true
		expr.Walk(other, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && c.Index >= width {
				onLeft = false
			}
			return onLeft
		})
		if t := other.Type(); onLeft && t.Kind == col.T.Kind && t.Scale == col.T.Scale && t.TimeUnit() == col.T.TimeUnit() {
			return graph.LookupKey{Column: stored, Value: other}, true
		}
	}
	return graph.LookupKey{}, false
}
