package physical

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/draw"
	"github.com/millstream/millstream/sql/plan"
)

// Explain prints the graph: each node that nothing follows, below it what it reads, with the ways of shipping and the number of
// subtasks where it is not the default, which is parallelism.
func (b *Builder) Explain(parallelism int) string {
	read := b.read()
	var out strings.Builder
	for _, n := range b.graph.Nodes {
		if !read[n.ID] {
			b.explain(&out, n, "", "", parallelism)
		}
	}
	return out.String()
}

// read says of which nodes others take rows.
func (b *Builder) read() []bool {
	read := make([]bool, len(b.graph.Nodes))
	for _, n := range b.graph.Nodes {
		for _, e := range n.Inputs {
			read[e.From] = true
		}
	}
	return read
}

// subtasks is how many subtasks a node runs as.
func subtasks(n *graph.Node, parallelism int) int {
	if n.Parallelism > 0 {
		return n.Parallelism
	}
	return parallelism
}

func (b *Builder) explain(out *strings.Builder, n *graph.Node, first, rest string, parallelism int) {
	line := n.Name
	if p := b.plans[n.ID]; p != nil {
		line = plan.Line(p)
	}
	fmt.Fprintf(out, "%s%s, parallelism %d\n", first, line, subtasks(n, parallelism))
	for i, e := range n.Inputs {
		mark, bar := "+- ", "   "
		if i < len(n.Inputs)-1 {
			mark, bar = ":- ", ":  "
		}
		if e.Ship != graph.Forward {
			mark += e.Ship.String() + ": "
		}
		b.explain(out, b.graph.Nodes[e.From], rest+mark, rest+bar, parallelism)
	}
}

// Diagram returns the graph to be drawn, under a title.
func (b *Builder) Diagram(title string, parallelism int) draw.Diagram {
	read := b.read()
	d := draw.Diagram{Title: title}
	for _, n := range b.graph.Nodes {
		box := draw.Node{ID: n.ID, Kind: draw.Operator, Name: n.Name, Parallelism: subtasks(n, parallelism)}
		switch {
		case len(n.Inputs) == 0:
			box.Kind = draw.Source
		case !read[n.ID]:
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
