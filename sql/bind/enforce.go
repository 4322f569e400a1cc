package bind

import (
	"fmt"

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
