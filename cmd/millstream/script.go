package main

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/sql/syntax"
)

// item is one thing to execute: a statement, or a command of the shell.
type item struct {
	command   *command
	args      string
	statement session.Statement // if command is nil
}

// parseItems cuts a script into statements and commands, and parses the statements. Commands stand on lines of their own, between
// statements.
func parseItems(name, text string) ([]item, error) {
	sql, commands, _ := cutCommands(text)
	script, err := session.Parse(name, sql)
	if err != nil {
		return nil, err
	}
	items := make([]item, 0, len(script.Statements)+len(commands))
	for _, st := range script.Statements {
		for len(commands) > 0 && commands[0].at < int(st.Node.Pos()) {
			items = append(items, commands[0].item)
			commands = commands[1:]
		}
		items = append(items, item{statement: st})
	}
	for _, c := range commands {
		items = append(items, c.item)
	}
	return items, nil
}

// placedCommand is a command and where it stands.
type placedCommand struct {
	item
	at int
}

// cutCommands takes the commands out of a text. The SQL that is left has blanks in their place, so that places in it stay right.
// open reports whether the text ends inside of a statement.
func cutCommands(text string) (sql string, commands []placedCommand, open bool) {
	var split syntax.Splitter
	var out []byte
	at := 0
	for line := range strings.Lines(text) {
		if c, ok := lineCommand(line); ok {
			if _, pending := split.Rest(); !pending {
				commands = append(commands, placedCommand{c, at})
				line = blank(line)
			}
		}
		split.Add(line)
		for more := true; more; {
			_, more = split.Next()
		}
		out = append(out, line...)
		at += len(line)
	}
	_, open = split.Rest()
	return string(out), commands, open
}

// blank is a line of as many bytes with nothing on it.
func blank(line string) string {
	body := strings.TrimRight(line, "\r\n")
	return strings.Repeat(" ", len(body)) + line[len(body):]
}

// lineCommand finds the command that a line is.
func lineCommand(line string) (item, bool) {
	line = strings.TrimSpace(line)
	word, args, _ := strings.Cut(strings.TrimRight(line, "; \t"), " ")
	args = strings.TrimSpace(args)
	if strings.HasPrefix(line, `\`) {
		for i := range commands {
			if slices.Contains(commands[i].names, word) {
				return item{command: &commands[i], args: args}, true
			}
		}
		return item{command: &unknownCommand, args: word}, true
	}
	for i := range commands {
		c := &commands[i]
		if c.word == "" || !strings.EqualFold(c.word, word) || (args == "") == c.wordNeedsArgs {
			continue
		}
		return item{command: c, args: args}, true
	}
	return item{}, false
}
