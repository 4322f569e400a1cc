package plan

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// Bounded reports whether all that a plan reads ends by itself.
func Bounded(n Node) bool {
	bounded := true
	Walk(n, func(n Node) bool {
		if s, ok := n.(*Scan); ok {
			bounded = bounded && s.Bounded
		}
		return bounded
	})
	return bounded
}

// ForMode fits a plan from the binder to the mode that it will run in: in streaming mode aggregates emit every change, in batch mode
// their final results. What cannot run in the mode, or not into the sink, is a [*syntax.Error] at its place.
func ForMode(n Node, batch bool) (Node, error) {
	if !batch {
		n = Rewrite(n, func(n Node) Node {
			if a, ok := n.(*Aggregate); ok {
				streaming := *a
				streaming.Updates, streaming.Always = true, false
				return &streaming
			}
			return n
		})
	}
	var err error
	Walk(n, func(n Node) bool {
		if err == nil {
			err = check(n, batch)
		}
		return err == nil
	})
	return n, err
}

const batchHint = "run it in batch mode: SET 'execution.runtime-mode' = 'batch'"

func check(n Node, batch bool) error {
	fail := func(at syntax.Span, hint, format string, args ...any) error {
		e := syntax.Errorf(at, format, args...)
		e.Hint = hint
		return e
	}
	switch n := n.(type) {
	case *Scan:
		if batch && !n.Bounded {
			return fail(n.At, "run it in streaming mode: SET 'execution.runtime-mode' = 'streaming'",
				"the table '%s' never ends and cannot be read in batch mode", n.Table.Name)
		}
	case *Sort:
		if !batch {
			return fail(n.At, "add LIMIT, or "+batchHint, "Sort on a non-time-attribute field is not supported in streaming mode, where the input need not end")
		}
	case *Limit:
		_, sorted := n.Input.(*Sort)
		switch {
		case batch:
		case sorted:
			return fail(n.At, batchHint, "ORDER BY with LIMIT is not supported yet in streaming mode")
		case ChangesOf(n.Input) != 0:
			return fail(n.At, batchHint, "LIMIT over rows that may change later is not supported yet in streaming mode")
		}
	case *Aggregate:
		if ChangesOf(n.Input) == 0 {
			return nil
		}
		for i := range n.Calls {
			if c := &n.Calls[i]; !retracts(n, c) {
				return fail(n.At, batchHint, "%s over rows that may change later, as the results of another GROUP BY do, is not supported yet in streaming mode", c.Name)
			}
		}
	case *Sink:
		if n.Overwrite && !batch {
			return fail(n.At, batchHint, "INSERT OVERWRITE is not supported in streaming mode, where the new rows need not end")
		}
		changes := ChangesOf(n.Input)
		if d := distinctNode(n.Input); d != nil && !batch {
			changes |= graph.UpdateAfter
		}
		if changes == 0 || n.Upserts {
			return nil
		}
		kinds := "update"
		if changes&graph.Deletes != 0 {
			kinds = "update and delete"
		}
		by := ""
		u := UpdatingNode(n.Input)
		if u == nil {
			u = distinctNode(n.Input)
		}
		if u != nil {
			by = " which is produced by node " + Line(u)
		}
		return fail(n.At, batchHint+", or write to a connector that takes updates", "Table sink '%s' doesn't support consuming %s changes%s",
			n.Table.Name, kinds, by)
	}
	return nil
}

// distinctNode returns a grouping without aggregates, nil if there is none. It only inserts, but Flink takes it for updating, and a job must
// be accepted there too.
func distinctNode(n Node) Node {
	var found Node
	Walk(n, func(n Node) bool {
		if a, ok := n.(*Aggregate); ok && len(a.Calls) == 0 && found == nil {
			found = a
		}
		return found == nil
	})
	return found
}

// retracts reports whether a call can take rows out again.
func retracts(n *Aggregate, c *expr.Aggregate) bool {
	types := make([]column.Type, len(c.Args))
	for i, a := range c.Args {
		types[i] = n.Input.Schema()[a].Type
	}
	_, ok := c.Func.New(types, c.T).(expr.Retractor)
	return ok
}

// Ordered reports whether the rows of a plan from the binder come in an order that ORDER BY asked for.
func Ordered(n Node) bool {
	switch n := n.(type) {
	case *Sort:
		return true
	case *Limit:
		return Ordered(n.Input)
	case *Project:
		return Ordered(n.Input)
	}
	return false
}
