package draw

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Boxes hold a little text: the rest is in their tooltips.
const (
	lineCells  = 54 // of a detail's key and value
	detailRows = 4  // of one detail
	bodyRows   = 12 // of a box
)

// bodyLine is a line of a box below its name. The key is "" where a value goes on.
type bodyLine struct{ key, value string }

// bodyLines breaks a node's details into lines.
func bodyLines(n *Node) []bodyLine {
	var lines []bodyLine
	details := n.Details
	if n.Changes != "" {
		details = append(details[:len(details):len(details)], Detail{"emits", n.Changes})
	}
	for _, d := range details {
		for i, text := range wrap(oneLine(d.Value), lineCells-cells(d.Key)-1, detailRows) {
			if i == 0 {
				lines = append(lines, bodyLine{d.Key, text})
			} else {
				lines = append(lines, bodyLine{"", text})
			}
		}
	}
	if len(lines) > bodyRows {
		lines = append(lines[:bodyRows-1], bodyLine{"", "…"})
	}
	return lines
}

// columnLines lists a node's output columns, a line each.
func columnLines(n *Node) []string {
	lines := []string{n.Name}
	for _, d := range n.Details {
		lines = append(lines, d.Key+": "+d.Value)
	}
	for _, c := range n.Columns {
		lines = append(lines, c.Name+" "+c.Type)
	}
	return lines
}

// oneLine makes any text one line without control characters.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\ufffd"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// wrap breaks a text into at most rows lines of at most most cells, at blanks where there are any; what does not fit ends in an ellipsis.
func wrap(text string, most, rows int) []string {
	most = max(most, 8)
	var lines []string
	for text != "" {
		if cells(text) <= most {
			return append(lines, text)
		}
		end, blank, taken := 0, 0, 0 // how much fits, and up to which blank
		for i, r := range text {
			if r == ' ' {
				blank = i
			}
			if taken += runeCells(r); taken > most {
				end = i
				break
			}
		}
		if len(lines) == rows-1 {
			for cells(text[:end]) >= most {
				_, n := utf8.DecodeLastRuneInString(text[:end])
				end -= n
			}
			return append(lines, strings.TrimRight(text[:end], " ")+"…")
		}
		if blank > end/3 {
			end = blank
		}
		lines = append(lines, strings.TrimRight(text[:end], " "))
		text = strings.TrimLeft(text[end:], " ")
	}
	return lines
}

// cells is the width of a text in characters of a font in which all are of the same width, but some twice as wide.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
