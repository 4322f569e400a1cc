package conformance

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// golden is an expression of functions.jsonl.
type golden struct {
	Expr, Type, Group, As string
	Value                 any
	Quirk                 bool
}

func functionEntries(dir string) ([]entry, error) {
	data, err := os.ReadFile(filepath.Join(dir, "functions.jsonl"))
	if err != nil {
		return nil, err
	}
	more, err := os.ReadFile(filepath.Join(dir, "functions2.jsonl")) // other arguments; a corpus need not have them
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	data = append(data, more...)
	var all []entry
	for line := range strings.Lines(string(data)) {
		var g golden
		if err := decode(line, &g); err != nil {
			return nil, err
		}
		all = append(all, entry{g.Group, oneLine(g.Expr), g.check})
	}
	return all, nil
}

func (g *golden) check(ctx context.Context, v variant, _ string) ([]verdict, error) {
	out := verdict{id: oneLine(g.Expr), quirk: g.Quirk}
	out.failed, out.why = g.compare(ctx, v)
	return []verdict{out}, ctx.Err()
}

// compare evaluates the expression as a query does. A value that JSON rows do not carry is compared as a text.
func (g *golden) compare(ctx context.Context, v variant) (failed, why string) {
	s, err := v.open("batch")
	if err != nil {
		return "value", message(err)
	}
	typed, err := run(ctx, s, "SELECT "+g.Expr)
	shown := typed
	if g.As == "string" {
		shown, err = run(ctx, s, "SELECT CAST("+g.Expr+" AS STRING)")
	}
	switch {
	case err != nil:
		return "value", message(err) + " want " + encode(g.Value)
	case len(shown.rows) != 1 || !same(shown.rows[0].values[0], g.Value):
		return "value", difference(values(shown), [][]any{{g.Value}})
	case typed == nil:
		return "type", "its value can only be had as text"
	case typeText(typed.columns[0].Type) != g.Type:
		return "type", typeText(typed.columns[0].Type) + " want " + g.Type
	}
	return "", ""
}

// values returns the rows without their kinds.
func values(r *result) [][]any {
	var list [][]any
	for _, x := range r.rows {
		list = append(list, x.values)
	}
	return list
}
