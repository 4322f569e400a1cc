package main

import (
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// style wraps text in an ANSI sequence where the output is a terminal that shows them.
type style struct{ on bool }

func (a *app) style() style {
	return style{a.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (s style) bold(text string) string { return s.wrap("1", text) }
func (s style) dim(text string) string  { return s.wrap("2", text) }
func (s style) head(text string) string { return s.wrap("1;36", text) }
func (s style) bar(text string) string  { return s.wrap("36", text) }

func (s style) wrap(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// cells is the number of columns that text takes on a terminal.
func cells(text string) int {
	n := 0
	for _, r := range text {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			if r >= 0x1f300 && r <= 0x1faff {
				n += 2
			} else {
				n++
			}
		}
	}
	return n
}

// fit pads text to n cells, or shortens it with an ellipsis.
func fit(text string, n int, right bool) string {
	w := cells(text)
	if w > n {
		for cells(text) > n-1 {
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		}
		text += "…"
		w = cells(text)
	}
	pad := strings.Repeat(" ", n-w)
	if right {
		return pad + text
	}
	return text + pad
}

// terminalWidth is the number of columns of w, 0 if it is no terminal.
func terminalWidth(w any) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}
