package filesystem

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// A format with an index, for tests: a file is lines of values separated by commas, and a unit is unitLines of them.
const unitLines = 150

func init() {
	format.Register(&format.Spec{
		Name: "units", Doc: "A format with an index, for tests.", Extension: ".units",
		SplitFile: func(ctx context.Context, f format.File, _ format.Config) ([]format.Piece, error) {
			lines, err := unitsOf(ctx, f)
			if err != nil {
				return nil, err
			}
			var list []format.Piece
			for at := 0; at < len(lines); at += 2 * unitLines {
				n := min(2*unitLines, len(lines)-at)
				list = append(list, format.Piece{First: at / unitLines, Count: (n + unitLines - 1) / unitLines, Size: int64(n)})
			}
			return list, nil
		},
		OpenFile: func(ctx context.Context, f format.File, p format.Piece, c format.Config) (format.FileReader, error) {
			lines, err := unitsOf(ctx, f)
			if err != nil {
				return nil, err
			}
			from := p.First * unitLines
			return &unitsReader{config: c, lines: lines[from:min(len(lines), from+p.Count*unitLines)]}, nil
		},
		NewFile: func(w io.Writer, c format.Config) (format.FileWriter, error) { return &unitsWriter{to: w}, nil },
	})
}

func unitsOf(ctx context.Context, f format.File) ([][]byte, error) {
	body, info, err := f.Store.Get(ctx, f.Info.Key, objstore.All)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if info.ETag != f.Info.ETag {
		return nil, &objstore.Error{Op: "read", URL: f.Store.URL(f.Info.Key), Kind: objstore.Changed, Reason: "it changed"}
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))[:bytes.Count(data, []byte("\n"))], nil
}

type unitsReader struct {
	config format.Config
	lines  [][]byte
	read   int64
}

func (r *unitsReader) Next(_ context.Context, out *column.Batch) error {
	if len(r.lines) == 0 {
		return io.EOF
	}
	project := r.config.Project
	for _, line := range r.lines[:min(len(r.lines), 40)] {
		cells := bytes.SplitN(line, []byte(","), len(r.config.Columns))
		for i, p := range project {
			if err := column.ParseText(out.Cols[i], cells[p], nil); err != nil {
				return err
			}
		}
		out.Len++
		r.read += int64(len(line))
	}
	r.lines = r.lines[out.Len:]
	return nil
}

func (r *unitsReader) BytesRead() int64 { return r.read }
func (r *unitsReader) Close() error     { return nil }

type unitsWriter struct {
	to    io.Writer
	lines []byte
}

func (w *unitsWriter) Write(b *column.Batch) error {
	for i := range b.Rows() {
		for c, v := range b.Cols {
			if c > 0 {
				w.lines = append(w.lines, ',')
			}
			w.lines = column.AppendText(w.lines, v, b.Row(i), nil)
		}
		w.lines = append(w.lines, '\n')
	}
	if len(w.lines) < 3000 {
		return nil
	}
	return w.flush()
}

func (w *unitsWriter) flush() error {
	n, err := w.to.Write(w.lines)
	if err == nil && n != len(w.lines) {
		err = fmt.Errorf("wrote %s bytes", strconv.Itoa(n))
	}
	w.lines = w.lines[:0]
	return err
}

func (w *unitsWriter) BufferedBytes() int64 { return int64(len(w.lines)) }
func (w *unitsWriter) Close() error         { return w.flush() }
