package savepoint

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// Name is the connector's name.
const Name = "savepoint"

var (
	pathOption     = &setting.Option{Key: "path", Required: true, Doc: "URL of a savepoint, of a job's checkpoints, which means the newest, or of a manifest."}
	operatorOption = &setting.Option{Key: "operator", Required: true, Doc: "The operator, by its uid or name, or what these begin with."}
	tableOption    = &setting.Option{Key: "table", Doc: "Which of the operator's tables; needed if there are several."}
)

func init() {
	connector.Register(&connector.Spec{
		Name: Name,
		Doc: "Reads the state of an operator in a savepoint or checkpoint. SHOW STATE FROM 'path' lists what there is; the table function " +
			"SAVEPOINT('path', 'operator' [, 'table']) needs no CREATE TABLE. Columns are found by name.",
		Example: "CREATE TABLE counts (\n  word STRING,\n  `COUNT(*)` BIGINT\n) WITH (\n  'connector' = 'savepoint',\n" +
			"  'path' = 's3://savepoints/savepoint-words-1',\n  'operator' = 'aggregate'\n)",
		Guarantee: "Exactly once: a snapshot does not change.",
		Options:   []*setting.Option{pathOption, operatorOption, tableOption},
		NewSource: newSource,
	})
}

type source struct {
	req     connector.SourceRequest
	options setting.Values

	once   sync.Once
	tables []*column.Batch // of the columns that are read
	err    error
}

func newSource(req connector.SourceRequest) (connector.Source, error) {
	values, err := setting.Check([]*setting.Option{pathOption, operatorOption, tableOption}, req.Table.Options)
	if err != nil {
		return nil, err
	}
	if len(req.Table.Metadata) > 0 {
		return nil, errors.New("there are no metadata columns")
	}
	return &source{req: req, options: values}, nil
}

func (s *source) Bounded() bool      { return true }
func (s *source) PushedDown() string { return "" }

// Splits returns one: a table is read whole.
func (s *source) Splits(context.Context, int) ([]connector.Split, error) {
	return []connector.Split{position(0)}, nil
}

func position(row int) connector.Split {
	return connector.Split{ID: "rows", State: binary.AppendUvarint(nil, uint64(row))}
}

func (s *source) Open(ctx context.Context, split connector.Split) (connector.Reader, error) {
	at, n := binary.Uvarint(split.State)
	if n <= 0 {
		return nil, errors.New("the position in a savepoint's table cannot be read from the checkpoint")
	}
	r := &reader{source: s, at: int(at), ready: make(chan struct{}, 1), done: make(chan struct{}), batch: column.NewBatch(s.fields(), 0)}
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		defer close(r.done)
		s.once.Do(func() { s.tables, s.err = s.load(ctx) })
		r.ready <- struct{}{}
	}()
	return r, nil
}

func (s *source) fields() []column.Field {
	fields := make([]column.Field, len(s.req.Project))
	for i, p := range s.req.Project {
		fields[i] = s.req.Table.Columns[p]
	}
	return fields
}

// load reads the table and finds its columns.
func (s *source) load(ctx context.Context) ([]*column.Batch, error) {
	snap, err := Open(ctx, s.req.Env.Objects, s.options.Text(pathOption))
	if err != nil {
		return nil, err
	}
	op, err := snap.Operator(s.options.Text(operatorOption))
	if err != nil {
		return nil, err
	}
	t, err := snap.Table(op, s.options.Text(tableOption))
	if err != nil {
		return nil, err
	}
	readable, err := t.Readable()
	if err != nil {
		return nil, err
	}
	places := map[string]int{}
	for i, c := range readable {
		places[c.Name] = i
	}
	var from []int
	for _, f := range s.fields() {
		at, ok := places[f.Name]
		if !ok {
			return nil, fmt.Errorf("the table '%s' of %s has no column '%s'", t.Name, op.Name, f.Name)
		}
		if have := readable[at].Type; !have.SameAs(f.Type) {
			return nil, fmt.Errorf("the column '%s' of the table '%s' of %s is %s and not %s", f.Name, t.Name, op.Name, have, f.Type)
		}
		from = append(from, at)
	}
	rows, err := snap.rows(ctx, op, t)
	if err != nil {
		return nil, err
	}
	var list []*column.Batch
	for i := range rows {
		list = append(list, project(&rows[i], from, s.fields()))
	}
	return list, nil
}

// project takes columns of a table. An operator may hold NULL where its column may not be NULL, but a query's are as they were declared.
func project(t *state.Table, from []int, fields []column.Field) *column.Batch {
	b := &column.Batch{Len: t.Rows.Len, Sel: t.Rows.Sel}
	for i, at := range from {
		v := *t.Rows.Cols[at]
		v.Type = fields[i].Type
		b.Cols = append(b.Cols, &v)
	}
	return b
}

type reader struct {
	source *source
	at     int
	ready  chan struct{}
	done   chan struct{}
	cancel context.CancelFunc
	batch  *column.Batch
	rows   []int32
	bytes  int64
}

// batchRows is the most rows of a batch.
const batchRows = 4096

func (r *reader) Poll() (*column.Batch, connector.Status, error) {
	select {
	case <-r.done:
	default:
		return nil, connector.Wait, nil
	}
	s := r.source
	if s.err != nil {
		return nil, connector.Done, s.err
	}
	skip := r.at
	for _, t := range s.tables {
		n := t.Rows()
		if skip >= n {
			skip -= n
			continue
		}
		r.rows = r.rows[:0]
		for i := skip; i < n && len(r.rows) < batchRows; i++ {
			r.rows = append(r.rows, int32(t.Row(i)))
		}
		r.at += len(r.rows)
		r.batch.Reset()
		r.batch.AppendRows(t, r.rows)
		r.bytes += int64(r.batch.SizeBytes())
		return r.batch, connector.Ready, nil
	}
	return nil, connector.Done, nil
}

func (r *reader) Ready() <-chan struct{}    { return r.ready }
func (r *reader) Position() connector.Split { return position(r.at) }
func (r *reader) BytesRead() int64          { return r.bytes }

func (r *reader) Close() error {
	r.cancel()
	<-r.done
	return nil
}
