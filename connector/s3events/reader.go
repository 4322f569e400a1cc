package s3events

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/discovery"
	"github.com/millstream/millstream/objstore/event"
)

// reader reads all events.
type reader struct {
	source *source
	finder *discovery.Finder
	asked  func(name string) bool
	limit  int64
	events []event.Event
	batch  *column.Batch
}

func (r *reader) Poll() (*column.Batch, connector.Status, error) {
	most := int64(batchRows)
	if r.limit >= 0 {
		most = min(most, r.limit)
	}
	if most == 0 {
		return nil, connector.Done, nil
	}
	var status connector.Status
	var err error
	if r.events, status, err = r.finder.PollEvents(r.events[:0], int(most)); err != nil {
		return nil, connector.Done, err
	}
	if r.batch == nil || r.source.req.Keep {
		r.batch = column.NewBatch(r.source.columns(), len(r.events))
	}
	b := r.batch
	b.Reset()
	for i := range r.events {
		e := &r.events[i]
		if !r.asked(e.Name) {
			continue
		}
		for k, fill := range r.source.fill {
			fill(b.Cols[k], e)
		}
		b.Len++
	}
	if b.Len == 0 {
		return nil, status, nil
	}
	if r.limit >= 0 {
		if r.limit -= int64(b.Len); r.limit == 0 {
			status = connector.Done
		}
	}
	return b, status, nil
}

// columns are those of the batches.
func (s *source) columns() []column.Field {
	list := make([]column.Field, len(s.req.Project))
	for i, p := range s.req.Project {
		list[i] = s.req.Table.Columns[p]
	}
	return list
}

func (r *reader) Ready() <-chan struct{} { return r.finder.Ready() }

func (r *reader) Position() connector.Split {
	return connector.Split{ID: "events", State: r.finder.State()}
}

func (r *reader) BytesRead() int64 { return 0 }
func (r *reader) Close() error     { return r.finder.Close() }
