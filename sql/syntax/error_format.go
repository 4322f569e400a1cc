package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// LineCol returns the line and column of an offset in src, both from 1 on. Columns count characters.
func LineCol(src string, pos Pos) (line, col int) {
	before := src[:min(max(int(pos), 0), len(src))]
	start := strings.LastIndexByte(before, '\n') + 1
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[start:])
}

// FormatError writes an error for a person: its place (behind the source's name, if that is not empty), what is
// wrong, the line of the source, and a mark under the wrong part.
//
//	job.sql:1:11: unexpected word FORM: did you mean FROM?
//	  SELECT id FORM emp
//	            ^^^^
func FormatError(name, src string, err *Error) string {
	from := min(max(int(err.From), 0), len(src))
	to := min(max(int(err.To), from), len(src))
	line, col := LineCol(src, Pos(from))
	var b strings.Builder
	if name != "" {
		b.WriteString(name)
		b.WriteByte(':')
	}
	fmt.Fprintf(&b, "%d:%d: %s\n", line, col, err.Error())

	start := strings.LastIndexByte(src[:from], '\n') + 1
	stop := len(src)
	if n := strings.IndexByte(src[from:], '\n'); n >= 0 {
		stop = from + n
	}
	to = min(to, stop)
	start, stop, to = clipLine(src, start, stop, from, to)
	text := strings.TrimRight(src[start:stop], "\r")
	b.WriteString("  ")
	writePrintable(&b, text)
	b.WriteString("\n  ")
	for _, r := range src[start:from] {
		if r == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteString(strings.Repeat(" ", displayWidth(r)))
	}
	width := 0
	for _, r := range src[from:to] {
		width += displayWidth(r)
	}
	b.WriteString(strings.Repeat("^", max(width, 1)))
	return b.String()
}

// clipLine takes the part of a long line, src[start:stop], that is around the place src[from:to].
func clipLine(src string, start, stop, from, to int) (int, int, int) {
	const before, after = 80, 60
	if start < from-2*before {
		start = runeStart(src, from-before, start)
	}
	if end := max(to, from) + after; stop > end+after {
		stop = runeStart(src, end, max(to, from))
	}
	if to > from+2*after {
		to = runeStart(src, from+2*after, from)
		stop = to
	}
	return start, stop, to
}

// runeStart returns the begin of the character at offset i, which is not before least.
func runeStart(src string, i, least int) int {
	for i > least && !utf8.RuneStart(src[i]) {
		i--
	}
	return i
}

// writePrintable writes text without control characters, which could change what the terminal shows.
func writePrintable(b *strings.Builder, text string) {
	for _, r := range text {
		if displayWidth(r) == 1 && r != '\t' && !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
}

// wideRanges are the characters that a terminal shows two columns wide.
var wideRanges = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1}, {0x2e80, 0x303e, 1}, {0x3041, 0x33ff, 1}, {0x3400, 0x4dbf, 1}, {0x4e00, 0xa4cf, 1},
		{0xa960, 0xa97f, 1}, {0xac00, 0xd7a3, 1}, {0xf900, 0xfaff, 1}, {0xfe30, 0xfe6f, 1}, {0xff00, 0xff60, 1},
		{0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{{0x1f300, 0x1f64f, 1}, {0x1f680, 0x1f6ff, 1}, {0x1f900, 0x1f9ff, 1}, {0x20000, 0x3fffd, 1}},
}

// displayWidth returns how many columns a character takes on a terminal.
func displayWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wideRanges, r):
		return 2
	}
	return 1
}
