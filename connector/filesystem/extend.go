package filesystem

import (
	"context"

	"github.com/millstream/millstream/objstore"
)

// extended delivers a range of an object and then, for as long as it is asked, what stands behind it, in pieces that grow: the last record of
// a range ends behind the range, nobody knows how far.
type extended struct {
	ctx   context.Context
	store objstore.Store
	info  objstore.Info
	opts  objstore.ReadAheadOptions

	ra    *objstore.ReadAhead
	end   int64 // of the piece that is read now
	grow  int64 // length of the next piece
	relay *relay
}

// extend starts to read [from, end) of an object; the first piece behind has the length grow.
func extend(ctx context.Context, store objstore.Store, info objstore.Info, from, end, grow int64, opts objstore.ReadAheadOptions) *extended {
	e := &extended{ctx: ctx, store: store, info: info, opts: opts, end: from, grow: grow, relay: newRelay()}
	e.next(end - from)
	return e
}

// next starts to read length bytes behind those read so far.
func (e *extended) next(length int64) {
	length = min(length, e.info.Size-e.end)
	e.ra = objstore.NewReadAhead(e.ctx, e.store, e.info.Key, objstore.Range{Offset: e.end, Length: length}, e.opts)
	e.end += length
	e.relay.follow(e.ra.Ready())
}

func (e *extended) TryNext() (*objstore.Block, bool, error) {
	b, ok, err := e.ra.TryNext()
	if ended(err) && e.end < e.info.Size {
		if err := e.Close(); err != nil {
			return nil, false, err
		}
		e.next(e.grow)
		e.grow *= 4
		return nil, false, nil
	}
	return b, ok, err
}

func (e *extended) Ready() <-chan struct{} { return e.relay.out }

func (e *extended) Release(b *objstore.Block) { e.ra.Release(b) }

func (e *extended) Close() error {
	e.relay.end()
	return e.ra.Close()
}
