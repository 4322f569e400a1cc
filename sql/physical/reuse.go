package physical

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// Parts of plans that are alike run once, and what they give goes to all that need it: a table that several INSERTs of a statement set read,
// a common table expression, a view used twice. Alike means that two trees are the same in everything but their places in the text.

// share remembers what was built of each tree.
type share struct {
	numbers map[string]int    // of a node's text with the numbers of its inputs; the same for trees that look alike
	known   map[plan.Node]tag // of the nodes of the plan that is being built
	built   map[int][]built   // by number
}

// tag is what is known of a tree: its number, and whether it gives the same rows each time.
type tag struct {
	number int
	steady bool
}

type built struct {
	tree plan.Node
	end  end
}

// find returns what was built of a tree that is alike, and the tree's number; 0 for one that is built each time.
func (s *share) find(n plan.Node) (number int, e end, ok bool) {
	t := s.tag(n)
	switch n.(type) {
	case *plan.Values, *plan.Exchange, *plan.Sink: // cost nothing, or nearly so
		return 0, end{}, false
	}
	if !t.steady {
		return 0, end{}, false
	}
	for _, b := range s.built[t.number] {
		if alike(reflect.ValueOf(b.tree), reflect.ValueOf(n)) {
			return t.number, b.end, true
		}
	}
	return t.number, end{}, false
}

func (s *share) keep(number int, n plan.Node, e end) {
	if number == 0 {
		return
	}
	if s.built == nil {
		s.built = map[int][]built{}
	}
	s.built[number] = append(s.built[number], built{n, e})
}

// tag numbers a tree from the bottom up, each node once.
func (s *share) tag(n plan.Node) tag {
	if t, ok := s.known[n]; ok {
		return t
	}
	t := tag{steady: steady(n)}
	text := []byte(plan.Line(n))
	for _, in := range n.Inputs() {
		below := s.tag(in)
		t.steady = t.steady && below.steady
		text = strconv.AppendInt(append(text, 0), int64(below.number), 10)
	}
	if s.known == nil {
		s.known, s.numbers = map[plan.Node]tag{}, map[string]int{}
	}
	if t.number = s.numbers[string(text)]; t.number == 0 {
		t.number = len(s.numbers) + 1
		s.numbers[string(text)] = t.number
	}
	s.known[n] = t
	return t
}

// steady reports whether a node gives the same rows each time: it has no function like RAND in it.
func steady(n plan.Node) bool {
	same := true
	plan.EachExpr(n, func(e expr.Expr) {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Call); ok && c.Func.Volatile {
				same = false
			}
			return same
		})
	})
	return same
}

// alike compares values deeply, but for fields named At. Functions and other pointers to what lives once are compared by address first.
func alike(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.Pointer() == b.Pointer() {
			return true
		}
		if a.IsNil() || b.IsNil() || strings.HasSuffix(a.Type().Elem().Name(), "Function") {
			return false
		}
		return alike(a.Elem(), b.Elem())
	case reflect.Interface:
		return alike(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() || a.IsNil() != b.IsNil() {
			return false
		}
		fallthrough
	case reflect.Array:
		for i := range a.Len() {
			if !alike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if a.Len() != b.Len() {
			return false
		}
		for _, k := range a.MapKeys() {
			if v := b.MapIndex(k); !v.IsValid() || !alike(a.MapIndex(k), v) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).Name != "At" && !alike(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Func:
		return a.IsNil() && b.IsNil()
	}
	return a.Equal(b)
}
