// Package draw shows dataflow graphs to people and to other programs: as SVG with a layout of its own, as DOT and as JSON.
//
// A [Diagram] enters, which whoever knows the graph's meaning makes of it (sql/physical does for plans); text leaves. EXPLAIN and the web UI
// call it.
//
// What must hold: the same diagrams give the same text, so that it can be compared; texts of users are escaped; SVG needs nothing but a
// viewer, no fonts of its own and no scripts.
package draw

// Diagram is a graph to be drawn.
type Diagram struct {
	Title string `json:"statement"` // what the graph does, such as its SQL; may be empty
	Nodes []Node `json:"nodes"`     // in topological order; ids are positions
}

// Kind says where a node stands.
type Kind string

// The kinds of nodes.
const (
	Source   Kind = "source" // has no input
	Operator Kind = "operator"
	Sink     Kind = "sink" // sends to no other
)

// Node is a box.
type Node struct {
	ID          int      `json:"id"`
	Kind        Kind     `json:"kind"`
	Name        string   `json:"name"` // "GlobalAggregate"
	Parallelism int      `json:"parallelism"`
	Details     []Detail `json:"details,omitempty"`
	Columns     []Column `json:"columns,omitempty"` // of the output
	Changes     string   `json:"changelogMode,omitempty"`
	Inputs      []Input  `json:"inputs,omitempty"`
}

// Detail is a line in a box.
type Detail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Column is a column of a node's output.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Input is an arrow from another box.
type Input struct {
	From int    `json:"from"`
	Ship string `json:"ship"` // "forward", "hash", …
	// Keys are the columns by which rows are dealt out.
	Keys []string `json:"keys,omitempty"`
	// Chained says that both boxes run in one task, which hands rows over without a queue.
	Chained bool `json:"chained,omitempty"`
}

// label is what stands at an arrow; "" at one where each subtask hands its rows to the next one of the same number.
func (in *Input) label() string {
	if in.Ship == "forward" {
		return ""
	}
	if len(in.Keys) == 0 {
		return in.Ship
	}
	text := in.Ship + " by "
	for i, k := range in.Keys {
		if i > 0 {
			text += ", "
		}
		text += k
	}
	return text
}
