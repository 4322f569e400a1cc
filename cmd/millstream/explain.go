package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/sql/session"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain FILE.sql",
		Short: "Print the plans of a script's queries and INSERTs without running them",
		Args:  usageArgs(cobra.ExactArgs(1)),
		RunE:  func(c *cobra.Command, args []string) error { return a.explain(c.Context(), args[0]) },
	}
}

func (a *app) explain(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return usagef("cannot read the script: %w", err)
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	parsed, err := session.Parse(file, string(text))
	if err != nil {
		return err
	}
	s := session.New(session.Config{Settings: settings, Env: a.env(settings)})
	for _, st := range parsed.Statements {
		result, err := s.Explain(ctx, st)
		if err != nil {
			return err
		}
		if result.Kind != session.Rows {
			continue
		}
		for _, row := range result.Text() {
			for _, cell := range row {
				fmt.Fprintln(a.out, cell)
			}
		}
	}
	return nil
}
