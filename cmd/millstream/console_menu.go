package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/sql/complete"
)

// menu is the list of what the word in front of the cursor may be completed to.
type menu struct {
	open     bool
	result   complete.Result
	selected int // -1: none
	first    int // of those on the screen
}

// menuRows is how many items are on the screen at a time.
const menuRows = 8

// complete handles Tab: what fits alone is put in, of several the part that they share, and then they are listed.
func (c *console) complete() {
	r := c.completions()
	switch len(r.Items) {
	case 0:
		return
	case 1:
		c.put(r, r.Items[0])
		return
	}
	typed := c.buffer.Text()[r.From:r.To]
	if common := commonPrefix(r.Items); len(common) > len(typed) && strings.EqualFold(common[:len(typed)], typed) {
		c.buffer.Replace(r.From, r.To, common)
		r.To = r.From + len(common)
	}
	c.menu = menu{open: true, result: r, selected: -1}
}

// put replaces the word by an item.
func (c *console) put(r complete.Result, it complete.Item) {
	text := it.Text
	if it.Kind == complete.Keyword {
		text += " "
	}
	c.buffer.Replace(r.From, r.To, text)
	c.closeMenu()
}

// commonPrefix is how all items begin, in the case of the first.
func commonPrefix(items []complete.Item) string {
	prefix := items[0].Text
	for _, it := range items[1:] {
		n := 0
		for n < min(len(prefix), len(it.Text)) && strings.EqualFold(prefix[n:n+1], it.Text[n:n+1]) {
			n++
		}
		prefix = prefix[:n]
	}
	return strings.ToValidUTF8(prefix, "")
}

// filter keeps the menu in step with what is typed while it is open.
func (c *console) filter() {
	if !c.menu.open {
		return
	}
	if r := c.completions(); len(r.Items) > 0 && r.To > r.From {
		c.menu = menu{open: true, result: r, selected: -1}
		return
	}
	c.closeMenu()
}

func (c *console) closeMenu() { c.menu = menu{} }

// menuKey handles a key while the menu is open. It reports false for one that closes the menu and counts for the editor.
func (c *console) menuKey(name string) bool {
	m := &c.menu
	n := len(m.result.Items)
	switch name {
	case "tab", "down", "ctrl+n":
		m.selected = (m.selected + 1) % n
	case "shift+tab", "up", "ctrl+p":
		m.selected = (max(m.selected, 0) + n - 1) % n
	case "pgdown":
		m.selected = min(max(m.selected, 0)+menuRows, n-1)
	case "pgup":
		m.selected = max(m.selected-menuRows, 0)
	case "enter", "right", "ctrl+j":
		if m.selected < 0 {
			return false
		}
		c.put(m.result, m.result.Items[m.selected])
		return true
	case "esc", "ctrl+g":
		c.closeMenu()
		return true
	case "backspace", "ctrl+h":
		c.buffer.Backspace()
		c.filter()
		return true
	default:
		return false
	}
	if m.selected < m.first {
		m.first = m.selected
	}
	m.first = max(m.first, m.selected-menuRows+1)
	return true
}

// menuLines shows the menu, with its left edge below column x at most.
func (c *console) menuLines(x int) []string {
	m := &c.menu
	items := m.result.Items[m.first:min(m.first+menuRows, len(m.result.Items))]
	wide, kinds := 0, 0
	for _, it := range items {
		wide, kinds = max(wide, cells(it.Name)), max(kinds, len(it.Kind.String()))
	}
	wide = min(wide, max(10, c.width/2))
	left := max(0, min(x-cells(c.buffer.Text()[m.result.From:m.result.To]), c.width-wide-kinds-24))
	var lines []string
	for i, it := range items {
		name := " " + pad(cut(it.Name, wide), wide, false) + " "
		if m.first+i == m.selected {
			name = c.style.chosen(name)
		}
		line := strings.Repeat(" ", left) + name
		note := pad(it.Kind.String(), kinds, false)
		if it.Note != "" {
			note += "  " + it.Note
		}
		if room := c.width - left - wide - 4; room > 8 {
			line += c.style.dim(" " + cut(string(appendVisible(nil, []byte(note))), room))
		}
		lines = append(lines, line)
	}
	if more := len(m.result.Items); more > menuRows {
		lines = append(lines, strings.Repeat(" ", left)+c.style.dim(fmt.Sprintf(" %d–%d of %d", m.first+1, m.first+len(items), more)))
	}
	return lines
}

// patience is how long a catalog that is kept elsewhere may take to say what is in it.
const patience = 500 * time.Millisecond

// completions returns what the word in front of the cursor may become.
func (c *console) completions() complete.Result {
	ctx, cancel := context.WithTimeout(c.context, patience)
	defer cancel()
	text, at := c.buffer.Text(), c.buffer.At()
	start := strings.LastIndexByte(text[:at], '\n') + 1
	line := text[start:at]
	trimmed := strings.TrimLeft(line, " ")
	_, _, open := cutCommands(text[:start])
	if open {
		return complete.At(ctx, c.session, text, at)
	}
	word, args, behind := strings.Cut(trimmed, " ")
	if strings.HasPrefix(word, `\`) && !behind {
		return complete.Result{From: at - len(word), To: at, Items: matching(commandItems(`\`), word)}
	}
	if it, ok := lineCommand(word + " x"); ok && behind && (it.command != &unknownCommand) {
		return c.argument(ctx, it.command, strings.TrimLeft(args, " "), at)
	}
	r := complete.At(ctx, c.session, text, at)
	if !behind && word != "" {
		for _, it := range matching(commandItems(""), word) {
			if !slices.ContainsFunc(r.Items, func(other complete.Item) bool { return strings.EqualFold(other.Name, it.Name) }) {
				if word == strings.ToLower(word) {
					it.Text = strings.ToLower(it.Text)
				}
				r.Items = append(r.Items, it)
			}
		}
	}
	return r
}

// commandItems lists the commands that begin with a backslash, or those that are words.
func commandItems(prefix string) []complete.Item {
	var items []complete.Item
	for _, cmd := range commands {
		name := cmd.word
		if prefix != "" {
			name = cmd.names[0]
		}
		if name != "" && (cmd.doc != "" || prefix == "") {
			items = append(items, complete.Item{Text: name, Name: name, Kind: complete.Keyword, Note: cmd.doc})
		}
	}
	return items
}

// argument completes what stands behind a command: as if it stood in the statement that the command stands for.
func (c *console) argument(ctx context.Context, cmd *command, args string, at int) complete.Result {
	as := func(statement string) complete.Result {
		r := complete.At(ctx, c.session, statement+args, len(statement)+len(args))
		shift := at - len(statement) - len(args)
		return complete.Result{From: r.From + shift, To: r.To + shift, Items: slices.DeleteFunc(r.Items, func(it complete.Item) bool { return it.Kind == complete.Keyword })}
	}
	list := func(words ...string) complete.Result {
		var items []complete.Item
		for _, w := range words {
			items = append(items, complete.Item{Text: w, Name: w, Kind: complete.Value})
		}
		word := args[strings.LastIndexByte(args, ' ')+1:]
		return complete.Result{From: at - len(word), To: at, Items: matching(items, word)}
	}
	switch cmd.names[0] {
	case `\d`, `\dt`, `\dv`:
		return as("DESCRIBE ")
	case `\c`, `\l`:
		return as("USE ")
	case `\dc`:
		return as("USE CATALOG ")
	case `\df`:
		return as("SELECT ")
	case `\set`:
		if !strings.Contains(args, " ") {
			r := as("SET ")
			for i := range r.Items {
				r.Items[i].Text = strings.Trim(r.Items[i].Text, "'")
			}
			return r
		}
	case `\o`:
		return list(append(slices.Clone(outputFormats), "-")...)
	case `\x`, `\timing`:
		return list("on", "off")
	case `\i`:
		return complete.Result{From: at - len(args), To: at, Items: files(args)}
	}
	return complete.Result{From: at, To: at}
}

// files lists the files whose names begin with what was typed.
func files(typed string) []complete.Item {
	dir, base := filepath.Split(typed)
	from := dir
	if from == "" {
		from = "."
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return nil
	}
	var items []complete.Item
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || strings.HasPrefix(name, ".") && base == "" {
			continue
		}
		if e.IsDir() {
			name += string(filepath.Separator)
		}
		items = append(items, complete.Item{Text: dir + name, Name: name, Kind: complete.Value, Note: ""})
	}
	return items
}

// matching keeps the items that begin with a word, in any case.
func matching(items []complete.Item, word string) []complete.Item {
	return slices.DeleteFunc(items, func(it complete.Item) bool {
		return len(it.Name) < len(word) || !strings.EqualFold(it.Name[:len(word)], word)
	})
}
