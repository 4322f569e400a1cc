package plan

import (
	"slices"

	"github.com/millstream/millstream/graph"
)

// DropsLate reports whether an operator drops rows that come behind the watermark.
func DropsLate(n Node) bool {
	switch n := n.(type) {
	case *WindowAggregate:
		return !n.Processing && n.Phase != graph.Final
	case *AssignWindows:
		return n.Type == graph.Session && !n.Processing
	case *WindowJoin:
		return true
	case *IntervalJoin:
		return n.LeftTime >= 0
	case *Over:
		return n.Time == graph.OverEventTime
	case *Rank:
		return n.WindowEnd >= 0
	case *Deduplicate:
		return n.Time >= 0
	case *TemporalSort:
		return n.Time >= 0
	}
	return false
}

// LateTables returns the tables whose rows reach an operator by an input, whole or with other columns, and go to another table if they come too late.
func LateTables(in Node) []*graph.Table { return lateTables(in, false, nil) }

func lateTables(n Node, timed bool, list []*graph.Table) []*graph.Table {
	switch n := n.(type) {
	case *Scan:
		known := func(t *graph.Table) bool { return t.Name == n.Table.Name && t.Late.Name == n.Table.Late.Name }
		if timed && n.Table.Late != nil && !slices.ContainsFunc(list, known) {
			list = append(list, &n.Table)
		}
		return list
	case *Watermark:
		timed = true
	case *Project, *Filter, *Calc, *Exchange, *AssignWindows, *Unnest, *LookupJoin, *TableFunction, *Union, *Normalize, *DropUpdateBefore, *FromChangelog:
	default:
		return list // what comes from it is no row of a table any more
	}
	for _, in := range n.Inputs() {
		list = lateTables(in, timed, list)
	}
	return list
}
