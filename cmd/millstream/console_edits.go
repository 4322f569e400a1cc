package main

import "github.com/millstream/millstream/cmd/millstream/edit"

// edits are the keys that move the cursor or change the text, and nothing else.
var edits = map[string]func(*edit.Buffer){
	"left": (*edit.Buffer).Left, "ctrl+b": (*edit.Buffer).Left,
	"right": (*edit.Buffer).Right, "ctrl+f": (*edit.Buffer).Right,
	"home": (*edit.Buffer).Home, "ctrl+a": (*edit.Buffer).Home,
	"end": (*edit.Buffer).End, "ctrl+e": (*edit.Buffer).End,
	"ctrl+left": (*edit.Buffer).WordLeft, "alt+left": (*edit.Buffer).WordLeft, "alt+b": (*edit.Buffer).WordLeft,
	"ctrl+right": (*edit.Buffer).WordRight, "alt+right": (*edit.Buffer).WordRight, "alt+f": (*edit.Buffer).WordRight,
	"ctrl+home": (*edit.Buffer).Start, "alt+<": (*edit.Buffer).Start,
	"ctrl+end": (*edit.Buffer).Finish, "alt+>": (*edit.Buffer).Finish,
	"backspace": (*edit.Buffer).Backspace, "ctrl+h": (*edit.Buffer).Backspace, "shift+backspace": (*edit.Buffer).Backspace,
	"delete": (*edit.Buffer).Delete,
	"ctrl+k": (*edit.Buffer).KillLine,
	"ctrl+u": (*edit.Buffer).KillLineBack,
	"ctrl+w": (*edit.Buffer).KillWordBack, "alt+backspace": (*edit.Buffer).KillWordBack, "ctrl+backspace": (*edit.Buffer).KillWordBack,
	"alt+d": (*edit.Buffer).KillWord, "ctrl+delete": (*edit.Buffer).KillWord, "alt+delete": (*edit.Buffer).KillWord,
	"ctrl+y": (*edit.Buffer).Yank,
	"ctrl+_": func(b *edit.Buffer) { b.Undo() }, "ctrl+/": func(b *edit.Buffer) { b.Undo() }, "ctrl+z": func(b *edit.Buffer) { b.Undo() },
}
