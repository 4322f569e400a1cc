package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// Unbounded returns a warning for each operator of an optimised streaming plan whose state grows as long as the job runs: over an input that
// does not end, keeping something for every key or row, without a time after which it is forgotten. Each stands at its clause and says
// what would bound it.
func Unbounded(n plan.Node) []*syntax.Error {
	var list []*syntax.Error
	warn := func(at syntax.Span, hint, format string, args ...any) {
		e := syntax.Errorf(at, format, args...)
		e.Hint = hint
		list = append(list, e)
	}
	const ttl = "have what did not change for a time forgotten: SET 'table.exec.state.ttl' = '1 d', or all but the keys that changed last: " +
		"SET 'table.exec.state.max-keys' = '1000000'"
	const hints = "; the hints STATE_TTL and STATE_MAX_KEYS do so for one table"
	unbounded := func(k graph.Keep) bool { return k.TTL <= 0 && k.MaxKeys <= 0 }
	plan.Walk(n, func(n plan.Node) bool {
		if plan.Bounded(n) {
			return false
		}
		switch n := n.(type) {
		case *plan.Aggregate:
			if unbounded(n.Keep) && n.Updates && n.Phase != graph.Partial && len(n.Keys) > 0 && !finite(n.Input, n.Keys) {
				what := "GROUP BY keeps a result"
				if len(n.Calls) == 0 {
					what = "DISTINCT keeps a row"
				}
				warn(n.At, "group by a window too, or "+ttl, "%s for every value of %s, as long as the job runs", what, columnNames(n.Input, n.Keys))
			}
		case *plan.Join:
			var kept []string
			for i, side := range []plan.Node{n.Left, n.Right} {
				if unbounded(n.Sides[i].Keep) && n.Until[i] == nil && !plan.Bounded(side) {
					kept = append(kept, []string{"left", "right"}[i])
				}
			}
			if len(kept) > 0 {
				warn(n.At, "bound how far apart the rows' times may be (interval join), join a version of the table (FOR SYSTEM_TIME AS OF), or "+ttl+hints,
					"the join keeps every row of its %s input, as long as the job runs", strings.Join(kept, " and its "))
			}
		case *plan.MultiJoin:
			var kept []string
			for i, side := range n.From {
				if unbounded(n.Sides[i].Keep) && !plan.Bounded(side) {
					kept = append(kept, strconv.Itoa(i+1))
				}
			}
			if len(kept) > 0 {
				warn(n.At, ttl+hints, "the join keeps every row of input %s, as long as the job runs", strings.Join(kept, " and of input "))
			}
		case *plan.Rank:
			if n.WindowEnd < 0 && len(n.Partition) > 0 {
				warn(n.At, "partition by a window too, or "+ttl, "the ranking keeps rows for every value of %s, as long as the job runs", columnNames(n.Input, n.Partition))
			}
		case *plan.Deduplicate:
			warn(n.At, "partition by a window too, or "+ttl, "the deduplication remembers every value of %s, as long as the job runs", columnNames(n.Input, n.Keys))
		case *plan.Over:
			if n.Time == graph.OverColumns {
				warn(n.At, "order by an attribute of time, or "+ttl, "OVER with an order that is not time keeps every row, as long as the job runs")
			}
		}
		return true
	})
	return list
}

// finite reports whether keys have few values by their type.
func finite(in plan.Node, keys []int) bool {
	for _, k := range keys {
		switch in.Schema()[k].Type.Kind {
		case column.Boolean, column.TinyInt:
		default:
			return false
		}
	}
	return true
}

func columnNames(n plan.Node, columns []int) string {
	text := ""
	for i, c := range columns {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("'%s'", n.Schema()[c].Name)
	}
	return text
}
