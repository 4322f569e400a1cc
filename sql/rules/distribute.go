package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// distribution is how the rows of a node are spread over subtasks.
type distribution struct {
	single bool // all in one
	// keys are the columns by whose hash, in this order, rows were dealt out: those that are equal in them are in the same one. nil:
	// nothing is known.
	keys []int
}

// distribute puts in exchanges, and splits in two what can do part of its work before one.
func distribute(n plan.Node, c *Context) plan.Node {
	n, _ = spread(n, c)
	return n
}

func spread(n plan.Node, c *Context) (plan.Node, distribution) {
	inputs := n.Inputs()
	in := make([]plan.Node, len(inputs))
	at := make([]distribution, len(inputs))
	for i := range inputs {
		in[i], at[i] = spread(inputs[i], c)
	}
	switch n := n.(type) {
	case *plan.Values:
		return n, distribution{single: true}
	case *plan.Scan:
		// The shape of a job that can go on from a checkpoint must not depend on the parallelism that it happens to start with.
		return n, distribution{single: c.Batch && c.Parallelism == 1 && !c.Resumable}
	case *plan.Calc:
		return n.With(in), distribution{at[0].single, follow(at[0].keys, n)}
	case *plan.Unnest:
		return n.With(in), distribution{at[0].single, moved(at[0].keys, inverse(len(n.Input.Schema()), n.Keep))}
	case *plan.Aggregate:
		return aggregate(n.With(in).(*plan.Aggregate), at[0], c)
	case *plan.Sort:
		return n.With([]plan.Node{single(in[0], at[0])}), distribution{single: true}
	case *plan.Limit:
		if !at[0].single && n.Count >= 0 {
			in[0] = &plan.Limit{Input: in[0], Keys: n.Keys, Count: n.Offset + n.Count, Local: true}
		}
		return n.With([]plan.Node{single(in[0], at[0])}), distribution{single: true}
	case *plan.MultiJoin:
		return spreadMulti(n, in, at)
	case *plan.Union:
		all := distribution{single: true}
		for _, d := range at {
			all.single = all.single && d.single
		}
		return n.With(in), all
	}
	switch len(in) {
	case 0:
		return n, distribution{}
	case 1:
		return keyedOne(n, in[0], at[0])
	case 2:
		return keyedTwo(n, in, at)
	}
	return n.With(in), at[0]
}

// single brings all rows to one subtask.
func single(n plan.Node, at distribution) plan.Node {
	if at.single {
		return n
	}
	return &plan.Exchange{Input: n, Single: true}
}

// aggregate brings the rows of a group together. In batch mode each subtask first aggregates what it has, so that states
// travel instead of rows; in streaming mode every row's effect is to be seen, so rows travel unless mini-batches are asked for in two phases.
func aggregate(n *plan.Aggregate, at distribution, c *Context) (plan.Node, distribution) {
	out := distribution{single: at.single || len(n.Keys) == 0, keys: ascending(len(n.Keys))}
	if at.single {
		return n, out
	}
	if len(n.Keys) > 0 && at.keys != nil && subset(at.keys, n.Keys) {
		out.keys = moved(at.keys, inverse(len(n.Input.Schema()), n.Keys)) // they lie as they did
		return n, out
	}
	if !c.Batch && !(c.TwoPhase && n.Updates && plan.ChangesOf(n.Input) == graph.InsertOnly) || !splittable(n.Calls) {
		return n.With([]plan.Node{&plan.Exchange{Input: n.Input, Single: len(n.Keys) == 0, Keys: n.Keys}}), out
	}
	types := argTypes(n.Calls, n.Input)
	local := &plan.Aggregate{Input: n.Input, Keys: n.Keys, Calls: n.Calls, Phase: graph.Partial, Updates: n.Updates, Fields: stateFields(n.Fields[:len(n.Keys)], n.Calls, types)}
	global := *n
	global.ArgTypes = types
	global.Input = &plan.Exchange{Input: local, Single: len(n.Keys) == 0, Keys: out.keys}
	global.Keys, global.Phase = out.keys, graph.Final
	return &global, out
}

// splittable reports whether all calls can be computed in two phases: those over distinct values cannot.
func splittable(calls []expr.Aggregate) bool {
	return !slices.ContainsFunc(calls, func(c expr.Aggregate) bool { return c.Distinct })
}

// argTypes returns the types of each call's arguments.
func argTypes(calls []expr.Aggregate, in plan.Node) [][]column.Type {
	types := make([][]column.Type, len(calls))
	for i, c := range calls {
		types[i] = make([]column.Type, len(c.Args))
		for j, a := range c.Args {
			types[i][j] = in.Schema()[a].Type
		}
	}
	return types
}

// stateFields returns what the first phase emits: keys, then the states of the calls.
func stateFields(keys []column.Field, calls []expr.Aggregate, args [][]column.Type) []column.Field {
	fields := slices.Clone(keys)
	for i, c := range calls {
		for _, t := range c.New(args[i]).StateTypes() {
			fields = append(fields, column.Field{Name: "state of " + c.Name, Type: t})
		}
	}
	return fields
}

func subset(part, whole []int) bool {
	for _, c := range part {
		if !slices.Contains(whole, c) {
			return false
		}
	}
	return true
}

// follow returns where a Calc has columns of its input, nil if one of them is lost.
func follow(keys []int, n *plan.Calc) []int {
	if n.Exprs == nil {
		return keys
	}
	to := inverse(len(n.Input.Schema()), nil)
	for i, e := range n.Exprs {
		if c := plan.Carried(e); c != nil && to[c.Index] < 0 {
			to[c.Index] = i
		}
	}
	return moved(keys, to)
}

func moved(keys, to []int) []int {
	out := moveAll(keys, to)
	if keys == nil || slices.Contains(out, -1) {
		return nil
	}
	return out
}
