package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/examples"
	"github.com/millstream/millstream/setting"
)

func exampleNames() string { return strings.Join(slices.Sorted(maps.Keys(examples.ByName)), ", ") }

func (a *app) runCommand() *cobra.Command {
	var resume string
	var unclaimed bool
	c := &cobra.Command{
		Use:   "run JOB [ARGUMENTS...]",
		Short: "Run a job: a SQL script, a Go package, a built Go job or an example",
		Long: `Run a job to its end, in this process or, for Go packages and programs, in one of its own.

JOB is one of
  FILE.sql              a script; its INSERTs run one after another
  ./PACKAGE             a Go package with a main function, which is built first
  ./PROGRAM             a Go job that was built before
  ` + pad(exampleNames(), 22, false) + `an example that comes with millstream

With execution.checkpointing.interval and .dir, a job that was killed goes on where it was when it is run again: it is found by its name, pipeline.name.
A script goes on with the INSERT that had not ended, as long as its text is the same.

Go jobs get ARGUMENTS as they are, and the settings as MILLSTREAM_* variables. Flags of millstream go before the JOB.`,
		Example: `  millstream run --config flink-conf.yaml wordcount --input s3://input/test.txt --output s3://testbucket/output
  millstream run -D parallelism.default=4 report.sql`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			script := strings.HasSuffix(args[0], ".sql")
			if script {
				// A script has no arguments of its own, so that flags may follow it as well.
				if err := c.Flags().Parse(args[1:]); err != nil {
					return c.FlagErrorFunc()(c, err)
				}
			}
			a.resume(resume)
			if unclaimed {
				a.defines = append(a.defines, setting.IgnoreUnclaimedState.Key+"=true")
			}
			if script {
				if c.Flags().NArg() > 0 {
					return usagef("a SQL script takes no arguments, but got %s", c.Flags().Arg(0))
				}
				return a.runScript(c.Context(), args[0])
			}
			return a.runJob(c.Context(), args[0], args[1:])
		},
	}
	c.Flags().StringVarP(&resume, "resume", "s", "", "where the job starts `FROM`: auto (the default), its last checkpoint; never, nothing, and its\ncheckpoints are deleted; or the path of a savepoint or checkpoint")
	c.Flags().StringVar(&resume, "fromSavepoint", "", "the same, as Flink calls it")
	c.Flags().Lookup("fromSavepoint").Hidden = true
	c.Flags().BoolVarP(&unclaimed, "allowNonRestoredState", "n", false, "leave out state of operators that the job no longer has")
	c.Flags().SetInterspersed(false) // what follows JOB is the job's own
	return c
}

// resume makes a setting of the flag, which all kinds of jobs get.
func (a *app) resume(from string) {
	switch from {
	case "":
	case "auto", "never":
		a.defines = append(a.defines, setting.Resume.Key+"="+from)
	default:
		a.defines = append(a.defines, setting.SavepointPath.Key+"="+from)
	}
}

// runScript runs a script of SQL. One that was interrupted goes on with the job that had not ended, if its jobs have checkpoints.
func (a *app) runScript(ctx context.Context, file string) error {
	text, err := readText(file)
	if err != nil {
		return err
	}
	items, err := parseItems(file, text)
	if err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	s := a.newShell(settings, "table")
	s.resumed = durable.NewScript(text)
	if err := s.script(ctx, items); err != nil {
		return err
	}
	if err := s.resumed.End(ctx); err != nil {
		a.notify(fmt.Sprintf("the script has ended, but its record could not be deleted: %v", err))
	}
	return nil
}

// runJob runs a job written in Go.
func (a *app) runJob(ctx context.Context, job string, args []string) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	if example, ok := examples.ByName[job]; ok {
		result, err := a.runExample(ctx, settings, example, args)
		if err != nil {
			return err
		}
		a.reportDone(job, result)
		a.reportState(result)
		a.reportSelected(result)
		a.reportSkipped(result)
		return nil
	}
	info, err := os.Stat(job)
	switch {
	case err == nil && info.IsDir():
		return a.runPackage(ctx, settings, job, ".", args)
	case err == nil && info.Mode()&0o111 == 0:
		return usagef("%s is neither a .sql script nor a program", job)
	case err == nil:
		path, err := filepath.Abs(job)
		if err != nil {
			return err
		}
		return a.runProgram(ctx, settings, path, args)
	case strings.Contains(job, "/"):
		return a.runPackage(ctx, settings, "", job, args)
	}
	return usagef("there is no job '%s'%s\nGive a .sql file, a Go package such as ./examples/wordcount, a program, or one of the examples: %s",
		job, meant(job, slices.Sorted(maps.Keys(examples.ByName)), ""), exampleNames())
}

// runPackage builds a Go package, named by its directory or seen from one by its import path, and runs it.
func (a *app) runPackage(ctx context.Context, settings setting.Values, dir, pkg string, args []string) error {
	name := pkg
	if dir != "" {
		name = dir
	}
	temp, err := os.MkdirTemp("", "millstream-job-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp) //nolint:errcheck // a temporary directory
	program := filepath.Join(temp, "job")
	if a.screen != nil && !a.quiet {
		a.screen.draw(a.errStyle().dim("building " + name))
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", program, pkg)
	build.Dir = dir
	build.Stdout, build.Stderr = a.err, a.err
	err = build.Run()
	if a.screen != nil {
		a.screen.erase()
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return usagef("building %s needs the Go toolchain, which is not in PATH; build it elsewhere and run the program", name)
	case err != nil:
		return usagef("cannot build %s: %w", name, err)
	}
	if info, err := os.Stat(program); err != nil || info.Mode()&0o111 == 0 {
		return usagef("%s is not a main package", name)
	}
	return a.runProgram(ctx, settings, program, args)
}

// runProgram runs a built job with the settings in its environment, and waits for it. Ctrl-C reaches it from the terminal as well; what
// only this process is sent is passed on.
func (a *app) runProgram(ctx context.Context, settings setting.Values, program string, args []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), settings.Environ()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stdout, a.stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exitError{exit.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("cannot run %s: %w", program, err)
	}
	return nil
}
