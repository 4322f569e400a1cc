package main

import (
	"context"
	"fmt"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/examples"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/stream"
)

// env is what connectors get from this process.
func (a *app) env(settings setting.Values) connector.Env {
	return connector.Env{Objects: standard.FromSettings(settings), Settings: settings, Stdout: a.out, Stderr: a.err}
}

// runExample runs a Go API program in this process.
func (a *app) runExample(ctx context.Context, settings setting.Values, program examples.Program, args []string) (*job.Result, error) {
	p := a.newProgress()
	defer p.finish()
	result, err := program(ctx, args, stream.Settings(settings), stream.OnProgress(p.show))
	if err != nil {
		return nil, err
	}
	return &result.Result, nil
}

// notify says what happens to a running job, also with --quiet: it failed, or what it writes may be affected.
func (a *app) notify(text string) {
	fmt.Fprintf(a.err, "%s %s\n", a.errStyle().notice("note:"), text)
}

// reportDone says what a job did.
func (a *app) reportDone(name string, r *job.Result) {
	if a.quiet {
		return
	}
	amount := func(rows, bytes int64) string {
		if bytes == 0 { // not a connector of bytes
			return count(rows, "row")
		}
		return count(rows, "row") + " and " + size(bytes)
	}
	fmt.Fprintf(a.err, "%s: %s read, %s written in %s\n", name, amount(r.RowsIn, r.BytesIn), amount(r.RowsOut, r.BytesOut), round(r.Duration))
}

// reportState says which nodes had much state, and how much.
func (a *app) reportState(r *job.Result) {
	for _, n := range r.Nodes {
		if n.MaxState >= showState && !a.quiet {
			fmt.Fprintf(a.err, "  %s: state up to %s\n", n.Name, size(n.MaxState))
		}
	}
}

// reportSelected says of each table what the queries have moved that its store has computed.
func (a *app) reportSelected(r *job.Result) {
	for _, n := range r.Nodes {
		if s := n.Selected; s != (objstore.SelectStats{}) && !a.quiet {
			fmt.Fprintf(a.err, "  %s: S3 SELECT has scanned %s, processed %s and returned %s\n", n.Name, size(s.Scanned), size(s.Processed), size(s.Returned))
		}
	}
}

// reportSkipped says how many malformed records, files that had changed and late rows were left out, and keys forgotten, also with --quiet: it is about the result.
func (a *app) reportSkipped(r *job.Result) {
	for _, n := range r.Nodes {
		switch {
		case n.Skipped > 0 && n.Source:
			fmt.Fprintf(a.err, "%s %s: %s, skipped or with NULL for what could not be read (ignore-parse-errors)\n",
				a.errStyle().notice("warning:"), n.Name, count(n.Skipped, "malformed record"))
		case n.Skipped > 0:
			fmt.Fprintf(a.err, "%s %s: %s left out: NULL stood where a value is needed\n", a.errStyle().notice("warning:"), n.Name, count(n.Skipped, "row"))
		}
		if n.Left > 0 {
			fmt.Fprintf(a.err, "%s %s: %s left, as a whole or from some record on: deleted or overwritten since they were found (source.changed-objects)\n",
				a.errStyle().notice("warning:"), n.Name, count(n.Left, "file"))
		}
		if n.Late > 0 {
			fmt.Fprintf(a.err, "%s %s: %s dropped: the watermark had passed them\n", a.errStyle().notice("warning:"), n.Name, count(n.Late, "late row"))
		}
		if n.Evicted > 0 {
			fmt.Fprintf(a.err, "%s %s: state of %s forgotten: there were more than %s allows\n", a.errStyle().notice("warning:"), n.Name,
				count(n.Evicted, "key"), setting.StateMaxKeys.Key)
		}
	}
}
