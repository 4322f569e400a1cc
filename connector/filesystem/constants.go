package filesystem

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
)

// layout says where each projected column of a scan comes from.
type layout struct {
	fields []column.Field // of the output
	// file is the position of each output column among those read from the file; -1: it is the same for the whole file.
	file    []int
	project []int       // columns read from the file: positions in config.columns
	filter  []expr.Expr // conjuncts over the columns read from the file, by their positions in project
	// prune are the conjuncts over columns that are the same for a whole file, by output position.
	prune []expr.Expr
	fill  []filler // of each constant column, by output position
}

// filler adds a file's value to the vector of a column that is the same for all its rows.
type filler func(v *column.Vector, f found, store objstore.Store) error

func newLayout(c *config, req connector.SourceRequest) (*layout, error) {
	l := &layout{project: []int{}} // not nil: a decoder takes that for all columns
	defaultName := c.values.Text(defaultNameOption)
	for _, p := range req.Project {
		switch {
		case p >= len(c.table.Columns):
			m := c.table.Metadata[p-len(c.table.Columns)]
			fill, err := metadataFiller(m.Key)
			if err != nil {
				return nil, fmt.Errorf("metadata column '%s': %w", m.Field.Name, err)
			}
			l.fields = append(l.fields, m.Field)
			l.file = append(l.file, -1)
			l.fill = append(l.fill, fill)
		case c.place[p] < 0:
			field := c.table.Columns[p]
			l.fields = append(l.fields, field)
			l.file = append(l.file, -1)
			l.fill = append(l.fill, func(v *column.Vector, f found, _ objstore.Store) error {
				text, _ := partitionText(f.Key, field.Name)
				return appendPartition(v, field, text, defaultName, c.zone)
			})
		default:
			l.fields = append(l.fields, c.table.Columns[p])
			l.file = append(l.file, len(l.project))
			l.fill = append(l.fill, nil)
			l.project = append(l.project, c.place[p])
		}
	}
	for _, e := range req.Filter {
		file, constant := 0, 0
		expr.Walk(e, func(e expr.Expr) bool {
			if col, ok := e.(*expr.Column); ok {
				if l.file[col.Index] >= 0 {
					file++
				} else {
					constant++
				}
			}
			return true
		})
		switch {
		case file == 0 && constant > 0:
			l.prune = append(l.prune, e)
		case constant == 0 && file > 0:
			l.filter = append(l.filter, l.inFile(e))
		}
	}
	return l, nil
}

// inFile is a condition over the columns read from the file, by their positions in project.
func (l *layout) inFile(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if col, ok := e.(*expr.Column); ok {
			return &expr.Column{Index: l.file[col.Index], Name: col.Name, T: col.T}
		}
		return e
	})
}

// metadataFiller returns how a metadata column is computed.
func metadataFiller(key string) (filler, error) {
	switch key {
	case "file.path":
		return func(v *column.Vector, f found, store objstore.Store) error {
			v.AppendString(strings.TrimPrefix(store.URL(f.Key), "file://"))
			return nil
		}, nil
	case "file.name":
		return func(v *column.Vector, f found, _ objstore.Store) error {
			_, base, _ := cutLast(f.Key)
			v.AppendString(base)
			return nil
		}, nil
	case "file.size":
		return func(v *column.Vector, f found, _ objstore.Store) error { column.Append(v, f.Size); return nil }, nil
	case "file.modification-time":
		return func(v *column.Vector, f found, _ objstore.Store) error {
			column.Append(v, f.ModTime.UnixMilli())
			return nil
		}, nil
	}
	keys := make([]string, len(metadata))
	for i, m := range metadata {
		keys[i] = m.Key
	}
	return nil, fmt.Errorf("there is no metadata key '%s'; valid are '%s'", key, strings.Join(keys, "', '"))
}

// constants returns the columns that are the same for all rows of a file as vectors of one row, by output position, nil for
// those read from the file.
func (l *layout) constants(f found, store objstore.Store) ([]*column.Vector, error) {
	list := make([]*column.Vector, len(l.fields))
	for i, fill := range l.fill {
		if fill == nil {
			continue
		}
		list[i] = column.NewVector(l.fields[i].Type, 1)
		if err := fill(list[i], f, store); err != nil {
			return nil, fmt.Errorf("%s: %w", store.URL(f.Key), err)
		}
	}
	return list, nil
}

// pruner drops files of which no row can pass the filter.
type pruner struct {
	layout  *layout
	filters []*expr.Filter
	sel     []int32
	known   map[string]bool // by the directory, where the answer depends on nothing else
	perFile bool
}

func newPruner(l *layout, c *config) *pruner {
	p := &pruner{layout: l, known: map[string]bool{}}
	for _, e := range l.prune {
		// A filter that cannot be compiled is applied above, where its error belongs.
		if f, err := expr.CompileFilter(e, expr.InZone(c.zone)); err == nil {
			p.filters = append(p.filters, f)
		}
		expr.Walk(e, func(e expr.Expr) bool {
			if col, ok := e.(*expr.Column); ok && !isPartition(c, l.fields[col.Index].Name) {
				p.perFile = true
			}
			return true
		})
	}
	return p
}

func isPartition(c *config, name string) bool {
	for _, p := range c.table.PartitionBy {
		if c.table.Columns[p].Name == name {
			return true
		}
	}
	return false
}

// keep reports whether a file may have rows that pass.
func (p *pruner) keep(f found, store objstore.Store) (bool, error) {
	if len(p.filters) == 0 {
		return true, nil
	}
	dir, _, _ := cutLast(f.Key)
	if answer, ok := p.known[dir]; ok && !p.perFile {
		return answer, nil
	}
	cols, err := p.layout.constants(f, store)
	if err != nil {
		return false, err
	}
	b := &column.Batch{Len: 1, Cols: cols}
	answer := true
	for _, filter := range p.filters {
		sel, err := filter.Select(b, p.sel)
		// What fails to compute fails again above, for the rows that reach it.
		if err == nil && len(sel) == 0 {
			answer = false
			break
		}
	}
	p.known[dir] = answer
	return answer, nil
}
