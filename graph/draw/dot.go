package draw

import (
	"fmt"
	"strings"
)

// DOT writes diagrams as one graph in Graphviz's language, each diagram as a cluster.
func DOT(diagrams []Diagram) string {
	var b strings.Builder
	b.WriteString("digraph plan {\n" +
		"  graph [rankdir=TB, fontname=\"Helvetica\", fontsize=11, labeljust=l, color=\"#cbd5e1\"];\n" +
		"  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontname=\"Helvetica\", fontsize=11, margin=\"0.2,0.12\"];\n" +
		"  edge [fontname=\"Helvetica\", fontsize=10, color=\"#64748b\"];\n")
	for i, d := range diagrams {
		fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s;\n", i, dotText(wrap(oneLine(d.Title), 90, 3), "\\l"))
		for _, n := range d.Nodes {
			fmt.Fprintf(&b, "    n%d_%d [label=%s, color=\"%s\", tooltip=%s];\n", i, n.ID, dotLabel(&n), colourOf(n.Kind), dotText(columnLines(&n), "\\n"))
		}
		for _, n := range d.Nodes {
			for _, in := range n.Inputs {
				style := ""
				if !in.Chained {
					style = ", style=bold"
				}
				fmt.Fprintf(&b, "    n%d_%d -> n%d_%d [label=%s%s];\n", i, in.From, i, n.ID, dotText([]string{in.label()}, ""), style)
			}
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func dotLabel(n *Node) string {
	lines := []string{fmt.Sprintf("%s  ×%d", n.Name, n.Parallelism)}
	for _, l := range bodyLines(n) {
		lines = append(lines, strings.TrimSpace(l.key+" "+l.value))
	}
	return dotText(lines, "\\l")
}

// dotText quotes lines, each of which is ended by end if there are more than one.
func dotText(lines []string, end string) string {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ")
	var b strings.Builder
	b.WriteByte('"')
	for _, l := range lines {
		b.WriteString(quote.Replace(l))
		if len(lines) > 1 {
			b.WriteString(end)
		}
	}
	b.WriteByte('"')
	return b.String()
}
