// Package print is the sink that writes rows as lines to the process's standard output or error: the connector 'print'.
//
// What enters: batches with row kinds. What leaves: lines such as "+I[1, abc]", as Flink prints them, before the job goes on: rows are
// printed when they come, whatever becomes of the job.
//
// What must hold: lines of several subtasks do not mix.
package print

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/setting"
)

var (
	identifierOption = &setting.Option{Key: "print-identifier",
		Doc: "A word that stands before each line, followed by '>'. With several subtasks their number follows it: 'word:2> '."}
	errorOption = &setting.Option{Key: "standard-error", Type: setting.Bool, Default: "false",
		Doc: "Whether lines go to the standard error instead of the standard output."}
)

func init() {
	options := []*setting.Option{identifierOption, errorOption, connector.SinkParallelismOption}
	connector.Register(&connector.Spec{
		Name:      "print",
		Doc:       "Writes each row as a line such as +I[1, abc], with its kind, to the standard output or error.",
		Example:   "CREATE TABLE shown (\n  id BIGINT,\n  name STRING\n) WITH (\n  'connector' = 'print'\n)",
		Guarantee: "At least once: rows are printed when they come.",
		Options:   options,
		Updates:   true,
		NewSink: func(req connector.SinkRequest) (connector.Sink, error) {
			v, err := setting.Check(options, req.Table.Options)
			if err != nil {
				return nil, err
			}
			s := &sink{identifier: v.Text(identifierOption), to: req.Env.Stdout}
			fallback := os.Stdout
			if v.Bool(errorOption) {
				s.to, fallback = req.Env.Stderr, os.Stderr
			}
			if s.to == nil {
				s.to = fallback
			}
			return s, nil
		},
	})
}

type sink struct {
	identifier string
	mu         sync.Mutex
	to         io.Writer
}

func (*sink) Prepare(context.Context) error                         { return nil }
func (*sink) Commit(context.Context, []connector.Committable) error { return nil }
func (*sink) Abort(context.Context, []connector.Committable) error  { return nil }
func (*sink) Finish(context.Context) error                          { return nil }

func (s *sink) NewWriter(_ context.Context, subtask, parallelism int) (connector.Writer, error) {
	w := &writer{sink: s, prefix: s.identifier}
	if parallelism > 1 {
		if w.prefix != "" {
			w.prefix += ":"
		}
		w.prefix += strconv.Itoa(subtask + 1)
	}
	if w.prefix != "" {
		w.prefix += "> "
	}
	return w, nil
}

type writer struct {
	sink   *sink
	prefix string
	lines  []byte
}

func (w *writer) Write(_ context.Context, b *column.Batch) error {
	w.lines = w.lines[:0]
	for i := range b.Rows() {
		row := b.Row(i)
		w.lines = append(w.lines, w.prefix...)
		w.lines = appendRow(w.lines, b.Kind(row).String(), b.Cols, row)
		w.lines = append(w.lines, '\n')
	}
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	if _, err := w.sink.to.Write(w.lines); err != nil {
		return fmt.Errorf("rows cannot be printed: %w", err)
	}
	return nil
}

func (*writer) Flush(context.Context, bool) ([]connector.Committable, error) { return nil, nil }
func (*writer) Close() error                                                 { return nil }
