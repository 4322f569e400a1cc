package filesystem

import (
	"context"
	"errors"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

// lenient reads one file of a split, and leaves it, or takes its new version, where it was deleted or overwritten since it was found.
type lenient struct {
	ctx    context.Context
	source *source
	store  objstore.Store
	split  connector.Split
	at     position
	relay  *relay

	reader  connector.Reader // nil: there is nothing to read
	renewed chan renewal     // of the goroutine that looks for the new version; nil: there is none
	cancel  context.CancelFunc
	begun   bool  // something was delivered
	skipped int64 // malformed records of a version that was left
	left    int64 // 1 once the file was left
	read    int64 // of a version that was left
}

// renewal is a reader of a file's new version; nil: the file was deleted.
type renewal struct {
	reader connector.Reader
	err    error
}

func newLenient(ctx context.Context, s *source, store objstore.Store, split connector.Split, p position, r connector.Reader) *lenient {
	l := &lenient{ctx: ctx, source: s, store: store, split: split, at: p, relay: newRelay(), reader: r, begun: p.From > 0 || p.Rows > 0}
	l.relay.follow(r.Ready())
	return l
}

// gone reports whether an error says that the version of a file that was found is not there any more.
func gone(err error) bool {
	kind := objstore.KindOf(err)
	return kind == objstore.NotFound || kind == objstore.Changed
}

// mostRenewals is how often a file is looked at that is overwritten again and again while it is to be cut.
const mostRenewals = 10

// cutListed cuts a file that was listed; where cutting looks into it and it was deleted or overwritten meanwhile, it is left, or its new version is cut.
func (s *source) cutListed(ctx context.Context, store objstore.Store, f found, size int64) ([]piece, error) {
	policy := s.config.values.Enum(changedOption)
	for n := 0; ; n++ {
		list, err := s.cut(ctx, store, f, size)
		if !gone(err) || policy == "fail" || n == mostRenewals {
			return list, err
		}
		if policy == "skip" {
			return leave(store, f), nil
		}
		info, err := store.Head(ctx, f.Key)
		if objstore.KindOf(err) == objstore.NotFound {
			return leave(store, f), nil
		}
		if err != nil {
			return nil, err
		}
		f.Info = info
	}
}

// leave is what becomes of a file of which the version that was found is not there any more.
func leave(store objstore.Store, f found) []piece {
	p := start(f)
	p.Gone = true
	return []piece{{store.URL(f.Key), 0, p}}
}

func (l *lenient) Ready() <-chan struct{} { return l.relay.out }

func (l *lenient) Poll() (*column.Batch, connector.Status, error) {
	if l.renewed != nil {
		select {
		case r := <-l.renewed:
			l.endRenewal()
			if r.err != nil {
				return nil, connector.Done, r.err
			}
			if r.reader == nil {
				l.left++
			} else {
				l.reader = r.reader
				l.relay.follow(r.reader.Ready())
			}
		default:
			return nil, connector.Wait, nil
		}
	}
	if l.reader == nil {
		return nil, connector.Done, nil
	}
	b, status, err := l.reader.Poll()
	if err == nil {
		l.begun = l.begun || b != nil
		return b, status, nil
	}
	if !gone(err) {
		return nil, connector.Done, err
	}
	l.read += l.reader.BytesRead()
	l.skipped = l.Skipped()
	l.relay.end()
	if closed := l.reader.Close(); closed != nil && !gone(closed) {
		return nil, connector.Done, closed
	}
	l.reader = nil
	if l.source.config.values.Enum(changedOption) == "skip" || l.source.monitors() || objstore.KindOf(err) == objstore.NotFound {
		l.left++
		return nil, connector.Done, nil
	}
	if l.begun || l.at.Ranged {
		return nil, connector.Done, fmt.Errorf("'%s' = 'read-new' takes the new version only of a file of which nothing was read yet: %w", changedOption.Key, err)
	}
	l.renew()
	return nil, connector.Wait, nil
}

// renew looks for the file's new version in the background.
func (l *lenient) renew() {
	ctx, cancel := context.WithCancel(l.ctx)
	c := make(chan renewal, 1)
	l.renewed, l.cancel = c, cancel
	go func() {
		r, err := l.open(ctx)
		c <- renewal{r, err}
		l.relay.wake()
	}()
}

func (l *lenient) open(ctx context.Context) (connector.Reader, error) {
	info, err := l.store.Head(ctx, l.at.Key)
	if objstore.KindOf(err) == objstore.NotFound {
		return nil, nil //nolint:nilnil // there is nothing to read, and that is no error
	}
	if err != nil {
		return nil, err
	}
	pieces, err := l.source.cut(ctx, l.store, found{info, ""}, info.Size+1)
	if err != nil {
		return nil, err
	}
	list := make([]position, len(pieces))
	for i, p := range pieces {
		list[i] = p.at
	}
	b := &bundle{ctx: l.ctx, source: l.source, store: l.store, split: l.split, rest: list, relay: newRelay(), limit: l.source.req.Limit}
	if err := b.ahead(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// endRenewal ends the look for the new version, of which the result was taken.
func (l *lenient) endRenewal() {
	l.cancel()
	l.renewed = nil
}

func (l *lenient) Position() connector.Split {
	return split(l.split.ID, l.split.Size, l.positions())
}

// positions returns what is not read yet: nothing of a file that was left.
func (l *lenient) positions() []position {
	switch r := l.reader.(type) {
	case nil:
		if l.renewed == nil && !l.at.Gone {
			return nil
		}
		return []position{l.at}
	case *bundle:
		return r.positions()
	default:
		return []position{r.(positioner).position()}
	}
}

func (l *lenient) BytesRead() int64 {
	if l.reader == nil {
		return l.read
	}
	return l.read + l.reader.BytesRead()
}

// Selected implements [connector.SelectCounter].
func (l *lenient) Selected() objstore.SelectStats { return selectedBy(l.reader) }

// Skipped implements [connector.SkipCounter].
func (l *lenient) Skipped() int64 { return l.skipped + skippedBy(l.reader) }

// Left implements [connector.LeaveCounter].
func (l *lenient) Left() int64 { return l.left + leftBy(l.reader) }

// skippedBy is the number of malformed records that a reader has skipped.
func skippedBy(r connector.Reader) int64 {
	if c, ok := r.(connector.SkipCounter); ok {
		return c.Skipped()
	}
	return 0
}

// leftBy is the number of files that a reader has left.
func leftBy(r connector.Reader) int64 {
	if c, ok := r.(connector.LeaveCounter); ok {
		return c.Left()
	}
	return 0
}

func (l *lenient) Close() error {
	l.relay.end()
	if l.renewed != nil {
		l.cancel()
		if r := <-l.renewed; r.reader != nil {
			return r.reader.Close()
		}
	}
	if l.reader == nil {
		return nil
	}
	return l.reader.Close()
}
