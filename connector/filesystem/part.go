package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
)

// part is a part file that is being written.
type part struct {
	writer *writer
	key    string
	begun  time.Time
	last   time.Time // when rows came last
	ctx    context.Context

	upload  objstore.Upload   // nil: nothing was uploaded
	file    format.FileWriter // of a format with an index
	buf     []byte            // encoded and not uploaded
	pack    io.WriteCloser    // compresses what was encoded; nil: nothing was, or nothing is
	written int64             // bytes handed to the upload
	merge   int64             // size up to which it is merged with others; 0: it is not

	kept     bool               // a checkpoint has the upload as one to go on with
	replaced []objstore.Pending // uploads that this one was resumed from
}

// name returns the name of the subtask's next part, in a partition's directory ("" or ending in "/"). It begins with before.
func (w *writer) name(dir, before, extension string) string {
	n := *w.number
	*w.number++
	return fmt.Sprintf("%s%s%s%s%s%d-%d%s", w.sink.dir, dir, before, w.sink.prefix(), w.sink.mark(), w.subtask, n, extension)
}

// begin begins the next part of a partition's directory.
func (w *writer) begin(ctx context.Context, dir string) (*part, error) {
	c := w.sink.config
	if err := w.pending.add(dir, w.now); err != nil {
		return nil, err
	}
	before, merge := "", w.sink.compaction.size
	if merge > 0 {
		before = uncompacted
	}
	p := &part{writer: w, key: w.name(dir, before, w.sink.extension()), begun: w.now, ctx: ctx, merge: merge}
	if w.encoder != nil {
		p.buf = w.encoder.Header(nil)
		return p, nil
	}
	f, err := c.format.NewFile(p, c.formatConfig())
	if err != nil {
		return nil, p.fail(err)
	}
	p.file = f
	return p, nil
}

// fail names the part in an error of a format; errors of the store speak for themselves.
func (p *part) fail(err error) error {
	var store *objstore.Error
	if errors.As(err, &store) {
		return err
	}
	return fmt.Errorf("cannot write %s: %w", p.writer.sink.store.URL(p.key), err)
}

// write adds the live rows of a batch.
func (p *part) write(ctx context.Context, b *column.Batch) (err error) {
	p.ctx = ctx
	if p.file != nil {
		return p.file.Write(b)
	}
	if p.buf, err = p.writer.encoder.Encode(p.buf, b); err != nil {
		return err
	}
	if len(p.buf) < p.writer.sink.limits.begin {
		return nil
	}
	return p.drain()
}

// drain uploads what was encoded.
func (p *part) drain() error {
	var to io.Writer = p
	if packing := p.writer.sink.packing; packing != nil {
		if p.pack == nil {
			pack, err := packing.open(p)
			if err != nil {
				return err
			}
			p.pack = pack
		}
		to = p.pack
	}
	_, err := to.Write(p.buf)
	p.buf = p.buf[:0]
	return err
}

// Write uploads bytes. It is what formats with an index write to.
func (p *part) Write(data []byte) (n int, err error) {
	if p.upload == nil {
		if p.upload, err = p.writer.sink.store.Create(p.ctx, p.key); err != nil {
			return 0, err
		}
	}
	n, err = p.upload.Write(data)
	p.written += int64(n)
	return n, err
}

// size is the number of bytes that the file has so far, about.
func (p *part) size() int64 {
	if p.file != nil {
		return p.written + p.file.BufferedBytes()
	}
	return p.written + int64(len(p.buf))
}

// uploadBuffer is what a store's upload keeps of its bytes, at most and about.
const uploadBuffer = 8 << 20

// memory is the number of bytes that the part holds, about.
func (p *part) memory() int64 {
	m := int64(cap(p.buf)) + min(p.written, uploadBuffer)
	if p.file != nil {
		m += p.file.BufferedBytes()
	}
	if p.pack != nil {
		m += 2 * packWindow
	}
	return m
}

// seal uploads the rest.
func (p *part) seal(ctx context.Context) (finished, error) {
	p.ctx = ctx
	if p.file != nil {
		if err := p.file.Close(); err != nil {
			return finished{}, err
		}
	} else if err := p.drain(); err != nil {
		return finished{}, err
	}
	if p.pack != nil {
		if err := p.pack.Close(); err != nil {
			return finished{}, err
		}
	}
	sealed, err := p.upload.Seal(ctx)
	return finished{Pending: sealed, Kept: p.kept, Replaced: others(p.replaced, sealed.UploadID), Merge: p.merge, Apart: p.merge > 0 && p.writer.sink.config.changes != graph.InsertOnly}, err
}
