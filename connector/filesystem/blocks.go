package filesystem

import (
	"context"
	"io"

	"github.com/millstream/millstream/objstore"
)

// blocks delivers the bytes of a split in order: an [objstore.ReadAhead], or a decompressor over one.
type blocks interface {
	// TryNext returns the next block; ok is false where none is there yet, and io.EOF comes behind the last.
	TryNext() (b *objstore.Block, ok bool, err error)
	Ready() <-chan struct{}
	Release(b *objstore.Block)
	Close() error
}

// ended reports whether err says that everything was read. An error of a store that has io.EOF among its causes does not: a connection
// broke off.
func ended(err error) bool {
	return err == io.EOF //nolint:errorlint // see above
}

// decompressed is a stream of blocks made by a decompressor, which runs in a goroutine of its own, one block ahead of its reader.
type decompressed struct {
	cancel context.CancelFunc
	full   chan *objstore.Block
	free   chan *objstore.Block
	ready  chan struct{}
	done   chan struct{} // closed when the goroutine has ended
	err    error         // why full was closed; io.EOF at the end
	size   int           // of a block, in bytes
}

// decompress starts to read an object through open, which makes the decompressor, skipping the first skip bytes that come out. size is that of
// a block; consumed is told, from another goroutine, how many bytes of the object were taken.
func decompress(ctx context.Context, store objstore.Store, info objstore.Info, open opener, skip int64, size int, consumed func(int)) *decompressed {
	ctx, cancel := context.WithCancel(ctx)
	d := &decompressed{
		cancel: cancel, size: size,
		full: make(chan *objstore.Block, 2), free: make(chan *objstore.Block, 4),
		ready: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go func() {
		defer close(d.done)
		d.err = d.run(ctx, store, info, open, skip, consumed)
		close(d.full)
		d.wake()
	}()
	return d
}

func (d *decompressed) run(ctx context.Context, store objstore.Store, info objstore.Info, open opener, skip int64, consumed func(int)) error {
	ra := objstore.NewReadAhead(ctx, store, info.Key, objstore.Range{Length: info.Size}, objstore.ReadAheadOptions{ETag: info.ETag, Parallel: 2})
	raw := &blockReader{ctx: ctx, ra: ra, consumed: consumed}
	defer raw.close()
	z, err := open(raw)
	if err != nil {
		return corrupt(raw, store.URL(info.Key), err)
	}
	defer z.Close() // it has nothing to report that reading did not
	if _, err := io.CopyN(io.Discard, z, skip); err != nil {
		return corrupt(raw, store.URL(info.Key), err)
	}
	for offset := skip; ; {
		b := d.block()
		n, err := fill(z, b.Buf[b.Start:b.Start+d.size])
		if n > 0 {
			b.End, b.Offset = b.Start+n, offset
			offset += int64(n)
			select {
			case d.full <- b:
				d.wake()
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if ended(err) {
			return err
		}
		if err != nil {
			return corrupt(raw, store.URL(info.Key), err)
		}
	}
}

// fill reads until p is full or r ends or fails. It is io.ReadFull, but keeps apart the end of r (io.EOF) and a truncated stream, which
// decompressors report as io.ErrUnexpectedEOF.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}

// corrupt names the object in a decompressor's error; errors of the store speak for themselves.
func corrupt(raw *blockReader, url string, err error) error {
	if raw.err != nil && !ended(raw.err) {
		return raw.err
	}
	return &objstore.Error{Op: "decompress", URL: url, Reason: err.Error(), Hint: "the object is truncated, damaged, or not what its extension says", Err: err}
}

func (d *decompressed) block() *objstore.Block {
	select {
	case b := <-d.free:
		return b
	default:
		return &objstore.Block{Buf: make([]byte, objstore.Headroom+d.size+objstore.Tailroom), Start: objstore.Headroom}
	}
}

func (d *decompressed) wake() {
	select {
	case d.ready <- struct{}{}:
	default:
	}
}

func (d *decompressed) TryNext() (*objstore.Block, bool, error) {
	select {
	case b, ok := <-d.full:
		if !ok {
			return nil, false, d.err
		}
		return b, true, nil
	default:
		return nil, false, nil
	}
}

func (d *decompressed) Ready() <-chan struct{} { return d.ready }

func (d *decompressed) Release(b *objstore.Block) {
	if len(b.Buf) != objstore.Headroom+d.size+objstore.Tailroom {
		return // not one of these
	}
	b.Start = objstore.Headroom
	select {
	case d.free <- b:
	default:
	}
}

func (d *decompressed) Close() error {
	d.cancel()
	<-d.done
	return nil
}

// blockReader reads the blocks of a ReadAhead as one stream.
type blockReader struct {
	ctx      context.Context
	ra       *objstore.ReadAhead
	b        *objstore.Block
	at       int
	err      error
	consumed func(int)
}

func (r *blockReader) Read(p []byte) (int, error) {
	for r.b == nil || r.at == r.b.End {
		if r.err != nil {
			return 0, r.err
		}
		r.release()
		if r.b, r.err = r.ra.Next(r.ctx); r.err != nil {
			r.b = nil
			return 0, r.err
		}
		r.at = r.b.Start
	}
	n := copy(p, r.b.Buf[r.at:r.b.End])
	r.at += n
	r.consumed(n)
	return n, nil
}

func (r *blockReader) release() {
	if r.b != nil {
		r.ra.Release(r.b)
		r.b = nil
	}
}

func (r *blockReader) close() {
	r.release()
	r.ra.Close() //nolint:errcheck // what failed was returned by Read
}
