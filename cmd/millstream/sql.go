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

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

func (a *app) sqlCommand() *cobra.Command {
	var file, format string
	var texts []string
	c := &cobra.Command{
		Use:   "sql [-f FILE | -e STATEMENTS]",
		Short: "Execute SQL and print the results",
		Long: `Execute a script from a file, from -e or from standard input, statement by statement, and stop at the first that fails.
INSERTs run to their end before the next statement. A query is in streaming mode unless execution.runtime-mode says otherwise;
table, json and csv then show the rows that are left at its end, changelog-json shows each change as it happens.`,
		Example: `  millstream sql -e "SELECT word, COUNT(*) AS n FROM (VALUES ('a'), ('b'), ('a')) AS t(word) GROUP BY word"
  millstream sql -D execution.runtime-mode=batch -f report.sql -o json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			statements, err := a.sqlStatements(file, texts)
			if err != nil {
				return err
			}
			settings, err := a.settings()
			if err != nil {
				return err
			}
			return a.execute(c.Context(), settings, statements, format)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&file, "file", "f", "", "execute the script in `FILE`; - is standard input")
	flags.StringArrayVarP(&texts, "execute", "e", nil, "execute `STATEMENTS`; may be repeated")
	flags.StringVarP(&format, "output", "o", "table", "print results as `FORMAT`: "+strings.Join(outputFormats, ", "))
	return c
}

// sqlStatements finds what to execute. All of it is parsed before any is executed.
func (a *app) sqlStatements(file string, texts []string) ([]session.Statement, error) {
	switch {
	case file != "" && len(texts) > 0:
		return nil, usagef("give either -f or -e, not both")
	case len(texts) > 0:
		var all []session.Statement
		for _, text := range texts {
			script, err := session.Parse("", text)
			if err != nil {
				return nil, err
			}
			all = append(all, script.Statements...)
		}
		return all, nil
	case file == "" && term.IsTerminal(int(a.stdin.Fd())):
		return nil, usagef("give a script with -f FILE, statements with -e, or SQL on standard input")
	case file == "" || file == "-":
		text, err := io.ReadAll(a.stdin)
		if err != nil {
			return nil, fmt.Errorf("read the script: %w", err)
		}
		return parseScript("", string(text))
	}
	return readScript(file)
}

// readScript parses the script in a file.
func readScript(file string) ([]session.Statement, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("cannot read the script: %w", err)
	}
	return parseScript(file, string(text))
}

func parseScript(name, text string) ([]session.Statement, error) {
	script, err := session.Parse(name, text)
	if err != nil {
		return nil, err
	}
	return script.Statements, nil
}

// execute executes statements one after another, in one session.
func (a *app) execute(ctx context.Context, settings setting.Values, statements []session.Statement, format string) error {
	var last *job.Result
	s := session.New(session.Config{Settings: settings, Env: a.env(settings), Run: a.runner(&last)})
	for _, st := range statements {
		start := time.Now()
		result, err := s.Execute(ctx, st)
		if err != nil {
			return err
		}
		last = nil
		if result.Kind == session.Query || result.Kind == session.Rows {
			zone, err := setting.Zone(s.Settings().Text(setting.TimeZone))
			if err != nil {
				return err
			}
			n, err := a.print(ctx, result, format, zone)
			if err != nil {
				return err
			}
			if format == "table" && result.Kind == session.Query && !a.quiet {
				fmt.Fprintln(a.err, a.errStyle().dim(count(n, "row")+" in "+round(time.Since(start)).String()))
			}
		} else if err := result.Run(ctx, discard); err != nil {
			return err
		}
		if last == nil {
			continue
		}
		if result.Kind == session.Write {
			a.reportDone(result.Job.Name, last)
		}
		a.reportSkipped(last)
	}
	return nil
}

// print runs a result and prints its rows. Of a query that fails or is interrupted the rows until then are shown, if there are any.
func (a *app) print(ctx context.Context, result *session.Result, format string, zone *time.Location) (rows int64, err error) {
	p := a.newPrinter(format, result, zone)
	if err := result.Run(ctx, p.batch); err != nil {
		if p.rows() > 0 {
			err = errors.Join(p.close(), err)
		}
		return 0, err
	}
	err = p.close()
	return p.rows(), err
}

// discard takes the "OK" of a statement that has no rows to show.
func discard(*column.Batch) error { return nil }
