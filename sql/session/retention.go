package session

import (
	"strconv"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/plan"
)

// retention is what EXPLAIN says of what a node of a stream keeps, where hints or settings bound it: of one input it says once, of several for each.
func retention(n plan.Node, settings setting.Values) string {
	keeps := kept(n)
	ttl, most := make([]string, len(keeps)), make([]string, len(keeps))
	for i, k := range keeps {
		if k.TTL == 0 {
			k.TTL = settings.Duration(setting.StateTTL)
		}
		if k.MaxKeys == 0 {
			k.MaxKeys = settings.Int(setting.StateMaxKeys)
		}
		ttl[i], most[i] = "for ever", "all"
		if k.TTL > 0 {
			ttl[i] = setting.FormatDuration(k.TTL)
		}
		if k.MaxKeys > 0 {
			most[i] = strconv.Itoa(k.MaxKeys)
		}
	}
	text := ""
	show := func(name string, list []string, none string) {
		if strings.Count(strings.Join(list, ","), none) < len(list) {
			text += ", " + name + "=[" + strings.Join(list, ", ") + "]"
		}
	}
	show("stateTtl", ttl, "for ever")
	show("stateMaxKeys", most, "all")
	return text
}

// kept is what hints say of the state of a node that nothing else bounds, by input; nil if the node has no such state.
func kept(n plan.Node) []graph.Keep {
	switch n := n.(type) {
	case *plan.Aggregate:
		if n.Updates && n.Phase != graph.Partial {
			return []graph.Keep{n.Keep}
		}
	case *plan.Join:
		if n.Updates && n.Until == [2]*graph.JoinBound{} {
			return []graph.Keep{n.Sides[0].Keep, n.Sides[1].Keep}
		}
	case *plan.MultiJoin:
		var list []graph.Keep
		for i := range n.Sides {
			list = append(list, n.Sides[i].Keep)
		}
		return list
	case *plan.Rank:
		if n.Updates && n.WindowEnd < 0 {
			return make([]graph.Keep, 1)
		}
	case *plan.Over:
		if n.Updates {
			return make([]graph.Keep, 1)
		}
	case *plan.TemporalJoin, *plan.Deduplicate, *plan.Normalize, *plan.Materialize:
		return make([]graph.Keep, 1)
	}
	return nil
}
