package job

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
)

// hoarder says that it keeps some bytes of each row.
type hoarder struct {
	pass
	perRow, rows int
	measured     *atomic.Int64
}

func (o *hoarder) Process(input int, p operator.Payload, out operator.Output) error {
	o.rows += p.(*column.Batch).Rows()
	return o.pass.Process(input, p, out)
}

func (o *hoarder) SizeBytes() int {
	o.measured.Add(1)
	return o.rows * o.perRow
}

// hoarding is a job of 200,000 rows with two operators that hold state: 1 and 10 bytes for each row, 2.2 MB in all.
func hoarding(t *testing.T, measured *atomic.Int64) *graph.Graph {
	source := newTestSource(t, 4, 50_000)
	var g graph.Graph
	scan := source.scan(&g, 2)
	little := custom(&g, "little", 2, func() operator.Operator { return &hoarder{perRow: 1, measured: measured} }, graph.Edge{From: scan.ID})
	much := custom(&g, "much", 3, func() operator.Operator { return &hoarder{perRow: 10, measured: measured} },
		graph.Edge{From: little.ID, Ship: graph.Hash, Keys: []int{0}})
	custom(&g, "end", 3, newPass, graph.Edge{From: much.ID})
	return &g
}

// A job whose state exceeds the quota ends with the operator named that has most of it.
func TestStateQuota(t *testing.T) {
	leaktest.Check(t)
	var measured atomic.Int64
	_, err := Run(t.Context(), hoarding(t, &measured), Options{Env: settings(t, "state.memory.limit", "1 mb")})
	var quota *task.QuotaError
	if !errors.As(err, &quota) {
		t.Fatalf("the job ended with %v", err)
	}
	if quota.UID != "much" || quota.Total <= quota.Limit || quota.Limit != 1<<20 || quota.Bytes <= quota.Total/2 || quota.Bytes > quota.Total {
		t.Errorf("wrong figures: %+v", quota)
	}
	for _, want := range []string{"much[2]", "uid much", "state.memory.limit = 1mb", "would bound it"} {
		if !strings.Contains(strings.ReplaceAll(err.Error(), "1 mb", "1mb"), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// State within the quota, or without one, is measured now and then and shown by node.
func TestStateIsShown(t *testing.T) {
	leaktest.Check(t)
	for _, limit := range []string{"0", "3 mb"} {
		var measured atomic.Int64
		r, err := Run(t.Context(), hoarding(t, &measured), Options{Env: settings(t, "state.memory.limit", limit), BatchRows: 1})
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range []int64{0, 200_000, 2_000_000, 0} {
			if n := r.Nodes[id]; n.MaxState != want || n.State != 0 {
				t.Errorf("%s shows %d bytes of state, at the end %d; want %d and none", n.Name, n.MaxState, n.State, want)
			}
		}
		if n := measured.Load(); n > 4000 {
			t.Errorf("state was measured %d times in 400,000 calls", n)
		}
	}
}
