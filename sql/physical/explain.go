package physical

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/draw"
	"github.com/millstream/millstream/sql/plan"
)

// Explain prints the graph: each node that nothing follows, below it what it reads, with the ways of shipping and the number of
// subtasks where it is not the default, which is parallelism. A node that several others read is printed once.
func (b *Builder) Explain(parallelism int) string {
	x := explainer{b: b, parallelism: parallelism, readers: b.readers(), shared: map[int]int{}}
	for _, n := range b.graph.Nodes {
		if x.readers[n.ID] == 0 {
			x.node(n, "", "")
		}
	}
	return x.out.String()
}

// readers is from how many inputs of others each node's rows are taken.
func (b *Builder) readers() []int {
	readers := make([]int, len(b.graph.Nodes))
	for _, n := range b.graph.Nodes {
		for _, e := range n.Inputs {
			readers[e.From]++
		}
	}
	return readers
}

// subtasks is how many subtasks a node runs as.
func subtasks(n *graph.Node, parallelism int) int {
	if n.Parallelism > 0 {
		return n.Parallelism
	}
	return parallelism
}

// explainer prints a graph.
type explainer struct {
	b           *Builder
	out         strings.Builder
	parallelism int
	readers     []int
	shared      map[int]int // numbers of the nodes with several readers that were printed
}

func (x *explainer) node(n *graph.Node, first, rest string) {
	if number, printed := x.shared[n.ID]; printed {
		fmt.Fprintf(&x.out, "%sReused(reference_id=[%d])\n", first, number)
		return
	}
	line := n.Name
	if p := x.b.plans[n.ID]; p != nil {
		line = plan.Line(p)
	}
	if x.readers[n.ID] > 1 {
		x.shared[n.ID] = len(x.shared) + 1
		line += fmt.Sprintf("(reuse_id=[%d])", x.shared[n.ID])
	}
	fmt.Fprintf(&x.out, "%s%s, parallelism %d\n", first, line, subtasks(n, x.parallelism))
	for i, e := range n.Inputs {
		mark, bar := "+- ", "   "
		if i < len(n.Inputs)-1 {
			mark, bar = ":- ", ":  "
		}
		if e.Ship != graph.Forward {
			mark += e.Ship.String() + ": "
		}
		x.node(x.b.graph.Nodes[e.From], rest+mark, rest+bar)
	}
}

// Diagram returns the graph to be drawn, under a title.
func (b *Builder) Diagram(title string, parallelism int) draw.Diagram {
	readers := b.readers()
	d := draw.Diagram{Title: title}
	for _, n := range b.graph.Nodes {
		box := draw.Node{ID: n.ID, Kind: draw.Operator, Name: n.Name, Parallelism: subtasks(n, parallelism)}
		switch {
		case len(n.Inputs) == 0:
			box.Kind = draw.Source
		case readers[n.ID] == 0:
			box.Kind = draw.Sink
		}
		if p := b.plans[n.ID]; p != nil {
			for _, detail := range p.Details() {
				box.Details = append(box.Details, draw.Detail(detail))
			}
			if changes := plan.ChangesOf(p); changes != graph.InsertOnly && box.Kind != draw.Sink {
				box.Changes = changes.String()
			}
		}
		for _, f := range n.Schema {
			box.Columns = append(box.Columns, draw.Column{Name: f.Name, Type: f.Type.String()})
		}
		for _, e := range n.Inputs {
			from := b.graph.Nodes[e.From]
			in := draw.Input{From: e.From, Ship: e.Ship.String()}
			// The engine runs nodes in one task by the same rule.
			in.Chained = len(n.Inputs) == 1 && e.Ship == graph.Forward && subtasks(from, parallelism) == box.Parallelism
			for _, k := range e.Keys {
				in.Keys = append(in.Keys, from.Schema[k].Name)
			}
			box.Inputs = append(box.Inputs, in)
		}
		d.Nodes = append(d.Nodes, box)
	}
	return d
}
