package main

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/syntax"
)

// historyFile is where what was entered is kept: in the directory for a user's state, as the XDG specification has it. Without a home it is
// not kept.
func historyFile() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "millstream", "history")
	}
	if runtime.GOOS == "windows" {
		if dir := os.Getenv("LOCALAPPDATA"); dir != "" {
			return filepath.Join(dir, "millstream", "history")
		}
	}
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return ""
	}
	return filepath.Join(home, ".local", "state", "millstream", "history")
}

// userInfo is a password in a URL.
var userInfo = regexp.MustCompile(`://[^/\s'"@:]*:[^/\s'"@]+@`)

// hasSecret tells whether a text gives a value to something that must stay secret, and so must not be kept. It would rather say so once too
// often: a word like that in any text in quotes, in a setting or in a command is enough.
func hasSecret(text string) bool {
	if userInfo.MatchString(text) {
		return true
	}
	isSecret := func(word string) bool {
		word = strings.ToLower(strings.Trim(word, "'\""))
		o, _, ok := setting.Engine.Lookup(word)
		return ok && o.Secret || graph.IsSecret(word)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), `\`) && isSecret(line) {
			return true
		}
	}
	for _, t := range syntax.Tokens(text) {
		switch t.Kind {
		case syntax.TextToken, syntax.SettingToken, syntax.CommentToken:
			if isSecret(text[t.From:t.To]) {
				return true
			}
		}
	}
	return false
}
