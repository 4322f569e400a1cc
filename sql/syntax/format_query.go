package syntax

import "fmt"

func (f *formatter) query(q *Query) {
	for i, c := range q.With {
		if i == 0 {
			f.put("WITH ")
		} else {
			f.put(", ")
		}
		f.ident(c.Name)
		if len(c.Columns) > 0 {
			f.put(" ")
			f.idents(c.Columns)
		}
		f.put(" AS ")
		f.subquery(c.Query)
	}
	f.putIf(len(q.With) > 0, " ")
	f.queryBody(q.Body)
	if len(q.OrderBy) > 0 {
		f.clause("")
		f.orderBy(q.OrderBy)
	}
	if f.style.AsFlink {
		f.limitLines(q)
		return
	}
	if q.Limit != nil {
		f.put(" LIMIT ")
		f.literal(q.Limit)
	}
	if q.Offset != nil {
		f.put(" OFFSET ")
		f.literal(q.Offset)
	}
}

// limitLines writes OFFSET and LIMIT in the words of standard SQL.
func (f *formatter) limitLines(q *Query) {
	if q.Offset != nil {
		f.clause("OFFSET ")
		f.literal(q.Offset)
		f.put(" ROWS")
	}
	if q.Limit != nil {
		f.clause("FETCH NEXT ")
		f.literal(q.Limit)
		f.put(" ROWS ONLY")
	}
}

// queryBody writes the body of a query; a query inside it gets parentheses.
func (f *formatter) queryBody(b QueryBody) {
	switch b := b.(type) {
	case *Query:
		f.subquery(b)
	case *Select:
		f.selectBody(b)
	case *SetOp:
		f.setOperand(b.L, setOpPrec(b)-1)
		f.clause([...]string{Union: "UNION", Intersect: "INTERSECT", Except: "EXCEPT"}[b.Kind])
		f.putIf(b.All, " ALL")
		f.clause("")
		f.setOperand(b.R, setOpPrec(b))
	case *Values:
		f.put("VALUES ")
		lines(f, b.Rows, func(r Row) {
			f.putIf(r.Explicit || f.style.AsFlink, "ROW")
			parens(f, r.Items, f.expr0)
		})
	case *ExplicitTable:
		f.put("TABLE ")
		f.name(b.Name)
	}
}

func setOpPrec(s *SetOp) int {
	if s.Kind == Intersect {
		return 2
	}
	return 1
}

// setOperand writes an operand of a set operation, in parentheses if it is one that does not bind tighter than prec.
func (f *formatter) setOperand(b QueryBody, prec int) {
	if s, ok := b.(*SetOp); ok && setOpPrec(s) <= prec {
		f.put("(")
		f.queryBody(b)
		f.put(")")
		return
	}
	f.queryBody(b)
}

func (f *formatter) selectBody(s *Select) {
	f.put("SELECT")
	if len(s.Hints) > 0 {
		f.clause("")
		f.hints(s.Hints)
		f.clause("")
	} else {
		f.put(" ")
	}
	f.putIf(s.Distinct, "DISTINCT ")
	each(f, s.Items, f.selectItem)
	if s.From != nil {
		f.clause("FROM ")
		f.tableRef(s.From)
	}
	if s.Where != nil {
		f.clause("WHERE ")
		f.expr0(s.Where)
	}
	if s.GroupBy != nil {
		f.clause("GROUP BY ")
		f.putIf(s.GroupBy.Distinct, "DISTINCT ")
		each(f, s.GroupBy.Items, f.groupItem)
	}
	if s.Having != nil {
		f.clause("HAVING ")
		f.expr0(s.Having)
	}
	if len(s.Windows) > 0 {
		f.clause("WINDOW ")
		each(f, s.Windows, func(w NamedWindow) {
			f.ident(w.Name)
			f.put(" AS ")
			f.windowSpec(&w.Spec)
		})
	}
	if s.Qualify != nil {
		f.clause("QUALIFY ")
		f.expr0(s.Qualify)
	}
}

// hints writes a hint comment, if there are hints.
func (f *formatter) hints(hints []Hint) {
	if len(hints) == 0 {
		return
	}
	f.put("/*+ ")
	each(f, hints, func(h Hint) {
		f.ident(h.Name)
		if len(h.Args) == 0 {
			return
		}
		parens(f, h.Args, func(a HintArg) {
			if a.Key != nil {
				f.expr0(a.Key)
				f.put(" = ")
			}
			f.expr0(a.Value)
		})
	})
	f.put(" */")
}

func (f *formatter) selectItem(s SelectItem) {
	f.expr0(s.X)
	if s.Alias != nil {
		f.put(" AS ")
		f.ident(*s.Alias)
	}
}

func (f *formatter) groupItem(g GroupItem) {
	switch g.Kind {
	case GroupExpr:
		f.expr0(g.X)
		return
	case GroupEmpty:
		f.put("()")
		return
	case GroupingSets:
		f.put("GROUPING SETS")
	case GroupCube:
		f.put("CUBE")
	case GroupRollup:
		f.put("ROLLUP")
	}
	f.putIf(!f.style.AsFlink, " ")
	parens(f, g.Items, f.groupItem)
}

func (f *formatter) orderBy(items []OrderItem) {
	f.put("ORDER BY ")
	each(f, items, f.orderItem)
}

func (f *formatter) orderItem(o OrderItem) {
	f.expr0(o.X)
	f.putIf(o.Desc, " DESC")
	switch o.Nulls {
	case NullsFirst:
		f.put(" NULLS FIRST")
	case NullsLast:
		f.put(" NULLS LAST")
	}
}

func (f *formatter) windowSpec(w *WindowSpec) {
	if w.Bare {
		f.ident(*w.Base)
		return
	}
	f.put("(")
	space := ""
	if w.Base != nil {
		f.ident(*w.Base)
		space = " "
	}
	if len(w.PartitionBy) > 0 {
		f.put(space, "PARTITION BY ")
		f.exprs(w.PartitionBy)
		space = " "
	}
	if len(w.OrderBy) > 0 {
		f.put(space)
		f.orderBy(w.OrderBy)
		space = " "
	}
	if w.Frame != nil {
		f.put(space, [...]string{FrameRange: "RANGE ", FrameRows: "ROWS "}[w.Frame.Unit])
		if w.Frame.Stop != nil {
			f.put("BETWEEN ")
		}
		f.bound(w.Frame.Start)
		if w.Frame.Stop != nil {
			f.put(" AND ")
			f.bound(*w.Frame.Stop)
		}
	}
	f.put(")")
}

func (f *formatter) bound(b Bound) {
	switch b.Kind {
	case UnboundedPreceding:
		f.put("UNBOUNDED PRECEDING")
	case UnboundedFollowing:
		f.put("UNBOUNDED FOLLOWING")
	case CurrentRow:
		f.put("CURRENT ROW")
	case Preceding:
		f.expr(b.Offset, precAnd+1)
		f.put(" PRECEDING")
	case Following:
		f.expr(b.Offset, precAnd+1)
		f.put(" FOLLOWING")
	}
}

func (f *formatter) tableRef(t TableRef) {
	switch t := t.(type) {
	case *TableName:
		f.name(t.Name)
		if len(t.Hints) > 0 {
			f.clause("")
			f.hints(t.Hints)
		}
		if t.SystemTime != nil {
			f.put(" FOR SYSTEM_TIME AS OF ")
			f.expr0(t.SystemTime)
		}
		f.tableAlias(t.Alias)
	case *TableFunc:
		f.putIf(t.Lateral, "LATERAL ")
		if t.Wrapped {
			f.put("TABLE(")
			f.call(t.Call)
			f.put(")")
		} else {
			f.call(t.Call)
		}
		f.tableAlias(t.Alias)
	case *Unnest:
		f.putIf(t.Lateral, "LATERAL ")
		f.put("UNNEST")
		parens(f, t.Args, f.expr0)
		f.putIf(t.Ordinality, " WITH ORDINALITY")
		f.tableAlias(t.Alias)
	case *DerivedTable:
		f.putIf(t.Lateral, "LATERAL ")
		f.subquery(t.Query)
		f.tableAlias(t.Alias)
	case *Join:
		f.join(t)
	case *MatchRecognize:
		f.matchRecognize(t)
	}
}

func (f *formatter) tableAlias(a *TableAlias) {
	if a == nil {
		return
	}
	f.put(" AS ")
	f.ident(a.Name)
	if len(a.Columns) > 0 {
		f.put(" ")
		f.idents(a.Columns)
	}
}

// parenTable writes a table, in parentheses under a condition.
func (f *formatter) parenTable(t TableRef, paren bool) {
	f.putIf(paren, "(")
	f.tableRef(t)
	f.putIf(paren, ")")
}

var joinNames = [...]string{
	InnerJoin: "JOIN ", LeftJoin: "LEFT JOIN ", RightJoin: "RIGHT JOIN ", FullJoin: "FULL JOIN ", CrossJoin: "CROSS JOIN ",
}

func (f *formatter) join(j *Join) {
	left, leftIsJoin := j.L.(*Join)
	right, rightIsJoin := j.R.(*Join)
	if j.Kind == CommaJoin {
		f.tableRef(j.L)
		f.put(",")
		f.clause("")
		f.parenTable(j.R, rightIsJoin && right.Kind == CommaJoin)
		return
	}
	// A join without a condition on the left would take the condition that follows the right side.
	open := leftIsJoin && (left.Kind == CommaJoin || left.Kind != CrossJoin && !left.Natural && left.On == nil && left.Using == nil)
	f.parenTable(j.L, open)
	f.clause("")
	f.putIf(j.Natural, "NATURAL ")
	f.putIf(f.style.AsFlink && j.Kind == InnerJoin, "INNER ")
	f.put(joinNames[j.Kind])
	f.parenTable(j.R, rightIsJoin)
	switch {
	case j.On != nil:
		f.put(" ON ")
		f.expr0(j.On)
	case j.Using != nil:
		f.put(" USING ")
		f.idents(j.Using)
	}
}

func (f *formatter) matchRecognize(m *MatchRecognize) {
	slot, _ := aliasOf(m.Input)
	_, nested := m.Input.(*MatchRecognize)
	f.parenTable(m.Input, slot == nil || *slot != nil || nested)
	f.put(" MATCH_RECOGNIZE (")
	if len(m.PartitionBy) > 0 {
		f.put("PARTITION BY ")
		f.exprs(m.PartitionBy)
		f.put(" ")
	}
	if len(m.OrderBy) > 0 {
		f.orderBy(m.OrderBy)
		f.put(" ")
	}
	if len(m.Measures) > 0 {
		f.put("MEASURES ")
		each(f, m.Measures, f.selectItem)
		f.put(" ")
	}
	f.putIf(m.AllRows, "ALL ROWS PER MATCH ")
	if m.After != nil {
		f.put("AFTER MATCH SKIP ")
		switch m.After.Kind {
		case SkipToNextRow:
			f.put("TO NEXT ROW ")
		case SkipPastLastRow:
			f.put("PAST LAST ROW ")
		case SkipToFirst:
			f.put("TO FIRST ")
			f.ident(m.After.Variable)
			f.put(" ")
		case SkipToLast:
			f.put("TO LAST ")
			f.ident(m.After.Variable)
			f.put(" ")
		}
	}
	f.put("PATTERN (")
	f.putIf(m.AtStart, "^ ")
	f.pattern(m.Pattern, false)
	f.putIf(m.AtEnd, " $")
	f.put(") ")
	if m.Within != nil {
		f.put("WITHIN ")
		f.expr0(m.Within)
		f.put(" ")
	}
	if len(m.Subsets) > 0 {
		f.put("SUBSET ")
		each(f, m.Subsets, func(s MatchSubset) {
			f.ident(s.Name)
			f.put(" = ")
			f.idents(s.Variables)
		})
		f.put(" ")
	}
	f.put("DEFINE ")
	each(f, m.Define, func(d MatchDefine) {
		f.ident(d.Variable)
		f.put(" AS ")
		f.expr0(d.Cond)
	})
	f.put(")")
	f.tableAlias(m.Alias)
}

// pattern writes a row pattern. Inside another one, a sequence or alternation gets parentheses.
func (f *formatter) pattern(p Pattern, inside bool) {
	inside = inside || p.Quantified
	switch p.Kind {
	case PatternVariable:
		f.ident(p.Variable)
	case PatternSequence, PatternAlternation:
		f.putIf(inside, "(")
		for i, item := range p.Items {
			switch {
			case i > 0 && p.Kind == PatternAlternation:
				f.put(" | ")
			case i > 0:
				f.put(" ")
			}
			// Alternatives may be sequences without parentheses.
			f.pattern(item, p.Kind == PatternSequence || item.Kind != PatternSequence)
		}
		f.putIf(inside, ")")
	case PatternPermute:
		f.put("PERMUTE")
		parens(f, p.Items, func(item Pattern) { f.pattern(item, false) })
	case PatternExclude:
		f.put("{- ")
		f.pattern(p.Items[0], false)
		f.put(" -}")
	}
	if p.Quantified {
		f.quantifier(p)
	}
}

func (f *formatter) quantifier(p Pattern) {
	switch {
	case p.Min == 0 && p.Max == -1:
		f.put("*")
	case p.Min == 1 && p.Max == -1:
		f.put("+")
	case p.Min == 0 && p.Max == 1:
		f.put("?")
	case p.Max == -1:
		fmt.Fprintf(&f.b, "{%d,}", p.Min)
	case p.Min == p.Max:
		fmt.Fprintf(&f.b, "{%d}", p.Min)
	default:
		fmt.Fprintf(&f.b, "{%d,%d}", p.Min, p.Max)
	}
	f.putIf(p.Reluctant, "?")
}
