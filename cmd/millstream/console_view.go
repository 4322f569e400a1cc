package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/rivo/uniseg"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/syntax"
)

const (
	promptText = "millstream> "
	behindText = "        ... "
)

// redraw draws what there is to see: the editor, or what runs.
func (c *console) redraw() {
	switch {
	case c.leaving:
		c.canvas.draw(nil, -1, 0, false)
	case c.busy:
		lines, whole := c.busyLines()
		c.canvas.draw(lines, -1, 0, whole)
	default:
		lines, x, y := c.editLines()
		c.canvas.draw(lines, x, y, false)
	}
}

// editLines shows what is typed, and below it the menu or the search. Where it is higher than the screen it scrolls.
func (c *console) editLines() (lines []string, x, y int) {
	lines, x, y = c.layout(c.buffer.Text(), c.buffer.At())
	below := c.searchLines()
	if c.menu.open {
		below = c.menuLines(x)
	}
	below = below[:min(len(below), c.height-1)]
	room := max(1, c.height-len(below))
	if len(lines) > room {
		first := max(0, min(y-room/2, len(lines)-room))
		lines, y = lines[first:first+room], y-first
	}
	return append(lines, below...), x, y
}

// busyLines shows how far what runs is.
func (c *console) busyLines() (lines []string, whole bool) {
	took := time.Since(c.since)
	if c.view != nil && (took > quickView || c.view.waiting) {
		return c.view.draw(c, took)
	}
	if took < firstDraw && !c.stopped {
		return nil, false
	}
	hint := "Ctrl-C stops"
	if c.stopped {
		hint = "stopping …"
	}
	line := c.state.line(c.style, c.width-cells(hint)-3, took)
	return []string{line + c.style.dim(" · "+hint)}, false
}

// prompted writes a text as it was typed, below the prompt.
func (c *console) prompted(text string) string {
	lines, _, _ := c.layout(text, len(text))
	return strings.Join(lines, "\n")
}

// layout breaks a text into lines as wide as the screen, with the prompt and in colours, and finds the place of its byte at.
func (c *console) layout(text string, at int) (lines []string, x, y int) {
	var line strings.Builder
	width, number, open := 0, 1, ""
	begin := func(first bool) {
		switch {
		case first:
			line.WriteString(c.style.prompt(promptText))
		case c.session.Settings().Bool(setting.ShowLineNumbers):
			line.WriteString(c.style.dim(fmt.Sprintf("%*d  ", len(promptText)-2, number)))
		default:
			line.WriteString(c.style.dim(behindText))
		}
		width = len(promptText)
	}
	set := func(code string) {
		if code == open || !c.style.on {
			return
		}
		if open != "" {
			line.WriteString("\x1b[0m")
		}
		if code != "" {
			line.WriteString("\x1b[" + code + "m")
		}
		open = code
	}
	end := func() {
		code := open
		set("")
		lines = append(lines, line.String())
		line.Reset()
		width = 0
		open = ""
		defer set(code)
	}
	colours := colouring(text, palettes[c.session.Settings().Enum(setting.ColorSchema)])
	begin(true)
	for i := 0; ; {
		if i == at {
			x, y = width, len(lines)
			if x >= c.width { // behind the last column is the begin of the next line
				x, y = 0, y+1
			}
		}
		if i == len(text) {
			break
		}
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(text[i:], -1)
		if cluster == "\n" {
			number++
			set("")
			end()
			begin(false)
			i++
			continue
		}
		shown := cluster
		if cluster == "\t" {
			shown = "  "
		}
		cells := ansi.StringWidth(shown)
		if width+cells > c.width && width > 0 {
			end()
			if i == at {
				x, y = 0, len(lines)
			}
		}
		set(colours.at(i))
		line.WriteString(shown)
		width += cells
		i += len(cluster)
	}
	set("")
	lines = append(lines, line.String())
	if y == len(lines) {
		lines = append(lines, "")
	}
	return lines, x, y
}

// colourRun is a part of a text in one colour.
type colourRun struct {
	from, to int
	code     string
}

// colours are the coloured parts of a text; at is asked for offsets in order.
type colours struct{ runs []colourRun }

func (c *colours) at(i int) string {
	for len(c.runs) > 0 && c.runs[0].to <= i {
		c.runs = c.runs[1:]
	}
	if len(c.runs) > 0 && c.runs[0].from <= i {
		return c.runs[0].code
	}
	return ""
}

// colouring finds the colours of a text. Words that are not reserved count as keywords where they are written in capitals.
func colouring(text string, p palette) *colours {
	if line := strings.TrimSpace(text); strings.HasPrefix(line, `\`) {
		word, _, _ := strings.Cut(line, " ")
		from := strings.Index(text, word)
		return &colours{[]colourRun{{from, from + len(word), p.keyword}}}
	}
	var c colours
	for _, t := range syntax.Tokens(text) {
		word := text[t.From:t.To]
		code := ""
		switch t.Kind {
		case syntax.KeywordToken:
			code = p.keyword
		case syntax.WordToken:
			if syntax.IsWord(word) && word == strings.ToUpper(word) && len(word) > 1 {
				code = p.keyword
			}
		case syntax.TextToken:
			code = p.text
		case syntax.NumberToken:
			code = p.number
		case syntax.CommentToken:
			code = p.comment
		case syntax.QuotedToken:
			code = p.quoted
		case syntax.SettingToken:
			code = p.text
		}
		if code != "" {
			c.runs = append(c.runs, colourRun{int(t.From), int(t.To), code})
		}
	}
	return &c
}
