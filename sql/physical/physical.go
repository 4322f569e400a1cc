// Package physical turns optimised plans into a dataflow graph.
//
// Trees of physical nodes from the rules enter [Builder.Add], one for each sink or query; [Builder.Graph] leaves, which the engine runs.
// Exchanges become edges that ship by hash or to a single subtask; all else becomes one node each.
//
// What must hold: a node that must see all rows runs as one subtask and so does what follows it up to the next exchange, so that
// order is kept; node ids and UIDs depend on the plan alone.
package physical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// Builder makes one graph of one or more plans.
type Builder struct {
	graph graph.Graph
	plans []plan.Node    // what each node was made of; nil of one that hands rows to the caller
	kinds map[string]int // nodes by name, for uids
	share share
	late  []lateInput
}

// Graph returns the graph built so far under a name.
func (b *Builder) Graph(name string) *graph.Graph {
	b.graph.Name = name
	return &b.graph
}

// end is where a node's rows come from: a node of the graph and how to ship from it.
type end struct {
	node   *graph.Node
	ship   graph.Ship
	keys   []int
	single bool // an exchange to a single subtask
}

// Add adds a plan. deliver gets the rows of one that is not a [plan.Sink]; it is called from one subtask.
func (b *Builder) Add(n plan.Node, deliver func(*column.Batch) error) error {
	if sink, ok := n.(*plan.Sink); ok {
		in, err := b.add(sink.Input)
		if err != nil {
			return err
		}
		b.sink(sink, in)
		return nil
	}
	in, err := b.add(n)
	if err != nil {
		return err
	}
	if in.node.Parallelism != 1 {
		in.ship, in.single = graph.Rebalance, true
	}
	b.node(nil, "Collect", nil, &graph.Collect{Deliver: deliver}, in)
	return nil
}

// add builds a tree, or finds what was built of one that is alike.
func (b *Builder) add(n plan.Node) (end, error) {
	number, e, ok := b.share.find(n)
	if ok {
		return e, nil
	}
	e, err := b.build(n)
	if err == nil {
		b.share.keep(number, n, e)
	}
	return e, err
}

func (b *Builder) build(n plan.Node) (end, error) {
	inputs := n.Inputs()
	ends := make([]end, len(inputs))
	for i, in := range inputs {
		var err error
		if ends[i], err = b.add(in); err != nil {
			return end{}, err
		}
	}
	name := n.Kind()
	var op graph.Op
	switch n := n.(type) {
	case *plan.Exchange:
		e := ends[0]
		if e.ship, e.keys, e.single = graph.Hash, n.Keys, n.Single; n.Single {
			e.ship = graph.Rebalance
		}
		return e, nil
	case *plan.Scan:
		name += "(" + short(n.Table.Name) + ")"
		op = &graph.Scan{Table: n.Table, Project: n.Project, Filter: n.Filter, Limit: n.Limit}
	case *plan.Values:
		op = &graph.Values{Rows: n.Rows}
	case *plan.Calc:
		if n.Cond == nil && identity(n.Exprs, len(n.Input.Schema())) {
			return ends[0], nil // only names differ
		}
		calc := &graph.Calc{Filter: n.Cond}
		if !identity(n.Exprs, len(n.Input.Schema())) {
			calc.Project = n.Exprs
		}
		op = calc
	case *plan.Unnest:
		op = &graph.Unnest{Column: n.Column, Keep: n.Keep, Ordinality: n.Ordinality, Outer: n.Outer}
	case *plan.Aggregate:
		op = &graph.Aggregate{
			Keys: n.Keys, Calls: n.Calls, Phase: n.Phase, ArgTypes: n.ArgTypes, Updates: n.Updates, UpdateBefore: n.UpdateBefore, Always: n.Always, Keep: n.Keep,
		}
		if n.Updates {
			op.(*graph.Aggregate).Changes = plan.ChangesOf(n.Input)
		}
	case *plan.Sort:
		op = &graph.Sort{Keys: n.Keys, Limit: -1}
	case *plan.Limit:
		op = &graph.Sort{Keys: n.Keys, Offset: n.Offset, Limit: n.Count, Local: n.Local}
	case *plan.Union:
		op = &graph.Union{}
	default:
		if op = clone(n); op == nil {
			return end{}, fmt.Errorf("a plan with %s cannot run", n.Kind())
		}
	}
	schema := n.Schema()
	if schema == nil {
		schema = []column.Field{} // rows of no columns are batches too
	}
	node := b.node(n, name, schema, op, ends...)
	b.noteLate(n, node)
	return end{node: node}, nil
}

// node adds a node behind its inputs. It runs as one subtask if an input is shipped to a single one, or comes from one and
// stays there.
func (b *Builder) node(n plan.Node, name string, schema []column.Field, op graph.Op, inputs ...end) *graph.Node {
	single := len(inputs) > 0
	for _, in := range inputs {
		single = single && (in.single || in.ship == graph.Forward && in.node.Parallelism == 1)
	}
	if _, ok := op.(*graph.Values); ok {
		single = true
	}
	out := &graph.Node{Name: name, Op: op, Schema: schema, UID: b.uid(n, op)}
	if _, sink := op.(*graph.Sink); n != nil && !sink {
		out.Shape = shape(n)
	}
	if single {
		out.Parallelism = 1
	}
	for _, in := range inputs {
		if in.ship == graph.Forward && in.node.Parallelism != out.Parallelism {
			in.ship = graph.Rebalance
		}
		out.Inputs = append(out.Inputs, graph.Edge{From: in.node.ID, Ship: in.ship, Keys: in.keys})
	}
	b.plans = append(b.plans, n)
	return b.graph.Add(out)
}

// uid names a node by what it means, so that state finds its node again when other parts of a job change: a scan and a sink by their tables, any
// other node by its kind and a hash of the plan from it down to the tables. What is read of a table is not part of that: a scan reads for all that share it. Of those with the same name, the second in the order of the graph is
// number 2, and so on.
func (b *Builder) uid(n plan.Node, op graph.Op) string {
	name := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", op), "*graph."))
	switch op := op.(type) {
	case *graph.Scan:
		name += "-" + op.Table.Name
	case *graph.Sink:
		name += "-" + op.Table.Name
	default:
		if n != nil {
			sum := sha256.Sum256([]byte(meaning(n)))
			name += "-" + hex.EncodeToString(sum[:6])
		}
	}
	if b.kinds == nil {
		b.kinds = map[string]int{}
	}
	b.kinds[name]++
	if k := b.kinds[name]; k > 1 {
		return fmt.Sprintf("%s#%d", name, k)
	}
	return name
}

// meaning is the text that a UID is made of. Columns that a projection passes on as they are say nothing that those who use them do not say.
func meaning(n plan.Node) string {
	var b strings.Builder
	var write func(n plan.Node, depth int)
	write = func(n plan.Node, depth int) {
		for range depth {
			b.WriteByte(' ')
		}
		switch n := n.(type) {
		case *plan.Scan:
			b.WriteString(n.Kind() + " " + n.Table.Name)
		case *plan.Calc:
			b.WriteString(n.Kind())
			if n.Cond != nil {
				b.WriteString(" where " + n.Cond.String())
			}
			for i, e := range n.Exprs {
				if c, bare := e.(*expr.Column); !bare || c.Name != n.Fields[i].Name {
					b.WriteString(" " + e.String() + " AS " + n.Fields[i].Name)
				}
			}
		default:
			b.WriteString(plan.Line(n))
		}
		b.WriteByte('\n')
		for _, in := range n.Inputs() {
			write(in, depth+1)
		}
	}
	write(n, 0)
	return b.String()
}

// identity reports whether a projection passes on n columns as they are.
func identity(exprs []expr.Expr, n int) bool {
	if exprs == nil {
		return true
	}
	if len(exprs) != n {
		return false
	}
	for i, e := range exprs {
		if c, ok := e.(*expr.Column); !ok || c.Index != i {
			return false
		}
	}
	return true
}

// short is the last part of a table's name.
func short(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
