package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// pruneOne prunes an operator with one input that passes on its columns, perhaps with others behind them. What it needs itself is added to what is
// needed above; the columns that only it needs are dropped by a projection.
func pruneOne(n plan.Node, need []int) plan.Node {
	in := n.Inputs()[0]
	width := len(in.Schema())
	var below []int // of the input
	for _, c := range need {
		if c < width {
			below = append(below, c)
		}
	}
	take := func(more func(add func(int))) []int { // prunes the input and returns where its columns are
		below = with(below, more)
		if lettered(n) {
			below = ascending(width)
		}
		in = prune(in, below)
		return inverse(width, below)
	}
	columns := func(lists ...[]int) func(func(int)) {
		return func(add func(int)) {
			for _, list := range lists {
				for _, c := range list {
					if c >= 0 {
						add(c)
					}
				}
			}
		}
	}
	// finish returns the node behind a projection to what is needed; kept are the columns that it has behind those of its input.
	finish := func(out plan.Node, kept []int) plan.Node {
		place := inverse(len(n.Schema()), append(slices.Clone(below), kept...))
		return plan.Select(out, moveAll(need, place))
	}
	fields := func(kept []int) []column.Field {
		return append(pick(in.Schema(), ascending(len(below))), pick(n.Schema(), kept)...)
	}
	switch n := n.(type) {
	case *plan.Watermark:
		out := *n
		to := take(func(add func(int)) {
			add(n.Column)
			uses(n.Expr, func(c *expr.Column) { add(c.Index) })
		})
		out.Input, out.Column, out.Expr = in, to[n.Column], move(n.Expr, to)
		return finish(&out, nil)
	case *plan.AssignWindows:
		out := *n
		to := take(columns([]int{n.Time}, n.Partition))
		kept := ascending(len(n.Fields))[width:]
		out.Input, out.Partition, out.Fields = in, moveAll(n.Partition, to), fields(kept)
		if n.Time >= 0 {
			out.Time = to[n.Time]
		}
		return finish(&out, kept)
	case *plan.Over:
		return pruneOver(n, need)
	case *plan.WindowAggregate:
		return pruneWindowAggregate(n, need)
	case *plan.Rank:
		out := *n
		to := take(columns(n.Partition, orderColumns(n.Order), []int{n.ToColumn, n.WindowEnd}))
		kept := ascending(len(n.Fields))[width:]
		if n.Number && !slices.Contains(need, width) {
			out.Number, kept = false, nil
		}
		out.Input, out.Partition, out.Order, out.Fields = in, moveAll(n.Partition, to), moveOrder(n.Order, to), fields(kept)
		out.ToColumn, out.WindowEnd = movePlace(n.ToColumn, to), movePlace(n.WindowEnd, to)
		return finish(&out, kept)
	case *plan.Deduplicate:
		out := *n
		to := take(columns(n.Keys, []int{n.Time}))
		out.Input, out.Keys, out.Time = in, moveAll(n.Keys, to), movePlace(n.Time, to)
		return finish(&out, nil)
	case *plan.Normalize:
		out := *n
		to := take(columns(n.Keys))
		out.Input, out.Keys = in, moveAll(n.Keys, to)
		return finish(&out, nil)
	case *plan.TemporalSort:
		out := *n
		to := take(columns([]int{n.Time}, orderColumns(n.Keys)))
		out.Input, out.Time, out.Keys = in, movePlace(n.Time, to), moveOrder(n.Keys, to)
		return finish(&out, nil)
	case *plan.Expand:
		lists := make([][]expr.Expr, len(n.Projections))
		to := take(func(add func(int)) {
			for _, p := range n.Projections {
				for _, e := range pick(p, need) {
					uses(e, func(c *expr.Column) { add(c.Index) })
				}
			}
		})
		for i, p := range n.Projections {
			lists[i] = pick(p, need)
			for j, e := range lists[i] {
				lists[i][j] = move(e, to)
			}
		}
		return &plan.Expand{Input: in, Expand: graph.Expand{Projections: lists}, Fields: pick(n.Fields, need)}
	case *plan.TableFunction:
		out := *n
		to := take(func(add func(int)) {
			for _, a := range n.Args {
				uses(a, func(c *expr.Column) { add(c.Index) })
			}
		})
		kept := ascending(len(n.Fields))[width:]
		out.Input, out.Fields, out.Args = in, fields(kept), make([]expr.Expr, len(n.Args))
		for i, a := range n.Args {
			out.Args[i] = move(a, to)
		}
		return finish(&out, kept)
	case *plan.LookupJoin:
		return pruneLookup(n, need)
	}
	return plan.Select(n.With([]plan.Node{prune(in, ascending(width))}), need)
}

func orderColumns(keys []graph.SortKey) []int {
	list := make([]int, len(keys))
	for i, k := range keys {
		list[i] = k.Column
	}
	return list
}

func moveOrder(keys []graph.SortKey, to []int) []graph.SortKey {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Column = to[out[i].Column]
	}
	return out
}

// movePlace renumbers a column; -1 stays.
func movePlace(c int, to []int) int {
	if c < 0 {
		return c
	}
	return to[c]
}

// pruneOver drops calls that are not needed.
func pruneOver(n *plan.Over, need []int) plan.Node {
	width := len(n.Input.Schema())
	var below, kept []int
	out := *n
	out.Calls = nil
	for _, c := range need {
		if c < width {
			below = append(below, c)
		} else {
			kept = append(kept, c)
			out.Calls = append(out.Calls, n.Calls[c-width])
		}
	}
	if len(kept) == 0 {
		return prune(n.Input, need)
	}
	below = with(below, func(add func(int)) {
		for _, c := range slices.Concat(n.Partition, orderColumns(n.Order)) {
			add(c)
		}
		for _, c := range out.Calls {
			if c.Aggregate != nil {
				callColumns(c.Aggregate, add)
			}
			for _, a := range c.Args {
				uses(a, func(c *expr.Column) { add(c.Index) })
			}
		}
	})
	if lettered(n) {
		below = ascending(width)
	}
	to := inverse(width, below)
	out.Input = prune(n.Input, below)
	out.Partition, out.Order = moveAll(n.Partition, to), moveOrder(n.Order, to)
	for i := range out.Calls {
		c := &out.Calls[i]
		if c.Aggregate != nil {
			a := moveCall(*c.Aggregate, to)
			c.Aggregate = &a
		}
		args := make([]expr.Expr, len(c.Args))
		for j, a := range c.Args {
			args[j] = move(a, to)
		}
		c.Args = args
	}
	out.Fields = append(pick(n.Fields, below), pick(n.Fields, kept)...)
	return plan.Select(&out, moveAll(need, inverse(len(n.Fields), append(slices.Clone(below), kept...))))
}

// pruneWindowAggregate drops calls and properties that are not needed.
func pruneWindowAggregate(n *plan.WindowAggregate, need []int) plan.Node {
	if lettered(n) {
		n = n.With([]plan.Node{widened(n.Input)}).(*plan.WindowAggregate)
	}
	out := *n
	out.Calls, out.Properties, out.Fields = nil, nil, nil
	var kept []int
	for i := range n.Fields {
		call, property := i-len(n.Keys), i-len(n.Keys)-len(n.Calls)
		if call >= 0 && !slices.Contains(need, i) {
			continue
		}
		kept = append(kept, i)
		out.Fields = append(out.Fields, n.Fields[i])
		switch {
		case property >= 0:
			out.Properties = append(out.Properties, n.Properties[property])
		case call >= 0:
			out.Calls = append(out.Calls, n.Calls[call])
		}
	}
	below := with(n.Keys, func(add func(int)) {
		for i := range out.Calls {
			callColumns(&out.Calls[i], add)
		}
		if n.Attached {
			for _, c := range []int{n.Start, n.End} {
				if c >= 0 {
					add(c)
				}
			}
		} else if n.Time >= 0 && !n.Processing {
			add(n.Time)
		}
	})
	if lettered(n) {
		below = ascending(len(n.Input.Schema()))
	}
	to := inverse(len(n.Input.Schema()), below)
	out.Input, out.Keys = prune(n.Input, below), moveAll(n.Keys, to)
	for i := range out.Calls {
		out.Calls[i] = moveCall(out.Calls[i], to)
	}
	if n.Attached {
		out.Start, out.End = movePlace(n.Start, to), movePlace(n.End, to)
	} else if !n.Processing {
		out.Time = movePlace(n.Time, to)
	}
	return plan.Select(&out, moveAll(need, inverse(len(n.Fields), kept)))
}

// lettered reports whether an operator drops late rows that go to another table, as whole as they are.
func lettered(n plan.Node) bool {
	return plan.DropsLate(n) && slices.ContainsFunc(n.Inputs(), func(in plan.Node) bool { return plan.LateTables(in) != nil })
}

// widened makes projections below an operator pass on all columns that they read from, behind their own.
func widened(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		return n.With([]plan.Node{widened(n.Input)})
	case *plan.Project:
		out := &plan.Project{Input: widened(n.Input), Exprs: slices.Clone(n.Exprs), Fields: slices.Clone(n.Fields)}
		known := map[int]bool{}
		for _, e := range n.Exprs {
			if c, ok := e.(*expr.Column); ok {
				known[c.Index] = true
			}
		}
		for i, f := range out.Input.Schema() {
			if !known[i] {
				out.Exprs, out.Fields = append(out.Exprs, plan.ColumnOf(out.Input, i)), append(out.Fields, f)
			}
		}
		return out
	}
	return n
}

// pruneLookup reads only the columns of the looked-up table that are needed.
func pruneLookup(n *plan.LookupJoin, need []int) plan.Node {
	width := len(n.Input.Schema())
	var below, looked []int // looked are positions in n.Project
	note := func(c int) {
		if c < width {
			below = append(below, c)
		} else {
			looked = append(looked, c-width)
		}
	}
	for _, c := range need {
		note(c)
	}
	if n.Cond != nil {
		uses(n.Cond, func(c *expr.Column) { note(c.Index) })
	}
	if n.Filter != nil {
		uses(n.Filter, func(c *expr.Column) { looked = append(looked, c.Index) })
	}
	for _, k := range n.Keys {
		uses(k.Value, func(c *expr.Column) { below = append(below, c.Index) })
	}
	below, looked = with(below, func(func(int)) {}), with(looked, func(func(int)) {})
	to, toLooked := inverse(width, below), inverse(len(n.Project), looked)
	all := slices.Clone(to) // of the join's columns
	for _, c := range toLooked {
		if c >= 0 {
			c += len(below)
		}
		all = append(all, c)
	}
	out := *n
	out.Input, out.Project = prune(n.Input, below), pick(n.Project, looked)
	out.Keys = slices.Clone(n.Keys)
	for i := range out.Keys {
		out.Keys[i].Value = move(out.Keys[i].Value, to)
	}
	if n.Filter != nil {
		out.Filter = move(n.Filter, toLooked)
	}
	if n.Cond != nil {
		out.Cond = move(n.Cond, all)
	}
	out.Fields = pick(n.Fields, below)
	for _, c := range looked {
		out.Fields = append(out.Fields, n.Fields[width+c])
	}
	return plan.Select(&out, moveAll(need, all))
}

// pruneTwo prunes a join.
func pruneTwo(n plan.Node, need []int) plan.Node {
	inputs := n.Inputs()
	width, total := len(inputs[0].Schema()), len(inputs[0].Schema())+len(inputs[1].Schema())
	m, more := matchOf(n)
	if m == nil {
		return plan.Select(n, need)
	}
	var left, right []int
	note := func(c int) {
		if c < width {
			left = append(left, c)
		} else {
			right = append(right, c-width)
		}
	}
	for _, c := range need {
		note(c)
	}
	left, right = append(left, m.LeftKeys...), append(right, m.RightKeys...)
	if m.Cond != nil {
		uses(m.Cond, func(c *expr.Column) { note(c.Index) })
	}
	if more[0] >= 0 {
		left = append(left, more[0])
	}
	if more[1] >= 0 {
		right = append(right, more[1])
	}
	left, right = with(left, func(func(int)) {}), with(right, func(func(int)) {})
	if lettered(n) {
		left, right = ascending(width), ascending(total-width)
	}
	toLeft, toRight := inverse(width, left), inverse(total-width, right)
	all := slices.Clone(toLeft)
	for _, c := range toRight {
		if c >= 0 {
			c += len(left)
		}
		all = append(all, c)
	}
	out := n.With([]plan.Node{prune(inputs[0], left), prune(inputs[1], right)})
	moved := *m
	moved.LeftKeys, moved.RightKeys = moveAll(m.LeftKeys, toLeft), moveAll(m.RightKeys, toRight)
	if m.Cond != nil {
		moved.Cond = move(m.Cond, all)
	}
	fields := pick(n.Schema()[:width], left)
	if !m.Type.LeftOnly() {
		fields = append(fields, pick(n.Schema()[width:], right)...)
	}
	setMatch(out, moved, [2]int{movePlace(more[0], toLeft), movePlace(more[1], toRight)}, fields)
	return plan.Select(out, moveAll(need, all))
}

// matchOf returns what a join matches by, and the columns of each input that it needs besides; -1: none.
func matchOf(n plan.Node) (m *graph.Match, more [2]int) {
	switch n := n.(type) {
	case *plan.Join:
		return &n.Match, [2]int{-1, -1}
	case *plan.IntervalJoin:
		return &n.Match, [2]int{n.LeftTime, n.RightTime}
	case *plan.TemporalJoin:
		return &n.Match, [2]int{n.LeftTime, n.RightTime}
	case *plan.WindowJoin:
		return &n.Match, [2]int{n.LeftEnd, n.RightEnd}
	}
	return nil, more
}

// setMatch changes a join that was just made.
func setMatch(n plan.Node, m graph.Match, more [2]int, fields []column.Field) {
	switch n := n.(type) {
	case *plan.Join:
		n.Match, n.Fields = m, fields
	case *plan.IntervalJoin:
		n.Match, n.LeftTime, n.RightTime, n.Fields = m, more[0], more[1], fields
	case *plan.TemporalJoin:
		n.Match, n.LeftTime, n.RightTime, n.Fields = m, more[0], more[1], fields
	case *plan.WindowJoin:
		n.Match, n.LeftEnd, n.RightEnd, n.Fields = m, more[0], more[1], fields
	}
}
