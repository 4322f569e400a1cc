package avro

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// pieceBytes is about how much of a file one piece reads.
const pieceBytes = 32 << 20

// splitFile cuts a large file by bytes. A piece has the blocks that begin in its range, which it finds by the marker that ends the block before.
func splitFile(ctx context.Context, f format.File, c format.Config) ([]format.Piece, error) {
	return split(ctx, f, c, pieceBytes)
}

func split(ctx context.Context, f format.File, c format.Config, each int64) ([]format.Piece, error) {
	whole := []format.Piece{{Count: 1, Size: f.Info.Size}}
	if f.Info.Size < 2*each {
		return whole, nil
	}
	r, err := open(ctx, f, c, headBuffer)
	if err != nil {
		return nil, err
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	if !distinct(r.sync) {
		return whole, nil
	}
	n := f.Info.Size / each
	list := make([]format.Piece, n)
	for i := range n {
		from, to := f.Info.Size*i/n, f.Info.Size*(i+1)/n
		list[i] = format.Piece{First: int(i), Count: 1, Size: to - from, From: from, To: to}
	}
	return list, nil
}

// distinct reports whether a marker is one that hardly stands in data: writers take 16 random bytes.
func distinct(sync [16]byte) bool {
	seen := map[byte]bool{}
	for _, b := range sync {
		seen[b] = true
	}
	return len(seen) >= 8
}

// Sizes of the buffers for a file's head alone and for its blocks.
const (
	headBuffer  = 16 << 10
	blockBuffer = 1 << 20
)

// open opens a file and reads its head.
func open(ctx context.Context, f format.File, c format.Config, buffer int) (*reader, error) {
	body, info, err := f.Store.Get(ctx, f.Info.Key, objstore.All)
	if err != nil {
		return nil, err
	}
	r := &reader{body: body, in: bufio.NewReaderSize(body, buffer)}
	if err = unchanged(f, info); err == nil {
		err = r.begin(c)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func unchanged(f format.File, info objstore.Info) error {
	if f.Info.ETag != "" && info.ETag != f.Info.ETag {
		return errors.New("it was changed since it was listed")
	}
	return nil
}

func openFile(ctx context.Context, f format.File, p format.Piece, c format.Config) (format.FileReader, error) {
	buffer := blockBuffer
	if p.From > 0 {
		buffer = headBuffer
	}
	r, err := open(ctx, f, c, buffer)
	if err != nil {
		return nil, err
	}
	r.to = p.To
	if p.From > r.read {
		if err := r.seek(ctx, f, p.From); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// seek goes on at the first block that begins at from or behind. It stops at the end of the piece, where others look.
func (r *reader) seek(ctx context.Context, f format.File, from int64) error {
	at := from - int64(len(r.sync)) // where the marker before a block that begins at from does
	body, info, err := f.Store.Get(ctx, f.Info.Key, objstore.Range{Offset: at, Length: -1})
	if err != nil {
		return err
	}
	old := r.body
	r.body, r.in = body, bufio.NewReaderSize(body, blockBuffer)
	if err := errors.Join(old.Close(), unchanged(f, info)); err != nil {
		return err
	}
	r.shift = at - r.read
	for r.read+r.shift+int64(len(r.sync)) < r.to {
		data, err := r.in.Peek(headBuffer)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("the next block cannot be looked for: %w", err)
		}
		if i := bytes.Index(data, r.sync[:]); i >= 0 {
			return r.discard(i + len(r.sync))
		}
		if err != nil {
			return r.discard(len(data))
		}
		if err := r.discard(len(data) - len(r.sync) + 1); err != nil {
			return err
		}
	}
	r.to = -1 // it has no block
	return nil
}

func (r *reader) discard(n int) error {
	n, err := r.in.Discard(n)
	r.read += int64(n)
	return err
}
