package nexmark

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
)

// batchRows is the most rows of a batch.
const batchRows = 4096

// tick is how long a reader waits, at least, to have more than a few events to give when the rate is high.
const tick = 5 * time.Millisecond

// reader reads one split.
type reader struct {
	source *source
	id     string
	pos    position
	batch  *column.Batch
	events events
	begun  time.Time
	given  int64 // events since then
	limit  int64
	ready  chan struct{}
	timer  *time.Timer
}

func (r *reader) Poll() (*column.Batch, connector.Status, error) {
	s := r.source
	n := int64(batchRows)
	if r.limit >= 0 {
		n = min(n, r.limit)
	}
	if n == 0 {
		return nil, connector.Done, nil
	}
	total := s.total
	if total < 0 {
		total = maxEvents
	}
	if n = min(n, (total-r.pos.Next+r.pos.Step-1)/r.pos.Step); n <= 0 {
		return nil, r.end(), nil
	}
	if s.limited {
		now := s.now()
		if n = min(n, r.due(now)-r.given); n <= 0 {
			r.wait(now)
			return nil, connector.Wait, nil
		}
	}
	if s.req.Keep {
		r.batch = column.NewBatch(s.columns, int(n))
	}
	r.batch.Reset()
	r.events.number(s.model, r.pos.Next, r.pos.Step, int(n))
	for i, fill := range s.fillers {
		fill(s.model, &r.events, r.batch.Cols[i])
	}
	r.batch.Len = int(n)
	r.pos.Next += n * r.pos.Step
	r.given += n
	if r.limit >= 0 {
		r.limit -= n
	}
	switch {
	case r.limit == 0:
		return r.batch, connector.Done, nil
	case r.pos.Next >= total:
		return r.batch, r.end(), nil
	}
	return r.batch, connector.Ready, nil
}

// end is the status behind the last event.
func (r *reader) end() connector.Status {
	if r.source.alive {
		return connector.Wait
	}
	return connector.Done
}

// due is the number of events that the split may have given by now: one at once, then its share of the rate.
func (r *reader) due(now time.Time) int64 {
	passed := now.Sub(r.begun)
	rate := float64(r.source.model.rate) / float64(r.pos.Step)
	return 1 + int64(min(passed.Seconds()*rate, 1<<62))
}

// wait sets the timer for the next events.
func (r *reader) wait(now time.Time) {
	next := time.Duration(float64(r.given) * float64(r.pos.Step) / float64(r.source.model.rate) * float64(time.Second))
	delay := max(r.begun.Add(next).Sub(now), tick)
	if r.timer != nil {
		r.timer.Reset(delay)
		return
	}
	r.timer = time.AfterFunc(delay, func() {
		select {
		case r.ready <- struct{}{}:
		default:
		}
	})
}

func (r *reader) Ready() <-chan struct{} { return r.ready }

func (r *reader) Position() connector.Split {
	split, err := r.pos.split(r.id)
	if err != nil {
		panic(err) // two numbers always can be encoded
	}
	return split
}

func (r *reader) BytesRead() int64 { return 0 }

func (r *reader) Close() error {
	if r.timer != nil {
		r.timer.Stop()
	}
	return nil
}
