package bind

import (
	"slices"

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
	r := readBy(right)
	if r == nil {
		return nil, fail(n, "join the table itself, or a view that only computes columns and leaves rows out",
			"a join at processing time needs a table that can be looked up, and '%s' is a query", dotted(n.Name.Parts))
	}
	scan := r.scan
	spec, ok := connector.Lookup(scan.Table.Connector)
	if !ok || spec.NewLookup == nil {
		return nil, fail(n, "use an event time, or a table of a connector that can be looked up", "the connector '%s' of table '%s' cannot be looked up",
			scan.Table.Connector, scan.Table.Name)
	}
	width := len(left.Schema())
	out := &plan.LookupJoin{Input: left, Fields: plan.JoinFields(left.Schema(), scan.Schema(), kind), At: n.Span}
	out.Type, out.Table, out.Project, out.Filter = kind, scan.Table, scan.Project, r.filter
	cond = expr.Rewrite(cond, func(e expr.Expr) expr.Expr { // over the left columns, then the table's
		if c, ok := e.(*expr.Column); ok && c.Index >= width {
			return expr.Rewrite(r.exprs[c.Index-width], func(e expr.Expr) expr.Expr {
				if c, ok := e.(*expr.Column); ok {
					return &expr.Column{Index: width + c.Index, Name: c.Name, T: c.T}
				}
				return e
			})
		}
		return e
	})
	var rest []expr.Expr
	for _, c := range expr.Conjuncts(cond) {
		if k, ok := lookupKey(c, width, scan); ok {
			out.Keys = append(out.Keys, k)
		} else {
			rest = append(rest, c)
		}
	}
	if len(out.Keys) == 0 {
		return nil, fail(n, "add table.column = value, of the same type, to ON", "a join at processing time needs a condition that says which rows of '%s' to look up", scan.Table.Name)
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
	return r.computed(out, fields), nil
}

// computed computes the columns of what is read of a table above the join that looks it up. Where no row was found they are NULL, as the
// table's key is then, and nowhere else.
func (r *reading) computed(n *plan.LookupJoin, fields []column.Field) plan.Node {
	width := len(n.Input.Schema())
	exprs := plan.Columns(n)[:width:width]
	found := plan.ColumnOf(n, width+slices.Index(n.Project, n.Keys[0].Column))
	for i, e := range r.exprs {
		t := fields[width+i].Type
		_, plain := e.(*expr.Column)
		e = expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok {
				return plan.ColumnOf(n, width+c.Index)
			}
			return e
		})
		if !plain && n.Type == graph.LeftJoin {
			e = &expr.Case{When: []expr.Expr{must("IS NOT NULL", found)}, Then: []expr.Expr{expr.CastTo(e, t)}, Else: expr.NullOf(t), T: t}
		}
		exprs = append(exprs, e)
	}
	return &plan.Project{Input: n, Exprs: exprs, Fields: fields}
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

// reading is a plan that reads a table row by row: which rows it leaves out, and what it computes of each, over the scan's columns.
type reading struct {
	scan   *plan.Scan
	filter expr.Expr // nil: none
	exprs  []expr.Expr
}

// readBy takes a plan apart that reads a table row by row; nil if it does more.
func readBy(n plan.Node) *reading {
	switch n := n.(type) {
	case *plan.Scan:
		return &reading{scan: n, exprs: plan.Columns(n)}
	case *plan.Watermark:
		return readBy(n.Input)
	case *plan.Filter:
		r := readBy(n.Input)
		if r == nil {
			return nil
		}
		conds := []expr.Expr{r.inTerms(n.Cond)}
		if r.filter != nil {
			conds = append([]expr.Expr{r.filter}, conds...)
		}
		r.filter = expr.And(conds)
		return r
	case *plan.Project:
		r := readBy(n.Input)
		if r == nil {
			return nil
		}
		exprs := make([]expr.Expr, len(n.Exprs))
		for i, e := range n.Exprs {
			exprs[i] = r.inTerms(e)
		}
		r.exprs = exprs
		return r
	}
	return nil
}

// inTerms puts an expression over what is computed in terms of the scan's columns.
func (r *reading) inTerms(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			return r.exprs[c.Index]
		}
		return e
	})
}

// lookupKey takes a condition apart that says what a stored column of the table is equal to.
func lookupKey(cond expr.Expr, width int, scan *plan.Scan) (graph.LookupKey, bool) {
	c, ok := cond.(*expr.Call)
	if !ok || c.Func.Name != "=" || len(c.Args) != 2 {
		return graph.LookupKey{}, false
	}
	for i, a := range c.Args {
		col, ok := a.(*expr.Column)
		if !ok || col.Index < width {
			continue
		}
		stored := scan.Project[col.Index-width]
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
		t := other.Type()
		if same := t.Kind == col.T.Kind && t.Scale == col.T.Scale && t.TimeUnit() == col.T.TimeUnit(); onLeft && (same || t.IsText() && col.T.IsText()) {
			return graph.LookupKey{Column: stored, Value: other}, true
		}
	}
	return graph.LookupKey{}, false
}
