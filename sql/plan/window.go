package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// Watermark makes a column an attribute of event time: it says how far time has come after each row.
type Watermark struct {
	Input Node
	graph.Watermark
}

// AssignWindows is a windowing table function: TUMBLE(TABLE t, …).
type AssignWindows struct {
	Input Node
	graph.AssignWindows
	Fields []column.Field // the input's, then window_start, window_end and window_time
	At     syntax.Span
}

// WindowFields are the columns that a windowing table function adds; t is the type of the time column.
func WindowFields(t column.Type) []column.Field {
	stamp := column.Sized(column.Timestamp, 3).Required()
	at := column.Sized(t.Kind, 3).Required()
	return []column.Field{{Name: "window_start", Type: stamp}, {Name: "window_end", Type: stamp}, {Name: "window_time", Type: at}}
}

// WindowAggregate groups by keys and windows: of GROUP BY TUMBLE(…), or, made by a rule, of a grouping by the window columns of an AssignWindows.
type WindowAggregate struct {
	Input Node
	graph.WindowAggregate
	Fields []column.Field // keys, calls, properties
	At     syntax.Span
}

// Over adds the results of calls with OVER to each row.
type Over struct {
	Input Node
	graph.Over
	Fields []column.Field
	At     syntax.Span // of the first call
	// Several says that the calls of the SELECT see rows of different windows.
	Several bool
}

func (n *Watermark) Schema() []column.Field       { return n.Input.Schema() }
func (n *AssignWindows) Schema() []column.Field   { return n.Fields }
func (n *WindowAggregate) Schema() []column.Field { return n.Fields }
func (n *Over) Schema() []column.Field            { return n.Fields }

func (n *Watermark) Inputs() []Node       { return []Node{n.Input} }
func (n *AssignWindows) Inputs() []Node   { return []Node{n.Input} }
func (n *WindowAggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Over) Inputs() []Node            { return []Node{n.Input} }

func (n *Watermark) With(in []Node) Node       { c := *n; c.Input = in[0]; return &c }
func (n *AssignWindows) With(in []Node) Node   { c := *n; c.Input = in[0]; return &c }
func (n *WindowAggregate) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *Over) With(in []Node) Node            { c := *n; c.Input = in[0]; return &c }

func (n *Watermark) Kind() string     { return "WatermarkAssigner" }
func (n *AssignWindows) Kind() string { return "WindowTableFunction" }
func (n *WindowAggregate) Kind() string {
	return [...]string{graph.Whole: "WindowAggregate", graph.Partial: "LocalWindowAggregate", graph.Final: "GlobalWindowAggregate"}[n.Phase]
}
func (n *Over) Kind() string { return "OverAggregate" }

func (n *Watermark) Details() []Detail {
	d := []Detail{{"rowtime", n.Schema()[n.Column].Name}, {"watermark", bare(n.Expr.String())}}
	if n.Every > 0 {
		d = append(d, Detail{"every", fmt.Sprintf("%d rows", n.Every)})
	}
	return d
}

func (n *AssignWindows) Details() []Detail {
	d := []Detail{{"window", windowText(&n.Window, n.Input.Schema(), nil)}}
	if len(n.Partition) > 0 {
		d = append(d, Detail{"partition keys", columnList(n.Partition, n.Input.Schema())})
	}
	return d
}

func (n *WindowAggregate) Details() []Detail {
	var d []Detail
	if len(n.Keys) > 0 {
		d = append(d, Detail{"groupBy", names(n.Fields[:min(len(n.Keys), len(n.Fields))])})
	}
	var attached []int
	if n.Attached {
		attached = []int{n.Start, n.End}
	}
	d = append(d, Detail{"window", windowText(&n.Window, n.Input.Schema(), attached)})
	var list []string
	for i, f := range n.Fields {
		call := i - len(n.Keys)
		switch {
		case call < 0 || n.Phase == graph.Partial:
			list = append(list, f.Name)
		case call < len(n.Calls):
			list = append(list, as(n.Calls[call].Name, f.Name))
		default:
			list = append(list, as([...]string{graph.WindowStart: "start('w$)", graph.WindowEnd: "end('w$)", graph.WindowRowtime: "rowtime('w$)",
				graph.WindowProctime: "proctime('w$)"}[n.Properties[call-len(n.Calls)]], f.Name))
		}
	}
	return append(d, Detail{"select", strings.Join(list, ", ")})
}

func (n *Over) Details() []Detail {
	var d []Detail
	in := n.Input.Schema()
	if len(n.Partition) > 0 {
		d = append(d, Detail{"partitionBy", columnList(n.Partition, in)})
	}
	if len(n.Order) > 0 {
		d = append(d, Detail{"orderBy", order(n.Order, in)})
	}
	list := []string{names(in)}
	for i, c := range n.Calls {
		text := c.Name
		if c.Aggregate != nil {
			text += " " + frameText(&c.Frame)
		}
		list = append(list, as(text, n.Fields[len(in)+i].Name))
	}
	return append(d, Detail{"select", strings.Join(list, ", ")})
}

// columnList names columns.
func columnList(list []int, fields []column.Field) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = fields[c].Name
	}
	return strings.Join(out, ", ")
}

func windowText(w *graph.Window, in []column.Field, attached []int) string {
	unit := func(n int64) string { return (time.Duration(n) * time.Millisecond).String() }
	args := []string{}
	if attached != nil {
		if attached[0] >= 0 {
			args = append(args, "win_start=["+in[attached[0]].Name+"]")
		}
		args = append(args, "win_end=["+in[attached[1]].Name+"]")
	} else if w.Processing {
		args = append(args, "proctime")
	} else {
		args = append(args, "time_col=["+in[w.Time].Name+"]")
	}
	switch w.Type {
	case graph.Tumble:
		args = append(args, "size=["+unit(w.Size)+"]")
	case graph.Hop:
		args = append(args, "size=["+unit(w.Size)+"]", "slide=["+unit(w.Slide)+"]")
	case graph.Cumulate:
		args = append(args, "max_size=["+unit(w.Size)+"]", "step=["+unit(w.Slide)+"]")
	case graph.Session:
		args = append(args, "gap=["+unit(w.Size)+"]")
	}
	if w.Offset != 0 {
		args = append(args, "offset=["+unit(w.Offset)+"]")
	}
	return w.Type.String() + "(" + strings.Join(args, ", ") + ")"
}

func frameText(f *graph.Frame) string {
	bound := func(b graph.Bound) string {
		text := [...]string{graph.UnboundedPreceding: "UNBOUNDED PRECEDING", graph.Preceding: "PRECEDING", graph.CurrentRow: "CURRENT ROW",
			graph.Following: "FOLLOWING", graph.UnboundedFollowing: "UNBOUNDED FOLLOWING"}[b.Kind]
		if b.Offset != nil {
			return expr.Expr(b.Offset).String() + " " + text
		}
		return text
	}
	how := "RANGE"
	if f.Rows {
		how = "ROWS"
	}
	return how + " BETWEEN " + bound(f.From) + " AND " + bound(f.To)
}
