package main

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// search looks for what was entered before, while its letters are typed.
type search struct {
	text  string
	newer int // matches that were passed over
	found string
	draft *string // what was in the editor
}

// searchKey handles a key of the search. It reports false for one that ends the search and counts for what was found.
func (c *console) searchKey(k tea.KeyPressMsg) bool {
	s := c.search
	if s.draft == nil {
		draft := c.buffer.Text()
		s.draft = &draft
	}
	switch name := k.String(); name {
	case "ctrl+r":
		if _, more := c.history.Find(s.text, s.newer+1); more && s.text != "" {
			s.newer++
		}
	case "backspace", "ctrl+h":
		if r := []rune(s.text); len(r) > 0 {
			s.text, s.newer = string(r[:len(r)-1]), 0
		}
	case "esc", "ctrl+g", "ctrl+c":
		c.buffer.Set(*s.draft)
		c.search = nil
		return true
	default:
		if k.Text == "" {
			c.search = nil
			return false
		}
		s.text, s.newer = s.text+k.Text, 0
	}
	if found, ok := c.history.Find(s.text, s.newer); ok && s.text != "" {
		s.found = found
		c.buffer.Set(found)
	} else {
		s.found = ""
	}
	return true
}

// searchLines shows what is searched for.
func (c *console) searchLines() []string {
	if c.search == nil {
		return nil
	}
	line := "search: " + c.search.text
	if c.search.found == "" && c.search.text != "" {
		line += "  (nothing like that)"
	}
	return []string{c.style.dim(cut(strings.ReplaceAll(line, "\n", " "), max(1, c.width-1)))}
}
