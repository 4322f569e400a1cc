// Package bind finds out what a statement means: which table, column, function and type each name stands for.
//
// Syntax trees enter, with the catalogs that names are looked up in; typed logical plans leave ([Binder.Query], [Binder.Insert]), or
// resolved tables and views for the catalog ([Binder.Table], [Binder.View]). Casts that Flink makes implicitly are in the plans explicitly.
//
// What must hold: every error that a statement's text is to blame for is a [*syntax.Error] with the place, and says what would be valid:
// the nearest name, the names there are, the types that are taken. Nothing outside the process is touched, and binding changes no catalog.
package bind

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// Binder binds statements. Its fields are set by the caller and not changed by it.
type Binder struct {
	Catalogs *catalog.Catalogs
	// Env is handed to connectors to check a table's options.
	Env connector.Env
}

// Query is a bound query.
type Query struct {
	Node plan.Node
	// Times says which columns are attributes of time.
	Times []catalog.TimeAttribute
	// Ordered says that the order of the rows is part of the result.
	Ordered bool
}

// Query binds a query. Its columns have names that differ: a, a0, ….
func (b *Binder) Query(q *syntax.Query) (*Query, error) {
	r, err := b.start(nil).query(q, nil)
	if err != nil {
		return nil, err
	}
	return &Query{Node: r.node, Times: plan.Times(r.node), Ordered: plan.Ordered(r.node)}, nil
}

// binding is the work on one statement, or on one view inside it.
type binding struct {
	*Binder
	catalog, database string // where short names are looked up
	expansion         *expansion
	views             []catalog.Path // the views around, innermost last
	applies           *int           // the number of the statement's last Apply
	depth             int            // queries around
	nulls             bool           // a select list may have NULL without a type: another side of UNION gives it one
	advice            *advice        // the hints of the SELECT whose FROM is being bound
}

func (b *Binder) start(e *expansion) *binding {
	cat, db := b.Catalogs.Current()
	return &binding{Binder: b, catalog: cat, database: db, expansion: e, applies: new(int)}
}

// env is what is visible to a query besides its own tables: common table expressions and the rows of the queries around it.
type env struct {
	name   string
	rel    *rel
	outer  *outer // instead of name and rel
	parent *env
}

func (e *env) find(name string) *rel {
	for ; e != nil; e = e.parent {
		if e.outer == nil && e.name == name {
			return e.rel
		}
	}
	return nil
}

// rel is a bound relation: a plan and what its schema does not tell.
type rel struct {
	node plan.Node
	at   []syntax.Node // what each column was made from in the text; nil where that is no single expression
}

func (r *rel) fields() []column.Field { return r.node.Schema() }

func newRel(n plan.Node) *rel { return &rel{node: n} }

// unsupported says that a part of the language cannot be executed.
func unsupported(at syntax.Node, format string, args ...any) error {
	return syntax.Errorf(at, "%s not supported yet", fmt.Sprintf(format, args...))
}

// fail returns an error with a hint.
func fail(at syntax.Node, hint, format string, args ...any) error {
	e := syntax.Errorf(at, format, args...)
	e.Hint = hint
	return e
}

// place gives an error of a lower layer its place in the text.
func place(at syntax.Node, err error) error {
	var placed *syntax.Error
	if err == nil || errors.As(err, &placed) {
		return err
	}
	var name *catalog.Error
	if errors.As(err, &name) {
		return fail(at, name.Hint, "%s", name.Msg)
	}
	return syntax.Errorf(at, "%s", err.Error())
}

// names returns the simple identifiers' texts.
func names(ids []syntax.Ident) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.Name
	}
	return list
}

// uniquify makes names differ by numbers behind the later ones, as Flink does: a, a0, a1.
func uniquify(names []string) []string {
	used, next := make(map[string]bool, len(names)), map[string]int{} // what to try next for a name
	out := slices.Clone(names)
	for i, name := range names {
		for used[out[i]] {
			out[i] = name + strconv.Itoa(next[name])
			next[name]++
		}
		used[out[i]] = true
	}
	return out
}

// fieldNames returns the names of fields.
func fieldNames(fields []column.Field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Name
	}
	return list
}

// plural writes a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// pluralIs is plural with the verb.
func pluralIs(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return plural(n, thing) + " are"
}
