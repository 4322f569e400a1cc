package rules

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// mergeProjects writes a projection below another into it, and drops those that change nothing.
func mergeProjects(n plan.Node, _ *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		if p, ok := n.(*plan.Project); ok {
			return mergeProject(p)
		}
		return n
	})
}

func mergeProject(p *plan.Project) *plan.Project {
	if in, ok := p.Input.(*plan.Project); ok {
		if exprs, ok := substitute(p.Exprs, in.Exprs); ok {
			return &plan.Project{Input: in.Input, Exprs: exprs, Fields: p.Fields}
		}
	}
	return p
}

// mergeCalcs makes a Calc of every Filter and Project, one of neighbours, and drops those that change nothing.
func mergeCalcs(n plan.Node, _ *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		c := &plan.Calc{}
		switch n := n.(type) {
		case *plan.Filter:
			c = &plan.Calc{Input: n.Input, Cond: n.Cond, Fields: n.Schema()}
		case *plan.Project:
			if identity(n.Exprs, n.Input.Schema()) {
				return rename(n.Input, n.Fields)
			}
			c = &plan.Calc{Input: n.Input, Exprs: append([]expr.Expr{}, n.Exprs...), Fields: n.Fields} // never nil: no columns are not all
		default:
			return n
		}
		if in, ok := c.Input.(*plan.Calc); ok {
			if merged := mergeCalc(c, in); merged != nil {
				return merged
			}
		}
		return c
	})
}

// identity reports whether expressions are the columns of a schema as they are, names left aside.
func identity(exprs []expr.Expr, schema []column.Field) bool {
	if len(exprs) != len(schema) {
		return false
	}
	for i, e := range exprs {
		if c, ok := e.(*expr.Column); !ok || c.Index != i {
			return false
		}
	}
	return true
}

// rename gives the columns of a node other names: in the node itself where that is a Calc, and by a Calc of bare columns, which costs
// nothing at run time, elsewhere.
func rename(n plan.Node, fields []column.Field) plan.Node {
	same := true
	for i, f := range n.Schema() {
		same = same && f.Name == fields[i].Name && f.Type.Equal(fields[i].Type)
	}
	if same {
		return n
	}
	if c, ok := n.(*plan.Calc); ok {
		renamed := *c
		renamed.Fields = fields
		if c.Exprs == nil {
			renamed.Exprs = plan.Columns(c.Input)
		}
		return &renamed
	}
	return &plan.Calc{Input: n, Exprs: plan.Columns(n), Fields: fields}
}

// mergeCalc returns one Calc that does what outer does over inner, nil if that is not better.
func mergeCalc(outer, inner *plan.Calc) *plan.Calc {
	merged := &plan.Calc{Input: inner.Input, Cond: inner.Cond, Exprs: outer.Exprs, Fields: outer.Fields}
	list := outer.Exprs
	if outer.Cond != nil {
		list = append([]expr.Expr{outer.Cond}, list...)
	}
	if inner.Exprs != nil {
		if outer.Exprs == nil {
			list = append(list, plan.Columns(inner)...)
		}
		var ok bool
		if list, ok = substitute(list, inner.Exprs); !ok {
			return nil
		}
	}
	if outer.Cond != nil {
		var conds []expr.Expr
		if inner.Cond != nil {
			conds = expr.Conjuncts(inner.Cond)
		}
		merged.Cond = expr.And(append(conds, expr.Conjuncts(list[0])...))
		list = list[1:]
	}
	if inner.Exprs != nil || outer.Exprs != nil {
		merged.Exprs = append([]expr.Expr{}, list...)
	}
	return merged
}
