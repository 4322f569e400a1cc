package rules

import "github.com/millstream/millstream/sql/plan"

// fuseSortLimit makes one node of a Limit over a Sort.
func fuseSortLimit(n plan.Node, _ *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		l, ok := n.(*plan.Limit)
		if !ok || len(l.Keys) > 0 {
			return n
		}
		if s, ok := l.Input.(*plan.Sort); ok {
			return &plan.Limit{Input: s.Input, Keys: s.Keys, Offset: l.Offset, Count: l.Count, At: l.At}
		}
		return n
	})
}

// pushLimits moves limits without order below projections and into scans.
func pushLimits(n plan.Node, _ *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		if l, ok := n.(*plan.Limit); ok && len(l.Keys) == 0 && l.Count >= 0 {
			return pushLimit(l)
		}
		return n
	})
}

func pushLimit(l *plan.Limit) plan.Node {
	if l.Count == 0 {
		return &plan.Values{Fields: l.Schema()}
	}
	switch in := l.Input.(type) {
	case *plan.Project:
		return in.With([]plan.Node{pushLimit(l.With([]plan.Node{in.Input}).(*plan.Limit))})
	case *plan.Scan:
		scan := *in
		scan.Limit = l.Offset + l.Count
		return l.With([]plan.Node{&scan})
	}
	return l
}
