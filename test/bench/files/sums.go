package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/objstore"
)

// names are the columns, in their order.
var names = []string{"auction", "bidder", "price", "channel", "url", "note", "at"}

// rowSums are the number of rows and, of each column, the sum of its values' hashes, which no order changes.
type rowSums struct {
	rows    int64
	columns [7]uint64
}

func (s *rowSums) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows", s.rows)
	for i, x := range s.columns {
		fmt.Fprintf(&b, ", %s %016x", names[i], x)
	}
	return b.String() + "\n"
}

func (s *rowSums) add(b *bid) {
	s.rows++
	for i, x := range [...]int64{b.Auction, b.Bidder, b.Price} {
		s.columns[i] += hashInt(x)
	}
	for i, x := range [...]string{b.Channel, b.URL, b.Note} {
		s.columns[3+i] += hashText([]byte(x))
	}
	s.columns[6] += hashInt(b.At)
}

// hashInt and hashText are FNV-1a with its bits mixed once more.
func hashInt(x int64) uint64 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(x))
	return hashText(b[:])
}

func hashText(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// readSums reads the Parquet files below a prefix with a library that none of the contenders reads with.
func readSums(ctx context.Context, bucket objstore.Store, prefix string) (*rowSums, error) {
	total := &rowSums{}
	for info, err := range bucket.List(ctx, prefix, objstore.ListOptions{}) {
		if err != nil {
			return total, err
		}
		if strings.HasSuffix(info.Key, "/_SUCCESS") {
			continue
		}
		body, _, err := bucket.Get(ctx, info.Key, objstore.All)
		if err != nil {
			return total, err
		}
		data, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil {
			return total, err
		}
		if err := total.file(data); err != nil {
			return total, fmt.Errorf("%s: %w", bucket.URL(info.Key), err)
		}
	}
	return total, nil
}

func (s *rowSums) file(data []byte) error {
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	for i, path := range f.Schema().Columns() {
		if i >= len(names) || len(path) != 1 || path[0] != names[i] {
			return fmt.Errorf("column %d is %s, want one of %s in this order", i, strings.Join(path, "."), strings.Join(names, ", "))
		}
	}
	s.rows += f.NumRows()
	values := make([]parquet.Value, 1024)
	for _, group := range f.RowGroups() {
		for i, chunk := range group.ColumnChunks() {
			if err := s.chunk(i, chunk, values); err != nil {
				return fmt.Errorf("column %s: %w", names[i], err)
			}
		}
	}
	return nil
}

func (s *rowSums) chunk(i int, chunk parquet.ColumnChunk, values []parquet.Value) (err error) {
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for reader := page.Values(); ; {
			n, err := reader.ReadValues(values)
			for _, v := range values[:n] {
				s.columns[i] += hashValue(i, v)
			}
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
		}
		parquet.Release(page)
	}
}

// hashValue is that of a value as any writer may have written it: a decimal also in bytes, big-endian.
func hashValue(i int, v parquet.Value) uint64 {
	switch {
	case v.IsNull():
		return 1
	case v.Kind() == parquet.Int64:
		return hashInt(v.Int64())
	case names[i] == "price":
		x := int64(0)
		for j, b := range v.ByteArray() {
			if j == 0 && b >= 0x80 {
				x = -1
			}
			x = x<<8 | int64(b)
		}
		return hashInt(x)
	}
	return hashText(v.ByteArray())
}
