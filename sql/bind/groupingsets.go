package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// maxGroupingSets bounds what CUBE and the product of several of its kind can ask for; each row is processed once for every set.
const maxGroupingSets = 4096

// groupBase is the number of the first column that stands for a call of GROUPING and its kin.
const groupBase = -1 << 18

// groupingCall is a call of GROUPING, GROUPING_ID or GROUP_ID.
type groupingCall struct {
	args []expr.Expr // of the rows that are grouped; nil: GROUP_ID
	at   syntax.Node
	id   bool // GROUP_ID
}

// items binds the items of GROUP BY to the sets of keys that they stand for, together: every combination.
func (g *grouping) items(x *exprs, list []syntax.GroupItem) ([][]int, error) {
	sets := [][]int{{}}
	for i := range list {
		more, err := g.item(x, &list[i])
		if err != nil {
			return nil, err
		}
		if len(sets)*len(more) > maxGroupingSets {
			return nil, syntax.Errorf(&list[i], "GROUP BY makes more than %d grouping sets", maxGroupingSets)
		}
		var product [][]int
		for _, a := range sets {
			for _, b := range more {
				product = append(product, union(a, b))
			}
		}
		sets = product
	}
	return sets, nil
}

// union returns a with what b has besides.
func union(a, b []int) []int {
	out := slices.Clone(a)
	for _, k := range b {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// item binds one item of GROUP BY to the sets that it stands for.
func (g *grouping) item(x *exprs, n *syntax.GroupItem) ([][]int, error) {
	switch n.Kind {
	case syntax.GroupEmpty:
		return [][]int{{}}, nil
	case syntax.GroupExpr:
		if window, err := g.windowItem(x, n.X); window || err != nil {
			return [][]int{{}}, err
		}
		set, err := g.set(x, n.X)
		return [][]int{set}, err
	case syntax.GroupingSets:
		var sets [][]int
		for i := range n.Items {
			more, err := g.item(x, &n.Items[i])
			if err != nil {
				return nil, err
			}
			sets = append(sets, more...)
		}
		return sets, nil
	}
	parts := make([][]int, len(n.Items))
	for i := range n.Items {
		var err error
		if parts[i], err = g.set(x, n.Items[i].X); err != nil {
			return nil, err
		}
	}
	var sets [][]int
	if n.Kind == syntax.GroupRollup {
		for i := len(parts); i >= 0; i-- {
			set := []int{}
			for _, p := range parts[:i] {
				set = union(set, p)
			}
			sets = append(sets, set)
		}
		return sets, nil
	}
	if len(parts) > 12 {
		return nil, syntax.Errorf(n, "CUBE of %d items makes more than %d grouping sets", len(parts), maxGroupingSets)
	}
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		set := []int{}
		for i, p := range parts {
			if mask>>(len(parts)-1-i)&1 == 1 {
				set = union(set, p)
			}
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// set binds an expression, or several in parentheses, to keys.
func (g *grouping) set(x *exprs, n syntax.Expr) ([]int, error) {
	list := []syntax.Expr{n}
	if row, ok := n.(*syntax.Row); ok && !row.Explicit {
		list = row.Items
	}
	var out []int
	for _, k := range list {
		e, err := x.bind(k)
		if err != nil {
			return nil, err
		}
		if kind := e.Type().Kind; kind == column.Null {
			return nil, syntax.Errorf(k, "a NULL alone has no type to group by")
		}
		at := slices.IndexFunc(g.keys, func(other expr.Expr) bool { return equal(other, e) })
		if at < 0 {
			at = len(g.keys)
			g.keys, g.names = append(g.keys, e), append(g.names, keyName(e))
		}
		out = union(out, []int{at})
	}
	return out, nil
}

// takeSets keeps the grouping sets: one set of all keys is plain grouping.
func (g *grouping) takeSets(sets [][]int, distinct bool) {
	for i := range sets {
		slices.Sort(sets[i])
	}
	if distinct {
		var once [][]int
		for _, s := range sets {
			if !slices.ContainsFunc(once, func(o []int) bool { return slices.Equal(o, s) }) {
				once = append(once, s)
			}
		}
		sets = once
	}
	if len(sets) > 1 {
		g.sets = sets
	}
}

// keyType is the type of a key in a group: NULL where a set leaves it out.
func (g *grouping) keyType(i int) column.Type {
	t := g.keys[i].Type()
	for _, s := range g.sets {
		if !slices.Contains(s, i) {
			return t.Optional()
		}
	}
	return t
}

// groupingFunctions tell which keys a row is grouped by.
var groupingFunctions = []string{"GROUPING", "GROUPING_ID", "GROUP_ID"}

// groupingFunction binds one of them.
func (x *exprs) groupingFunction(n *syntax.FuncCall, name string) (expr.Expr, error) {
	if x.grouping == nil || !x.grouping.grouped {
		return nil, fail(n, "add GROUP BY with GROUPING SETS, CUBE or ROLLUP", "%s needs GROUP BY", name)
	}
	c := groupingCall{at: n, id: name == "GROUP_ID"}
	var err error
	if c.args, err = x.bindAll(n.Args); err != nil {
		return nil, err
	}
	switch {
	case c.id && len(c.args) > 0:
		return nil, syntax.Errorf(n, "GROUP_ID takes no arguments")
	case !c.id && len(c.args) == 0:
		return nil, fail(n, "name a key of GROUP BY", "%s needs an argument", name)
	case len(c.args) > 62:
		return nil, syntax.Errorf(n, "%s takes no more than 62 arguments", name)
	}
	x.grouping.calls = append(x.grouping.calls, c)
	return &expr.Column{Index: groupBase - len(x.grouping.calls) + 1, Name: name, T: column.Of(column.BigInt).Required()}, nil
}

// groupingValue is the value of a call for each grouping set, chosen by the number of the set.
func (g *grouping) groupingValue(c *groupingCall) (expr.Expr, error) {
	var keys []int
	for _, a := range c.args {
		at := slices.IndexFunc(g.keys, func(k expr.Expr) bool { return equal(k, a) })
		if at < 0 {
			return nil, fail(c.at, "name a key of GROUP BY", "'%s' is not being grouped", a.String())
		}
		keys = append(keys, at)
	}
	long := column.Of(column.BigInt).Required()
	number := func(v int) expr.Expr { return &expr.Literal{Value: int64(v), T: long} }
	if g.sets == nil {
		return number(0), nil
	}
	set := &expr.Column{Index: len(g.keys), Name: setName, T: long}
	out := &expr.Case{Else: number(0), T: long}
	for i, s := range g.sets {
		v := 0
		for _, k := range keys {
			v <<= 1
			if !slices.Contains(s, k) {
				v |= 1
			}
		}
		if c.id {
			for _, before := range g.sets[:i] {
				if slices.Equal(before, s) {
					v++
				}
			}
		}
		if v == 0 {
			continue
		}
		is, err := expr.NewCall("=", set, number(i))
		if err != nil {
			return nil, place(c.at, err)
		}
		out.When, out.Then = append(out.When, is), append(out.Then, number(v))
	}
	if len(out.When) == 0 {
		return out.Else, nil
	}
	return out, nil
}

// setName is the column with the number of a row's grouping set.
const setName = "$e"

// expand puts an Expand above the projection of what a grouping needs: its first columns are the keys. Keys that a set leaves out are NULL;
// the number of the set is a column behind the others.
func (g *grouping) expand(below *plan.Project) *plan.Expand {
	out := &plan.Expand{Input: below, Fields: slices.Clone(below.Fields)}
	for i := range g.keys {
		out.Fields[i].Type = g.keyType(i)
	}
	long := column.Of(column.BigInt).Required()
	out.Fields = append(out.Fields, column.Field{Name: setName, Type: long})
	for number, s := range g.sets {
		list := plan.Columns(below)
		for i := range g.keys {
			if !slices.Contains(s, i) {
				list[i] = expr.NullOf(out.Fields[i].Type)
			}
		}
		out.Projections = append(out.Projections, append(list, &expr.Literal{Value: int64(number), T: long}))
	}
	return out
}
