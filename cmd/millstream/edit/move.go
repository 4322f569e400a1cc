package edit

import (
	"unicode"
	"unicode/utf8"
)

// Left moves the cursor by a character.
func (b *Buffer) Left() { b.move(b.prev(b.at)) }

// Right moves the cursor by a character.
func (b *Buffer) Right() { b.move(b.next(b.at)) }

// Home moves the cursor to the begin of its line.
func (b *Buffer) Home() { b.move(b.lineStart(b.at)) }

// End moves the cursor to the end of its line.
func (b *Buffer) End() { b.move(b.lineEnd(b.at)) }

// Start moves the cursor to the begin of the text.
func (b *Buffer) Start() { b.move(0) }

// Finish moves the cursor to the end of the text.
func (b *Buffer) Finish() { b.move(len(b.text)) }

// Up moves the cursor to the line above. It reports false if there is none.
func (b *Buffer) Up() bool {
	start := b.lineStart(b.at)
	if start == 0 {
		return false
	}
	b.aim(start)
	b.toColumn(b.lineStart(start-1), start-1)
	return true
}

// Down moves the cursor to the line below. It reports false if there is none.
func (b *Buffer) Down() bool {
	end := b.lineEnd(b.at)
	if end == len(b.text) {
		return false
	}
	b.aim(b.lineStart(b.at))
	b.toColumn(end+1, b.lineEnd(end+1))
	return true
}

// aim notes the column to keep while the cursor goes up and down.
func (b *Buffer) aim(start int) {
	if b.steady {
		return
	}
	b.goal, b.steady = 0, true
	for i := start; i < b.at; i = b.next(i) {
		b.goal++
	}
}

func (b *Buffer) toColumn(start, end int) {
	b.at = start
	for range b.goal {
		if b.at >= end {
			return
		}
		b.at = b.next(b.at)
	}
}

// wordLeft returns where the word in front of the cursor begins.
func (b *Buffer) wordLeft() int {
	at := b.at
	skip := func(stop func(rune) bool) {
		for at > 0 {
			r, n := utf8.DecodeLastRuneInString(b.text[:at])
			if stop(r) {
				return
			}
			at -= n
		}
	}
	skip(inWord)
	skip(func(r rune) bool { return !inWord(r) })
	return at
}

// wordRight returns where the word behind the cursor ends.
func (b *Buffer) wordRight() int {
	at := b.at
	skip := func(stop func(rune) bool) {
		for at < len(b.text) {
			r, n := utf8.DecodeRuneInString(b.text[at:])
			if stop(r) {
				return
			}
			at += n
		}
	}
	skip(inWord)
	skip(func(r rune) bool { return !inWord(r) })
	return at
}

func inWord(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

// WordLeft moves the cursor to the begin of a word.
func (b *Buffer) WordLeft() { b.move(b.wordLeft()) }

// WordRight moves the cursor to the end of a word.
func (b *Buffer) WordRight() { b.move(b.wordRight()) }
