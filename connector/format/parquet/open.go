package parquet

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// tailBytes is how much of a file's end is fetched at first: most footers lie in it whole.
const tailBytes = 256 << 10

// maxFooter bounds what a damaged length can make us fetch.
const maxFooter = 512 << 20

// openFooter reads a file's metadata and nothing else.
func openFooter(ctx context.Context, f format.File) (*parquet.File, *fetched, error) {
	size := f.Info.Size
	if size < 12 {
		return nil, nil, fmt.Errorf("not a Parquet file: %d bytes are too few", size)
	}
	data := &fetched{file: f}
	if k, ok := tails.get(f); ok {
		data.tail = footerOnly{k.bytes, size - int64(len(k.bytes))}
		return k.file, data, nil
	}
	tail, err := data.fetch(ctx, objstore.Range{Offset: max(0, size-tailBytes), Length: min(size, tailBytes)})
	if err != nil {
		return nil, nil, err
	}
	end := tail[len(tail)-8:]
	switch string(end[4:]) {
	case "PAR1":
	case "PARE":
		return nil, nil, errors.New("the Parquet file is encrypted, which cannot be read")
	default:
		return nil, nil, errors.New("not a Parquet file, or a truncated one: it does not end in PAR1")
	}
	footer := int64(binary.LittleEndian.Uint32(end))
	if footer+12 > size || footer > maxFooter {
		return nil, nil, fmt.Errorf("the Parquet file is damaged: its footer of %d bytes does not fit into its %d bytes", footer, size)
	}
	if missing := footer + 8 - int64(len(tail)); missing > 0 {
		head, err := data.fetch(ctx, objstore.Range{Offset: size - 8 - footer, Length: missing})
		if err != nil {
			return nil, nil, err
		}
		tail = append(head, tail...)
	}
	data.tail = footerOnly{tail, size - int64(len(tail))}
	var file *parquet.File
	err = guard(func() (err error) {
		file, err = parquet.OpenFile(data.tail, size,
			parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		return err
	})
	if err != nil {
		return nil, nil, damaged(err)
	}
	tails.put(f, known{tail, file})
	return file, data, nil
}

// footerOnly is the end of a file, from offset on, as an io.ReaderAt.
type footerOnly struct {
	bytes  []byte
	offset int64
}

func (f footerOnly) ReadAt(p []byte, off int64) (int, error) {
	if off < f.offset || off-f.offset > int64(len(f.bytes)) {
		return 0, fmt.Errorf("the footer points to byte %d, outside of itself", off)
	}
	n := copy(p, f.bytes[off-f.offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// damaged says what an error of the library means; errors of the store speak for themselves.
func damaged(err error) error {
	var store *objstore.Error
	if errors.As(err, &store) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("the Parquet file is damaged: %w", err)
}

// guard turns the library's panics over damaged data into errors.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	return f()
}

// fetched reads parts of a file.
type fetched struct {
	file format.File
	tail footerOnly   // what was read for the footer
	read atomic.Int64 // bytes
}

// fetch reads a range of the file.
func (f *fetched) fetch(ctx context.Context, r objstore.Range) ([]byte, error) {
	b := make([]byte, r.Length, r.Length+padding)
	return b, f.fill(ctx, b, r.Offset)
}

// fill reads the bytes of the file at offset into b.
func (f *fetched) fill(ctx context.Context, b []byte, offset int64) error {
	body, info, err := f.file.Store.Get(ctx, f.file.Info.Key, objstore.Range{Offset: offset, Length: int64(len(b))})
	if err != nil {
		return err
	}
	defer body.Close()
	if f.file.Info.ETag != "" && info.ETag != f.file.Info.ETag {
		return &objstore.Error{
			Op: "read", URL: f.file.Store.URL(f.file.Info.Key), Kind: objstore.Changed,
			Reason: "the object was overwritten while it was read", Hint: "run the job again, or write new data under new keys",
		}
	}
	if _, err := io.ReadFull(body, b); err != nil {
		return err
	}
	f.read.Add(int64(len(b)))
	return nil
}

// The sizes of requests, in bytes: a gap between chunks is read too where it is smaller than a request is worth, and a long run of
// chunks is read by several requests at a time.
const (
	worth       = 128 << 10
	requestSize = 8 << 20
	requests    = 4
)

// chunks reads ranges of the file and returns their bytes, in the order of the ranges, and the memory in which they are.
func (f *fetched) chunks(ctx context.Context, ranges []objstore.Range) (chunks, memory [][]byte, err error) {
	order := make([]int, len(ranges))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ranges[a].Offset, ranges[b].Offset) })
	out := make([][]byte, len(ranges))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(requests)
	for i := 0; i < len(order); {
		first := i
		from, to := ranges[order[i]].Offset, ranges[order[i]].Offset+ranges[order[i]].Length
		for i++; i < len(order) && ranges[order[i]].Offset <= to+worth; i++ {
			to = max(to, ranges[order[i]].Offset+ranges[order[i]].Length)
		}
		var run []byte
		inTail := from >= f.tail.offset
		if inTail { // a small file, or the end of one
			run = f.tail.bytes[from-f.tail.offset:]
		} else {
			run = takeMemory(to - from)
			memory = append(memory, run)
		}
		for _, k := range order[first:i] {
			at := ranges[k].Offset - from
			out[k] = run[at : at+ranges[k].Length]
		}
		for at := int64(0); at < to-from && !inTail; at += requestSize {
			part := run[at:min(at+requestSize, to-from)]
			g.Go(func() error { return f.fill(ctx, part, from+at) })
		}
	}
	return out, memory, g.Wait()
}

// splitFile lists the row groups that the filters leave, one piece each.
func splitFile(ctx context.Context, f format.File, c format.Config) ([]format.Piece, error) {
	file, _, err := openFooter(ctx, f)
	if err != nil {
		return nil, err
	}
	var pieces []format.Piece
	err = guard(func() error {
		plans, err := plan(file, c)
		if err != nil {
			return err
		}
		starts := groupStarts(file)
		for i, g := range file.Metadata().RowGroups {
			if g.NumRows > 0 && !ruledOut(file, i, plans, c.Filter) {
				p := format.Piece{First: i, Count: 1, Size: max(1, g.TotalByteSize)}
				if starts != nil {
					p.From, p.To = starts[i], starts[i+1]
				}
				pieces = append(pieces, p)
			}
		}
		return nil
	})
	return pieces, err
}

// groupStarts is where the first column of each row group begins, and the file's size; nil if they do not follow each other.
func groupStarts(file *parquet.File) []int64 {
	var starts []int64
	for _, g := range file.Metadata().RowGroups {
		if len(g.Columns) == 0 {
			return nil
		}
		m := &g.Columns[0].MetaData
		at := m.DataPageOffset
		if m.DictionaryPageOffset > 0 {
			at = min(at, m.DictionaryPageOffset)
		}
		starts = append(starts, at)
	}
	starts = append(starts, file.Size())
	for i := range starts[1:] {
		if starts[i] <= 0 || starts[i] >= starts[i+1] {
			return nil
		}
	}
	return starts
}
