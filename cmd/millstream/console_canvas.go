package main

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
)

// canvas is a terminal in raw mode, of which the lines at the end, the view, are drawn again and again while text that stays scrolls by above
// them. The event loop draws the view; any goroutine may write.
//
// Bubble Tea has a renderer of its own for that. It makes room for text by inserting lines at the place where it takes its view to be, and
// loses lines where view and text together are higher than the screen, as the results of queries often are. Here the view is taken away,
// the text written as any program writes it, and the view drawn below.
type canvas struct {
	mu            sync.Mutex
	terminal      io.Writer
	width, height int

	lines []string // the view
	x, y  int      // the cursor in it; x is -1 where there is none
	whole bool     // the view has the whole screen, the alternate one

	partial []byte // what was written of a line without an end
	later   []byte // what was written while the view had the whole screen
	out     []byte
	failed  error // of the terminal, for who writes next
}

// ANSI sequences.
const (
	beginUpdate = "\x1b[?2026h" // the terminal may show all until endUpdate at once
	endUpdate   = "\x1b[?2026l"
	hideCursor  = "\x1b[?25l"
	showCursor  = "\x1b[?25h"
	eraseBelow  = "\x1b[J"
	eraseRest   = "\x1b[K"
	eraseAll    = "\x1b[H\x1b[2J\x1b[3J"
	enterWhole  = "\x1b[?1049h\x1b[H\x1b[2J"
	leaveWhole  = "\x1b[?1049l"
	pasteMarks  = "\x1b[?2004h" // what is pasted comes between marks
	noMarks     = "\x1b[?2004l"
)

func newCanvas(terminal io.Writer) *canvas {
	return &canvas{terminal: terminal, width: 80, height: 24, x: -1}
}

// open prepares the terminal, close leaves it as it was found.
func (c *canvas) open() { c.control(pasteMarks) }

func (c *canvas) close() {
	c.draw(nil, -1, 0, false)
	c.control(noMarks + showCursor)
}

func (c *canvas) control(sequence string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, sequence...)
	c.flush()
}

// Write writes text that stays. What follows its last line feed waits for the rest of the line.
func (c *canvas) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := append(c.partial, p...)
	end := bytes.LastIndexByte(text, '\n') + 1
	c.partial = append([]byte(nil), text[end:]...)
	if end == 0 {
		return len(p), nil
	}
	if c.whole {
		c.later = append(c.later, text[:end]...)
		return len(p), nil
	}
	c.takeAway()
	c.stay(text[:end])
	c.place()
	c.flush()
	return len(p), c.failed
}

// stay writes lines that stay, where the view was.
func (c *canvas) stay(text []byte) {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		c.out = append(append(c.out, line...), "\r\n"...)
	}
}

// clear empties the screen.
func (c *canvas) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole {
		return
	}
	c.out = append(c.out, eraseAll...)
	c.place()
	c.flush()
}

// size returns the columns and rows of the screen.
func (c *canvas) size() (width, height int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.width, c.height
}

// resize says that the screen has another size. A terminal breaks its lines anew then, so that the view may have more rows than it has lines.
func (c *canvas) resize(width, height int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if width == c.width && height == c.height || width <= 0 || height <= 0 {
		return
	}
	if c.x >= 0 && !c.whole {
		rows := 0
		for _, line := range c.lines[:min(c.y, len(c.lines))] {
			rows += 1 + max(0, ansi.StringWidth(line)-1)/width
		}
		c.y = min(rows+c.x/width, height-1)
	}
	c.width, c.height = width, height
	c.takeAway()
	c.place()
	c.flush()
}

// draw makes lines the view, with the cursor at column x of line y; without one x is -1. With whole the view has the whole screen.
func (c *canvas) draw(lines []string, x, y int, whole bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if whole == c.whole && x == c.x && y == c.y && len(lines) == len(c.lines) {
		same := true
		for i, line := range lines {
			same = same && line == c.lines[i]
		}
		if same {
			return
		}
	}
	c.takeAway()
	switch {
	case whole && !c.whole:
		c.out = append(c.out, enterWhole...)
	case !whole && c.whole:
		c.out = append(c.out, leaveWhole...)
		c.whole, c.lines = false, nil
		c.stay(c.later)
		c.later = nil
	}
	c.lines, c.x, c.y, c.whole = lines, x, y, whole
	c.place()
	c.flush()
}

// takeAway erases the view and leaves the cursor where it began.
func (c *canvas) takeAway() {
	c.out = append(c.out, beginUpdate+hideCursor...)
	switch {
	case c.whole:
		c.out = append(c.out, "\x1b[H"...)
	case len(c.lines) > 0:
		c.out = append(c.out, '\r')
		c.up(c.y)
		c.out = append(c.out, eraseBelow...)
	}
}

// place writes the view from the cursor on.
func (c *canvas) place() {
	for i, line := range c.lines {
		if i > 0 {
			c.out = append(c.out, "\r\n"...)
		}
		c.out = append(append(c.out, eraseRest...), line...) // behind the last column it would take that one away
	}
	if c.whole {
		c.out = append(c.out, eraseBelow...)
	}
	if c.x < 0 { // the cursor stays at the end
		if c.y = max(0, len(c.lines)-1); len(c.lines) == 0 {
			c.out = append(c.out, showCursor...)
		}
	} else {
		c.out = append(c.out, '\r')
		c.up(len(c.lines) - 1 - c.y)
		if c.x > 0 {
			c.out = append(strconv.AppendInt(append(c.out, "\x1b["...), int64(c.x), 10), 'C')
		}
		c.out = append(c.out, showCursor...)
	}
	c.out = append(c.out, endUpdate...)
}

func (c *canvas) up(n int) {
	if n > 0 {
		c.out = append(strconv.AppendInt(append(c.out, "\x1b["...), int64(n), 10), 'A')
	}
}

func (c *canvas) flush() {
	if _, err := c.terminal.Write(c.out); err != nil {
		c.failed = err
	}
	c.out = c.out[:0]
}
