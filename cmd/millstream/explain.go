package main

import (
	"context"
	"fmt"

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
	items, err := readScript(file)
	if err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	s := session.New(session.Config{Settings: settings, Env: a.env(settings)})
	first := true
	for _, it := range items {
		if it.command != nil {
			continue
		}
		result, err := s.Explain(ctx, it.statement)
		if err != nil {
			return err
		}
		text, ok := plainText(result)
		if !ok {
			continue
		}
		if !first {
			fmt.Fprintln(a.out)
		}
		first = false
		fmt.Fprintln(a.out, text)
	}
	return nil
}
