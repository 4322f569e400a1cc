package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write docs/reference.md anew")

// The page in docs says what the code declares.
func TestPageIsCurrent(t *testing.T) {
	const path = "../../docs/reference.md"
	want := page()
	if *rewrite {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(got), "\n"), strings.Split(want, "\n")); diff != "" {
		t.Errorf("docs/reference.md is not what the code declares: go run ./test/reference (-page +declared):\n%s", diff)
	}
}

// Every part of the page has its entries, and every row of a table as many cells as its head.
func TestPage(t *testing.T) {
	text := page()
	for _, part := range []string{
		"| `s3.endpoint` | String |", "| `parallelism.default` | Int | number of cores |", "`MILLSTREAM_CONF`", "\n### filesystem\n", "\n### parquet\n",
		"| `csv.field-delimiter` |", "| `file.path` |", "| `late-records.dead-letter` |", "| `COUNT([any]) → BIGINT` |", "| `UPPER(text) → STRING` |", "\n- Use: source, sink of inserts.\n",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing", part)
		}
	}
	cells := 0
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if cells == 0 {
			cells = n
		}
		if n != cells || !strings.HasSuffix(line, " |") && !strings.HasSuffix(line, "---|") {
			t.Errorf("line %d has %d bars, its head %d: %s", i+1, n, cells, line)
		}
	}
}

func TestEscapes(t *testing.T) {
	for _, test := range [][2]string{
		{code("a|b"), "`a\\|b`"}, {code("\n"), "`\\n`"}, {code("`"), "`` ` ``"}, {code(""), ""},
		{prose("'_' or A_B or <x> of s3://*"), `'\_' or A_B or \<x> of s3://\*`}, {example("'a' || 'b' => ab"), "`'a' \\|\\| 'b'` → `ab`"},
	} {
		if test[0] != test[1] {
			t.Errorf("got %s, want %s", test[0], test[1])
		}
	}
}
