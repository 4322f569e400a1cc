package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// groupWindow is a window in GROUP BY: TUMBLE(time, size), HOP(time, slide, size) or SESSION(time, gap).
type groupWindow struct {
	graph.Window
	time       expr.Expr
	properties []graph.WindowProperty // that are asked for, by TUMBLE_START and its kin
	at         syntax.Span
}

// windowBase is the number of the first column that stands for a property of the group's window.
const windowBase = -1 << 16

// windowItem binds an item of GROUP BY if it is a window.
func (g *grouping) windowItem(x *exprs, n syntax.Expr) (bool, error) {
	call, ok := n.(*syntax.FuncCall)
	if !ok || len(call.Name.Parts) != 1 || call.Over != nil {
		return false, nil
	}
	name := functionLabel(call)
	kind, ok := windowingFunctions[name]
	if !ok || kind == graph.Cumulate {
		return false, nil
	}
	if g.window != nil {
		return true, syntax.Errorf(n, "GROUP BY takes one window")
	}
	w, err := x.groupWindow(call, name, kind)
	g.window = w
	return true, err
}

// groupWindow binds a window's arguments.
func (x *exprs) groupWindow(n *syntax.FuncCall, name string, kind graph.WindowKind) (*groupWindow, error) {
	usage := map[graph.WindowKind]string{graph.Tumble: "TUMBLE(time, size)", graph.Hop: "HOP(time, slide, size)", graph.Session: "SESSION(time, gap)"}[kind]
	want := 2
	if kind == graph.Hop {
		want = 3
	}
	if len(n.Args) != want && !(len(n.Args) == want+1 && kind != graph.Session) {
		return nil, fail(n, "write "+usage, "%s in GROUP BY takes %d arguments, not %d", name, want, len(n.Args))
	}
	w := &groupWindow{at: n.Span}
	w.Type = kind
	var err error
	if w.time, err = x.bind(n.Args[0]); err != nil {
		return nil, err
	}
	t := w.time.Type()
	if t.Kind != column.Timestamp && t.Kind != column.TimestampLTZ {
		return nil, fail(n.Args[0], "group by a column that is an attribute of time", "a window in GROUP BY needs a TIMESTAMP or TIMESTAMP_LTZ, and this is %s", t.Optional())
	}
	w.Zoned = t.Kind == column.TimestampLTZ
	sizes := []*int64{&w.Size, &w.Offset}
	if kind == graph.Hop {
		sizes = []*int64{&w.Slide, &w.Size, &w.Offset}
	}
	for i, a := range n.Args[1:] {
		if *sizes[i], err = x.milliseconds(a, "the length of a window"); err != nil {
			return nil, err
		}
		if *sizes[i] <= 0 && sizes[i] != &w.Offset {
			return nil, syntax.Errorf(a, "a window must be longer than nothing")
		}
	}
	return w, nil
}

// windowProperties are what can be asked of the window of a group.
var windowProperties = map[string]graph.WindowProperty{
	"START": graph.WindowStart, "END": graph.WindowEnd, "ROWTIME": graph.WindowRowtime, "PROCTIME": graph.WindowProctime,
}

// isWindowProperty takes the name of a function apart that asks for a property of a group's window: TUMBLE_START.
func isWindowProperty(name string) (window string, p graph.WindowProperty, ok bool) {
	window, what, found := strings.Cut(name, "_")
	p, known := windowProperties[what]
	kind, windowed := windowingFunctions[window]
	return window, p, found && known && windowed && kind != graph.Cumulate
}

// windowProperty binds a call of TUMBLE_START and its kin. Its arguments are those of the window in GROUP BY.
func (x *exprs) windowProperty(n *syntax.FuncCall, name, window string, p graph.WindowProperty) (expr.Expr, error) {
	g := x.grouping
	if g == nil || g.window == nil {
		return nil, fail(n, "add GROUP BY "+window+"(…)", "%s asks for the window of a group, and there is none in GROUP BY", name)
	}
	w, err := x.groupWindow(n, name, windowingFunctions[window])
	if err != nil {
		return nil, err
	}
	if w.Window != g.window.Window || !equal(w.time, g.window.time) {
		return nil, fail(n, "repeat the arguments of the window in GROUP BY", "%s asks for another window than that in GROUP BY", name)
	}
	at := slices.Index(g.window.properties, p)
	if at < 0 {
		at = len(g.window.properties)
		g.window.properties = append(g.window.properties, p)
	}
	return &expr.Column{Index: windowBase - at, Name: name, T: g.window.property(p)}, nil
}

// property is the type of a property.
func (w *groupWindow) property(p graph.WindowProperty) column.Type {
	switch p {
	case graph.WindowRowtime:
		return column.Sized(w.time.Type().Kind, 3).Required()
	case graph.WindowProctime:
		return column.Sized(column.TimestampLTZ, 3).Required()
	}
	return column.Sized(column.Timestamp, 3).Required()
}

// plan makes the operator of a grouping by keys and a window. below has the keys in the grouping's places, and out the calls.
func (w *groupWindow) plan(below *plan.Project, out *plan.Aggregate) plan.Node {
	n := &plan.WindowAggregate{Input: below, At: w.at, Fields: out.Fields}
	n.Window, n.Keys, n.Calls, n.Properties = w.Window, out.Keys, out.Calls, w.properties
	n.Start, n.End = -1, -1
	n.Time = slices.IndexFunc(below.Exprs, func(e expr.Expr) bool { return equal(e, w.time) })
	if n.Time < 0 {
		n.Time = len(below.Exprs)
		below.Exprs = append(below.Exprs, w.time)
		below.Fields = append(below.Fields, column.Field{Name: keyName(w.time), Type: w.time.Type()})
	}
	n.Processing = plan.Times(below)[n.Time] == catalog.Proctime
	for _, p := range w.properties {
		name := "w$" + [...]string{graph.WindowStart: "start", graph.WindowEnd: "end", graph.WindowRowtime: "rowtime", graph.WindowProctime: "proctime"}[p]
		n.Fields = append(n.Fields, column.Field{Name: name, Type: w.property(p)})
	}
	return n
}
