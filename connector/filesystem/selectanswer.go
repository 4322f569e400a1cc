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
	scan, in, err := r.ask(ctx, p)
	if err != nil || scan.Length == 0 {
		return err
	}
	stream, err := objstore.Select(ctx, r.store, p.Key, objstore.Selection{Query: q.query, Input: in, Output: q.output, Scan: scan, Progress: true, ETag: p.ETag})
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := r.answer(ctx, stream); err != nil {
		return err
	}
	q.choice.at(r.store, in.Format).learn(nil)
	r.read.Store(max(p.bytes(), r.read.Load()))
	return nil
}

// ask says which bytes the store is to be asked over, and how they are written. There is nothing to ask for where they are none.
func (r *selectReader) ask(ctx context.Context, p position) (scan objstore.Range, in objstore.SelectInput, err error) {
	in = r.source.selection.input
	switch {
	case p.Piece != nil && p.Ranged:
		return objstore.Range{Offset: p.Piece.From, Length: p.Piece.To - p.Piece.From}, in, nil
	case p.Piece != nil:
		return objstore.All, in, nil
	case p.To < 0:
		err = r.packed(ctx, p, &in)
		return objstore.All, in, err
	}
	scan, in.Record, err = r.align(ctx, p)
	return scan, in, err
}

// packed looks at the head of a compressed file, and says how it is written.
func (r *selectReader) packed(ctx context.Context, p position, in *objstore.SelectInput) error {
	in.Compression, _ = selectPacking(p.Key)
	size := r.source.tuning.headBytes
	raw, err := r.bytes(ctx, p, 0, min(size, p.Size))
	if err != nil {
		return err
	}
	z, err := compression(p.Key)(bytes.NewReader(raw))
	if err != nil {
		return &unlikeError{err}
	}
	defer z.Close()
	head := make([]byte, size, size+objstore.Tailroom)
	n, err := fill(z, head)
	if err != nil && !ended(err) && int64(len(raw)) == p.Size {
		return &unlikeError{err}
	}
	head, whole := head[:n], ended(err) && int64(len(raw)) == p.Size
	d, err := r.source.decoder(true)
	if err != nil {
		return err
	}
	headed, err := d.Header(head, whole)
	if err != nil || headed < 0 {
		return &unlikeError{errors.Join(err, errors.New("the file's header is malformed or long"))}
	}
	if headed > 0 {
		if bytes.IndexByte(head, '\n')+1 != headed && (headed != len(head) || !whole) {
			return &unlikeError{errors.New("the file begins with a byte order mark, or with a header of several lines")}
		}
		in.Header = objstore.SelectIgnoreHeader
	}
	in.Record, err = r.alike(d, head[headed:], whole)
	return err
}

// align finds the bytes of the records that begin in a range: the store, whichever way it searches for the first one, is asked for whole records. It also looks at
// the head of the range.
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
	line, err = r.alike(d, head, start+int64(len(head)) == stop)
	return objstore.Range{Offset: start, Length: stop - start}, line, err
}

// alike looks at the first records of a range, whether stores surely read them as the decoder does: how lines end, and whether fields have line ends in them, or objects a key twice. last says
// that nothing follows the text.
func (r *selectReader) alike(d format.Decoder, head []byte, last bool) (line string, err error) {
	if r.source.selection.check != nil {
		if !plainLines(head, last) {
			return "", &unlikeError{errors.New("lines are malformed, or have a key twice, a number -0 or half a character")}
		}
		return "\n", nil
	}
	if prober, ok := d.(format.SplitProber); ok && !prober.Splittable(head) {
		return "", &unlikeError{errors.New("fields hold line ends")}
	}
	line, ok := lineEnds(head)
	if !ok {
		return "", &unlikeError{errors.New("lines end in several ways")}
	}
	return line, nil
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
	q := r.source.selection
	d, err := q.answers.NewDecoder(q.answer)
	if err != nil {
		return err
	}
	if q.check != nil {
		check := *q.check
		r.check = &check
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
		r.measure(in.Stats())
		if last = errors.Is(err, io.EOF); err != nil && !last {
			return err
		}
		if err := q.doubt(buf[max(0, looked-len(absent)):]); err != nil {
			return &unlikeError{err}
		}
		looked = len(buf)
		if q.check != nil {
			at, err = r.decodeJSON(ctx, d, buf, at)
		} else {
			at, err = r.decode(ctx, d, buf, at, last)
		}
		if err != nil {
			return err
		}
	}
	if at < len(buf) {
		return &unlikeError{errors.New("the answer ends within a record")}
	}
	return nil
}

// doubt says what is doubtful about a part of an answer, whatever values it has.
func (q *selection) doubt(fresh []byte) error {
	if q.check == nil {
		if bytes.IndexByte(fresh, '\r') >= 0 || bytes.Contains(fresh, []byte(absent)) {
			return errors.New("a record lacks fields, or holds a carriage return")
		}
		return nil
	}
	for _, replaced := range []string{"\uFFFD", `\ufffd`, `\uFFFD`} {
		if bytes.Contains(fresh, []byte(replaced)) {
			return errors.New("text is not valid UTF-8, or has the character that stands for that")
		}
	}
	return nil
}

// measure notes what the query has moved.
func (r *selectReader) measure(s objstore.SelectStats) {
	r.read.Store(s.Scanned)
	r.moved.scanned.Store(s.Scanned)
	r.moved.processed.Store(s.Processed)
	r.moved.returned.Store(s.Returned)
}

// decodeJSON checks and decodes the complete records behind at, and returns where they end.
func (r *selectReader) decodeJSON(ctx context.Context, d format.Decoder, buf []byte, at int) (int, error) {
	whole := at + bytes.LastIndexByte(buf[at:], '\n') + 1
	if whole == at {
		return at, nil
	}
	data, err := r.check.lines(buf[at:whole])
	if err != nil {
		return at, &unlikeError{err}
	}
	n, err := r.decode(ctx, d, data, 0, true)
	if err == nil && n < len(data) {
		err = &unlikeError{errors.New("the answer has records that cannot be read")}
	}
	return whole, err
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
