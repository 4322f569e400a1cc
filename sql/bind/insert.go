package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// Insert binds INSERT: the query's columns, cast and put in the order of the table's.
func (b *Binder) Insert(n *syntax.Insert) (*plan.Sink, error) {
	w := b.start(nil)
	switch {
	case n.Upsert:
		return nil, fail(n, "write INSERT INTO", "UPSERT INTO is not supported")
	}
	path, err := b.Catalogs.Resolve(names(n.Target.Parts))
	if err != nil {
		return nil, place(&n.Target, err)
	}
	t, err := b.Catalogs.Lookup(path)
	if err != nil {
		return nil, place(&n.Target, err)
	}
	if t.View != nil {
		return nil, fail(&n.Target, "insert into the table it reads", "'%s' is a view and cannot be written to", path)
	}
	return w.insert(t, n, nil)
}

// insert binds an INSERT into a table. q is its query if that is bound already.
func (b *binding) insert(t *catalog.Table, n *syntax.Insert, q *rel) (*plan.Sink, error) {
	options, err := b.hintOptions(t, n.Hints)
	if err != nil {
		return nil, err
	}
	columns, err := targets(t, n)
	if err != nil {
		return nil, err
	}
	if q == nil {
		if q, err = b.insertSource(n.Source); err != nil {
			return nil, err
		}
	}
	if len(q.fields()) != len(columns.given) {
		return nil, countError(t, n, q, columns)
	}
	external, err := b.external(t, options, &n.Target)
	if err != nil {
		return nil, err
	}
	gt, spec := external.Table, external.spec
	if spec.NewSink == nil {
		return nil, fail(&n.Target, "it can only be read", "table '%s' cannot be written to: the connector '%s' is a source", t.Path, spec.Name)
	}
	if t.Distribution != nil {
		return nil, fail(&n.Target, "ALTER TABLE … DROP DISTRIBUTION, or PARTITIONED BY the column", "table '%s' is distributed into buckets, which the connector '%s' cannot write", t.Path, spec.Name)
	}
	if len(gt.Metadata) > 0 {
		for _, m := range gt.Metadata {
			if c := t.Columns[t.Find(m.Field.Name)]; !c.Virtual {
				return nil, fail(&n.Target, "declare it VIRTUAL, then INSERT leaves it out",
					"table '%s' cannot be written to: its column '%s' is the metadata '%s', which the connector '%s' only reads", t.Path, c.Name, m.Key, spec.Name)
			}
		}
		gt.Metadata = nil
	}
	node, err := b.sinkColumns(t, n, q, columns)
	if err != nil {
		return nil, err
	}
	made, err := spec.NewSink(connector.SinkRequest{Env: b.Env, Table: gt, Overwrite: n.Overwrite, Partition: columns.static})
	if err != nil {
		return nil, tableError(&n.Target, t, err)
	}
	sink := &plan.Sink{Input: b.enforceNotNull(node, gt.Name), Table: gt, Overwrite: n.Overwrite, Partition: columns.static, Upserts: spec.Updates, At: n.Target.Span,
		Parallelism: connector.SinkParallelism(gt)}
	sink.Conflict = [...]string{
		syntax.ConflictUnset: "", syntax.ConflictNothing: "NOTHING", syntax.ConflictError: "ERROR", syntax.ConflictDeduplicate: "DEDUPLICATE",
	}[n.Conflict]
	if e, ok := made.(connector.EventTimeSink); ok {
		sink.EventTime = e.WaitsForWatermarks()
	}
	if c, ok := made.(connector.ChangelogSink); ok {
		takes := c.Takes()
		sink.Upserts, sink.OnlyAfter = takes != graph.InsertOnly, takes.Updates() && takes&graph.UpdateBefore == 0
	}
	return sink, nil
}

// insertTargets is which of a table's columns an INSERT gives values to.
type insertTargets struct {
	given  []int             // columns of the table, by column of the query
	fixed  map[int]expr.Expr // the values of PARTITION (p = v)
	static map[string]string // the same, for the connector
}

// targets resolves the column list and the PARTITION clause.
func targets(t *catalog.Table, n *syntax.Insert) (*insertTargets, error) {
	out := &insertTargets{fixed: map[int]expr.Expr{}}
	for i := range n.Partition {
		p := &n.Partition[i]
		if !slices.Contains(t.PartitionBy, p.Column.Name) {
			return nil, fail(&p.Column, suggest.Hint(p.Column.Name, t.PartitionBy, "it is partitioned by"), "'%s' is not a partition column of table '%s'", p.Column.Name, t.Path)
		}
		col := t.Find(p.Column.Name)
		if _, twice := out.fixed[col]; twice {
			return nil, syntax.Errorf(&p.Column, "the partition column '%s' is given twice", p.Column.Name)
		}
		if p.Value == nil {
			continue
		}
		lit, ok := p.Value.(*syntax.Literal)
		if !ok || lit.Kind == syntax.NullLiteral {
			return nil, syntax.Errorf(p.Value, "a partition's value must be a literal that is not NULL")
		}
		e, err := literal(lit)
		if err != nil {
			return nil, err
		}
		if !expr.CanCast(e.Type(), t.Columns[col].Type, false) {
			return nil, syntax.Errorf(p.Value, "the partition column '%s' is %s, not %s", p.Column.Name, t.Columns[col].Type.Optional(), e.Type().Optional())
		}
		if out.static == nil {
			out.static = map[string]string{}
		}
		out.fixed[col], out.static[p.Column.Name] = expr.CastTo(e, t.Columns[col].Type), lit.Text
	}
	if len(n.Columns) == 0 {
		for i := range t.Columns {
			if _, fixed := out.fixed[i]; t.Columns[i].Persisted() && !fixed {
				out.given = append(out.given, i)
			}
		}
		return out, nil
	}
	for i := range n.Columns {
		name := &n.Columns[i]
		if len(name.Parts) > 1 {
			return nil, unsupported(name, "writing a part of a column is")
		}
		col := t.Find(name.Parts[0].Name)
		switch {
		case col < 0:
			return nil, fail(name, suggest.Hint(name.Parts[0].Name, t.Names(), "its columns are"), "table '%s' has no column '%s'", t.Path, name.Parts[0].Name)
		case !t.Columns[col].Persisted():
			return nil, syntax.Errorf(name, "the column '%s' is computed and cannot be written", name.Parts[0].Name)
		case slices.Contains(out.given, col):
			return nil, syntax.Errorf(name, "the column '%s' is given twice", name.Parts[0].Name)
		}
		if _, fixed := out.fixed[col]; fixed {
			return nil, syntax.Errorf(name, "the column '%s' has its value from PARTITION", name.Parts[0].Name)
		}
		out.given = append(out.given, col)
	}
	return out, nil
}

// insertSource binds the query of an INSERT. Its own VALUES may hold NULLs without a type: they get the type of their column.
func (b *binding) insertSource(q *syntax.Query) (*rel, error) {
	if v, ok := q.Body.(*syntax.Values); ok && len(q.With) == 0 && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil {
		return b.values(v, nil)
	}
	r, err := b.query(q, nil)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func countError(t *catalog.Table, n *syntax.Insert, q *rel, columns *insertTargets) error {
	var want []string
	for _, c := range columns.given {
		want = append(want, t.Columns[c].Name+" "+t.Columns[c].Type.Optional().String())
	}
	var at syntax.Node = n.Source
	if len(n.Columns) > 0 {
		at = &syntax.Span{From: n.Columns[0].From, To: n.Columns[len(n.Columns)-1].To}
	}
	return fail(at, "needed are "+strings.Join(want, ", "), "the query has %s, but %s to be written to table '%s'",
		plural(len(q.fields()), "column"), pluralIs(len(columns.given), "column"), t.Path)
}

// sinkColumns projects the query to all stored columns of the table, in order and of their types.
func (b *binding) sinkColumns(t *catalog.Table, n *syntax.Insert, q *rel, columns *insertTargets) (*plan.Project, error) {
	fit, nested := b.Env.Settings.Enum(setting.TypeLengthEnforcer) == "TRIM_PAD", b.Env.Settings.Enum(setting.NestedConstraintEnforcer)
	p := &plan.Project{Input: q.node}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Kind != catalog.Physical {
			continue
		}
		e, fixed := columns.fixed[i]
		if !fixed {
			from := slices.Index(columns.given, i)
			if from < 0 {
				if c.Type.NotNull {
					return nil, fail(&n.Target, "add it to the column list", "the column '%s' is NOT NULL and gets no value", c.Name)
				}
				e = expr.NullOf(c.Type)
			} else {
				var err error
				if e, err = sinkColumn(t, c, n, q, from); err != nil {
					return nil, err
				}
			}
		}
		if fit {
			if limitedInCollection(c.Type, nested) {
				return nil, fail(&n.Target, "set '"+setting.NestedConstraintEnforcer.Key+"' = 'ROWS', or '"+setting.TypeLengthEnforcer.Key+"' = 'ERROR'",
					"values in collections cannot be trimmed or padded, as column '%s' of table '%s' asks for", c.Name, t.Path)
			}
			e = fitted(e, c.Type, nested)
		}
		p.Exprs = append(p.Exprs, e)
		p.Fields = append(p.Fields, column.Field{Name: c.Name, Type: c.Type})
	}
	return p, nil
}

// sinkColumn casts a query's column to a table's, if that needs not to be asked for.
func sinkColumn(t *catalog.Table, c *catalog.Column, n *syntax.Insert, q *rel, from int) (expr.Expr, error) {
	e := expr.Expr(plan.ColumnOf(q.node, from))
	have := e.Type()
	if have.Kind == column.Null { // VALUES (NULL)
		return expr.NullOf(c.Type), nil
	}
	if !expr.CanCast(have, c.Type, true) {
		at := syntax.Node(n.Source)
		if q.at != nil && q.at[from] != nil {
			at = q.at[from]
		}
		advice := ""
		if expr.CanCast(have, c.Type, false) {
			advice = "write CAST(… AS " + c.Type.Optional().String() + ")"
		}
		return nil, fail(at, advice, "column %d of the query is %s, but column '%s' of table '%s' is %s", from+1, have.Optional(), c.Name, t.Path, c.Type.Optional())
	}
	return expr.CastTo(e, c.Type), nil
}

// typeList writes columns with their types, for messages.
func typeList(fields []column.Field) string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = fmt.Sprintf("%s %s", f.Name, f.Type.Optional())
	}
	return strings.Join(list, ", ")
}
