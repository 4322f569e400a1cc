package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

func (a *app) sqlCommand() *cobra.Command {
	var file, format string
	var statements []string
	c := &cobra.Command{
		Use:   "sql [-f FILE | -e STATEMENT]",
		Short: "Execute SQL and print the results",
		Long: `Execute a script from a file, from -e or from standard input, statement by statement, and stop at the first that fails.
INSERTs run to their end before the next statement.`,
		Example: `  millstream sql -e "SELECT word, COUNT(*) AS n FROM (VALUES ('a'), ('b'), ('a')) AS t(word) GROUP BY word"
  millstream sql -f report.sql -o json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			name, text, err := a.sqlText(file, statements)
			if err != nil {
				return err
			}
			settings, err := a.settings()
			if err != nil {
				return err
			}
			return a.script(c.Context(), settings, name, text, format)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&file, "file", "f", "", "execute the script in `FILE`; - is standard input")
	flags.StringArrayVarP(&statements, "execute", "e", nil, "execute `STATEMENTS`; may be repeated")
	flags.StringVarP(&format, "output", "o", "table", "print results as `FORMAT`: "+strings.Join(outputFormats, ", "))
	return c
}

// sqlText finds the script to execute.
func (a *app) sqlText(file string, statements []string) (name, text string, err error) {
	switch {
	case file != "" && len(statements) > 0:
		return "", "", usagef("give either -f or -e, not both")
	case len(statements) > 0:
		return "", strings.Join(statements, ";\n"), nil
	case file == "" && term.IsTerminal(int(a.in.Fd())):
		return "", "", usagef("give a script with -f FILE, statements with -e, or SQL on standard input")
	case file == "" || file == "-":
		b, err := io.ReadAll(a.in)
		return "", string(b), err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", "", usagef("cannot read the script: %w", err)
	}
	return file, string(b), nil
}

// script executes the statements of a text one after another.
func (a *app) script(ctx context.Context, settings setting.Values, name, text, format string) error {
	if err := checkFormat(format); err != nil {
		return err
	}
	parsed, err := session.Parse(name, text)
	if err != nil {
		return err
	}
	s := session.New(session.Config{Settings: settings, Env: a.env(settings), Run: a.runner()})
	for _, st := range parsed.Statements {
		if err := a.statement(ctx, s, st, format); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) statement(ctx context.Context, s *session.Session, st session.Statement, format string) error {
	start := time.Now()
	result, err := s.Execute(ctx, st)
	if err != nil {
		return err
	}
	if result.Kind == session.Done || result.Kind == session.Write {
		err := result.Run(ctx, discard)
		if err == nil && result.Kind == session.Write && !a.quiet {
			fmt.Fprintf(a.err, "%s: done in %s\n", result.Job.Name, round(time.Since(start)))
		}
		return err
	}
	zone, err := setting.Zone(s.Settings().Text(setting.TimeZone))
	if err != nil {
		return err
	}
	p := newPrinter(format, a.out, result, zone)
	if err := result.Run(ctx, p.batch); err != nil {
		return errors.Join(p.close(), err)
	}
	if err := p.close(); err != nil {
		return err
	}
	if format == "table" && result.Kind == session.Query && !a.quiet {
		fmt.Fprintf(a.err, "%s in %s\n", count(p.rows(), "row"), round(time.Since(start)))
	}
	return nil
}

// round shortens a duration to what a person reads.
func round(d time.Duration) time.Duration {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond)
	case d < time.Second:
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Millisecond)
}
