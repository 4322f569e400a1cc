package plan

import (
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/syntax"
)

// Rank keeps the first rows of each partition: made by a rule of ROW_NUMBER() OVER (…) and a condition on the number, and of ORDER BY with
// LIMIT in streaming mode.
type Rank struct {
	Input Node
	graph.Rank
	Fields []column.Field
	At     syntax.Span
}

// Deduplicate keeps the first or last row of each key by time.
type Deduplicate struct {
	Input Node
	graph.Deduplicate
	At syntax.Span
}

// Normalize makes a full changelog of an upsert stream.
type Normalize struct {
	Input Node
	graph.Normalize
}

// Materialize puts the rows for a sink's primary key in order.
type Materialize struct {
	Input Node
	graph.Materialize
}

// DropUpdateBefore leaves out -U rows.
type DropUpdateBefore struct{ Input Node }

// TemporalSort orders a stream by time.
type TemporalSort struct {
	Input Node
	graph.TemporalSort
	At syntax.Span
}

// Expand emits each row once for each list of projections: of GROUPING SETS.
type Expand struct {
	Input Node
	graph.Expand
	Fields []column.Field
}

// Replicate emits each row as often as one of its columns says, without that column: of INTERSECT ALL and EXCEPT ALL.
type Replicate struct {
	Input Node
	graph.Replicate
	Fields []column.Field
}

// TableFunction joins each row with what a table function makes of it.
type TableFunction struct {
	Input Node
	graph.TableFunction
	Fields []column.Field
	At     syntax.Span
}

func (n *Rank) Schema() []column.Field             { return n.Fields }
func (n *Deduplicate) Schema() []column.Field      { return n.Input.Schema() }
func (n *Normalize) Schema() []column.Field        { return n.Input.Schema() }
func (n *Materialize) Schema() []column.Field      { return n.Input.Schema() }
func (n *DropUpdateBefore) Schema() []column.Field { return n.Input.Schema() }
func (n *TemporalSort) Schema() []column.Field     { return n.Input.Schema() }
func (n *Expand) Schema() []column.Field           { return n.Fields }
func (n *Replicate) Schema() []column.Field        { return n.Fields }
func (n *TableFunction) Schema() []column.Field    { return n.Fields }

func (n *Rank) Inputs() []Node             { return []Node{n.Input} }
func (n *Deduplicate) Inputs() []Node      { return []Node{n.Input} }
func (n *Normalize) Inputs() []Node        { return []Node{n.Input} }
func (n *Materialize) Inputs() []Node      { return []Node{n.Input} }
func (n *DropUpdateBefore) Inputs() []Node { return []Node{n.Input} }
func (n *TemporalSort) Inputs() []Node     { return []Node{n.Input} }
func (n *Expand) Inputs() []Node           { return []Node{n.Input} }
func (n *Replicate) Inputs() []Node        { return []Node{n.Input} }
func (n *TableFunction) Inputs() []Node    { return []Node{n.Input} }

func (n *Rank) With(in []Node) Node             { c := *n; c.Input = in[0]; return &c }
func (n *Deduplicate) With(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *Normalize) With(in []Node) Node        { c := *n; c.Input = in[0]; return &c }
func (n *Materialize) With(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *DropUpdateBefore) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *TemporalSort) With(in []Node) Node     { c := *n; c.Input = in[0]; return &c }
func (n *Expand) With(in []Node) Node           { c := *n; c.Input = in[0]; return &c }
func (n *Replicate) With(in []Node) Node        { c := *n; c.Input = in[0]; return &c }
func (n *TableFunction) With(in []Node) Node    { c := *n; c.Input = in[0]; return &c }

func (n *Rank) Kind() string {
	if n.WindowEnd >= 0 {
		return "WindowRank"
	}
	return "Rank"
}
func (n *Deduplicate) Kind() string      { return "Deduplicate" }
func (n *Normalize) Kind() string        { return "ChangelogNormalize" }
func (n *Materialize) Kind() string      { return "SinkMaterialize" }
func (n *DropUpdateBefore) Kind() string { return "DropUpdateBefore" }
func (n *TemporalSort) Kind() string     { return "TemporalSort" }
func (n *Expand) Kind() string           { return "Expand" }
func (n *Replicate) Kind() string        { return "Replicate" }
func (n *TableFunction) Kind() string    { return "TableFunction" }

func (n *Rank) Details() []Detail {
	in := n.Input.Schema()
	d := []Detail{{"rankType", [...]string{graph.RowNumber: "ROW_NUMBER", graph.RankRank: "RANK", graph.DenseRank: "DENSE_RANK"}[n.Numbering]}}
	to := strconv.FormatInt(n.To, 10)
	if n.ToColumn >= 0 {
		to = in[n.ToColumn].Name
	}
	d = append(d, Detail{"rankRange", "rankStart=" + strconv.FormatInt(n.From, 10) + ", rankEnd=" + to})
	if len(n.Partition) > 0 {
		d = append(d, Detail{"partitionBy", columnList(n.Partition, in)})
	}
	if len(n.Order) > 0 {
		d = append(d, Detail{"orderBy", order(n.Order, in)})
	}
	return append(d, Detail{"select", names(n.Fields)})
}

func (n *Deduplicate) Details() []Detail {
	keep, by := "FirstRow", "PROCTIME"
	if n.Last {
		keep = "LastRow"
	}
	if n.Time >= 0 {
		by = "ROWTIME"
	}
	return []Detail{{"keep", keep}, {"key", columnList(n.Keys, n.Schema())}, {"order", by}}
}

func (n *Normalize) Details() []Detail {
	d := []Detail{{"key", columnList(n.Keys, n.Schema())}}
	if n.Filter != nil {
		d = append(d, Detail{"where", bare(n.Filter.String())})
	}
	return d
}

func (n *Materialize) Details() []Detail {
	return []Detail{{"key", columnList(n.Keys, n.Schema())}, {"inputKey", columnList(n.InputKeys, n.Schema())}}
}

func (n *DropUpdateBefore) Details() []Detail { return nil }

func (n *TemporalSort) Details() []Detail {
	time := "proctime"
	if n.Time >= 0 {
		time = n.Schema()[n.Time].Name
	}
	if len(n.Keys) > 0 {
		time += ", " + order(n.Keys, n.Schema())
	}
	return []Detail{{"orderBy", time}}
}

func (n *Expand) Details() []Detail {
	lists := make([]string, len(n.Projections))
	for i, p := range n.Projections {
		lists[i] = "{" + exprs(p) + "}"
	}
	return []Detail{{"projects", strings.Join(lists, ", ")}, {"fields", names(n.Fields)}}
}

func (n *Replicate) Details() []Detail {
	return []Detail{{"by", n.Input.Schema()[n.Count].Name}, {"select", names(n.Fields)}}
}

func (n *TableFunction) Details() []Detail {
	d := []Detail{{"invocation", n.Func.Name + "(" + exprs(n.Args) + ")"}}
	if n.Outer {
		d = append(d, Detail{"join", "left"})
	}
	return append(d, Detail{"select", names(n.Fields)})
}
