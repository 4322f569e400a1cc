package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (a *app) sqlCommand() *cobra.Command {
	var file, format string
	var texts []string
	c := &cobra.Command{
		Use:   "sql [-f FILE | -e STATEMENTS]",
		Short: "Execute SQL and print the results; by itself, a shell",
		Long: `Without -f and -e, on a terminal: a shell. \? in it lists its commands and keys.

Otherwise execute a script from a file, from -e or from standard input, statement by statement, and stop at the first that fails.
INSERTs run to their end before the next statement. A query is in streaming mode unless execution.runtime-mode says otherwise;
table, json and csv then show the rows that are left at its end, changelog-json shows each change as it happens.`,
		Example: `  millstream sql
  millstream sql -e "SELECT word, COUNT(*) AS n FROM (VALUES ('a'), ('b'), ('a')) AS t(word) GROUP BY word"
  millstream sql -D execution.runtime-mode=batch -f report.sql -o json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if file == "" && texts == nil && term.IsTerminal(int(a.stdin.Fd())) {
				settings, err := a.settings()
				if err != nil {
					return err
				}
				return a.interact(c.Context(), settings, format)
			}
			items, err := a.sqlItems(file, texts)
			if err != nil {
				return err
			}
			settings, err := a.settings()
			if err != nil {
				return err
			}
			return a.execute(c.Context(), settings, items, format)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&file, "file", "f", "", "execute the script in `FILE`; - is standard input")
	flags.StringArrayVarP(&texts, "execute", "e", nil, "execute `STATEMENTS`; may be repeated")
	flags.StringVarP(&format, "output", "o", "table", "print results as `FORMAT`: "+strings.Join(outputFormats, ", "))
	return c
}

// sqlItems finds what to execute. All of it is parsed before any is executed.
func (a *app) sqlItems(file string, texts []string) ([]item, error) {
	switch {
	case file != "" && len(texts) > 0:
		return nil, usagef("give either -f or -e, not both")
	case len(texts) > 0:
		var all []item
		for _, text := range texts {
			items, err := parseItems("", text)
			if err != nil {
				return nil, err
			}
			all = append(all, items...)
		}
		return all, nil
	case file == "" || file == "-":
		text, err := io.ReadAll(a.stdin)
		if err != nil {
			return nil, fmt.Errorf("read the script: %w", err)
		}
		return parseItems("", string(text))
	}
	return readScript(file)
}

// readScript parses the script in a file.
func readScript(file string) ([]item, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	return parseItems(file, text)
}

func readText(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", usagef("cannot read the script: %w", err)
	}
	return string(text), nil
}
