package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/session"
)

// command is something that the shell does and SQL does not say.
type command struct {
	names         []string // with a backslash, the first one for lists
	word          string   // how it can be written like a statement; "": not
	wordNeedsArgs bool     // the word is the command only with something behind it, otherwise only without
	args          string   // for people
	doc           string
	run           func(s *shell, ctx context.Context, args string) error
}

// errLeave ends the shell.
var errLeave = errors.New("leave")

// commands are all that there are. They are set when the program starts, as the help, which is one of them, lists them.
var commands []command

func init() {
	commands = []command{
		{names: []string{`\?`, `\h`}, word: "HELP", doc: "this help", run: (*shell).help},
		{names: []string{`\q`}, word: "QUIT", doc: "leave (also EXIT, Ctrl-D)", run: leave},
		{names: []string{`\exit`}, word: "EXIT", run: leave},
		{names: []string{`\d`}, args: "[NAME]", doc: "tables and views, or the columns of one", run: (*shell).listOrDescribe},
		{names: []string{`\dt`}, args: "[PATTERN]", doc: "tables; * stands for any text", run: list("TABLES")},
		{names: []string{`\dv`}, args: "[PATTERN]", doc: "views", run: list("VIEWS")},
		{names: []string{`\df`}, args: "[PATTERN]", doc: "functions", run: list("FUNCTIONS")},
		{names: []string{`\l`}, args: "[PATTERN]", doc: "databases", run: list("DATABASES")},
		{names: []string{`\dc`}, args: "[PATTERN]", doc: "catalogs", run: list("CATALOGS")},
		{names: []string{`\c`}, args: "[DATABASE]", doc: "use a database, or say which is used", run: (*shell).connect},
		{names: []string{`\set`}, args: "[KEY [VALUE]]", doc: "show settings, or change one", run: (*shell).setting},
		{names: []string{`\o`}, args: "[FORMAT] [FILE|-]", doc: "results as another format; into a file, or with - here", run: (*shell).output},
		{names: []string{`\x`}, args: "[on|off]", doc: "switch between rows as blocks and as a table", run: (*shell).expanded},
		{names: []string{`\timing`}, args: "[on|off]", doc: "switch the line with rows and time below results", run: (*shell).timing},
		{names: []string{`\i`}, word: "SOURCE", wordNeedsArgs: true, args: "FILE", doc: "execute a script", run: (*shell).source},
		{names: []string{`\clear`}, word: "CLEAR", doc: "empty the screen", run: func(s *shell, _ context.Context, _ string) error { s.clear(); return nil }},
	}
}

// unknownCommand stands for a backslash with anything else behind it.
var unknownCommand = command{run: func(_ *shell, _ context.Context, args string) error {
	var known []string
	for _, c := range commands {
		known = append(known, c.names...)
	}
	hint := meant(args, known, "")
	if len(args) < 4 { // of short names each is near to all others
		hint = ""
	}
	return usagef("there is no command %s%s; \\? lists those that there are", args, hint)
}}

func leave(*shell, context.Context, string) error { return errLeave }

// list returns a command that executes SHOW of what.
func list(what string) func(s *shell, ctx context.Context, args string) error {
	return func(s *shell, ctx context.Context, args string) error {
		text := "SHOW " + what
		if args != "" {
			text += " ILIKE '" + strings.NewReplacer("'", "''", "*", "%", "_", `\_`, "?", "_").Replace(args) + "'"
		}
		return s.statement(ctx, text)
	}
}

func (s *shell) listOrDescribe(ctx context.Context, args string) error {
	if args != "" {
		return s.statement(ctx, "DESCRIBE "+args)
	}
	catalogs := s.session.Catalogs()
	catalogs.Begin(ctx)
	cat, db := catalogs.Current()
	var rows [][]string
	_, err := catalogs.List(catalog.Tables, cat, db, func(o catalog.Object) bool {
		rows = append(rows, []string{o.ID().Object, o.Label()})
		return true
	})
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return s.printText([]string{"name", "kind"}, rows)
}

func (s *shell) connect(ctx context.Context, args string) error {
	if args != "" {
		return s.statement(ctx, "USE "+args)
	}
	cat, db := s.session.Catalogs().Current()
	return s.printText([]string{"catalog", "database"}, [][]string{{cat, db}})
}

func (s *shell) setting(ctx context.Context, args string) error {
	key, value, given := strings.Cut(args, " ")
	quote := func(text string) string {
		return "'" + strings.ReplaceAll(strings.Trim(strings.TrimSpace(text), "'"), "'", "''") + "'"
	}
	switch {
	case args == "":
		return s.statement(ctx, "SET")
	case given:
		return s.statement(ctx, "SET "+quote(key)+" = "+quote(strings.TrimPrefix(strings.TrimSpace(value), "=")))
	}
	for _, e := range s.session.Settings().All() {
		if e.Key == key {
			return s.printText([]string{"key", "value"}, [][]string{{e.Key, e.Text}})
		}
	}
	return usagef("the setting '%s' has not been set", key)
}

// output executes \o: FORMAT, FILE or both.
func (s *shell) output(_ context.Context, args string) error {
	words := strings.Fields(args)
	if len(words) == 0 {
		fmt.Fprintln(s.out, "results are shown as "+s.format+s.destination())
		return nil
	}
	if slices.Contains(outputFormats, words[0]) {
		s.format = words[0]
		words = words[1:]
	} else if len(words) > 1 || !strings.ContainsAny(words[0], "./-") {
		near := objstore.Nearest(words[0], outputFormats)
		if near != "" {
			near = "did you mean '" + near + "'? "
		}
		return usagef("there is no output format '%s': %sFormats are %s; a file's name has a dot or a slash", words[0], near, strings.Join(outputFormats, ", "))
	}
	if len(words) > 0 {
		return s.redirect(words[0])
	}
	return nil
}

func (s *shell) expanded(_ context.Context, args string) error {
	on, err := toggled(args, s.format == "vertical")
	switch {
	case err != nil:
		return err
	case on:
		s.format = "vertical"
	case s.format == "vertical":
		s.format = "table"
	}
	fmt.Fprintln(s.out, "results are shown as "+s.format)
	return nil
}

func (s *shell) timing(ctx context.Context, args string) error {
	on, err := toggled(args, s.timed())
	if err != nil {
		return err
	}
	return s.statement(ctx, fmt.Sprintf("SET 'sql-client.display.print-time-cost' = '%t'", on))
}

// toggled reads on or off, and without either changes what was.
func toggled(args string, was bool) (bool, error) {
	switch strings.ToLower(args) {
	case "":
		return !was, nil
	case "on", "true":
		return true, nil
	case "off", "false":
		return false, nil
	}
	return was, usagef("'%s' is neither on nor off", args)
}

// deepest is how many scripts may execute one another.
const deepest = 16

func (s *shell) source(ctx context.Context, args string) error {
	file := strings.Trim(args, "'\"")
	if file == "" {
		return usagef(`\i needs the name of a file`)
	}
	if s.depth == deepest {
		return usagef("%d scripts execute one another; %s is one too many", deepest, file)
	}
	items, err := readScript(file)
	if err != nil {
		return err
	}
	s.depth++
	defer func() { s.depth-- }()
	return s.run(ctx, items)
}

// statement executes a statement that a command stands for.
func (s *shell) statement(ctx context.Context, text string) error {
	script, err := session.Parse("", text)
	if err != nil {
		return err
	}
	return s.execute(ctx, script.Statements[0])
}

// help lists the commands and the keys.
func (s *shell) help(context.Context, string) error {
	show := func(names, doc string) {
		fmt.Fprintf(s.out, "  %s %s\n", s.style.bold(pad(names, 30, false)), doc)
	}
	fmt.Fprintln(s.out, "Statements end with a semicolon. Besides SQL there are:")
	for _, c := range commands {
		if c.doc == "" {
			continue
		}
		names := strings.Join(c.names, " ")
		if c.word != "" {
			names += " " + c.word
		}
		show(strings.TrimSpace(names+" "+c.args), c.doc)
	}
	if s.keys == nil {
		return nil
	}
	fmt.Fprintln(s.out, "\nKeys:")
	for _, k := range s.keys {
		show(k[0], k[1])
	}
	return nil
}
