package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/graph/draw"
	"github.com/millstream/millstream/sql/session"
)

// explainFormats are the values of explain's --format.
var explainFormats = []string{"text", "dot", "svg", "json"}

func (a *app) explainCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "explain FILE.sql",
		Short: "Show the plans of a script's queries and INSERTs without running them",
		Long: `Show how a script's queries and INSERTs would run, without running them: as the text that EXPLAIN gives, or the dataflow as a picture (svg), in
Graphviz's language (dot) or as data (json). Definitions in the script take effect, for what follows them.`,
		Example: `  millstream explain report.sql
  millstream explain --format svg report.sql > report.svg`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(explainFormats, format) {
				return usagef("unknown format '%s': it is one of %s", format, strings.Join(explainFormats, ", "))
			}
			return a.explain(c.Context(), args[0], format)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "show plans as `FORMAT`: "+strings.Join(explainFormats, ", "))
	return c
}

func (a *app) explain(ctx context.Context, file, format string) error {
	items, err := readScript(file)
	if err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	s := session.New(session.Config{Settings: settings, Env: a.env(settings)})
	var diagrams []draw.Diagram
	first := true
	for _, it := range items {
		if it.command != nil {
			continue
		}
		result, err := s.Explain(ctx, it.statement)
		if err != nil {
			return err
		}
		if result.Diagram != nil {
			diagrams = append(diagrams, *result.Diagram)
		}
		text, ok := plainText(result)
		if !ok || format != "text" {
			continue
		}
		if !first {
			fmt.Fprintln(a.out)
		}
		first = false
		fmt.Fprintln(a.out, text)
	}
	return a.drawPlans(diagrams, format)
}

// drawPlans writes plans in a form other than text.
func (a *app) drawPlans(diagrams []draw.Diagram, format string) error {
	text := ""
	switch format {
	case "dot":
		text = draw.DOT(diagrams)
	case "svg":
		text = draw.SVG(diagrams)
	case "json":
		var err error
		if text, err = draw.JSON(diagrams); err != nil {
			return err
		}
	}
	_, err := io.WriteString(a.out, text)
	return err
}
