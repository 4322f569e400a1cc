// Package graph is the job as plain data: nodes, the edges between them, and what each node does. SQL and the
// Go API build it, EXPLAIN and the web UI print it, the engine runs it.
//
// What must hold: nodes stand in topological order (an edge's From is less than its node's ID), ids are
// positions, and nothing in a graph is changed after it was handed to the engine.
package graph

import (
	"github.com/millstream/millstream/column"
)

// Graph is a dataflow: a directed acyclic graph of operators.
type Graph struct {
	Name  string
	Nodes []*Node
}

// Node is one operator, run as Parallelism subtasks.
type Node struct {
	ID     int
	UID    string // stable across restarts and compatible changes; state is found by it
	Shape  string // the same for nodes of which one can take over the state of the other; "": there are no others
	Name   string // for people: "Scan(orders)"
	Op     Op
	Inputs []Edge
	// Parallelism is the number of subtasks; 0 is the job's default.
	Parallelism int
	// Schema is the output's columns; nil where typed slices travel (the Go API) or nothing leaves.
	Schema []column.Field
}

// Edge is one input of a node.
type Edge struct {
	From int // id of the node that sends
	Ship Ship
	Keys []int // columns of the sender's output by which Hash ships
	// Late, if not 0, makes it an edge of what the sender drops because it comes too late: the rows of its input number Late-1, with one column
	// more, BIGINT NOT NULL, the watermark that had passed them, in milliseconds. It ships forward.
	Late int
	// NewPacker, if set, distributes payloads that are not batches; its result is an operator.Packer for the given
	// number of targets. The Go API sets it.
	NewPacker func(targets, maxParallelism int) any
}

// Ship says which subtask of the receiver gets a row.
type Ship uint8

// The ways to ship.
const (
	Forward   Ship = iota // the subtask of the same number; chained into one task where possible
	Hash                  // by the key group of Keys
	Broadcast             // all
	Rebalance             // each in turn
)

// String returns the way's name as EXPLAIN prints it.
func (s Ship) String() string { return [...]string{"forward", "hash", "broadcast", "rebalance"}[s] }

// Add appends a node, gives it its ID and returns it.
func (g *Graph) Add(n *Node) *Node {
	n.ID = len(g.Nodes)
	g.Nodes = append(g.Nodes, n)
	return n
}
