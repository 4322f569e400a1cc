package expr

import (
	"strings"
	"testing"
)

func TestSignatures(t *testing.T) {
	known := map[string]bool{}
	for f := range Functions() {
		known[f.Name] = true
		if s := f.Signature(); strings.Contains(s, "(…)") {
			t.Errorf("%s: what does it take?", s)
		}
	}
	for f := range Aggregates() {
		known[f.Name] = true
		if s := f.Signature(); strings.Contains(s, "(…)") {
			t.Errorf("%s: what does it take?", s)
		}
	}
	for name := range forms {
		if !known[name] {
			t.Errorf("there is no function %s to be written as %s", name, forms[name])
		}
	}
	for name, want := range map[string]string{
		"ABS": "ABS(number) → the same", "RAND": "RAND([integer]) → DOUBLE", "LOCATE": "LOCATE(text, text [, integer]) → INT", "CONCAT": "CONCAT(text, …) → STRING",
		"ARRAY_SORT": "ARRAY_SORT(array [, BOOLEAN [, BOOLEAN]]) → as argument 1", "SHA256": "SHA256(text or binary) → CHAR(64)",
	} {
		if f, _ := Lookup(name); f.Signature() != want {
			t.Errorf("%s, want %s", f.Signature(), want)
		}
	}
	if f, _ := LookupAggregate("COUNT"); f.Signature() != "COUNT([any]) → BIGINT" {
		t.Error(f.Signature())
	}
}
