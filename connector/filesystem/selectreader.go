package filesystem

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
)

// selectReader reads a range of a file of text, or a file with an index, by a query that the store answers, in a goroutine of its own.
//
// Its position is the range and how many rows, of those that pass the conditions in the query, were delivered. The conditions are computed here again, on what the store
// sends and on what is read of the range itself: so these numbers are the same whichever way it is read, and a reader may change over within a range.
type selectReader struct {
	source  *source // as asked for, but with buffers that are kept
	store   objstore.Store
	split   connector.Split
	pos     position // behind the last batch returned
	out     *assembly
	filters []*expr.Filter
	check   *answerCheck // of answers in JSON

	passed    int64 // rows of the range that were seen, from its beginning
	delivered int64 // of these, how many were handed on

	limit  int64
	done   bool
	cancel context.CancelFunc
	full   chan decoded
	ready  chan struct{}
	ended  chan struct{}
	err    error // why full was closed
	read   atomic.Int64
	moved  struct{ scanned, processed, returned atomic.Int64 }
}

// openSelect starts to read; asked says that the store is asked, otherwise the range is read as it is.
func openSelect(ctx context.Context, s *source, store objstore.Store, split connector.Split, p *position, asked bool) (connector.Reader, error) {
	kept := *s
	kept.req.Keep = true
	out, err := newAssembly(&kept, p.file(), store)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &selectReader{
		source: &kept, store: store, split: split, pos: *p, out: out, delivered: p.Rows, limit: s.req.Limit, done: s.req.Limit == 0, cancel: cancel,
		full: make(chan decoded, ahead), ready: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	for _, e := range s.selection.taken {
		f, err := expr.CompileFilter(e, expr.InZone(s.config.zone))
		if err != nil {
			cancel()
			return nil, err
		}
		r.filters = append(r.filters, f)
	}
	from := *p
	go func() {
		defer close(r.ended)
		r.err = r.run(ctx, from, asked)
		close(r.full)
		r.wake()
	}()
	return r, nil
}

func (r *selectReader) run(ctx context.Context, p position, asked bool) error {
	if asked {
		err := r.query(ctx, p)
		if err == nil {
			return nil
		}
		if !r.changesOver(err) {
			if kind := objstore.KindOf(err); kind == objstore.Unsupported || kind == objstore.Denied {
				err = fmt.Errorf("%w; with '%s' = 'auto' the object itself is read", err, selectOption.Key)
			}
			return err
		}
	}
	r.passed = 0
	if p.Piece != nil {
		return r.wholeFile(ctx, p)
	}
	return r.whole(ctx, p)
}

// unlikeError says that an answer, or the range itself, is not what stores and decoders surely read alike.
type unlikeError struct{ err error }

func (e *unlikeError) Error() string { return e.err.Error() }
func (e *unlikeError) Unwrap() error { return e.err }

// changesOver reports whether the range is to be read as it is after err.
func (r *selectReader) changesOver(err error) bool {
	q := r.source.selection
	var unlike *unlikeError
	if errors.As(err, &unlike) {
		q.fails(err)
		return true
	}
	switch objstore.KindOf(err) {
	case objstore.Unsupported, objstore.Denied:
		if q.mode == "always" {
			return false
		}
		q.refuse(reasonOf(err))
		q.choice.at(r.store, q.input.Format).learn(err)
		return true
	case objstore.Other, objstore.Throttled: // the query failed, such as by a field that is no number; whether the store itself does, reading will show
		var e *objstore.Error
		if !errors.As(err, &e) || errors.Is(err, context.Canceled) {
			return false
		}
		q.fails(err)
		return true
	}
	return false
}

// whole reads the range itself.
func (r *selectReader) whole(ctx context.Context, p position) error {
	p.Selected, p.Rows = "", 0
	in, err := openText(ctx, r.source, r.store, r.split, &p, r.out)
	if err != nil {
		return err
	}
	defer in.Close()
	base := r.read.Load()
	for {
		b, status, err := in.Poll()
		if err != nil {
			return err
		}
		r.read.Store(base + in.BytesRead())
		if b != nil {
			if err := r.emit(ctx, b); err != nil {
				return err
			}
		}
		switch status {
		case connector.Done:
			return nil
		case connector.Wait:
			select {
			case <-in.Ready():
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		case connector.Ready:
		}
	}
}

// wholeFile reads the file with an index itself, by the conditions that rows are counted by.
func (r *selectReader) wholeFile(ctx context.Context, p position) (err error) {
	s := r.source
	c := s.fileConfig()
	c.Filter = nil
	for _, e := range s.selection.taken {
		c.Filter = append(c.Filter, s.layout.inFile(e))
	}
	url := r.store.URL(p.Key)
	f, err := s.config.format.OpenFile(ctx, format.File{Store: r.store, Info: p.info()}, *p.Piece, c)
	if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	base := r.read.Load()
	for {
		b := r.out.batch(s.tuning.batchRows)
		err := f.Next(ctx, b)
		r.read.Store(base + f.BytesRead())
		if ended(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
		if err := r.emit(ctx, r.out.assemble(b)); err != nil {
			return err
		}
	}
}

// emit hands on those rows of a batch that pass the conditions and were not handed on before.
func (r *selectReader) emit(ctx context.Context, b *column.Batch) error {
	for _, f := range r.filters {
		sel, err := f.Select(b, nil)
		if err != nil {
			return err
		}
		b.Sel = sel
	}
	from := r.passed
	r.passed += int64(b.Rows())
	if r.passed <= r.delivered {
		return nil
	}
	if skip := int(r.delivered - from); skip > 0 {
		sel := make([]int32, 0, b.Rows()-skip)
		for i := skip; i < b.Rows(); i++ {
			sel = append(sel, int32(b.Row(i)))
		}
		b.Sel = sel
	}
	r.delivered = r.passed
	select {
	case r.full <- decoded{b, r.passed}:
		r.wake()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *selectReader) wake() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

func (r *selectReader) Ready() <-chan struct{} { return r.ready }

func (r *selectReader) Poll() (*column.Batch, connector.Status, error) {
	if r.done {
		return nil, connector.Done, nil
	}
	select {
	case b, ok := <-r.full:
		if !ok {
			if r.err != nil {
				return nil, connector.Done, r.err
			}
			r.finish()
			return nil, connector.Done, nil
		}
		r.pos.Selected, r.pos.Rows = r.source.selection.key, b.rows
		if r.limit >= 0 {
			if n := int64(b.Rows()); n >= r.limit {
				b.Batch.Sel = firstRows(b.Batch, int(r.limit))
				r.finish()
				return b.Batch, connector.Done, nil
			}
			r.limit -= int64(b.Rows())
		}
		return b.Batch, connector.Ready, nil
	default:
		return nil, connector.Wait, nil
	}
}

// finish notes that the range is read to its end.
func (r *selectReader) finish() {
	r.done = true
	if r.pos.Piece != nil {
		return // by its rows
	}
	if r.pos.To < 0 {
		r.pos.To = r.pos.Size
	}
	r.pos.From, r.pos.Begun, r.pos.Selected, r.pos.Rows = r.pos.To, true, "", 0
}

func firstRows(b *column.Batch, n int) []int32 {
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(b.Row(i))
	}
	return sel
}

func (r *selectReader) Position() connector.Split {
	return split(r.split.ID, r.split.Size, []position{r.position()})
}

func (r *selectReader) position() position { return r.pos }

func (r *selectReader) BytesRead() int64 { return r.read.Load() }

// Selected implements [connector.SelectCounter].
func (r *selectReader) Selected() objstore.SelectStats {
	m := &r.moved
	return objstore.SelectStats{Scanned: m.scanned.Load(), Processed: m.processed.Load(), Returned: m.returned.Load()}
}

func (r *selectReader) Close() error {
	r.cancel()
	<-r.ended
	return nil
}
