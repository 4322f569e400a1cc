package parquet

import (
	"context"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
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
	sieve  *sieve

	left    int64 // rows of the group at hand
	skip    int64 // rows to leave out first
	passed  int64 // rows that lie behind
	columns []*columnReader
	memory  [][]byte // of the group's chunks
}

// columnReader reads the leaves of one projected column.
type columnReader struct {
	shape  *shape
	leaves []*leafReader
	name   string
}

func openFile(ctx context.Context, f format.File, p format.Piece, c format.Config) (format.FileReader, error) {
	file, data, err := openFooter(ctx, f)
	if err != nil {
		return nil, err
	}
	r := &reader{config: c, file: file, data: data}
	if err := guard(func() error { r.plans, err = plan(file, c); return err }); err != nil {
		return nil, err
	}
	r.sieve = newSieve(c, r.plans)
	n := len(file.Metadata().RowGroups)
	for i := p.First; i < p.First+p.Count; i++ {
		if i >= n {
			return nil, fmt.Errorf("the Parquet file has %d row groups and not number %d: it is another one than was listed", n, i)
		}
		r.groups = append(r.groups, i)
	}
	return r, nil
}

// Skip implements [format.FilteringReader].
func (r *reader) Skip(n int64) { r.skip = n }

// Passed implements [format.FilteringReader].
func (r *reader) Passed() int64 { return r.passed }

// Next reads the next rows.
func (r *reader) Next(ctx context.Context, out *column.Batch) error {
	err := guard(func() error {
		for out.Len == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			for r.left == 0 {
				if len(r.groups) == 0 {
					return io.EOF
				}
				if err := r.open(ctx, r.groups[0]); err != nil {
					return err
				}
				r.groups = r.groups[1:]
			}
			if err := r.read(out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && err != io.EOF { //nolint:errorlint // an end within something is damage, and would be wrapped
		return damaged(err)
	}
	if err == nil {
		err = r.checkNulls(out)
	}
	return err
}

// open fetches the needed chunks of a row group.
func (r *reader) open(ctx context.Context, group int) error {
	meta := &r.file.Metadata().RowGroups[group]
	r.release()
	r.left = meta.NumRows
	r.columns = r.columns[:0]
	var ranges []objstore.Range
	for _, s := range r.plans {
		for _, l := range s.leaves(nil) {
			if l.column.Index() >= len(meta.Columns) {
				return fmt.Errorf("row group %d lacks the chunk of column '%s'", group, l.name)
			}
			m := &meta.Columns[l.column.Index()].MetaData
			start := m.DataPageOffset
			if m.DictionaryPageOffset > 0 {
				start = min(start, m.DictionaryPageOffset)
			}
			if start < 0 || m.TotalCompressedSize < 0 || m.TotalCompressedSize > r.data.file.Info.Size-start {
				return fmt.Errorf("the chunk of column '%s' lies outside of the file", l.name)
			}
			ranges = append(ranges, objstore.Range{Offset: start, Length: m.TotalCompressedSize})
		}
	}
	chunks, memory, err := r.data.chunks(ctx, ranges)
	if err != nil {
		return err
	}
	r.memory = memory
	for i, s := range r.plans {
		name := ""
		if r.config.Project == nil {
			name = r.config.Columns[i].Name
		} else {
			name = r.config.Columns[r.config.Project[i]].Name
		}
		c := &columnReader{shape: s, name: name}
		for _, l := range s.leaves(nil) {
			reader, err := newLeafReader(l, &meta.Columns[l.column.Index()].MetaData, chunks[0], localZone(r.config, l.typ))
			if err != nil {
				return fmt.Errorf("column '%s': %w", l.name, err)
			}
			chunks = chunks[1:]
			c.leaves = append(c.leaves, reader)
		}
		r.columns = append(r.columns, c)
	}
	return nil
}

// read moves rows of all columns to out: as many as every column has.
func (r *reader) read(out *column.Batch) error {
	n := int(min(r.left, maxRows))
	if r.skip > 0 {
		n = int(min(int64(n), r.skip))
	}
	read := r.all
	if r.sieve != nil {
		read = r.sift
	}
	if err := read(n, out); err != nil || r.left > 0 {
		return err
	}
	for _, c := range r.columns {
		for _, l := range c.leaves {
			if !l.ended() {
				return fmt.Errorf("column '%s' has more rows than its row group", l.leaf.name)
			}
		}
	}
	return nil
}

// all reads at most n rows, none of which is left out but those to be skipped.
func (r *reader) all(n int, out *column.Batch) error {
	for _, c := range r.columns {
		for _, l := range c.leaves {
			have, err := l.ready(n)
			if err != nil {
				return fmt.Errorf("column '%s': %w", l.leaf.name, err)
			}
			if have == 0 {
				return r.short(l)
			}
			n = have
		}
	}
	for i, c := range r.columns {
		if err := c.read(n, out.Cols[i]); err != nil {
			return fmt.Errorf("column '%s': %w", c.name, err)
		}
	}
	if out.Len = n; r.skip > 0 {
		out.Reset()
	}
	r.count(n)
	return nil
}

// checkNulls refuses NULL in columns that are NOT NULL, which all that computes with them goes by. Files whose schema allows it may have it all the same.
func (r *reader) checkNulls(out *column.Batch) error {
	for i, c := range r.columns {
		v := out.Cols[i]
		if !v.Type.NotNull || !v.HasNulls() {
			continue
		}
		for row := range out.Len {
			if v.IsNull(row) {
				return fmt.Errorf("column '%s' is NOT NULL, and the file has NULL in it: declare the column without NOT NULL", c.name)
			}
		}
	}
	return nil
}

func (r *reader) short(l *leafReader) error {
	return fmt.Errorf("column '%s' ends %d rows before its row group", l.leaf.name, r.left)
}

// count counts rows that were read, whether they are given out or not.
func (r *reader) count(n int) {
	r.left -= int64(n)
	r.passed += int64(n)
	r.skip = max(0, r.skip-int64(n))
}

func (r *reader) BytesRead() int64 { return r.data.read.Load() }

func (r *reader) Close() error {
	r.release()
	return nil
}

// release gives back the memory of the group at hand, unless batches point into it.
func (r *reader) release() {
	lent := false
	for _, c := range r.columns {
		for _, l := range c.leaves {
			lent = lent || l.lends
		}
	}
	for _, b := range r.memory {
		if !lent {
			keepMemory(b)
		}
	}
	r.columns, r.memory = r.columns[:0], nil
}
