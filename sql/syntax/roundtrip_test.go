package syntax

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameTree compares trees without regard to places.
var sameTree = cmp.Options{cmpopts.IgnoreTypes(Span{}, Pos(0)), cmpopts.EquateEmpty()}

// checkRoundTrip prints statements and parses the text: the trees have to be equal, and to print as the same text again.
func checkRoundTrip(t *testing.T, src string, stmts []Statement) {
	t.Helper()
	for _, stmt := range stmts {
		text := Format(stmt)
		again, err := Parse(text)
		if err != nil {
			t.Errorf("%s\nprints as\n%s\nwhich does not parse: %s", src, text, FormatError("", text, err.(*Error)))
			continue
		}
		if diff := cmp.Diff(stmt, again, sameTree); diff != "" {
			t.Errorf("%s\nprints as\n%s\nwhich is another tree (-first +second):\n%s", src, text, diff)
			continue
		}
		if second := Format(again); second != text {
			t.Errorf("printing is not stable:\n%s\n%s", text, second)
		}
	}
}
