package s3select

import (
	"fmt"
	"net/http"
)

// Error is a refusal in S3's words.
type Error struct {
	Code    string // as S3 names it, such as ParseUnexpectedToken
	Message string
	Status  int // of HTTP, if it comes before the first byte of the answer
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func fail(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// failAt is fail with the place in the expression, counted from 1.
func failAt(code string, text string, pos int, format string, args ...any) *Error {
	line, column := 1, 1
	for i, r := range text {
		if i >= pos {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return fail(code, "%s at line %d, column %d", fmt.Sprintf(format, args...), line, column)
}
