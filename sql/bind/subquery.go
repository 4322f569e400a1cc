package bind

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// A query inside an expression becomes a [plan.Apply] below the operator that the expression belongs to, and one more column there. Which
// column, and over which rows, is known only when the expressions around are: until then a column numbered from lateBase down stands for it.

// lateBase is the number of the first column that stands for something computed later; the next ones go down from there.
const lateBase = -1 << 20

// outer is the rows of a query around, to which a query inside may refer: it becomes the right input of the Apply numbered apply.
type outer struct {
	scope  *scope
	apply  int
	around *env // what is visible to the query around
}

// subquery is a query inside an expression.
type subquery struct {
	id     int
	result plan.ApplyResult
	node   plan.Node
	// cond is the condition of IN over columns of the left rows, and of the subquery's rows numbered from inBase up.
	cond expr.Expr
	at   syntax.Span
	text string // of the expression
	late *expr.Column
	// applied is set once the query is computed below an operator. What is above it and needs the value too computes it again.
	applied bool
}

// inBase is the number of a subquery's first column in the condition of an IN.
const inBase = 1 << 20

// inside returns what a query inside an expression, or a lateral one, can see, and the number of its Apply.
func (b *binding) inside(e *env, s *scope) (*env, int) {
	*b.applies++
	return &env{outer: &outer{scope: s, apply: *b.applies, around: e}, parent: e}, *b.applies
}

// outerColumn finds a column in the queries around, from the inside out.
func (x *exprs) outerColumn(n *syntax.ColumnRef) (expr.Expr, error) {
	for o := x.env.around(); o != nil; o = o.around.around() {
		hit, err := o.scope.lookup(n.Parts, n)
		if err != nil {
			if isAmbiguous(err) {
				return nil, err
			}
			continue
		}
		x.expansion.column(n, hit)
		var e expr.Expr = &expr.Outer{Apply: o.apply, Index: hit.column.index, Name: hit.column.name, T: hit.column.typ}
		for i := range hit.fields {
			if e, err = x.field(e, &hit.fields[i]); err != nil {
				return nil, err
			}
		}
		return e, nil
	}
	return nil, nil
}

// around returns the rows of the nearest query around.
func (e *env) around() *outer {
	for ; e != nil; e = e.parent {
		if e.outer != nil {
			return e.outer
		}
	}
	return nil
}

// sub binds a query inside an expression.
func (x *exprs) sub(q *syntax.Query, at syntax.Node) (*rel, *subquery, error) {
	if x.late == nil {
		return nil, nil, syntax.Errorf(at, "a query cannot stand in %s", x.where)
	}
	inner, id := x.binding.inside(x.env, x.scope)
	r, err := x.binding.query(q, inner)
	if err != nil {
		return nil, nil, err
	}
	return r, &subquery{id: id, node: unsorted(r).node, at: syntax.Span{From: at.Pos(), To: at.End()}}, nil
}

// column keeps a subquery for later and returns the column that stands for it: that of the same query before, if there is one.
func (x *exprs) column(s *subquery, n syntax.Node, name string, t column.Type) expr.Expr {
	s.text = syntax.Format(n)
	for _, other := range x.late.queries {
		if !other.applied && other.text == s.text {
			return other.late
		}
	}
	s.late = &expr.Column{Index: lateBase - len(x.late.queries), Name: name, T: t}
	x.late.queries = append(x.late.queries, s)
	return s.late
}

// late is what the expressions of a SELECT need computed below them: queries, and calls with OVER, which are computed after those.
type late struct {
	queries       []*subquery
	windows       []*overCall
	allowsWindows bool // calls with OVER may stand here
	inWindow      bool // the parts of one are being bound
}

// scalar binds a query that stands for a value.
func (x *exprs) scalar(n *syntax.Subquery) (expr.Expr, error) {
	r, s, err := x.sub(n.Query, n)
	if err != nil {
		return nil, err
	}
	if len(r.fields()) != 1 {
		return nil, fail(n, "select one column", "a query that stands for a value must have one column, and this one has %d", len(r.fields()))
	}
	s.result, s.node = plan.ApplyScalar, r.node
	f := r.fields()[0]
	return x.column(s, n, f.Name, f.Type.Optional()), nil
}

// exists binds EXISTS.
func (x *exprs) exists(n *syntax.Exists) (expr.Expr, error) {
	_, s, err := x.sub(n.Query, n)
	if err != nil {
		return nil, err
	}
	s.result = plan.ApplyExists
	return x.column(s, n, "EXISTS", column.Of(column.Boolean).Required()), nil
}

// inQuery binds IN with a query.
func (x *exprs) inQuery(n *syntax.In) (expr.Expr, error) {
	e, err := x.anyOf(n, n.X, n.Query, "=")
	if err != nil || !n.Not {
		return e, err
	}
	return x.apply(n, "NOT", e)
}

// opposites are the comparisons that are true where others are false.
var opposites = map[string]string{"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

// quantified binds a comparison with ANY or ALL of a query or a list.
func (x *exprs) quantified(n *syntax.Quantified) (expr.Expr, error) {
	op := binaryFunctions[n.Op]
	if opposites[op] == "" {
		return nil, syntax.Errorf(n, "%s cannot stand before ANY or ALL: comparisons can", n.Op)
	}
	if n.Query != nil {
		if !n.All {
			return x.anyOf(n, n.X, n.Query, op)
		}
		e, err := x.anyOf(n, n.X, n.Query, opposites[op]) // all compare if none does the opposite
		if err != nil {
			return nil, err
		}
		return x.apply(n, "NOT", e)
	}
	of, err := x.bind(n.X)
	if err != nil {
		return nil, err
	}
	parts := make([]expr.Expr, len(n.List))
	for i, item := range n.List {
		v, err := x.bind(item)
		if err != nil {
			return nil, err
		}
		if parts[i], err = x.apply(item, op, of, v); err != nil {
			return nil, err
		}
	}
	if n.All {
		return expr.And(parts), nil
	}
	return expr.Or(parts), nil
}

// anyOf binds a comparison of a value, or of a row of values, with any row of a query.
func (x *exprs) anyOf(n syntax.Node, left syntax.Expr, q *syntax.Query, op string) (expr.Expr, error) {
	items := []syntax.Expr{left}
	if row, ok := left.(*syntax.Row); ok && !row.Explicit {
		items = row.Items
	}
	values, err := x.bindAll(items)
	if err != nil {
		return nil, err
	}
	r, s, err := x.sub(q, n)
	if err != nil {
		return nil, err
	}
	fields := r.fields()
	if len(fields) != len(values) {
		return nil, syntax.Errorf(n, "the query has %s, and %s compared with it", plural(len(fields), "column"), pluralIs(len(values), "value"))
	}
	if len(values) > 1 && op != "=" {
		return nil, syntax.Errorf(n, "rows of several values can only be compared by = ANY, that is IN")
	}
	conds := make([]expr.Expr, len(values))
	for i, v := range values {
		if conds[i], err = x.apply(n, op, v, &expr.Column{Index: inBase + i, Name: fields[i].Name, T: fields[i].Type}); err != nil {
			return nil, err
		}
	}
	s.result, s.cond = plan.ApplyIn, expr.And(conds)
	t := column.Of(column.Boolean)
	t.NotNull = s.cond.Type().NotNull
	return x.column(s, n, "IN", t), nil
}

// collect binds ARRAY(query) and MULTISET(query).
func (x *exprs) collect(n *syntax.Collection) (expr.Expr, error) {
	r, s, err := x.sub(n.Query, n)
	if err != nil {
		return nil, err
	}
	name := map[syntax.CollectionKind]string{syntax.Array: "ARRAY_AGG", syntax.Multiset: "COLLECT"}[n.Kind]
	if len(r.fields()) != 1 || name == "" {
		return nil, fail(n, "use ARRAY(query) with one column", "a collection of a query with %s is not supported", plural(len(r.fields()), "column"))
	}
	f, ok := expr.LookupAggregate(name)
	if !ok {
		return nil, unsupported(n, "a collection of a query is")
	}
	casts, t, err := f.Resolve([]column.Type{r.fields()[0].Type})
	if err != nil {
		return nil, place(n, err)
	}
	in := r.node
	if casts != nil {
		in = castColumns(in, []column.Field{{Name: r.fields()[0].Name, Type: casts[0]}})
	}
	t = t.Optional()
	call := expr.Aggregate{Func: f, Args: []int{0}, Filter: -1, Name: name + "(" + r.fields()[0].Name + ")", T: t}
	s.result = plan.ApplyScalar
	s.node = &plan.Aggregate{Input: in, Calls: []expr.Aggregate{call}, Always: true, Fields: []column.Field{{Name: "EXPR$0", Type: t}}, At: n.Span}
	return x.column(s, n, "EXPR$0", t), nil
}

// attach computes what is late above a node, and returns the node and the columns that now stand for it. change, if not nil, puts
// expressions over the rows that subqueries were bound to in terms of the node's.
func (l *late) attach(n plan.Node, only func(*subquery) bool, change func(expr.Expr) (expr.Expr, error)) (plan.Node, map[int]*expr.Column, error) {
	at := map[int]*expr.Column{}
	for _, s := range l.queries {
		if !only(s) {
			continue
		}
		width := len(n.Schema())
		right, cond := s.node, s.cond
		if change != nil {
			var err error
			if right, err = changeOuter(right, s.id, change); err != nil {
				return nil, nil, place(&s.at, err)
			}
			if cond != nil {
				if cond, err = change(cond); err != nil {
					return nil, nil, place(&s.at, err)
				}
			}
		}
		if cond != nil {
			cond = expr.Rewrite(placed(cond, at), func(e expr.Expr) expr.Expr {
				if c, ok := e.(*expr.Column); ok && c.Index >= inBase {
					return &expr.Column{Index: width + c.Index - inBase, Name: c.Name, T: c.T}
				}
				return e
			})
		}
		// A query inside may refer to the value of another one before it.
		apply := &plan.Apply{Left: n, Right: right, ID: s.id, Result: s.result, Cond: cond, At: s.at}
		apply.Fields = append(append([]column.Field{}, n.Schema()...), column.Field{Name: s.late.Name, Type: s.late.T})
		at[s.late.Index] = &expr.Column{Index: width, Name: s.late.Name, T: s.late.T}
		s.applied = true
		n = apply
	}
	return n, at, nil
}

// placed replaces the columns that stand for what is late.
func placed(e expr.Expr, at map[int]*expr.Column) expr.Expr {
	if len(at) == 0 {
		return e
	}
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok && c.Index <= lateBase {
			if to := at[c.Index]; to != nil {
				return to
			}
		}
		return e
	})
}

// changeOuter puts the references of a tree to the left rows of an Apply in terms of other rows.
func changeOuter(n plan.Node, id int, change func(expr.Expr) (expr.Expr, error)) (plan.Node, error) {
	var failed error
	out := plan.Rewrite(n, func(n plan.Node) plan.Node {
		return plan.MapExprs(n, func(e expr.Expr) expr.Expr {
			return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
				o, ok := e.(*expr.Outer)
				if !ok || o.Apply != id {
					return e
				}
				to, err := change(&expr.Column{Index: o.Index, Name: o.Name, T: o.T})
				if err != nil {
					failed = err
					return e
				}
				return expr.Rewrite(to, func(e expr.Expr) expr.Expr {
					if c, ok := e.(*expr.Column); ok {
						return &expr.Outer{Apply: id, Index: c.Index, Name: c.Name, T: c.T}
					}
					return e
				})
			})
		})
	})
	return out, failed
}

// usedIn tells which subqueries have values that expressions need, in them or in the conditions of others.
func (l *late) usedIn(list []expr.Expr) func(*subquery) bool {
	used := map[*subquery]bool{}
	note := func(e expr.Expr) {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && c.Index <= lateBase && lateBase-c.Index < len(l.queries) {
				used[l.queries[lateBase-c.Index]] = true
			}
			return true
		})
	}
	for _, e := range list {
		note(e)
	}
	for i := len(l.queries) - 1; i >= 0; i-- { // a condition needs earlier ones only
		if s := l.queries[i]; used[s] && s.cond != nil {
			note(s.cond)
		}
	}
	return func(s *subquery) bool { return used[s] }
}
