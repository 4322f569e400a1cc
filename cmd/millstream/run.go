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

	"github.com/millstream/millstream/examples"
	"github.com/millstream/millstream/setting"
)

func (a *app) runCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "run JOB [ARGUMENTS...]",
		Short: "Run a job: a SQL script, a Go package, a built Go job or an example",
		Long: `Run a job to its end, in this process or, for Go jobs, in one of its own.

JOB is one of
  FILE.sql              a script; its INSERTs run one after another
  ./PACKAGE             a Go package with a main function, which is built first
  PROGRAM               a Go job that was built before
  ` + strings.Join(slices.Sorted(maps.Keys(examples.ByName)), ", ") + `             an example that comes with millstream

Go jobs get ARGUMENTS as they are, and the settings as MILLSTREAM_* variables. Flags of millstream go before JOB.`,
		Example: `  millstream run --config flink-conf.yaml wordcount --input s3://input/test.txt --output s3://testbucket/output
  millstream run -D parallelism.default=4 report.sql`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return a.runJob(c.Context(), args[0], args[1:]) },
	}
	c.Flags().SetInterspersed(false) // what follows JOB is the job's own
	return c
}

func (a *app) runJob(ctx context.Context, job string, args []string) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	if strings.HasSuffix(job, ".sql") {
		if len(args) > 0 {
			return usagef("a SQL script takes no arguments, but got %s", args[0])
		}
		text, err := os.ReadFile(job)
		if err != nil {
			return usagef("cannot read the script: %w", err)
		}
		return a.script(ctx, settings, job, string(text), "table")
	}
	if example, ok := examples.ByName[job]; ok {
		return a.runExample(ctx, settings, example, args)
	}
	info, err := os.Stat(job)
	switch {
	case err == nil && !info.IsDir():
		path, err := filepath.Abs(job)
		if err != nil {
			return err
		}
		return a.runProgram(ctx, settings, path, args)
	case err == nil || strings.Contains(job, "/"):
		return a.runPackage(ctx, settings, job, args)
	}
	return usagef("there is no job '%s': give a .sql file, a Go package such as ./examples/wordcount, a program, or one of the examples %s",
		job, strings.Join(slices.Sorted(maps.Keys(examples.ByName)), ", "))
}

// runPackage builds a Go package and runs it.
func (a *app) runPackage(ctx context.Context, settings setting.Values, pkg string, args []string) error {
	dir, err := os.MkdirTemp("", "millstream-job-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	program := filepath.Join(dir, "job")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, pkg)
	build.Stdout, build.Stderr = a.err, a.err
	if err := build.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return usagef("building %s needs the Go toolchain, which is not in PATH; build it elsewhere and run the program", pkg)
		}
		return usagef("cannot build %s: %w", pkg, err)
	}
	if info, err := os.Stat(program); err != nil || info.Mode()&0o111 == 0 {
		return usagef("%s is not a main package", pkg)
	}
	return a.runProgram(ctx, settings, program, args)
}

// runProgram runs a built job with the settings in its environment. The program gets Ctrl-C from the terminal itself, and SIGTERM
// from here.
func (a *app) runProgram(ctx context.Context, settings setting.Values, program string, args []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), settings.Environ()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
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
