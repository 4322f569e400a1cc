package catalog

import (
	"errors"
	"fmt"
)

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

// ErrChanged is what a [Store] returns for a write that expects something else than there is.
var ErrChanged = errors.New("it was changed meanwhile")

// instead returns e where a store says ErrChanged.
func instead(err error, e *Error) error {
	if errors.Is(err, ErrChanged) {
		return e
	}
	return err
}

// changedMeanwhile says that another session was faster.
func changedMeanwhile(what, name string) *Error {
	return &Error{fmt.Sprintf("%s '%s' was changed by another session at the same time", what, name), "execute the statement again"}
}
