package nexmark

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/internal/pace"
)

// reader reads one split.
type reader struct {
	pace.Pacer
	source *source
	id     string
	pos    position
	batch  *column.Batch
	events events
	limit  int64
}

func (r *reader) Poll() (*column.Batch, connector.Status, error) {
	s := r.source
	n := int64(pace.BatchRows)
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
		if n = min(n, r.Due(s.now())); n <= 0 {
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
	r.Give(n)
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

func (r *reader) Position() connector.Split { return pace.Split(r.id, r.pos) }
