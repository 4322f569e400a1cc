package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/state/snapshot"
)

func (a *app) savepointCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "savepoint COMMAND",
		Short: "Take savepoints, look at them and at checkpoints, and delete savepoints",
		Long: `Take savepoints of running jobs; look at savepoints and checkpoints in an object store, without a running job; delete savepoints.

A JOB is the name of a running job of yours on this machine, its id, or what its id begins with: see millstream list.
A PATH is the directory of a savepoint, the directory of a job's checkpoints, which means the newest of them, or a manifest.
To start a job from one: millstream run --resume PATH JOB`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "take JOB [DIR]", Short: "Take a savepoint of a running job, below DIR or execution.checkpointing.savepoint-dir",
			Args: usageArgs(cobra.RangeArgs(1, 2)),
			RunE: func(c *cobra.Command, args []string) error { return a.takeSavepoint(c.Context(), args) },
		},
		&cobra.Command{
			Use: "list DIR", Short: "List the savepoints below a directory, and the checkpoints of jobs", Args: usageArgs(cobra.ExactArgs(1)),
			RunE: func(c *cobra.Command, args []string) error { return a.listSnapshots(c.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "describe PATH", Short: "Show what a savepoint or checkpoint holds, and check every byte of it", Args: usageArgs(cobra.ExactArgs(1)),
			RunE: func(c *cobra.Command, args []string) error { return a.describeSnapshot(c.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "dispose PATH", Short: "Delete a savepoint", Args: usageArgs(cobra.ExactArgs(1)),
			RunE: func(c *cobra.Command, args []string) error { return a.disposeSnapshot(c.Context(), args[0]) },
		},
	)
	return c
}

// printTable prints rows as a result's.
func (a *app) printTable(columns []string, rows [][]string) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	return a.newShell(settings, "table").printText(columns, rows)
}

func (a *app) listSnapshots(ctx context.Context, url string) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	d, err := snapshot.OpenDir(ctx, a.env(settings).Objects, url, durable.Codec)
	if err != nil {
		return usageError{err}
	}
	list, err := d.List(ctx)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, f := range list {
		if f.Err != nil {
			rows = append(rows, []string{"damaged", "", "", "", "", f.URL})
			fmt.Fprintln(a.err, f.Err)
			continue
		}
		m := f.Manifest
		rows = append(rows, []string{m.Kind, m.Job, fmt.Sprint(m.ID), m.Created.Format(time.RFC3339), size(m.Bytes()), f.URL})
	}
	return a.printTable([]string{"kind", "job", "id", "created", "size", "path"}, rows)
}

// locate finds and reads the manifest that a path means.
func (a *app) locate(ctx context.Context, url string) (*snapshot.Dir, string, *snapshot.Manifest, error) {
	settings, err := a.settings()
	if err != nil {
		return nil, "", nil, err
	}
	d, name, err := snapshot.Locate(ctx, a.env(settings).Objects, url, durable.Codec)
	if err != nil {
		return nil, "", nil, err
	}
	m, err := d.Load(ctx, name)
	return d, name, m, err
}

func (a *app) describeSnapshot(ctx context.Context, url string) error {
	d, name, m, err := a.locate(ctx, url)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s %d of the job '%s'\n", m.Kind, m.ID, m.Job)
	fmt.Fprintf(a.out, "  %s\n  taken %s by the run %s, with %d key groups; %s of state\n", d.URL(name), m.Created.Format(time.RFC3339), m.Run, m.MaxParallelism, size(m.Bytes()))
	if m.Final {
		fmt.Fprintln(a.out, "  at the end of the input")
	}
	var rows [][]string
	for i := range m.Operators {
		op := &m.Operators[i]
		var about []string
		if op.Finished {
			about = append(about, "ended")
		}
		if n := len(op.Splits); n > 0 {
			about = append(about, count(int64(n), "split")+" to read")
		}
		if n := len(op.Committables); n > 0 {
			about = append(about, count(int64(n), "output")+" to commit")
		}
		for t := range op.Tables {
			table := &op.Tables[t]
			holds := "rows"
			if n, err := d.Live(ctx, table); err == nil { // else it is told below why not
				holds = count(n, "row")
			}
			about = append(about, fmt.Sprintf("%s: %s, %s in %s", table.Name, holds, size(table.Size()), count(int64(len(table.Segments)), "segment")))
		}
		rows = append(rows, []string{op.UID, op.Name, fmt.Sprint(op.Parallelism), strings.Join(about, "; ")})
	}
	if err := a.printTable([]string{"uid", "operator", "parallelism", "holds"}, rows); err != nil {
		return err
	}
	_, err = d.Tables(ctx, m)
	return err
}

func (a *app) disposeSnapshot(ctx context.Context, url string) error {
	d, name, m, err := a.locate(ctx, url)
	if err != nil {
		return err
	}
	if m.Kind != snapshot.Savepoint {
		return usagef("%s is a %s, which belongs to the job '%s': the job deletes it by itself", d.URL(name), m.Kind, m.Job)
	}
	if err := d.Dispose(ctx, name, m); err != nil {
		return err
	}
	if !a.quiet {
		fmt.Fprintf(a.err, "deleted %s with %s of state\n", d.URL(""), size(m.Bytes()))
	}
	return nil
}
