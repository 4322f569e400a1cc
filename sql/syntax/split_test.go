package syntax

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// splitAll gives a splitter the input in the given pieces and returns the statements, and what is left.
func splitAll(pieces ...string) (statements []string, rest string) {
	var s Splitter
	input := strings.Join(pieces, "")
	for _, p := range pieces {
		s.Add(p)
		for {
			piece, ok := s.Next()
			if !ok {
				break
			}
			if input[piece.Offset:piece.Offset+len(piece.Text)] != piece.Text {
				statements = append(statements, "WRONG OFFSET")
			}
			statements = append(statements, piece.Text)
		}
	}
	left, _ := s.Rest()
	if input[left.Offset:left.Offset+len(left.Text)] != left.Text {
		left.Text = "WRONG OFFSET"
	}
	return statements, left.Text
}

func TestSplitter(t *testing.T) {
	for _, tt := range []struct {
		name, input string
		want        []string
		rest        string
	}{
		{"two", "SELECT 1;\nSELECT 2;\n", []string{"SELECT 1", "SELECT 2"}, ""},
		{"incomplete", "SELECT 1; SELECT 2", []string{"SELECT 1"}, "SELECT 2"},
		{"empty ones", ";; -- nothing;\n ; /* ; */ ;", nil, ""},
		{"quotes", "SELECT ';', `;`, U&';', X'00' ; x", []string{"SELECT ';', `;`, U&';', X'00'"}, "x"},
		{"doubled quotes", "SELECT 'it''s;', `a``;`;", []string{"SELECT 'it''s;', `a``;`"}, ""},
		{"comments", "-- a;\nSELECT 1 // b;\n /* ; */;", []string{"-- a;\nSELECT 1 // b;\n /* ; */"}, ""},
		{"open text", "SELECT 'a;\nb;", nil, "SELECT 'a;\nb;"},
		{"open comment", "SELECT 1 /* ;\n;", nil, "SELECT 1 /* ;\n;"},
		{"only a comment is left", "SELECT 1; -- end", []string{"SELECT 1"}, ""},
		{"hint", "SELECT * FROM t /*+ OPTIONS('a' = '*/;') */;", []string{"SELECT * FROM t /*+ OPTIONS('a' = '*/;') */"}, ""},
		{
			"statement set", "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END; INSERT INTO b SELECT 1; END; SELECT 1;",
			[]string{"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END; INSERT INTO b SELECT 1; END", "SELECT 1"}, "",
		},
		{
			"explained set", "explain changelog_mode statement set begin insert into a select 1; end; SELECT 1;",
			[]string{"explain changelog_mode statement set begin insert into a select 1; end", "SELECT 1"}, "",
		},
		{
			"compiled set", "COMPILE PLAN 'f' FOR STATEMENT SET BEGIN INSERT INTO a SELECT 1; END",
			nil, "COMPILE PLAN 'f' FOR STATEMENT SET BEGIN INSERT INTO a SELECT 1; END",
		},
		{"statements of a set", "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;", []string{"BEGIN STATEMENT SET", "INSERT INTO a SELECT 1", "END"}, ""},
		{"setting", "SET a = s3://b/c; SET 'x' = ';'; RESET a-b//c; SET ;", []string{"SET a = s3://b/c", "SET 'x' = ';'", "RESET a-b//c", "SET"}, ""},
		{"bad characters", "SELECT \"a;b; SELECT #; ! ;", []string{"SELECT \"a", "b", "SELECT #", "!"}, ""},
		{"no UTF-8", "SELECT \xff; SELECT '\xc3';", []string{"SELECT \xff", "SELECT '\xc3'"}, ""},
		{"byte order mark", "\ufeffSELECT 1;", []string{"SELECT 1"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, pieces := range map[string][]string{
				"at once":             {tt.input},
				"by line":             strings.SplitAfter(tt.input, "\n"),
				"with nothing behind": {tt.input, ""},
			} {
				got, rest := splitAll(pieces...)
				if !slices.Equal(got, tt.want) || rest != tt.rest {
					t.Errorf("%s: got %q and rest %q, want %q and rest %q", name, got, rest, tt.want, tt.rest)
				}
			}
		})
	}
}

// How the input is cut into pieces makes no difference.
func TestSplitterPieces(t *testing.T) {
	words := []string{
		"SELECT", " ", "\n", ";", "'", "''", "`", "--", "//", "/*", "*/", "/*+", "END", "BEGIN", "STATEMENT SET", "EXECUTE ", "INSERT",
		"SET ", "=", "a", "1", "s3://", "\"", "U&'", "X'", "é", ".", "<", ">",
	}
	rapid.Check(t, func(rt *rapid.T) {
		input := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 30).Draw(rt, "words"), "")
		want, wantRest := splitAll(input)
		var pieces []string
		for rest := input; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "n")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		got, rest := splitAll(pieces...)
		if !slices.Equal(got, want) || rest != wantRest {
			rt.Fatalf("%q in pieces %q: %q and rest %q, at once %q and rest %q", input, pieces, got, rest, want, wantRest)
		}
	})
}

// A script that parses is cut into the statements that the parser finds.
func TestSplitterAgreesWithParser(t *testing.T) {
	for _, file := range []string{"testdata/statements.txt", "testdata/queries.txt", "testdata/tables.txt"} {
		for _, c := range readGolden(t, file) {
			stmts, err := ParseScript(c.sql)
			if err != nil {
				continue
			}
			got, rest := splitAll(c.sql + "\n;")
			if len(got) != len(stmts) || rest != "" {
				t.Errorf("%s\nis cut into %d statements, the parser finds %d: %q, rest %q", c.sql, len(got), len(stmts), got, rest)
				continue
			}
			for i, text := range got {
				stmt, err := Parse(text)
				if err != nil || Format(stmt) != Format(stmts[i]) {
					t.Errorf("%s is another statement than that of the script: %v", text, err)
				}
			}
		}
	}
}
