package syntax

import (
	"reflect"
	"testing"
)

// checkPlaces checks the place of every node of the trees: it is not empty, it is inside the place of the node around,
// and the text there is, for an expression, that expression.
func checkPlaces(t *testing.T, src string, stmts []Statement) {
	t.Helper()
	for _, stmt := range stmts {
		if _, ok := stmt.(*Reset); ok {
			continue
		}
		eachNode(reflect.ValueOf(stmt), Span{0, Pos(len(src))}, func(n Node, outer Span) {
			if n.Pos() < outer.From || n.End() > outer.To || n.Pos() >= n.End() {
				t.Errorf("%s\n%T %d-%d is not inside %d-%d", src, n, n.Pos(), n.End(), outer.From, outer.To)
				return
			}
			x, ok := n.(Expr)
			if _, set := stmt.(*Set); set || !ok {
				return // settings may stand without quotes
			}
			switch x := x.(type) {
			case *Star, *NamedArg, *TableArg, *ModelArg, *Descriptor, *DefaultArg, *TimeUnit:
				return // no expressions by themselves
			case *Row:
				if len(x.Items) == 1 && !x.Explicit {
					return // a row of VALUES
				}
			case *Subquery:
				if src[x.From] != '(' {
					return // the only argument of a function: f(SELECT 1)
				}
			case *ColumnRef:
				if len(x.Parts) == 1 && IsReserved(x.Parts[0].Name) {
					return
				}
			}
			text := src[n.Pos():n.End()]
			again, err := ParseExpr(text)
			if err != nil {
				t.Errorf("%s\nthe place of %T is no expression: %q: %v", src, n, text, err)
			} else if diff := treeDiff(x, again); diff != "" {
				t.Errorf("%s\nthe place of %T is another expression: %q\n%s", src, n, text, diff)
			}
		})
	}
}

// eachNode calls visit for each node in a tree with the place of the node around it. Nodes without a place, such as a
// JSON clause that is not written, are left out.
func eachNode(v reflect.Value, outer Span, visit func(n Node, outer Span)) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
			eachStruct(v.Elem(), outer, visit)
			return
		}
		eachNode(v.Elem(), outer, visit)
	case reflect.Slice:
		for i := range v.Len() {
			eachNode(v.Index(i), outer, visit)
		}
	case reflect.Struct:
		eachStruct(v, outer, visit)
	}
}

func eachStruct(v reflect.Value, outer Span, visit func(n Node, outer Span)) {
	if _, ok := v.Interface().(Span); ok {
		return
	}
	if v.CanAddr() {
		if n, ok := v.Addr().Interface().(Node); ok && !v.IsZero() {
			if schema, ok := n.(*Schema); !ok || schema.To > 0 {
				visit(n, outer)
				outer = Span{n.Pos(), n.End()}
			}
		}
	}
	for i := range v.NumField() {
		eachNode(v.Field(i), outer, visit)
	}
}
