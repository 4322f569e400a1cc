package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/migrate"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

func (a *app) checkCommand() *cobra.Command {
	var from string
	var unclaimed bool
	c := &cobra.Command{
		Use:   "check --from-savepoint PATH FILE.sql",
		Short: "Show what a job would do with a savepoint's state, without starting it",
		Long: `Show for each operator of a script's job, and of a savepoint or checkpoint, what would become of its state:
  kept        the operator goes on with it
  migrated    it is changed first, as the operator was: a type is wider, an aggregate came or went
  new         the operator starts without state
  dropped     the job does not have the operator any more
  impossible  the operator cannot go on with it

Nothing is started and nothing changed. Exit code 1 if the job would not start: something is impossible, or state would be dropped without
--allowNonRestoredState. Of a script with several jobs it is the one with the savepoint's name. Definitions in the script take effect, for what follows them.`,
		Example: `  millstream check --from-savepoint s3://savepoints/savepoint-orders-1 orders.sql`,
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if from == "" {
				return usagef("--from-savepoint is missing: name the savepoint or checkpoint whose state is in question")
			}
			return a.check(c.Context(), args[0], from, unclaimed)
		},
	}
	c.Flags().StringVar(&from, "from-savepoint", "", "`PATH` of a savepoint or checkpoint")
	c.Flags().BoolVarP(&unclaimed, "allowNonRestoredState", "n", false, "state of operators that the job no longer has may be dropped")
	return c
}

func (a *app) check(ctx context.Context, file, from string, unclaimed bool) error {
	items, err := readScript(file)
	if err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	_, _, m, err := a.locate(ctx, from)
	if err != nil {
		return err
	}
	jobs, err := a.jobsOf(ctx, settings, items)
	if err != nil {
		return err
	}
	j, err := jobOf(jobs, m.Job)
	if err != nil {
		return err
	}
	report, err := durable.Compare(ctx, j.Graph, job.Options{Env: a.env(j.Settings), Batch: j.Batch}, from)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, op := range report.Operators {
		uid := op.UID
		if uid == "" {
			uid = op.From
		}
		rows = append(rows, []string{string(op.Verdict), op.Name, uid, strings.Join(op.Notes, "; ")})
	}
	if err := a.printTable([]string{"state", "operator", "uid", "why"}, rows); err != nil {
		return err
	}
	unclaimed = unclaimed || j.Settings.Bool(setting.IgnoreUnclaimedState)
	if err := report.Err(unclaimed); err != nil {
		return err
	}
	if !a.quiet {
		fmt.Fprintf(a.err, "the job '%s' can start from it: %s\n", j.Name, tally(report))
	}
	return nil
}

// tally counts operators by what becomes of their state.
func tally(r *migrate.Report) string {
	counts := map[migrate.Verdict]int{}
	for _, op := range r.Operators {
		counts[op.Verdict]++
	}
	var parts []string
	for _, v := range []migrate.Verdict{migrate.Kept, migrate.Migrated, migrate.New, migrate.Dropped} {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
		}
	}
	if len(parts) == 0 {
		return "there is no state"
	}
	return strings.Join(parts, ", ")
}

// jobsOf plans the jobs of a script and runs none.
func (a *app) jobsOf(ctx context.Context, settings setting.Values, items []item) ([]*session.Job, error) {
	s := session.New(session.Config{Settings: settings, Env: a.env(settings)})
	var jobs []*session.Job
	for _, it := range items {
		if it.command != nil {
			continue
		}
		result, err := s.Execute(ctx, it.statement) // a job is planned by that, and runs when the result does
		if err != nil {
			return nil, err
		}
		if result.Kind == session.Write {
			jobs = append(jobs, result.Job)
		}
	}
	return jobs, nil
}

// jobOf chooses the job that a snapshot is of.
func jobOf(jobs []*session.Job, name string) (*session.Job, error) {
	var named []*session.Job
	var known []string
	for _, j := range jobs {
		known = append(known, j.Name)
		if j.Name == name {
			named = append(named, j)
		}
	}
	switch {
	case len(named) == 1:
		return named[0], nil
	case len(jobs) == 1:
		return jobs[0], nil
	case len(jobs) == 0:
		return nil, usagef("the script has no INSERT, so there is no job that could start from a savepoint")
	}
	return nil, usagef("the savepoint is of the job '%s', and the script has the jobs %s: set pipeline.name before the one that is meant, so that one has this name", name, strings.Join(known, ", "))
}
