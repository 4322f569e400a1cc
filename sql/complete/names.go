package complete

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// names returns what may stand where neither a text nor a setting is typed.
func (p *place) names() []Item {
	if items, ok := p.objects(); ok {
		if len(p.qualifier) == 0 {
			items = append(items, p.words()...)
		}
		return items
	}
	if len(p.qualifier) > 0 {
		return p.qualifiedColumns()
	}
	if table := p.target(); table != nil {
		return columns(p.schema("SELECT * FROM " + quoted(table)))
	}
	return p.words()
}

// objects returns the tables, databases or catalogs of which one must stand at the place; false where it is no place for one.
func (p *place) objects() ([]Item, bool) {
	switch {
	case p.lastIs(1, "CATALOG") && p.lastIs(2, "USE", "DROP", "DESCRIBE", "DESC", "ALTER", "CREATE"):
		return p.catalogs(), true
	case p.lastIs(1, "USE"), p.lastIs(1, "DATABASE") && !p.lastIs(2, "CREATE"), p.lastIs(1, "FROM", "IN") && p.lastIs(2, "TABLES", "VIEWS", "MODELS"):
		return p.databases(), true
	case p.lastIs(1, "FROM", "IN") && p.lastIs(2, "DATABASES"):
		return p.catalogs(), true
	case p.lastIs(1, "MODEL") && !p.lastIs(2, "CREATE", "TEMPORARY"):
		cat, db := p.session.Catalogs().Current()
		return p.list(catalog.Models, Model, cat, db), true
	case p.relation():
		return p.tables(), true
	}
	return nil, false
}

// relation tells whether the place is one for the name of a table.
func (p *place) relation() bool {
	n := 1
	if p.lastIs(1, "EXISTS") && p.lastIs(2, "IF") {
		n = 3
	}
	switch {
	case p.lastIs(n, "TABLE", "VIEW"):
		return !p.lastIs(n+1, "CREATE", "REPLACE", "TEMPORARY") || p.lastIs(n+2, "SHOW")
	case p.lastIs(n, "UPDATE"):
		return n == len(p.before)
	case p.lastIs(n, "FROM", "JOIN", "INTO", "OVERWRITE", "DESCRIBE", "DESC", "EXTENDED"):
		return true
	case p.lastIs(1, "LIKE"):
		return len(p.before) > 1 && p.is(p.before[0], "CREATE")
	case p.lastIs(1, ","):
		return p.inFrom()
	}
	return false
}

// inFrom tells whether the place is among the tables behind FROM.
func (p *place) inFrom() bool {
	c := p.clause()
	return c == "FROM" || c == "ON"
}

// clauses are the words that begin a part of a query.
var clauses = []string{"SELECT", "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "FETCH", "UNION", "INTERSECT", "EXCEPT"}

// clause returns the word that began the clause that the place is in, or "".
func (p *place) clause() string {
	depth := 0
	for _, t := range slices.Backward(p.before) {
		switch {
		case p.is(t, ")"):
			depth++
		case p.is(t, "("):
			depth--
			if depth < 0 {
				return ""
			}
		case depth == 0 && (p.is(t, clauses...) || p.is(t, "ON")):
			return strings.ToUpper(p.word(t))
		}
	}
	return ""
}

func (p *place) catalogs() []Item {
	var items []Item
	for _, name := range p.session.Catalogs().Catalogs() {
		items = append(items, Item{Text: identifier(name), Name: name, Kind: Catalog})
	}
	return items
}

// databases returns the databases of the current catalog or of the one in front of the dot, and without a dot the catalogs.
func (p *place) databases() []Item {
	cat, _ := p.session.Catalogs().Current()
	if len(p.qualifier) == 1 {
		cat = p.qualifier[0]
	}
	var items []Item
	names, err := p.session.Catalogs().Databases(cat)
	if err == nil {
		for _, name := range names {
			items = append(items, Item{Text: identifier(name), Name: name, Kind: Database})
		}
	}
	if len(p.qualifier) == 0 {
		items = append(items, p.catalogs()...)
	}
	return items
}

// tables returns the tables and views of the database in front of the dots, and what may stand in front of a further dot.
func (p *place) tables() []Item {
	cats := p.session.Catalogs()
	cat, db := cats.Current()
	var more []Item
	switch len(p.qualifier) {
	case 0:
		more = append(p.with(), p.databases()...)
	case 1:
		db = p.qualifier[0]
		if names, err := cats.Databases(p.qualifier[0]); err == nil {
			for _, name := range names {
				more = append(more, Item{Text: identifier(name), Name: name, Kind: Database})
			}
		}
	case 2:
		cat, db = p.qualifier[0], p.qualifier[1]
	default:
		return nil
	}
	return append(p.list(catalog.Tables, Table, cat, db), more...)
}

// list returns a database's objects of a kind. Whether a table is a view is not looked up: in a catalog that is kept elsewhere that takes time.
func (p *place) list(kind catalog.Kind, as Kind, cat, db string) []Item {
	names, err := p.session.Catalogs().List(kind, cat, db, nil)
	if err != nil {
		return nil // what cannot be read is not offered
	}
	var items []Item
	for _, name := range names {
		items = append(items, Item{Text: identifier(name), Name: name, Kind: as})
	}
	return items
}

// words returns the keywords that fit, and where an expression fits columns and functions too.
func (p *place) words() []Item {
	e := syntax.Expect(p.text[p.start:p.from])
	if len(e.Words) == 0 && !e.Expr && !e.Name && !e.Type && !e.Query && len(p.before) > 0 {
		// The text is not what the grammar takes so far: offer all.
		e = syntax.Expected{Words: append([]string{"AS", "ON", "AND", "OR", "BY", "JOIN", "LEFT", "INNER"}, clauses...), Expr: true}
	}
	words := e.Words
	var items []Item
	if e.Expr {
		items = p.columns()
		words = append(words, exprWords...)
	}
	if e.Query {
		words = append(words, "SELECT", "WITH", "VALUES", "TABLE")
	}
	if e.Type {
		words = append(words, typeWords...)
	}
	if !e.Expr && p.operand() {
		words = append(words, "AND", "OR", "IN", "LIKE", "BETWEEN", "IS", "NOT")
	}
	if p.lastIs(1, "JOIN") || p.inFrom() && p.lastIs(1, "FROM", ",") {
		words = append(words, "LATERAL", "UNNEST", "TABLE")
	}
	for _, w := range words {
		items = append(items, Item{Text: w, Name: w, Kind: Keyword})
	}
	if e.Expr {
		cat, db := p.session.Catalogs().Current()
		for _, it := range p.list(catalog.Functions, Function, cat, db) {
			it.Text += "("
			items = append(items, it)
		}
		items = append(items, functions()...)
	}
	return items
}

// operand tells whether the place is behind an operand of a condition, where an operator may follow.
func (p *place) operand() bool {
	t, ok := p.last(1)
	if !ok || len(p.qualifier) > 0 || t.Kind == syntax.KeywordToken && !p.is(t, "NULL", "TRUE", "FALSE", "END") || t.Kind == syntax.SymbolToken && !p.is(t, ")", "]") {
		return false
	}
	switch p.clause() {
	case "WHERE", "HAVING", "QUALIFY", "ON":
		return true
	}
	return false
}

var (
	exprWords = []string{"CASE", "CAST", "TRY_CAST", "NOT", "EXISTS", "NULL", "TRUE", "FALSE", "INTERVAL", "DATE", "TIME", "TIMESTAMP",
		"ARRAY", "MAP", "ROW", "DISTINCT", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIMESTAMP"}
	// ownSyntax are functions whose arguments are not just listed.
	ownSyntax = []string{"EXTRACT", "TRIM", "SUBSTRING", "POSITION", "OVERLAY", "FLOOR", "CEIL", "JSON_EXISTS", "JSON_VALUE", "JSON_QUERY",
		"JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG", "TIMESTAMPADD", "TIMESTAMPDIFF"}
	typeWords = []string{"STRING", "BIGINT", "INT", "DOUBLE", "BOOLEAN", "DECIMAL", "TIMESTAMP", "TIMESTAMP_LTZ", "DATE", "TIME", "BYTES",
		"FLOAT", "SMALLINT", "TINYINT", "VARCHAR", "CHAR", "VARBINARY", "BINARY", "ARRAY", "MAP", "MULTISET", "ROW", "INTERVAL", "VARIANT"}
)

// functions lists the functions that are called by name.
func functions() []Item {
	var items []Item
	add := func(name, doc string) {
		if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == "" && (syntax.IsFunctionName(name) || slices.Contains(ownSyntax, name)) {
			items = append(items, Item{Text: name + "(", Name: name, Kind: Function, Note: doc})
		}
	}
	for f := range expr.Aggregates() {
		add(f.Name, f.Doc)
	}
	for f := range expr.Functions() {
		add(f.Name, f.Doc)
	}
	slices.SortStableFunc(items, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	return items
}
