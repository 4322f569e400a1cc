package syntax

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// treeDiff compares trees without regard to places. It returns the difference, empty if there is none.
func treeDiff(a, b any) string {
	if sameTree(reflect.ValueOf(a), reflect.ValueOf(b)) {
		return ""
	}
	return cmp.Diff(a, b, cmpopts.IgnoreTypes(Span{}, Pos(0)), cmpopts.EquateEmpty())
}

// sameTree compares in linear time, which cmp does not do with nested lists.
func sameTree(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Type() {
	case reflect.TypeFor[Span](), reflect.TypeFor[Pos]():
		return true
	}
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		return sameTree(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameTree(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if !sameTree(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// checkRoundTrip prints statements and parses the text: the trees have to be equal, and to print as the same text again.
func checkRoundTrip(t *testing.T, src string, stmts []Statement) {
	t.Helper()
	for _, stmt := range stmts {
		text := Format(stmt)
		again, err := Parse(text)
		if err != nil {
			t.Errorf("%s\nprints as\n%s\nwhich does not parse: %s", src, text, FormatError("", text, err.(*Error))) //nolint:errorlint // the parser gives no other errors, and gives them as they are
			continue
		}
		if diff := treeDiff(stmt, again); diff != "" {
			t.Errorf("%s\nprints as\n%s\nwhich is another tree (-first +second):\n%s", src, text, diff)
			continue
		}
		if second := Format(again); second != text {
			t.Errorf("printing is not stable:\n%s\n%s", text, second)
		}
	}
}
