package migrate

import (
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/inflight"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// Rows that were in flight are for the same node with the same inputs, or for none.
func TestRowsInFlightFit(t *testing.T) {
	sent := held(false)
	tables, _ := inflight.Record([]*inflight.Edge{{Fields: sent.Schema}}, []inflight.Channel{{Before: []exchange.Message{{Kind: exchange.Data, Payload: sent.Rows}}}})
	with := &job.NodeState{Subtasks: [][]state.Table{tables}}
	renamed := append([]column.Field(nil), sent.Schema...)
	renamed[0].Name = "another"
	for _, c := range []struct {
		fields []column.Field
		state  *job.NodeState
		moved  bool
		wrong  string
	}{
		{fields: sent.Schema, state: with},
		{fields: renamed, state: with},
		{fields: sent.Schema[:2], state: with, wrong: "on their way to its input 1, and they have other columns now"},
		{fields: sent.Schema, state: with, moved: true, wrong: "they may be others now"},
		{fields: sent.Schema[:2], state: &job.NodeState{Subtasks: [][]state.Table{{*sent}}}, moved: true},
	} {
		g := &graph.Graph{}
		from := g.Add(&graph.Node{Schema: c.fields})
		n := g.Add(&graph.Node{Inputs: []graph.Edge{{From: from.ID}}})
		f := fitting{}
		f.inFlight(g, n, c.state, c.moved)
		if got := strings.Join(f.problems, "\n"); c.wrong == "" && got != "" || !strings.Contains(got, c.wrong) {
			t.Errorf("the problems are %q, want %q", got, c.wrong)
		}
	}
}
