package job

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// plan says which nodes run together, and in how many subtasks.
type plan struct {
	graph  *graph.Graph
	groups int
	nodes  []planned
	chains [][]int // the nodes of each chain, in the order of the graph; the first is the head
}

type planned struct {
	*graph.Node
	uid         string
	parallelism int
	chain       int
	next        []int // nodes of the same chain that take this one's output
	consumers   int   // edges that take this one's output
}

// newPlan checks a graph and forms its chains: a node joins the chain of its input where that is its only one, is shipped
// forward and has the same parallelism. So a chain is a tree; a node with several consumers feeds each of them.
//
// A node has the parallelism that given returns for its uid, unless that is 0.
func newPlan(g *graph.Graph, parallelism, groups int, given func(uid string) int) (*plan, error) {
	p := &plan{graph: g, groups: groups, nodes: make([]planned, len(g.Nodes))}
	if len(g.Nodes) == 0 {
		return nil, fmt.Errorf("the job has nothing to do: its graph has no nodes")
	}
	uids := map[string]string{}
	for i, n := range g.Nodes {
		v := &p.nodes[i]
		*v = planned{Node: n, uid: UIDOf(n), parallelism: n.Parallelism}
		if n.ID != i {
			return nil, fmt.Errorf("node '%s' stands at position %d of the graph and has the id %d", n.Name, i, n.ID)
		}
		if other, twice := uids[v.uid]; twice {
			return nil, fmt.Errorf("nodes '%s' and '%s' have the same uid '%s', by which their state would be mixed up", other, n.Name, v.uid)
		}
		uids[v.uid] = n.Name
		if fixed := given(v.uid); fixed > 0 {
			v.parallelism = fixed
		}
		if v.parallelism == 0 {
			v.parallelism = parallelism
			if alone(n.Op) {
				v.parallelism = 1
			}
		}
		if v.parallelism > 1 && alone(n.Op) {
			return nil, fmt.Errorf("node '%s' has the parallelism %d and cannot run in more than one subtask", n.Name, v.parallelism)
		}
		if v.parallelism > groups {
			return nil, fmt.Errorf("node '%s' has the parallelism %d, more than the job's key groups: raise pipeline.max-parallelism, which is %d",
				n.Name, v.parallelism, groups)
		}
		if _, scan := n.Op.(*graph.Scan); scan && len(n.Inputs) > 0 {
			return nil, fmt.Errorf("node '%s' reads a table and cannot have inputs", n.Name)
		}
		for _, e := range n.Inputs {
			if e.From < 0 || e.From >= i {
				return nil, fmt.Errorf("node '%s' (%d) takes input from node %d, which does not stand before it", n.Name, i, e.From)
			}
			if e.Late > len(p.nodes[e.From].Inputs) || e.Late < 0 {
				return nil, fmt.Errorf("node '%s' (%d) takes late rows of input %d of node %d, which has %d", n.Name, i, e.Late, e.From, len(p.nodes[e.From].Inputs))
			}
			if e.Late == 0 {
				p.nodes[e.From].consumers++
			}
		}
		p.place(v)
	}
	return p, nil
}

// place puts a node into its chain.
func (p *plan) place(v *planned) {
	if len(v.Inputs) == 1 && v.Inputs[0].Ship == graph.Forward && v.Inputs[0].Late == 0 {
		if from := &p.nodes[v.Inputs[0].From]; from.parallelism == v.parallelism {
			from.next = append(from.next, v.ID)
			v.chain = from.chain
			p.chains[v.chain] = append(p.chains[v.chain], v.ID)
			return
		}
	}
	v.chain = len(p.chains)
	p.chains = append(p.chains, []int{v.ID})
}

// sent is the schema of what travels on an edge.
func (p *plan) sent(e graph.Edge) []column.Field {
	from := &p.nodes[e.From]
	if e.Late == 0 {
		return from.Schema
	}
	in := p.sent(from.Inputs[e.Late-1])
	return append(in[:len(in):len(in)], operator.WatermarkField)
}

// ship is how an edge ships between the parallelisms at hand.
func (p *plan) ship(e graph.Edge, to *planned) graph.Ship {
	if e.Ship == graph.Forward && p.nodes[e.From].parallelism != to.parallelism {
		return graph.Rebalance
	}
	return e.Ship
}

// alone reports whether an operation is right in a single subtask only.
func alone(op graph.Op) bool {
	switch op := op.(type) {
	case *graph.Values, *graph.Collect:
		return true
	case *graph.Sort:
		return !op.Local
	case *graph.Aggregate:
		return len(op.Keys) == 0 && op.Phase != graph.Partial
	case *graph.Join:
		return len(op.LeftKeys) == 0
	case *graph.IntervalJoin:
		return len(op.LeftKeys) == 0
	case *graph.TemporalJoin:
		return len(op.LeftKeys) == 0
	case *graph.WindowJoin:
		return len(op.LeftKeys) == 0
	}
	return false
}

// UIDOf returns what a node's state is found by.
func UIDOf(n *graph.Node) string {
	if n.UID == "" {
		return fmt.Sprintf("node-%d", n.ID)
	}
	return n.UID
}
