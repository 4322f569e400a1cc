package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// overCall is a call with OVER. Its expressions are over the rows of FROM, or of the grouping once [late.windows] has put them in terms of it.
type overCall struct {
	partition []expr.Expr
	order     []expr.Expr
	sort      []graph.SortKey // of order; columns are not set
	args      []expr.Expr
	aggregate *expr.AggregateFunction
	distinct  bool
	function  *expr.WindowFunction
	frame     graph.Frame
	name      string
	t         column.Type
	at        syntax.Span
	late      *expr.Column
}

// windowSpec is a window with its base resolved.
type windowSpec struct {
	partition []syntax.Expr
	order     []syntax.OrderItem
	frame     *syntax.Frame
}

// window resolves a window specification: the named window that it begins with, and what it adds.
func (x *exprs) window(n *syntax.WindowSpec, depth int) (*windowSpec, error) {
	out := &windowSpec{}
	if n.Base != nil {
		i := slices.IndexFunc(x.windows, func(w syntax.NamedWindow) bool { return w.Name.Name == n.Base.Name })
		if i < 0 {
			known := make([]string, len(x.windows))
			for i, w := range x.windows {
				known[i] = w.Name.Name
			}
			return nil, fail(n.Base, hint(n.Base.Name, known, "windows are"), "there is no window '%s'", n.Base.Name)
		}
		if depth > len(x.windows) {
			return nil, syntax.Errorf(n.Base, "the window '%s' stands for itself", n.Base.Name)
		}
		base, err := x.window(&x.windows[i].Spec, depth+1)
		if err != nil || n.Bare {
			return base, err
		}
		switch {
		case base.frame != nil:
			return nil, syntax.Errorf(n.Base, "the window '%s' has a frame and cannot be refined", n.Base.Name)
		case len(n.PartitionBy) > 0:
			return nil, syntax.Errorf(n.PartitionBy[0], "a window that begins with '%s' cannot change its PARTITION BY", n.Base.Name)
		case len(n.OrderBy) > 0 && len(base.order) > 0:
			return nil, syntax.Errorf(&n.OrderBy[0], "the window '%s' is ordered already", n.Base.Name)
		}
		*out = *base
	}
	if len(n.PartitionBy) > 0 {
		out.partition = n.PartitionBy
	}
	if len(n.OrderBy) > 0 {
		out.order = n.OrderBy
	}
	out.frame = n.Frame
	return out, nil
}

// over binds a call with OVER.
func (x *exprs) over(n *syntax.FuncCall, name string) (expr.Expr, error) {
	switch {
	case x.late == nil || !x.late.allowsWindows:
		return nil, fail(n, "compute it in a query in FROM", "OVER cannot stand in %s", x.where)
	case x.late.inWindow:
		return nil, fail(n, "compute the inner one in a query in FROM", "calls with OVER cannot stand inside each other")
	}
	if n.Filter != nil {
		return nil, fail(n.Filter, "write "+name+"(CASE WHEN condition THEN … END)", "FILTER cannot stand with OVER")
	}
	spec, err := x.window(n.Over, 0)
	if err != nil {
		return nil, err
	}
	x.late.inWindow = true
	defer func() { x.late.inWindow = false }()
	c := &overCall{at: n.Span, distinct: n.Quantifier == syntax.DistinctQuantifier}
	if c.partition, err = x.bindAll(spec.partition); err != nil {
		return nil, err
	}
	for i := range spec.order {
		e, err := x.bind(spec.order[i].X)
		if err != nil {
			return nil, err
		}
		if err := orderable(spec.order[i].X, e.Type()); err != nil {
			return nil, err
		}
		c.order, c.sort = append(c.order, e), append(c.sort, sortKey(&spec.order[i], 0))
	}
	if f, ok := expr.LookupWindow(name); ok {
		err = x.windowCall(c, n, f, spec)
	} else if f, ok := expr.LookupAggregate(jsonAggregate(n, name)); ok && (!f.Internal || jsonAggregate(n, name) != name) {
		err = x.overAggregate(c, n, f, spec)
	} else if _, ok := expr.Lookup(name); ok {
		return nil, syntax.Errorf(n, "%s is neither an aggregate nor a window function: it takes no OVER", name)
	} else {
		return nil, noFunction(n, name)
	}
	if err != nil {
		return nil, err
	}
	c.dropConstants()
	for _, other := range x.late.windows {
		if sameOver(other, c) {
			return other.late, nil
		}
	}
	c.late = &expr.Column{Index: lateBase*2 - len(x.late.windows), Name: c.name, T: c.t}
	x.late.windows = append(x.late.windows, c)
	return c.late, nil
}

// isConstant reports whether a value is the same for all rows.
func isConstant(e expr.Expr) bool {
	constant := true
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Column, *expr.Outer:
			constant = false
		case *expr.Call:
			constant = constant && !e.Func.Volatile
		}
		return constant
	})
	return constant
}

// dropConstants leaves constants out of the order: they order nothing.
func (c *overCall) dropConstants() {
	order, sort := c.order, c.sort
	c.order, c.sort = nil, nil
	for i, e := range order {
		if !isConstant(e) {
			c.order, c.sort = append(c.order, e), append(c.sort, sort[i])
		}
	}
}

// rankFunctions need an order.
var rankFunctions = []string{"ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST"}

// windowCall types a call of a window function.
func (x *exprs) windowCall(c *overCall, n *syntax.FuncCall, f *expr.WindowFunction, spec *windowSpec) error {
	switch {
	case spec.frame != nil:
		return syntax.Errorf(spec.frame, "%s takes no frame: it looks at the whole partition", f.Name)
	case slices.Contains(rankFunctions, f.Name) && !slices.ContainsFunc(c.order, func(e expr.Expr) bool { return !isConstant(e) }):
		return fail(n.Over, "add ORDER BY with a column to OVER", "%s needs ORDER BY in its window", f.Name)
	case n.Quantifier != syntax.NoQuantifier || len(n.OrderBy) > 0 || len(n.Within) > 0:
		return syntax.Errorf(n, "DISTINCT, ALL and ORDER BY belong to aggregate functions, and %s is none", f.Name)
	case n.Nulls == syntax.IgnoreNulls:
		return fail(n, "leave IGNORE NULLS out", "IGNORE NULLS is not supported in %s", f.Name)
	}
	args, err := x.bindAll(n.Args)
	if err != nil {
		return err
	}
	if c.args, c.t, err = f.Resolve(args); err != nil {
		return place(n, err)
	}
	for i, a := range c.args {
		if !isConstant(a) {
			continue
		}
		if c.args[i], err = expr.Fold(a); err != nil {
			return place(n, err)
		}
	}
	c.function, c.name = f, (&expr.Call{Func: &expr.Function{Name: f.Name}, Args: c.args}).String()
	c.frame.To.Kind = graph.UnboundedFollowing
	return nil
}

// overAggregate types a call of an aggregate function over a frame.
func (x *exprs) overAggregate(c *overCall, n *syntax.FuncCall, f *expr.AggregateFunction, spec *windowSpec) error {
	if len(n.OrderBy) > 0 || len(n.Within) > 0 {
		return syntax.Errorf(n, "%s with OVER takes the order of its window", f.Name)
	}
	f, args, t, err := x.aggregateArgs(n, f)
	if err != nil {
		return err
	}
	c.aggregate, c.args = f, args
	c.name = callName(&aggregateCall{fn: f, args: args, own: len(args), distinct: c.distinct})
	if err := x.frame(c, spec); err != nil {
		return err
	}
	if !c.frame.HasCurrent() && !countsRows(f) {
		t = t.Optional()
	}
	c.t = t
	return nil
}

// frame resolves the frame of a window: without one it reaches from the partition's begin to the current row and those like it, or to its
// end where there is no order.
func (x *exprs) frame(c *overCall, spec *windowSpec) error {
	n := spec.frame
	if n == nil {
		if c.frame.To.Kind = graph.CurrentRow; len(c.order) == 0 {
			c.frame.To.Kind = graph.UnboundedFollowing
		}
		return nil
	}
	c.frame.Rows = n.Unit == syntax.FrameRows
	stop := n.Stop
	if stop == nil {
		stop = &syntax.Bound{Span: n.Span, Kind: syntax.CurrentRow}
	}
	switch {
	case n.Start.Kind == syntax.UnboundedFollowing:
		return syntax.Errorf(&n.Start, "a frame cannot begin with UNBOUNDED FOLLOWING")
	case stop.Kind == syntax.UnboundedPreceding:
		return syntax.Errorf(stop, "a frame cannot end with UNBOUNDED PRECEDING")
	case stop.Kind < n.Start.Kind:
		return syntax.Errorf(n, "the frame ends before it begins")
	case !c.frame.Rows && len(c.order) == 0 && (n.Start.Offset != nil || stop.Offset != nil):
		return fail(n, "add ORDER BY to OVER", "a RANGE frame needs ORDER BY")
	case !c.frame.Rows && len(c.order) > 1 && (n.Start.Offset != nil || stop.Offset != nil):
		return syntax.Errorf(n, "a RANGE frame with an offset needs one ORDER BY column, not %d", len(c.order))
	}
	var err error
	if c.frame.From, err = x.bound(&n.Start, c); err != nil {
		return err
	}
	c.frame.To, err = x.bound(stop, c)
	return err
}

// bound resolves an end of a frame. Its offset is a constant: a number of rows, or what is added to or subtracted from the order column.
func (x *exprs) bound(n *syntax.Bound, c *overCall) (graph.Bound, error) {
	out := graph.Bound{Kind: graph.BoundKind(n.Kind)}
	if n.Offset == nil {
		return out, nil
	}
	e, err := (&exprs{binding: x.binding, scope: &scope{}, where: "a frame"}).bind(n.Offset)
	if err != nil {
		return out, err
	}
	if e, err = expr.Fold(e); err != nil {
		return out, place(n.Offset, err)
	}
	lit, ok := e.(*expr.Literal)
	if !ok || lit.Value == nil {
		return out, fail(n.Offset, "write a number, or an interval", "the offset of a frame must be a constant")
	}
	if c.frame.Rows {
		if !lit.T.IsInteger() {
			return out, syntax.Errorf(n.Offset, "a frame of ROWS counts rows: its offset must be a whole number, and this is %s", lit.T.Optional())
		}
		if lit.Value.(int64) < 0 {
			return out, syntax.Errorf(n.Offset, "the offset of a frame cannot be negative")
		}
		out.Offset = &expr.Literal{Value: lit.Value, T: column.Of(column.BigInt).Required()}
		return out, nil
	}
	t := c.order[0].Type()
	op := "-"
	if out.Kind == graph.Following {
		op = "+"
	}
	if isInterval(lit.T) != (t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ || t.Kind == column.Date || t.Kind == column.Time) {
		return out, fail(n.Offset, "times take an INTERVAL, numbers a number", "an offset of type %s does not go with the order column, which is %s", lit.T.Optional(), t.Optional())
	}
	if _, err := x.apply(n.Offset, op, c.order[0], lit); err != nil {
		return out, err
	}
	if v, ok := lit.Value.(int64); ok && v < 0 {
		return out, syntax.Errorf(n.Offset, "the offset of a frame cannot be negative")
	}
	out.Offset = lit
	return out, nil
}

// sameOver reports whether two calls are the same.
func sameOver(a, b *overCall) bool {
	return a.aggregate == b.aggregate && a.distinct == b.distinct && a.function == b.function && sameFrame(&a.frame, &b.frame) && slices.EqualFunc(a.args, b.args, equal) && sameWindow(a, b)
}

func sameFrame(a, b *graph.Frame) bool {
	bound := func(a, b graph.Bound) bool {
		return a.Kind == b.Kind && (a.Offset == nil) == (b.Offset == nil) && (a.Offset == nil || equal(a.Offset, b.Offset))
	}
	return a.Rows == b.Rows && bound(a.From, b.From) && bound(a.To, b.To)
}

// sameWindow reports whether two calls see the rows in the same partitions and order.
func sameWindow(a, b *overCall) bool {
	return slices.EqualFunc(a.partition, b.partition, equal) && slices.EqualFunc(a.order, b.order, equal) && slices.Equal(a.sort, b.sort)
}

// severalWindows reports whether calls see rows of different windows.
func severalWindows(list []*overCall) bool {
	for _, c := range list[min(1, len(list)):] {
		a, b := c.seen(), list[0].seen()
		if !sameWindow(c, list[0]) || !sameFrame(&a, &b) {
			return true
		}
	}
	return false
}

// seen is the frame of a call: functions of a row's place look back to the begin of the partition.
func (c *overCall) seen() graph.Frame {
	if c.aggregate != nil {
		return c.frame
	}
	return graph.Frame{Rows: c.function.Name == "ROW_NUMBER", To: graph.Bound{Kind: graph.CurrentRow}}
}

// each calls change with every expression of a call.
func (c *overCall) each(change func(expr.Expr) (expr.Expr, error)) error {
	for _, list := range [][]expr.Expr{c.partition, c.order, c.args} {
		for i := range list {
			var err error
			if list[i], err = change(list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// attachWindows computes the calls with OVER above a node: one operator for all calls with the same partitions and order. It returns
// the columns that now stand for them.
func (l *late) attachWindows(n plan.Node) (plan.Node, map[int]*expr.Column) {
	at := map[int]*expr.Column{}
	several := severalWindows(l.windows)
	for len(l.windows) > 0 {
		var group, rest []*overCall
		for _, c := range l.windows {
			if sameWindow(c, l.windows[0]) {
				group = append(group, c)
			} else {
				rest = append(rest, c)
			}
		}
		l.windows = rest
		n = overNode(n, group, several, at)
	}
	return n, at
}

// overNode makes the operator of a group of calls, over a projection that adds what they need to the rows.
func overNode(n plan.Node, group []*overCall, several bool, at map[int]*expr.Column) plan.Node {
	p := &plan.Project{Input: n, Exprs: plan.Columns(n), Fields: slices.Clone(n.Schema())}
	width := len(p.Exprs)
	add := func(e expr.Expr) int {
		for i, other := range p.Exprs {
			if equal(other, e) {
				return i
			}
		}
		p.Exprs = append(p.Exprs, e)
		p.Fields = append(p.Fields, column.Field{Name: keyName(e), Type: e.Type()})
		return len(p.Exprs) - 1
	}
	out := &plan.Over{At: group[0].at, Several: several}
	for _, e := range group[0].partition {
		out.Partition = append(out.Partition, add(e))
	}
	for i, e := range group[0].order {
		k := group[0].sort[i]
		k.Column = add(e)
		out.Order = append(out.Order, k)
	}
	for _, c := range group {
		call := graph.OverCall{Function: c.function, Frame: c.frame, Name: c.name, T: c.t}
		if c.aggregate != nil {
			a := &expr.Aggregate{Func: c.aggregate, Distinct: c.distinct, Filter: -1, Name: c.name, T: c.t}
			for _, arg := range c.args {
				a.Args = append(a.Args, add(arg))
			}
			call.Aggregate = a
		} else {
			for _, arg := range c.args {
				if lit, ok := arg.(*expr.Literal); ok {
					call.Args = append(call.Args, lit)
					continue
				}
				i := add(arg)
				call.Args = append(call.Args, &expr.Column{Index: i, Name: p.Fields[i].Name, T: p.Fields[i].Type})
			}
		}
		out.Calls = append(out.Calls, call)
	}
	out.Input = p
	if len(p.Exprs) == width {
		out.Input = n
	}
	if len(out.Order) == 1 && !out.Order[0].Descending {
		switch plan.Times(out.Input)[out.Order[0].Column] {
		case catalog.Rowtime:
			out.Time = graph.OverEventTime
		case catalog.Proctime:
			out.Time = graph.OverProcessing
		}
	}
	out.Fields = slices.Clone(out.Input.Schema())
	for _, c := range group {
		at[c.late.Index] = &expr.Column{Index: len(out.Fields), Name: c.name, T: c.t}
		out.Fields = append(out.Fields, column.Field{Name: c.name, Type: c.t})
	}
	return out
}
