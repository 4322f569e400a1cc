package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/control"
	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/sql/syntax"
)

// shell executes statements and commands in one session and shows what they give. A script is executed by it as much as what is typed.
type shell struct {
	*app
	session *session.Session
	style   style  // of what is written to out
	format  string // one of outputFormats
	file    *os.File
	depth   int             // of scripts that execute one another
	resumed *durable.Script // of a script that goes on where it was, if it was interrupted; nil: of none
	last    *job.Result     // of the job that ended last
	keys    [][2]string     // for the help; nil where there are none
	clear   func()          // empties the screen

	finished time.Time // when the query that was shown last ended, if its rows were looked at after that

	// progress returns what shows how far a job is, and what takes that away at the end.
	progress func() (show func(job.Progress), finish func())
	// table, if not nil, shows a query's rows as a table in place of a printer. It returns their number.
	table func(ctx context.Context, result *session.Result, zone *time.Location) (int64, error)
}

func (a *app) newShell(settings setting.Values, format string) *shell {
	s := &shell{app: a, format: format, style: a.outStyle()}
	s.clear = func() {}
	if a.outTerminal {
		s.clear = func() { fmt.Fprint(a.out, "\x1b[2J\x1b[3J\x1b[H") }
	}
	s.progress = func() (func(job.Progress), func()) {
		p := a.newProgress()
		return p.show, p.finish
	}
	s.session = session.New(session.Config{Settings: settings, Env: a.env(settings), Run: s.runJob, Jobs: userJobs{}})
	return s
}

// runJob runs a job in this process.
func (s *shell) runJob(ctx context.Context, j *session.Job) error {
	show, finish := s.progress()
	defer finish()
	result, err := control.Run(ctx, j.Graph, durable.Options{
		Job: job.Options{Env: s.env(j.Settings), Batch: j.Batch, ID: j.ID, Progress: show}, Name: j.Name, Notify: s.notify, Script: s.resumed,
	})
	s.last = result
	return err
}

// execute executes a script, in a session of its own, and stops at the first statement that fails.
func (a *app) execute(ctx context.Context, settings setting.Values, items []item, format string) error {
	return a.newShell(settings, format).script(ctx, items)
}

// script executes a script and closes the shell.
func (s *shell) script(ctx context.Context, items []item) (err error) {
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.run(ctx, items); !errors.Is(err, errLeave) {
		return err
	}
	return nil
}

// close closes the file that results go to.
func (s *shell) close() error {
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	return file.Close()
}

// run executes items one after another, up to the first that fails.
func (s *shell) run(ctx context.Context, items []item) error {
	for _, it := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if it.command != nil {
			err = it.command.run(s, ctx, it.args)
		} else {
			err = s.execute(ctx, it.statement)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// execute executes a statement.
func (s *shell) execute(ctx context.Context, st session.Statement) error {
	start := time.Now()
	result, err := s.session.Execute(ctx, st)
	if err != nil {
		return err
	}
	s.last = nil
	s.warn(result)
	if result.Kind == session.Query || result.Kind == session.Rows {
		zone, err := setting.Zone(s.session.Settings().Text(setting.TimeZone))
		if err != nil {
			return err
		}
		n, err := s.print(ctx, result, zone)
		if err != nil {
			return err
		}
		took := time.Since(start)
		if s.finished.After(start) {
			took = s.finished.Sub(start)
		}
		if result.Kind == session.Query && s.timed() && (s.format == "table" || s.format == "vertical") && !s.quiet {
			fmt.Fprintln(s.err, s.errStyle().dim(count(n, "row")+" in "+round(took).String()))
		}
	} else if err := result.Run(ctx, discard); err != nil {
		return err
	} else if result.Kind == session.Done && s.keys != nil && !s.quiet {
		fmt.Fprintln(s.err, s.errStyle().dim("OK"))
	}
	if s.last == nil {
		return nil
	}
	if result.Kind == session.Write {
		s.reportDone(result.Job.Name, s.last)
		s.reportState(s.last)
	}
	if result.Kind == session.Write || s.timed() {
		s.reportSelected(s.last)
	}
	s.reportSkipped(s.last)
	return nil
}

// warn shows what a statement's plan warns of.
func (s *shell) warn(result *session.Result) {
	if s.quiet {
		return
	}
	for _, w := range result.Warnings {
		script := result.Statement.Script
		fmt.Fprintln(s.err, s.errStyle().notice("warning:")+" "+syntax.FormatError(script.Name, script.Text, w))
	}
}

// timed tells whether the number of rows and the time are shown below results.
func (s *shell) timed() bool { return s.session.Settings().Bool(setting.PrintTimeCost) }

// print runs a result and shows its rows. Of a query that fails or is interrupted the rows until then are shown, if there are any.
func (s *shell) print(ctx context.Context, result *session.Result, zone *time.Location) (rows int64, err error) {
	if s.table != nil && result.Kind == session.Query && s.format == "table" && s.file == nil && s.session.Settings().Enum(setting.ResultMode) != "TABLEAU" {
		return s.table(ctx, result, zone)
	}
	p := newPrinter(s.target(result), s.format, result, zone)
	if err := result.Run(ctx, p.batch); err != nil {
		if p.rows() > 0 {
			err = errors.Join(p.close(), err)
		}
		return p.rows(), err
	}
	err = p.close()
	return p.rows(), err
}

// target is where a result is shown.
func (s *shell) target(result *session.Result) target {
	settings := s.session.Settings()
	t := target{w: s.out, style: s.style}
	if s.file != nil {
		t.w, t.style = s.file, style{}
	} else if s.outTerminal {
		t.width = terminalWidth(s.stdout)
	}
	if settings.Has(setting.MaxColumnWidth) {
		t.widest = settings.Int(setting.MaxColumnWidth)
	}
	t.changes = settings.Enum(setting.ResultMode) != "TABLE" && result.Job != nil && !result.Job.Batch
	return t
}

// printText shows rows that no statement gave.
func (s *shell) printText(columns []string, rows [][]string) error {
	fields := make([]column.Field, len(columns))
	for i, name := range columns {
		fields[i] = column.Field{Name: name, Type: column.Str()}
	}
	b := column.NewBatch(fields, len(rows))
	for _, row := range rows {
		for i, c := range b.Cols {
			c.AppendString(row[i])
		}
		b.Len++
	}
	result := &session.Result{Kind: session.Rows, Columns: fields}
	p := newPrinter(s.target(result), s.format, result, time.UTC)
	return errors.Join(p.batch(b), p.close())
}

// redirect sends results to a file, or with - to where they went at first.
func (s *shell) redirect(name string) error {
	if err := s.close(); err != nil || name == "-" {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return usagef("results cannot be written: %w", err)
	}
	s.file = file
	return nil
}

// destination says where results go, unless it is the usual place.
func (s *shell) destination() string {
	if s.file == nil {
		return ""
	}
	return " into " + s.file.Name()
}

// discard takes the "OK" of a statement that has no rows to show.
func discard(*column.Batch) error { return nil }
