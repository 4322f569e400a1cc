package savepoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/parquet"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state/snapshot"
)

// Codec writes and reads segments by the format for tables.
var Codec snapshot.Codec = parquetCodec{}

type parquetCodec struct{}

const (
	encodeRows = 4096
	rowGroup   = 1 << 30 // one row group a segment
)

func (parquetCodec) config(fields []column.Field) (*format.Spec, format.Config, error) {
	spec, ok := format.Lookup("parquet")
	if !ok {
		return nil, format.Config{}, errors.New("there is no format 'parquet' in this program")
	}
	options, err := setting.Check(spec.Options, map[string]string{
		"write.int64.timestamp": "true", "timestamp.time.unit": unitName(fields), "utc-timezone": "true", "block.size": fmt.Sprintf("%d b", rowGroup),
	})
	return spec, format.Config{Options: options, Columns: fields, Zone: time.UTC, Keep: true}, err
}

// unitName names the unit that all timestamps have.
func unitName(fields []column.Field) string {
	var of func(t column.Type) string
	of = func(t column.Type) string {
		switch t.Kind {
		case column.Timestamp, column.TimestampLTZ:
			return map[int64]string{1e3: "millis", 1e6: "micros", 1e9: "nanos"}[t.TimeUnit()]
		case column.Array:
			return of(*t.Elem)
		case column.Row:
			for _, f := range t.Fields {
				if u := of(f.Type); u != "" {
					return u
				}
			}
		}
		return ""
	}
	if u := of(column.RowOf(fields...)); u != "" {
		return u
	}
	return "micros"
}

func (c parquetCodec) Encode(fields []column.Field, parts []*column.Batch, memory []byte) ([]byte, error) {
	spec, config, err := c.config(withoutNulls(fields, parts))
	if err != nil {
		return nil, err
	}
	if data, ok, err := parquet.Plain(config, parts, memory); ok || err != nil {
		return data, err
	}
	out := bytes.NewBuffer(memory[:0])
	w, err := spec.NewFile(out, config)
	if err != nil {
		return nil, err
	}
	for _, b := range parts {
		part := *b
		for n, at := b.Rows(), 0; at < n; at += encodeRows {
			part.Sel = b.Sel[at:min(n, at+encodeRows)]
			if err := w.Write(&part); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// withoutNulls makes columns required that have no NULL, since levels of definition take as long to write as values.
func withoutNulls(fields []column.Field, parts []*column.Batch) []column.Field {
	list := slices.Clone(fields)
	for i := range list {
		if !slices.ContainsFunc(parts, func(b *column.Batch) bool { return b.Cols[i].Valid != nil || len(b.Cols[i].Children) > 0 }) {
			list[i].Type = list[i].Type.Required()
		}
	}
	return list
}

func (c parquetCodec) Decode(ctx context.Context, data []byte, fields []column.Field, out *column.Batch) error {
	spec, config, err := c.config(fields)
	if err != nil {
		return err
	}
	store := mem.New("segment")
	info, err := store.Put(ctx, "segment", data, objstore.Condition{})
	if err != nil {
		return err
	}
	info.ETag = "" // of no other file's footer
	file := format.File{Store: store, Info: info}
	pieces, err := spec.SplitFile(ctx, file, config)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		if err := c.read(ctx, spec, file, p, config, out); err != nil {
			return err
		}
	}
	return nil
}

func (parquetCodec) read(ctx context.Context, spec *format.Spec, file format.File, p format.Piece, config format.Config, out *column.Batch) error {
	r, err := spec.OpenFile(ctx, file, p, config)
	if err != nil {
		return err
	}
	defer r.Close() // what was read is in memory
	part := column.NewBatch(config.Columns, 0)
	for {
		part.Reset()
		err := r.Next(ctx, part)
		if err == io.EOF { //nolint:errorlint // as the interface says
			return nil
		}
		if err != nil {
			return err
		}
		out.AppendRows(part, nil)
	}
}
