package session

import (
	"context"
	"slices"
	"strings"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// describe executes DESCRIBE.
func (s *Session) describe(ctx context.Context, n *syntax.Describe) (*Result, error) {
	switch {
	case n.Query != nil:
		e := syntax.Errorf(n.Query, "DESCRIBE takes the name of a table or view, not a query")
		e.Hint = "CREATE TEMPORARY VIEW v AS the query, then DESCRIBE v; or EXPLAIN it"
		return nil, e
	case n.Kind == syntax.CatalogObject:
		return s.describeCatalog(n)
	case n.Kind == syntax.FunctionObject:
		return s.describeFunction(n)
	case n.Kind == syntax.ModelObject:
		return s.describeModel(&n.Name)
	case n.Kind == syntax.JobObject:
		return s.describeJob(ctx, n.Job)
	case n.Kind == syntax.ConnectionObject:
		return nil, noConnections(n)
	case n.Kind != syntax.TableObject || n.Explicit:
		e := syntax.Errorf(n, "DESCRIBE takes the name of a table or view alone")
		e.Hint = "write DESCRIBE " + strings.Join(parts(&n.Name), ".")
		return nil, e
	}
	t, err := s.object(&n.Name)
	if err != nil {
		return nil, err
	}
	return s.columnsOf(t, nil), nil
}

// columnsOf lists a table's columns. The comments are there only if a column has one.
func (s *Session) columnsOf(t *catalog.Table, like *syntax.LikeFilter) *Result {
	titles := []string{"name", "type", "null?", "key", "extras", "watermark"}
	commented := slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Comment != nil })
	if commented {
		titles = append(titles, "comment")
	}
	var rows [][]any
	for i := range t.Columns {
		c := &t.Columns[i]
		if len(filterLike([]string{c.Name}, like)) == 0 {
			continue
		}
		row := []any{c.Name, s.typeText(c), !c.Type.NotNull, nil, nil, nil}
		if k := t.PrimaryKey; k != nil && slices.Contains(k.Columns, c.Name) {
			row[3] = "PRI(" + strings.Join(k.Columns, ", ") + ")"
		}
		if extra := generated(c); extra != "" {
			row[4] = extra
		}
		if w := t.Watermark; w != nil && w.Column == c.Name {
			row[5] = sqlText(w.Expr)
		}
		if commented {
			row = append(row, nil)
			if c.Comment != nil {
				row[6] = *c.Comment
			}
		}
		rows = append(rows, row)
	}
	return rowsResult(Rows, textColumns(titles...), rows)
}

// typeText writes a column's type with what it is as an attribute of time.
func (s *Session) typeText(c *catalog.Column) string {
	text := uncommented(c.Type).Optional().String()
	switch {
	case c.Time == catalog.Proctime:
		text += " *PROCTIME*"
	case c.Time == catalog.Rowtime && s.settings.Enum(setting.RuntimeMode) != "BATCH":
		text += " *ROWTIME*"
	}
	return text
}
