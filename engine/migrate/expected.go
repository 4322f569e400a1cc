package migrate

import (
	"context"
	"fmt"
	"time"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// stateful reports whether a node's tables can be known without running it.
func stateful(n *graph.Node) bool {
	switch op := n.Op.(type) {
	case *graph.Scan, *graph.Sink, *graph.Collect, *graph.Custom, *graph.LookupJoin, *graph.Calc, *graph.Values, *graph.Unnest, *graph.Union,
		*graph.TableFunction, *graph.Watermark, *graph.Expand, *graph.Replicate, *graph.DropUpdateBefore:
		return false
	case *graph.Aggregate:
		return op.Phase != graph.Partial
	case *graph.WindowAggregate:
		return op.Phase != graph.Partial
	}
	return true
}

// expected returns the tables that a node's operator reads when it is restored, by name; nil if that cannot be known. It makes an operator for that,
// which gets no row.
func expected(g *graph.Graph, n *graph.Node, opts job.Options) (tables map[string]*operator.Expected, err error) {
	if !stateful(n) {
		return nil, nil
	}
	op, err := operator.New(n, schemaOf(g, n))
	if err != nil {
		return nil, err
	}
	groups := opts.MaxParallelism
	if groups == 0 {
		groups = 1
	}
	err = op.Open(&operator.Context{
		Context: context.Background(), Name: n.Name, UID: n.UID, Parallelism: 1, MaxParallelism: groups, Inputs: len(n.Inputs), Env: opts.Env,
		Now: time.Now, SetTimer: func(time.Time) {}, Counters: &operator.Counters{},
	})
	if err != nil {
		return nil, fmt.Errorf("the operator cannot be made: %w", err)
	}
	defer func() {
		if closing := op.Close(); err == nil {
			err = closing
		}
	}()
	var w state.Writer
	if err := op.Snapshot(&w); err != nil {
		return nil, err
	}
	tables = map[string]*operator.Expected{}
	for i := range w.Tables {
		tables[w.Tables[i].Name] = &operator.Expected{Table: w.Tables[i]}
	}
	if t, ok := op.(operator.Tabled); ok {
		list := t.Tables()
		for i := range list {
			tables[list[i].Name] = &list[i]
		}
	}
	return tables, nil
}
