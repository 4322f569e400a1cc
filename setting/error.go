package setting

import "strings"

// UnknownKeyError says that a key is not known.
type UnknownKeyError struct {
	Noun    string   // "setting" or "option"
	Key     string   // as given
	Origin  string   // "config.yaml:3", "-D", "SET"; may be empty
	Nearest string   // the known key most like it; may be empty
	Valid   []string // some valid keys, where none is near
	Foreign bool     // no misspelling: none is near, and even the first word is like that of no known key
}

func (e *UnknownKeyError) Error() string {
	var b strings.Builder
	if e.Origin != "" {
		b.WriteString(e.Origin + ": ")
	}
	b.WriteString("unknown " + e.Noun + " '" + e.Key + "'")
	switch {
	case e.Nearest != "":
		b.WriteString("; did you mean '" + e.Nearest + "'?")
	case len(e.Valid) > 0:
		b.WriteString("; valid are " + quoteAll(e.Valid))
	}
	return b.String()
}

// ValueError says that a known key has a value that it cannot have.
type ValueError struct {
	Noun   string
	Key    string // canonical
	Text   string // as given; "******" if the option is secret
	Origin string // may be empty
	Reason string // what is wrong and what would be valid
}

func (e *ValueError) Error() string {
	origin := ""
	if e.Origin != "" {
		origin = e.Origin + ": "
	}
	return origin + e.Noun + " '" + e.Key + "' = '" + e.Text + "' is " + e.Reason
}

// MissingError says that a required option was not given.
type MissingError struct{ Key string }

func (e *MissingError) Error() string { return "Required option '" + e.Key + "' is missing" }

// PlaceError says that a place which gives settings cannot be read at all: a file, a line or a variable.
type PlaceError struct {
	Place  string // "flink-conf.yaml:3", "-D", a variable's name
	Reason string
	Err    error // the cause, if any
}

func (e *PlaceError) Error() string { return e.Place + ": " + e.Reason }
func (e *PlaceError) Unwrap() error { return e.Err }
