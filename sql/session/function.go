package session

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// createFunction executes CREATE FUNCTION. As in Flink the class is not looked for, unless the function is temporary: it is known by name,
// and cannot be called, since no class of another language can run in this process.
func (s *Session) createFunction(n *syntax.CreateFunction) (*Result, error) {
	path, err := s.path(&n.Name)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Temporary:
		return nil, noClass(&n.Body.Class, n.Body.Class.Text)
	case n.Body.Language == "SQL":
		e := syntax.Errorf(&n.Body, "there are no functions in SQL")
		e.Hint = "make a view of the query that calls it"
		return nil, e
	}
	return s.add(&n.Name, newFunction(path, &n.Body), n.IfNotExists)
}

func newFunction(path catalog.Path, body *syntax.FunctionBody) *catalog.Function {
	f := &catalog.Function{Path: path, Class: body.Class.Text, Language: body.Language}
	for _, r := range body.Resources {
		f.Resources = append(f.Resources, r.Kind+" "+quoteText(r.Path.Text))
	}
	return f
}

// noClass says that a class cannot be loaded.
func noClass(at syntax.Node, class string) error {
	e := syntax.Errorf(at, "there is no class '%s': functions of other languages cannot run here", class)
	e.Hint = "write it in Go and register it with the program, or express it in SQL"
	return e
}

// alterFunction executes ALTER FUNCTION.
func (s *Session) alterFunction(n *syntax.Alter) (*Result, error) {
	a, ok := n.Action.(*syntax.ReplaceFunction)
	if !ok || n.Temporary {
		return nil, unsupported(n, "ALTER of a temporary function")
	}
	found, err := s.permanent(n, catalog.Functions, "function")
	if err != nil || found == nil {
		return done(err)
	}
	return done(at(&n.Name, s.catalogs.Replace(newFunction(found.ID(), &a.Body), found)))
}

// dropFunction executes DROP FUNCTION. There are no temporary functions, since their class would be needed.
func (s *Session) dropFunction(n *syntax.Drop) (*Result, error) {
	if !n.Temporary {
		return s.dropObject(n, catalog.Functions, "function")
	}
	if n.IfExists {
		return done(nil)
	}
	return nil, syntax.Errorf(&n.Name, "temporary function '%s' does not exist", strings.Join(parts(&n.Name), "."))
}

// describeFunction executes DESCRIBE FUNCTION. With EXTENDED it says what the function does.
func (s *Session) describeFunction(n *syntax.Describe) (*Result, error) {
	var rows [][]any
	info := func(name, value string) { rows = append(rows, []any{name, value}) }
	result := func() (*Result, error) {
		return rowsResult(Rows, textColumns("info name", "info value"), rows), nil
	}
	name := n.Name.Last().Name
	system := func(kind string, deterministic bool, signature, doc, example string) (*Result, error) {
		info("is system function", "true")
		info("is temporary", "false")
		if n.Extended {
			info("kind", kind)
			info("requirements", "[]")
			info("is deterministic", text(deterministic))
			info("supports constant folding", text(deterministic))
			info("signature", signature)
			info("description", doc)
			info("example", example)
		}
		return result()
	}
	if len(n.Name.Parts) == 1 {
		if f, ok := expr.Lookup(name); ok && called(f) {
			return system("SCALAR", !f.Volatile, f.Signature(), f.Doc, f.Example)
		}
		if f, ok := expr.LookupAggregate(name); ok {
			return system("AGGREGATE", true, f.Signature(), f.Doc, f.Example)
		}
		if f, ok := expr.LookupTableFunction(name); ok {
			return system("TABLE", true, f.Name, f.Doc, f.Example)
		}
	}
	path, err := s.path(&n.Name)
	if err != nil {
		return nil, err
	}
	found, err := s.catalogs.Get(catalog.Functions, path)
	if err != nil {
		return nil, at(&n.Name, err)
	}
	if f, ok := found.(*catalog.Function); ok {
		return nil, noClass(&n.Name, f.Class)
	}
	e := syntax.Errorf(&n.Name, "function '%s' does not exist", strings.Join(parts(&n.Name), "."))
	e.Hint = suggest.Hint(name, functionNames(), "SHOW FUNCTIONS lists those there are:")
	return nil, e
}

func text(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// called reports whether a function is called by its name, as operators are not.
func called(f *expr.Function) bool {
	return strings.Trim(f.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == ""
}

// functionNames lists all functions that can be called by name, sorted.
func functionNames() []string {
	var list []string
	for f := range expr.Functions() {
		if called(f) {
			list = append(list, listedName(f.Name))
		}
	}
	for f := range expr.Aggregates() {
		list = append(list, listedName(f.Name))
	}
	for name := range expr.UserFunctions() {
		list = append(list, strings.ToLower(name))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// userFunctions lists the functions of a database and those that the program has registered. A database that does not exist has none.
func (s *Session) userFunctions(cat, db string) ([]string, error) {
	list, err := s.catalogs.List(catalog.Functions, cat, db, nil)
	for name := range expr.UserFunctions() {
		list = append(list, strings.ToLower(name))
	}
	slices.Sort(list)
	return slices.Compact(list), err
}
