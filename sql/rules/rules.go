// Package rules rewrites plans: first to do less work, then into operators that the engine has.
//
// A tree of logical nodes from the binder enters [Optimize]; a tree of physical nodes with exchanges leaves, of the same schema and the
// same rows. The session calls it, and package physical makes a graph of the result.
//
// What must hold: the rules run once, in the order of [Order], each over the whole tree; each can rely on what those before it have
// done. No rule looks at data or at an external system.
package rules

import (
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// Context is what rules need to know beside the plan.
type Context struct {
	// Batch says that inputs end and that only final results count.
	Batch bool
	// Parallelism is the job's default.
	Parallelism int
	// Fold computes what is constant in an expression.
	Fold func(expr.Expr) expr.Expr
}

// Rule is one step of optimisation.
type Rule struct {
	Name  string
	Doc   string
	Apply func(n plan.Node, c *Context) plan.Node
}

// Order is all rules, in the order in which they run.
var Order = []Rule{
	{"fold-constants", "computes what is constant; conditions that are always true or never disappear with what they cut off", foldConstants},
	{"push-filters", "moves conditions down to the scans, through projections, UNNEST, grouping by their columns, and unions", pushFilters},
	{"merge-projects", "makes one projection of two", mergeProjects},
	{"fuse-sort-limit", "makes one operator of ORDER BY and LIMIT, which keeps the first rows only", fuseSortLimit},
	{"push-limits", "moves LIMIT below projections and tells scans how many rows are enough", pushLimits},
	{"prune-columns", "reads, computes and passes on only the columns that are needed above", pruneColumns},
	{"scan-filters", "tells scans which rows are needed, so that the source can skip others", scanFilters},
	{"calc", "makes one Calc of neighbouring filters and projections", mergeCalcs},
	{"distribute", "puts exchanges below grouping, sorting and limits, and does their work before the exchange where it can", distribute},
}

// Optimize applies the rules.
func Optimize(n plan.Node, c *Context) plan.Node {
	for _, r := range Order {
		n = r.Apply(n, c)
	}
	return n
}
