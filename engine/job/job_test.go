package job

import (
	"fmt"
	"slices"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
)

func mustRun(t *testing.T, g *graph.Graph, opts Options) *Result {
	t.Helper()
	r, err := Run(t.Context(), g, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// numbers are the rows of a source with the given numbers.
func numbers(total int64) []row {
	var rows []row
	for n := range total {
		rows = append(rows, row{keyOf(n), n})
	}
	return rows
}

func expectRows(t *testing.T, got, want []row) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("got %d rows, want %d; the first difference is at %d: got %v, want %v",
				len(got), len(want), i, got[min(i, len(got)):min(i+3, len(got))], want[min(i, len(want)):min(i+3, len(want))])
		}
	}
}

// Every way to ship, between all kinds of parallelisms, loses nothing and doubles nothing.
func TestAllRowsArrive(t *testing.T) {
	leaktest.Check(t)
	for _, ship := range []graph.Ship{graph.Forward, graph.Hash, graph.Broadcast, graph.Rebalance} {
		for _, from := range []int{1, 3} {
			for _, to := range []int{1, 2, 3} {
				for _, waits := range []bool{false, true} {
					t.Run(fmt.Sprintf("%v/%d-%d/waits=%v", ship, from, to, waits), func(t *testing.T) {
						source := newTestSource(t, 7, 300)
						source.waits = waits
						var g graph.Graph
						scan := source.scan(&g, from)
						p := custom(&g, "pass", from, newPass, graph.Edge{From: scan.ID})
						var got gathered
						custom(&g, "gather", to, got.op, graph.Edge{From: p.ID, Ship: ship, Keys: []int{0}})
						result := mustRun(t, &g, Options{})
						want := numbers(2100)
						if ship == graph.Broadcast {
							for range to - 1 {
								want = append(want, numbers(2100)...)
							}
							sortRows(want)
						}
						expectRows(t, got.all(), want)
						if got, want := result.Nodes[0].Selected, (objstore.SelectStats{Scanned: 6300, Processed: 10500, Returned: 2100}); got != want {
							t.Errorf("queries have moved %+v, want %+v", got, want)
						}
						if result.RowsIn != 2100 || result.BytesIn != 2100 || result.RowsOut != int64(len(want)) {
							t.Errorf("result %+v", result)
						}
						if ship == graph.Hash {
							owner := map[string]int{}
							for subtask, rows := range got.rows {
								for _, r := range rows {
									if o, ok := owner[r.k]; ok && o != subtask {
										t.Fatalf("key %q came to subtasks %d and %d", r.k, o, subtask)
									}
									owner[r.k] = subtask
								}
							}
						}
					})
				}
			}
		}
	}
}

// What a subtask sends to another arrives in order, whatever lies between.
func TestOrder(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 4, 5000)
	var g graph.Graph
	scan := source.scan(&g, 2)
	a := custom(&g, "a", 3, newPass, graph.Edge{From: scan.ID, Ship: graph.Hash, Keys: []int{0}})
	b := custom(&g, "b", 3, newPass, graph.Edge{From: a.ID})
	var got gathered
	custom(&g, "gather", 2, got.op, graph.Edge{From: b.ID, Ship: graph.Hash, Keys: []int{0}})
	mustRun(t, &g, Options{})
	expectRows(t, got.all(), numbers(20_000))
	// A key's rows of one split take one way.
	type way struct {
		k     string
		split int64
	}
	last := map[way]int64{}
	for _, rows := range got.rows {
		for _, r := range rows {
			w := way{r.k, r.n / 5000}
			if before, ok := last[w]; ok && before > r.n {
				t.Fatalf("key %q: row %d came after %d", r.k, r.n, before)
			}
			last[w] = r.n
		}
	}
}

// A node with several consumers, chained or not, serves all; inputs of one node are told apart.
func TestDiamond(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 3, 1000)
	var g graph.Graph
	scan := source.scan(&g, 2)
	split := custom(&g, "split", 2, newPass, graph.Edge{From: scan.ID})
	left := custom(&g, "left", 2, newPass, graph.Edge{From: split.ID})
	right := custom(&g, "right", 3, newPass, graph.Edge{From: split.ID, Ship: graph.Hash, Keys: []int{1}})
	var ends []int
	perInput := make([]int, 3)
	custom(&g, "join", 1, func() operator.Operator {
		return &hooks{
			process: func(_ *operator.Context, input int, b *column.Batch, _ operator.Output) error {
				perInput[input] += b.Rows()
				return nil
			},
			end: func(_ *operator.Context, input int, _ operator.Output) error {
				ends = append(ends, input)
				return nil
			},
		}
	}, graph.Edge{From: left.ID, Ship: graph.Rebalance}, graph.Edge{From: right.ID, Ship: graph.Hash, Keys: []int{0}}, graph.Edge{From: split.ID})
	var side gathered
	custom(&g, "side", 2, side.op, graph.Edge{From: split.ID})
	mustRun(t, &g, Options{})
	if want := []int{3000, 3000, 3000}; !slices.Equal(perInput, want) {
		t.Errorf("rows by input %v, want %v", perInput, want)
	}
	slices.Sort(ends)
	if want := []int{0, 1, 2}; !slices.Equal(ends, want) {
		t.Errorf("ends of inputs %v, want each once", ends)
	}
	expectRows(t, side.all(), numbers(3000))
}

// A key's count is right over a two-phase exchange, and the end comes after all rows.
func TestCount(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 5, 2000)
	var g graph.Graph
	count := custom(&g, "count", 3, newCounter, graph.Edge{From: source.scan(&g, 2).ID, Ship: graph.Hash, Keys: []int{0}})
	var got gathered
	custom(&g, "gather", 1, got.op, graph.Edge{From: count.ID, Ship: graph.Rebalance})
	mustRun(t, &g, Options{})
	expectRows(t, got.all(), counted(10_000))
}

// counted are the counts of the keys of the given numbers.
func counted(total int64) []row {
	counts := map[string]int64{}
	for n := range total {
		counts[keyOf(n)]++
	}
	var rows []row
	for k, n := range counts {
		rows = append(rows, row{k, n})
	}
	sortRows(rows)
	return rows
}

// An operator without inputs emits when it is told that input 0 has ended.
func TestNoInput(t *testing.T) {
	leaktest.Check(t)
	var g graph.Graph
	make := custom(&g, "make", 1, func() operator.Operator {
		return &hooks{end: func(_ *operator.Context, input int, out operator.Output) error {
			b := column.NewBatch(rowFields, 0)
			appendRow(b, "k", int64(input))
			return out.Emit(b)
		}}
	})
	var got gathered
	custom(&g, "gather", 2, got.op, graph.Edge{From: make.ID})
	mustRun(t, &g, Options{})
	expectRows(t, got.all(), []row{{"k", 0}})
}

func TestPlan(t *testing.T) {
	node := func(parallelism int, op graph.Op, inputs ...graph.Edge) *graph.Node {
		return &graph.Node{Parallelism: parallelism, Op: op, Inputs: inputs}
	}
	custom, scan := &graph.Custom{}, &graph.Scan{}
	for _, test := range []struct {
		name        string
		nodes       []*graph.Node
		chains      string
		parallelism string
	}{
		{"a line", []*graph.Node{node(0, scan), node(0, custom, graph.Edge{From: 0}), node(0, custom, graph.Edge{From: 1})},
			"[[0 1 2]]", "[4 4 4]"},
		{"an exchange", []*graph.Node{node(0, scan), node(0, custom, graph.Edge{From: 0, Ship: graph.Hash}), node(0, custom, graph.Edge{From: 1})},
			"[[0] [1 2]]", "[4 4 4]"},
		{"another parallelism", []*graph.Node{node(0, scan), node(2, custom, graph.Edge{From: 0})},
			"[[0] [1]]", "[4 2]"},
		{"two inputs", []*graph.Node{node(0, scan), node(0, scan), node(0, custom, graph.Edge{From: 0}, graph.Edge{From: 1})},
			"[[0] [1] [2]]", "[4 4 4]"},
		{"a tree", []*graph.Node{node(0, scan), node(0, custom, graph.Edge{From: 0}), node(0, custom, graph.Edge{From: 0}), node(0, custom, graph.Edge{From: 1})},
			"[[0 1 2 3]]", "[4 4 4 4]"},
		{"what must be alone", []*graph.Node{node(0, scan), node(0, &graph.Sort{}, graph.Edge{From: 0}), node(0, &graph.Collect{}, graph.Edge{From: 1}),
			node(0, &graph.Aggregate{}, graph.Edge{From: 0}), node(0, &graph.Aggregate{Keys: []int{0}}, graph.Edge{From: 0}), node(0, &graph.Aggregate{Phase: graph.Partial}, graph.Edge{From: 0})},
			"[[0 4 5] [1 2] [3]]", "[4 1 1 1 4 4]"},
	} {
		g := &graph.Graph{}
		for _, n := range test.nodes {
			g.Add(n)
		}
		p, err := newPlan(g, 4, 128, asPlanned)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var parallelism []int
		for _, n := range p.nodes {
			parallelism = append(parallelism, n.parallelism)
		}
		if got := fmt.Sprint(p.chains); got != test.chains {
			t.Errorf("%s: chains %s, want %s", test.name, got, test.chains)
		}
		if got := fmt.Sprint(parallelism); got != test.parallelism {
			t.Errorf("%s: parallelism %s, want %s", test.name, got, test.parallelism)
		}
	}
}
