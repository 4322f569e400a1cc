package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

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
	data := &fetched{ctx: ctx, file: f}
	tail := min(size, tailBytes)
	if err := data.fetch(size-tail, tail); err != nil {
		return nil, nil, err
	}
	end := data.parts[0].bytes[tail-8:]
	if string(end[4:]) != "PAR1" {
		return nil, nil, errors.New("not a Parquet file, or a truncated one: it does not end in PAR1")
	}
	footer := int64(uint32(end[0]) | uint32(end[1])<<8 | uint32(end[2])<<16 | uint32(end[3])<<24)
	if footer+12 > size || footer > maxFooter {
		return nil, nil, fmt.Errorf("the Parquet file is damaged: its footer of %d bytes does not fit into its %d bytes", footer, size)
	}
	if footer+8 > tail {
		if err := data.fetch(size-8-footer, footer-(tail-8)); err != nil {
			return nil, nil, err
		}
	}
	var file *parquet.File
	err := guard(func() (err error) {
		file, err = parquet.OpenFile(data, size, parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		return err
	})
	if err != nil {
		return nil, nil, damaged(err)
	}
	return file, data, nil
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

// fetched is the parts of a file that were read, as an io.ReaderAt. What lies outside of them is fetched when it is asked for.
type fetched struct {
	ctx   context.Context
	file  format.File
	parts []filePart
	read  int64
}

type filePart struct {
	offset int64
	bytes  []byte
}

// fetch reads n bytes at offset.
func (f *fetched) fetch(offset, n int64) error {
	body, info, err := f.file.Store.Get(f.ctx, f.file.Info.Key, objstore.Range{Offset: offset, Length: n})
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
	part := filePart{offset, make([]byte, n)}
	if _, err := io.ReadFull(body, part.bytes); err != nil {
		return err
	}
	f.read += n
	f.parts = append(f.parts, part)
	return nil
}

// ReadAt serves what was fetched.
func (f *fetched) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		n := 0
		for _, part := range f.parts {
			if at >= part.offset && at < part.offset+int64(len(part.bytes)) {
				n = copy(p[done:], part.bytes[at-part.offset:])
				break
			}
		}
		if n == 0 {
			left := min(int64(len(p)-done), f.file.Info.Size-at)
			if left <= 0 {
				return done, io.EOF
			}
			if err := f.fetch(at, left); err != nil {
				return done, err
			}
			continue
		}
		done += n
	}
	return done, nil
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
		for i, g := range file.Metadata().RowGroups {
			if g.NumRows > 0 && !ruledOut(file, i, plans, c.Filter) {
				pieces = append(pieces, format.Piece{First: i, Count: 1, Size: max(1, g.TotalByteSize)})
			}
		}
		return nil
	})
	return pieces, err
}
