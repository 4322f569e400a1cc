package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/sql/syntax"
)

// open starts a session with the settings that all of the corpus has.
func (v variant) open(mode string) (*session.Session, error) {
	settings := setting.New(setting.Engine)
	parallelism := strconv.Itoa(v.parallelism)
	for _, s := range [][2]string{
		{"table.local-time-zone", "UTC"}, {"parallelism.default", parallelism}, {"table.exec.resource.default-parallelism", parallelism},
		{"pipeline.auto-watermark-interval", "0 ms"}, {"table.exec.mini-batch.enabled", "false"}, {"table.dml-sync", "true"},
		{"execution.runtime-mode", mode},
	} {
		if err := settings.Set(s[0], s[1], "conformance"); err != nil {
			return nil, err
		}
	}
	for key, text := range v.settings {
		if err := settings.Set(key, text, "conformance"); err != nil {
			return nil, err
		}
	}
	env := connector.Env{Objects: standard.FromSettings(settings), Settings: settings, Stdout: io.Discard, Stderr: io.Discard}
	return session.New(session.Config{Settings: settings, Env: env, Run: func(ctx context.Context, j *session.Job) error {
		env := env
		env.Settings = j.Settings
		opts := job.Options{Env: env, Batch: j.Batch, ID: j.ID, BatchRows: v.batchRows, Schedule: v.schedule}
		if len(v.restored) > 0 {
			return v.runRestored(ctx, j, opts)
		}
		_, err := job.Run(ctx, j.Graph, opts)
		return err
	}}), nil
}

// result is what a statement gave.
type result struct {
	kind    session.ResultKind
	columns []column.Field
	rows    []row
}

// row is a row that was emitted.
type row struct {
	kind   string // +I, -U, +U, -D
	values []any
}

var errSeveral = errors.New("the text holds more than one statement, or none")

// run executes one statement to its end.
func run(ctx context.Context, s *session.Session, text string) (*result, error) {
	script, err := session.Parse("", text)
	if err != nil {
		return nil, err
	}
	if len(script.Statements) != 1 {
		return nil, &session.Error{Phase: session.ValidatePhase, Script: script, Err: errSeveral}
	}
	zone, err := setting.Zone(s.Settings().Text(setting.TimeZone))
	if err != nil {
		zone = time.UTC
	}
	r, err := s.Execute(ctx, script.Statements[0])
	if err != nil {
		return nil, err
	}
	out := &result{kind: r.Kind, columns: r.Columns}
	err = r.Run(ctx, func(b *column.Batch) error {
		for i := range b.Rows() {
			at := b.Row(i)
			values := make([]any, len(b.Cols))
			for c, v := range b.Cols {
				values[c] = value(v, at, zone)
			}
			out.rows = append(out.rows, row{b.Kind(at).String(), values})
		}
		return nil
	})
	return out, err
}

// final returns the rows that are left when all changes are done, in the order in which they came.
func (r *result) final() ([][]any, error) {
	var rows [][]any
	var texts []string
	for _, x := range r.rows {
		text := encode(x.values)
		if x.kind == "+I" || x.kind == "+U" {
			rows, texts = append(rows, x.values), append(texts, text)
			continue
		}
		i := len(texts) - 1
		for i >= 0 && texts[i] != text {
			i--
		}
		if i < 0 {
			return nil, fmt.Errorf("%s of a row that is not there: %s", x.kind, text)
		}
		rows, texts = append(rows[:i], rows[i+1:]...), append(texts[:i], texts[i+1:]...)
	}
	return rows, nil
}

// placed puts ${dir} where a text of a value names the case's folder.
func placed(v any, dir string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, dir, "${dir}")
	case []any:
		for i := range v {
			v[i] = placed(v[i], dir)
		}
	case map[string]any:
		for k := range v {
			v[k] = placed(v[k], dir)
		}
	}
	return v
}

// withDir replaces ${dir} in SQL.
func withDir(sql, dir string) string { return strings.ReplaceAll(sql, "${dir}", dir) }

// message is an error's text in one line, without the line of SQL that it is about.
func message(err error) string {
	var placed *syntax.Error
	if errors.As(err, &placed) {
		err = placed
	}
	return shortened(strings.Join(strings.Fields(err.Error()), " "))
}

func shortened(s string) string {
	const most = 300
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// patience is how long a check may go on after its time is over and its jobs were cancelled.
const patience = 10 * time.Second

// guarded runs a check in a folder of its own, with a limit of time. A panic and a hang are errors.
func guarded(t testing.TB, limit time.Duration, check func(ctx context.Context, dir string) error) error {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- crash{fmt.Errorf("panic: %v at %s", p, place(debug.Stack()))}
			}
		}()
		done <- check(ctx, dir)
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(limit + patience):
		return crash{fmt.Errorf("hangs: not even cancelled after %s", limit+patience)}
	}
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("not done after %s", limit)
	}
	return err
}

// crash is what not even a quirk excuses.
type crash struct{ error }

// place finds in a stack where a panic came from.
func place(stack []byte) string {
	_, after, _ := strings.Cut(string(stack), "panic(")
	for line := range strings.Lines(after) {
		if line = strings.TrimSpace(line); strings.Contains(line, ".go:") && !strings.Contains(line, "/runtime/") {
			line, _, _ = strings.Cut(line, " ")
			if _, below, ok := strings.Cut(line, "millstream/"); ok {
				return below
			}
			return line
		}
	}
	return "an unknown place"
}
