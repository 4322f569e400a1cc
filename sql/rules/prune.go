package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// pruneColumns drops columns that nothing above needs. The root keeps all of its columns.
func pruneColumns(n plan.Node, _ *Context) plan.Node {
	if s, ok := n.(*plan.Sink); ok {
		return s.With([]plan.Node{prune(s.Input, ascending(len(s.Input.Schema())))})
	}
	return prune(n, ascending(len(n.Schema())))
}

// prune returns a node with exactly the columns of n that need names, in that order; need is ascending.
func prune(n plan.Node, need []int) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		project := make([]int, len(need))
		for i, c := range need {
			project[i] = n.Project[c]
		}
		return n.Reading(project)
	case *plan.Values:
		rows := make([][]expr.Expr, len(n.Rows))
		for i, row := range n.Rows {
			rows[i] = pick(row, need)
		}
		return &plan.Values{Rows: rows, Fields: pick(n.Fields, need)}
	case *plan.Filter:
		below := with(need, func(add func(int)) { uses(n.Cond, func(c *expr.Column) { add(c.Index) }) })
		to := inverse(len(n.Schema()), below)
		out := &plan.Filter{Input: prune(n.Input, below), Cond: move(n.Cond, to)}
		return plan.Select(out, moveAll(need, to))
	case *plan.Project:
		exprs := pick(n.Exprs, need)
		if scan := reordered(n.Input, exprs, pick(n.Fields, need)); scan != nil {
			return scan
		}
		below := with(nil, func(add func(int)) {
			for _, e := range exprs {
				uses(e, func(c *expr.Column) { add(c.Index) })
			}
		})
		to := inverse(len(n.Input.Schema()), below)
		for i, e := range exprs {
			exprs[i] = move(e, to)
		}
		return &plan.Project{Input: prune(n.Input, below), Exprs: exprs, Fields: pick(n.Fields, need)}
	case *plan.MultiJoin:
		return pruneMulti(n, need)
	case *plan.Unnest:
		return pruneUnnest(n, need)
	case *plan.Aggregate:
		return pruneAggregate(n, need)
	case *plan.Sort:
		keys, below, to := pruneKeys(n.Keys, need, len(n.Schema()))
		return plan.Select(&plan.Sort{Input: prune(n.Input, below), Keys: keys, At: n.At}, moveAll(need, to))
	case *plan.Limit:
		keys, below, to := pruneKeys(n.Keys, need, len(n.Schema()))
		limit := *n
		limit.Input, limit.Keys = prune(n.Input, below), keys
		return plan.Select(&limit, moveAll(need, to))
	case *plan.Union:
		from := make([]plan.Node, len(n.From))
		for i, in := range n.From {
			from[i] = prune(in, need)
		}
		return &plan.Union{From: from, Fields: pick(n.Fields, need)}
	}
	switch len(n.Inputs()) {
	case 1:
		return pruneOne(n, need)
	case 2:
		return pruneTwo(n, need)
	}
	return plan.Select(n, need)
}

// reordered returns a scan that gives its columns in the order of a projection above it, nil if the projection does more than that.
func reordered(n plan.Node, exprs []expr.Expr, fields []column.Field) plan.Node {
	scan, ok := n.(*plan.Scan)
	if !ok {
		return nil
	}
	var project []int
	for i, e := range exprs {
		c, ok := e.(*expr.Column)
		if !ok || fields[i].Name != c.Name || slices.Contains(project, scan.Project[c.Index]) {
			return nil
		}
		project = append(project, scan.Project[c.Index])
	}
	return scan.Reading(project)
}

// pruneUnnest keeps what is needed of the input's columns. The element's columns cannot be had one by one.
func pruneUnnest(n *plan.Unnest, need []int) plan.Node {
	var keep, kept []int // input columns, and their places in the output
	for i, c := range n.Keep {
		if slices.Contains(need, i) {
			keep, kept = append(keep, c), append(kept, i)
		}
	}
	below := with(keep, func(add func(int)) { add(n.Column) })
	to := inverse(len(n.Input.Schema()), below)
	elems := ascending(len(n.Fields))[len(n.Keep):]
	out := &plan.Unnest{
		Input: prune(n.Input, below), Column: to[n.Column], Keep: moveAll(keep, to), Ordinality: n.Ordinality, Outer: n.Outer,
		Fields: pick(n.Fields, append(slices.Clone(kept), elems...)),
	}
	return plan.Select(out, moveAll(need, inverse(len(n.Fields), append(kept, elems...))))
}

// pruneAggregate drops calls that are not needed; the keys make the groups and stay.
func pruneAggregate(n *plan.Aggregate, need []int) plan.Node {
	out := &plan.Aggregate{Phase: n.Phase, Always: n.Always, Updates: n.Updates, UpdateBefore: n.UpdateBefore, Keep: n.Keep, At: n.At}
	var kept []int
	for i := range n.Fields {
		call := i - len(n.Keys)
		if call >= 0 && !slices.Contains(need, i) {
			continue
		}
		kept = append(kept, i)
		out.Fields = append(out.Fields, n.Fields[i])
		if call >= 0 {
			out.Calls = append(out.Calls, n.Calls[call])
		}
	}
	below := with(n.Keys, func(add func(int)) {
		for _, c := range out.Calls {
			callColumns(&c, add)
		}
	})
	to := inverse(len(n.Input.Schema()), below)
	out.Input = prune(n.Input, below)
	out.Keys = moveAll(n.Keys, to)
	for i := range out.Calls {
		out.Calls[i] = moveCall(out.Calls[i], to)
	}
	return plan.Select(out, moveAll(need, inverse(len(n.Fields), kept)))
}

// callColumns calls add with the columns that an aggregate call reads.
func callColumns(c *expr.Aggregate, add func(int)) {
	for _, a := range c.Args {
		add(a)
	}
	if c.Filter >= 0 {
		add(c.Filter)
	}
}

// moveCall renumbers the columns that an aggregate call reads.
func moveCall(c expr.Aggregate, to []int) expr.Aggregate {
	c.Args = moveAll(c.Args, to)
	if c.Filter >= 0 {
		c.Filter = to[c.Filter]
	}
	return c
}

func pruneKeys(keys []graph.SortKey, need []int, width int) (moved []graph.SortKey, below, to []int) {
	below = with(need, func(add func(int)) {
		for _, k := range keys {
			add(k.Column)
		}
	})
	to = inverse(width, below)
	moved = slices.Clone(keys)
	for i := range moved {
		moved[i].Column = to[moved[i].Column]
	}
	return moved, below, to
}

// with returns a list and what more adds to it, ascending and without repetitions.
func with(list []int, more func(add func(int))) []int {
	out := slices.Clone(list)
	more(func(c int) { out = append(out, c) })
	slices.Sort(out)
	return slices.Compact(out)
}

// inverse returns where each of n columns stands in a list, -1 if nowhere.
func inverse(n int, list []int) []int {
	to := make([]int, n)
	for i := range to {
		to[i] = -1
	}
	for i, c := range list {
		to[c] = i
	}
	return to
}

// moveAll renumbers a list.
func moveAll(list, to []int) []int {
	out := make([]int, len(list))
	for i, c := range list {
		out[i] = to[c]
	}
	return out
}

// pick returns the elements at the given places.
func pick[T any](list []T, at []int) []T {
	out := make([]T, len(at))
	for i, c := range at {
		out[i] = list[c]
	}
	return out
}
