package filesystem

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// fileReader reads a piece of a file with an index. The format may wait for the store, so it runs in a goroutine of its own, some batches ahead.
type fileReader struct {
	source *source
	id     string
	size   int64
	pos    position // behind the last batch returned
	out    *assembly
	last   *column.Batch // lent to the caller
	sel    []int32       // of a batch that is cut
	limit  int64
	done   bool

	cancel context.CancelFunc
	full   chan decoded
	free   chan *column.Batch
	ready  chan struct{}
	ended  chan struct{} // closed when the goroutine has ended
	err    error         // why full was closed; io.EOF at the end
	read   atomic.Int64
}

// decoded is a batch, and how many rows of the piece end with it.
type decoded struct {
	*column.Batch
	rows int64
}

// ahead is how many batches are decoded before they are asked for.
const ahead = 3

func openFile(ctx context.Context, s *source, store objstore.Store, split connector.Split, p *position, out *assembly) *fileReader {
	ctx, cancel := context.WithCancel(ctx)
	r := &fileReader{
		source: s, id: split.ID, size: split.Size, pos: *p, out: out, limit: s.req.Limit, done: s.req.Limit == 0, cancel: cancel,
		full: make(chan decoded, ahead), free: make(chan *column.Batch, ahead+2),
		ready: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	piece, skip := *p.Piece, p.Rows
	go func() {
		defer close(r.ended)
		r.err = r.run(ctx, store, p.info(), piece, skip)
		close(r.full)
		r.wake()
	}()
	return r
}

func (r *fileReader) run(ctx context.Context, store objstore.Store, info objstore.Info, piece format.Piece, skip int64) (err error) {
	url := store.URL(info.Key)
	f, err := r.source.config.format.OpenFile(ctx, format.File{Store: store, Info: info}, piece, r.source.fileConfig())
	if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	defer func() {
		if e := f.Close(); e != nil && ended(err) {
			err = fmt.Errorf("%s: %w", url, e)
		}
	}()
	filtering, filters := f.(format.FilteringReader)
	if filters {
		filtering.Skip(skip)
		skip = 0
	}
	for rows := int64(0); ; {
		b := r.batch()
		err := f.Next(ctx, b)
		r.read.Store(f.BytesRead())
		if ended(err) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
		from := rows
		if rows += int64(b.Len); filters {
			rows = filtering.Passed()
		}
		if rows <= skip {
			r.free <- b // as empty as it was, and this goroutine alone takes from it
			continue
		}
		if from < skip {
			cutBefore(b, int(skip-from))
		}
		select {
		case r.full <- decoded{b, rows}:
			r.wake()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// cutBefore takes the first n physical rows out of a batch.
func cutBefore(b *column.Batch, n int) {
	sel := make([]int32, 0, b.Len-n)
	for i := range b.Rows() {
		if row := b.Row(i); row >= n {
			sel = append(sel, int32(row))
		}
	}
	b.Sel = sel
}

// batch returns an empty batch.
func (r *fileReader) batch() *column.Batch {
	select {
	case b := <-r.free:
		b.Reset()
		return b
	default:
		return r.out.batch(r.source.tuning.batchRows)
	}
}

func (r *fileReader) wake() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

func (r *fileReader) Ready() <-chan struct{} { return r.ready }

func (r *fileReader) Poll() (*column.Batch, connector.Status, error) {
	if r.last != nil && !r.source.req.Keep {
		select {
		case r.free <- r.last:
		default:
		}
	}
	r.last = nil
	for !r.done {
		select {
		case b, ok := <-r.full:
			if !ok {
				if !ended(r.err) {
					return nil, connector.Done, r.err
				}
				r.done = true
				continue
			}
			r.last, r.pos.Rows = b.Batch, b.rows
			if b.Rows() == 0 {
				return nil, connector.Ready, nil
			}
			if r.limit >= 0 {
				r.cut(b.Batch)
			}
			status := connector.Ready
			if r.done {
				status = connector.Done
			}
			return r.out.assemble(b.Batch), status, nil
		default:
			return nil, connector.Wait, nil
		}
	}
	return nil, connector.Done, nil
}

// cut leaves no more rows in a batch than the limit allows.
func (r *fileReader) cut(b *column.Batch) {
	if n := int64(b.Rows()); n < r.limit {
		r.limit -= n
		return
	}
	r.sel = r.sel[:0]
	for i := range int(r.limit) {
		r.sel = append(r.sel, int32(b.Row(i)))
	}
	b.Sel, r.limit, r.done = r.sel, 0, true
}

func (r *fileReader) Position() connector.Split {
	return split(r.id, r.size, []position{r.position()})
}

func (r *fileReader) position() position { return r.pos }

func (r *fileReader) BytesRead() int64 { return r.read.Load() }

func (r *fileReader) Close() error {
	r.cancel()
	<-r.ended
	return nil
}
