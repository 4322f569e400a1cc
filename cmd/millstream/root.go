package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/millstream/millstream/examples"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1   // a job, a store or the machine failed
	exitUsage       = 2   // wrong arguments, settings or SQL
	exitInterrupted = 130 // ended by Ctrl-C or SIGTERM, in order
)

// app is what all subcommands share.
type app struct {
	stdin, stdout, stderr *os.File // for child processes

	out, err                 io.Writer
	outTerminal, errTerminal bool
	screen                   *screen // where progress is drawn; nil if standard error is no terminal

	config  string
	defines []string
	quiet   bool
}

func newApp(stdin, stdout, stderr *os.File) *app {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, out: stdout, err: stderr}
	a.outTerminal, a.errTerminal = term.IsTerminal(int(stdout.Fd())), term.IsTerminal(int(stderr.Fd()))
	if a.errTerminal && os.Getenv("TERM") != "dumb" {
		a.screen = &screen{terminal: stderr}
		a.err = a.screen.writer(stderr)
		if a.outTerminal {
			a.out = a.screen.writer(stdout)
		}
	}
	return a
}

func (a *app) outStyle() style { return styleOf(a.outTerminal) }
func (a *app) errStyle() style { return styleOf(a.errTerminal) }

// usageError marks what the user has to change in the call.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitError is the exit code of a child process that has reported its own failure.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// run executes one command line and returns the exit code.
func (a *app) run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal ends the job in order; the handler is then gone, so that a second one ends the process.
	context.AfterFunc(ctx, stop)

	root := a.root()
	root.SetArgs(args)
	return a.report(ctx, root.ExecuteContext(ctx))
}

// report prints an error once and chooses the exit code.
func (a *app) report(ctx context.Context, err error) int {
	var exit exitError
	var usage usageError
	var example *examples.UsageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitDone
	case ctx.Err() != nil:
		// What failed then did so because it was interrupted.
		fmt.Fprintln(a.err, "interrupted")
		return exitInterrupted
	case errors.As(err, &exit):
		return exit.code
	}
	fmt.Fprintln(a.err, styleError(a.errStyle(), err))
	switch phase := session.Phase(err); {
	case phase == session.ParsePhase, phase == session.ValidatePhase, errors.As(err, &usage), errors.As(err, &example):
		return exitUsage
	}
	return exitFailed
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "millstream",
		Short: "A stateful stream processor with S3-compatible storage as source, sink and checkpoint target",
		Long: `Millstream runs SQL in Apache Flink's dialect, and jobs written in Go, over streams and over objects in any
S3-compatible store. Start with:

  millstream demo wordcount`,
		Args:          knownCommand,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	flags := root.PersistentFlags()
	flags.StringVar(&a.config, "config", "", "configuration `FILE`: millstream.yaml, or Flink's config.yaml or flink-conf.yaml")
	flags.StringArrayVarP(&a.defines, "define", "D", nil, "set one setting, as `KEY=VALUE`; may be repeated")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "show neither progress nor what was done")
	root.AddCommand(a.demoCommand(), a.runCommand(), a.sqlCommand(), a.explainCommand(), a.checkCommand(), a.listCommand(), a.stopCommand(), a.cancelCommand(), a.savepointCommand(), a.s3Command(), a.doctorCommand(), a.storeCommand(), a.versionCommand())
	root.SetHelpTemplate(root.HelpTemplate() + `
Exit codes: 0 done, 1 the job failed, 2 wrong usage, settings or SQL, 130 interrupted.
`)
	return root
}

// knownCommand refuses what is no subcommand.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, sub := range c.Commands() {
		known = append(known, sub.Name())
	}
	return usagef("there is no command '%s'%s\nSee '%s --help'", args[0], meant(args[0], known, ""), c.CommandPath())
}

// flagError says what is wrong with a flag, and which was meant.
func flagError(c *cobra.Command, err error) error {
	hint := ""
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		hint = meant(unknown.GetSpecifiedName(), known, "--")
	}
	return usagef("%w%s\nSee '%s --help'", err, hint, c.CommandPath())
}

// meant asks whether the known name that is nearest to a wrong one was meant, if there is one.
func meant(name string, known []string, before string) string {
	if near := objstore.Nearest(name, known); near != "" {
		return "; did you mean '" + before + near + "'?"
	}
	return ""
}

// usageArgs makes the errors of a check of arguments usage errors.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usagef("%w\nSee '%s --help'", err, c.CommandPath())
		}
		return nil
	}
}

// settings loads what --config, the environment and -D say.
func (a *app) settings() (setting.Values, error) {
	v, err := setting.Load(setting.LoadOptions{File: a.config, Env: os.Environ(), Defines: a.defines})
	if err != nil {
		return v, usageError{err}
	}
	return v, nil
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			version := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				version = info.Main.Version + " " + info.GoVersion
			}
			_, err := fmt.Fprintln(a.out, "millstream", version)
			return err
		},
	}
}
