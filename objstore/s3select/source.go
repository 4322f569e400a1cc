package s3select

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

const (
	blockBytes = 1 << 20  // that a worker computes at a time
	tailBytes  = 64 << 10 // read behind a block at first, for the end of its last record
)

// plain reads the object from a place on.
func (r *Run) plain(from int64) io.Reader {
	return &counter{io.NewSectionReader(r.object, from, r.object.Size-from), &r.scanned}
}

// counter counts the bytes that are read.
type counter struct {
	io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// open returns the decompressed object, nil for one that is not compressed.
func (r *Run) open(compression string) (io.Reader, error) {
	switch compression {
	case "NONE":
		return nil, nil
	case "GZIP":
		if r.object.Size == 0 {
			return r.plain(0), nil
		}
		z, err := gzip.NewReader(r.plain(0))
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, readError(err)
		}
		return z, nil
	case "BZIP2":
		if r.object.Size == 0 {
			return r.plain(0), nil
		}
		return bzip2.NewReader(r.plain(0)), nil
	}
	return nil, fail("InvalidCompressionFormat", "CompressionType is NONE, GZIP or BZIP2 and not %s", compression)
}

// readError puts damage to a compressed object into S3's words.
func readError(err error) error {
	var bzip bzip2.StructuralError
	var deflate flate.CorruptInputError
	switch {
	case errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &bzip) || errors.As(err, &deflate):
		return fail("InvalidCompressionFormat", "the object is not compressed as CompressionType says: %v", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fail("TruncatedInput", "the compressed object ends too early")
	}
	return err
}

// task is a block: bytes of the object that a worker reads itself, or bytes that were read.
type task struct {
	from, to     int64 // of the object
	block        []byte
	chunks       chan chunk
	accumulators []accumulator
	err          error // valid when chunks is closed
}

// chunk is a piece of the result.
type chunk struct {
	data []byte
	ends []int // of its records, where there is a LIMIT
}

// produce makes the tasks of a request, in order, until put refuses.
func (r *Run) produce(ctx context.Context, put func(*task) bool) error {
	switch {
	case r.parquet != nil:
		return r.produceGroups(put)
	case r.stream != nil:
		return r.produceBlocks(ctx, put)
	}
	for from := r.from; from < r.to; from += blockBytes {
		if !put(&task{from: from, to: min(from+blockBytes, r.to)}) {
			return nil
		}
	}
	return nil
}

// produceBlocks cuts a stream into blocks of whole records.
func (r *Run) produceBlocks(ctx context.Context, put func(*task) bool) error {
	cut, limit := cutValues, maxDocument
	switch {
	case r.csv != nil:
		cut, limit = r.csv.cut, maxRecord
	case !r.document:
		cut, limit = func(b []byte) int { return bytes.LastIndexByte(b, '\n') + 1 }, maxRecord
	}
	carry, at, ended := r.head, r.headAt, false
	for ctx.Err() == nil {
		whole := 0
		if !ended && len(carry) < blockBytes {
			block := slices.Grow([]byte(nil), blockBytes+tailBytes)
			carry = append(block, carry...)
		}
		for !ended && whole == 0 {
			if len(carry) > limit+blockBytes {
				return fail("OverMaxRecordSize", "a record of the object has more than %d bytes", limit)
			}
			var err error
			if carry, err = readMore(r.stream, carry); errors.Is(err, io.EOF) {
				ended = true
			} else if err != nil {
				return err
			}
			whole = cut(carry)
		}
		if ended {
			whole = len(carry)
		}
		if whole == 0 {
			return nil
		}
		block, rest := carry[:whole:whole], slices.Clone(carry[whole:])
		r.processed.Add(int64(whole))
		if r.csv == nil && at == 0 {
			block = bytes.TrimPrefix(block, byteOrderMark)
		}
		if block = r.inRange(block, at); len(block) > 0 && !put(&task{block: block}) {
			return nil
		}
		at += int64(whole)
		if carry = rest; ended || at >= r.to && r.csv != nil && r.to < r.object.Size {
			return nil
		}
	}
	return ctx.Err()
}

// inRange drops records that do not start in the range, of a block at a place of a CSV object that is not compressed.
func (r *Run) inRange(block []byte, at int64) []byte {
	if r.csv == nil || r.from == 0 && r.to == r.object.Size {
		return block
	}
	start := 0
	for at+int64(start) < r.from {
		_, next := r.csv.recordEnd(block[start:])
		if next < 0 {
			return nil
		}
		start += next
	}
	end := start
	for end < len(block) && at+int64(end) < r.to {
		_, next := r.csv.recordEnd(block[end:])
		if next < 0 {
			end = len(block)
			break
		}
		end += next
	}
	return block[start:end]
}

// read returns the records that start in the task's bytes.
func (w *worker) read(t *task) ([]byte, error) {
	r := w.run
	delimiter := lineEnd
	if r.csv != nil {
		delimiter = r.csv.record
	}
	at := t.from
	if t.from > r.headAt { // a record starts here if a delimiter stands before
		at = max(at-int64(len(delimiter)), r.headAt)
	}
	b, err := w.readAt(w.block[:0], at, min(t.to+tailBytes, r.object.Size))
	if err != nil {
		return nil, err
	}
	start := 0
	if t.from > r.headAt {
		i := bytes.Index(b[:min(len(b), int(t.to-at))], delimiter)
		if i < 0 { // no record starts here
			return nil, nil
		}
		if start = i + len(delimiter); at+int64(start) >= t.to {
			return nil, nil
		}
	} else if r.csv == nil && at == 0 {
		start = len(b) - len(bytes.TrimPrefix(b, byteOrderMark))
	}
	// The last record is the one that holds the last byte of the range, and perhaps bytes behind.
	last := int(t.to-at) - len(delimiter)
	for seen := max(last, start); ; {
		if i := bytes.Index(b[seen:], delimiter); i >= 0 {
			w.block = b
			return b[start : seen+i+len(delimiter)], nil
		}
		if at+int64(len(b)) >= r.object.Size {
			w.block = b
			return b[start:], nil
		}
		if len(b)-last > maxRecord+tailBytes {
			return nil, fail("OverMaxRecordSize", "a record of the object has more than %d bytes", maxRecord)
		}
		seen = max(start, len(b)-len(delimiter)+1)
		if b, err = w.readAt(b, at, min(at+int64(len(b))+2*tailBytes, r.object.Size)); err != nil {
			return nil, err
		}
	}
}

// readAt appends the object's bytes up to a place to b, which begins at another.
func (w *worker) readAt(b []byte, at, to int64) ([]byte, error) {
	have := len(b)
	b = slices.Grow(b, int(to-at)-have)[:to-at]
	_, err := w.run.object.ReadAt(b[have:], at+int64(have))
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the object's size was known
		if have == len(b) {
			err = nil
		}
	}
	return b, err
}
