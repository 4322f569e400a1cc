// Package rules rewrites plans: first to do less work, then into operators that the engine has.
//
// Trees of logical nodes from the binder enter [Optimize], all those of a job; trees of physical nodes with exchanges leave, of the same schemas and the
// same rows. The session calls it, and package physical makes a graph of the result.
//
// What must hold: the rules run once, in the order of [Order], each over the whole of a tree; each can rely on what those before it have
// done. No rule looks at data or at an external system.
package rules

import (
	"slices"
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
	// TTL is after which time state is forgotten; 0: never.
	TTL time.Duration
	// Resumable says that the job may go on from a checkpoint at another parallelism, so that its shape must not depend on that.
	Resumable bool
	// Emit says when group windows of streams show results beside those of complete windows.
	Emit Emission
	// Materialize says when changes are put in order by a sink's primary key: "NONE", "AUTO" where the stream's key is another, "FORCE".
	Materialize string
	// TwoPhase makes groupings of streams aggregate in two phases, for mini-batches; table.optimizer.agg-phase-strategy.
	TwoPhase bool
	// RequireConflict says that ON CONFLICT must be there where Materialize is AUTO and rows of several keys of a stream may meet in a sink's row.
	RequireConflict bool
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

// Rule is one step of optimisation. It looks at each tree by itself, or at all trees of a job.
type Rule struct {
	Name  string
	Doc   string
	Apply func(n plan.Node, c *Context) (plan.Node, error)
	All   func(nodes []plan.Node, c *Context) []plan.Node
}

// Order is all rules, in the order in which they run.
var Order = []Rule{
	{Name: "fold-constants", Doc: "computes what is constant; conditions that are always true or never disappear with what they cut off", Apply: sure(foldConstants)},
	{Name: "decorrelate", Doc: "makes joins of subqueries", Apply: decorrelate},
	{Name: "push-filters", Doc: "moves conditions down to the scans, through projections, joins, UNNEST, grouping by their columns, and unions", Apply: sure(pushFilters)},
	{Name: "join-keys", Doc: "finds in the conditions of joins which columns must be equal", Apply: sure(joinKeys)},
	{Name: "merge-projects", Doc: "makes one projection of two", Apply: sure(mergeProjects)},
	{Name: "top-n", Doc: "makes an operator that keeps the first rows of a condition on ROW_NUMBER", Apply: sure(topN)},
	{Name: "fuse-sort-limit", Doc: "makes one operator of ORDER BY and LIMIT, which keeps the first rows only", Apply: sure(fuseSortLimit)},
	{Name: "push-limits", Doc: "moves LIMIT below projections and tells scans how many rows are enough", Apply: sure(pushLimits)},
	{Name: "windows", Doc: "makes operators over windows of groupings and joins by the columns of a windowing table function", Apply: windows},
	{Name: "interval-joins", Doc: "makes joins whose state is bounded by time of those that ask for times near each other", Apply: sure(intervalJoins)},
	{Name: "streaming", Doc: "makes every operator emit changes as they come, and says what cannot", Apply: streaming},
	{Name: "multi-joins", Doc: "makes one operator of regular joins by the same key, where the session or a hint asks for it", Apply: sure(multiJoins)},
	{Name: "conflicts", Doc: "checks what is to be done with rows of several keys that meet in one row of a sink", Apply: conflicts},
	{Name: "watermarks", Doc: "drops watermarks that nothing waits for", Apply: sure(watermarks)},
	{Name: "known-values", Doc: "computes projections with the values that conditions leave to columns", Apply: sure(knownValues)},
	{Name: "prune-columns", Doc: "reads, computes and passes on only the columns that are needed above", Apply: sure(pruneColumns)},
	{Name: "prune-fields", Doc: "reads only those fields of rows that are needed above, where the source finds them by name", Apply: sure(pruneFields)},
	{Name: "scan-filters", Doc: "tells scans which rows are needed, so that the source can skip others", Apply: sure(scanFilters)},
	{Name: "share-scans", Doc: "reads a table once that is read at several places, also with different columns", All: shareScans},
	{Name: "calc", Doc: "makes one Calc of neighbouring filters and projections", Apply: sure(mergeCalcs)},
	{Name: "bound-joins", Doc: "tells joins until when rows can have matches, by the ends of windows that they are compared with", Apply: sure(boundJoins)},
	{Name: "changelog", Doc: "decides where updates need the rows that they replace, and leaves these out elsewhere", Apply: changelog},
	{Name: "distribute", Doc: "puts exchanges below grouping, joins, sorting and limits, and does their work before the exchange where it can", Apply: sure(distribute)},
}

func sure(apply func(plan.Node, *Context) plan.Node) func(plan.Node, *Context) (plan.Node, error) {
	return func(n plan.Node, c *Context) (plan.Node, error) { return apply(n, c), nil }
}

// Optimize applies the rules to the trees of a job. The error is a [*syntax.Error] at the place of what cannot run in the mode, or not into the sink.
func Optimize(nodes []plan.Node, c *Context) ([]plan.Node, error) {
	nodes = slices.Clone(nodes)
	for _, r := range Order {
		if r.All != nil {
			nodes = r.All(nodes, c)
			continue
		}
		for i, n := range nodes {
			var err error
			if nodes[i], err = r.Apply(n, c); err != nil {
				return nil, err
			}
		}
	}
	return nodes, nil
}
