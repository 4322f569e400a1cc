// Package jsonpath finds values in JSON by paths such as $.a[0].b, as JSON_VALUE and its kin take them.
//
// What enters: the text of a path, once, and documents. What leaves: the nodes that it leads to. graph/expr calls it.
//
// What must hold: a [Path] is immutable; an [Evaluator] is one task's and is used for document after document without allocating, as
// long as the path computes nothing new. The language and its leniency are those of Jayway's JsonPath, which Apache Flink uses:
// members by .name and ['name'], elements by [0], [-1], [0,2] and [1:3], all by * and [*], descendants by .., filters by [?(@.a > 1)]
// and functions such as .length() at the end.
package jsonpath

import (
	"errors"
	"fmt"

	"github.com/millstream/millstream/column/jsontext"
)

// Path is a compiled path.
type Path struct {
	steps    []step
	definite bool
	// split is where the path behind which the final function works on all values found, and not on each, ends; 0: nowhere.
	split int
}

// Definite reports whether the path leads to at most one value; otherwise it leads to a list.
func (p *Path) Definite() bool { return p.definite }

type stepKind uint8

const (
	member   stepKind = iota // .name
	members                  // ['a','b']
	index                    // [1]
	indexes                  // [1,2]
	slice                    // [1:3]
	wildcard                 // * or [*]
	scan                     // ..
	filter                   // [?(…)]
	function                 // .length()
)

type step struct {
	kind    stepKind
	names   []string
	indexes []int
	from    int // of a slice
	to      int
	hasFrom bool
	hasTo   bool
	filter  condition
	call    *call
	last    bool
	certain bool // all steps before lead to one value each
}

// definite reports whether the step leads from one value to at most one.
func (s *step) definite() bool {
	return s.kind == member || s.kind == members && s.last || s.kind == index || s.kind == function
}

// Item is a value in a document.
type Item struct {
	Doc  *jsontext.Doc
	Node int32
}

// Kind is the kind of the value.
func (i Item) Kind() jsontext.Kind { return i.Doc.Nodes[i.Node].Kind }

// ErrNotFound says that a path leads nowhere.
var ErrNotFound = errors.New("the path leads to no value")

var errTooMuch = errors.New("the path goes through too many values of the document")

// mostVisits bounds the work of one evaluation.
const mostVisits = 10_000_000

// Evaluator applies paths to documents.
type Evaluator struct {
	path   *Path
	root   Item
	lax    bool
	items  []Item
	visits int
}

// Find returns the values that p leads to in d, whose whole value is at node 0: one, or none, if p is definite. They are valid until
// the next call. With lax, parts of the document that are not as the path has them are passed over; otherwise they are an error,
// unless the path is not definite there.
func (e *Evaluator) Find(p *Path, d *jsontext.Doc, lax bool) ([]Item, error) {
	e.path, e.root, e.lax, e.items, e.visits = p, Item{d, 0}, lax, e.items[:0], 0
	err := e.find(Item{d, 0})
	if err == nil && p.definite && len(e.items) == 0 && !lax {
		err = ErrNotFound
	}
	if errors.Is(err, ErrNotFound) && lax {
		err = nil
	}
	if p.definite && len(e.items) > 1 {
		e.items = e.items[len(e.items)-1:]
	}
	return e.items, err
}

func (e *Evaluator) find(from Item) error {
	if e.path.split == 0 {
		return e.walk(0, from)
	}
	whole := e.path
	list := &Path{steps: whole.steps[:e.path.split]}
	inner := Evaluator{path: list, root: e.root, lax: e.lax}
	if err := inner.walk(0, from); err != nil {
		return err
	}
	all, err := arrayOf(inner.items)
	if err != nil {
		return err
	}
	return e.walk(whole.split, all)
}

// walk takes step i from a value.
func (e *Evaluator) walk(i int, at Item) error {
	if e.visits++; e.visits > mostVisits {
		return errTooMuch
	}
	if i == len(e.path.steps) {
		e.items = append(e.items, at)
		return nil
	}
	s := &e.path.steps[i]
	switch s.kind {
	case member, members:
		return e.member(i, s, at)
	case index, indexes, slice:
		return e.element(i, s, at)
	case wildcard:
		return e.each(i, at)
	case scan:
		return e.scan(i+1, at)
	case filter:
		return e.filter(i, s, at)
	}
	value, err := s.call.apply(e, at)
	if err != nil {
		return err
	}
	return e.walk(i+1, value)
}

// missing is what it means that a value is not as step s has it.
func (e *Evaluator) missing(s *step) error {
	if e.lax || !s.certain {
		return nil
	}
	return ErrNotFound
}

func (e *Evaluator) member(i int, s *step, at Item) error {
	if at.Kind() != jsontext.Object {
		return e.missing(s)
	}
	if s.kind == members && s.last {
		merged, err := objectOf(at, s.names)
		if err != nil {
			return err
		}
		return e.walk(i+1, merged)
	}
	for _, name := range s.names {
		v := at.Doc.Member(at.Node, name)
		if v < 0 {
			if !s.last && s.kind == member {
				if err := e.missing(s); err != nil {
					return err
				}
			}
			continue
		}
		if err := e.walk(i+1, Item{at.Doc, v}); err != nil {
			return err
		}
	}
	return nil
}

func (e *Evaluator) element(i int, s *step, at Item) error {
	if at.Kind() != jsontext.Array {
		return e.missing(s)
	}
	n := int(at.Doc.Nodes[at.Node].Count)
	take := func(k int) error {
		if v := at.Doc.Element(at.Node, k); v >= 0 {
			return e.walk(i+1, Item{at.Doc, v})
		}
		return nil
	}
	if s.kind != slice {
		for _, k := range s.indexes {
			if k < 0 {
				k += n
			}
			if err := take(k); err != nil {
				return err
			}
		}
		return nil
	}
	from, to := 0, n
	switch {
	case s.hasFrom && s.hasTo:
		if from, to = s.from, min(n, s.to); from < 0 && to <= 0 {
			from, to = from+n, to+n // both from the end
		}
	case s.hasFrom:
		if from = s.from; from < 0 {
			from += n
		}
	default:
		if to = s.to; to < 0 {
			to += n
		}
	}
	for k := max(0, from); k < min(n, to); k++ {
		if err := take(k); err != nil {
			return err
		}
	}
	return nil
}

// each goes on with every member and element; those that lead nowhere are passed over.
func (e *Evaluator) each(i int, at Item) error {
	return e.children(at, func(child Item) error { return e.walk(i+1, child) })
}

func (e *Evaluator) children(at Item, f func(Item) error) error {
	x := &at.Doc.Nodes[at.Node]
	switch x.Kind {
	case jsontext.Array:
		for c := at.Node + 1; c < x.Next; c = at.Doc.Nodes[c].Next {
			if err := f(Item{at.Doc, c}); err != nil {
				return err
			}
		}
	case jsontext.Object:
		for c := at.Node + 1; c < x.Next; c = at.Doc.Nodes[c+1].Next {
			if err := f(Item{at.Doc, c + 1}); err != nil {
				return err
			}
		}
	}
	return nil
}

// scan takes step i from a value and from all below it that it is for.
func (e *Evaluator) scan(i int, at Item) error {
	if at.Kind().IsScalar() {
		return nil
	}
	if e.visits++; e.visits > mostVisits {
		return errTooMuch
	}
	s, object := &e.path.steps[i], at.Kind() == jsontext.Object
	fits := false
	switch s.kind {
	case member, members:
		fits = object
	case index, indexes, slice:
		fits = !object
	case wildcard:
		fits = true
	case filter:
		fits = object
	}
	if fits {
		if err := e.walk(i, at); err != nil {
			return err
		}
	}
	return e.children(at, func(child Item) error { return e.scan(i, child) })
}

func (e *Evaluator) filter(i int, s *step, at Item) error {
	test := func(child Item) error {
		if ok, err := s.filter.holds(e, child); err != nil || !ok {
			return err
		}
		return e.walk(i+1, child)
	}
	switch at.Kind() {
	case jsontext.Object:
		return test(at)
	case jsontext.Array:
		return e.children(at, test)
	}
	if s.certain {
		return fmt.Errorf("a filter cannot be applied to a %s", kindNames[at.Kind()])
	}
	return nil
}

var kindNames = [...]string{jsontext.Null: "null", jsontext.False: "boolean", jsontext.True: "boolean", jsontext.Int: "number",
	jsontext.Float: "number", jsontext.String: "string", jsontext.Array: "array", jsontext.Object: "object"}

// arrayOf is the array of values, in a document of its own.
func arrayOf(items []Item) (Item, error) {
	text := []byte{'['}
	for k, it := range items {
		if k > 0 {
			text = append(text, ',')
		}
		text = append(text, it.source()...)
	}
	return parsed(append(text, ']'))
}

// objectOf is the object of those members of another that have the names.
func objectOf(at Item, names []string) (Item, error) {
	text := []byte{'{'}
	for _, name := range names {
		v := at.Doc.Member(at.Node, name)
		if v < 0 {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(jsontext.AppendQuoted(text, []byte(name)), ':')
		text = append(text, Item{at.Doc, v}.source()...)
	}
	return parsed(append(text, '}'))
}

func parsed(text []byte) (Item, error) {
	d := &jsontext.Doc{}
	err := d.Parse(text)
	return Item{d, 0}, err
}

// source is the text of the value as it stands in its document.
func (i Item) source() []byte {
	x := &i.Doc.Nodes[i.Node]
	if x.Kind == jsontext.String {
		return i.Doc.Text[x.From-1 : x.To+1]
	}
	return i.Doc.Text[x.From:x.To]
}
