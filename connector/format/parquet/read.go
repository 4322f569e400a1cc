package parquet

import (
	"context"
	"fmt"
	"io"
	"sort"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// maxRows is how many rows a batch has at most.
const maxRows = 4096

// reader reads row groups one after the other.
type reader struct {
	config format.Config
	file   *parquet.File
	data   *fetched
	plans  []*shape
	groups []int // numbers of the row groups still to be read

	left    int64 // rows of the group at hand
	columns []*columnReader
}

// columnReader reads the leaves of one projected column.
type columnReader struct {
	shape  *shape
	leaves []*leafReader
}

func openFile(ctx context.Context, f format.File, p format.Piece, c format.Config) (format.FileReader, error) {
	file, data, err := openFooter(ctx, f)
	if err != nil {
		return nil, err
	}
	r := &reader{config: c, file: file, data: data}
	if r.plans, err = plan(file, c); err != nil {
		return nil, err
	}
	n := len(file.RowGroups())
	for i := p.First; i < p.First+p.Count; i++ {
		if i >= n {
			return nil, fmt.Errorf("the Parquet file has %d row groups and not number %d: it is another one than was listed", n, i)
		}
		r.groups = append(r.groups, i)
	}
	return r, nil
}

// Next reads the next rows.
func (r *reader) Next(ctx context.Context, out *column.Batch) error {
	r.data.ctx = ctx
	err := guard(func() error {
		for r.left == 0 {
			if len(r.groups) == 0 {
				return io.EOF
			}
			if err := r.open(r.groups[0]); err != nil {
				return err
			}
			r.groups = r.groups[1:]
		}
		return r.read(out)
	})
	if err != nil && err != io.EOF { //nolint:errorlint // an end within something is damage, and would be wrapped
		return damaged(err)
	}
	return err
}

// open fetches the needed chunks of a row group.
func (r *reader) open(group int) error {
	meta := r.file.Metadata().RowGroups[group]
	r.left = meta.NumRows
	var chunks []filePart
	r.columns = r.columns[:0]
	for _, s := range r.plans {
		c := &columnReader{shape: s}
		for _, l := range s.leaves(nil) {
			m := meta.Columns[l.column.Index()].MetaData
			start := m.DataPageOffset
			if m.DictionaryPageOffset > 0 {
				start = min(start, m.DictionaryPageOffset)
			}
			if start < 0 || m.TotalCompressedSize < 0 || start+m.TotalCompressedSize > r.data.file.Info.Size {
				return fmt.Errorf("the chunk of column '%s' lies outside of the file", l.name)
			}
			chunks = append(chunks, filePart{offset: start, bytes: make([]byte, 0, m.TotalCompressedSize)})
			lr, err := newLeafReader(l, r.file.RowGroups()[group].ColumnChunks()[l.column.Index()], localZone(r.config, l.typ))
			if err != nil {
				return err
			}
			c.leaves = append(c.leaves, lr)
		}
		r.columns = append(r.columns, c)
	}
	return r.fetchChunks(chunks)
}

// fetchChunks reads chunks with one request for each run of neighbours; a gap is read too where it is smaller than a request is worth.
func (r *reader) fetchChunks(chunks []filePart) error {
	const worth = 128 << 10
	if len(r.data.parts) > 1 {
		r.data.parts = r.data.parts[:0] // chunks of the row group before, and the footer, which was parsed
	}
	sort.Slice(chunks, func(i, j int) bool { return chunks[i].offset < chunks[j].offset })
	for i := 0; i < len(chunks); {
		from, to := chunks[i].offset, chunks[i].offset+int64(cap(chunks[i].bytes))
		for i++; i < len(chunks) && chunks[i].offset <= to+worth; i++ {
			to = max(to, chunks[i].offset+int64(cap(chunks[i].bytes)))
		}
		if err := r.data.fetch(from, to-from); err != nil {
			return err
		}
	}
	return nil
}

// read moves rows of all columns to out: as many as each flat column has in its current page, so that pages are not copied.
func (r *reader) read(out *column.Batch) error {
	n := int(min(r.left, maxRows))
	for _, c := range r.columns {
		for _, l := range c.leaves {
			have, err := l.fill(n)
			if err != nil {
				return fmt.Errorf("column '%s': %w", l.leaf.name, err)
			}
			if have == 0 {
				return fmt.Errorf("column '%s' ends %d rows before its row group", l.leaf.name, r.left)
			}
			n = min(n, have)
		}
	}
	for i, c := range r.columns {
		if err := c.read(n, out.Cols[i]); err != nil {
			return fmt.Errorf("column '%s': %w", c.leaves[0].leaf.name, err)
		}
	}
	out.Len = n
	r.left -= int64(n)
	return nil
}

func (r *reader) BytesRead() int64 { return r.data.read }

func (r *reader) Close() error {
	for _, c := range r.columns {
		for _, l := range c.leaves {
			l.pages.Close() //nolint:errcheck // only memory is let go
		}
	}
	return nil
}
