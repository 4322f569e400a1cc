package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

// keptSink is a sink of changes by the first column. What a writer hands over becomes an object whose name tells the order, as rows that replace each
// other need it.
type keptSink struct{ req connector.SinkRequest }

// flushes counts what writers have handed over since the world began.
var flushes atomic.Int64

// keptDir is where the objects lie.
const keptDir = "out/kept/"

func newKept(req connector.SinkRequest) (connector.Sink, error) { return &keptSink{req}, nil }

func (s *keptSink) Prepare(context.Context) error { return nil }

func (s *keptSink) NewWriter(context.Context, int, int) (connector.Writer, error) {
	return &keptWriter{}, nil
}

// flushed is what a writer hands over.
type flushed struct {
	Name string
	Text string
}

func (s *keptSink) Commit(ctx context.Context, list []connector.Committable) error {
	store, key, err := s.req.Env.Objects.Open(ctx, "s3://b/"+keptDir)
	if err != nil {
		return err
	}
	for _, c := range list {
		var f flushed
		if err := json.Unmarshal(c, &f); err != nil {
			return err
		}
		if _, err := store.Put(ctx, key+f.Name, []byte(f.Text), objstore.Condition{}); err != nil {
			return err
		}
	}
	return nil
}

func (s *keptSink) Abort(context.Context, []connector.Committable) error { return nil }
func (s *keptSink) Finish(context.Context) error                         { return nil }

type keptWriter struct{ text strings.Builder }

func (w *keptWriter) Write(_ context.Context, b *column.Batch) error {
	for i := range b.Rows() {
		r := b.Row(i)
		w.text.WriteString(b.Kind(r).String())
		for _, c := range b.Cols {
			w.text.Write(column.AppendText([]byte{' '}, c, r, time.UTC))
		}
		w.text.WriteByte('\n')
	}
	return nil
}

func (w *keptWriter) Flush(context.Context, bool) ([]connector.Committable, error) {
	if w.text.Len() == 0 {
		return nil, nil
	}
	c, err := json.Marshal(flushed{fmt.Sprintf("%08d", flushes.Add(1)), w.text.String()})
	w.text.Reset()
	return []connector.Committable{c}, err
}

func (w *keptWriter) Close() error { return nil }

// keep applies the changes of one object to the rows by key.
func keep(rows map[string]string, text string) {
	for line := range strings.Lines(text) {
		kind, row, _ := strings.Cut(line, " ")
		key, _, _ := strings.Cut(row, " ")
		if kind == "-D" || kind == "-U" {
			delete(rows, key)
		} else {
			rows[key] = row
		}
	}
}
