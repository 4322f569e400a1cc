package bind

import (
	"slices"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// match is what is known while MATCH_RECOGNIZE is bound.
type match struct {
	out      *plan.Match
	scope    *scope
	subsets  map[string][]int // SUBSET names, to variables
	define   bool             // conditions are being bound, not measures
	variable int              // whose condition it is
	refs     []graph.MatchRef // of the expression being bound
	// Inside FIRST, LAST and aggregates names stand for the input's columns; owner collects the variables that they are of.
	inside bool
	owner  *owner
}

// owner is the variables whose rows an expression reads.
type owner struct {
	set       bool
	variables []int
}

// matchRecognize binds MATCH_RECOGNIZE.
func (b *binding) matchRecognize(n *syntax.MatchRecognize, e *env) (*named, error) {
	input, sc, err := b.from(n.Input, e)
	if err != nil {
		return nil, err
	}
	out := &plan.Match{Input: input, At: n.Span}
	m := &match{out: out, scope: sc, subsets: map[string][]int{}}
	if err := m.order(b, n); err != nil {
		return nil, err
	}
	if n.AllRows {
		return nil, fail(n, "write ONE ROW PER MATCH", "ALL ROWS PER MATCH is not supported")
	}
	if n.AtStart || n.AtEnd {
		return nil, fail(&n.Pattern, "leave ^ and $ out", "anchors in a pattern are not supported")
	}
	if out.Pattern, err = m.pattern(&n.Pattern, true); err != nil {
		return nil, err
	}
	if err := m.names(n); err != nil {
		return nil, err
	}
	if n.Within != nil {
		x := &exprs{binding: b, scope: &scope{}, where: "WITHIN"}
		if out.Within, err = x.milliseconds(n.Within, "the time of WITHIN"); err != nil {
			return nil, err
		}
	}
	if err := m.conditions(b, n, e); err != nil {
		return nil, err
	}
	if err := m.measures(b, n, e); err != nil {
		return nil, err
	}
	return &named{rel: newRel(out)}, nil
}

// order resolves PARTITION BY and ORDER BY: an ascending attribute of time first.
func (m *match) order(b *binding, n *syntax.MatchRecognize) error {
	columnOf := func(x syntax.Expr, clause string) (int, error) {
		ref, ok := x.(*syntax.ColumnRef)
		if !ok {
			return 0, syntax.Errorf(x, "%s of MATCH_RECOGNIZE takes columns", clause)
		}
		hit, err := m.scope.lookup(ref.Parts, ref)
		if err == nil && len(hit.fields) > 0 {
			err = syntax.Errorf(x, "%s of MATCH_RECOGNIZE takes columns, not their fields", clause)
		}
		return hit.column.index, err
	}
	for _, p := range n.PartitionBy {
		c, err := columnOf(p, "PARTITION BY")
		if err != nil {
			return err
		}
		m.out.Partition = append(m.out.Partition, c)
		m.out.Fields = append(m.out.Fields, m.out.Input.Schema()[c])
	}
	const advice = "order by a column that is an attribute of time: declare WATERMARK FOR it in the table, or use a PROCTIME() column"
	if len(n.OrderBy) == 0 {
		return fail(n, advice, "MATCH_RECOGNIZE needs ORDER BY")
	}
	times := plan.Times(m.out.Input)
	for i := range n.OrderBy {
		item := &n.OrderBy[i]
		c, err := columnOf(item.X, "ORDER BY")
		if err != nil {
			return err
		}
		if i > 0 {
			m.out.Order = append(m.out.Order, sortKey(item, c))
			continue
		}
		switch {
		case times[c] == catalog.NoTime:
			return fail(item.X, advice, "MATCH_RECOGNIZE must order by an attribute of time first, and '%s' is none", m.out.Input.Schema()[c].Name)
		case item.Desc:
			return fail(item, "leave DESC out", "MATCH_RECOGNIZE must order by time ascending")
		}
		if m.out.Time = c; times[c] == catalog.Proctime {
			m.out.Time = -1
		}
	}
	return nil
}

// pattern resolves a pattern. top is the outermost one.
func (m *match) pattern(n *syntax.Pattern, top bool) (graph.PatternPart, error) {
	part := graph.PatternPart{Variable: -1, Min: n.Min, Max: n.Max, Reluctant: n.Reluctant}
	switch n.Kind {
	case syntax.PatternVariable:
		name := n.Variable.Name
		if slices.Contains(m.out.Variables, name) {
			return part, fail(n, "give it another name with the same condition", "the variable '%s' is in the pattern twice", name)
		}
		part.Variable = len(m.out.Variables)
		m.out.Variables = append(m.out.Variables, name)
	case syntax.PatternSequence:
		if !top {
			return part, fail(n, "write its variables one after another", "a group in a pattern is not supported")
		}
		if n.Quantified {
			return part, fail(n, "quantify variables", "a quantifier of a group in a pattern is not supported")
		}
		for i := range n.Items {
			p, err := m.pattern(&n.Items[i], false)
			if err != nil {
				return part, err
			}
			part.Parts = append(part.Parts, p)
		}
	case syntax.PatternAlternation:
		return part, fail(n, "use one variable with OR in its condition", "alternation in a pattern is not supported")
	case syntax.PatternPermute:
		return part, fail(n, "", "PERMUTE in a pattern is not supported")
	default:
		return part, fail(n, "", "exclusion in a pattern is not supported")
	}
	if !top {
		return part, nil
	}
	last := part
	if part.Variable < 0 {
		last = part.Parts[len(part.Parts)-1]
	} else {
		part = graph.PatternPart{Variable: -1, Parts: []graph.PatternPart{part}, Min: 1, Max: 1}
	}
	if last.Min != last.Max && !last.Reluctant {
		return part, fail(n, "end the pattern with a plain variable, or make the quantifier reluctant by ? behind it",
			"a greedy quantifier cannot be the last part of a pattern: when would the match be complete?")
	}
	return part, nil
}

// names resolves SUBSET and AFTER MATCH.
func (m *match) names(n *syntax.MatchRecognize) error {
	for i := range n.Subsets {
		s := &n.Subsets[i]
		var list []int
		for j := range s.Variables {
			v, err := m.one(&s.Variables[j])
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		if m.subsets[s.Name.Name] != nil || slices.Contains(m.out.Variables, s.Name.Name) {
			return syntax.Errorf(&s.Name, "the name '%s' is there twice", s.Name.Name)
		}
		m.subsets[s.Name.Name] = list
	}
	if n.After == nil {
		return nil
	}
	m.out.Skip.Kind = [...]graph.SkipKind{syntax.SkipToNextRow: graph.SkipToNext, syntax.SkipPastLastRow: graph.SkipPastLast,
		syntax.SkipToFirst: graph.SkipToFirst, syntax.SkipToLast: graph.SkipToLast}[n.After.Kind]
	if n.After.Kind == syntax.SkipToFirst || n.After.Kind == syntax.SkipToLast {
		v, err := m.one(&n.After.Variable)
		m.out.Skip.Variable = v
		return err
	}
	return nil
}

// one finds a variable.
func (m *match) one(id *syntax.Ident) (int, error) {
	v := slices.Index(m.out.Variables, id.Name)
	if v < 0 {
		return 0, fail(id, hint(id.Name, m.out.Variables, "the pattern has"), "there is no pattern variable '%s'", id.Name)
	}
	return v, nil
}

// conditions binds DEFINE.
func (m *match) conditions(b *binding, n *syntax.MatchRecognize, e *env) error {
	m.out.Define = make([]graph.MatchExpr, len(m.out.Variables))
	m.define = true
	for i := range n.Define {
		d := &n.Define[i]
		v, err := m.one(&d.Variable)
		if err != nil {
			return err
		}
		if m.out.Define[v].E != nil {
			return syntax.Errorf(&d.Variable, "the variable '%s' is defined twice", d.Variable.Name)
		}
		m.variable, m.refs = v, nil
		x := &exprs{binding: b, scope: m.scope, env: e, where: "DEFINE", match: m}
		cond, err := x.condition(d.Cond, "what defines a pattern variable")
		if err != nil {
			return err
		}
		m.out.Define[v] = graph.MatchExpr{E: cond, Refs: m.refs, Name: d.Variable.Name}
	}
	return nil
}

// measures binds MEASURES.
func (m *match) measures(b *binding, n *syntax.MatchRecognize, e *env) error {
	m.define = false
	if len(n.Measures) == 0 {
		return fail(n, "add MEASURES", "MATCH_RECOGNIZE needs at least one measure")
	}
	for i := range n.Measures {
		item := &n.Measures[i]
		m.refs = nil
		x := &exprs{binding: b, scope: m.scope, env: e, where: "MEASURES", match: m}
		v, err := x.bind(item.X)
		if err != nil {
			return err
		}
		name := "EXPR$" + strconv.Itoa(i)
		if item.Alias != nil {
			name = item.Alias.Name
		}
		m.out.Measures = append(m.out.Measures, graph.MatchExpr{E: v, Refs: m.refs, Name: name})
		m.out.Fields = append(m.out.Fields, column.Field{Name: name, Type: v.Type()})
	}
	return nil
}

// ref keeps a reference and returns the column that stands for it.
func (m *match) ref(r graph.MatchRef, name string) expr.Expr {
	m.refs = append(m.refs, r)
	return &expr.Column{Index: len(m.refs) - 1, Name: name, T: r.T}
}

// matchColumn binds a name in DEFINE or MEASURES: a variable's column is that of its last row; a column alone is that of the match's last
// row, which in DEFINE is the row that is asked about.
func (x *exprs) matchColumn(n *syntax.ColumnRef) (expr.Expr, error) {
	m := x.match
	var variables []int
	parts := n.Parts
	if len(parts) > 1 {
		first := &parts[0]
		if list, ok := m.subsets[first.Name]; ok {
			variables, parts = list, parts[1:]
		} else if v := slices.Index(m.out.Variables, first.Name); v >= 0 {
			variables, parts = []int{v}, parts[1:]
		} else if _, err := m.scope.lookup(parts, n); err != nil {
			_, err := m.one(first)
			return nil, err
		}
	}
	hit, err := m.scope.lookup(parts, n)
	if err != nil {
		return nil, err
	}
	var e expr.Expr = hit.column.expr()
	for i := range hit.fields {
		if e, err = x.field(e, &hit.fields[i]); err != nil {
			return nil, err
		}
	}
	if m.inside {
		if m.owner.set && !slices.Equal(m.owner.variables, variables) {
			return nil, syntax.Errorf(n, "all columns inside must be of the same pattern variable")
		}
		m.owner.set, m.owner.variables = true, variables
		return e, nil
	}
	if m.define && variables == nil {
		variables = []int{m.variable}
	}
	return m.ref(graph.MatchRef{Kind: graph.RefLast, Variables: variables, Arg: e, T: e.Type().Optional()}, dotted(n.Parts)), nil
}

// matchCall binds a call that only MATCH_RECOGNIZE knows, or that means something else there.
func (x *exprs) matchCall(n *syntax.FuncCall, name string) (e expr.Expr, known bool, err error) {
	m := x.match
	switch name {
	case "PREV", "NEXT":
		if !m.define {
			return nil, true, fail(n, "use FIRST and LAST", "%s cannot be used in MEASURES", name)
		}
		return nil, true, fail(n, "use LAST(variable.column, n), the row n before the variable's last", "%s is not supported", name)
	case "MATCH_ROWTIME":
		if m.out.Time < 0 {
			return nil, true, fail(n, "use MATCH_PROCTIME", "MATCH_ROWTIME needs ORDER BY of an event time")
		}
		t := m.out.Input.Schema()[m.out.Time].Type
		return m.ref(graph.MatchRef{Kind: graph.RefRowtime, T: column.Sized(t.Kind, 3).Required()}, name), true, nil
	case "MATCH_PROCTIME":
		return m.ref(graph.MatchRef{Kind: graph.RefProctime, T: column.Sized(column.TimestampLTZ, 3).Required()}, name), true, nil
	case "FIRST", "LAST":
		e, err = x.navigation(n, name)
		return e, true, err
	}
	f, ok := expr.LookupAggregate(name)
	if !ok {
		return nil, false, nil
	}
	e, err = x.matchAggregate(n, f)
	return e, true, err
}

// within binds the arguments of a navigation or an aggregate: over the input's columns.
func (x *exprs) within(n *syntax.FuncCall, list []syntax.Expr) ([]expr.Expr, []int, error) {
	m := x.match
	if m.inside {
		return nil, nil, syntax.Errorf(n, "%s cannot stand inside FIRST, LAST or an aggregate", functionLabel(n))
	}
	m.inside, m.owner = true, &owner{}
	defer func() { m.inside = false }()
	args, err := x.bindAll(list)
	variables := m.owner.variables
	if m.define && m.owner.set && variables == nil {
		variables = []int{m.variable}
	}
	return args, variables, err
}

// navigation binds FIRST and LAST.
func (x *exprs) navigation(n *syntax.FuncCall, name string) (expr.Expr, error) {
	if len(n.Args) == 0 || len(n.Args) > 2 {
		return nil, fail(n, "write "+name+"(variable.column) or "+name+"(variable.column, n)", "%s takes one or two arguments", name)
	}
	args, variables, err := x.within(n, n.Args[:1])
	if err != nil {
		return nil, err
	}
	r := graph.MatchRef{Kind: graph.RefLast, Variables: variables, Arg: args[0], T: args[0].Type().Optional()}
	if name == "FIRST" {
		r.Kind = graph.RefFirst
	}
	if len(n.Args) == 2 {
		lit, ok := n.Args[1].(*syntax.Literal)
		if ok && lit.Kind == syntax.IntegerLiteral {
			r.Offset, err = strconv.Atoi(lit.Text)
		}
		if !ok || lit.Kind != syntax.IntegerLiteral || err != nil {
			return nil, syntax.Errorf(n.Args[1], "the second argument of %s must be a number of rows", name)
		}
	}
	return x.match.ref(r, name+"("+args[0].String()+")"), nil
}

// matchAggregate binds an aggregate over the rows of a variable.
func (x *exprs) matchAggregate(n *syntax.FuncCall, f *expr.AggregateFunction) (expr.Expr, error) {
	if n.Quantifier == syntax.DistinctQuantifier {
		return nil, fail(n, "leave DISTINCT out", "DISTINCT is not supported in MATCH_RECOGNIZE")
	}
	list := n.Args
	if len(list) == 1 {
		if star, ok := list[0].(*syntax.Star); ok {
			if f.Name != "COUNT" {
				return nil, fail(star, "only COUNT(*) takes all rows", "%s does not take *", f.Name)
			}
			list = nil
		}
	}
	args, variables, err := x.within(n, list)
	if err != nil {
		return nil, err
	}
	types := make([]column.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	casts, t, err := f.Resolve(types)
	if err != nil {
		return nil, place(n, err)
	}
	for i, to := range casts {
		args[i] = expr.CastTo(args[i], to)
	}
	if !countsRows(f) {
		t = t.Optional()
	}
	return x.match.ref(graph.MatchRef{Kind: graph.RefAggregate, Variables: variables, Aggregate: f, Args: args, T: t}, f.Name), nil
}
