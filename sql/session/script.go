package session

import (
	"errors"

	"github.com/millstream/millstream/sql/syntax"
)

// Script is a parsed text.
type Script struct {
	Name       string // where the text is from, such as a file's name; may be empty
	Text       string
	Statements []Statement
}

// Statement is a statement of a script. Positions in Node are offsets in the script's text.
type Statement struct {
	Script *Script
	Node   syntax.Statement
}

// Text returns the statement's own text.
func (st Statement) Text() string { return st.Script.Text[st.Node.Pos():st.Node.End()] }

// Parse parses statements separated by semicolons. The error is an [*Error].
func Parse(name, text string) (*Script, error) {
	script := &Script{Name: name, Text: text}
	nodes, err := syntax.ParseScript(text)
	if err != nil {
		return nil, Statement{Script: script}.fail(ParsePhase, err)
	}
	for _, n := range nodes {
		script.Statements = append(script.Statements, Statement{script, n})
	}
	return script, nil
}

// ErrorPhase is how far a statement came before it failed.
type ErrorPhase uint8

// The phases.
const (
	NoPhase       ErrorPhase = iota // not an error of a statement
	ParsePhase                      // the text is not SQL
	ValidatePhase                   // names, types, options, or what the engine can do
	RuntimePhase                    // the job failed
)

// String returns "parse", "validate" or "runtime".
func (p ErrorPhase) String() string { return [...]string{"none", "parse", "validate", "runtime"}[p] }

// Error is a statement that failed.
type Error struct {
	Phase  ErrorPhase
	Script *Script
	At     syntax.Span // the failed statement; empty in the parse phase
	Err    error       // a [*syntax.Error] where a place in the text is at fault
}

// Error writes what is wrong with its place and the line of the text.
func (e *Error) Error() string {
	var place *syntax.Error
	if errors.As(e.Err, &place) {
		return syntax.FormatError(e.Script.Name, e.Script.Text, place)
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Phase returns in which phase a statement failed, NoPhase if err is not from a statement.
func Phase(err error) ErrorPhase {
	var e *Error
	if errors.As(err, &e) {
		return e.Phase
	}
	return NoPhase
}

// fail makes an error of the statement's; one that is an [*Error] already stays as it is.
func (st Statement) fail(phase ErrorPhase, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	e = &Error{Phase: phase, Script: st.Script, Err: err}
	if st.Node != nil {
		e.At = syntax.Span{From: st.Node.Pos(), To: st.Node.End()}
	}
	return e
}
