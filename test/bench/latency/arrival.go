package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
)

// samples are latencies in nanoseconds of what was due from a certain time on: what a job does in its first moments does not count.
type samples struct {
	from int64
	mu   sync.Mutex
	list []int64
}

func (s *samples) add(due, latency int64) {
	if due < s.from {
		return
	}
	s.mu.Lock()
	s.list = append(s.list, latency)
	s.mu.Unlock()
}

// quantile returns the latency that the given share of the samples does not exceed.
func (s *samples) quantile(share float64) time.Duration {
	if len(s.list) == 0 {
		return 0
	}
	slices.Sort(s.list)
	return time.Duration(s.list[min(len(s.list)-1, int(share*float64(len(s.list))))])
}

// arrival is a sink, and its writers, that notes how long each row took. The last column of a row says when it was due in nanoseconds, or,
// as a timestamp, the end of the window: due is then the first event that lets the watermark pass, a millisecond before.
type arrival struct{ *samples }

var (
	_ connector.Sink   = arrival{}
	_ connector.Writer = arrival{}
)

func (a arrival) Write(_ context.Context, b *column.Batch) error {
	now := time.Now().UnixNano()
	v := b.Cols[len(b.Cols)-1]
	for i := range b.Rows() {
		row := b.Row(i)
		if !b.Kind(row).Adds() {
			continue
		}
		at := row
		values := v
		if v.Dict != nil {
			values, at = v.Dict, int(column.Values[int32](v)[row])
		}
		due := column.Values[int64](values)[at]
		if v.Type.Kind == column.Timestamp {
			due = (due - 1) * int64(time.Millisecond)
		}
		a.add(due, now-due)
	}
	return nil
}

func (arrival) Prepare(context.Context) error                                   { return nil }
func (a arrival) NewWriter(context.Context, int, int) (connector.Writer, error) { return a, nil }
func (arrival) Commit(context.Context, []connector.Committable) error           { return nil }
func (arrival) Abort(context.Context, []connector.Committable) error            { return nil }
func (arrival) Finish(context.Context) error                                    { return nil }
func (arrival) Flush(context.Context, bool) ([]connector.Committable, error)    { return nil, nil }
func (arrival) Close() error                                                    { return nil }
