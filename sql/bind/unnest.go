package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// unnestJoin binds a join of the rows so far with the elements of a collection in each.
func (b *binding) unnestJoin(left plan.Node, sc *scope, n *syntax.Join, u *syntax.Unnest, e *env) (plan.Node, *scope, error) {
	switch {
	case n.Kind == syntax.RightJoin || n.Kind == syntax.FullJoin:
		return nil, nil, fail(&syntax.Span{From: n.OpPos, To: u.From}, "use CROSS JOIN or LEFT JOIN", "UNNEST depends on the rows to its left and cannot be joined so")
	case n.Natural || len(n.Using) > 0:
		return nil, nil, fail(n, "write ON TRUE", "a join with UNNEST cannot be NATURAL and has no USING")
	case n.Kind < syntax.CrossJoin && n.On == nil:
		return nil, nil, fail(&syntax.Span{From: n.OpPos, To: u.From}, "write ON TRUE behind UNNEST", "the join has no condition")
	}
	return b.dependentJoin(left, sc, n, u.Span, e, func(left plan.Node, sc *scope, outer bool, e *env) (plan.Node, *scope, error) {
		return b.unnest(left, sc, u, outer, e)
	})
}

// dependentJoin binds a join with rows that are made of each left row. make joins these to rows that they can be made of.
func (b *binding) dependentJoin(left plan.Node, sc *scope, n *syntax.Join, at syntax.Span, e *env,
	make func(left plan.Node, sc *scope, outer bool, e *env) (plan.Node, *scope, error)) (plan.Node, *scope, error) {
	outer := n.Kind == syntax.LeftJoin
	node, joined, err := make(left, sc, outer, e)
	if err != nil || n.On == nil {
		return node, joined, err
	}
	x := &exprs{binding: b, scope: joined, env: e, where: "ON"}
	cond, err := x.condition(n.On, "ON")
	switch {
	case err != nil:
		return nil, nil, err
	case expr.IsTrue(cond):
		return node, joined, nil
	case !outer:
		return &plan.Filter{Input: node, Cond: cond}, joined, nil
	}
	// A left row stays if the condition holds for none of its rows: these are joined to the left one as those of a LATERAL query are.
	inner, id := b.inside(e, sc)
	right, _, err := make(oneRow(), &scope{}, false, inner)
	if err != nil {
		return nil, nil, err
	}
	out := &plan.Apply{Left: left, Right: right, ID: id, Type: graph.LeftJoin, At: at, Fields: node.Schema()}
	out.Cond = bothSides(cond, left, right)
	return out, joined, nil
}

// unnest joins rows with the elements of a collection that each has.
func (b *binding) unnest(input plan.Node, sc *scope, n *syntax.Unnest, outer bool, e *env) (plan.Node, *scope, error) {
	if len(n.Args) > 1 {
		return b.unnestSeveral(input, sc, n, outer, e)
	}
	x := &exprs{binding: b, scope: sc, env: e, where: "UNNEST"}
	of, err := x.bind(n.Args[0])
	if err != nil {
		return nil, nil, err
	}
	elems, err := elements(of.Type(), n.Args[0])
	if err != nil {
		return nil, nil, err
	}
	if n.Ordinality {
		elems = append(elems, column.Field{Name: "ORDINALITY", Type: column.Of(column.Int).Required()})
	}
	if outer {
		for i := range elems {
			elems[i].Type = elems[i].Type.Optional()
		}
	}
	path, err := unnestNames(n, elems)
	if err != nil {
		return nil, nil, err
	}
	width := len(input.Schema())
	out := &plan.Unnest{Ordinality: n.Ordinality, Outer: outer}
	if col, ok := of.(*expr.Column); ok {
		out.Input, out.Column = input, col.Index
	} else {
		fields := append(slices.Clone(input.Schema()), column.Field{Name: of.String(), Type: of.Type()})
		out.Input, out.Column = &plan.Project{Input: input, Exprs: append(plan.Columns(input), of), Fields: fields}, width
	}
	for i := range width {
		out.Keep = append(out.Keep, i)
	}
	out.Fields = append(slices.Clone(input.Schema()), elems...)
	r := &rel{node: &plan.Values{Fields: elems}}
	joined := &scope{relations: slices.Clone(sc.relations)}
	return out, joined, joined.add(newRelation(n, path, r, width))
}

// elements are the columns that a collection's elements make.
func elements(t column.Type, at syntax.Node) ([]column.Field, error) {
	switch t.Kind {
	case column.Array, column.Multiset:
		if t.Elem.Kind != column.Row {
			return []column.Field{{Name: "EXPR$0", Type: *t.Elem}}, nil
		}
		fields := make([]column.Field, len(t.Elem.Fields))
		for i, f := range t.Elem.Fields {
			f.Type.NotNull = f.Type.NotNull && t.Elem.NotNull
			fields[i] = column.Field{Name: f.Name, Type: f.Type}
		}
		return fields, nil
	case column.Map:
		return []column.Field{{Name: "KEY", Type: *t.Key}, {Name: "VALUE", Type: *t.Elem}}, nil
	}
	return nil, syntax.Errorf(at, "UNNEST takes an ARRAY, MAP or MULTISET, not %s", t.Optional())
}

// unnestNames gives the columns of UNNEST the names that its alias lists, and returns what they are qualified by.
func unnestNames(n *syntax.Unnest, elems []column.Field) ([]string, error) {
	if n.Alias == nil {
		return nil, nil
	}
	if given := n.Alias.Columns; len(given) > 0 {
		if len(given) != len(elems) {
			return nil, syntax.Errorf(&n.Alias.Span, "each element makes %s (%s), but the alias names %d", plural(len(elems), "column"), strings.Join(fieldNames(elems), ", "), len(given))
		}
		for i := range elems {
			elems[i].Name = given[i].Name
		}
	}
	return []string{n.Alias.Name.Name}, nil
}

// unnestSeveral joins rows with the elements of several collections that stand at the same position; those of the shorter ones are NULL
// behind their end. The collections are unnested by themselves and joined by position.
func (b *binding) unnestSeveral(input plan.Node, sc *scope, n *syntax.Unnest, outer bool, e *env) (plan.Node, *scope, error) {
	inner, id := b.inside(e, sc)
	var rows plan.Node // the elements, then their position
	for _, arg := range n.Args {
		next, _, err := b.unnest(oneRow(), &scope{}, &syntax.Unnest{Span: n.Span, Args: []syntax.Expr{arg}, Ordinality: true}, false, inner)
		if err != nil {
			return nil, nil, err
		}
		if rows != nil {
			next = besides(rows, next)
		}
		rows = next
	}
	fields := slices.Clone(rows.Schema())
	if !n.Ordinality {
		fields = fields[:len(fields)-1]
	}
	for i, name := range uniquify(fieldNames(fields)) {
		fields[i].Name = name
	}
	path, err := unnestNames(n, fields)
	if err != nil {
		return nil, nil, err
	}
	right := &plan.Project{Input: rows, Exprs: plan.Columns(rows)[:len(fields)], Fields: fields}
	kind := graph.InnerJoin
	if outer {
		kind = graph.LeftJoin
	}
	out := &plan.Apply{Left: input, Right: right, ID: id, Type: kind, At: n.Span, Fields: plan.JoinFields(input.Schema(), fields, kind)}
	width := len(input.Schema())
	joined := &scope{relations: slices.Clone(sc.relations)}
	return out, joined, joined.add(newRelation(n, path, newRel(&plan.Values{Fields: out.Fields[width:]}), width))
}

// besides joins rows by the position in their last column, which stays the last one.
func besides(left, right plan.Node) plan.Node {
	l, r := len(left.Schema())-1, len(right.Schema())-1
	at := plan.ColumnOf(right, r)
	at.Index += l + 1
	j := plan.NewJoin(left, right, graph.FullJoin, must("=", plan.ColumnOf(left, l), at))
	p := &plan.Project{Input: j}
	for i, f := range j.Fields[:len(j.Fields)-1] {
		if i != l {
			p.Exprs, p.Fields = append(p.Exprs, plan.ColumnOf(j, i)), append(p.Fields, f)
		}
	}
	position := must("COALESCE", plan.ColumnOf(j, l), plan.ColumnOf(j, l+1+r))
	p.Exprs = append(p.Exprs, position)
	p.Fields = append(p.Fields, column.Field{Name: j.Fields[l].Name, Type: position.Type()})
	return p
}
