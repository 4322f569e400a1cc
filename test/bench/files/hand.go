package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/compress/s2"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/snappy"
	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
)

// The hand-written loop: a goroutine per core parses its part of the object, read by ranged GETs of which one is always on its way, and writes a Parquet file
// by a library, with the encoding that suits each column and compressed as the job's are. It knows the records: their types, their order, that nothing is missing
// or malformed.

const (
	blockSize = 8 << 20
	headroom  = 64 << 10 // for the beginning of a record that ends in the next block
	rowBuffer = 1024     // records that are handed to the writer at once
)

// fastSnappy is the library's codec without its longer search for what was seen before, as the job's.
type fastSnappy struct{ snappy.Codec }

func (*fastSnappy) Encode(dst, src []byte) ([]byte, error) {
	return s2.EncodeSnappy(dst[:cap(dst)], src), nil
}

func convertByHand(ctx context.Context, client *s3.Client, format string) error {
	in, out := client.Bucket("input"), client.Bucket("output")
	key := "bids." + format
	info, err := in.Head(ctx, key)
	if err != nil {
		return err
	}
	parse := map[string]func(*parser, []byte, int, *bid) int{"csv": (*parser).csv, "json": (*parser).json}[format]
	if parse == nil {
		return fmt.Errorf("-by-hand is %q: valid are csv and json", format)
	}
	n := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	for i := range n {
		g.Go(func() error {
			p := &part{store: in, key: key, from: info.Size * int64(i) / int64(n), to: info.Size * int64(i+1) / int64(n), size: info.Size}
			return p.convert(ctx, out, fmt.Sprintf("hand/part-%d", i), parse)
		})
	}
	return g.Wait()
}

// part is what one goroutine converts: the lines that begin in [from, to).
type part struct {
	store          objstore.Store
	key            string
	from, to, size int64
}

func (p *part) convert(ctx context.Context, out objstore.Store, name string, parse func(*parser, []byte, int, *bid) int) error {
	up, err := out.Create(ctx, name)
	if err != nil {
		return err
	}
	w := parquet.NewGenericWriter[bid](up, parquet.Compression(&fastSnappy{}))
	if err := p.lines(ctx, func(data []byte) error { return convertLines(w, data, parse) }); err != nil {
		return errors.Join(err, up.Abort(context.WithoutCancel(ctx)))
	}
	if err := w.Close(); err != nil {
		return errors.Join(err, up.Abort(context.WithoutCancel(ctx)))
	}
	pending, err := up.Seal(ctx)
	if err != nil {
		return err
	}
	_, err = out.Commit(ctx, pending, objstore.Condition{})
	return err
}

// convertLines writes the records of whole lines. The texts of the rows point into data, and are copied by the writer.
func convertLines(w *parquet.GenericWriter[bid], data []byte, parse func(*parser, []byte, int, *bid) int) error {
	var p parser
	rows := make([]bid, rowBuffer)
	for at := 0; at < len(data); {
		n := 0
		p.texts = p.texts[:0]
		for ; n < len(rows) && at < len(data); n++ {
			at = parse(&p, data, at, &rows[n])
		}
		if _, err := w.Write(rows[:n]); err != nil {
			return err
		}
	}
	return nil
}

// block is a piece of the object, behind headroom.
type block struct {
	memory []byte
	n      int
	err    error
}

// lines calls use with whole lines, as many as there are in a block.
func (p *part) lines(ctx context.Context, use func([]byte) error) error {
	begin := max(0, p.from-1) // the line across from belongs to the part before
	free, full := make(chan *block, 2), make(chan *block, 1)
	for range 2 {
		free <- &block{memory: make([]byte, headroom+blockSize)}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(full)
		for at := begin; at < p.size; at += blockSize {
			select {
			case b := <-free:
				b.n, b.err = p.get(ctx, b.memory[headroom:], at)
				select {
				case full <- b:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	var rest []byte
	skip := p.from > 0
	for at := begin; ; at += blockSize {
		b := <-full
		if b == nil {
			if len(rest) > 0 {
				return use(append(rest, '\n'))
			}
			return ctx.Err()
		}
		if b.err != nil {
			return b.err
		}
		if len(rest) > headroom {
			return fmt.Errorf("a record has more than %d bytes", headroom)
		}
		start := headroom - len(rest)
		copy(b.memory[start:], rest)
		data := b.memory[start : headroom+b.n]
		if skip {
			data, skip = data[bytes.IndexByte(data, '\n')+1:], false
		}
		last := at+int64(b.n) >= p.to
		end := bytes.LastIndexByte(data, '\n') + 1
		if last { // up to the end of the line that begins before to
			from := max(0, len(data)-int(at+int64(b.n)-p.to)-1)
			i := bytes.IndexByte(data[from:], '\n')
			if last = i >= 0; last {
				end = from + i + 1
			}
		}
		if err := use(data[:end]); err != nil || last {
			return err
		}
		rest = append(rest[:0], data[end:]...)
		free <- b
	}
}

func (p *part) get(ctx context.Context, memory []byte, at int64) (int, error) {
	body, _, err := p.store.Get(ctx, p.key, objstore.Range{Offset: at, Length: min(blockSize, p.size-at)})
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(body, memory[:min(blockSize, p.size-at)])
	return n, errors.Join(err, body.Close())
}
