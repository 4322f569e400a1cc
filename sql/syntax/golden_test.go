package syntax

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files of testdata anew")

// goldenCase is a case of a golden file: SQL, a line ----, and what comes of it: the statements in canonical form or
// the error. Cases are separated by blank lines; what stands before a line of ---- is SQL, lines of # are comments.
type goldenCase struct {
	comment, sql, want string
}

func readGolden(t testing.TB, file string) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	for block := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n\n") {
		var c goldenCase
		for strings.HasPrefix(block, "#") {
			line, rest, _ := strings.Cut(block, "\n")
			c.comment += line + "\n"
			block = rest
		}
		c.sql, c.want, _ = strings.Cut(block, "\n----")
		c.want = strings.TrimPrefix(c.want, "\n")
		if c.sql != "" || c.comment != "" {
			cases = append(cases, c)
		}
	}
	return cases
}

// outcome is what a golden file says of a script.
func outcome(sql string) string {
	stmts, err := ParseScript(sql)
	if err != nil {
		return FormatError("", sql, err.(*Error)) //nolint:errorlint // the parser gives no other errors, and gives them as they are
	}
	lines := make([]string, len(stmts))
	for i, s := range stmts {
		lines[i] = Format(s)
	}
	return strings.Join(lines, "\n")
}

// unescape lets golden files name characters that an editor may not keep.
var unescape = strings.NewReplacer(`\t`, "\t", `\r`, "\r", `\xff`, "\xff", `\u00a0`, "\u00a0")

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			var b strings.Builder
			for i, c := range readGolden(t, file) {
				if i > 0 {
					b.WriteString("\n")
				}
				b.WriteString(c.comment)
				if c.sql == "" {
					continue
				}
				sql := unescape.Replace(c.sql)
				got := strings.ReplaceAll(outcome(sql), "\t", `\t`)
				b.WriteString(c.sql + "\n----\n" + got + "\n")
				if got != c.want && !*rewrite {
					t.Errorf("%s\n---- got\n%s\n---- want\n%s", c.sql, got, c.want)
				}
				if stmts, err := ParseScript(sql); err == nil {
					checkRoundTrip(t, sql, stmts)
					checkPlaces(t, sql, stmts)
				}
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
