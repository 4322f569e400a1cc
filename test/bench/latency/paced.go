package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
)

// schedule says when each event happens: number i at begin plus i steps, in nanoseconds of Unix time. Latency counts from there, so an event
// that a source brings late because the job is behind is late in the result too.
type schedule struct {
	begin, step int64
	events      int64
	keys        int64
	late        atomic.Pointer[samples] // how late the source itself was
}

func (s *schedule) at(i int64) int64 { return s.begin + i*s.step }

// paced is a source of events k (key), ts (event time) and due (the same in nanoseconds) as they happen, without end.
type paced struct {
	*schedule
	project []int
	columns []column.Field
}

var splitNames = []string{"even", "odd"}

func (p paced) Bounded() bool      { return false }
func (p paced) PushedDown() string { return "" }

func (p paced) Splits(context.Context, int) ([]connector.Split, error) {
	var list []connector.Split
	for _, name := range splitNames {
		list = append(list, connector.Split{ID: name})
	}
	return list, nil
}

func (p paced) Open(_ context.Context, split connector.Split) (connector.Reader, error) {
	r := &pacedReader{paced: p, split: split, ready: make(chan struct{}, 1)}
	if split.ID == splitNames[1] {
		r.next = 1
	}
	var fields []column.Field
	for _, c := range p.project {
		fields = append(fields, p.columns[c])
	}
	r.batch = column.NewBatch(fields, 0)
	return r, nil
}

// pacedReader brings every other event.
type pacedReader struct {
	paced
	split connector.Split
	next  int64
	batch *column.Batch
	ready chan struct{}
	timer *time.Timer
}

func (r *pacedReader) Poll() (*column.Batch, connector.Status, error) {
	if r.next >= r.events {
		return nil, connector.Done, nil
	}
	now := time.Now().UnixNano()
	first := r.next
	for r.next < r.events && r.next-first < 2*4096 && r.at(r.next) <= now {
		r.next += int64(len(splitNames))
	}
	n := int((r.next - first) / int64(len(splitNames)))
	if n == 0 {
		// A tick of a millisecond, as a log's consumer fetches: not a timer for each event.
		r.wait(max(time.Duration(r.at(r.next)-now), time.Millisecond))
		return nil, connector.Wait, nil
	}
	r.batch.Reset()
	late := r.late.Load()
	for i := first; i < r.next; i += int64(len(splitNames)) {
		due := r.at(i)
		late.add(due, now-due)
		for at, c := range r.project {
			v := r.batch.Cols[at]
			switch c {
			case 0:
				column.Append(v, int64(uint64(i)*0x9E3779B97F4A7C15>>20)%r.keys)
			case 1:
				column.Append(v, due/int64(time.Millisecond))
			default:
				column.Append(v, due)
			}
		}
	}
	r.batch.Len = n
	return r.batch, connector.Ready, nil
}

func (r *pacedReader) wait(d time.Duration) {
	if r.timer != nil {
		r.timer.Reset(d)
		return
	}
	r.timer = time.AfterFunc(d, func() {
		select {
		case r.ready <- struct{}{}:
		default:
		}
	})
}

func (r *pacedReader) Ready() <-chan struct{}    { return r.ready }
func (r *pacedReader) Position() connector.Split { return r.split }
func (r *pacedReader) BytesRead() int64          { return 0 }

func (r *pacedReader) Close() error {
	if r.timer != nil {
		r.timer.Stop()
	}
	return nil
}
