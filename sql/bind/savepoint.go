package bind

import (
	"context"

	"github.com/millstream/millstream/connector/savepoint"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// savepointFunction reads the state of an operator in a savepoint or checkpoint: SAVEPOINT('path', 'operator' [, 'table']).
const savepointFunction = "SAVEPOINT"

// savepoint binds it: a table whose columns the manifest has.
func (b *binding) savepoint(n *syntax.TableFunc) (*named, error) {
	if len(n.Call.Args) < 2 || len(n.Call.Args) > 3 {
		return nil, fail(n.Call, "write SAVEPOINT('path', 'operator') or SAVEPOINT('path', 'operator', 'table'); SHOW STATE FROM 'path' lists them",
			"SAVEPOINT takes two or three texts, and got %s", plural(len(n.Call.Args), "argument"))
	}
	var texts [3]string
	for i, a := range n.Call.Args {
		l, ok := a.(*syntax.Literal)
		if !ok || l.Kind != syntax.StringLiteral {
			return nil, fail(a, "write it as 'text'", "the arguments of SAVEPOINT are constant texts")
		}
		texts[i] = l.Text
	}
	ctx := context.Background()
	s, err := savepoint.Open(ctx, b.Env.Objects, texts[0])
	if err != nil {
		return nil, fail(n.Call.Args[0], "", "%s", err.Error())
	}
	op, err := s.Operator(texts[1])
	if err != nil {
		return nil, fail(n.Call.Args[1], "", "%s", err.Error())
	}
	t, err := s.Table(op, texts[2])
	if err != nil {
		return nil, fail(n.Call.Args[len(n.Call.Args)-1], "", "%s", err.Error())
	}
	columns, err := t.Readable()
	if err != nil {
		return nil, fail(n.Call.Args[0], "", "%s", err.Error())
	}
	table := graph.Table{
		Name: "savepoint." + op.UID + "." + t.Name, Connector: savepoint.Name, Columns: columns,
		Options: map[string]string{"path": texts[0], "operator": op.UID, "table": t.Name},
	}
	all := make([]int, len(columns))
	for i := range all {
		all[i] = i
	}
	scan := plan.NewScan(table, all)
	scan.Bounded, scan.At = true, n.Span
	return &named{rel: newRel(scan), path: []string{"savepoint"}}, nil
}
