package stream

import (
	"encoding"
	"fmt"
	"strconv"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// lineColumn is the one column of text tables.
var lineColumn = []column.Field{{Name: "line", Type: column.Str()}}

func textTable(name, path string) graph.Table {
	return graph.Table{
		Name: name, Connector: "filesystem", Columns: lineColumn,
		Options: map[string]string{"path": path, "format": "raw"},
	}
}

// ReadText reads lines, without their ends, from a file, a directory or a glob at a URL such as s3://bucket/key, file:///path
// or a plain path. Compressed files are known by their extensions. Large files are read in parallel.
func ReadText(j *Job, path string) Stream[string] {
	name := "ReadText(" + path + ")"
	scan := j.graph.Add(&graph.Node{
		Name: name, UID: j.uid(name), Schema: lineColumn,
		Op: &graph.Scan{Table: textTable(path, path), Project: []int{0}, Limit: -1},
	})
	return step[string, string](Stream[string]{j, scan}, "Lines", func() operator.Operator { return &linesOp{} })
}

// WriteText writes each value as a line to part files below a directory at a URL. Strings and byte slices are written as they are,
// numbers in decimal, other types by their AppendText, String or, failing these, fmt's default form. Files become visible once
// the job has ended well.
func WriteText[T any](s Stream[T], path string) {
	j := s.job
	lines := step[T, string](s, "Format", func() operator.Operator { return &formatOp[T]{format: formatter[T]()} })
	lines.node.Schema = lineColumn
	name := "WriteText(" + path + ")"
	j.graph.Add(&graph.Node{
		Name: name, UID: j.uid(name), Parallelism: lines.node.Parallelism,
		Inputs: []graph.Edge{{From: lines.node.ID}},
		Op:     &graph.Sink{Table: textTable(path, path)},
	})
}

// linesOp makes Go strings of a text column. They are cut from chunks of chunkLen bytes, so that a program which keeps one string
// keeps that much of the input alive and not the whole block that was read.
type linesOp struct {
	operator.Base
	out slice[string]
}

const chunkLen = 16 << 10

func (o *linesOp) Process(_ int, p operator.Payload, out operator.Output) error {
	b := p.(*column.Batch)
	col := b.Cols[0]
	var chunk []byte
	for i := range b.Rows() {
		text := col.BytesAt(b.Row(i))
		if len(text) > cap(chunk)-len(chunk) {
			chunk = make([]byte, 0, max(chunkLen, len(text)))
		}
		at := len(chunk)
		chunk = append(chunk, text...)
		o.out.items = append(o.out.items, unsafe.String(unsafe.SliceData(chunk[at:]), len(text)))
		if len(o.out.items) >= batchLen {
			if err := o.flush(out); err != nil {
				return err
			}
		}
	}
	return o.flush(out)
}

func (o *linesOp) flush(out operator.Output) error {
	if len(o.out.items) == 0 {
		return nil
	}
	err := out.Emit(&o.out)
	o.out.items = o.out.items[:0]
	return err
}

// formatOp makes a text column of Go values.
type formatOp[T any] struct {
	operator.Base
	format func(dst []byte, v T) ([]byte, error)
	text   []byte
	out    *column.Batch
}

func (o *formatOp[T]) Open(*operator.Context) error {
	o.out = column.NewBatch(lineColumn, batchLen)
	return nil
}

func (o *formatOp[T]) Process(_ int, p operator.Payload, out operator.Output) error {
	o.out.Reset()
	col := o.out.Cols[0]
	var err error
	for _, v := range p.(*slice[T]).items {
		if o.text, err = o.format(o.text[:0], v); err != nil {
			return fmt.Errorf("cannot write a %T as text: %w", v, err)
		}
		col.AppendBytes(o.text)
	}
	o.out.Len = col.Len
	return out.Emit(o.out)
}

// formatter chooses how a type is written, once for a job.
func formatter[T any]() func(dst []byte, v T) ([]byte, error) {
	var f any
	switch any(*new(T)).(type) {
	case string:
		f = func(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }
	case []byte:
		f = func(dst, v []byte) ([]byte, error) { return append(dst, v...), nil }
	case int:
		f = func(dst []byte, v int) ([]byte, error) { return strconv.AppendInt(dst, int64(v), 10), nil }
	case int64:
		f = func(dst []byte, v int64) ([]byte, error) { return strconv.AppendInt(dst, v, 10), nil }
	case encoding.TextAppender:
		return func(dst []byte, v T) ([]byte, error) { return any(v).(encoding.TextAppender).AppendText(dst) }
	default:
		return func(dst []byte, v T) ([]byte, error) { return fmt.Append(dst, v), nil }
	}
	return f.(func([]byte, T) ([]byte, error))
}
