package plan

import (
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
		if !batch && ChangesOf(n.Input) != 0 {
			return fail(n.At, batchHint, "grouping rows that may change later, as those of another GROUP BY do, is not supported yet in streaming mode")
		}
	case *Sink:
		changes := ChangesOf(n.Input)
		if changes == 0 || n.Upserts {
			return nil
		}
		kinds := "update"
		if changes&Deletes != 0 {
			kinds = "update and delete"
		}
		by := ""
		if u := UpdatingNode(n.Input); u != nil {
			by = " which is produced by node " + Line(u)
		}
		return fail(n.At, batchHint+", or write to a connector that takes updates", "Table sink '%s' doesn't support consuming %s changes%s",
			n.Table.Name, kinds, by)
	}
	return nil
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
