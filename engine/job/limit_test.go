package job

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// limit passes on so many rows and then needs no more.
type limit struct {
	operator.Base
	left int
}

func (o *limit) Process(_ int, p operator.Payload, out operator.Output) error {
	b := p.(*column.Batch)
	if n := min(o.left, b.Rows()); n > 0 {
		o.left -= n
		first := *b
		first.Sel = nil
		for i := range n {
			first.Sel = append(first.Sel, int32(b.Row(i)))
		}
		return out.Emit(&first)
	}
	return nil
}

func (o *limit) Done() bool { return o.left == 0 }

// A job that needs no more rows ends, though its source would go on for ever.
func TestLimitEndsTheJob(t *testing.T) {
	leaktest.Check(t)
	for _, behind := range []graph.Ship{graph.Forward, graph.Hash, graph.Broadcast, graph.Rebalance} {
		source := newTestSource(t, 4, 50_000)
		source.unbounded = true
		var g graph.Graph
		scan := source.scan(&g, 2)
		p := custom(&g, "pass", 2, newPass, graph.Edge{From: scan.ID, Ship: graph.Hash, Keys: []int{0}})
		parallelism := 1
		if behind == graph.Forward {
			parallelism = 2
		}
		l := custom(&g, "limit", parallelism, func() operator.Operator { return &limit{left: 10} }, graph.Edge{From: p.ID, Ship: behind, Keys: []int{0}})
		var got gathered
		custom(&g, "gather", 1, got.op, graph.Edge{From: l.ID, Ship: graph.Rebalance})
		mustRun(t, &g, Options{})
		if n := len(got.all()); n != 10*parallelism {
			t.Errorf("%v: %d rows, want %d", behind, n, 10*parallelism)
		}
	}
}

// Whoever never wants a row ends a job that never has one.
func TestLimitZero(t *testing.T) {
	leaktest.Check(t)
	for _, ship := range []graph.Ship{graph.Forward, graph.Hash} {
		source := newTestSource(t, 2, 0)
		source.unbounded = true
		var g graph.Graph
		l := custom(&g, "limit", 1, func() operator.Operator { return &limit{} }, graph.Edge{From: source.scan(&g, 1).ID, Ship: ship, Keys: []int{0}})
		var got heard
		custom(&g, "heard", 1, got.op, graph.Edge{From: l.ID, Ship: ship, Keys: []int{0}})
		mustRun(t, &g, Options{})
		if want := []string{fmt.Sprint("wm ", math.MaxInt64), "end 0"}; !slices.Equal(got.list, want) {
			t.Errorf("%v: %v, want %v", ship, got.list, want)
		}
	}
}

// A source stops where a scan has a limit.
func TestScanLimit(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 100, 1000)
	var g graph.Graph
	scan := source.scan(&g, 1)
	scan.Op.(*graph.Scan).Limit = 1500
	var got gathered
	custom(&g, "gather", 1, got.op, graph.Edge{From: scan.ID})
	mustRun(t, &g, Options{})
	if n := len(got.all()); n < 1500 || n > 1600 {
		t.Errorf("%d rows were read, want 1500 and no more than the rest of a batch", n)
	}
}
