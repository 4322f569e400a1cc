package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// temporalJoin binds a join with a table as it was at the time of each row to its left.
func (b *binding) temporalJoin(left plan.Node, sc *scope, n *syntax.Join, r *syntax.TableName, e *env) (plan.Node, *scope, error) {
	kind := joinKinds[n.Kind]
	switch {
	case kind != graph.InnerJoin && kind != graph.LeftJoin:
		return nil, nil, fail(&syntax.Span{From: n.OpPos, To: r.From}, "use JOIN or LEFT JOIN", "a join with FOR SYSTEM_TIME AS OF must be INNER or LEFT")
	case n.Natural || len(n.Using) > 0 || n.On == nil:
		return nil, nil, fail(n, "write ON and the key of the table", "a join with FOR SYSTEM_TIME AS OF needs a condition")
	}
	now := *r
	now.SystemTime = nil
	right, rsc, err := b.from(&now, e)
	if err != nil {
		return nil, nil, err
	}
	width := len(left.Schema())
	joined, err := sc.beside(rsc, width)
	if err != nil {
		return nil, nil, err
	}
	at, err := b.systemTime(left, sc, r, e)
	if err != nil {
		return nil, nil, err
	}
	fields := plan.JoinFields(left.Schema(), right.Schema(), kind)
	joined.nullable(fields)
	x := &exprs{binding: b, scope: joined, env: e, where: "ON"}
	cond, err := x.condition(n.On, "ON")
	if err != nil {
		return nil, nil, err
	}
	cond = bothSides(cond, left, right)
	if plan.Times(left)[at] == catalog.Proctime {
		lookup, err := b.lookupJoin(left, right, kind, cond, fields, r)
		return lookup, joined, err
	}
	out := &plan.TemporalJoin{Left: left, Right: right, Fields: fields, At: r.Span}
	out.Type, out.Cond, out.LeftTime = kind, cond, at
	times := plan.Times(right)
	if out.RightTime = slices.Index(times, catalog.Rowtime); out.RightTime < 0 {
		return nil, nil, fail(r, "declare WATERMARK FOR a column of it", "a join with the versions of '%s' at an event time needs the table to have an event time too", dotted(r.Name.Parts))
	}
	if l, r2 := left.Schema()[at].Type.Kind, right.Schema()[out.RightTime].Type.Kind; l != r2 {
		return nil, nil, fail(r, "cast one of them in its table's definition", "the times of both sides must be of one kind: %s and %s", left.Schema()[at].Type.Optional(),
			right.Schema()[out.RightTime].Type.Optional())
	}
	return out, joined, nil
}

// systemTime resolves the column of the left rows that says as of when.
func (b *binding) systemTime(left plan.Node, sc *scope, r *syntax.TableName, e *env) (int, error) {
	ref, ok := r.SystemTime.(*syntax.ColumnRef)
	const advice = "write FOR SYSTEM_TIME AS OF and a column of the left table that is an attribute of time"
	if !ok {
		return 0, fail(r.SystemTime, advice, "FOR SYSTEM_TIME AS OF takes an attribute of time of the rows to the left")
	}
	hit, err := sc.lookup(ref.Parts, ref)
	if err != nil {
		return 0, err
	}
	if len(hit.fields) > 0 || plan.Times(left)[hit.column.index] == catalog.NoTime {
		t := hit.column.typ
		if t.Kind != column.Timestamp && t.Kind != column.TimestampLTZ {
			return 0, fail(ref, advice, "'%s' is %s, not a time", dotted(ref.Parts), t.Optional())
		}
		return 0, fail(ref, advice, "'%s' is no attribute of time", dotted(ref.Parts))
	}
	x := &exprs{binding: b, scope: sc, env: e, where: "FOR SYSTEM_TIME"}
	if _, err := x.bind(ref); err != nil { // notes the column for the text of a view
		return 0, err
	}
	return hit.column.index, nil
}
