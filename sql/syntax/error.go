package syntax

import "fmt"

// Error says what is wrong with a text and where. The parser makes them, and the binder for its own findings.
//
// Msg is one sentence without a period at its end; Hint, if not empty, says what would be right. From and To
// are the wrong bytes.
type Error struct {
	Span
	Msg  string
	Hint string
}

// Error returns Msg and Hint; [FormatError] adds the place.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + ": " + e.Hint
}

// Errorf returns an error at the place of a node.
func Errorf(at Node, format string, args ...any) *Error {
	return &Error{Span: Span{at.Pos(), at.End()}, Msg: fmt.Sprintf(format, args...)}
}
