package session

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// analyze executes ANALYZE TABLE. What it names is checked. There is nothing to compute: connectors tell the planner the sizes of
// files when a query is planned, and no plan depends on more.
func (s *Session) analyze(n *syntax.Analyze) (*Result, error) {
	if s.settings.Enum(setting.RuntimeMode) != "BATCH" {
		e := syntax.Errorf(n, "ANALYZE TABLE cannot run in streaming mode")
		e.Hint = "SET 'execution.runtime-mode' = 'batch'"
		return nil, e
	}
	t, err := s.object(&n.Table)
	if err != nil {
		return nil, err
	}
	if t.View != nil {
		return nil, syntax.Errorf(&n.Table, "'%s' is a view: it has no statistics of its own", t.Path)
	}
	for i := range n.Columns {
		if c := &n.Columns[i]; t.Find(c.Name) < 0 {
			e := syntax.Errorf(c, "table '%s' has no column '%s'", t.Path, c.Name)
			e.Hint = suggest.Hint(c.Name, t.Names(), "its columns are")
			return nil, e
		}
	}
	values, complete := make([]string, len(t.PartitionBy)), true
	given := map[string]bool{}
	for i := range n.Partition {
		p := &n.Partition[i]
		at := slices.Index(t.PartitionBy, p.Column.Name)
		if at < 0 {
			e := syntax.Errorf(&p.Column, "'%s' is not a partition column of table '%s'", p.Column.Name, t.Path)
			e.Hint = suggest.Hint(p.Column.Name, t.PartitionBy, "it is partitioned by")
			return nil, e
		}
		given[p.Column.Name] = true
		if l, ok := p.Value.(*syntax.Literal); ok {
			values[at] = l.Text
		} else {
			complete = false
		}
	}
	switch {
	case len(given) < len(t.PartitionBy):
		e := syntax.Errorf(n, "table '%s' is partitioned, and not all its partition columns are named", t.Path)
		e.Hint = "write PARTITION (" + strings.Join(t.PartitionBy, ", ") + ")"
		return nil, e
	case len(values) > 0 && complete:
		for _, p := range t.Partitions {
			if slices.Equal(p.Values, values) {
				return done(nil)
			}
		}
		return nil, syntax.Errorf(&n.Partition[0], "the partition of table '%s' is not listed: SHOW PARTITIONS lists those there are", t.Path)
	}
	return done(nil)
}
