package session

import (
	"context"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

func field(name, typ string) column.Field {
	t := map[string]column.Type{"STRING": column.Str().Required(), "BIGINT": column.Of(column.BigInt).Required()}[typ]
	return column.Field{Name: name, Type: t}
}

// evaluate runs an expression over one column of text, "NULL" for NULL.
func evaluate(e expr.Expr, values []string, sel []int32) error {
	index := -1
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok {
			index = c.Index
		}
		return true
	})
	b := &column.Batch{Len: len(values), Sel: sel, Cols: make([]*column.Vector, index+1)}
	for i := range b.Cols {
		b.Cols[i] = column.NewVector(column.Str(), len(values))
		for _, v := range values {
			if v == "NULL" {
				b.Cols[i].AppendNull()
			} else {
				b.Cols[i].AppendString(v)
			}
		}
	}
	p, err := expr.Compile(e)
	if err != nil {
		return err
	}
	return p.Eval(b, column.NewVector(e.Type(), len(values)))
}

// run executes a script and returns the last statement's result, or the error that stopped it.
func run(s *Session, name, text string) (*Result, error) {
	script, err := Parse(name, text)
	if err != nil {
		return nil, err
	}
	var r *Result
	for _, st := range script.Statements {
		if r, err = s.Execute(context.Background(), st); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// discardBatch takes rows that a test does not look at.
func discardBatch(*column.Batch) error { return nil }
