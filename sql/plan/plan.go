// Package plan holds what a query means as a tree of relational operators over typed columns, and prints it for EXPLAIN.
//
// The binder makes trees of the logical nodes ([Scan], [Filter], [Project], …); the rules rewrite them and bring in the physical ones
// ([Calc], [Exchange], aggregates in two phases); package physical turns the result into a graph. Expressions in a node number the
// columns of its input.
//
// What must hold: a node is never changed once made, so that trees can share parts; [Node.Schema] tells the names and types of the
// output columns, of which names may repeat only inside a query, never in its result.
package plan

import (
	"reflect"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// Node is one operator: a pointer to one of the types of this package.
type Node interface {
	// Schema is the output's columns. Callers do not change it.
	Schema() []column.Field
	// Inputs are the operators below.
	Inputs() []Node
	// With returns the node with other inputs, of the same schemas.
	With(inputs []Node) Node
	// Kind is the operator's name, such as "Aggregate".
	Kind() string
	// Details are what EXPLAIN prints in parentheses.
	Details() []Detail
}

// Detail is one item of what EXPLAIN prints of a node.
type Detail struct{ Key, Value string }

// Scan reads a table: of its columns and then its metadata columns those that Project names.
type Scan struct {
	Table   graph.Table
	Project []int
	Filter  []expr.Expr // what the source may use to skip rows, over the projected columns; a node above applies it again
	Limit   int64       // rows after which the source may stop; -1: none
	Bounded bool        // the source ends by itself
	// Changes are the kinds of rows that the source brings; an upsert source has a primary key.
	Changes graph.Changes
	// FieldsByName says that the source can leave out fields of rows.
	FieldsByName bool
	At           syntax.Span // of the table in the text
	fields       []column.Field
	narrowed     []bool         // fields that are rows with fewer fields than the table's
	whole        []column.Field // the table's columns before they were narrowed; nil: as they are
}

// NewScan returns a scan of the given columns, positions in the table's columns and then its metadata columns.
func NewScan(t graph.Table, project []int) *Scan {
	fields := make([]column.Field, len(project))
	for i, p := range project {
		if p < len(t.Columns) {
			fields[i] = t.Columns[p]
		} else {
			fields[i] = t.Metadata[p-len(t.Columns)].Field
		}
	}
	return &Scan{Table: t, Project: project, Limit: -1, fields: fields}
}

// Reading returns the scan with other columns, positions in the table's columns and then its metadata columns. It must have no filter.
func (n *Scan) Reading(project []int) *Scan {
	out := NewScan(n.Table, project)
	out.Limit, out.Bounded, out.Changes, out.FieldsByName, out.At = n.Limit, n.Bounded, n.Changes, n.FieldsByName, n.At
	return out
}

// Narrowed returns the scan with other types of its columns: rows with fewer fields. A nil type leaves the column as it is.
func (n *Scan) Narrowed(types []*column.Type) *Scan {
	t := n.Table
	t.Columns = slices.Clone(t.Columns)
	cut := make([]bool, len(types))
	for i, to := range types {
		if to != nil {
			t.Columns[n.Project[i]].Type, cut[i] = *to, true
		}
	}
	out := *n
	out.Table, out.fields, out.narrowed, out.whole = t, NewScan(t, n.Project).fields, cut, n.columnsOf()
	return &out
}

// Values is constant rows.
type Values struct {
	Rows   [][]expr.Expr
	Fields []column.Field
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	Input Node
	Cond  expr.Expr
}

// Project computes one column for each expression.
type Project struct {
	Input  Node
	Exprs  []expr.Expr
	Fields []column.Field // names, and the expressions' types
}

// Calc filters, then projects. A nil Cond keeps all rows; nil Exprs are the columns as they are.
type Calc struct {
	Input  Node
	Cond   expr.Expr
	Exprs  []expr.Expr
	Fields []column.Field
}

// Unnest joins each row with the elements of the collection in Column: the output has the columns that Keep names, the element's
// columns and, with Ordinality, its position.
type Unnest struct {
	Input      Node
	Column     int
	Keep       []int
	Ordinality bool
	Outer      bool // rows without elements stay, with NULLs
	Fields     []column.Field
}

// Aggregate groups by columns of its input. Its output has the keys, then the results of the calls.
type Aggregate struct {
	Input Node
	Keys  []int
	Calls []expr.Aggregate
	Phase graph.Phase
	// ArgTypes are the types of the calls' arguments where the input has states in their stead; nil elsewhere.
	ArgTypes [][]column.Type
	Always   bool // without keys, a row for empty input
	// Updates makes it emit every change of a group's result, as in streaming mode.
	Updates bool
	// UpdateBefore says that whoever receives updates needs -U; planned with the changelog.
	UpdateBefore bool
	// Keep is what is kept of groups that do not change.
	graph.Keep
	Fields []column.Field
	At     syntax.Span // of GROUP BY or the first aggregate in the text
}

// Sort orders its input.
type Sort struct {
	Input Node
	Keys  []graph.SortKey
	At    syntax.Span // of ORDER BY in the text
}

// Limit passes on rows Offset … Offset+Count-1; Count -1 is all. With Keys it orders first.
type Limit struct {
	Input  Node
	Keys   []graph.SortKey
	Offset int64
	Count  int64
	// Local says that each subtask does it for its own rows, before a Limit of all.
	Local bool
	At    syntax.Span // of LIMIT or OFFSET in the text
}

// Union is the rows of all inputs, which have the same types.
type Union struct {
	From   []Node
	Fields []column.Field
}

// Sink writes to a table. The input has the table's columns, in order.
type Sink struct {
	Input     Node
	Table     graph.Table
	Overwrite bool
	Partition map[string]string
	Upserts   bool        // the connector takes updates and deletes
	OnlyAfter bool        // the connector does without -U: it replaces rows by primary key
	EventTime bool        // the connector does something when event time goes on
	Conflict  string      // what ON CONFLICT DO says: "NOTHING", "ERROR" or "DEDUPLICATE"; "": it is not there
	At        syntax.Span // of the table in the text
	// Parallelism is the number of subtasks that the table asks for; 0: that of the job.
	Parallelism int
}

// Exchange moves rows to other subtasks: by the hash of Keys, or all to a single one.
type Exchange struct {
	Input  Node
	Single bool
	Keys   []int
}

// Schema, Inputs and With of the nodes.

func (n *Scan) Schema() []column.Field      { return n.fields }
func (n *Values) Schema() []column.Field    { return n.Fields }
func (n *Filter) Schema() []column.Field    { return n.Input.Schema() }
func (n *Project) Schema() []column.Field   { return n.Fields }
func (n *Calc) Schema() []column.Field      { return n.Fields }
func (n *Unnest) Schema() []column.Field    { return n.Fields }
func (n *Aggregate) Schema() []column.Field { return n.Fields }
func (n *Sort) Schema() []column.Field      { return n.Input.Schema() }
func (n *Limit) Schema() []column.Field     { return n.Input.Schema() }
func (n *Union) Schema() []column.Field     { return n.Fields }
func (n *Sink) Schema() []column.Field      { return nil }
func (n *Exchange) Schema() []column.Field  { return n.Input.Schema() }

func (n *Scan) Inputs() []Node      { return nil }
func (n *Values) Inputs() []Node    { return nil }
func (n *Filter) Inputs() []Node    { return []Node{n.Input} }
func (n *Project) Inputs() []Node   { return []Node{n.Input} }
func (n *Calc) Inputs() []Node      { return []Node{n.Input} }
func (n *Unnest) Inputs() []Node    { return []Node{n.Input} }
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Sort) Inputs() []Node      { return []Node{n.Input} }
func (n *Limit) Inputs() []Node     { return []Node{n.Input} }
func (n *Union) Inputs() []Node     { return n.From }
func (n *Sink) Inputs() []Node      { return []Node{n.Input} }
func (n *Exchange) Inputs() []Node  { return []Node{n.Input} }

func (n *Scan) With([]Node) Node         { return n }
func (n *Values) With([]Node) Node       { return n }
func (n *Filter) With(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Project) With(in []Node) Node   { c := *n; c.Input = in[0]; return &c }
func (n *Calc) With(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *Unnest) With(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Aggregate) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *Sort) With(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *Limit) With(in []Node) Node     { c := *n; c.Input = in[0]; return &c }
func (n *Union) With(in []Node) Node     { c := *n; c.From = in; return &c }
func (n *Sink) With(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *Exchange) With(in []Node) Node  { c := *n; c.Input = in[0]; return &c }

// Rewrite returns the tree with change applied to every node, inputs first. Parts that do not change are shared.
func Rewrite(n Node, change func(Node) Node) Node {
	inputs := n.Inputs()
	var changed []Node
	for i, in := range inputs {
		if out := Rewrite(in, change); out != in {
			if changed == nil {
				changed = append([]Node(nil), inputs...)
			}
			changed[i] = out
		}
	}
	if changed != nil {
		n = n.With(changed)
	}
	return change(n)
}

// Walk calls visit for n and all below it, until visit returns false for a node, whose inputs are then left out.
func Walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	for _, in := range n.Inputs() {
		Walk(in, visit)
	}
}

// ColumnOf returns an expression for column i of a node's output.
func ColumnOf(n Node, i int) *expr.Column {
	f := n.Schema()[i]
	return &expr.Column{Index: i, Name: f.Name, T: f.Type}
}

// Columns returns expressions for all columns of a node's output.
func Columns(n Node) []expr.Expr {
	list := make([]expr.Expr, len(n.Schema()))
	for i := range list {
		list[i] = ColumnOf(n, i)
	}
	return list
}

// Select returns a projection of n to the columns at the given positions, or n itself if that changes nothing.
func Select(n Node, columns []int) Node {
	schema := n.Schema()
	same := len(columns) == len(schema)
	exprs, fields := make([]expr.Expr, len(columns)), make([]column.Field, len(columns))
	for i, c := range columns {
		same = same && c == i
		exprs[i], fields[i] = ColumnOf(n, c), schema[c]
	}
	if same {
		return n
	}
	return &Project{n, exprs, fields}
}

// Relocated returns a tree whose nodes all stand at one place of the text: that of a view's name, say, for the view's own text is not the one that
// errors show.
func Relocated(n Node, at syntax.Span) Node {
	return Rewrite(n, func(n Node) Node {
		from := reflect.ValueOf(n).Elem()
		if !from.FieldByName("At").IsValid() {
			return n
		}
		to := reflect.New(from.Type())
		to.Elem().Set(from)
		to.Elem().FieldByName("At").Set(reflect.ValueOf(at))
		return to.Interface().(Node)
	})
}
