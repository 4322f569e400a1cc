package filesystem

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// place adds to an error of a decoder where it happened: the file, the byte and the line. base is the position of the data that the decoder
// was given.
func (r *textReader) place(err error, base int64) error {
	var record *format.RecordError
	if errors.As(err, &record) {
		base += record.Offset
	}
	of := ""
	if r.open != nil {
		of = " of the decompressed text"
	}
	url := r.store.URL(r.pos.Key)
	if line, ok := r.line(base); ok {
		return fmt.Errorf("%s, line %d, at byte %d%s: %w", url, line, base, of, err)
	}
	return fmt.Errorf("%s, at byte %d%s: %w", url, base, of, err)
}

// line counts the lines of the file before a byte, from its beginning: only errors pay for that. ok is false if it takes too long or the file
// cannot be read again.
func (r *textReader) line(offset int64) (line int64, ok bool) {
	ctx, cancel := context.WithTimeout(r.ctx, r.source.tuning.lineTime)
	defer cancel()
	opts := r.source.tuning.readAhead
	opts.ETag = r.pos.ETag
	var in blocks
	if r.open != nil {
		in = decompress(ctx, r.store, r.pos.info(), r.open, 0, opts.BlockSize, func(int) {})
	} else {
		in = objstore.NewReadAhead(ctx, r.store, r.pos.Key, objstore.Range{Length: offset}, opts)
	}
	defer in.Close()
	line = 1
	for left := offset; left > 0; {
		b, ok, err := in.TryNext()
		if err != nil {
			return 0, false
		}
		if !ok {
			select {
			case <-in.Ready():
			case <-ctx.Done():
				return 0, false
			}
			continue
		}
		data := b.Bytes()
		data = data[:min(left, int64(len(data)))]
		line += int64(bytes.Count(data, []byte{'\n'}))
		left -= int64(len(data))
		in.Release(b)
	}
	return line, true
}
