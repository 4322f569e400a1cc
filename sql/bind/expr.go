package bind

import (
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// exprs binds the expressions of one place of a query.
type exprs struct {
	*binding
	scope *scope
	where string // for messages: "the WHERE clause"
	// aggregates collects the aggregate calls; nil where none are allowed.
	aggregates *aggregates
	// aliases are what ORDER BY finds before columns; may be nil.
	aliases map[string]expr.Expr
	// places remembers where each column was named, for messages about what is not grouped.
	places map[*expr.Column]syntax.Node
	env    *env
	// late collects the queries inside the expressions; nil where none are allowed.
	late *late
	// grouping is that of the SELECT, once it is bound; nil where there is none.
	grouping *grouping
	// match is set in the conditions and measures of MATCH_RECOGNIZE.
	match *match
	// windows are the named windows of the SELECT.
	windows []syntax.NamedWindow
	nulls   bool // an item of the select list may be NULL without a type
}

// bind types an expression.
func (x *exprs) bind(n syntax.Expr) (expr.Expr, error) {
	switch n := n.(type) {
	case *syntax.Literal:
		return literal(n)
	case *syntax.Interval:
		if n.X != nil {
			return x.intervalOf(n)
		}
		return interval(n)
	case *syntax.ColumnRef:
		return x.columnRef(n)
	case *syntax.Unary:
		return x.unary(n)
	case *syntax.Binary:
		return x.binary(n)
	case *syntax.Is:
		return x.is(n)
	case *syntax.Between:
		return x.between(n)
	case *syntax.In:
		return x.in(n)
	case *syntax.LikeExpr:
		return x.like(n)
	case *syntax.Case:
		return x.caseOf(n)
	case *syntax.Cast:
		return x.cast(n)
	case *syntax.FuncCall:
		return x.call(n)
	case *syntax.Row:
		return x.construct(n, "ROW", n.Items)
	case *syntax.Collection:
		return x.collection(n)
	case *syntax.Index:
		return x.index(n)
	case *syntax.Field:
		of, err := x.bind(n.X)
		if err != nil {
			return nil, err
		}
		return x.field(of, &n.Name)
	case *syntax.Star:
		return nil, fail(n, "* stands alone in a select list, or in COUNT(*)", "* is no expression")
	case *syntax.Subquery:
		return x.scalar(n)
	case *syntax.Exists:
		return x.exists(n)
	case *syntax.Quantified:
		return x.quantified(n)
	case *syntax.DateMinus:
		return x.dateMinus(n)
	case *syntax.JSONPathCall:
		return x.jsonPath(n)
	case *syntax.TimeUnit:
		return expr.Text(n.Name), nil
	case *syntax.NamedArg:
		return nil, fail(n, "leave '"+n.Name.Name+" =>' out, and keep to the order of the arguments", "only table functions, such as TUMBLE, take arguments by name")
	case *syntax.DefaultArg:
		return nil, fail(n, "leave the last arguments out, or write the values", "DEFAULT stands for no value here")
	}
	return nil, syntax.Errorf(n, "this cannot stand in an expression")
}

// bindAll types a list.
func (x *exprs) bindAll(list []syntax.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, n := range list {
		var err error
		if out[i], err = x.bind(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// condition types an expression that must be BOOLEAN. what names it: "the WHERE clause".
func (x *exprs) condition(n syntax.Expr, what string) (expr.Expr, error) {
	e, err := x.bind(n)
	if err != nil {
		return nil, err
	}
	switch t := e.Type(); t.Kind {
	case column.Boolean:
		return e, nil
	case column.Null:
		return expr.NullOf(column.Of(column.Boolean)), nil
	default:
		return nil, syntax.Errorf(n, "%s must be a condition, and this is of type %s", what, t.Optional())
	}
}

func (x *exprs) columnRef(n *syntax.ColumnRef) (expr.Expr, error) {
	if x.match != nil {
		return x.matchColumn(n)
	}
	if len(n.Parts) == 1 {
		if e, ok := x.aliases[n.Parts[0].Name]; ok {
			if e == nil {
				return nil, fail(n, "give them different aliases", "column '%s' is ambiguous: several columns of the select list have that name", n.Parts[0].Name)
			}
			return e, nil
		}
	}
	hit, err := x.scope.lookup(n.Parts, n)
	if err != nil && !isAmbiguous(err) {
		if e, outerErr := x.outerColumn(n); e != nil || outerErr != nil {
			return e, outerErr
		}
	}
	if err != nil {
		if pi, ok := expr.Lookup("PI"); ok && len(n.Parts) == 1 && upper(n.Parts[0].Name) == pi.Name && !n.Parts[0].Quoted {
			return pi.Call() // the one function that is called without parentheses and is no reserved word
		}
		return nil, err
	}
	x.expansion.column(n, hit)
	col := hit.column.expr()
	if x.places != nil {
		x.places[col] = n
	}
	var e expr.Expr = col
	for i := range hit.fields {
		if e, err = x.field(e, &hit.fields[i]); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// field reads a field of a ROW.
func (x *exprs) field(of expr.Expr, id *syntax.Ident) (expr.Expr, error) {
	t := of.Type()
	if t.Kind != column.Row {
		return nil, syntax.Errorf(id, "there is no field '%s' in a value of type %s: it is not a ROW", id.Name, t.Optional())
	}
	for _, f := range t.Fields {
		if f.Name == id.Name {
			return x.apply(id, "FIELD", of, expr.Text(id.Name))
		}
	}
	return nil, fail(id, hintFields(id.Name, t.Fields), "the ROW has no field '%s'", id.Name)
}

// apply calls a function of the list.
func (x *exprs) apply(at syntax.Node, name string, args ...expr.Expr) (expr.Expr, error) {
	f, ok := expr.Lookup(name)
	if !ok {
		return nil, unsupported(at, "%s is", name)
	}
	e, err := f.Call(args...)
	return e, place(at, err)
}

func (x *exprs) unary(n *syntax.Unary) (expr.Expr, error) {
	if lit, negative := signed(n); lit != nil {
		if negative {
			return number(n, "-"+lit.Text)
		}
		return number(n, lit.Text)
	}
	e, err := x.bind(n.X)
	if err != nil {
		return nil, err
	}
	if x.match != nil && (n.Op == syntax.OpRunning || n.Op == syntax.OpFinal && !x.match.define) {
		return e, nil // with one row for each match they mean the same
	}
	if err := typed([]syntax.Expr{n.X}, e); err != nil {
		return nil, err
	}
	switch n.Op {
	case syntax.OpNot:
		return x.apply(n, "NOT", e)
	case syntax.OpPlus:
		if t := e.Type(); !t.IsNumeric() && !isInterval(t) {
			return nil, syntax.Errorf(n, "+ takes a number or an interval, not %s", t.Optional())
		}
		return e, nil
	case syntax.OpMinus:
		return x.apply(n, "NEGATE", e)
	}
	return nil, syntax.Errorf(n, "FINAL and RUNNING belong into MATCH_RECOGNIZE")
}

// signed returns the exact number that signs alone stand before, nil if there is something else: -2147483648 is an INT, while its
// opposite is not.
func signed(n *syntax.Unary) (lit *syntax.Literal, negative bool) {
	for {
		if n.Op != syntax.OpMinus {
			return nil, false
		}
		negative = !negative
		switch operand := n.X.(type) {
		case *syntax.Unary:
			n = operand
		case *syntax.Literal:
			if operand.Kind == syntax.IntegerLiteral || operand.Kind == syntax.DecimalLiteral {
				return operand, negative
			}
			return nil, false
		default:
			return nil, false
		}
	}
}

func isInterval(t column.Type) bool {
	return t.Kind == column.IntervalYearMonth || t.Kind == column.IntervalDayTime
}

// binaryFunctions are the functions behind operators.
var binaryFunctions = map[syntax.BinaryOp]string{
	syntax.OpOr: "OR", syntax.OpAnd: "AND", syntax.OpEq: "=", syntax.OpNe: "<>", syntax.OpLt: "<", syntax.OpLe: "<=", syntax.OpGt: ">",
	syntax.OpGe: ">=", syntax.OpIsDistinct: "IS DISTINCT FROM", syntax.OpIsNotDistinct: "IS NOT DISTINCT FROM", syntax.OpAdd: "+",
	syntax.OpSub: "-", syntax.OpMul: "*", syntax.OpDiv: "/", syntax.OpMod: "%", syntax.OpConcat: "||",
}

// comparison reports whether an operator compares.
func comparison(op syntax.BinaryOp) bool { return op >= syntax.OpEq && op <= syntax.OpIsNotDistinct }

func (x *exprs) binary(n *syntax.Binary) (expr.Expr, error) {
	if n.Op == syntax.OpOverlaps {
		return x.overlaps(n)
	}
	if binaryFunctions[n.Op] == "" {
		return nil, noOperator(n)
	}
	// A chain of operators is as deep as it is long: walk down its left side instead of recursing.
	chain := []*syntax.Binary{n}
	for {
		left, ok := chain[len(chain)-1].L.(*syntax.Binary)
		if !ok || binaryFunctions[left.Op] == "" {
			break
		}
		chain = append(chain, left)
	}
	e, err := x.bind(chain[len(chain)-1].L)
	for i := len(chain) - 1; i >= 0 && err == nil; i-- {
		if !comparison(chain[i].Op) {
			if err := typed([]syntax.Expr{chain[i].L}, e); err != nil {
				return nil, err
			}
		}
		args := []expr.Expr{e}
		op, end := chain[i].Op, i
		for ; i >= 0 && chain[i].Op == op; i-- { // AND and OR take any number of operands
			var right expr.Expr
			if right, err = x.bind(chain[i].R); err != nil {
				return nil, err
			}
			if !comparison(op) {
				if err := typed([]syntax.Expr{chain[i].R}, right); err != nil {
					return nil, err
				}
			}
			args = append(args, right)
			if end = i; op != syntax.OpAnd && op != syntax.OpOr {
				break
			}
		}
		i = end
		if name := binaryFunctions[op]; (name == "=" || name == "<>") && rowOf(args[0], args[1]) {
			e, err = x.compareRows(chain[i], name, args[0], args[1])
			continue
		}
		if op == syntax.OpDiv && isConstant(args[0]) && isZero(args[1]) {
			return nil, fail(chain[i], "guard it, as in x / NULLIF(y, 0)", "division by zero")
		}
		e, err = x.apply(chain[i], binaryFunctions[op], args...)
	}
	return e, err
}

// isZero reports whether an expression is a constant number 0.
func isZero(e expr.Expr) bool {
	if !e.Type().IsNumeric() || !isConstant(e) {
		return false
	}
	e, err := expr.Fold(e)
	lit, ok := e.(*expr.Literal)
	if err != nil || !ok {
		return false
	}
	switch v := lit.Value.(type) {
	case int64:
		return v == 0
	case float64:
		return v == 0
	case column.Int128:
		return v == column.Int128{}
	}
	return false
}

// hintFields offers a ROW's fields for a wrong one.
func hintFields(name string, fields []column.Field) string {
	return hint(name, fieldNames(fields), "its fields are")
}

// functionLabel is a function's name for messages.
func functionLabel(n *syntax.FuncCall) string { return strings.ToUpper(dotted(n.Name.Parts)) }
