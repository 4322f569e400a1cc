package conformance

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/millstream/millstream/sql/session"
)

func statementEntries(dir string) ([]entry, error) {
	paths, err := list(filepath.Join(dir, "statements"), ".txtar")
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, path := range paths {
		s := statementScript{path: path + ".txtar", name: filepath.Base(path)}
		area, _, _ := strings.Cut(s.name, "_")
		all = append(all, entry{area, s.name, s.check})
	}
	return all, nil
}

// statementScript is a script with an outcome for each statement.
type statementScript struct{ path, name string }

// outcome is what a statement gave, as "want" writes it.
type outcome struct {
	OK      bool
	Columns [][]string
	Rows    any // a list of rows, or "any"
	Bag     bool
	Error   string
	Gist    string
}

func (s statementScript) check(ctx context.Context, v variant, dir string) ([]verdict, error) {
	a, err := readArchive(s.path)
	if err != nil {
		return nil, err
	}
	if err := a.unpack(dir); err != nil {
		return nil, err
	}
	text, _ := a.section("script.sql")
	wanted, _ := a.section("want")
	statements, want := split(text), lines(wanted)
	if len(statements) != len(want) {
		return nil, fmt.Errorf("%d statements, and the results of %d", len(statements), len(want))
	}
	mode := a.header["mode"]
	if mode == "" {
		mode = "streaming"
	}
	open, err := v.open(mode)
	if err != nil {
		return nil, err
	}
	var all []verdict
	for i, st := range statements {
		var w outcome
		if err := decode(want[i], &w); err != nil {
			return all, err
		}
		got := execute(ctx, open, st, dir)
		if err := ctx.Err(); err != nil {
			return all, err
		}
		out := verdict{id: fmt.Sprintf("%s#%02d", s.name, i+1)}
		if out.failed, out.why = got.compare(&w); out.failed != "" {
			out.why = shortened(strings.Join(strings.Fields(st.text), " ")) + " | " + out.why
		}
		all = append(all, out)
	}
	return all, nil
}

var (
	comments = regexp.MustCompile(`(?s)^(\s|--[^\n]*\n?|/\*.*?\*/)+`)
	planPart = regexp.MustCompile(`(?m)^== .* ==$`)
	// Identifiers that differ from run to run.
	numbered = []struct {
		pattern *regexp.Regexp
		instead string
	}{
		{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "$${id}"},
		{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "$${id}"},
		{regexp.MustCompile(`@[0-9a-f]{5,8}\b`), "@$${id}"},
	}
)

// execute executes a statement and reduces its result to what is compared.
func execute(ctx context.Context, s *session.Session, st script, dir string) *outcome {
	r, err := run(ctx, s, withDir(st.text, dir))
	if err != nil {
		return &outcome{Error: session.Phase(err).String(), Gist: message(err)}
	}
	if r.kind == session.Done {
		return &outcome{OK: true}
	}
	out := &outcome{}
	for _, c := range r.columns {
		out.Columns = append(out.Columns, []string{c.Name, typeText(c.Type)})
	}
	words := strings.Fields(comments.ReplaceAllString(st.text, ""))
	word := strings.ToUpper(strings.Trim(words[0], "("))
	rows := values(r)
	if slices.Contains([]string{"SELECT", "WITH", "VALUES", "TABLE", "FROM"}, word) {
		out.Bag = true
		if rows, err = r.final(); err != nil {
			return &outcome{Error: "changelog", Gist: message(err)}
		}
	}
	for _, d := range st.directives {
		kind, rest, _ := strings.Cut(d, " ")
		switch kind {
		case "any":
			out.Rows = "any"
			return out
		case "keep":
			pattern, err := regexp.Compile(rest)
			if err != nil {
				return &outcome{Error: "directive", Gist: message(err)}
			}
			rows = slices.DeleteFunc(rows, func(r []any) bool { return !pattern.MatchString(fmt.Sprint(r[0])) })
		}
	}
	list := make([]any, 0, len(rows))
	for _, r := range rows {
		if text, ok := r[0].(string); ok && word == "EXPLAIN" {
			r = []any{strings.Join(planPart.FindAllString(text, -1), "\n")}
		}
		list = append(list, cleaned(r, dir))
	}
	out.Rows = list
	return out
}

// cleaned replaces what differs from run to run.
func cleaned(v any, dir string) any {
	switch v := v.(type) {
	case string:
		v = strings.ReplaceAll(v, dir, "${dir}")
		for _, n := range numbered {
			v = n.pattern.ReplaceAllString(v, n.instead)
		}
		return v
	case []any:
		for i := range v {
			v[i] = cleaned(v[i], dir)
		}
	case map[string]any:
		for k := range v {
			v[k] = cleaned(v[k], dir)
		}
	}
	return v
}

// compare returns at which level an outcome differs from the one wanted. The texts of messages are not compared.
func (o *outcome) compare(want *outcome) (failed, why string) {
	switch {
	case want.Error != "" && o.Error == "":
		return "result", "accepted, Flink says " + want.Error + ": " + shortened(want.Gist)
	case want.Error == "" && o.Error != "":
		return "result", "fails: " + o.Gist
	case o.Error != want.Error:
		return "full", "phase " + o.Error + " want " + want.Error + ": " + o.Gist + " | Flink says " + shortened(want.Gist)
	case o.Error != "":
		return "", ""
	case o.OK != want.OK:
		return "result", fmt.Sprintf("OK alone is %t want %t", o.OK, want.OK)
	case o.OK:
		return "", ""
	}
	name := func(a, b []string) bool { return a[0] == b[0] }
	if !slices.EqualFunc(o.Columns, want.Columns, name) {
		return "result", fmt.Sprintf("columns %v want %v", o.Columns, want.Columns)
	}
	if want.Rows != "any" && !o.sameRows(want) {
		return "result", "rows " + shortened(encode(o.Rows)) + " want " + shortened(encode(want.Rows))
	}
	if !slices.EqualFunc(o.Columns, want.Columns, slices.Equal[[]string]) {
		return "full", fmt.Sprintf("types %v want %v", o.Columns, want.Columns)
	}
	return "", ""
}

func (o *outcome) sameRows(want *outcome) bool {
	if same(o.Rows, want.Rows) {
		return true
	}
	bag := func(v any) (rows [][]any) {
		list, _ := v.([]any)
		for _, x := range list {
			row, _ := x.([]any)
			rows = append(rows, row)
		}
		return rows
	}
	return want.Bag && sameBag(bag(o.Rows), bag(want.Rows))
}
