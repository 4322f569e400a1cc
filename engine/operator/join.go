package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

func newJoin(op *graph.Join, in [][]column.Field, schema []column.Field) (Operator, error) {
	m, err := newMatch(&op.Match, in, schema)
	if err != nil {
		return nil, err
	}
	if op.Updates && op.Until != [2]*graph.JoinBound{} {
		return newBoundedJoin(op, m, schema)
	}
	if op.Updates {
		return newChangeJoin(op, m, schema), nil
	}
	return newHashJoin(op, m, schema), nil
}
