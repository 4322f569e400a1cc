package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func caseEntries(dir string) ([]entry, error) {
	root := filepath.Join(dir, "cases")
	folders, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, folder := range folders {
		area := folder.Name()
		paths, err := list(filepath.Join(root, area), ".txtar")
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			c := queryCase{path: path + ".txtar", name: filepath.Base(path)}
			all = append(all, entry{area, c.name, c.check})
		}
	}
	return all, nil
}

// queryCase is a query over files.
type queryCase struct{ path, name string }

func (c queryCase) check(ctx context.Context, v variant, dir string) ([]verdict, error) {
	a, err := readArchive(c.path)
	if err != nil {
		return nil, err
	}
	out := verdict{id: c.name, quirk: a.header["quirk"] == "true"}
	out.failed, out.why, err = c.compare(ctx, v, a, dir)
	if err == nil {
		err = ctx.Err()
	}
	return []verdict{out}, err
}

// compare runs the case and compares its rows, and in an exact variant their order and the changes too.
func (c queryCase) compare(ctx context.Context, v variant, a *archive, dir string) (failed, why string, err error) {
	if err := a.unpack(dir); err != nil {
		return "", "", err
	}
	want := map[string][][]any{}
	for _, name := range []string{"want", "want.ordered", "want.changelog"} {
		if text, ok := a.section(name); ok {
			if want[name], err = decodeRows(text); err != nil {
				return "", "", fmt.Errorf("%s: %w", name, err)
			}
			if want[name] == nil {
				want[name] = [][]any{}
			}
		}
	}
	r, err := c.run(ctx, v, a, dir)
	if err != nil {
		return "rows", message(err), nil
	}
	rows, err := r.final()
	if err != nil {
		return "rows", message(err), nil
	}
	if len(v.settings) > 0 && a.header["changes"] == "shown" {
		return "", "", nil // and which rows go and come again
	}
	if v.mixes() && a.header["order"] == "arrival" {
		return "", "", nil // the result tells in which order the rows of several subtasks came
	}
	if !sameBag(rows, want["want"]) {
		return "rows", difference(rows, want["want"]), nil
	}
	if !v.exact() {
		return "", "", nil
	}
	if order := want["want.ordered"]; order != nil && !sameRows(rows, order) {
		return "full", "order: got " + shortened(encode(rows)) + " want " + shortened(encode(order)), nil
	}
	var changes [][]any
	for _, x := range r.rows {
		changes = append(changes, append([]any{x.kind}, x.values...))
	}
	if log := want["want.changelog"]; log != nil && !sameRows(changes, log) {
		return "full", "changelog: got " + shortened(encode(changes)) + " want " + shortened(encode(log)), nil
	}
	return "", "", nil
}

// run executes the setup and the query, and returns the last statement's result.
func (c queryCase) run(ctx context.Context, v variant, a *archive, dir string) (*result, error) {
	mode := a.header["mode"]
	if mode == "" {
		mode = "streaming"
	}
	s, err := v.open(mode)
	if err != nil {
		return nil, err
	}
	setup, _ := a.section("setup.sql")
	query, _ := a.section("query.sql")
	var r *result
	for _, st := range append(split(setup), split(query)...) {
		if r, err = run(ctx, s, withDir(st.text, dir)); err != nil {
			return nil, fmt.Errorf("%s: %w", shortened(strings.Join(strings.Fields(st.text), " ")), err)
		}
	}
	if r == nil {
		return nil, fmt.Errorf("%s holds no statement", c.path)
	}
	for _, x := range r.rows {
		for i := range x.values {
			x.values[i] = placed(x.values[i], dir)
		}
	}
	return r, nil
}
