package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/engine/control"
	"github.com/millstream/millstream/sql/session"
)

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List your running jobs on this machine",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := control.List(c.Context())
			if err != nil {
				return err
			}
			rows := make([][]string, len(list))
			for i, j := range list {
				rows[i] = []string{j.ID, j.Name, string(j.Status), j.Started.Format(time.RFC3339), fmt.Sprint(j.PID)}
			}
			return a.printTable([]string{"job id", "job name", "status", "start time", "pid"}, rows)
		},
	}
}

func (a *app) stopCommand() *cobra.Command {
	var drain bool
	var dir string
	c := &cobra.Command{
		Use:   "stop JOB",
		Short: "Stop a running job with a savepoint",
		Long: `Stop a running job with a savepoint: it reads nothing more, what the savepoint covers becomes visible, and the job ends as one that finished.
The savepoint's path goes to standard output. The job goes on with: millstream run --resume PATH JOB

JOB is the job's name, its id, or what its id begins with: see millstream list. Ctrl-C and SIGTERM end a job without a savepoint: what its last
checkpoint covers stays, the rest is discarded, and when it is run again it goes on from that checkpoint.`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			j, err := findJob(c.Context(), args[0])
			if err != nil {
				return err
			}
			if dir, err = a.savepointDir(j, dir); err != nil {
				return err
			}
			path, err := j.Stop(c.Context(), drain, dir)
			return a.tookSavepoint(j, path, "stopped", err)
		},
	}
	c.Flags().BoolVarP(&drain, "drain", "d", false, "end event time before the savepoint, so that all windows fire; for jobs that will not go on")
	c.Flags().StringVarP(&dir, "savepoint", "p", "", "take the savepoint below `DIR`; the default is the job's execution.checkpointing.savepoint-dir")
	c.Flags().StringVar(&dir, "savepointPath", "", "the same, as Flink calls it")
	c.Flags().Lookup("savepointPath").Hidden = true
	return c
}

func (a *app) cancelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel JOB",
		Short: "End a running job without a savepoint",
		Long: `End a running job as Ctrl-C does: what its last checkpoint covers stays, the rest is discarded. When it is run again it goes on from that
checkpoint, unless execution.checkpointing.externalized-checkpoint-retention says otherwise.`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			j, err := findJob(c.Context(), args[0])
			if err != nil {
				return err
			}
			if err := j.Cancel(c.Context()); err != nil {
				return err
			}
			if !a.quiet {
				fmt.Fprintf(a.err, "cancelled %s (%s)\n", j.Name, j.ID)
			}
			return nil
		},
	}
}

func findJob(ctx context.Context, name string) (*control.Job, error) {
	j, err := control.Find(ctx, name)
	if errors.Is(err, control.ErrNoJob) {
		return nil, usageError{err}
	}
	return j, err
}

// savepointDir is where a savepoint goes: what was named, seen from here, or else the job's own directory, or this process's.
func (a *app) savepointDir(j *control.Job, dir string) (string, error) {
	if dir == "" {
		if j.Savepoints != "" {
			return "", nil
		}
		return "", usagef("the job '%s' has no execution.checkpointing.savepoint-dir: name a directory for the savepoint", j.Name)
	}
	if strings.Contains(dir, "://") {
		return dir, nil
	}
	return filepath.Abs(dir)
}

func (a *app) takeSavepoint(ctx context.Context, args []string) error {
	j, err := findJob(ctx, args[0])
	if err != nil {
		return err
	}
	dir := ""
	if len(args) > 1 {
		dir = args[1]
	}
	if dir, err = a.savepointDir(j, dir); err != nil {
		return err
	}
	path, err := j.Savepoint(ctx, dir)
	return a.tookSavepoint(j, path, "goes on", err)
}

// tookSavepoint says where a savepoint is: the path alone on standard output.
func (a *app) tookSavepoint(j *control.Job, path, what string, err error) error {
	if path != "" {
		fmt.Fprintln(a.out, path)
	}
	if err == nil && !a.quiet {
		fmt.Fprintf(a.err, "%s: %s (%s)\n", what, j.Name, j.ID)
	}
	return err
}

// userJobs are the running jobs that sessions show and stop: all of the user on this machine.
type userJobs struct{}

func (userJobs) List(ctx context.Context) ([]session.RunningJob, error) {
	list, err := control.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]session.RunningJob, len(list))
	for i, j := range list {
		out[i] = session.RunningJob{ID: j.ID, Name: j.Name, Status: string(j.Status), Started: j.Started}
	}
	return out, nil
}

func (userJobs) Stop(ctx context.Context, id string, drain bool, dir string) (string, error) {
	j, err := control.Find(ctx, id)
	if err != nil {
		return "", err
	}
	return j.Stop(ctx, drain, dir)
}

func (userJobs) Cancel(ctx context.Context, id string) error {
	j, err := control.Find(ctx, id)
	if err != nil {
		return err
	}
	return j.Cancel(ctx)
}
