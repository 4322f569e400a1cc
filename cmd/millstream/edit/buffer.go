// Package edit holds what a person types into a shell: the text with its cursor, and what was typed before.
//
// Presses of keys enter as calls of [Buffer]'s methods, statements that were executed enter [History.Add]. What leaves is the text and the
// cursor's place in it. The package knows neither terminals nor SQL; cmd/millstream draws the text and decides what a key does.
//
// What must hold: the text is valid UTF-8, and the cursor never stands inside of a character as people see it, which may be several runes.
package edit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Buffer is a text of one or more lines with a cursor. The zero Buffer is empty.
type Buffer struct {
	text   string
	at     int // the cursor's byte offset
	goal   int // the column that Up and Down aim at, in characters from the line's begin; valid if steady
	steady bool
	killed string // what the last kill took away
	undo   []state
	typing bool // the last change was typing, so that one undo takes a whole word back
}

type state struct {
	text string
	at   int
}

// maxUndo is how many changes can be taken back.
const maxUndo = 200

// Text returns the text.
func (b *Buffer) Text() string { return b.text }

// At returns the cursor's byte offset in the text.
func (b *Buffer) At() int { return b.at }

// Set replaces the text and puts the cursor behind it.
func (b *Buffer) Set(text string) {
	b.save()
	b.text = clean(text)
	b.move(len(b.text))
}

// Clear empties the buffer and forgets what could be undone.
func (b *Buffer) Clear() { *b = Buffer{killed: b.killed} }

// clean makes a text fit for the buffer: UTF-8, line feeds between lines, no other control characters but tabs.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

// save notes the present state for Undo.
func (b *Buffer) save() {
	b.typing = false
	if n := len(b.undo); n > 0 && b.undo[n-1].text == b.text {
		return
	}
	if len(b.undo) == maxUndo {
		b.undo = append(b.undo[:0], b.undo[1:]...)
	}
	b.undo = append(b.undo, state{b.text, b.at})
}

// Undo takes the last change back. It reports false if there is none.
func (b *Buffer) Undo() bool {
	b.typing = false
	for n := len(b.undo) - 1; n >= 0; n-- {
		s := b.undo[n]
		b.undo = b.undo[:n]
		if s.text != b.text {
			b.text = s.text
			b.move(s.at)
			return true
		}
	}
	return false
}

// Insert puts text in at the cursor.
func (b *Buffer) Insert(text string) {
	text = clean(text)
	if text == "" {
		return
	}
	word := utf8.RuneCountInString(text) == 1 && !unicode.IsSpace(rune(text[0]))
	if !b.typing || !word {
		b.save()
	}
	b.text = b.text[:b.at] + text + b.text[b.at:]
	b.move(b.at + len(text))
	b.typing = word
}

// Replace puts text in the place of the bytes [from, to), and the cursor behind it.
func (b *Buffer) Replace(from, to int, text string) {
	b.save()
	text = clean(text)
	b.text = b.text[:from] + text + b.text[to:]
	b.move(from + len(text))
}

// move puts the cursor somewhere and forgets the column that Up and Down aim at.
func (b *Buffer) move(at int) {
	b.at, b.steady = at, false
}

// next returns where the character behind an offset ends.
func (b *Buffer) next(at int) int {
	if at >= len(b.text) {
		return len(b.text)
	}
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(b.text[at:], -1)
	return at + len(cluster)
}

// prev returns where the character in front of an offset begins.
func (b *Buffer) prev(at int) int {
	start := b.lineStart(at)
	if start == at {
		return max(0, at-1) // a line feed, or nothing
	}
	for {
		next := b.next(start)
		if next >= at {
			return start
		}
		start = next
	}
}

func (b *Buffer) lineStart(at int) int { return strings.LastIndexByte(b.text[:at], '\n') + 1 }

func (b *Buffer) lineEnd(at int) int {
	if n := strings.IndexByte(b.text[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(b.text)
}

// FirstLine and LastLine tell whether the cursor is in the first or the last line.
func (b *Buffer) FirstLine() bool { return b.lineStart(b.at) == 0 }

// LastLine is told with FirstLine.
func (b *Buffer) LastLine() bool { return b.lineEnd(b.at) == len(b.text) }

// Line returns the text of the cursor's line in front of the cursor.
func (b *Buffer) Line() string { return b.text[b.lineStart(b.at):b.at] }
