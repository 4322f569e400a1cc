package snapshot

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state"
)

// Tables reads all tables of a snapshot. Every subtask that had any gets all tables of its operator; of a table in parts, each part is a table.
func (d *Dir) Tables(ctx context.Context, m *Manifest) (Tables, error) {
	parts := make([][][]*loaded, len(m.Operators)) // by operator, table, segment
	schemas := make([][][]column.Field, len(m.Operators))
	fetch, fctx := errgroup.WithContext(ctx)
	fetch.SetLimit(max(parallel, runtime.GOMAXPROCS(0)))
	for i := range m.Operators {
		op := &m.Operators[i]
		parts[i] = make([][]*loaded, len(op.Tables))
		for t := range op.Tables {
			table := &op.Tables[t]
			schema, err := table.fields()
			if err != nil {
				return nil, &Error{Object: d.URL(""), Reason: fmt.Sprintf("table '%s' of %s: %v", table.Name, op.Name, err), Hint: "use the release that wrote it"}
			}
			schemas[i] = append(schemas[i], schema)
			parts[i][t] = make([]*loaded, len(table.Segments))
			for k := range table.Segments {
				fetch.Go(func() (err error) {
					parts[i][t][k], err = d.segment(fctx, m, table, &table.Segments[k], schema)
					return err
				})
			}
		}
	}
	if err := fetch.Wait(); err != nil {
		return nil, err
	}
	out := make(Tables, len(m.Operators))
	var work []func()
	for i := range m.Operators {
		op := &m.Operators[i]
		out[i] = make([][]state.Table, op.Parallelism)
		for subtask := range out[i] {
			if op.Finished || slices.Contains(op.Stateless, subtask) {
				continue
			}
			out[i][subtask] = []state.Table{}
			for t := range op.Tables {
				for _, p := range op.Tables[t].partsOf(subtask) {
					out[i][subtask] = append(out[i][subtask], state.Table{Name: op.Tables[t].Name, Schema: schemas[i][t], Keyed: op.Tables[t].Keyed})
					at := len(out[i][subtask]) - 1
					work = append(work, func() { joinSegments(&out[i][subtask][at], op.Tables[t].Segments, parts[i][t], p) })
				}
			}
		}
	}
	var joins errgroup.Group
	joins.SetLimit(runtime.GOMAXPROCS(0))
	for _, join := range work {
		joins.Go(func() error { join(); return nil })
	}
	return out, joins.Wait()
}

// segment reads one segment.
func (d *Dir) segment(ctx context.Context, m *Manifest, t *Table, s *Segment, schema []column.Field) (*loaded, error) {
	if s.Object == "" {
		return &loaded{Table: state.Table{Rows: column.NewBatch(schema, 0)}}, nil
	}
	data, err := d.fetch(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.decode(ctx, d.Codec, d.URL(s.Object), data, t, schema, m.MaxParallelism)
}

// fetch reads a segment's object.
func (d *Dir) fetch(ctx context.Context, s *Segment) ([]byte, error) {
	data, err := read(ctx, d.Store, d.Prefix+s.Object, s.Size)
	if objstore.KindOf(err) == objstore.NotFound {
		return nil, damaged(d.URL(s.Object), "the segment is not there: it was deleted or never copied")
	}
	return data, err
}

// partsOf returns the positions of a subtask's segments, by part; at least one part, that may be without segments.
func (t *Table) partsOf(subtask int) [][]int {
	var order []int64
	byPart := map[int64][]int{}
	for k := range t.Segments {
		s := &t.Segments[k]
		if s.Subtask != subtask {
			continue
		}
		if byPart[s.Part] == nil {
			order = append(order, s.Part)
		}
		byPart[s.Part] = append(byPart[s.Part], k)
	}
	if len(order) == 0 {
		return [][]int{nil}
	}
	list := make([][]int, len(order))
	for i, part := range order {
		list[i] = byPart[part]
	}
	return list
}

// joinSegments makes a table of its segments.
func joinSegments(to *state.Table, segments []Segment, parts []*loaded, list []int) {
	rows := 0
	for _, k := range list {
		if !segments[k].Delta {
			rows += segments[k].Rows
		}
	}
	switch {
	case len(list) == 0:
		to.Rows = column.NewBatch(to.Schema, 0)
	case segments[list[0]].Number > 0:
		to.Rows = column.NewBatch(to.Schema, rows)
		mergeLayers(to, segments, parts, list)
	case len(list) == 1:
		to.Rows, to.Groups = parts[list[0]].Rows, parts[list[0]].Groups
	default:
		to.Rows = column.NewBatch(to.Schema, rows)
		for _, k := range list {
			to.Groups = append(to.Groups, parts[k].Groups...)
			to.Rows.AppendRows(parts[k].Rows, nil)
			parts[k] = nil
		}
	}
}
