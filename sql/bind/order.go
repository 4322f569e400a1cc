package bind

import (
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// orderKey is a key of ORDER BY: a column of the result, an expression over what the result is made of, or one over the result itself.
type orderKey struct {
	item int       // -1: none
	e    expr.Expr // nil: over is set
	over expr.Expr // over the columns of the result
	sort graph.SortKey
}

// aliases are the names of a select list. One that stands for different things is nil.
func aliases(items []item) map[string]expr.Expr {
	out := map[string]expr.Expr{}
	for i := range items {
		it := &items[i]
		if other, ok := out[it.alias]; ok && (other == nil || !equal(other, it.e)) {
			out[it.alias] = nil
		} else {
			out[it.alias] = it.e
		}
	}
	return out
}

// orderBy binds ORDER BY: an ordinal, an alias of the select list, or any expression over the columns of FROM.
func (x *exprs) orderBy(list []syntax.OrderItem, items []item, distinct bool) ([]orderKey, error) {
	x.where, x.aliases = "ORDER BY", aliases(items)
	defer func() { x.aliases = nil }()
	var keys []orderKey
	for i := range list {
		n := &list[i]
		k := orderKey{item: -1, sort: sortKey(n, 0)}
		var err error
		if k.item, err = ordinal(n.X, len(items)); err != nil {
			return nil, err
		}
		if k.item < 0 {
			if k.e, err = x.bind(n.X); err != nil {
				return nil, err
			}
			for c := range items {
				if k.item < 0 && equal(items[c].e, k.e) {
					k.item = c
				}
			}
			if k.item < 0 && distinct {
				if k.over = overItems(k.e, items); k.over == nil {
					return nil, fail(n.X, "add it to the select list", "with SELECT DISTINCT the rows can only be ordered by what is selected")
				}
			}
		}
		if k.item >= 0 {
			k.e = items[k.item].e
		}
		if err := orderable(n.X, k.e.Type()); err != nil {
			return nil, err
		}
		if k.over != nil {
			k.e = nil
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// overItems puts an expression in terms of the columns of the result; nil if it needs others.
func overItems(e expr.Expr, items []item) expr.Expr {
	found := true
	var put func(e expr.Expr) expr.Expr
	list := func(in []expr.Expr) []expr.Expr {
		out := make([]expr.Expr, len(in))
		for i, e := range in {
			out[i] = put(e)
		}
		return out
	}
	put = func(e expr.Expr) expr.Expr {
		for i := range items {
			if equal(items[i].e, e) {
				return &expr.Column{Index: i, Name: items[i].name, T: e.Type()}
			}
		}
		switch e := e.(type) {
		case *expr.Column:
			found = false
		case *expr.Call:
			return &expr.Call{Func: e.Func, Args: list(e.Args), T: e.T}
		case *expr.Cast:
			return &expr.Cast{Arg: put(e.Arg), T: e.T, Try: e.Try}
		case *expr.Case:
			return &expr.Case{When: list(e.When), Then: list(e.Then), Else: put(e.Else), T: e.T}
		}
		return e
	}
	if e = put(e); !found {
		return nil
	}
	return e
}

// orderResult orders the rows of a query that is no SELECT: by ordinals, and expressions over its columns.
func (b *binding) orderResult(r *rel, q *syntax.Query, e *env) error {
	s := &scope{relations: []relation{newRelation(q, nil, r, 0)}}
	x := &exprs{binding: b, scope: s, where: "ORDER BY", env: e}
	var keys []orderKey
	for i := range q.OrderBy {
		n := &q.OrderBy[i]
		k := orderKey{item: -1, sort: sortKey(n, 0)}
		var err error
		if k.item, err = ordinal(n.X, len(r.fields())); err != nil {
			return err
		}
		var t column.Type
		if k.item >= 0 {
			t = r.fields()[k.item].Type
		} else {
			if k.over, err = x.bind(n.X); err != nil {
				return err
			}
			t = k.over.Type()
			if c, ok := k.over.(*expr.Column); ok {
				k.item = c.Index
			}
		}
		if err := orderable(n.X, t); err != nil {
			return err
		}
		keys = append(keys, k)
	}
	r.node = sorted(r.node, nil, keys, orderSpan(q))
	return nil
}

// sorted orders a result's rows; keys that are no column of it are computed beside it and dropped again. input is what a select list is
// computed of, for keys over that.
func sorted(n plan.Node, input plan.Node, keys []orderKey, at syntax.Span) plan.Node {
	width := len(n.Schema())
	var hidden []expr.Expr
	var by []graph.SortKey
	above := false // the hidden keys are over the result; those of one ORDER BY all are, or none
	for _, k := range keys {
		k.sort.Column = k.item
		if k.item < 0 {
			k.sort.Column = width + len(hidden)
			if k.over != nil {
				above = true
				hidden = append(hidden, k.over)
			} else {
				hidden = append(hidden, k.e)
			}
		}
		by = append(by, k.sort)
	}
	if len(hidden) == 0 {
		return &plan.Sort{Input: n, Keys: by, At: at}
	}
	wide := &plan.Project{Input: n, Exprs: plan.Columns(n), Fields: n.Schema()}
	if !above {
		wide = &plan.Project{Input: input, Exprs: n.(*plan.Project).Exprs, Fields: n.Schema()}
	}
	for i, e := range hidden {
		wide.Exprs = append(wide.Exprs[:len(wide.Exprs):len(wide.Exprs)], e)
		wide.Fields = append(wide.Fields[:len(wide.Fields):len(wide.Fields)], column.Field{Name: "ORDER$" + strconv.Itoa(i), Type: e.Type()})
	}
	return plan.Select(&plan.Sort{Input: wide, Keys: by, At: at}, firsts(width))
}

func orderSpan(q *syntax.Query) syntax.Span {
	return syntax.Span{From: q.OrderBy[0].From, To: q.OrderBy[len(q.OrderBy)-1].To}
}

// sortKey makes a key of a column. NULLs are lowest unless the query says otherwise.
func sortKey(item *syntax.OrderItem, col int) graph.SortKey {
	k := graph.SortKey{Column: col, Descending: item.Desc, NullsLast: item.Desc}
	if item.Nulls != syntax.NullsDefault {
		k.NullsLast = item.Nulls == syntax.NullsLast
	}
	return k
}

// ordinal returns the column that an ordinal in ORDER BY names, -1 if n is none.
func ordinal(n syntax.Expr, columns int) (int, error) {
	lit, ok := n.(*syntax.Literal)
	if !ok || lit.Kind != syntax.IntegerLiteral {
		return -1, nil
	}
	i, err := strconv.Atoi(lit.Text)
	if err != nil || i < 1 || i > columns {
		return -1, syntax.Errorf(n, "ORDER BY %s is out of range: the columns are 1 to %d", lit.Text, columns)
	}
	return i - 1, nil
}
