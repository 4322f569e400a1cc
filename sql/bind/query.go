package bind

import (
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// maxQueryDepth bounds how deep queries stand inside each other: the rules look through all of them at each.
const maxQueryDepth = 100

// query binds a query with its WITH, ORDER BY and LIMIT.
func (b *binding) query(q *syntax.Query, e *env) (*rel, error) {
	if b.depth++; b.depth > maxQueryDepth {
		return nil, fail(q, "give queries names in WITH, or make views of them", "queries are nested more than %d deep", maxQueryDepth)
	}
	defer func() { b.depth-- }()
	for i, cte := range q.With {
		for _, before := range q.With[:i] {
			if before.Name.Name == cte.Name.Name {
				return nil, syntax.Errorf(&q.With[i].Name, "the name '%s' is there twice in WITH", cte.Name.Name)
			}
		}
		r, err := b.query(cte.Query, e)
		if err != nil {
			return nil, err
		}
		if len(cte.Columns) > 0 {
			if r, err = renamed(r, cte.Columns, &q.With[i].Name, "the query in WITH"); err != nil {
				return nil, err
			}
		}
		e = &env{name: cte.Name.Name, rel: r, parent: e}
	}
	if s, ok := q.Body.(*syntax.Select); ok {
		return b.selectQuery(s, q, e)
	}
	r, err := b.body(q.Body, e)
	if err != nil {
		return nil, err
	}
	if len(q.OrderBy) > 0 {
		if err := b.orderResult(r, q, e); err != nil {
			return nil, err
		}
	}
	return b.limit(r, q)
}

// firsts are the numbers of the first columns.
func firsts(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// body binds what ORDER BY and LIMIT stand around.
func (b *binding) body(n syntax.QueryBody, e *env) (*rel, error) {
	switch n := n.(type) {
	case *syntax.Query:
		return b.query(n, e)
	case *syntax.Select:
		return b.selectQuery(n, &syntax.Query{Span: n.Span, Body: n}, e)
	case *syntax.Values:
		return b.values(n, e)
	case *syntax.SetOp:
		return b.setOp(n, e)
	case *syntax.ExplicitTable:
		r, err := b.wholeTable(n, n.Name, e, "%s")
		if err != nil {
			return nil, err
		}
		return r.rel, nil
	}
	return nil, syntax.Errorf(n, "this is no query")
}

// limit puts OFFSET and LIMIT on a relation.
func (b *binding) limit(r *rel, q *syntax.Query) (*rel, error) {
	if q.Limit == nil && q.Offset == nil {
		return r, nil
	}
	l := &plan.Limit{Input: r.node, Count: -1}
	read := func(n *syntax.Literal, to *int64) error {
		if n == nil {
			return nil
		}
		l.At = n.Span
		v, err := strconv.ParseInt(n.Text, 10, 64)
		if n.Kind != syntax.IntegerLiteral || err != nil {
			return syntax.Errorf(n, "the number of rows must be a whole number, not negative and not above 9223372036854775807")
		}
		*to = v
		return nil
	}
	if err := read(q.Limit, &l.Count); err != nil {
		return nil, err
	}
	if err := read(q.Offset, &l.Offset); err != nil {
		return nil, err
	}
	if project, ok := r.node.(*plan.Project); ok {
		if _, sorted := project.Input.(*plan.Sort); sorted && len(q.OrderBy) > 0 { // the projection drops the columns that only ORDER BY needs
			l.Input = project.Input
			r.node = project.With([]plan.Node{l})
			return r, nil
		}
	}
	r.node = l
	return r, nil
}

// values binds VALUES: the types of a column are the least that all rows fit into.
func (b *binding) values(n *syntax.Values, e *env) (*rel, error) {
	x := &exprs{binding: b, scope: &scope{}, where: "VALUES", env: e}
	rows := make([][]expr.Expr, len(n.Rows))
	width := len(n.Rows[0].Items)
	types := make([]column.Type, width) // so far
	for i, row := range n.Rows {
		if len(row.Items) != width {
			return nil, syntax.Errorf(&n.Rows[i], "the rows of VALUES must have as many values each: this has %d, the first has %d", len(row.Items), width)
		}
		var err error
		if rows[i], err = x.bindAll(row.Items); err != nil {
			return nil, err
		}
		for c, v := range rows[i] {
			if i == 0 {
				types[c] = v.Type()
				continue
			}
			t, ok := expr.LeastRestrictive(types[c], v.Type())
			if !ok {
				return nil, syntax.Errorf(row.Items[c], "the values of a column must have types that go together, and this is %s after %s",
					v.Type().Optional(), types[c].Optional())
			}
			types[c] = t
		}
	}
	out := &plan.Values{Rows: rows}
	at := make([]syntax.Node, width)
	for c, t := range types {
		at[c] = n.Rows[0].Items[c]
		out.Fields = append(out.Fields, column.Field{Name: "EXPR$" + strconv.Itoa(c), Type: t})
		for _, row := range rows {
			row[c] = expr.CastTo(row[c], t)
		}
	}
	r := newRel(out)
	r.at = at
	return r, nil
}

// castColumns projects a node to columns of the given types.
func castColumns(n plan.Node, fields []column.Field) plan.Node {
	out, same := plan.Columns(n), true
	for i, e := range out {
		out[i] = expr.CastTo(e, fields[i].Type)
		same = same && out[i] == e
	}
	if same {
		return n
	}
	return &plan.Project{Input: n, Exprs: out, Fields: fields}
}

// distinct keeps one of each row.
func distinct(n plan.Node, at syntax.Span) *plan.Aggregate {
	return &plan.Aggregate{Input: n, Keys: firsts(len(n.Schema())), Fields: n.Schema(), At: at}
}

// renamed gives a relation's columns other names.
func renamed(r *rel, to []syntax.Ident, at syntax.Node, what string) (*rel, error) {
	fields := r.fields()
	if len(to) != len(fields) {
		return nil, syntax.Errorf(at, "%s has %s, but %s given", what, plural(len(fields), "column"), pluralIs(len(to), "name"))
	}
	return r.rename(names(to)), nil
}

func (r *rel) rename(to []string) *rel {
	fields := make([]column.Field, len(to))
	for i, f := range r.fields() {
		fields[i] = column.Field{Name: to[i], Type: f.Type}
	}
	out := *r
	out.node = &plan.Project{Input: r.node, Exprs: plan.Columns(r.node), Fields: fields}
	return &out
}
