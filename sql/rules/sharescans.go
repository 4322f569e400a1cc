package rules

import (
	"reflect"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// maxSharedFilter bounds the conditions that a scan for several readers is told: there is one for each pair of theirs.
const maxSharedFilter = 16

// shareScans reads a table once that is read at several places with different columns, or under different conditions: all scans of it become the one
// that reads what any of them does, and so do the watermarks right above them. What is alike afterwards runs once.
func shareScans(nodes []plan.Node, c *Context) []plan.Node {
	s := &sharing{batch: c.Batch, merged: map[*plan.Scan]*plan.Scan{}, projects: map[plan.Node]*plan.Project{}}
	for _, n := range nodes {
		s.find(n, nil)
	}
	if !s.merge() {
		return nodes
	}
	out := make([]plan.Node, len(nodes))
	for range 2 { // projections below watermarks grow the first time
		for i, n := range nodes {
			out[i] = s.rewrite(n)
		}
	}
	return out
}

// sharing is what has been found to be shared.
type sharing struct {
	batch    bool
	scans    []*plan.Scan
	under    [][]branch                  // by scan
	merged   map[*plan.Scan]*plan.Scan   // by scan, what replaces it
	projects map[plan.Node]*plan.Project // by shared scan, the projection between it and watermarks
}

// branch is a side of a join.
type branch struct {
	join plan.Node
	side int
}

// find lists the scans of a tree with the branches that they are in.
func (s *sharing) find(n plan.Node, in []branch) {
	if scan, ok := n.(*plan.Scan); ok {
		if !slices.Contains(s.scans, scan) {
			s.scans, s.under = append(s.scans, scan), append(s.under, in)
		}
		return
	}
	for side, input := range n.Inputs() {
		below := in
		switch n := n.(type) {
		case *plan.Join:
			if s.batch || joinBounds(n) == [2]*graph.JoinBound{} {
				below = append(slices.Clip(in), branch{n, side})
			}
		case *plan.MultiJoin:
			below = append(slices.Clip(in), branch{n, side})
		}
		s.find(input, below)
	}
}

// merge finds the scans that can become one, and reports whether there are any.
func (s *sharing) merge() bool {
	for i, first := range s.scans {
		if s.merged[first] != nil {
			continue
		}
		all, of := first, []int{i}
		for k := i + 1; k < len(s.scans); k++ {
			if s.merged[s.scans[k]] != nil || slices.ContainsFunc(of, func(i int) bool { return s.apart(i, k) }) {
				continue
			}
			if m := mergeScans(all, s.scans[k]); m != nil {
				all, of = m, append(of, k)
			}
		}
		if len(of) > 1 {
			for _, i := range of {
				s.merged[s.scans[i]] = all
			}
		}
	}
	return len(s.merged) > 0
}

// apart reports whether two scans are better read by themselves: both end, and they meet in a join. Once one side of it is complete, rows of the other
// one need not be remembered, and the side that is quickly read often is much the smaller. Where rows are forgotten by their times, both are better read at
// one pace.
func (s *sharing) apart(i, k int) bool {
	if !s.scans[i].Bounded {
		return false
	}
	for _, a := range s.under[i] {
		for _, b := range s.under[k] {
			if a.join == b.join && a.side != b.side {
				return true
			}
		}
	}
	return false
}

// mergeScans returns a scan for the readers of both, nil if there is none. A row that it may leave out is one that both may: conditions of
// both are its own, and for each pair of others it knows that one of the two is true.
func mergeScans(a, b *plan.Scan) *plan.Scan {
	out := a.Merge(b)
	if out == nil || len(a.Filter)*len(b.Filter) > maxSharedFilter {
		return nil
	}
	filters := [2][]expr.Expr{}
	for side, scan := range [2]*plan.Scan{a, b} {
		to := placesIn(out, scan)
		for _, e := range scan.Filter {
			filters[side] = append(filters[side], rerowed(move(e, to), out.Schema()))
		}
	}
	in := func(list []expr.Expr, e expr.Expr) bool {
		return slices.ContainsFunc(list, func(other expr.Expr) bool { return reflect.DeepEqual(e, other) })
	}
	for _, e := range filters[0] {
		if in(filters[1], e) {
			out.Filter = append(out.Filter, e)
			continue
		}
		for _, f := range filters[1] {
			if !in(filters[0], f) {
				out.Filter = append(out.Filter, expr.Or([]expr.Expr{e, f}))
			}
		}
	}
	return out
}

// placesIn returns where the columns of a scan stand in the one that replaces it.
func placesIn(merged, scan *plan.Scan) []int {
	to := make([]int, len(scan.Project))
	for i, c := range scan.Project {
		to[i] = slices.Index(merged.Project, c)
	}
	return to
}

// rewrite returns a tree with its scans replaced. Columns stay where they are; rows may have more fields.
func (s *sharing) rewrite(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Scan, *plan.Watermark:
		if in, to := s.pipe(n); in != nil {
			return named(plan.Select(in, to), n.Schema())
		}
	case *plan.Filter:
		if in := s.rewrite(n.Input); in != n.Input {
			return &plan.Filter{Input: in, Cond: rerowed(n.Cond, in.Schema())}
		}
		return n
	case *plan.Project:
		if in := s.rewrite(n.Input); in != n.Input {
			return reprojected(n, in, ascending(len(in.Schema())))
		}
		return n
	}
	inputs := slices.Clone(n.Inputs())
	changed := false
	for i, in := range inputs {
		inputs[i] = s.rewrite(in)
		changed = changed || inputs[i] != in
	}
	if !changed {
		return n
	}
	return n.With(inputs)
}

// named returns a projection with names of its own; its types stay.
func named(n plan.Node, fields []column.Field) plan.Node {
	p, ok := n.(*plan.Project)
	if !ok {
		return n
	}
	for i := range p.Fields {
		p.Fields[i].Name = fields[i].Name
	}
	return p
}

// reprojected returns a projection over another input, in which column i is column to[i].
func reprojected(n *plan.Project, in plan.Node, to []int) *plan.Project {
	out := &plan.Project{Input: in, Exprs: slices.Clone(n.Exprs), Fields: slices.Clone(n.Fields)}
	for i, e := range out.Exprs {
		out.Exprs[i] = rerowed(move(e, to), in.Schema())
		if _, ok := e.(*expr.Column); ok {
			out.Fields[i].Type = out.Exprs[i].Type()
		}
	}
	return out
}

// pipe returns what replaces a scan, or a watermark right above it or above a projection of it, and where the columns are there; nil if the scan
// is not shared.
func (s *sharing) pipe(n plan.Node) (plan.Node, []int) {
	switch n := n.(type) {
	case *plan.Scan:
		if m := s.merged[n]; m != nil {
			return m, placesIn(m, n)
		}
	case *plan.Watermark:
		in, to := s.below(n.Input)
		if in == nil {
			return nil, nil
		}
		out := *n
		out.Input, out.Column, out.Expr = in, to[n.Column], rerowed(move(n.Expr, to), in.Schema())
		return &out, to
	}
	return nil, nil
}

// below is pipe for the input of a watermark.
func (s *sharing) below(n plan.Node) (plan.Node, []int) {
	p, ok := n.(*plan.Project)
	if !ok {
		return s.pipe(n)
	}
	scan, ok := p.Input.(*plan.Scan)
	if !ok || s.merged[scan] == nil || slices.ContainsFunc(p.Exprs, volatile) {
		return nil, nil
	}
	in := s.merged[scan]
	p = reprojected(p, in, placesIn(in, scan))
	all := s.projects[in]
	if all == nil {
		all = &plan.Project{Input: in}
		s.projects[in] = all
	}
	to := make([]int, len(p.Exprs))
	for i, e := range p.Exprs {
		to[i] = -1
		for k := range all.Exprs {
			if all.Fields[k].Name == p.Fields[i].Name && all.Fields[k].Type.Equal(p.Fields[i].Type) && reflect.DeepEqual(all.Exprs[k], e) {
				to[i] = k
			}
		}
		if to[i] < 0 {
			to[i] = len(all.Exprs)
			all.Exprs, all.Fields = append(all.Exprs, e), append(all.Fields, p.Fields[i])
		}
	}
	return all, to
}
