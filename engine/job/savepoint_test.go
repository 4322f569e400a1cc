package job

import (
	"errors"
	"testing"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// A savepoint has no committables, but what sinks say has to last; the checkpoint that it is made of stays as it is.
func TestForSavepoint(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 100)
	source.unbounded = true
	sink := newTestSink(t)
	sink.lasting = []connector.Piece{connector.Piece("one"), connector.Piece("two")}
	var g graph.Graph
	sink.node(&g, 1, graph.Edge{From: source.scan(&g, 1).ID})
	h, err := Start(t.Context(), &g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	await(func() bool { return source.made.Load() == 100 })
	c, err := h.TriggerCheckpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	saved, err := h.ForSavepoint(c)
	if err != nil {
		t.Fatal(err)
	}
	sink.failing = func(string) error { return errTest }
	if _, err := h.ForSavepoint(c); !errors.Is(err, errTest) {
		t.Errorf("got %v, want the sink's error", err)
	}
	h.Cancel()
	_, _ = h.Wait()
	uid := g.Nodes[1].UID
	was, is := c.Nodes[uid], saved.Nodes[uid]
	if held := operator.HeldBySink(is.Subtasks[0]); len(is.Committables) != 0 || len(held) != 2 || string(held[0]) != "one" || string(held[1]) != "two" {
		t.Errorf("the savepoint has %d committables and %q", len(is.Committables), held)
	}
	if held := operator.HeldBySink(was.Subtasks[0]); len(was.Committables) == 0 || len(held) != 0 {
		t.Errorf("the checkpoint has %d committables and %q now", len(was.Committables), held)
	}
}
