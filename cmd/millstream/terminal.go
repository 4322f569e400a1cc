package main

import (
	"io"
	"os"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// style wraps text in an ANSI sequence where it goes to a terminal that shows them.
type style struct{ on bool }

// styleOf is the style of what is written to a stream, by whether that is a terminal.
func styleOf(terminal bool) style {
	return style{terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (s style) bold(text string) string   { return s.wrap("1", text) }
func (s style) dim(text string) string    { return s.wrap("2", text) }
func (s style) bar(text string) string    { return s.wrap("36", text) }
func (s style) wrong(text string) string  { return s.wrap("1;31", text) }
func (s style) good(text string) string   { return s.wrap("32", text) }
func (s style) notice(text string) string { return s.wrap("1;33", text) }

func (s style) prompt(text string) string { return s.wrap("1;36", text) }
func (s style) chosen(text string) string { return s.wrap("7", text) }

func (s style) wrap(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// styleError writes an error with what marks the wrong place in the colour of errors.
func styleError(s style, err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		if strings.Contains(line, "^") && strings.Trim(line, " \t^") == "" {
			at := strings.IndexByte(line, '^')
			lines[i] = line[:at] + s.wrong(line[at:])
		}
	}
	return s.wrong("error:") + " " + strings.Join(lines, "\n")
}

// screen is a terminal whose last line changes in place. Whatever else goes there is written through [screen.writer], which takes the line
// away first, so that the two do not mix. Its methods may be called from any goroutine.
type screen struct {
	mu       sync.Mutex
	terminal io.Writer
	drawn    bool
}

// eraseLine goes back to the line's begin and empties it.
const eraseLine = "\r\x1b[K"

// draw replaces the changing line. The text must be narrower than the terminal.
func (s *screen) draw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.terminal, eraseLine+line)
	s.drawn = true
}

// erase takes the changing line away.
func (s *screen) erase() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eraseLocked()
}

func (s *screen) eraseLocked() {
	if s.drawn {
		io.WriteString(s.terminal, eraseLine)
		s.drawn = false
	}
}

// writer makes w, which shows on the same terminal, safe to use beside the changing line.
func (s *screen) writer(w io.Writer) io.Writer { return &screenWriter{s, w} }

type screenWriter struct {
	screen *screen
	to     io.Writer
}

func (w *screenWriter) Write(p []byte) (int, error) {
	w.screen.mu.Lock()
	defer w.screen.mu.Unlock()
	w.screen.eraseLocked()
	return w.to.Write(p)
}

// cells is the number of columns that text takes on a terminal.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	const joiner = '\u200d'
	switch {
	case r < 0x300:
		return 1
	case r == joiner || unicode.In(r, unicode.Mn, unicode.Me):
		return 0 // drawn over the letter before
	case r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens text to at most n cells, the last of them an ellipsis.
func cut(text string, n int) string {
	taken, keep := 0, 0 // cells so far, bytes that leave room for the ellipsis
	for i, r := range text {
		if taken += runeCells(r); taken > n {
			return text[:keep] + "…"
		}
		if taken < n {
			keep = i + utf8.RuneLen(r)
		}
	}
	return text
}

// pad fills text up with blanks to n cells, before it where right is set.
func pad(text string, n int, right bool) string {
	blanks := strings.Repeat(" ", max(0, n-cells(text)))
	if right {
		return blanks + text
	}
	return text + blanks
}

// appendVisible writes text on one line and without characters that would move the cursor or change a terminal's state: data must not.
// A line break is ⏎, a tab a blank, other control characters are as in ␛.
func appendVisible(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n':
			dst = append(dst, "⏎"...)
		case r == '\r' && n < len(text) && text[n] == '\n':
		case r == '\t':
			dst = append(dst, ' ')
		case r < 0x20:
			dst = utf8.AppendRune(dst, '\u2400'+r)
		case r == 0x7f:
			dst = append(dst, "␡"...)
		case r == utf8.RuneError && n == 1, r >= 0x80 && r < 0xa0, unicode.Is(unicode.Bidi_Control, r):
			dst = append(dst, "\ufffd"...)
		default:
			dst = append(dst, text[:n]...)
		}
		text = text[n:]
	}
	return dst
}

// terminalWidth is the number of columns of f, 0 if it is no terminal.
func terminalWidth(f *os.File) int {
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}
