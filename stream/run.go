package stream

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/control"
	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
)

func loadSettings() (setting.Values, error) {
	return setting.Load(setting.LoadOptions{Env: os.Environ()})
}

// Result is what a job did.
type Result struct{ job.Result }

// String says in a line how much was read and written, and how long it took.
func (r *Result) String() string {
	skipped := ""
	if r.Skipped > 0 {
		skipped = fmt.Sprintf(", %d malformed records skipped", r.Skipped)
	}
	if r.Left > 0 {
		skipped += fmt.Sprintf(", %d changed files left", r.Left)
	}
	return fmt.Sprintf("%d rows in, %d rows out, %.1f MB read%s, %s", r.RowsIn, r.RowsOut, float64(r.BytesIn)/1e6, skipped,
		r.Duration.Round(time.Millisecond))
}

// Run runs the job and returns when it has ended: all inputs are read and all outputs visible, or ctx has ended, or something
// failed. With execution.checkpointing.interval and .dir it goes on from its last checkpoint, found by its name, and what checkpoints cover
// is visible also after a failure; without them nothing is.
func (j *Job) Run(ctx context.Context) (*Result, error) {
	if j.err != nil {
		return nil, j.err
	}
	name := j.graph.Name
	if given := j.settings.Text(setting.PipelineName); given != "" {
		name = given
	}
	r, err := control.Run(ctx, &j.graph, durable.Options{
		Job: job.Options{
			Env: connector.Env{
				Objects: standard.FromSettings(j.settings), Settings: j.settings, Stdout: os.Stdout, Stderr: os.Stderr,
			},
			Batch:    !j.updates(),
			Progress: j.progress,
		},
		Name:   name,
		Notify: func(text string) { fmt.Fprintln(os.Stderr, "note:", text) },
	})
	if err != nil {
		return nil, err
	}
	return &Result{*r}, nil
}

// Progress is how far a running job has come.
type Progress = job.Progress

// OnProgress has f called several times a second while the job runs, and once at its end.
func OnProgress(f func(Progress)) Option { return func(j *Job) { j.progress = f } }

// Settings makes v, instead of what files and the environment say, the settings that a job starts from.
func Settings(v setting.Values) Option {
	return func(j *Job) { j.settings, j.err = v, nil }
}
