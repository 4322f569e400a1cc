package filesystem

import (
	"context"
	"errors"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

// bundle reads several small files as one split, one after another. The next ones are opened ahead: each costs the store's latency, and thousands
// of them would cost it thousands of times.
type bundle struct {
	ctx    context.Context
	source *source
	store  objstore.Store
	split  connector.Split
	rest   []position         // not opened yet
	open   []connector.Reader // the one that is read, and those opened ahead
	relay  *relay
	limit  int64 // rows still to deliver; negative: no limit

	read    int64 // bytes of files that were read to their end
	queries objstore.SelectStats
	skipped int64
	left    int64
	last    connector.Reader // read to its end; its last batch is lent
}

// filesAhead is how many files of a bundle are open at once.
const filesAhead = 8

func openBundle(ctx context.Context, s *source, store objstore.Store, split connector.Split, list []position) (*bundle, error) {
	b := &bundle{ctx: ctx, source: s, store: store, split: split, rest: list, relay: newRelay(), limit: s.req.Limit}
	if err := b.ahead(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// ahead opens files until enough are open, and follows the first.
func (b *bundle) ahead() error {
	was := len(b.open)
	for len(b.rest) > 0 && len(b.open) < filesAhead {
		r, err := b.source.openOne(b.ctx, b.store, b.split, &b.rest[0])
		if err != nil {
			return err
		}
		b.open = append(b.open, r)
		b.rest = b.rest[1:]
	}
	if was == 0 && len(b.open) > 0 {
		b.relay.follow(b.open[0].Ready())
	}
	return nil
}

func (b *bundle) Ready() <-chan struct{} { return b.relay.out }

func (b *bundle) Poll() (*column.Batch, connector.Status, error) {
	if err := b.closeLast(); err != nil {
		return nil, connector.Done, err
	}
	if len(b.open) == 0 || b.limit == 0 {
		return nil, connector.Done, nil
	}
	batch, status, err := b.open[0].Poll()
	if err != nil {
		return nil, connector.Done, err
	}
	if batch != nil && b.limit > 0 {
		b.limit = max(0, b.limit-int64(batch.Rows()))
	}
	if status == connector.Done {
		b.relay.end()
		b.last, b.open = b.open[0], b.open[1:]
		if len(b.open) > 0 {
			b.relay.follow(b.open[0].Ready())
		}
		if err := b.ahead(); err != nil {
			return nil, connector.Done, err
		}
		if len(b.open) > 0 {
			status = connector.Ready
		}
	}
	if b.limit == 0 {
		status = connector.Done
	}
	return batch, status, nil
}

// closeLast closes the file whose last batch is done with.
func (b *bundle) closeLast() error {
	r := b.last
	if r == nil {
		return nil
	}
	b.last = nil
	b.read += r.BytesRead()
	b.queries = b.queries.Plus(selectedBy(r))
	b.skipped += skippedBy(r)
	b.left += leftBy(r)
	return r.Close()
}

// positions returns the positions of the files that are not read to their end.
func (b *bundle) positions() []position {
	var list []position
	for _, r := range b.open {
		if l, ok := r.(*lenient); ok {
			list = append(list, l.positions()...)
			continue
		}
		list = append(list, r.(positioner).position())
	}
	return append(list, b.rest...)
}

func (b *bundle) Position() connector.Split { return split(b.split.ID, b.split.Size, b.positions()) }

func (b *bundle) BytesRead() int64 {
	n := b.read
	for _, r := range b.current() {
		n += r.BytesRead()
	}
	return n
}

// Selected implements [connector.SelectCounter].
func (b *bundle) Selected() objstore.SelectStats {
	n := b.queries
	for _, r := range b.current() {
		n = n.Plus(selectedBy(r))
	}
	return n
}

// Skipped implements [connector.SkipCounter].
func (b *bundle) Skipped() int64 {
	n := b.skipped
	for _, r := range b.current() {
		n += skippedBy(r)
	}
	return n
}

// Left implements [connector.LeaveCounter].
func (b *bundle) Left() int64 {
	n := b.left
	for _, r := range b.current() {
		n += leftBy(r)
	}
	return n
}

// current are the files of which something was delivered and that are not counted yet.
func (b *bundle) current() []connector.Reader {
	var list []connector.Reader
	if b.last != nil {
		list = append(list, b.last)
	}
	if len(b.open) > 0 {
		list = append(list, b.open[0])
	}
	return list
}

func (b *bundle) Close() error {
	b.relay.end()
	errs := []error{b.closeLast()}
	for _, r := range b.open {
		errs = append(errs, r.Close())
	}
	b.open, b.rest = nil, nil
	return errors.Join(errs...)
}
