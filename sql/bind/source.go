package bind

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// scan reads a table: its stored and metadata columns, and over them the computed ones.
func (b *binding) scan(t *catalog.Table, n *syntax.TableName) (*rel, error) {
	options, err := b.hintOptions(t, n.Hints)
	if err != nil {
		return nil, err
	}
	external, err := b.external(t, options, n)
	if err != nil {
		return nil, err
	}
	if external.scan.late != "" {
		if external.Late, err = b.lateTable(t, external.scan.late, n); err != nil {
			return nil, err
		}
	}
	gt, spec := external.Table, external.spec
	if spec.NewSource == nil {
		return nil, fail(n, "it can only be written to", "table '%s' cannot be read: the connector '%s' is a sink", t.Path, spec.Name)
	}
	all := make([]int, len(gt.Columns)+len(gt.Metadata))
	for i := range all {
		all[i] = i
	}
	source, err := spec.NewSource(connector.SourceRequest{Env: b.Env, Table: gt, Project: all, Limit: -1})
	if err != nil {
		return nil, tableError(n, t, err)
	}
	scan := plan.NewScan(gt, all)
	scan.Bounded, scan.At = source.Bounded(), n.Span
	if c, ok := source.(connector.ChangelogSource); ok {
		scan.Changes = c.Changes()
	}
	if f, ok := source.(connector.FieldSource); ok {
		scan.FieldsByName = f.FieldsByName()
	}
	p := &plan.Project{Input: scan}
	r := &rel{node: p}
	stored := scanScope(t, scan)
	x := &exprs{binding: &binding{Binder: b.Binder, catalog: t.Path.Catalog, database: t.Path.Database, applies: b.applies}, scope: stored, where: "a computed column"}
	plain := true
	for i := range t.Columns {
		c := &t.Columns[i]
		var e expr.Expr
		if c.Kind == catalog.Computed {
			plain = false
			if e, err = x.bind(c.Expr); err != nil {
				return nil, fail(n, "", "the computed column '%s' of table '%s' is not valid: %s", c.Name, t.Path, err.Error())
			}
		} else {
			hit, err := stored.lookup([]syntax.Ident{{Name: c.Name}}, n)
			if err != nil {
				return nil, err
			}
			e = hit.column.expr()
			plain = plain && hit.column.index == i
			if typed := expr.CastTo(e, c.Type); typed != e { // a metadata column of another type than the connector's
				e, plain = typed, false
			}
		}
		p.Exprs = append(p.Exprs, e)
		p.Fields = append(p.Fields, column.Field{Name: c.Name, Type: c.Type})
	}
	if plain {
		r.node = scan
	}
	return r, b.watermark(r, t, n, external.scan)
}

// scanScope makes the columns of a scan known by the names that the table gives them.
func scanScope(t *catalog.Table, scan *plan.Scan) *scope {
	var r relation
	r.path = []string{t.Path.Object}
	stored, meta := 0, len(scan.Table.Columns)
	for _, c := range t.Columns {
		switch c.Kind {
		case catalog.Physical:
			r.columns = append(r.columns, scopeColumn{name: c.Name, index: stored, typ: scan.Schema()[stored].Type, time: c.Time})
			stored++
		case catalog.Metadata:
			r.columns = append(r.columns, scopeColumn{name: c.Name, index: meta, typ: scan.Schema()[meta].Type, time: c.Time})
			meta++
		}
	}
	return &scope{relations: []relation{r}}
}

// hints are those that may stand behind a table's name. All but OPTIONS advise how to join.
var hints = []string{"OPTIONS", "LOOKUP", "STATE_TTL", "STATE_MAX_KEYS", "BROADCAST", "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP"}

// hintOptions returns a table's options with those of an OPTIONS hint.
func (b *binding) hintOptions(t *catalog.Table, list []syntax.Hint) (map[string]string, error) {
	options := t.Options
	for i := range list {
		h := &list[i]
		switch name := upper(h.Name.Name); {
		case !slices.Contains(hints, name):
			return nil, fail(&h.Name, suggest.Hint(name, hints, "there are"), "there is no hint %s", name)
		case name != "OPTIONS":
			continue
		case !b.Env.Settings.Bool(setting.DynamicTableOptions):
			return nil, fail(h, "SET '"+setting.DynamicTableOptions.Key+"' = 'true'", "the hint OPTIONS is switched off")
		}
		options = maps.Clone(options)
		for j := range h.Args {
			a := &h.Args[j]
			key, ok1 := a.Key.(*syntax.Literal)
			value, ok2 := a.Value.(*syntax.Literal)
			if !ok1 || !ok2 {
				return nil, fail(a, "write OPTIONS('key' = 'value')", "the hint OPTIONS takes keys with values")
			}
			options[key.Text] = value.Text
		}
	}
	return options, nil
}

// externalTable is a table as its connector sees it, and what its options say to others.
type externalTable struct {
	graph.Table
	spec *connector.Spec
	scan scanOptions
}

// external describes a table to its connector, with all options checked.
func (b *binding) external(t *catalog.Table, options map[string]string, at syntax.Node) (*externalTable, error) {
	name, ok := options["connector"]
	if !ok {
		return nil, fail(at, "add 'connector' = '…' to its WITH; there are "+strings.Join(connector.Names(), ", "), "table '%s' has no connector", t.Path)
	}
	spec, ok := connector.Lookup(name)
	if !ok {
		return nil, fail(at, suggest.Hint(name, connector.Names(), "there are"), "there is no connector '%s', which table '%s' uses", name, t.Path)
	}
	gt := graph.Table{Name: t.Path.String(), Connector: name, Options: maps.Clone(options)}
	delete(gt.Options, "connector")
	if err := checkOptions(spec, gt.Options); err != nil {
		return nil, tableError(at, t, err)
	}
	scan, err := takeScanOptions(&gt)
	if err != nil {
		return nil, tableError(at, t, err)
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch c.Kind {
		case catalog.Physical:
			gt.Columns = append(gt.Columns, column.Field{Name: c.Name, Type: c.Type})
		case catalog.Metadata:
			m, err := metadata(spec, t, c)
			if err != nil {
				return nil, place(at, err)
			}
			gt.Metadata = append(gt.Metadata, m)
		}
	}
	position := func(name string) int {
		return slices.IndexFunc(gt.Columns, func(f column.Field) bool { return f.Name == name })
	}
	for _, p := range t.PartitionBy {
		gt.PartitionBy = append(gt.PartitionBy, position(p))
	}
	if t.PrimaryKey != nil {
		for _, k := range t.PrimaryKey.Columns {
			gt.PrimaryKey = append(gt.PrimaryKey, position(k))
		}
	}
	return &externalTable{gt, spec, scan}, nil
}

// metadata finds what a metadata column reads. The field has the connector's type.
func metadata(spec *connector.Spec, t *catalog.Table, c *catalog.Column) (graph.Metadata, error) {
	var known []string
	for _, m := range spec.Metadata {
		if m.Key != c.Key {
			known = append(known, m.Key)
			continue
		}
		if !expr.CanCast(m.Field.Type, c.Type, false) {
			return m, &catalog.Error{
				Msg:  fmt.Sprintf("the metadata column '%s' of table '%s' cannot be %s", c.Name, t.Path, c.Type.Optional()),
				Hint: "the connector '" + spec.Name + "' gives '" + m.Key + "' as " + m.Field.Type.Optional().String(),
			}
		}
		return graph.Metadata{Field: column.Field{Name: c.Name, Type: m.Field.Type}, Key: m.Key}, nil
	}
	return graph.Metadata{}, &catalog.Error{
		Msg:  fmt.Sprintf("the connector '%s' has no metadata '%s', which column '%s' of table '%s' reads", spec.Name, c.Key, c.Name, t.Path),
		Hint: suggest.Hint(c.Key, known, "it has"),
	}
}

// checkOptions checks a table's options against what its connector and its format take.
func checkOptions(spec *connector.Spec, given map[string]string) error {
	options := slices.Clone(spec.Options)
	if spec.Formats {
		name, ok := given["format"]
		f, known := format.Lookup(name)
		switch {
		case ok && !known:
			return fmt.Errorf("there is no format '%s': %s", name, suggest.Hint(name, format.Names(), "there are"))
		case ok:
			options = append(options, formatOptions(f)...)
		}
		if !slices.ContainsFunc(options, func(o *setting.Option) bool { return o.Key == "format" }) {
			options = append(options, &setting.Option{Key: "format", Required: true, Doc: "The format of the data: " + strings.Join(format.Names(), ", ") + "."})
		}
	}
	_, err := setting.Check(append(options, watermarkOptions...), given)
	return err
}

// formatOptions returns a format's options with the format's name before their keys.
func formatOptions(f *format.Spec) []*setting.Option {
	list := make([]*setting.Option, len(f.Options))
	for i, o := range f.Options {
		named := *o
		named.Key = f.Name + "." + o.Key
		named.Aliases = nil
		for _, a := range o.Aliases {
			named.Aliases = append(named.Aliases, f.Name+"."+a)
		}
		list[i] = &named
	}
	return list
}

// tableError says which table's options are wrong.
func tableError(at syntax.Node, t *catalog.Table, err error) error {
	return syntax.Errorf(at, "table '%s' cannot be used: %s", t.Path, strings.ReplaceAll(err.Error(), "\n", "; "))
}
