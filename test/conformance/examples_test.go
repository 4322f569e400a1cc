package conformance

import (
	"strings"
	"testing"

	"github.com/millstream/millstream/graph/expr"
)

// exampleRows is what the examples of aggregate functions are about; the reference page says so too.
const exampleRows = "(VALUES (1, 'a'), (2, 'b'), (3, CAST(NULL AS STRING))) AS t(x, s)"

// Every function has an example, and it is true.
func TestExamples(t *testing.T) {
	s, err := plain.open("batch")
	if err != nil {
		t.Fatal(err)
	}
	check := func(name, example, from string) {
		text, want, ok := strings.Cut(example, " => ")
		if !ok {
			t.Errorf("%s: the example %q has no result", name, example)
			return
		}
		r, err := run(t.Context(), s, "SELECT CAST("+text+" AS STRING)"+from)
		switch {
		case err != nil:
			t.Errorf("%s: %s: %v", name, text, err)
		case len(r.rows) != 1:
			t.Errorf("%s: %s has %d rows", name, text, len(r.rows))
		default:
			got, ok := r.rows[0].values[0].(string)
			if !ok {
				got = "NULL"
			}
			if got != want {
				t.Errorf("%s: %s is %s, want %s", name, text, got, want)
			}
		}
	}
	for f := range expr.Functions() {
		check(f.Name, f.Example, "")
	}
	for f := range expr.Aggregates() {
		check(f.Name, f.Example, " FROM "+exampleRows)
	}
}
