package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
	"github.com/millstream/millstream/graph/expr/jsonpath"
)

// JSON_EXISTS, JSON_VALUE and JSON_QUERY. A call's arguments are the document and the path; then, where clauses were written, a NULL of
// the type behind RETURNING, the words of the clauses, and the values behind DEFAULT.

func init() {
	register(
		&Function{Name: "JSON_EXISTS", strict: true,
			Doc: "Whether a path leads to a value, other than null, in a JSON text. The path is strict unless it begins with lax: " +
				"what it does not find, and a text that is no JSON, are errors, which give FALSE or what stands before ON ERROR: TRUE, FALSE, UNKNOWN or ERROR.",
			Example: `JSON_EXISTS('{"a": [{"b": 1}]}', '$.a[0].b') => TRUE`,
			Resolve: resolveJSONPath("JSON_EXISTS", column.Of(column.Boolean)), compile: compileJSONExists, print: printJSONPath},
		&Function{Name: "JSON_VALUE", strict: true,
			Doc: "The scalar that a path leads to in a JSON text, as STRING or as VARCHAR, BOOLEAN, INT or DOUBLE behind RETURNING. " +
				"The path is strict unless it begins with lax: what it does not find, null, arrays, objects, and a text that is no JSON are errors; with lax they are empty.",
			Example: `JSON_VALUE('{"a": [1, "two"]}', '$.a[1]') => two`,
			Resolve: resolveJSONPath("JSON_VALUE", column.Str()), compile: compileJSONValue, print: printJSONPath},
		&Function{Name: "JSON_QUERY", strict: true,
			Doc: "The array or object that a path leads to in a JSON text, as JSON without blanks and with members by name, or as ARRAY<STRING> behind RETURNING. " +
				"WITH WRAPPER puts the value into an array, WITH CONDITIONAL WRAPPER does if it is none.",
			Example: `JSON_QUERY('{"a": [{"c": 1}, {"c": 2}]}', '$.a[*].c') => [1,2]`,
			Resolve: resolveJSONPath("JSON_QUERY", column.Str()), compile: compileJSONQuery, print: printJSONPath},
	)
}

// JSONClauses is what may stand behind the path of JSON_EXISTS, JSON_VALUE or JSON_QUERY.
type JSONClauses struct {
	Returning column.Type // of kind Null: none
	Wrapper   string      // WITHOUT, WITH, WITH CONDITIONAL; "": none
	// OnEmpty and OnError are NULL, ERROR, DEFAULT, TRUE, FALSE, UNKNOWN, EMPTY ARRAY or EMPTY OBJECT; "": none.
	OnEmpty, OnError           string
	EmptyDefault, ErrorDefault Expr // behind DEFAULT; otherwise nil
}

// jsonArgs is the number of arguments of a call with clauses.
const jsonArgs = 8

// NewJSONPath types a call of JSON_EXISTS, JSON_VALUE or JSON_QUERY with clauses.
func NewJSONPath(name string, doc, path Expr, c JSONClauses) (Expr, error) {
	args := []Expr{doc, path}
	if c.Returning.Kind != column.Null || c.Wrapper+c.OnEmpty+c.OnError != "" {
		text := func(s string) Expr { return Text(s) }
		t, err := jsonReturns(name, c)
		if err != nil {
			return nil, err
		}
		value := func(e Expr) Expr {
			if e == nil {
				return NullOf(t)
			}
			return CastTo(e, t)
		}
		for _, e := range []Expr{c.EmptyDefault, c.ErrorDefault} {
			if e != nil && !IsNull(e) && !CanCast(e.Type(), t, false) {
				return nil, fmt.Errorf("a DEFAULT of %s must be of type %s, not %s", name, t.Optional(), e.Type().Optional())
			}
		}
		args = append(args, NullOf(t), text(c.Wrapper), text(c.OnEmpty), text(c.OnError), value(c.EmptyDefault), value(c.ErrorDefault))
	}
	e, err := NewCall(name, args...)
	if err != nil {
		return nil, err
	}
	if t := c.Returning; t.IsText() {
		e = CastTo(e, t)
	}
	return e, nil
}

// jsonReturns is the type in which the function computes.
func jsonReturns(name string, c JSONClauses) (column.Type, error) {
	t := c.Returning.Optional()
	switch {
	case name == "JSON_EXISTS":
		return column.Of(column.Boolean), nil
	case t.Kind == column.Null, t.IsText():
		return column.Str(), nil
	case name == "JSON_VALUE":
		if t.Kind == column.Boolean || t.Kind == column.Int || t.Kind == column.Double {
			return t, nil
		}
		return t, fmt.Errorf("JSON_VALUE can return VARCHAR, BOOLEAN, INT or DOUBLE, not %s; cast its text", t)
	}
	if t.Kind != column.Array || !t.Elem.IsText() {
		return t, fmt.Errorf("JSON_QUERY can return VARCHAR or ARRAY<STRING>, not %s", t)
	}
	for _, behavior := range []string{c.OnEmpty, c.OnError} {
		if behavior == "EMPTY OBJECT" {
			return t, fmt.Errorf("EMPTY OBJECT is no value of %s; write EMPTY ARRAY", t)
		}
	}
	return t, nil
}

func resolveJSONPath(name string, result column.Type) func(args []Expr) ([]Expr, column.Type, error) {
	plain := takes(maybeNull(result), isText, isText).resolve(name)
	return func(args []Expr) ([]Expr, column.Type, error) {
		if len(args) != jsonArgs {
			return plain(args)
		}
		typed, _, err := plain(args[:2])
		return append(typed, args[2:]...), args[2].Type(), err
	}
}

func printJSONPath(c *Call) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s(%s, %s", c.Func.Name, c.Args[0], c.Args[1])
	if len(c.Args) == jsonArgs {
		word := func(i int) string { s, _ := constText(c.Args[i]); return s }
		if t := c.T; !t.SameAs(column.Str()) && t.Kind != column.Boolean || c.Func.Name == "JSON_VALUE" && t.Kind == column.Boolean {
			b.WriteString(" RETURNING " + t.Optional().String())
		}
		if w := word(3); w != "" {
			b.WriteString(" " + w + " WRAPPER")
		}
		for i, when := range []string{" ON EMPTY", " ON ERROR"} {
			w := word(4 + i)
			switch w {
			case "":
				continue
			case "DEFAULT":
				w += " " + c.Args[6+i].String()
			}
			b.WriteString(" " + w + when)
		}
	}
	return b.String() + ")"
}

// jsonSearch finds what paths lead to in documents.
type jsonSearch struct {
	reader  documentReader
	finder  jsonpath.Evaluator
	printer jsontext.Printer
	path    *jsonpath.Path
	bad     error // of the path
	lax     bool
	text    string // of the path
	ready   bool
	found   found // of the current row
}

// found is what a path leads to.
type found struct {
	err   error // of a document or path that is none, and in strict mode of a path that leads nowhere
	list  bool  // the value is the array of the items
	items []jsonpath.Item
}

// setPath compiles the path if it is another one than before.
func (s *jsonSearch) setPath(text []byte) {
	if s.ready && s.text == string(text) {
		return
	}
	s.text, s.ready, s.lax = string(text), true, false
	spec := s.text
	for _, mode := range []string{"strict", "lax"} {
		rest := strings.TrimLeft(spec, " \t\r\n")
		if len(rest) > len(mode) && strings.EqualFold(rest[:len(mode)], mode) && strings.IndexByte(" \t\r\n", rest[len(mode)]) >= 0 {
			s.lax = mode == "lax"
			spec = strings.TrimLeft(rest[len(mode):], " \t\r\n")
			break
		}
	}
	s.path, s.bad = jsonpath.Compile(spec)
}

// find follows the path of the row that a reads in its document.
func (s *jsonSearch) find(a *rowArgs) found {
	s.setPath(a.text(1))
	doc, err := s.reader.read(a)
	if err != nil {
		if s.lax {
			return found{}
		}
		return found{err: err}
	}
	if s.bad != nil {
		return found{err: s.bad}
	}
	items, err := s.finder.Find(s.path, doc, s.lax)
	if err != nil {
		return found{err: err}
	}
	return found{list: !s.path.Definite(), items: items}
}

// isNull reports that there is no value, or null.
func (f *found) isNull() bool {
	return !f.list && (len(f.items) == 0 || f.items[0].Kind() == jsontext.Null)
}

func (f *found) isScalar() bool { return !f.list && f.items[0].Kind().IsScalar() }

// appendJSON writes the value in normal form.
func (s *jsonSearch) appendJSON(dst []byte, f *found) []byte {
	if !f.list {
		return s.printer.Append(dst, f.items[0].Doc, f.items[0].Node)
	}
	dst = append(dst, '[')
	for i, it := range f.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.printer.Append(dst, it.Doc, it.Node)
	}
	return append(dst, ']')
}

// behaviors are the words behind the path, which are the same for all rows.
type behaviors struct{ wrapper, onEmpty, onError string }

func behaviorsOf(c *Call) behaviors {
	var b behaviors
	if len(c.Args) == jsonArgs {
		b.wrapper, _ = constText(c.Args[3])
		b.onEmpty, _ = constText(c.Args[4])
		b.onError, _ = constText(c.Args[5])
	}
	return b
}

func compileJSONExists(c *Call, env *environment) (Kernel, error) {
	a, s, on := newRowArgs(c), &jsonSearch{reader: documentReader{shared: env.documents}}, behaviorsOf(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		s.reader.begin(args[0])
		return a.each(args, n, sel, out, true, func(r int) error {
			if a.null(0) || a.null(1) {
				out.SetNull(r)
				return nil
			}
			f := s.find(a)
			if f.err == nil {
				out.Bits().Put(r, !f.isNull())
				return nil
			}
			switch on.onError {
			case "ERROR":
				return f.err
			case "UNKNOWN":
				out.SetNull(r)
			}
			out.Bits().Put(r, on.onError == "TRUE")
			return nil
		})
	}, nil
}

var (
	errNoScalar = errors.New("in strict mode the path must lead to a number, a text or a boolean, and it leads to null, an array or an object")
	errScalar   = errors.New("in strict mode the path must lead to an array or an object, and it leads to a null, a number, a text or a boolean")
	errEmpty    = errors.New("the path leads to no such value, and ERROR ON EMPTY was asked for")
)

// choose decides between the value that was found (0) and what ON EMPTY (1) or ON ERROR (2) says.
func (s *jsonSearch) choose(f *found, fits bool, misfit error) (place int, err error) {
	switch {
	case f.err != nil:
		return 2, f.err
	case fits:
		return 0, nil
	case s.lax:
		return 1, errEmpty
	}
	return 2, misfit
}

// clause is the word that a place has, and the argument of its default.
func (b *behaviors) clause(place int) (word string, arg int) {
	if place == 1 {
		return b.onEmpty, 6
	}
	return b.onError, 7
}

func compileJSONValue(c *Call, env *environment) (Kernel, error) {
	a, s, on := newRowArgs(c), &jsonSearch{reader: documentReader{shared: env.documents}}, behaviorsOf(c)
	store := jsonStorer(c.T.Kind)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		s.reader.begin(args[0])
		out.Resize(n)
		if out.Type.IsText() {
			clear(column.Values[column.View](out)[:n])
		}
		return a.each(args, n, sel, out, true, func(r int) error {
			if a.null(0) || a.null(1) {
				out.SetNull(r)
				return nil
			}
			f := s.find(a)
			place, err := s.choose(&f, f.err == nil && !f.isNull() && f.isScalar(), errNoScalar)
			if place == 0 {
				if store(out, r, f.items[0]) {
					return nil
				}
				place, err = 2, fmt.Errorf("the value %s is no %s", s.appendJSON(nil, &f), out.Type.Optional())
			}
			switch word, arg := on.clause(place); word {
			case "ERROR":
				return err
			case "DEFAULT":
				copyValue(out, r, args[arg], a.at(arg))
			default:
				out.SetNull(r)
			}
			return nil
		})
	}, nil
}

// jsonStorer returns what writes a scalar to a row of a vector; it reports false for one that is of another type.
func jsonStorer(k column.Kind) func(out *column.Vector, r int, it jsonpath.Item) bool {
	switch k {
	case column.Boolean:
		return func(out *column.Vector, r int, it jsonpath.Item) bool {
			out.Bits().Put(r, it.Kind() == jsontext.True)
			return it.Kind() == jsontext.True || it.Kind() == jsontext.False
		}
	case column.Int:
		return func(out *column.Vector, r int, it jsonpath.Item) bool {
			x := &it.Doc.Nodes[it.Node]
			i, err := column.ParseInteger(it.Doc.Text[x.From:x.To], column.Int)
			column.Values[int32](out)[r] = int32(i)
			return x.Kind == jsontext.Int && err == nil
		}
	case column.Double:
		return func(out *column.Vector, r int, it jsonpath.Item) bool {
			x := &it.Doc.Nodes[it.Node]
			f, err := column.ParseFloat(it.Doc.Text[x.From:x.To], 64)
			column.Values[float64](out)[r] = f
			return x.Kind.IsNumber() && err == nil
		}
	}
	return func(out *column.Vector, r int, it jsonpath.Item) bool {
		column.Values[column.View](out)[r] = out.HoldTail(it.Doc.AppendValue(out.Tail(), it.Node))
		return true
	}
}

// copyValue writes row i of v, which has a type of fixed width, a BOOLEAN or a text, to row r of out.
func copyValue(out *column.Vector, r int, v *column.Vector, i int) {
	if v.IsNull(i) {
		out.SetNull(r)
		return
	}
	switch out.Type.Layout() {
	case column.LayoutBits:
		out.Bits().Put(r, v.Bits().Get(i))
	case column.LayoutInt32:
		column.Values[int32](out)[r] = column.Values[int32](v)[i]
	case column.LayoutDouble:
		column.Values[float64](out)[r] = column.Values[float64](v)[i]
	default:
		column.Values[column.View](out)[r] = out.Hold(v.BytesAt(i))
	}
}

// query is what JSON_QUERY gives for a row.
func (s *jsonSearch) query(f *found, on *behaviors, write func(f *found, wrapped bool) bool, empty func(object bool)) (null bool, err error) {
	wrapped := f.err == nil && !f.isNull() && on.wrapper != "" && on.wrapper != "WITHOUT"
	if wrapped && on.wrapper == "WITH CONDITIONAL" {
		wrapped = !f.list && f.items[0].Kind() != jsontext.Array
	}
	place, err := s.choose(f, f.err == nil && !f.isNull() && (wrapped || !f.isScalar()), errScalar)
	if place == 0 {
		if write(f, wrapped) {
			return false, nil
		}
		place, err = 2, errors.New("the path must lead to an array, and it leads to an object")
	}
	switch word, _ := on.clause(place); word {
	case "ERROR":
		return true, err
	case "EMPTY ARRAY", "EMPTY OBJECT":
		empty(word == "EMPTY OBJECT")
		return false, nil
	}
	return true, nil
}

func compileJSONQuery(c *Call, env *environment) (Kernel, error) {
	if c.T.Kind == column.Array {
		return compileJSONQueryArray(c, env), nil
	}
	a, s, on := newRowArgs(c), &jsonSearch{reader: documentReader{shared: env.documents}}, behaviorsOf(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		s.reader.begin(args[0])
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		row := 0
		write := func(f *found, wrapped bool) bool {
			b := out.Tail()
			if wrapped {
				b = append(s.appendJSON(append(b, '['), f), ']')
			} else {
				b = s.appendJSON(b, f)
			}
			views[row] = out.HoldTail(b)
			return true
		}
		empty := func(object bool) {
			views[row] = column.InlineView([]byte(map[bool]string{true: "{}", false: "[]"}[object]))
		}
		return a.each(args, n, sel, out, true, func(r int) error {
			if row = r; a.null(0) || a.null(1) {
				out.SetNull(r)
				return nil
			}
			s.found = s.find(a)
			null, err := s.query(&s.found, &on, write, empty)
			if null {
				out.SetNull(r)
			}
			return err
		})
	}, nil
}

// compileJSONQueryArray gives the elements as texts: scalars as they are, the others as JSON.
func compileJSONQueryArray(c *Call, env *environment) Kernel {
	a, s, on := newRowArgs(c), &jsonSearch{reader: documentReader{shared: env.documents}}, behaviorsOf(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		s.reader.begin(args[0])
		elems := out.Children[0]
		add := func(it jsonpath.Item) {
			switch {
			case it.Kind() == jsontext.Null:
				elems.AppendNull()
			case it.Kind().IsScalar():
				elems.AppendBytes(it.Doc.AppendValue(nil, it.Node))
			default:
				elems.AppendBytes(s.printer.Append(nil, it.Doc, it.Node))
			}
		}
		write := func(f *found, wrapped bool) bool {
			switch {
			case wrapped && f.list:
				elems.AppendBytes(s.appendJSON(nil, f))
			case wrapped:
				add(f.items[0])
			case f.list:
				for _, it := range f.items {
					add(it)
				}
			case f.items[0].Kind() == jsontext.Array:
				it := f.items[0]
				for e := it.Node + 1; e < it.Doc.Nodes[it.Node].Next; e = it.Doc.Nodes[e].Next {
					add(jsonpath.Item{Doc: it.Doc, Node: e})
				}
			default:
				return false
			}
			return true
		}
		return appendRows(a, args, n, sel, out, func() (bool, error) {
			if a.null(0) || a.null(1) {
				return true, nil
			}
			s.found = s.find(a)
			return s.query(&s.found, &on, write, func(bool) {})
		})
	}
}

// appendRows makes lists row by row: f appends the elements of the row in a.row to out's children and tells whether the list is NULL.
// Rows that sel leaves out are NULL.
func appendRows(a *rowArgs, args []*column.Vector, n int, sel []int32, out *column.Vector, f func() (null bool, err error)) error {
	a.vecs = args
	next := 0
	skip := func(to int) {
		for ; next < to; next++ {
			out.AppendNull()
		}
	}
	one := func(r int) error {
		skip(r)
		next = r + 1
		a.row = r
		from := out.Children[0].Len
		null, err := f()
		if err != nil {
			return err
		}
		if out.AppendList(out.Children[0].Len - from); null {
			out.SetNull(r)
		}
		return nil
	}
	if sel == nil {
		out.Reserve(n)
		for r := range n {
			if err := one(r); err != nil {
				return err
			}
		}
		return nil
	}
	for _, r := range sel {
		if err := one(int(r)); err != nil {
			return err
		}
	}
	skip(n)
	return nil
}
