package conformance

import (
	"strings"
	"testing"

	"github.com/millstream/millstream/graph/expr"
)

// exampleRows is what the examples of aggregate functions are about; the reference page says so too.
const exampleRows = "(VALUES (1, 'a'), (2, 'b'), (3, CAST(NULL AS STRING))) AS t(x, s)"

// eventTable is what the example of CURRENT_WATERMARK is about: one row with an event time.
const eventTable = "CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen', 'number-of-rows' = '1')"

// Every function has an example, and it is true.
func TestExamples(t *testing.T) {
	batch, err := plain.open("batch")
	if err != nil {
		t.Fatal(err)
	}
	streaming, err := plain.open("streaming")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), streaming, eventTable); err != nil {
		t.Fatal(err)
	}
	s := batch
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
		if f.Name == "CURRENT_WATERMARK" {
			s = streaming
			check(f.Name, f.Example, " FROM t")
			s = batch
			continue
		}
		check(f.Name, f.Example, "")
	}
	for f := range expr.Aggregates() {
		check(f.Name, f.Example, " FROM "+exampleRows)
	}
}
