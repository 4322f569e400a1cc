package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
)

// events are numbered: the first `keys` of them bring each key once, later ones keys at random. Sources bring them up to the limit, as fast as they are
// taken.
type events struct {
	keys    int64
	slow    time.Duration
	limit   atomic.Int64
	next    atomic.Int64 // about how many were brought, over all splits
	results atomic.Int64 // rows at the sink
	first   chan time.Time
}

const splits = 2

var (
	current  *events
	_        connector.Source = numbered{}
	batchMax int64            = 4096
)

// register makes the source and the sink known.
func register() {
	connector.Register(&connector.Spec{
		Name: "numbered", Doc: "events by their numbers", Guarantee: "exactly once",
		NewSource: func(req connector.SourceRequest) (connector.Source, error) {
			return numbered{current, req.Project, req.Table.Columns}, nil
		},
	})
	connector.Register(&connector.Spec{
		Name: "counting", Doc: "counts rows", Guarantee: "none", Updates: true,
		NewSink: func(connector.SinkRequest) (connector.Sink, error) { return counting{current}, nil },
	})
}

type numbered struct {
	*events
	project []int
	columns []column.Field
}

func (numbered) Bounded() bool      { return false }
func (numbered) PushedDown() string { return "" }

func (numbered) Splits(context.Context, int) ([]connector.Split, error) {
	var list []connector.Split
	for i := range splits {
		list = append(list, connector.Split{ID: fmt.Sprint(i)})
	}
	return list, nil
}

func (n numbered) Open(_ context.Context, split connector.Split) (connector.Reader, error) {
	r := &numberedReader{numbered: n, split: split}
	if _, err := fmt.Sscan(split.ID, &r.at); err != nil {
		return nil, err
	}
	if len(split.State) == 8 {
		r.at = int64(binary.LittleEndian.Uint64(split.State))
	}
	var fields []column.Field
	for _, c := range n.project {
		fields = append(fields, n.columns[c])
	}
	r.batch = column.NewBatch(fields, int(batchMax))
	return r, nil
}

// numberedReader brings every event of its remainder.
type numberedReader struct {
	numbered
	split connector.Split
	at    int64
	batch *column.Batch
}

func (r *numberedReader) Poll() (*column.Batch, connector.Status, error) {
	limit := r.limit.Load()
	if r.at >= limit {
		return nil, connector.Wait, nil
	}
	r.batch.Reset()
	n := min(batchMax, (limit-r.at+splits-1)/splits)
	r.batch.Len = int(n)
	for c, of := range r.project {
		v := r.batch.Cols[c]
		v.Resize(int(n))
		to := column.Values[int64](v)[:n]
		for i := range to {
			number := r.at + int64(i)*splits
			switch {
			case of == 2: // milliseconds: a thousand events in each
				to[i] = number / 1000
			case of == 1:
				to[i] = number & 1023
			case number < r.keys:
				to[i] = number
			default:
				to[i] = int64((uint64(number)*0x9E3779B97F4A7C15)>>20) % r.keys
			}
		}
	}
	r.at += n * splits
	r.next.Add(n)
	return r.batch, connector.Ready, nil
}

// Ready looks again after a moment.
func (r *numberedReader) Ready() <-chan struct{} {
	c := make(chan struct{}, 1)
	if r.at < r.limit.Load() {
		c <- struct{}{}
	} else {
		time.AfterFunc(time.Millisecond, func() { c <- struct{}{} })
	}
	return c
}

func (r *numberedReader) Position() connector.Split {
	return connector.Split{ID: r.split.ID, State: binary.LittleEndian.AppendUint64(nil, uint64(r.at))}
}

func (r *numberedReader) BytesRead() int64 { return 0 }
func (r *numberedReader) Close() error     { return nil }

// counting is a sink, and its writers, that counts rows and tells of the first.
type counting struct{ *events }

func (c counting) Write(_ context.Context, b *column.Batch) error {
	if c.slow > 0 {
		time.Sleep(c.slow)
	}
	if c.results.Add(int64(b.Rows())) == int64(b.Rows()) && c.first != nil {
		select {
		case c.first <- time.Now():
		default:
		}
	}
	return nil
}

func (counting) Prepare(context.Context) error                                   { return nil }
func (c counting) NewWriter(context.Context, int, int) (connector.Writer, error) { return c, nil }
func (counting) Commit(context.Context, []connector.Committable) error           { return nil }
func (counting) Abort(context.Context, []connector.Committable) error            { return nil }
func (counting) Finish(context.Context) error                                    { return nil }
func (counting) Flush(context.Context, bool) ([]connector.Committable, error)    { return nil, nil }
func (counting) Close() error                                                    { return nil }
