package rules

import (
	"slices"

	"github.com/millstream/millstream/graph/expr"
)

// maxGrowth bounds how large expressions may grow when one is written into another that uses it several times.
const maxGrowth = 1000

// size counts the nodes of an expression, up to a limit.
func size(e expr.Expr) int {
	n := 0
	expr.Walk(e, func(expr.Expr) bool {
		n++
		return n <= maxGrowth
	})
	return n
}

// volatile reports whether an expression may give another value each time.
func volatile(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Func.Volatile {
			found = true
		}
		return !found
	})
	return found
}

// uses calls f with every column that an expression refers to.
func uses(e expr.Expr, f func(*expr.Column)) {
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok {
			f(c)
		}
		return true
	})
}

// substitute replaces columns by the expressions they stand for. ok is false where the result would be too large, or where an
// expression that may give another value each time would be computed more or less often than before.
func substitute(list []expr.Expr, by []expr.Expr) (out []expr.Expr, ok bool) {
	count := make([]int, len(by))
	total := 0
	for _, e := range list {
		total += size(e)
		uses(e, func(c *expr.Column) { count[c.Index]++ })
	}
	for i, e := range by {
		if volatile(e) && count[i] != 1 {
			return nil, false
		}
		if s := size(e); s > 1 && count[i] > 1 {
			total += s * (count[i] - 1)
		}
	}
	if total > maxGrowth {
		return nil, false
	}
	out = make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok {
				return by[c.Index]
			}
			return e
		})
	}
	return out, true
}

// move renumbers columns: column i becomes to[i], which is not negative for the columns there are.
func move(e expr.Expr, to []int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok && to[c.Index] != c.Index {
			return &expr.Column{Index: to[c.Index], Name: c.Name, T: c.T}
		}
		return e
	})
}

// movable reports whether move is possible: every column has a new place.
func movable(e expr.Expr, to []int) bool {
	ok := true
	uses(e, func(c *expr.Column) { ok = ok && to[c.Index] >= 0 })
	return ok
}

// retyped returns an expression whose operands may have become nullable with the type that follows from them.
func retyped(e expr.Expr) expr.Expr {
	if !e.Type().NotNull {
		return e
	}
	optional := func(list ...expr.Expr) bool {
		return slices.ContainsFunc(list, func(a expr.Expr) bool { return !a.Type().NotNull })
	}
	switch e := e.(type) {
	case *expr.Call:
		if optional(e.Args...) {
			if typed, err := e.Func.Call(e.Args...); err == nil {
				return typed
			}
		}
	case *expr.Cast:
		if optional(e.Arg) {
			return &expr.Cast{Arg: e.Arg, T: e.T.Optional(), Try: e.Try}
		}
	case *expr.Case:
		if optional(e.Then...) || optional(e.Else) {
			return &expr.Case{When: e.When, Then: e.Then, Else: e.Else, T: e.T.Optional()}
		}
	}
	return e
}
