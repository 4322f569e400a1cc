package physical

import (
	"reflect"
	"strings"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// Parts of plans that are alike run once, and what they give goes to all that need it: a table that several INSERTs of a statement set read,
// a common table expression, a view used twice. Alike means that two trees are the same in everything but their places in the text.

// share remembers what was built of each tree.
type share struct {
	built map[string][]built // by the tree's text
}

type built struct {
	tree plan.Node
	end  end
}

// find returns what was built of a tree that is alike.
func (s *share) find(n plan.Node) (text string, e end, ok bool) {
	if !shareable(n) {
		return "", end{}, false
	}
	text = plan.Tree(n, nil)
	for _, b := range s.built[text] {
		if alike(reflect.ValueOf(b.tree), reflect.ValueOf(n)) {
			return text, b.end, true
		}
	}
	return text, end{}, false
}

func (s *share) keep(text string, n plan.Node, e end) {
	if text == "" {
		return
	}
	if s.built == nil {
		s.built = map[string][]built{}
	}
	s.built[text] = append(s.built[text], built{n, e})
}

// shareable reports whether a tree gives the same rows each time: it has no function like RAND in it. A renaming and an exchange cost nothing,
// and constant rows nearly so.
func shareable(n plan.Node) bool {
	switch n.(type) {
	case *plan.Values, *plan.Exchange, *plan.Sink:
		return false
	}
	same := true
	plan.Walk(n, func(n plan.Node) bool {
		plan.EachExpr(n, func(e expr.Expr) {
			expr.Walk(e, func(e expr.Expr) bool {
				if c, ok := e.(*expr.Call); ok && c.Func.Volatile {
					same = false
				}
				return same
			})
		})
		return same
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
