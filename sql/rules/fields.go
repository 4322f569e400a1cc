package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// wanted is what is needed of a column: the whole, or some fields of a row.
type wanted struct {
	whole  bool
	fields []string
}

func (w *wanted) add(other wanted) {
	w.whole = w.whole || other.whole
	for _, f := range other.fields {
		if !slices.Contains(w.fields, f) {
			w.fields = append(w.fields, f)
		}
	}
}

// pruneFields narrows rows, from the scan up to where their fields are taken, to the fields that are. The columns stay where they are.
func pruneFields(n plan.Node, _ *Context) plan.Node { return narrow(n, wholly(len(n.Schema()))) }

func wholly(n int) []wanted { return slices.Repeat([]wanted{{whole: true}}, n) }

// narrow returns a node with the columns of n, of which those that are rows may have lost fields that are not wanted.
func narrow(n plan.Node, want []wanted) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return narrowScan(n, want)
	case *plan.Filter:
		below := slices.Clone(want)
		wants(n.Cond, below)
		if in := narrow(n.Input, below); in != n.Input {
			return &plan.Filter{Input: in, Cond: rerowed(n.Cond, in.Schema())}
		}
	case *plan.Watermark:
		below := slices.Clone(want)
		below[n.Column].whole = true
		wants(n.Expr, below)
		if in := narrow(n.Input, below); in != n.Input {
			out := *n
			out.Input, out.Expr = in, rerowed(n.Expr, in.Schema())
			return &out
		}
	case *plan.Project:
		below := make([]wanted, len(n.Input.Schema()))
		for i, e := range n.Exprs {
			if c, ok := e.(*expr.Column); ok {
				below[c.Index].add(want[i])
			} else {
				wants(e, below)
			}
		}
		if in := narrow(n.Input, below); in != n.Input {
			out := &plan.Project{Input: in, Exprs: slices.Clone(n.Exprs), Fields: slices.Clone(n.Fields)}
			for i, e := range out.Exprs {
				out.Exprs[i] = rerowed(e, in.Schema())
				if _, ok := e.(*expr.Column); ok {
					out.Fields[i].Type = out.Exprs[i].Type()
				}
			}
			return out
		}
	default:
		inputs := slices.Clone(n.Inputs())
		changed := false
		for i, in := range inputs {
			inputs[i] = narrow(in, wholly(len(in.Schema())))
			changed = changed || inputs[i] != in
		}
		if changed {
			return n.With(inputs)
		}
	}
	return n
}

// wants adds what an expression needs of its columns.
func wants(e expr.Expr, to []wanted) {
	expr.Walk(e, func(e expr.Expr) bool {
		if c, name, ok := fieldOf(e); ok {
			to[c.Index].add(wanted{fields: []string{name}})
			return false
		}
		if c, ok := e.(*expr.Column); ok {
			to[c.Index].whole = true
		}
		return true
	})
}

// fieldOf takes an expression apart that is a field of a column.
func fieldOf(e expr.Expr) (row *expr.Column, name string, ok bool) {
	call, ok := e.(*expr.Call)
	if !ok || call.Func.Name != "FIELD" {
		return nil, "", false
	}
	row, isColumn := call.Args[0].(*expr.Column)
	literal, isLiteral := call.Args[1].(*expr.Literal)
	if !isColumn || !isLiteral {
		return nil, "", false
	}
	name, ok = literal.Value.(string)
	return row, name, ok
}

// rerowed gives columns in an expression the types that they have now. What is computed of them stays of its type.
func rerowed(e expr.Expr, schema []column.Field) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok && c.T.Kind == column.Row && len(c.T.Fields) != len(schema[c.Index].Type.Fields) {
			return &expr.Column{Index: c.Index, Name: c.Name, T: schema[c.Index].Type}
		}
		return e
	})
}

func narrowScan(n *plan.Scan, want []wanted) plan.Node {
	if !n.FieldsByName {
		return n
	}
	types := make([]*column.Type, len(want))
	changed := false
	for i, w := range want {
		t := n.Schema()[i].Type
		if w.whole || t.Kind != column.Row || n.Project[i] >= len(n.Table.Columns) || len(w.fields) == 0 || twice(n.Project, n.Project[i]) {
			continue
		}
		var fields []column.Field
		for _, f := range t.Fields {
			if slices.Contains(w.fields, f.Name) {
				fields = append(fields, f)
			}
		}
		if len(fields) < len(t.Fields) {
			t.Fields = fields
			types[i], changed = &t, true
		}
	}
	if !changed {
		return n
	}
	return n.Narrowed(types)
}

// twice reports whether a column is read twice.
func twice(project []int, at int) bool {
	n := 0
	for _, p := range project {
		if p == at {
			n++
		}
	}
	return n > 1
}
