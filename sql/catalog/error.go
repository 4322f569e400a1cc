package catalog

// Error says what is wrong with a name. Whoever resolves the name for a statement adds its place.
type Error struct {
	Msg  string // one sentence
	Hint string // what would be valid; may be empty
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + ": " + e.Hint
}
