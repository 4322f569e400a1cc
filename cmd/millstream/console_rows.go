package main

import (
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/session"
)

// rowStore keeps a query's rows for the view: those that its changes leave, or the changes themselves. The job writes it, the event loop
// reads it.
type rowStore struct {
	mu      sync.Mutex
	columns []column.Field
	limit   int
	changes bool
	kept    *column.Batch
	dropped int           // older rows that are kept no more
	updated *materialiser // in place of kept, where rows change

	order []int32 // the rows of updated, in order
	stale bool    // and updated has changed since
}

func newRowStore(result *session.Result, changes bool, zone *time.Location, limit int) *rowStore {
	r := &rowStore{columns: result.Columns, limit: limit, changes: changes}
	if result.Updating && !changes {
		r.updated = newMaterialiser(nil, result.Columns, zone)
		return r
	}
	r.kept = column.NewBatch(result.Columns, 0)
	return r
}

func (r *rowStore) batch(b *column.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.updated != nil {
		r.stale = true
		return r.updated.batch(b)
	}
	r.kept.AppendRows(b, nil)
	if over := r.kept.Len - r.limit; over > r.limit/4 {
		r.dropped += over
		newest := make([]int32, r.limit)
		for i := range newest {
			newest[i] = int32(over + i)
		}
		kept := column.NewBatch(r.columns, r.limit)
		kept.AppendRows(r.kept, newest)
		r.kept = kept
	}
	return nil
}

// count is the number of rows that there were, those that are kept no more included.
func (r *rowStore) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.updated != nil {
		return int(r.updated.n)
	}
	return r.dropped + r.kept.Len
}

// first is the number of the first row that is kept.
func (r *rowStore) first() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}

// each calls f for the rows [from, to) that there are.
func (r *rowStore) each(from, to int, f func(b *column.Batch, row int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.updated == nil {
		for i := max(from-r.dropped, 0); i < min(to-r.dropped, r.kept.Len); i++ {
			f(r.kept, i)
		}
		return
	}
	if r.stale {
		r.order, r.stale = r.updated.live(), false
	}
	for _, row := range r.order[min(from, len(r.order)):min(to, len(r.order))] {
		f(r.updated.kept, int(row))
	}
}
