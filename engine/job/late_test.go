package job

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// dropOdd passes on even numbers and has the others taken as late.
func dropOdd() operator.Operator {
	return &hooks{process: func(c *operator.Context, input int, b *column.Batch, out operator.Output) error {
		var even, odd []int32
		for i := range b.Rows() {
			r := b.Row(i)
			if column.Values[int64](b.Cols[1])[r]%2 == 0 {
				even = append(even, int32(r))
			} else {
				odd = append(odd, int32(r))
			}
		}
		if len(odd) > 0 && input < len(c.LateTakers) && c.LateTakers[input].To != nil {
			if c.LateTakers[input].Columns != 2 {
				return errors.New("the input has two columns")
			}
			marks := column.NewVector(operator.WatermarkField.Type, b.Len)
			marks.Resize(b.Len)
			late := column.Batch{Len: b.Len, Cols: []*column.Vector{b.Cols[0], b.Cols[1], marks}, Sel: odd}
			if err := c.LateTakers[input].To.Emit(&late); err != nil {
				return err
			}
		}
		if len(even) == 0 {
			return nil
		}
		return out.Emit(&column.Batch{Len: b.Len, Cols: b.Cols, Sel: even})
	}}
}

// Late rows of an input go by their own edges, beside what the operator emits, through checkpoints, and with any parallelism.
func TestLateEdges(t *testing.T) {
	leaktest.Check(t)
	for _, parallelism := range []int{1, 3} {
		first, second := newTestSource(t, 2, 500), newTestSource(t, 2, 700)
		var g graph.Graph
		a, b := first.scan(&g, 2), second.scan(&g, 2)
		op := custom(&g, "odd", parallelism, dropOdd, graph.Edge{From: a.ID, Ship: graph.Hash, Keys: []int{0}}, graph.Edge{From: b.ID, Ship: graph.Hash, Keys: []int{0}})
		var even, odd, again gathered
		custom(&g, "even", parallelism, even.op, graph.Edge{From: op.ID})
		custom(&g, "odd of the second", parallelism, odd.op, graph.Edge{From: op.ID, Late: 2})
		custom(&g, "odd of both", 1, again.op, graph.Edge{From: op.ID, Late: 1, Ship: graph.Rebalance}, graph.Edge{From: op.ID, Late: 2, Ship: graph.Rebalance})
		var checkpoints atomic.Int64
		mustRun(t, &g, Options{
			Env:          settings(t, "execution.checkpointing.interval", "1 ms"),
			OnCheckpoint: func(ctx context.Context, c *Checkpoint) error { checkpoints.Add(1); return nil },
		})
		pick := func(rest int64, totals ...int64) []row {
			var rows []row
			for _, total := range totals {
				for _, r := range numbers(total) {
					if r.n%2 == rest {
						rows = append(rows, r)
					}
				}
			}
			sortRows(rows)
			return rows
		}
		for name, c := range map[string]struct{ got, want []row }{
			"even": {even.all(), pick(0, 1000, 1400)}, "odd of the second": {odd.all(), pick(1, 1400)}, "odd of both": {again.all(), pick(1, 1000, 1400)},
		} {
			if !slices.Equal(c.got, c.want) {
				t.Errorf("parallelism %d: %d rows %s, want %d", parallelism, len(c.got), name, len(c.want))
			}
		}
		if checkpoints.Load() == 0 {
			t.Error("there was no checkpoint")
		}
	}
	var g graph.Graph
	scan := newTestSource(t, 1, 1).scan(&g, 1)
	custom(&g, "late", 1, newPass, graph.Edge{From: scan.ID, Late: 1})
	if _, err := Run(t.Context(), &g, Options{}); err == nil {
		t.Error("late rows of an input that is not there are taken")
	}
}
