package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// FromChangelog makes a changelog of rows that name their kind.
type FromChangelog struct {
	Input Node
	graph.FromChangelog
	Fields []column.Field
}

// ToChangelog makes rows that name their kind of a changelog.
type ToChangelog struct {
	Input Node
	graph.ToChangelog
	Fields []column.Field
}

func (n *FromChangelog) Schema() []column.Field { return n.Fields }
func (n *ToChangelog) Schema() []column.Field   { return n.Fields }
func (n *FromChangelog) Inputs() []Node         { return []Node{n.Input} }
func (n *ToChangelog) Inputs() []Node           { return []Node{n.Input} }
func (n *FromChangelog) With(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *ToChangelog) With(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *FromChangelog) Kind() string           { return "FromChangelog" }
func (n *ToChangelog) Kind() string             { return "ToChangelog" }

// Changes are the kinds of rows that may come of the texts.
func (n *FromChangelog) Changes() graph.Changes {
	var out graph.Changes
	for _, k := range n.Kinds {
		out |= map[column.RowKind]graph.Changes{column.UpdateBefore: graph.UpdateBefore, column.UpdateAfter: graph.UpdateAfter, column.Delete: graph.Deletes}[k]
	}
	return out
}

func (n *FromChangelog) Details() []Detail {
	var list []string
	for _, text := range slices.Sorted(maps.Keys(n.Kinds)) {
		list = append(list, text+"="+n.Kinds[text].String())
	}
	return []Detail{{"op", n.Input.Schema()[n.Column].Name}, {"mapping", strings.Join(list, ", ")}, {"select", names(n.Fields)}}
}

func (n *ToChangelog) Details() []Detail {
	var list []string
	for k, text := range n.Codes {
		if text != nil {
			list = append(list, column.RowKind(k).String()+"="+*text)
		}
	}
	return []Detail{{"op", n.Fields[0].Name}, {"mapping", strings.Join(list, ", ")}, {"select", names(n.Fields)}}
}
