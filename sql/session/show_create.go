package session

import (
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// showCreate executes SHOW CREATE.
func (s *Session) showCreate(n *syntax.ShowCreate) (*Result, error) {
	switch n.Kind {
	case syntax.CatalogObject:
		c, err := s.created(&n.Name)
		if err != nil {
			return nil, err
		}
		return textResult(createCatalogText(c)), nil
	case syntax.ModelObject:
		m, err := s.model(&n.Name)
		if err != nil {
			return nil, err
		}
		return textResult(createModelText(m)), nil
	case syntax.MaterializedTableObject:
		return nil, noMaterialized(n)
	case syntax.ConnectionObject:
		return nil, noConnections(n)
	}
	t, err := s.object(&n.Name)
	if err != nil {
		return nil, err
	}
	if view := n.Kind == syntax.ViewObject; view != (t.View != nil) {
		return nil, syntax.Errorf(&n.Name, "'%s' is a %s: write SHOW CREATE %s", t.Path, t.Label(), strings.ToUpper(t.Label()))
	}
	text := createTableText(t)
	if t.View != nil {
		text = createViewText(t)
	}
	return textResult(text), nil
}

func createHead(t *catalog.Table) string {
	temporary := ""
	if t.Temporary {
		temporary = "TEMPORARY "
	}
	return "CREATE " + temporary + strings.ToUpper(t.Label()) + " " + t.Path.Quoted() + " (\n"
}

func createViewText(t *catalog.Table) string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = catalog.Quote(c.Name)
	}
	text := createHead(t) + "  " + strings.Join(list, ",\n  ") + "\n)\n"
	if t.Comment != "" {
		text += "COMMENT " + quoteText(t.Comment) + "\n"
	}
	return text + "AS " + t.View.Expanded + "\n"
}

// columnText writes the definition of a column.
func columnText(c *catalog.Column) string {
	text := catalog.Quote(c.Name)
	if c.Kind != catalog.Computed {
		text += " " + definedType(c.Type)
	}
	if extra := generated(c); extra != "" {
		text += " " + extra
	}
	if c.Comment != nil && *c.Comment != "" {
		text += " COMMENT " + quoteText(*c.Comment)
	}
	return text
}

// createTableText writes a statement that makes the table again. Secrets in its options are masked.
func createTableText(t *catalog.Table) string {
	var lines []string
	for i := range t.Columns {
		lines = append(lines, columnText(&t.Columns[i]))
	}
	if w := t.Watermark; w != nil {
		lines = append(lines, "WATERMARK FOR "+catalog.Quote(w.Column)+" AS "+sqlText(w.Expr))
	}
	if k := t.PrimaryKey; k != nil {
		lines = append(lines, "CONSTRAINT "+catalog.Quote(k.Name)+" PRIMARY KEY ("+quoteAll(k.Columns)+") NOT ENFORCED")
	}
	text := createHead(t)
	if len(lines) > 0 {
		text += "  " + strings.Join(lines, ",\n  ")
	}
	text += "\n)\n"
	if t.Comment != "" {
		text += "COMMENT " + quoteText(t.Comment) + "\n"
	}
	if t.Distribution != nil {
		text += distributionText(t.Distribution) + "\n"
	}
	if len(t.PartitionBy) > 0 {
		text += "PARTITIONED BY (" + quoteAll(t.PartitionBy) + ")\n"
	}
	return text + withText(t.Options)
}

// withText writes the options of an object, secrets masked.
func withText(given map[string]string) string {
	var options []string
	for _, key := range slices.Sorted(maps.Keys(given)) {
		options = append(options, "  "+quoteText(key)+" = "+quoteText(shown(key, given[key])))
	}
	if len(options) == 0 {
		return ""
	}
	return "WITH (\n" + strings.Join(options, ",\n") + "\n)\n"
}

// shown is an option's value, masked if it is a secret.
func shown(key, value string) string {
	if graph.IsSecret(key) {
		return setting.Masked
	}
	return value
}

// createCatalogText writes a statement that makes the catalog again.
func createCatalogText(c *catalog.Catalog) string {
	text := "CREATE CATALOG " + catalog.Quote(c.Name) + "\n"
	if c.Comment != nil && *c.Comment != "" {
		text += "COMMENT " + quoteText(*c.Comment) + "\n"
	}
	return text + withText(c.Options)
}

// createModelText writes a statement that makes the model again.
func createModelText(m *catalog.Model) string {
	text := "CREATE MODEL "
	if m.Temporary {
		text = "CREATE TEMPORARY MODEL "
	}
	text += m.Path.Quoted() + "\n"
	columns := func(word string, list []catalog.Column) {
		if len(list) == 0 {
			return
		}
		lines := make([]string, len(list))
		for i := range list {
			lines[i] = columnText(&list[i])
		}
		text += word + " (" + strings.Join(lines, ", ") + ")\n"
	}
	columns("INPUT", m.Input)
	columns("OUTPUT", m.Output)
	if m.Comment != "" {
		text += "COMMENT " + quoteText(m.Comment) + "\n"
	}
	return text + withText(m.Options)
}

// distributionText writes how a table is distributed.
func distributionText(d *syntax.Distribution) string {
	text := "DISTRIBUTED"
	if len(d.Columns) > 0 {
		list := make([]string, len(d.Columns))
		for i, c := range d.Columns {
			list[i] = c.Name
		}
		text += [...]string{syntax.DistributionUnset: " BY (", syntax.DistributionHash: " BY HASH(", syntax.DistributionRange: " BY RANGE("}[d.Kind] + quoteAll(list) + ")"
	}
	if d.Buckets != nil {
		text += " INTO " + d.Buckets.Text + " BUCKETS"
	}
	return text
}

func quoteAll(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = catalog.Quote(n)
	}
	return strings.Join(list, ", ")
}
