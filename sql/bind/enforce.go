package bind

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/plan"
)

// enforceNotNull makes rows with a NULL in a NOT NULL column of the table fail the job, or leaves them out, as
// table.exec.sink.not-null-enforcer asks.
func (b *binding) enforceNotNull(p *plan.Project, table string) plan.Node {
	var conds []expr.Expr
	for i, f := range p.Fields {
		if !f.Type.NotNull || p.Exprs[i].Type().NotNull {
			continue
		}
		if b.Env.Settings.Enum(setting.NotNullEnforcer) == "DROP" {
			if test, err := expr.NewCall("IS NOT NULL", p.Exprs[i]); err == nil {
				conds = append(conds, test)
			}
			continue
		}
		p.Exprs[i] = &expr.Call{Func: requireValue(f.Name, table), Args: []expr.Expr{p.Exprs[i]}, T: f.Type}
	}
	if len(conds) > 0 {
		p.Input = &plan.Filter{Input: p.Input, Cond: expr.And(conds)}
	}
	return p
}

// requireValue is a function that returns its argument and fails where that is NULL.
func requireValue(name, table string) *expr.Function {
	return &expr.Function{
		Name: "REQUIRE_NOT_NULL",
		Doc:  "The argument; a NULL fails the job.",
		Resolve: func(args []expr.Expr) ([]expr.Expr, column.Type, error) {
			if len(args) != 1 {
				return nil, column.Type{}, fmt.Errorf("REQUIRE_NOT_NULL takes one argument, not %d", len(args))
			}
			return args, args[0].Type().Required(), nil
		},
		Compile: func(*expr.Call) (expr.Kernel, error) {
			return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
				if v := args[0]; v.Valid != nil && anyNull(v.Valid, n, sel) {
					return fmt.Errorf("column '%s' of table '%s' is NOT NULL, and a NULL is to be written: set 'table.exec.sink.not-null-enforcer' = 'DROP' to leave such rows out", name, table)
				}
				out.AppendRows(args[0], nil)
				return nil
			}, nil
		},
	}
}

// anyNull reports whether one of the rows is null: those of sel, or the first n if it is nil.
func anyNull(valid column.Bitmap, n int, sel []int32) bool {
	if sel == nil {
		return valid.Count(n) < n
	}
	for _, r := range sel {
		if !valid.Get(int(r)) {
			return true
		}
	}
	return false
}

// fitted makes texts and bytes have the length that the type gives, whatever their source declared: they are cast as if that had no limit. Those in
// the fields of rows count where nested says so.
func fitted(e expr.Expr, t column.Type, nested string) expr.Expr {
	if _, cast := e.(*expr.Cast); cast || !limited(t, nested != "IGNORE", false) {
		return e
	}
	return expr.CastTo(expr.CastTo(e, unlimited(t, nested != "IGNORE")), t)
}

// limited reports whether a type limits the length of values: its own, those of its rows' fields, or of its collections' elements.
func limited(t column.Type, rows, collections bool) bool {
	switch {
	case t.IsText() || t.IsBinary():
		return t.Precision < column.MaxLength
	case t.Kind == column.Row && rows:
		return slices.ContainsFunc(t.Fields, func(f column.Field) bool { return limited(f.Type, rows, collections) })
	case collections && t.Key != nil && limited(*t.Key, rows, collections):
		return true
	}
	return collections && t.Elem != nil && limited(*t.Elem, rows, collections)
}

// limitedInCollection reports whether lengths in collections are to be enforced, and a type limits them.
func limitedInCollection(t column.Type, nested string) bool {
	if nested != "ROWS_AND_COLLECTIONS" {
		return false
	}
	if t.Kind == column.Row {
		return slices.ContainsFunc(t.Fields, func(f column.Field) bool { return limitedInCollection(f.Type, nested) })
	}
	return !t.IsText() && !t.IsBinary() && limited(t, true, true)
}

// unlimited is a type with texts and bytes of any length.
func unlimited(t column.Type, rows bool) column.Type {
	switch {
	case t.IsText():
		return column.Type{Kind: column.VarChar, NotNull: t.NotNull, Precision: column.MaxLength}
	case t.IsBinary():
		return column.Type{Kind: column.VarBinary, NotNull: t.NotNull, Precision: column.MaxLength}
	case t.Kind == column.Row && rows:
		t.Fields = slices.Clone(t.Fields)
		for i := range t.Fields {
			t.Fields[i].Type = unlimited(t.Fields[i].Type, rows)
		}
	}
	return t
}
