package operator

import (
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// Stateful operators say how much memory their state takes.
var (
	_ Sizer = (*aggregate)(nil)
	_ Sizer = (*windowAggregate)(nil)
	_ Sizer = (*sessionAggregate)(nil)
	_ Sizer = (*windowEmit)(nil)
	_ Sizer = (*assignSessions)(nil)
	_ Sizer = (*over)(nil)
	_ Sizer = (*overTime)(nil)
	_ Sizer = (*overChanges)(nil)
	_ Sizer = (*rank)(nil)
	_ Sizer = (*tiedRank)(nil)
	_ Sizer = (*windowRank)(nil)
	_ Sizer = (*lastRows)(nil)
	_ Sizer = (*firstRows)(nil)
	_ Sizer = (*earliestRows)(nil)
	_ Sizer = (*normalize)(nil)
	_ Sizer = (*materialize)(nil)
	_ Sizer = (*temporalSort)(nil)
	_ Sizer = (*sorter)(nil)
	_ Sizer = (*hashJoin)(nil)
	_ Sizer = (*changeJoin)(nil)
	_ Sizer = (*multiJoin)(nil)
	_ Sizer = (*intervalJoin)(nil)
	_ Sizer = (*temporalJoin)(nil)
	_ Sizer = (*latestJoin)(nil)
	_ Sizer = (*windowJoin)(nil)
	_ Sizer = (*lookupJoin)(nil)
)

// Bound says what would bound the state of a node, for the message about a state that is too large.
func Bound(op graph.Op) string {
	const byTime = "its state shrinks as watermarks advance"
	ttl, most := setting.StateTTL.Key, setting.StateMaxKeys.Key
	switch op := op.(type) {
	case *graph.Aggregate:
		if !op.Updates {
			return "it holds one group for each key until the input ends; fewer keys would bound it"
		}
		return "it holds every key; " + ttl + ", " + most + ", a STATE_TTL or STATE_MAX_KEYS hint or a window would bound it"
	case *graph.Join, *graph.MultiJoin:
		return "it holds the rows of its inputs; " + ttl + ", " + most + ", a STATE_TTL or STATE_MAX_KEYS hint or a condition on both inputs' event times would bound it"
	case *graph.IntervalJoin:
		return byTime + "; a shorter interval, or " + setting.SourceIdleTimeout.Key + " where an input holds them back, would bound it"
	case *graph.WindowAggregate, *graph.WindowJoin, *graph.AssignWindows:
		return byTime + "; shorter windows, or " + setting.SourceIdleTimeout.Key + " where an input holds them back, would bound it"
	case *graph.TemporalSort:
		return byTime + "; a shorter delay of the watermark, or " + setting.SourceIdleTimeout.Key + " where an input holds it back, would bound it"
	case *graph.Over:
		return "it holds every partition; a bounded frame, " + ttl + " or " + most + " would bound it"
	case *graph.Sort:
		return "it holds all rows until the input ends; LIMIT would bound it"
	case *graph.LookupJoin:
		return "it caches the rows that it looked up; lookup.partial-cache.max-rows of the table would bound it"
	}
	return "it holds something for every key; " + ttl + " or " + most + " would bound it"
}
