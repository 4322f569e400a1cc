// Package rules rewrites plans: first to do less work, then into operators that the engine has.
//
// A tree of logical nodes from the binder enters [Optimize]; a tree of physical nodes with exchanges leaves, of the same schema and the
// same rows. The session calls it, and package physical makes a graph of the result.
//
// What must hold: the rules run once, in the order of [Order], each over the whole tree; each can rely on what those before it have
// done. No rule looks at data or at an external system.
package rules

import (
	"time"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// Context is what rules need to know beside the plan.
type Context struct {
	// Batch says that inputs end and that only final results count.
	Batch bool
	// Parallelism is the job's default.
	Parallelism int
	// Emit says when group windows of streams show results beside those of complete windows.
	Emit Emission
	// Materialize says when changes are put in order by a sink's primary key: "NONE", "AUTO" where the stream's key is another, "FORCE".
	Materialize string
	// MultiJoin makes one operator of joins by the same key; table.optimizer.multi-join.enabled.
	MultiJoin bool
	// Fold computes what is constant in an expression.
	Fold func(expr.Expr) expr.Expr
	// Exact is Fold for what is a constant only because the rows are: it gives what the rows would, to the last digit.
	Exact func(expr.Expr) expr.Expr
}

// Emission is early and late results of group windows, each with the time that a change is held back; table.exec.emit.*.
type Emission struct {
	Early, Late           bool
	EarlyDelay, LateDelay time.Duration
	Lateness              time.Duration // event time after a window's end for which it takes late rows
}

// Rule is one step of optimisation.
type Rule struct {
	Name  string
	Doc   string
	Apply func(n plan.Node, c *Context) (plan.Node, error)
}

// Order is all rules, in the order in which they run.
var Order = []Rule{
	{"fold-constants", "computes what is constant; conditions that are always true or never disappear with what they cut off", sure(foldConstants)},
	{"decorrelate", "makes joins of subqueries", decorrelate},
	{"push-filters", "moves conditions down to the scans, through projections, joins, UNNEST, grouping by their columns, and unions", sure(pushFilters)},
	{"join-keys", "finds in the conditions of joins which columns must be equal", sure(joinKeys)},
	{"merge-projects", "makes one projection of two", sure(mergeProjects)},
	{"top-n", "makes an operator that keeps the first rows of a condition on ROW_NUMBER", sure(topN)},
	{"fuse-sort-limit", "makes one operator of ORDER BY and LIMIT, which keeps the first rows only", sure(fuseSortLimit)},
	{"push-limits", "moves LIMIT below projections and tells scans how many rows are enough", sure(pushLimits)},
	{"windows", "makes operators over windows of groupings and joins by the columns of a windowing table function", windows},
	{"interval-joins", "makes joins whose state is bounded by time of those that ask for times near each other", sure(intervalJoins)},
	{"streaming", "makes every operator emit changes as they come, and says what cannot", streaming},
	{"multi-joins", "makes one operator of regular joins by the same key, where the session or a hint asks for it", sure(multiJoins)},
	{"watermarks", "drops watermarks that nothing waits for", sure(watermarks)},
	{"known-values", "computes projections with the values that conditions leave to columns", sure(knownValues)},
	{"prune-columns", "reads, computes and passes on only the columns that are needed above", sure(pruneColumns)},
	{"prune-fields", "reads only those fields of rows that are needed above, where the source finds them by name", sure(pruneFields)},
	{"scan-filters", "tells scans which rows are needed, so that the source can skip others", sure(scanFilters)},
	{"calc", "makes one Calc of neighbouring filters and projections", sure(mergeCalcs)},
	{"changelog", "decides where updates need the rows that they replace, and leaves these out elsewhere", changelog},
	{"distribute", "puts exchanges below grouping, joins, sorting and limits, and does their work before the exchange where it can", sure(distribute)},
}

func sure(apply func(plan.Node, *Context) plan.Node) func(plan.Node, *Context) (plan.Node, error) {
	return func(n plan.Node, c *Context) (plan.Node, error) { return apply(n, c), nil }
}

// Optimize applies the rules. The error is a [*syntax.Error] at the place of what cannot run in the mode, or not into the sink.
func Optimize(n plan.Node, c *Context) (plan.Node, error) {
	var err error
	for _, r := range Order {
		if n, err = r.Apply(n, c); err != nil {
			return nil, err
		}
	}
	return n, nil
}
