package main

import (
	"context"
	"fmt"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/examples"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/stream"
)

// env is what connectors get from this process.
func (a *app) env(settings setting.Values) connector.Env {
	return connector.Env{Objects: standard.FromSettings(settings), Settings: settings, Stdout: a.out, Stderr: a.err}
}

// runner runs the jobs of a SQL session in this process, with progress on the terminal.
func (a *app) runner() session.Runner {
	return func(ctx context.Context, j *session.Job) error {
		p := a.newProgress()
		result, err := job.Run(ctx, j.Graph, job.Options{Env: a.env(j.Settings), Batch: j.Batch, ID: j.ID, Progress: p.show})
		p.finish()
		if err == nil {
			a.reportSkipped(j.Name, result.Skipped)
		}
		return err
	}
}

// runExample runs a Go API program in this process.
func (a *app) runExample(ctx context.Context, settings setting.Values, program examples.Program, args []string) error {
	p := a.newProgress()
	result, err := program(ctx, args, stream.Settings(settings), stream.OnProgress(p.show))
	p.finish()
	if err != nil {
		return err
	}
	a.reportSkipped("the job", result.Skipped)
	if !a.quiet {
		fmt.Fprintln(a.err, result)
	}
	return nil
}

// reportSkipped says how many malformed records were left out, also with --quiet: it is about the result.
func (a *app) reportSkipped(name string, n int64) {
	if n > 0 {
		fmt.Fprintf(a.err, "warning: %s skipped %s because of ignore-parse-errors\n", name, count(n, "malformed record"))
	}
}

// show draws a job's progress.
func (p *progress) show(j job.Progress) { p.update(j.RowsIn, j.BytesIn, j.BytesTotal) }

