package main

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// keyHelp is what the help says about keys.
var keyHelp = [][2]string{
	{"Enter", "execute what is complete; else, or with Alt, a new line"},
	{"Tab, Shift-Tab", "complete, and choose among several"},
	{"↑ ↓, Ctrl-P Ctrl-N", "lines, and at the first and last one what was entered before"},
	{"Ctrl-R", "search what was entered before"},
	{"Ctrl-A Ctrl-E Alt-B Alt-F", "begin and end of the line, words"},
	{"Ctrl-K Ctrl-U Ctrl-W Ctrl-Y", "cut to the end, to the begin, a word; paste what was cut"},
	{"Ctrl-_", "undo"},
	{"Ctrl-L", "empty the screen"},
	{"Ctrl-C", "stop what runs; forget what is typed"},
	{"Ctrl-D", "leave"},
}

// key handles a key while text is edited.
func (c *console) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if c.search != nil {
		if done := c.searchKey(k); done {
			return nil
		}
	}
	if c.menu.open && c.menuKey(name) {
		return nil
	}
	b := &c.buffer
	switch name {
	case "enter", "ctrl+j", "ctrl+m":
		return c.enter()
	case "alt+enter", "shift+enter", "ctrl+enter":
		c.newLine()
	case "tab":
		c.complete()
		return nil
	case "ctrl+c":
		c.forget()
	case "ctrl+d":
		if b.Text() == "" {
			c.print(c.prompted(""))
			return c.leave()
		}
		b.Delete()
	case "ctrl+r":
		c.search = &search{}
	case "ctrl+l":
		c.canvas.clear()
	case "up":
		if !b.Up() {
			c.older()
		}
	case "down":
		if !b.Down() {
			c.newer()
		}
	case "ctrl+p":
		c.older()
	case "ctrl+n":
		c.newer()
	default:
		if edit := edits[name]; edit != nil {
			edit(b)
		} else if k.Text != "" && k.Mod&^tea.ModShift == 0 {
			b.Insert(k.Text)
			c.filter()
			return nil
		}
	}
	c.closeMenu()
	return nil
}

// enter executes what is typed, if it is complete.
func (c *console) enter() tea.Cmd {
	c.closeMenu()
	text := c.buffer.Text()
	_, _, open := cutCommands(text)
	if open || !c.buffer.LastLine() {
		c.newLine()
		return nil
	}
	c.print(c.prompted(text))
	if strings.TrimSpace(text) == "" {
		c.buffer.Clear()
		return nil
	}
	if err := c.history.Add(text, !hasSecret(text)); err != nil {
		c.say(err.Error())
	}
	c.buffer.Clear()
	return c.start(text)
}

// newLine begins a line below, as far in as the one above.
func (c *console) newLine() {
	line := c.buffer.Line()
	c.buffer.Insert("\n" + line[:len(line)-len(strings.TrimLeft(line, " \t"))])
}

// forget gives up what is typed.
func (c *console) forget() {
	if text := c.buffer.Text(); text != "" {
		c.print(c.prompted(text) + c.style.dim("^C"))
	}
	c.buffer.Clear()
	c.history.Reset()
}

func (c *console) older() {
	if text, ok := c.history.Older(c.buffer.Text()); ok {
		c.buffer.Clear()
		c.buffer.Set(text)
	}
}

func (c *console) newer() {
	if text, ok := c.history.Newer(); ok {
		c.buffer.Clear()
		c.buffer.Set(text)
	}
}

// print writes lines that stay above the view.
func (c *console) print(text string) { fmt.Fprintln(c.out, text) }
