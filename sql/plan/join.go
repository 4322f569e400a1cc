package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// Join joins its inputs. The binder puts the whole condition into Cond; a rule finds the keys in it.
type Join struct {
	Left, Right Node
	graph.Join
	Multi  bool // a hint asks for one operator for it and the joins below it
	Fields []column.Field
	At     syntax.Span // of the join's condition, or of the join
}

// NewJoin returns a join of a kind under a condition over the columns of both inputs; nil: true. Columns of a side that may be
// missing are nullable in its output.
func NewJoin(left, right Node, kind graph.JoinKind, cond expr.Expr) *Join {
	n := &Join{Left: left, Right: right, Fields: JoinFields(left.Schema(), right.Schema(), kind)}
	n.Type, n.Cond = kind, cond
	return n
}

// JoinFields are the output columns of a join of a kind.
func JoinFields(left, right []column.Field, kind graph.JoinKind) []column.Field {
	fields := make([]column.Field, 0, len(left)+len(right))
	add := func(list []column.Field, missing bool) {
		for _, f := range list {
			if missing {
				f.Type = f.Type.Optional()
			}
			fields = append(fields, f)
		}
	}
	add(left, kind.KeepsRight())
	if !kind.LeftOnly() {
		add(right, kind.KeepsLeft())
	}
	return fields
}

// ApplyResult is what an Apply adds to a row of its left input.
type ApplyResult uint8

// The results of an Apply.
const (
	ApplyRows   ApplyResult = iota // the columns of the right input, by the kind of the join
	ApplyScalar                    // one column: the value of the only row, NULL if there is none; more than one is an error when it happens
	ApplyExists                    // one column, BOOLEAN NOT NULL: whether there is a row
	ApplyIn                        // one column, BOOLEAN: whether there is a row for which Cond is true, by the three-valued rules of IN
)

// Apply makes rows of its right input for each row of its left one: the right tree's expressions may refer to the left row's columns by
// [expr.Outer] of the number ID. Rules replace it by joins.
//
// With ApplyRows the output is that of a join of Type under Cond. The other results add one column to the left ones.
type Apply struct {
	Left, Right Node
	ID          int
	Result      ApplyResult
	Type        graph.JoinKind // of ApplyRows
	Cond        expr.Expr      // over left columns, then right columns; of ApplyRows and ApplyIn; nil: true
	Fields      []column.Field
	At          syntax.Span // of the subquery
}

// IntervalJoin joins rows whose times are near each other.
type IntervalJoin struct {
	Left, Right Node
	graph.IntervalJoin
	Fields []column.Field
	At     syntax.Span
}

// TemporalJoin joins with the version of a row that was valid at a time. The binder makes it of FOR SYSTEM_TIME AS OF, with the whole condition in
// Cond; a rule finds the keys.
type TemporalJoin struct {
	Left, Right Node
	graph.TemporalJoin
	Fields []column.Field
	At     syntax.Span // of the right table
}

// LookupJoin joins with what an external table has at the time of processing.
type LookupJoin struct {
	Input Node
	graph.LookupJoin
	Fields []column.Field
	At     syntax.Span
}

// WindowJoin joins rows of the same window.
type WindowJoin struct {
	Left, Right Node
	graph.WindowJoin
	Fields []column.Field
	At     syntax.Span
}

func (n *Join) Schema() []column.Field         { return n.Fields }
func (n *Apply) Schema() []column.Field        { return n.Fields }
func (n *IntervalJoin) Schema() []column.Field { return n.Fields }
func (n *TemporalJoin) Schema() []column.Field { return n.Fields }
func (n *LookupJoin) Schema() []column.Field   { return n.Fields }
func (n *WindowJoin) Schema() []column.Field   { return n.Fields }

func (n *Join) Inputs() []Node         { return []Node{n.Left, n.Right} }
func (n *Apply) Inputs() []Node        { return []Node{n.Left, n.Right} }
func (n *IntervalJoin) Inputs() []Node { return []Node{n.Left, n.Right} }
func (n *TemporalJoin) Inputs() []Node { return []Node{n.Left, n.Right} }
func (n *LookupJoin) Inputs() []Node   { return []Node{n.Input} }
func (n *WindowJoin) Inputs() []Node   { return []Node{n.Left, n.Right} }

func (n *Join) With(in []Node) Node         { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *Apply) With(in []Node) Node        { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *IntervalJoin) With(in []Node) Node { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *TemporalJoin) With(in []Node) Node { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *LookupJoin) With(in []Node) Node   { c := *n; c.Input = in[0]; return &c }
func (n *WindowJoin) With(in []Node) Node   { c := *n; c.Left, c.Right = in[0], in[1]; return &c }

func (n *Join) Kind() string         { return "Join" }
func (n *Apply) Kind() string        { return "Apply" }
func (n *IntervalJoin) Kind() string { return "IntervalJoin" }
func (n *TemporalJoin) Kind() string { return "TemporalJoin" }
func (n *LookupJoin) Kind() string   { return "LookupJoin" }
func (n *WindowJoin) Kind() string   { return "WindowJoin" }

func (n *Join) Details() []Detail {
	d := matchDetails(&n.Match, n.Left, n.Right)
	if n.BuildLeft {
		d = append(d, Detail{"build", "left"})
	}
	var until []string
	for side, in := range [2]Node{n.Left, n.Right} {
		if b := n.Until[side]; b != nil {
			until = append(until, fmt.Sprintf("%s side: %s + %s", [2]string{"left", "right"}[side], in.Schema()[b.Column].Name, time.Duration(b.Delay)*time.Millisecond))
		}
	}
	if until != nil {
		d = append(d, Detail{"until", strings.Join(until, ", ")})
	}
	return d
}

func (n *Apply) Details() []Detail {
	d := []Detail{{"result", [...]string{ApplyRows: "rows", ApplyScalar: "scalar", ApplyExists: "exists", ApplyIn: "in"}[n.Result]}, {"id", strconv.Itoa(n.ID)}}
	if n.Result == ApplyRows {
		d = append(d, Detail{"joinType", n.Type.String()})
	}
	if n.Cond != nil {
		d = append(d, Detail{"where", bare(n.Cond.String())})
	}
	return d
}

func (n *IntervalJoin) Details() []Detail {
	d := matchDetails(&n.Match, n.Left, n.Right)
	times := "proctime"
	if n.LeftTime >= 0 {
		times = n.Left.Schema()[n.LeftTime].Name + ", " + n.Right.Schema()[n.RightTime].Name
	}
	return append(d, Detail{"time", times}, Detail{"bounds", strconv.FormatInt(n.Lower, 10) + " ms … " + strconv.FormatInt(n.Upper, 10) + " ms"})
}

func (n *TemporalJoin) Details() []Detail {
	d := matchDetails(&n.Match, n.Left, n.Right)
	if n.LeftTime >= 0 {
		return append(d, Detail{"asOf", n.Left.Schema()[n.LeftTime].Name})
	}
	return append(d, Detail{"asOf", "proctime"})
}

func (n *LookupJoin) Details() []Detail {
	var keys []string
	for _, k := range n.Keys {
		keys = append(keys, n.Table.Columns[k.Column].Name+" = "+bare(k.Value.String()))
	}
	d := []Detail{{"table", n.Table.Name}, {"joinType", n.Type.String()}, {"lookup", strings.Join(keys, ", ")}}
	if n.Filter != nil {
		d = append(d, Detail{"filter", bare(n.Filter.String())})
	}
	if n.Cond != nil {
		d = append(d, Detail{"where", bare(n.Cond.String())})
	}
	return append(d, Detail{"select", names(n.Fields)})
}

func (n *WindowJoin) Details() []Detail {
	return append(matchDetails(&n.Match, n.Left, n.Right),
		Detail{"window", n.Left.Schema()[n.LeftEnd].Name + " = " + n.Right.Schema()[n.RightEnd].Name})
}

// matchDetails prints which rows of two inputs belong together.
func matchDetails(m *graph.Match, left, right Node) []Detail {
	d := []Detail{{"joinType", m.Type.String()}}
	var on []string
	for i := range m.LeftKeys {
		op := " = "
		if m.NullSafe != nil && m.NullSafe[i] {
			op = " IS NOT DISTINCT FROM "
		}
		on = append(on, left.Schema()[m.LeftKeys[i]].Name+op+right.Schema()[m.RightKeys[i]].Name)
	}
	if len(on) > 0 {
		d = append(d, Detail{"on", strings.Join(on, " AND ")})
	}
	if m.Cond != nil {
		d = append(d, Detail{"where", bare(m.Cond.String())})
	}
	return d
}
