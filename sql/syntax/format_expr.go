package syntax

import "strings"

// precOf returns how tight an expression's outermost operator binds.
func precOf(x Expr) int {
	switch x := x.(type) {
	case *Binary:
		return binaryOps[x.Op].prec
	case *Unary:
		switch x.Op {
		case OpNot:
			return precNot
		case OpPlus, OpMinus:
			return precUnary
		}
		return precPrimary - 1 // FINAL and RUNNING: below subscripts
	case *Is:
		return precIs
	case *Between, *In, *LikeExpr:
		return precBetween
	case *Quantified:
		return precCompare
	}
	return precPrimary
}

// expr writes an expression, in parentheses if it binds less tight than prec.
func (f *formatter) expr(x Expr, prec int) {
	if precOf(x) < prec {
		f.put("(")
		f.bareExpr(x)
		f.put(")")
		return
	}
	f.bareExpr(x)
}

func (f *formatter) expr0(x Expr) { f.expr(x, 0) }

func (f *formatter) exprs(xs []Expr) { each(f, xs, f.expr0) }

func (f *formatter) bareExpr(x Expr) {
	switch x := x.(type) {
	case *ColumnRef:
		f.parts(x.Parts)
	case *Star:
		for _, id := range x.Qualifier {
			f.ident(id)
			f.put(".")
		}
		f.put("*")
	case *Literal:
		f.literal(x)
	case *Interval:
		f.interval(x)
	case *Unary:
		f.unary(x)
	case *Binary:
		op := binaryOps[x.Op]
		f.expr(x.L, op.prec)
		f.put(" ", op.text, " ")
		f.expr(x.R, op.prec+1)
	case *Is:
		f.expr(x.X, precIs)
		f.put(" IS ")
		f.putIf(x.Not, "NOT ")
		f.put(isTestNames[x.Test])
	case *Between:
		f.expr(x.X, precBetween)
		f.putIf(x.Not, " NOT")
		f.put(" BETWEEN ")
		f.putIf(x.Symmetric, "SYMMETRIC ")
		f.putIf(f.style.AsFlink && !x.Symmetric, "ASYMMETRIC ")
		f.expr(x.Lo, precBetween+1)
		f.put(" AND ")
		f.expr(x.Hi, precBetween+1)
	case *In:
		f.expr(x.X, precBetween)
		f.putIf(x.Not, " NOT")
		f.put(" IN ")
		f.inList(x.List, x.Query)
	case *LikeExpr:
		f.expr(x.X, precBetween)
		f.putIf(x.Not, " NOT")
		f.put(likeNames[x.Kind])
		f.expr(x.Pattern, precBetween+1)
		if x.Escape != nil {
			f.put(" ESCAPE ")
			f.expr(x.Escape, precBetween+1)
		}
	case *Quantified:
		f.expr(x.X, precCompare)
		f.put(" ", binaryOps[x.Op].text, " ")
		if x.All {
			f.put("ALL ")
		} else {
			f.put("ANY ")
		}
		f.inList(x.List, x.Query)
	case *Exists:
		f.put("EXISTS ")
		f.subquery(x.Query)
	case *Subquery:
		f.subquery(x.Query)
	case *Case:
		f.caseExpr(x)
	case *Cast:
		f.putIf(x.Try, "TRY_")
		f.put("CAST(")
		f.expr0(x.X)
		f.put(" AS ")
		f.typeName(x.Type)
		f.put(")")
	case *Row:
		f.putIf(x.Explicit, "ROW")
		parens(f, x.Items, f.expr0)
	case *Collection:
		f.put(collectionNames[x.Kind])
		if x.Query != nil {
			f.subquery(x.Query)
			return
		}
		f.put("[")
		f.exprs(x.Items)
		f.put("]")
	case *Index:
		// The column map[1] would be a collection MAP[1].
		prec := precPrimary
		if ref, ok := x.X.(*ColumnRef); ok && len(ref.Parts) == 1 && strings.EqualFold(ref.Parts[0].Name, "MAP") {
			prec++
		}
		f.expr(x.X, prec)
		f.put("[")
		f.expr0(x.Index)
		f.put("]")
	case *Field:
		f.fieldBase(x.X)
		f.put(".")
		f.ident(x.Name)
	case *DateMinus:
		f.put("(")
		f.expr(x.L, precAdd)
		f.put(" - ")
		f.expr(x.R, precAdd+1)
		f.put(") ")
		f.units(x.Units)
	case *FuncCall:
		f.call(x)
	case *JSONPathCall:
		f.jsonPathCall(x)
	default:
		f.arg(x)
	}
}

var isTestNames = [...]string{
	IsNull: "NULL", IsTrue: "TRUE", IsFalse: "FALSE", IsUnknown: "UNKNOWN", IsJSON: "JSON VALUE", IsJSONObject: "JSON OBJECT",
	IsJSONArray: "JSON ARRAY", IsJSONScalar: "JSON SCALAR", IsASet: "A SET", IsEmpty: "EMPTY",
}

var likeNames = [...]string{Like: " LIKE ", ILike: " ILIKE ", RLike: " RLIKE ", SimilarTo: " SIMILAR TO "}

var collectionNames = [...]string{Array: "ARRAY", Map: "MAP", Multiset: "MULTISET"}

func (f *formatter) unary(x *Unary) {
	switch x.Op {
	case OpNot:
		f.put("NOT ")
		f.expr(x.X, precNot)
	case OpPlus, OpMinus:
		if x.Op == OpPlus {
			f.put("+")
		} else {
			f.put("-")
		}
		f.putIf(f.style.AsFlink, " ")
		// Two signs in a row get parentheses, since -- begins a comment.
		f.expr(x.X, precUnary+1)
	case OpFinal:
		f.put("FINAL ")
		f.expr(x.X, precPrimary)
	case OpRunning:
		f.put("RUNNING ")
		f.expr(x.X, precPrimary)
	}
}

// fieldBase writes the operand of a field. A name or number gets parentheses, or the field would become a part of it.
func (f *formatter) fieldBase(x Expr) {
	switch x.(type) {
	case *ColumnRef, *Literal:
		f.expr(x, precPrimary+1)
	default:
		f.expr(x, precPrimary)
	}
}

func (f *formatter) inList(list []Expr, q *Query) {
	if q != nil {
		f.subquery(q)
		return
	}
	parens(f, list, f.expr0)
}

func (f *formatter) subquery(q *Query) {
	f.put("(")
	f.query(q)
	f.put(")")
}

func (f *formatter) caseExpr(c *Case) {
	if f.style.AsFlink {
		f.searchedCase(c)
		return
	}
	f.put("CASE")
	if c.Operand != nil {
		f.put(" ")
		f.expr0(c.Operand)
	}
	for _, w := range c.Whens {
		f.put(" WHEN ")
		f.exprs(w.Conds)
		f.put(" THEN ")
		f.expr0(w.Then)
	}
	if c.Else != nil {
		f.put(" ELSE ")
		f.expr0(c.Else)
	}
	f.put(" END")
}

// arg writes what may stand only as an argument.
func (f *formatter) arg(x Expr) {
	switch x := x.(type) {
	case *NamedArg:
		name := x.Name
		name.Quoted = name.Quoted || f.style.AsFlink
		f.wordOrIdent(name)
		f.put(" => ")
		f.expr0(x.Value)
	case *TableArg:
		if x.Query != nil {
			f.subquery(x.Query)
		} else {
			f.put("TABLE ")
			f.name(*x.Name)
		}
		if len(x.PartitionBy) > 0 {
			f.put(" PARTITION BY ")
			if len(x.PartitionBy) == 1 {
				f.expr0(x.PartitionBy[0])
			} else {
				parens(f, x.PartitionBy, f.expr0)
			}
		}
		if len(x.OrderBy) > 0 {
			f.put(" ORDER BY ")
			parens(f, x.OrderBy, f.orderItem)
		}
	case *ModelArg:
		f.put("MODEL ")
		f.name(x.Name)
	case *Descriptor:
		f.put("DESCRIPTOR")
		parens(f, x.Columns, func(c ColumnRef) { f.parts(c.Parts) })
	case *DefaultArg:
		f.put("DEFAULT")
	case *TimeUnit:
		f.put(x.Name)
	}
}

func (f *formatter) call(c *FuncCall) {
	if f.style.AsFlink && len(c.Name.Parts) == 1 && strings.EqualFold(c.Name.Parts[0].Name, "NULLIF") && len(c.Args) == 2 {
		f.nullIf(c)
		return
	}
	f.functionName(c.Name)
	if c.NoParens {
		return
	}
	f.put("(")
	switch c.Quantifier {
	case DistinctQuantifier:
		f.put("DISTINCT ")
	case AllQuantifier:
		f.put("ALL ")
	}
	if c.Special {
		f.specialArgs(c)
	} else {
		f.exprs(c.Args)
	}
	if len(c.OrderBy) > 0 {
		f.put(" ")
		f.orderBy(c.OrderBy)
	}
	switch c.JSONNulls {
	case JSONNullOnNull:
		f.putIf(len(c.Args) > 0, " ")
		f.put("NULL ON NULL")
	case JSONAbsentOnNull:
		f.putIf(len(c.Args) > 0, " ")
		f.put("ABSENT ON NULL")
	}
	f.put(")")
	switch c.Nulls {
	case RespectNulls:
		f.put(" RESPECT NULLS")
	case IgnoreNulls:
		f.put(" IGNORE NULLS")
	}
	if len(c.Within) > 0 {
		f.put(" WITHIN GROUP (")
		f.orderBy(c.Within)
		f.put(")")
	}
	if c.Filter != nil {
		f.put(" FILTER (WHERE ")
		f.expr0(c.Filter)
		f.put(")")
	}
	if c.Over != nil {
		f.put(" OVER ")
		f.windowSpec(c.Over)
	}
}

// searchedCase writes CASE with conditions and ELSE, whether it has them or not.
func (f *formatter) searchedCase(c *Case) {
	f.put("CASE")
	for _, w := range c.Whens {
		f.put(" WHEN ")
		for i, cond := range w.Conds {
			f.putIf(i > 0, " OR ")
			if c.Operand == nil {
				f.expr0(cond)
				continue
			}
			f.expr(&Binary{Op: OpEq, L: c.Operand, R: cond}, precOr+1)
		}
		f.put(" THEN ")
		f.expr0(w.Then)
	}
	f.put(" ELSE ")
	if c.Else != nil {
		f.expr0(c.Else)
	} else {
		f.put("NULL")
	}
	f.put(" END")
}

// nullIf writes NULLIF as the CASE that it stands for.
func (f *formatter) nullIf(c *FuncCall) {
	f.searchedCase(&Case{Whens: []When{{Conds: []Expr{&Binary{Op: OpEq, L: c.Args[0], R: c.Args[1]}}, Then: &Literal{Kind: NullLiteral}}}, Else: c.Args[0]})
}

// specialArgs writes the arguments of a function that has words between them.
func (f *formatter) specialArgs(c *FuncCall) {
	words := func(xs []Expr, words ...string) {
		for i, x := range xs {
			if i > 0 {
				f.put(words[i-1])
			}
			f.expr0(x)
		}
	}
	switch name := strings.ToUpper(c.Name.Parts[0].Name); name {
	case "EXTRACT":
		words(c.Args, " FROM ")
	case "SUBSTRING":
		if f.style.AsFlink {
			f.exprs(c.Args)
			return
		}
		words(c.Args, " FROM ", " FOR ")
	case "OVERLAY":
		words(c.Args, " PLACING ", " FROM ", " FOR ")
	case "FLOOR", "CEIL":
		words(c.Args, " TO ")
	case "POSITION":
		f.expr(c.Args[0], precBetween+1)
		f.put(" IN ")
		words(c.Args[1:], " FROM ")
	case "TRIM":
		f.put([...]string{TrimBoth: "BOTH ", TrimLeading: "LEADING ", TrimTrailing: "TRAILING "}[c.Trim])
		if len(c.Args) > 1 {
			f.expr0(c.Args[1])
			f.put(" ")
		}
		f.put("FROM ")
		f.expr0(c.Args[0])
	case "JSON_OBJECT", "JSON_OBJECTAGG":
		for i := 0; i+1 < len(c.Args); i += 2 {
			f.putIf(i > 0, ", ")
			f.put("KEY ")
			f.expr0(c.Args[i])
			f.put(" VALUE ")
			f.expr0(c.Args[i+1])
		}
	default: // JSON_ARRAY, JSON_ARRAYAGG
		f.exprs(c.Args)
	}
}

var jsonFuncNames = [...]string{JSONExists: "JSON_EXISTS", JSONValue: "JSON_VALUE", JSONQuery: "JSON_QUERY"}

var jsonWrapperNames = [...]string{
	JSONWithoutWrapper: " WITHOUT WRAPPER", JSONWithWrapper: " WITH WRAPPER", JSONWithConditionalWrapper: " WITH CONDITIONAL WRAPPER",
}

var jsonBehaviorNames = [...]string{
	JSONBehaviorNull: "NULL", JSONBehaviorError: "ERROR", JSONBehaviorTrue: "TRUE", JSONBehaviorFalse: "FALSE",
	JSONBehaviorUnknown: "UNKNOWN", JSONBehaviorEmptyArray: "EMPTY ARRAY", JSONBehaviorEmptyObject: "EMPTY OBJECT",
}

func (f *formatter) jsonPathCall(c *JSONPathCall) {
	f.put(jsonFuncNames[c.Func], "(")
	f.expr0(c.X)
	f.put(", ")
	f.expr0(c.Path)
	if c.Returning != nil {
		f.put(" RETURNING ")
		f.typeName(c.Returning)
	}
	f.put(jsonWrapperNames[c.Wrapper])
	f.jsonClause(c.OnEmpty, " ON EMPTY")
	f.jsonClause(c.OnError, " ON ERROR")
	f.put(")")
}

func (f *formatter) jsonClause(c JSONClause, when string) {
	switch c.Behavior {
	case JSONBehaviorUnset:
		return
	case JSONBehaviorDefault:
		f.put(" DEFAULT ")
		f.expr0(c.Default)
	default:
		f.put(" ", jsonBehaviorNames[c.Behavior])
	}
	f.put(when)
}
