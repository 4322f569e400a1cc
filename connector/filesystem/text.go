package filesystem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// textReader reads the records of a split of a file that is a stream of records.
//
// A range [from, to) has the records that begin in it. Where the first of them begins is found by [format.Decoder.SkipPartial] on the bytes from
// from-1 on, and where the last of them ends, which is where the next range's first one begins, by the same search from to-1 on: so both
// sides of a cut agree, whatever stands there.
//
// Bytes come in blocks. What is left of a block when no complete record is left in it is copied in front of the next block, and that
// one decoded from there. A record too long for that is gathered in a buffer that doubles until the record is whole.
type textReader struct {
	ctx    context.Context
	source *source
	store  objstore.Store
	id     string
	size   int64 // of the split, for Position
	pos    position
	open   opener // nil: not compressed

	blocks  blocks
	decoder format.Decoder
	rows    *column.Batch // as decoded
	out     *assembly

	cur      *objstore.Block
	at       int               // in cur.Buf: the first byte that is not decoded
	used     []*objstore.Block // lent to the last batch
	seeking  bool              // for the first record
	headed   bool              // what stands before the file's first record was read
	starved  bool              // no complete record is left in cur
	enough   int               // bytes that cur must have before it is worth decoding: a long record is gathered
	stop     int64             // where the records of the next range begin; -1: not found yet
	ended    bool              // no block follows
	done     bool
	limit    int64 // rows still to deliver
	consumed atomic.Int64
}

func openText(ctx context.Context, s *source, store objstore.Store, split connector.Split, p *position, out *assembly) (connector.Reader, error) {
	d, err := s.decoder(p.Ranged)
	if err != nil {
		return nil, err
	}
	r := &textReader{
		ctx: ctx, source: s, store: store, id: split.ID, size: split.Size, pos: *p, open: compression(p.Key), decoder: d, out: out,
		seeking: !p.Begun, headed: p.From > 0 || !p.Begun, stop: -1, limit: s.req.Limit, starved: true,
	}
	if r.headed && heads(d) {
		if err := r.head(); err != nil {
			return nil, err
		}
	}
	r.done = r.limit == 0 || p.To >= 0 && p.From >= p.To
	r.blocks = r.read()
	return r, nil
}

// head tells the decoder what stands before the file's first record, which is behind.
func (r *textReader) head() error {
	if r.pos.Head == nil {
		return fmt.Errorf("%s: it was read in part when 'csv.columns-by-name' was not set, and cannot be gone on with by names: start the job without its state", r.store.URL(r.pos.Key))
	}
	if _, err := r.decoder.Header(r.pos.Head, true); err != nil {
		return r.place(err, 0)
	}
	return nil
}

// read starts to read what the position names.
func (r *textReader) read() blocks {
	t, info := &r.source.tuning, r.pos.info()
	opts := t.readAhead
	opts.ETag = info.ETag
	opts.BlockSize = blockFor(info.Size, opts.BlockSize)
	if r.open != nil {
		return decompress(r.ctx, r.store, info, r.open, r.pos.From, opts.BlockSize, func(n int) { r.consumed.Add(int64(n)) })
	}
	from := r.pos.From
	if r.seeking {
		from--
	}
	if r.pos.To >= info.Size || r.done {
		return objstore.NewReadAhead(r.ctx, r.store, info.Key, objstore.Range{Offset: from, Length: info.Size - from}, opts)
	}
	end := min(r.pos.To+t.tail, info.Size)
	// No request for the tail alone: a little more in each of the others.
	requests := (r.pos.To - from + opts.RequestSize - 1) / opts.RequestSize
	opts.RequestSize = (end - from + requests - 1) / requests
	return extend(r.ctx, r.store, info, from, end, 16*t.tail, opts)
}

// blockFor is a block's size for a file: most, or the power of two that a smaller file needs.
func blockFor(size int64, most int) int {
	return min(most, max(64<<10, 1<<bits.Len64(uint64(max(size, 1)-1))))
}

func (r *textReader) Ready() <-chan struct{} { return r.blocks.Ready() }

// pollSteps is how often one Poll decodes or goes on to another block, at most, when no row comes out: the task has other things to look at too.
const pollSteps = 16

func (r *textReader) Poll() (*column.Batch, connector.Status, error) {
	r.recycle()
	for n := 0; !r.done; n++ {
		if n == pollSteps {
			return nil, connector.Ready, nil
		}
		if r.starved {
			ok, err := r.advance()
			if err != nil {
				return nil, connector.Done, err
			}
			if !ok {
				return nil, connector.Wait, nil
			}
			continue
		}
		n, err := r.decode()
		if err != nil {
			return nil, connector.Done, err
		}
		if n == 0 {
			continue
		}
		if r.limit >= 0 {
			if r.limit -= int64(n); r.limit == 0 {
				r.done = true
			}
		}
		status := connector.Ready
		if r.done {
			status = connector.Done
		}
		return r.out.assemble(r.rows), status, nil
	}
	return nil, connector.Done, nil
}

// recycle takes back what the last batch was lent.
func (r *textReader) recycle() {
	switch {
	case r.rows == nil || r.source.req.Keep && r.rows.Len > 0:
		r.rows = r.out.batch(r.source.tuning.batchRows)
	default:
		r.rows.Reset()
	}
	if !r.source.req.Keep {
		for _, b := range r.used {
			r.blocks.Release(b)
		}
	}
	clear(r.used)
	r.used = r.used[:0]
}

// offset is the position in the file, or in what comes out of its decompressor, of byte i of the current block.
func (r *textReader) offset(i int) int64 { return r.cur.Offset + int64(i-r.cur.Start) }

// end returns how far the current block may be decoded, and whether nothing follows there.
func (r *textReader) end() (end int, last bool) {
	if r.stop >= 0 && r.stop <= r.offset(r.cur.End) {
		return r.cur.Start + int(r.stop-r.cur.Offset), true
	}
	return r.cur.End, r.ended
}

// decode decodes what it can of the current block, as far as one batch goes.
func (r *textReader) decode() (rows int, err error) {
	end, last := r.end()
	data := r.cur.Buf[r.at:end]
	if !r.headed {
		n, err := r.decoder.Header(data, last)
		if err != nil {
			return 0, r.place(err, r.offset(r.at))
		}
		if r.headed = n >= 0; !r.headed {
			if last {
				return 0, r.place(errors.New("the file ends within what should stand before its first record"), r.offset(r.at))
			}
			r.starved = true
			return 0, nil
		}
		if heads(r.decoder) {
			r.pos.Head = bytes.Clone(data[:n])
		}
		r.at += n
		data = data[n:]
	}
	most := r.source.tuning.batchRows
	if r.limit >= 0 {
		most = int(min(int64(most), r.limit))
	}
	n, err := r.decoder.Decode(data, last, r.rows, most)
	if err != nil {
		return 0, r.place(err, r.offset(r.at))
	}
	r.at += n
	rows = r.rows.Len
	if rows < most {
		switch {
		case !last:
			r.starved = true
		case r.at == end:
			r.done = true
		case n == 0 && rows == 0:
			return 0, r.place(&format.RecordError{Text: format.Excerpt(data), Reason: "the record has no end"}, r.offset(r.at))
		}
	} else if last && r.at == end {
		r.done = true
	}
	return rows, nil
}

// advance goes on to the next block; ok is false if it is not there yet.
func (r *textReader) advance() (ok bool, err error) {
	b, ok, err := r.blocks.TryNext()
	switch {
	case ended(err):
		r.ended, r.starved = true, false
		if r.cur == nil || r.seeking || r.at == r.cur.End {
			r.done = true
		}
		return true, nil
	case err != nil || !ok:
		return false, err
	}
	if r.open == nil {
		r.consumed.Add(int64(b.End - b.Start))
	}
	fresh := b.Start // the first byte that was not seen before
	if r.seeking {
		n, _ := r.decoder.SkipPartial(b.Buf[fresh:b.End])
		if n >= 0 {
			r.seeking = false
		} else {
			n = b.End - fresh
		}
		r.findStop(b, fresh)
		r.drop()
		r.cur, r.at = b, fresh+n
		r.starved = r.seeking
		if end, last := r.end(); last && (r.seeking || r.at >= end) {
			r.done = true // no record begins in the range
		}
		return true, nil
	}
	r.findStop(b, fresh)
	if err := r.join(b); err != nil {
		return false, err
	}
	end, last := r.end()
	r.starved = !last && end-r.at < r.enough
	if last && r.at == end {
		r.done = true
	}
	return true, nil
}

// findStop looks for the end of the range in a block's bytes from fresh on.
func (r *textReader) findStop(b *objstore.Block, fresh int) {
	if r.stop >= 0 || r.pos.To < 0 || r.pos.To >= r.pos.Size {
		return
	}
	from := fresh + int(max(0, r.pos.To-1-b.Offset))
	if from >= b.End {
		return
	}
	if n, _ := r.decoder.SkipPartial(b.Buf[from:b.End]); n >= 0 {
		r.stop = b.Offset + int64(from-b.Start) + int64(n)
	}
}

// drop lets the current block go once the batch that it was lent to is done with.
func (r *textReader) drop() {
	if r.cur != nil {
		r.used = append(r.used, r.cur)
		r.cur = nil
	}
}

// join makes b the current block, with what is left of the last one in front.
func (r *textReader) join(b *objstore.Block) error {
	r.enough = 0
	if r.cur == nil {
		r.cur, r.at = b, b.Start
		return nil
	}
	rest := r.cur.Buf[r.at:r.cur.End]
	if len(rest) <= min(b.Start, r.source.tuning.carry) {
		b.Start -= copy(b.Buf[b.Start-len(rest):], rest)
		b.Offset -= int64(len(rest))
		r.drop()
		r.cur, r.at = b, b.Start
		return nil
	}
	n := len(rest) + b.End - b.Start
	if len(rest) > r.source.tuning.maxRecord {
		return r.place(fmt.Errorf("a record is longer than %d bytes: is the file of format '%s', and are its lines separated as it says?",
			r.source.tuning.maxRecord, r.source.config.format.Name), r.offset(r.at))
	}
	// Bytes behind End are nobody's yet, also where a batch borrows those before.
	if r.cur.End+b.End-b.Start+objstore.Tailroom > len(r.cur.Buf) {
		long := &objstore.Block{Buf: make([]byte, 2*n+objstore.Tailroom), Offset: r.offset(r.at)}
		long.End = copy(long.Buf, rest)
		r.drop()
		r.cur, r.at = long, 0
	}
	r.cur.End += copy(r.cur.Buf[r.cur.End:], b.Bytes())
	r.used = append(r.used, b)
	r.enough = 2 * len(rest)
	return nil
}

func (r *textReader) Position() connector.Split {
	return split(r.id, r.size, []position{r.position()})
}

// position is where the next record begins.
func (r *textReader) position() position {
	p := r.pos
	switch {
	case r.cur != nil && !r.seeking && r.headed:
		p.From, p.Begun = r.offset(r.at), true
	case r.done: // no record begins in the range
		p.From, p.Begun = max(p.From, p.To), true
	}
	return p
}

func (r *textReader) BytesRead() int64 { return r.consumed.Load() }

// Skipped implements [connector.SkipCounter].
func (r *textReader) Skipped() int64 { return r.decoder.Skipped() }

func (r *textReader) Close() error { return r.blocks.Close() }
