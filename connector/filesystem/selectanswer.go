package filesystem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// answerBlock is the size of the memory that answers are read into.
const answerBlock = 256 << 10

// query asks the store for the range's rows.
func (r *selectReader) query(ctx context.Context, p position) error {
	q := r.source.selection
	scan, line, err := r.align(ctx, p)
	if err != nil || scan.Length == 0 {
		return err
	}
	in := q.input
	in.Record = line
	stream, err := objstore.Select(ctx, r.store, p.Key, objstore.Selection{Query: q.query, Input: in, Output: q.output, Scan: scan, Progress: true, ETag: p.ETag})
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := r.answer(ctx, stream); err != nil {
		return err
	}
	r.read.Store(scan.Length)
	return nil
}

// align finds the bytes of the records that begin in a range: the store, whichever way it searches for the first one, is asked for whole records. It also looks at how lines
// end in the head of the range, and whether fields have line ends in them.
func (r *selectReader) align(ctx context.Context, p position) (scan objstore.Range, line string, err error) {
	d, err := r.source.decoder(true)
	if err != nil {
		return scan, "", err
	}
	start, stop := p.From, p.Size
	if p.To < p.Size {
		if stop, err = r.nextRecord(ctx, d, p, p.To); err != nil {
			return scan, "", err
		}
	}
	if !p.Begun {
		if start, err = r.nextRecord(ctx, d, p, p.From); err != nil || start >= stop {
			return scan, "", err
		}
	}
	head, err := r.bytes(ctx, p, start, min(r.source.tuning.headBytes, stop-start))
	if err != nil {
		return scan, "", err
	}
	if start == 0 {
		n, err := d.Header(head, int64(len(head)) == p.Size)
		if err != nil || n < 0 {
			return scan, "", &unlikeError{errors.Join(err, errors.New("the file's header is malformed or long"))}
		}
		start, head = int64(n), head[n:]
	}
	if prober, ok := d.(format.SplitProber); ok && !prober.Splittable(head) {
		return scan, "", &unlikeError{errors.New("fields hold line ends")}
	}
	line, ok := lineEnds(head)
	if !ok {
		return scan, "", &unlikeError{errors.New("lines end in several ways")}
	}
	return objstore.Range{Offset: start, Length: stop - start}, line, nil
}

// lineEnds tells by which characters the lines of a text end, unless they do so in several ways. A carriage return at the end of the text tells nothing.
func lineEnds(text []byte) (line string, ok bool) {
	text = bytes.TrimSuffix(text, []byte{'\r'})
	returns, lines := bytes.Count(text, []byte{'\r'}), bytes.Count(text, []byte{'\n'})
	switch {
	case returns == 0:
		return "\n", true
	case returns == lines && bytes.Count(text, []byte("\r\n")) == lines:
		return "\r\n", true
	}
	return "", false
}

// nextRecord finds the first record that begins at a byte of a file or behind it.
func (r *selectReader) nextRecord(ctx context.Context, d format.Decoder, p position, at int64) (int64, error) {
	for from := at - 1; from < p.Size; {
		data, err := r.bytes(ctx, p, from, min(r.source.tuning.tail, p.Size-from))
		if err != nil {
			return 0, err
		}
		n, ok := d.SkipPartial(data)
		if !ok {
			return 0, &unlikeError{errors.New("the file cannot be read in ranges")}
		}
		if n >= 0 {
			return from + int64(n), nil
		}
		from += int64(len(data))
	}
	return p.Size, nil
}

// bytes reads a few bytes of the version that a position names.
func (r *selectReader) bytes(ctx context.Context, p position, from, n int64) ([]byte, error) {
	in, info, err := r.store.Get(ctx, p.Key, objstore.Range{Offset: from, Length: n})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if info.ETag != p.ETag {
		return nil, &objstore.Error{Op: "read", URL: r.store.URL(p.Key), Kind: objstore.Changed,
			Reason: "the object was overwritten while it was read: its version is " + info.ETag + ", not " + p.ETag, Hint: "write new data under new keys, or start the job again"}
	}
	data := make([]byte, n, n+objstore.Tailroom)
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, fmt.Errorf("%s ends within its %d bytes: %w", r.store.URL(p.Key), p.Size, err)
	}
	return data, nil
}

// answer decodes what the store sends.
func (r *selectReader) answer(ctx context.Context, in objstore.SelectStream) error {
	d, err := r.source.config.format.NewDecoder(r.source.selection.answer)
	if err != nil {
		return err
	}
	buf := make([]byte, 0, answerBlock+objstore.Tailroom)
	at, looked := 0, 0 // bytes that are decoded, and that were looked at
	for last := false; !last; {
		if cap(buf)-objstore.Tailroom-len(buf) < answerBlock/4 {
			rest := buf[at:]
			next := make([]byte, len(rest), max(answerBlock, 2*len(rest))+objstore.Tailroom)
			copy(next, rest) // batches point into the old one
			buf, looked, at = next, looked-at, 0
		}
		n, err := in.Read(buf[len(buf) : cap(buf)-objstore.Tailroom])
		buf = buf[:len(buf)+n]
		if last = errors.Is(err, io.EOF); err != nil && !last {
			return err
		}
		r.read.Store(in.Stats().Scanned)
		if fresh := buf[max(0, looked-len(absent)):]; bytes.IndexByte(fresh, '\r') >= 0 || bytes.Contains(fresh, []byte(absent)) {
			return &unlikeError{errors.New("a record lacks fields, or holds a carriage return")}
		}
		looked = len(buf)
		if at, err = r.decode(ctx, d, buf, at, last); err != nil {
			return err
		}
	}
	if at < len(buf) {
		return &unlikeError{errors.New("the answer ends within a record")}
	}
	return nil
}

// decode decodes the complete records behind at, and returns where they end.
func (r *selectReader) decode(ctx context.Context, d format.Decoder, buf []byte, at int, last bool) (int, error) {
	for at < len(buf) {
		b := r.out.batch(min(r.source.tuning.batchRows, 256))
		n, err := d.Decode(buf[at:], last, b, r.source.tuning.batchRows)
		if err != nil {
			return at, &unlikeError{err}
		}
		if at += n; b.Len == 0 {
			return at, nil
		}
		if err := r.emit(ctx, r.out.assemble(b)); err != nil {
			return at, err
		}
	}
	return at, nil
}
