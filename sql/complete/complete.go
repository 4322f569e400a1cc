// Package complete finds what may stand at a place of a statement that is being typed: keywords, tables, columns, functions, settings
// and options of connectors.
//
// A text, a place in it and the session that will execute it enter through [At]; the items that fit there leave, likeliest first. A shell
// calls it for each press of a key, so it must be quick, and the text is never complete, so what cannot be understood gives fewer items
// and no error. The grammar says which words and kinds of names fit ([syntax.Expect]); names are those of the session's catalogs, and
// columns come from the binder, by binding what stands behind FROM.
//
// What must hold: nothing outside the process is touched but catalogs that are kept there, and the session is not changed.
package complete

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/sql/syntax"
)

// Kind says what an item is.
type Kind uint8

// The kinds of items.
const (
	Keyword Kind = iota
	Column
	Table // or view
	Model
	Database
	Catalog
	Function
	Setting // a setting's or an option's key
	Value   // of a setting or an option
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"keyword", "column", "table", "model", "database", "catalog", "function", "setting", "value"}[k]
}

// Item is something that may stand at the place.
type Item struct {
	Text string // what the word is replaced by, such as "`order`" or "COUNT("
	Name string // as lists show it, such as "COUNT"
	Kind Kind
	Note string // a column's type, a function's or a setting's documentation; may be empty
}

// Result is what fits at a place.
type Result struct {
	From, To int // the bytes that an item replaces
	Items    []Item
}

// At returns what may stand in text around the byte offset pos. Catalogs that are kept elsewhere are asked in ctx.
func At(ctx context.Context, s *session.Session, text string, pos int) Result {
	s.Catalogs().Begin(ctx)
	p := newPlace(s, text, pos)
	if p.inComment {
		return Result{From: pos, To: pos}
	}
	var items []Item
	switch {
	case p.inText:
		items = p.texts()
	case len(p.before) > 0 && p.is(p.before[0], "SET", "RESET"):
		items = p.settings()
	default:
		items = p.names()
		if strings.HasPrefix(text[p.from:pos], "`") {
			items = inBackticks(items)
		}
	}
	return Result{p.from, pos, match(items, text[p.wordFrom:pos])}
}

// inBackticks keeps the names, written in backticks.
func inBackticks(items []Item) []Item {
	var kept []Item
	for _, it := range items {
		if it.Kind != Keyword && it.Kind != Function {
			it.Text = catalog.Quote(it.Name)
			kept = append(kept, it)
		}
	}
	return kept
}

// match keeps the items whose name begins with what was typed, in any case, or else those in which a part begins with it.
func match(items []Item, typed string) []Item {
	typed = strings.TrimPrefix(typed, "`")
	lower := strings.ToLower(typed)
	keep := func(fits func(name string) bool) []Item {
		seen := map[string]bool{}
		var kept []Item
		for _, it := range items {
			if it.Name != "" && !seen[it.Text] && fits(strings.ToLower(it.Name)) {
				seen[it.Text] = true
				if it.Kind == Keyword || it.Kind == Function {
					it.Text = inCaseOf(it.Text, typed)
				}
				kept = append(kept, it)
			}
		}
		return kept
	}
	if kept := keep(func(name string) bool { return strings.HasPrefix(name, lower) }); len(kept) > 0 || len(lower) < 2 {
		return kept
	}
	return keep(func(name string) bool {
		at := strings.Index(name, lower)
		return at > 0 && strings.ContainsAny(name[at-1:at], "_.- ")
	})
}

// inCaseOf writes a word of the language in lower case where that is how its beginning was typed.
func inCaseOf(word, typed string) string {
	if typed != "" && strings.IndexFunc(typed, unicode.IsUpper) < 0 && strings.IndexFunc(typed, unicode.IsLower) >= 0 {
		return strings.ToLower(word)
	}
	return word
}

// identifier writes a name so that it can stand in a statement.
func identifier(name string) string {
	for i, r := range name {
		letter := r == '_' || unicode.IsLetter(r)
		if !letter && (i == 0 || !unicode.IsDigit(r)) {
			return catalog.Quote(name)
		}
	}
	if name == "" || !utf8.ValidString(name) || syntax.IsReserved(name) {
		return catalog.Quote(name)
	}
	return name
}
