// Package datagen makes rows up: the connector 'datagen'.
//
// What enters: a table's columns and, for each of them, what its values are like. What leaves: batches, generated column by column
// into vectors, as fast as the options allow.
//
// What must hold: a random value depends on nothing but the split's seed, the column and the row's number, so a reader that is restarted goes on
// with the same values; only times relative to now differ.
package datagen

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/internal/pace"
	"github.com/millstream/millstream/setting"
)

var (
	rateOption = &setting.Option{Key: "rows-per-second", Type: setting.Int, Default: "10000", Check: setting.AtLeast(1),
		Doc: "Rows per second, in all subtasks together."}
	rowsOption = &setting.Option{Key: "number-of-rows", Type: setting.Int, Check: setting.AtLeast(0),
		Doc: "How many rows there are; without it and without a sequence there is no end."}
	fieldsOption = &setting.Option{Key: "fields.", Prefix: true,
		Doc: "What the values of a column are like: 'fields.COLUMN.kind' is 'random' or 'sequence'; of a sequence 'start' and 'end' (both included) are needed; " +
			"of random values 'min', 'max' (numbers), 'length' (text, bytes, collections), 'var-len' (lengths from 1 on), 'max-past' (timestamps lie back by up to so much) and 'null-rate' may be set. " +
			"Nested values are named behind the column: 'fields.COLUMN.FIELD.min', 'fields.COLUMN.element.min', 'fields.COLUMN.key.min', 'fields.COLUMN.value.min'."}
)

var options = []*setting.Option{rateOption, rowsOption, fieldsOption}

func init() {
	connector.Register(&connector.Spec{
		Name: "datagen",
		Doc: "Makes rows up: random values or sequences, at a given rate. Bounded if a number of rows or a sequence is given, " +
			"else without end.",
		Example: "CREATE TABLE numbers (\n  id BIGINT,\n  price DECIMAL(8, 2)\n) WITH (\n  'connector' = 'datagen',\n  'number-of-rows' = '1000',\n" +
			"  'fields.id.kind' = 'sequence',\n  'fields.id.start' = '1',\n  'fields.id.end' = '1000',\n  'fields.price.min' = '1',\n  'fields.price.max' = '99'\n)",
		Guarantee: "Exactly once: after a restart the same rows follow, except for times relative to now.",
		Options:   options,
		NewSource: func(req connector.SourceRequest) (connector.Source, error) { return newSource(req, time.Now) },
	})
}

type source struct {
	req   connector.SourceRequest
	rate  int64
	total int64 // rows; -1: no end
	all   []*generator
	now   func() time.Time
}

func newSource(req connector.SourceRequest, now func() time.Time) (*source, error) {
	v, err := setting.Check(options, req.Table.Options)
	if err != nil {
		return nil, err
	}
	s := &source{req: req, rate: int64(v.Int(rateOption)), total: -1, now: now}
	if v.Has(rowsOption) {
		s.total = int64(v.Int(rowsOption))
	}
	given := &fieldOptions{values: map[string]string{}, used: map[string]bool{}}
	for key, text := range v.Prefixed(fieldsOption) {
		given.values[key] = text
	}
	for _, f := range req.Table.Columns {
		g, err := newGenerator(f.Type, f.Name, given)
		if err != nil {
			return nil, err
		}
		if g.sequence && (s.total < 0 || g.rows < s.total) {
			s.total = g.rows
		}
		s.all = append(s.all, g)
	}
	return s, given.unused(req.Table.Columns)
}

func (s *source) Bounded() bool { return s.total >= 0 }

// position is the state of a split, which has the rows Next, Next+Step, … below Total.
type position struct {
	Seed  uint64 `json:"seed"`
	Next  int64  `json:"next"`
	Step  int64  `json:"step"`
	Total int64  `json:"total"`
}

func (s *source) Splits(_ context.Context, parallelism int) ([]connector.Split, error) {
	seed := rand.Uint64()
	return pace.Deal("rows", parallelism, s.total, func(i, n int64) any { return position{seed, i, n, s.total} }), nil
}

func (s *source) PushedDown() string { return pace.PushedDown(s.req.Limit) }

func (s *source) Open(_ context.Context, split connector.Split) (connector.Reader, error) {
	r := &reader{source: s, id: split.ID, limit: s.req.Limit}
	if err := json.Unmarshal(split.State, &r.pos); err != nil {
		return nil, fmt.Errorf("split %s: its saved position cannot be read: %w", split.ID, err)
	}
	r.Pacer = pace.New(s.rate, r.pos.Step, s.now())
	var fields []column.Field
	for _, p := range s.req.Project {
		r.columns = append(r.columns, s.all[p])
		fields = append(fields, s.req.Table.Columns[p])
	}
	r.fields, r.batch = fields, column.NewBatch(fields, 0)
	return r, nil
}

type reader struct {
	pace.Pacer
	source  *source
	id      string
	pos     position
	columns []*generator
	fields  []column.Field
	batch   *column.Batch
	limit   int64
}

func (r *reader) Poll() (*column.Batch, connector.Status, error) {
	n := int64(pace.BatchRows)
	if r.pos.Total >= 0 {
		n = min(n, (r.pos.Total-r.pos.Next+r.pos.Step-1)/r.pos.Step)
	}
	if r.limit >= 0 {
		n = min(n, r.limit)
	}
	if n <= 0 {
		return nil, connector.Done, nil
	}
	now := r.source.now()
	if n = min(n, r.Due(now)); n <= 0 {
		return nil, connector.Wait, nil
	}
	if r.source.req.Keep {
		r.batch = column.NewBatch(r.fields, int(n))
	}
	r.batch.Reset()
	for i, g := range r.columns {
		g.fill(r.batch.Cols[i], rows{seed: r.pos.Seed, first: r.pos.Next, step: r.pos.Step, n: int(n), now: now})
	}
	r.batch.Len = int(n)
	r.pos.Next += n * r.pos.Step
	r.Give(n)
	if r.limit >= 0 {
		r.limit -= n
	}
	if r.limit == 0 || r.pos.Total >= 0 && r.pos.Next >= r.pos.Total {
		return r.batch, connector.Done, nil
	}
	return r.batch, connector.Ready, nil
}

func (r *reader) Position() connector.Split { return pace.Split(r.id, r.pos) }

// path joins the names of a nested value.
func path(parts ...string) string { return strings.Join(parts, ".") }
