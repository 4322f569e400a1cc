package syntax

import (
	"testing"

	"pgregory.net/rapid"
)

// treeGen draws random trees. budget bounds their size.
type treeGen struct {
	t      *rapid.T
	budget int
}

func (g *treeGen) n(limit int) int { return rapid.IntRange(0, limit-1).Draw(g.t, "n") }

func (g *treeGen) coin() bool { return g.n(2) == 0 }

func (g *treeGen) pick(words ...string) string { return words[g.n(len(words))] }

func (g *treeGen) ident() Ident {
	name := g.pick("a", "b", "value", "größe", "x`y", "order", "1a", "a b", "key", "_z", "$", "名", "MAP", "if", "array")
	return Ident{Name: name, Quoted: needsQuotes(name) || g.n(4) == 0}
}

func (g *treeGen) idents() []Ident {
	ids := []Ident{g.ident()}
	for g.n(3) == 0 {
		ids = append(ids, g.ident())
	}
	return ids
}

func (g *treeGen) name() Name { return Name{Parts: g.idents()} }

func (g *treeGen) text() string {
	return g.pick("", "it's", "''", "x\ny", "--", "/*", "ü", ";", `\`, "$.a")
}

func (g *treeGen) exprs(least int) []Expr {
	var xs []Expr
	for len(xs) < least || g.n(3) == 0 && len(xs) < 4 {
		xs = append(xs, g.expr())
	}
	return xs
}

func (g *treeGen) maybe() Expr {
	if g.coin() {
		return nil
	}
	return g.expr()
}

func (g *treeGen) expr() Expr {
	g.budget--
	if g.budget < 0 {
		return g.leaf()
	}
	switch g.n(26) {
	case 0, 1, 2, 3:
		op := BinaryOp(g.n(len(binaryOps)))
		return &Binary{Op: op, L: g.expr(), R: g.expr()}
	case 4:
		return &Unary{Op: UnaryOp(g.n(3)), X: g.expr()}
	case 5:
		return &Is{X: g.expr(), Not: g.coin(), Test: IsTest(g.n(len(isTestNames)))}
	case 6:
		return &Between{X: g.expr(), Lo: g.expr(), Hi: g.expr(), Not: g.coin(), Symmetric: g.coin()}
	case 7:
		if g.coin() {
			return &In{X: g.expr(), Not: g.coin(), Query: g.query()}
		}
		return &In{X: g.expr(), Not: g.coin(), List: g.exprs(1)}
	case 8:
		return &LikeExpr{X: g.expr(), Pattern: g.expr(), Escape: g.maybe(), Not: g.coin(), Kind: LikeKind(g.n(len(likeNames)))}
	case 9:
		return &Quantified{X: g.expr(), Op: OpEq + BinaryOp(g.n(6)), All: g.coin(), List: g.exprs(1)}
	case 10:
		return &Exists{Query: g.query()}
	case 11:
		return &Subquery{Query: g.query()}
	case 12:
		c := &Case{Operand: g.maybe(), Else: g.maybe()}
		for len(c.Whens) == 0 || g.n(3) == 0 {
			w := When{Conds: []Expr{g.expr()}, Then: g.expr()}
			if c.Operand != nil {
				w.Conds = g.exprs(1)
			}
			c.Whens = append(c.Whens, w)
		}
		return c
	case 13:
		t := g.typ(3)
		t.Null = NullUnset
		return &Cast{X: g.expr(), Type: t, Try: g.coin()}
	case 14:
		if g.coin() {
			return &Row{Items: g.exprs(1), Explicit: true}
		}
		return &Row{Items: g.exprs(2)}
	case 15:
		c := &Collection{Kind: CollectionKind(g.n(3))}
		if g.n(4) == 0 {
			c.Query = g.query()
			return c
		}
		c.Items = g.exprs(0)
		if c.Kind == Map && len(c.Items)%2 != 0 {
			c.Items = append(c.Items, g.leaf())
		}
		return c
	case 16:
		return &Index{X: g.expr(), Index: g.expr()}
	case 17:
		return &Field{X: g.expr(), Name: g.ident()}
	case 18, 19:
		return &DateMinus{L: g.expr(), R: g.expr(), Units: IntervalUnits{From: "DAY", Precision: -1, Fraction: -1}}
	case 20:
		return g.jsonPathCall()
	case 21, 22, 23:
		return g.call()
	}
	return g.leaf()
}

func (g *treeGen) leaf() Expr {
	switch g.n(8) {
	case 0:
		return &Literal{Kind: IntegerLiteral, Text: g.pick("0", "12", "99999999999999999999")}
	case 1:
		return &Literal{Kind: DecimalLiteral, Text: g.pick("1.", ".5", "1.50")}
	case 2:
		return &Literal{Kind: ApproxLiteral, Text: g.pick("1e5", ".5E-3")}
	case 3:
		return &Literal{Kind: LiteralKind(g.n(4))}
	case 4:
		kind := StringLiteral + LiteralKind(g.n(5))
		if kind == BinaryLiteral {
			return &Literal{Kind: kind, Text: g.pick("", "0aFF")}
		}
		return &Literal{Kind: kind, Text: g.text()}
	case 5:
		return &Interval{Negative: g.coin(), Text: g.text(), Units: IntervalUnits{From: "DAY", To: g.pick("", "SECOND"), Precision: g.n(3) - 1, Fraction: -1}}
	}
	return &ColumnRef{Parts: g.idents()}
}

func (g *treeGen) call() Expr {
	c := &FuncCall{Name: Name{Parts: []Ident{g.ident()}}}
	switch g.n(6) {
	case 0:
		c.Name.Parts[0] = Ident{Name: "COUNT"}
		c.Args = []Expr{&Star{}}
	case 1:
		c.Name.Parts[0] = Ident{Name: g.pick("SUBSTRING", "OVERLAY")}
		c.Special = true
		c.Args = []Expr{g.expr(), g.expr(), g.expr()}
	case 2:
		c.Name.Parts[0] = Ident{Name: "TRIM"}
		c.Special, c.Trim = true, TrimSide(g.n(3))
		c.Args = []Expr{g.expr(), g.expr()}[:1+g.n(2)]
	case 3:
		c.Name.Parts[0] = Ident{Name: g.pick("POSITION", "JSON_OBJECT")}
		c.Special = true
		c.Args = []Expr{g.expr(), g.expr()}
	default:
		if len(c.Name.Parts[0].Name) > 1 { // no word with a form of its own
			c.Name.Parts[0].Quoted = true
		}
		c.Quantifier = Quantifier(g.n(3))
		c.Args = g.exprs(1)
		if g.n(4) == 0 {
			c.Args = append(c.Args, &NamedArg{Name: g.ident(), Value: g.expr()})
		}
		if g.n(4) == 0 {
			c.OrderBy = g.orderBy()
		}
	}
	if g.n(4) == 0 {
		c.Filter = g.expr()
	}
	if g.n(3) == 0 {
		c.Over = &WindowSpec{PartitionBy: g.exprs(0), OrderBy: g.orderBy()}
		if g.coin() {
			c.Over.Frame = &Frame{Unit: FrameUnit(g.n(2)), Start: Bound{Kind: Preceding, Offset: g.expr()}, Stop: &Bound{Kind: CurrentRow}}
		}
	}
	return c
}

func (g *treeGen) jsonPathCall() Expr {
	c := &JSONPathCall{Func: JSONFunc(g.n(3)), X: g.expr(), Path: g.expr()}
	switch c.Func {
	case JSONExists:
		c.OnError.Behavior = JSONBehaviorUnknown
	case JSONValue:
		c.Returning = g.typ(1)
		c.Returning.Null = NullUnset
		c.OnEmpty = JSONClause{Behavior: JSONBehaviorDefault, Default: g.expr()}
	case JSONQuery:
		c.Wrapper = JSONWrapper(g.n(4))
		c.OnError.Behavior = JSONBehaviorEmptyObject
	}
	return c
}

func (g *treeGen) orderBy() []OrderItem {
	return []OrderItem{{X: g.expr(), Desc: g.coin(), Nulls: NullsOrder(g.n(3))}}
}

func (g *treeGen) typ(depth int) *TypeName {
	t := &TypeName{Null: Nullability(g.n(3))}
	kinds := 6
	if depth == 0 {
		kinds = 3
	}
	switch g.n(kinds) {
	case 0:
		t.Name = g.pick("INT", "STRING", "DOUBLE", "BYTES", "VARIANT", "BITMAP", "REAL")
	case 1:
		t.Name, t.Params = "DECIMAL", []int{g.n(38), g.n(10)}[:g.n(3)]
	case 2:
		n := g.name()
		n.Parts[0].Quoted = true // `BITMAP` and so on are no keywords then
		t.UserType = &n
	case 3:
		t.Name, t.Elem = g.pick("ARRAY", "MULTISET"), g.typ(depth-1)
	case 4:
		t.Name, t.Key, t.Elem = "MAP", g.typ(depth-1), g.typ(depth-1)
	case 5:
		t.Name = "ROW"
		for range g.n(3) {
			t.Fields = append(t.Fields, TypeField{Name: g.ident(), Type: g.typ(depth - 1)})
		}
	}
	return t
}

func (g *treeGen) query() *Query {
	g.budget--
	q := &Query{Body: g.queryBody()}
	if g.n(4) == 0 {
		q.With = []CTE{{Name: g.ident(), Columns: g.idents(), Query: g.query()}}
	}
	if g.n(4) == 0 {
		q.OrderBy = g.orderBy()
	}
	if g.n(4) == 0 {
		q.Limit = &Literal{Kind: IntegerLiteral, Text: "1"}
		q.Offset = &Literal{Kind: IntegerLiteral, Text: "2"}
	}
	return simplify(q)
}

func (g *treeGen) queryBody() QueryBody {
	if g.budget < 0 {
		return &ExplicitTable{Name: g.name()}
	}
	switch g.n(6) {
	case 0:
		return &SetOp{Kind: SetOpKind(g.n(3)), All: g.coin(), L: g.queryBody(), R: g.queryBody()}
	case 1:
		return &Values{Rows: []Row{{Items: g.exprs(2)}, {Items: g.exprs(2)}}}
	case 2: // a query inside has clauses of its own, or there would be no query
		q := g.query()
		q.Limit = &Literal{Kind: IntegerLiteral, Text: "3"}
		return q
	}
	s := &Select{Distinct: g.coin(), Items: []SelectItem{{X: g.expr(), Alias: ptr(g.ident())}, {X: &Star{Qualifier: g.idents()}}}}
	if g.n(4) > 0 {
		s.From = g.table(3)
		s.Where = g.maybe()
		if g.coin() {
			s.GroupBy = &GroupBy{Items: []GroupItem{{X: g.expr()}, {Kind: GroupCube, Items: []GroupItem{{X: g.expr()}, {Kind: GroupEmpty}}}}}
			s.Having = g.maybe()
		}
		s.Qualify = g.maybe()
	}
	return s
}

func (g *treeGen) alias() *TableAlias {
	if g.coin() {
		return nil
	}
	return &TableAlias{Name: g.ident(), Columns: g.idents()[:g.n(2)]}
}

func (g *treeGen) table(depth int) TableRef {
	kinds := 7
	if depth == 0 {
		kinds = 3
	}
	switch g.n(kinds) {
	case 0, 1:
		return &TableName{Name: g.name(), Alias: g.alias()}
	case 2:
		return &Unnest{Args: g.exprs(1), Ordinality: g.coin(), Alias: g.alias()}
	case 3:
		return &DerivedTable{Query: g.query(), Lateral: g.coin(), Alias: g.alias()}
	case 4:
		return &MatchRecognize{
			Input: g.table(depth - 1), Pattern: g.pattern(3), Alias: g.alias(),
			Define: []MatchDefine{{Variable: g.ident(), Cond: g.expr()}},
		}
	}
	j := &Join{Kind: JoinKind(g.n(int(CommaJoin) + 1)), L: g.table(depth - 1), R: g.table(depth - 1)}
	if j.Kind != CommaJoin && j.Kind != CrossJoin {
		if j.Natural = g.n(4) == 0; !j.Natural {
			switch g.n(3) {
			case 0:
				j.On = g.expr()
			case 1:
				j.Using = g.idents()
			}
		}
	}
	return j
}

func (g *treeGen) pattern(depth int) Pattern {
	p := Pattern{Min: 1, Max: 1}
	switch kind := PatternKind(g.n(5)); {
	case depth == 0 || kind == PatternVariable:
		p.Variable = g.ident()
	case kind == PatternExclude:
		p.Kind, p.Items = kind, []Pattern{g.pattern(depth - 1)}
	default:
		p.Kind, p.Items = kind, []Pattern{g.pattern(depth - 1), g.pattern(depth - 1)}
	}
	if g.n(3) == 0 {
		p.Quantified, p.Reluctant = true, g.coin()
		p.Min = g.n(3)
		p.Max = p.Min + g.n(3)
		if g.coin() {
			p.Max = -1
		}
	}
	return p
}

// Any tree prints as SQL that parses to an equal tree.
func TestRandomTrees(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := &treeGen{t: rt, budget: rapid.IntRange(1, 60).Draw(rt, "budget")}
		q := g.query()
		text := Format(q)
		again, err := Parse(text)
		if err != nil {
			rt.Fatalf("%s\n%s", text, FormatError("", text, err.(*Error))) //nolint:errorlint // the parser gives no other errors, and gives them as they are
		}
		if diff := treeDiff(q, again); diff != "" {
			rt.Fatalf("%s\n(-drawn +parsed)\n%s", text, diff)
		}
	})
}
