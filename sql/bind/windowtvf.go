package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// windowParameters are the parameters of the windowing table functions, in their order; the last of all but SESSION may be left out.
var windowParameters = map[string][]string{
	"TUMBLE": {"DATA", "TIMECOL", "SIZE", "OFFSET"}, "HOP": {"DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"},
	"CUMULATE": {"DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"}, "SESSION": {"DATA", "TIMECOL", "GAP"},
}

// windowFunction binds a windowing table function: the rows of a table, each with the windows that its time falls into.
func (b *binding) windowFunction(n *syntax.TableFunc, e *env) (*named, error) {
	name := functionLabel(n.Call)
	args, err := windowArguments(n.Call, name)
	if err != nil {
		return nil, err
	}
	if q, ok := args["DATA"].(*syntax.Subquery); ok { // as Flink writes TABLE t out in views
		args["DATA"] = &syntax.TableArg{Span: q.Span, Query: q.Query}
	}
	data, ok := args["DATA"].(*syntax.TableArg)
	if !ok {
		return nil, fail(args["DATA"], "write TABLE and a name, or a query in parentheses", "%s takes a table as its first argument", name)
	}
	in, path, err := b.tableArgument(data, e)
	if err != nil {
		return nil, err
	}
	out := &plan.AssignWindows{Input: in.node, At: n.Call.Span}
	out.Type = windowingFunctions[name]
	s := &scope{relations: []relation{newRelation(data, path, in, 0)}}
	if err := b.windowTime(out, args["TIMECOL"], s, in, name); err != nil {
		return nil, err
	}
	if err := b.windowSizes(out, args, s, name); err != nil {
		return nil, err
	}
	if err := b.windowPartition(out, data, s, name); err != nil {
		return nil, err
	}
	if len(data.OrderBy) > 0 {
		return nil, syntax.Errorf(&data.OrderBy[0], "%s takes no ORDER BY: windows follow the time column", name)
	}
	fields := append(slices.Clone(in.fields()), plan.WindowFields(in.fields()[out.Time].Type)...)
	for i, unique := range uniquify(fieldNames(fields)) {
		fields[i].Name = unique
	}
	out.Fields = fields
	return &named{rel: newRel(out)}, nil
}

// windowArguments gives the arguments of a windowing table function their names.
func windowArguments(n *syntax.FuncCall, name string) (map[string]syntax.Expr, error) {
	params := windowParameters[name]
	usage := name + "(TABLE t, DESCRIPTOR(time), " + map[string]string{
		"TUMBLE": "size[, offset]", "HOP": "slide, size[, offset]", "CUMULATE": "step, size[, offset]", "SESSION": "gap",
	}[name] + ")"
	args := map[string]syntax.Expr{}
	for i, a := range n.Args {
		key := ""
		if named, ok := a.(*syntax.NamedArg); ok {
			key, a = upper(named.Name.Name), named.Value
			if !slices.Contains(params, key) {
				return nil, fail(&named.Name, suggest.Hint(key, params, "they are"), "%s has no parameter %s", name, named.Name.Name)
			}
		} else if i < len(params) {
			key = params[i]
		} else {
			return nil, fail(a, "write "+usage, "%s takes no more than %d arguments", name, len(params))
		}
		if args[key] != nil {
			return nil, syntax.Errorf(a, "the argument %s of %s is given twice", key, name)
		}
		args[key] = a
	}
	for _, p := range params {
		if args[p] == nil && p != "OFFSET" {
			return nil, fail(n, "write "+usage, "%s needs the argument %s", name, p)
		}
	}
	return args, nil
}

// windowTime resolves the time column.
func (b *binding) windowTime(out *plan.AssignWindows, arg syntax.Expr, s *scope, in *rel, name string) error {
	d, ok := arg.(*syntax.Descriptor)
	if !ok {
		return fail(arg, "write DESCRIPTOR(column)", "%s takes the time column as DESCRIPTOR(column)", name)
	}
	if len(d.Columns) != 1 {
		return syntax.Errorf(d, "%s takes one time column, not %d", name, len(d.Columns))
	}
	hit, err := s.lookup(d.Columns[0].Parts, &d.Columns[0])
	if err != nil {
		return err
	}
	t := hit.column.typ
	for i := range hit.fields {
		return syntax.Errorf(&hit.fields[i], "the time of a window must be a column of its own")
	}
	if t.Kind != column.Timestamp && t.Kind != column.TimestampLTZ {
		return fail(d, "declare WATERMARK FOR a column of type TIMESTAMP(3) or TIMESTAMP_LTZ(3)", "the window function %s needs a TIMESTAMP or TIMESTAMP_LTZ column, and '%s' is %s",
			name, hit.column.name, t.Optional())
	}
	out.Time, out.Zoned = hit.column.index, t.Kind == column.TimestampLTZ
	out.Processing = plan.Times(in.node)[out.Time] == catalog.Proctime
	return nil
}

// windowSizes resolves the lengths of time.
func (b *binding) windowSizes(out *plan.AssignWindows, args map[string]syntax.Expr, s *scope, name string) error {
	read := func(key string, to *int64, positive bool) error {
		arg := args[key]
		if arg == nil {
			return nil
		}
		x := &exprs{binding: b, scope: &scope{}, where: "a window function"}
		ms, err := x.milliseconds(arg, "the "+strings.ToLower(key)+" of "+name)
		if err != nil {
			return err
		}
		if positive && ms <= 0 {
			return syntax.Errorf(arg, "the %s of %s must be longer than nothing", strings.ToLower(key), name)
		}
		*to = ms
		return nil
	}
	for _, p := range []struct {
		key string
		to  *int64
	}{{"SIZE", &out.Size}, {"GAP", &out.Size}, {"SLIDE", &out.Slide}, {"STEP", &out.Slide}} {
		if err := read(p.key, p.to, true); err != nil {
			return err
		}
	}
	if err := read("OFFSET", &out.Offset, false); err != nil {
		return err
	}
	if out.Type == graph.Cumulate && out.Size%out.Slide != 0 {
		return syntax.Errorf(args["SIZE"], "the size of CUMULATE must be a multiple of its step")
	}
	return nil
}

// milliseconds binds a constant interval of days and less.
func (x *exprs) milliseconds(n syntax.Expr, what string) (int64, error) {
	e, err := x.bind(n)
	if err != nil {
		return 0, err
	}
	folded, err := expr.Fold(e)
	if err != nil {
		return 0, place(n, err)
	}
	lit, ok := folded.(*expr.Literal)
	if !ok || lit.T.Kind != column.IntervalDayTime || lit.Value == nil {
		return 0, fail(n, "write INTERVAL '10' MINUTE, say", "%s must be a constant interval of days, hours, minutes or seconds, and this is %s", what, e.Type().Optional())
	}
	return lit.Value.(int64), nil
}

// windowPartition resolves what sessions are told apart by.
func (b *binding) windowPartition(out *plan.AssignWindows, data *syntax.TableArg, s *scope, name string) error {
	if len(data.PartitionBy) > 0 && out.Type != graph.Session {
		return fail(data.PartitionBy[0], "group by it", "only SESSION takes PARTITION BY")
	}
	for _, p := range data.PartitionBy {
		ref, ok := p.(*syntax.ColumnRef)
		if !ok {
			return syntax.Errorf(p, "PARTITION BY of %s takes columns", name)
		}
		hit, err := s.lookup(ref.Parts, ref)
		if err != nil {
			return err
		}
		if len(hit.fields) > 0 {
			return syntax.Errorf(p, "PARTITION BY of %s takes columns, not their fields", name)
		}
		out.Partition = append(out.Partition, hit.column.index)
	}
	return nil
}
