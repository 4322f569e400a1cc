package bind

import (
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// item is an item of a select list: a column of the result.
type item struct {
	e     expr.Expr
	name  string // differs from the others'
	alias string // as written
	at    syntax.Node
}

// selectQuery binds SELECT with the ORDER BY and LIMIT around it, whose expressions may use columns that are not in the result.
func (b *binding) selectQuery(s *syntax.Select, q *syntax.Query, e *env) (*rel, error) {
	given, err := readHints(s.Hints)
	if err != nil {
		return nil, err
	}
	nulls := b.nulls
	if nulls { // is true of this list, not of those inside
		inner := *b
		inner.nulls = false
		b = &inner
	}
	around := b.advice
	b.advice = given
	input, sc, err := b.from(s.From, e)
	b.advice = around
	if err == nil {
		err = checkHints(s.Hints, sc)
	}
	if err != nil {
		return nil, err
	}
	x := &exprs{binding: b, scope: sc, env: e, where: "the WHERE clause", late: &late{}, windows: s.Windows, nulls: nulls}
	if s.Where != nil {
		if input, err = x.filter(input, s.Where, "WHERE"); err != nil {
			return nil, err
		}
	}
	g, err := b.grouping(s.GroupBy, x)
	if err != nil {
		return nil, err
	}
	x.aggregates, x.places, x.grouping = &g.aggregates, g.places, g
	x.late.allowsWindows = true
	items, err := x.items(s.Items)
	if err != nil {
		return nil, err
	}
	var having expr.Expr
	if s.Having != nil {
		x.late.allowsWindows, x.where = false, "HAVING"
		if having, err = x.condition(s.Having, "HAVING"); err != nil {
			return nil, err
		}
		x.late.allowsWindows = true
	}
	var qualify expr.Expr
	if s.Qualify != nil {
		if qualify, err = x.qualify(s.Qualify, items); err != nil {
			return nil, err
		}
	}
	keys, err := x.orderBy(q.OrderBy, items, s.Distinct)
	if err != nil {
		return nil, err
	}
	all := func(change func(expr.Expr) (expr.Expr, error)) (err error) {
		for i := range items {
			if items[i].e, err = change(items[i].e); err != nil {
				return err
			}
		}
		for i := range keys {
			if keys[i].e == nil {
				continue
			}
			if keys[i].e, err = change(keys[i].e); err != nil {
				return err
			}
		}
		for _, c := range x.late.windows {
			if err := c.each(change); err != nil {
				return err
			}
		}
		if having != nil {
			if having, err = change(having); err != nil {
				return err
			}
		}
		if qualify != nil {
			qualify, err = change(qualify)
		}
		return err
	}
	var replace func(expr.Expr) (expr.Expr, error)
	if g.grouped || s.Having != nil || len(g.aggregates.calls) > 0 {
		if err := all(g.replace); err != nil {
			return nil, err
		}
		if input, err = g.attach(input, x.late); err != nil {
			return nil, err
		}
		if len(sc.relations) == 1 {
			g.keep = given.keep[sc.relations[0].name()]
		}
		input, replace = g.plan(input), g.replace
	}
	var left []expr.Expr // what is computed above
	if err := all(func(e expr.Expr) (expr.Expr, error) { left = append(left, e); return e, nil }); err != nil {
		return nil, err
	}
	input, at, err := x.late.attach(input, x.late.usedIn(left), replace)
	if err != nil {
		return nil, err
	}
	place := func(e expr.Expr) (expr.Expr, error) { return placed(e, at), nil }
	if err := all(place); err != nil {
		return nil, err
	}
	if having != nil {
		input = &plan.Filter{Input: input, Cond: having}
	}
	input, at = x.late.attachWindows(input)
	if err := all(place); err != nil {
		return nil, err
	}
	if qualify != nil {
		input = &plan.Filter{Input: input, Cond: qualify}
	}
	r := project(input, items)
	if s.Distinct {
		once := distinct(r.node, s.Span)
		if len(sc.relations) == 1 {
			once.Keep = given.keep[sc.relations[0].name()]
		}
		r.node = once
	}
	if len(keys) > 0 {
		r.node = sorted(r.node, input, keys, orderSpan(q))
	}
	return b.limit(r, q)
}

// qualify binds QUALIFY, in which aliases of the select list can be used and a call with OVER must be.
func (x *exprs) qualify(n syntax.Expr, items []item) (expr.Expr, error) {
	x.where, x.aliases = "QUALIFY", aliases(items)
	defer func() { x.aliases = nil }()
	cond, err := x.condition(n, "QUALIFY")
	if err != nil {
		return nil, err
	}
	found := false
	expr.Walk(cond, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok && c.Index <= lateBase*2 {
			found = true
		}
		return !found
	})
	if !found {
		return nil, fail(n, "use WHERE or HAVING", "QUALIFY needs a call with OVER")
	}
	return cond, nil
}

// filter binds a condition on rows, with the queries in it computed below.
func (x *exprs) filter(input plan.Node, n syntax.Expr, what string) (plan.Node, error) {
	cond, err := x.condition(n, what)
	if err != nil {
		return nil, err
	}
	input, at, err := x.late.attach(input, x.late.usedIn([]expr.Expr{cond}), nil)
	if err != nil {
		return nil, err
	}
	return &plan.Filter{Input: input, Cond: placed(cond, at)}, nil
}

// items binds a select list and expands its stars.
func (x *exprs) items(list []syntax.SelectItem) ([]item, error) {
	x.where = "the select list"
	var out []item
	var taken []string
	for i := range list {
		n := &list[i]
		if star, ok := n.X.(*syntax.Star); ok {
			more, err := x.star(star)
			if err != nil {
				return nil, err
			}
			for _, it := range more {
				taken = append(taken, it.name)
			}
			out = append(out, more...)
			continue
		}
		e, err := x.bind(n.X)
		if err != nil {
			return nil, err
		}
		if e.Type().Kind == column.Null && !x.nulls {
			return nil, fail(n.X, "write CAST(NULL AS type)", "a NULL alone has no type")
		}
		it := item{e: e, name: "EXPR$" + strconv.Itoa(len(out)), at: n.X}
		if ref, ok := n.X.(*syntax.ColumnRef); ok {
			it.name = ref.Parts[len(ref.Parts)-1].Name
		}
		if f, ok := n.X.(*syntax.Field); ok {
			it.name = f.Name.Name
		}
		if n.Alias != nil {
			it.name = n.Alias.Name
		}
		taken = append(taken, it.name)
		out = append(out, it)
	}
	for i, name := range uniquify(taken) {
		out[i].name, out[i].alias = name, taken[i]
	}
	return out, nil
}

// star expands *, t.* and the * of a ROW column.
func (x *exprs) star(n *syntax.Star) ([]item, error) {
	var out []item
	plain := len(n.Qualifier) == 0
	all := func(r *relation) {
		for i := range r.columns {
			c := &r.columns[i]
			if plain && c.shadowed {
				continue
			}
			col := c.expr()
			if x.places != nil {
				x.places[col] = n
			}
			out = append(out, item{e: col, name: c.name, at: n})
		}
	}
	if len(n.Qualifier) == 0 {
		if len(x.scope.relations) == 0 {
			return nil, fail(n, "write SELECT * FROM a table", "* needs a FROM clause")
		}
		relations := x.scope.ordered()
		for _, r := range relations {
			all(r)
		}
		x.expansion.star(n, relations, true)
		return out, nil
	}
	for i := range x.scope.relations {
		if r := &x.scope.relations[i]; r.matches(n.Qualifier) {
			all(r)
			x.expansion.star(n, []*relation{r}, false)
			return out, nil
		}
	}
	hit, err := x.scope.lookup(n.Qualifier, n)
	if err != nil || len(hit.fields) == len(n.Qualifier) { // a field by its bare name has no *
		return nil, x.scope.noTable(append(n.Qualifier, syntax.Ident{Span: n.Span, Name: "*"}), false)
	}
	var row expr.Expr = hit.column.expr()
	if x.places != nil {
		x.places[row.(*expr.Column)] = n
	}
	for i := range hit.fields {
		if row, err = x.field(row, &hit.fields[i]); err != nil {
			return nil, err
		}
	}
	if row.Type().Kind != column.Row {
		return nil, syntax.Errorf(n, "'%s' is a column of type %s: only a table or a ROW has a *", dotted(n.Qualifier), row.Type().Optional())
	}
	for _, f := range row.Type().Fields {
		e, err := x.field(row, &syntax.Ident{Span: n.Span, Name: f.Name})
		if err != nil {
			return nil, err
		}
		out = append(out, item{e: e, name: f.Name, at: n})
	}
	x.expansion.rowStar(n, hit, row.Type().Fields)
	return out, nil
}

// project computes the select list.
func project(input plan.Node, items []item) *rel {
	p := &plan.Project{Input: input}
	r := &rel{node: p}
	for _, it := range items {
		p.Exprs = append(p.Exprs, it.e)
		p.Fields = append(p.Fields, column.Field{Name: it.name, Type: it.e.Type()})
		r.at = append(r.at, it.at)
	}
	return r
}
