package bind

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// Options that any table may have which is read with a watermark.
var (
	emitStrategy = &setting.Option{
		Key: "scan.watermark.emit.strategy", Type: setting.Enum, Values: []string{"on-periodic", "on-event"}, Default: "on-periodic",
		Doc: "When watermarks are emitted: as pipeline.auto-watermark-interval says, or after a number of rows.",
	}
	emitGap     = &setting.Option{Key: "scan.watermark.emit.on-event.gap", Type: setting.Int, Default: "1", Doc: "After how many rows a watermark is emitted, with the strategy on-event."}
	idleTimeout = &setting.Option{
		Key: "scan.watermark.idle-timeout", Type: setting.Duration,
		Doc: "After which time without a row a source does not hold watermarks back; unset means table.exec.source.idle-timeout, 0 never.",
	}
	alignmentGroup = &setting.Option{
		Key: "scan.watermark.alignment.group",
		Doc: "The group of sources of a job whose watermarks are kept together: one that is too far ahead reads nothing until the slowest has caught up.",
	}
	alignmentDrift    = &setting.Option{Key: "scan.watermark.alignment.max-drift", Type: setting.Duration, Doc: "How far a source may run ahead of the slowest source of its group."}
	alignmentInterval = &setting.Option{
		Key: "scan.watermark.alignment.update-interval", Type: setting.Duration, Default: "1 s",
		Doc: "How often the watermarks of a group are compared at least; they are with each watermark.",
	}
	lateTable = &setting.Option{
		Key: "late-records.dead-letter",
		Doc: "The table to which rows of this one are written that an operator drops because they come behind the watermark; its columns may be record (the row as JSON), source_table, dropped_by, event_time, watermark_time and cause.",
	}
	watermarkOptions = []*setting.Option{emitStrategy, emitGap, idleTimeout, alignmentGroup, alignmentDrift, alignmentInterval, lateTable}
)

// TableOptions are the options that a table of any connector may have, besides the connector's own.
func TableOptions() []*setting.Option { return slices.Clone(watermarkOptions) }

// scanOptions are what the options say that the planner and the engine look after, for any connector.
type scanOptions struct {
	every int    // rows between two watermarks; 0: they come by time
	late  string // the name of the table for late rows; "": none
}

// takeScanOptions takes the options for watermarks out of the table's, and puts what they say of its source in the table.
func takeScanOptions(gt *graph.Table) (scanOptions, error) {
	var out scanOptions
	given := map[string]string{}
	for _, o := range watermarkOptions {
		if text, ok := gt.Options[o.Key]; ok {
			given[o.Key] = text
			delete(gt.Options, o.Key)
		}
	}
	v, err := setting.Check(watermarkOptions, given)
	if err != nil {
		return out, err
	}
	if v.Has(idleTimeout) {
		if gt.IdleTimeout = v.Duration(idleTimeout); gt.IdleTimeout == 0 {
			gt.IdleTimeout = -1
		}
	}
	out.late = v.Text(lateTable)
	gap := v.Int(emitGap)
	switch {
	case gap < 1:
		return out, errors.New("option '" + emitGap.Key + "' must be at least 1")
	case v.Enum(emitStrategy) == "on-event":
		out.every = gap
	case v.Has(emitGap):
		return out, errors.New("option '" + emitGap.Key + "' needs '" + emitStrategy.Key + "' = 'on-event'")
	}
	if v.Has(alignmentGroup) != v.Has(alignmentDrift) {
		return out, errors.New("options '" + alignmentGroup.Key + "' and '" + alignmentDrift.Key + "' need each other")
	}
	if v.Has(alignmentGroup) {
		gt.Alignment = graph.Alignment{Group: v.Text(alignmentGroup), MaxDrift: v.Duration(alignmentDrift)}
	}
	return out, nil
}

// watermark makes the column for which the table declares a watermark an attribute of event time.
func (b *binding) watermark(r *rel, t *catalog.Table, n *syntax.TableName, o scanOptions) error {
	if t.Watermark == nil {
		return nil
	}
	s := &scope{relations: []relation{newRelation(n, []string{t.Path.Object}, r, 0)}}
	x := &exprs{binding: &binding{Binder: b.Binder, catalog: t.Path.Catalog, database: t.Path.Database, applies: b.applies}, scope: s, where: "a watermark"}
	e, err := x.bind(t.Watermark.Expr)
	if err != nil {
		return fail(n, "", "the watermark of table '%s' is not valid: %s", t.Path, err.Error())
	}
	out := &plan.Watermark{Input: r.node}
	out.Column, out.Expr, out.Every = t.Find(t.Watermark.Column), e, o.every
	r.node = out
	return nil
}

// lateTable finds the table for late rows of another, whose catalog and database complete its name.
func (b *binding) lateTable(of *catalog.Table, name string, at syntax.Node) (*graph.Table, error) {
	wrong := func(format string, args ...any) error {
		return tableError(at, of, fmt.Errorf("option '"+lateTable.Key+"' = '"+name+"': "+format, args...))
	}
	path, err := catalog.Resolve(strings.Split(name, "."), of.Path.Catalog, of.Path.Database)
	if err != nil {
		return nil, wrong("%w", err)
	}
	t, err := b.Catalogs.Lookup(path)
	if err != nil {
		return nil, wrong("%w", err)
	}
	if t.View != nil {
		return nil, wrong("'%s' is a view", path)
	}
	external, err := b.external(t, t.Options, at)
	if err != nil {
		return nil, err
	}
	gt := external.Table
	gt.Metadata = nil
	if external.spec.NewSink == nil {
		return nil, wrong("the connector '%s' of that table is a source", external.spec.Name)
	}
	for _, c := range gt.Columns {
		if graph.LateField(c) < 0 {
			return nil, wrong("that table has the column '%s %s'; its columns may be %s", c.Name, c.Type.Optional(), typeList(graph.LateFields))
		}
	}
	if _, err := external.spec.NewSink(connector.SinkRequest{Env: b.Env, Table: gt}); err != nil {
		return nil, wrong("%w", err)
	}
	return &gt, nil
}
