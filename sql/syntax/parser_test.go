package syntax

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestKeywordTable(t *testing.T) {
	for kw := kwOther + 1; kw < kwCount; kw++ {
		word := keywords[kw].word
		for _, w := range []string{word, strings.ToLower(word), word[:1] + strings.ToLower(word[1:])} {
			if got, flags := lookupWord(w); got != kw || flags != keywords[kw].flags {
				t.Errorf("%s is looked up as %v", w, keywords[got].word)
			}
		}
	}
	for _, w := range []string{"", "FRO", "FROMM", "selec", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "größe"} {
		if kw, flags := lookupWord(w); kw != kwNone || flags != 0 {
			t.Errorf("%q is looked up as a keyword", w)
		}
	}
}

func TestIsReserved(t *testing.T) {
	for _, w := range strings.Fields(`value date time timestamp user count order comment year month day minute result rank
		start position method language offset partition row rows watermark function raw one min avg system period current
		abs modify`) {
		if !IsReserved(w) {
			t.Errorf("%s is not reserved", w)
		}
	}
	for _, w := range strings.Fields(`key name type status data source first last map metadata catalog database model session
		text option label state hours total cnt number action class code version level description`) {
		if IsReserved(w) {
			t.Errorf("%s is reserved", w)
		}
	}
}

// Deep nesting ends in an error, not in an exhausted stack; what is not too deep parses.
func TestNesting(t *testing.T) {
	for name, nest := range map[string]func(n int) string{
		"parentheses": func(n int) string { return "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) },
		"calls":       func(n int) string { return "SELECT " + strings.Repeat("f(", n) + "1" + strings.Repeat(")", n) },
		"named":       func(n int) string { return "SELECT f(" + strings.Repeat("a => ", n) + "1)" },
		"signs":       func(n int) string { return "SELECT " + strings.Repeat("- ", n) + "1" },
		"not":         func(n int) string { return "SELECT " + strings.Repeat("NOT ", n) + "a" },
		"case": func(n int) string {
			return "SELECT " + strings.Repeat("CASE WHEN a THEN ", n) + "1" + strings.Repeat(" END", n)
		},
		"subqueries": func(n int) string { return strings.Repeat("SELECT (", n) + "SELECT 1" + strings.Repeat(")", n) },
		"derived":    func(n int) string { return strings.Repeat("SELECT * FROM (", n) + "SELECT 1" + strings.Repeat(")", n) },
		"queries":    func(n int) string { return strings.Repeat("(", n) + "SELECT 1" + strings.Repeat(")", n) },
		"joins": func(n int) string {
			return "SELECT * FROM " + strings.Repeat("(", n) + "a" + strings.Repeat(" JOIN b)", n)
		},
		"open joins": func(n int) string { return "SELECT * FROM a " + strings.Repeat(" JOIN b", n) },
		"types": func(n int) string {
			return "SELECT CAST(a AS " + strings.Repeat("ARRAY<", n) + "INT" + strings.Repeat(">", n) + ")"
		},
		"type suffix": func(n int) string { return "SELECT CAST(a AS INT" + strings.Repeat(" ARRAY", n) + ")" },
		"groups": func(n int) string {
			return "SELECT 1 FROM t GROUP BY " + strings.Repeat("CUBE (", n) + "a" + strings.Repeat(")", n)
		},
		"with": func(n int) string {
			return strings.Repeat("WITH a AS (", n) + "SELECT 1" + strings.Repeat(") SELECT 1", n)
		},
		"pattern": func(n int) string {
			return "SELECT * FROM t MATCH_RECOGNIZE (PATTERN (" + strings.Repeat("(", n) + "A" + strings.Repeat(")", n) + ") DEFINE A AS TRUE)"
		},
		"right deep":   func(n int) string { return "SELECT " + strings.Repeat("1 + (", n) + "1" + strings.Repeat(")", n) },
		"arrays":       func(n int) string { return "SELECT " + strings.Repeat("ARRAY[", n) + "1" + strings.Repeat("]", n) },
		"subscripts":   func(n int) string { return "SELECT a" + strings.Repeat("[1", n) + strings.Repeat("]", n) },
		"operators":    func(n int) string { return "SELECT 1" + strings.Repeat(" + 1", n*10) },
		"tests":        func(n int) string { return "SELECT a" + strings.Repeat(" IS NULL", n*10) },
		"fields":       func(n int) string { return "SELECT f(x)" + strings.Repeat(".a", n*10) },
		"subscripts 2": func(n int) string { return "SELECT a" + strings.Repeat("[1]", n*10) },
		"unions":       func(n int) string { return "SELECT 1" + strings.Repeat(" UNION SELECT 1", n*10) },
		"many joins":   func(n int) string { return "SELECT * FROM a" + strings.Repeat(" CROSS JOIN b", n*10) },
		"many tables":  func(n int) string { return "SELECT * FROM a" + strings.Repeat(", b", n*10) },
		"both": func(n int) string { // chains of operators inside the left operands of others
			return "SELECT " + strings.Repeat("(", n/50) + "1" + strings.Repeat(strings.Repeat(" + 1", 1000)+")", n/50)
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := nest(200)
			stmt, err := Parse(src)
			if err != nil {
				t.Fatalf("nesting of 200: %v", err)
			}
			checkRoundTrip(t, name, []Statement{stmt})
			_, err = Parse(nest(200_000))
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Msg, "too") {
				t.Errorf("nesting of 200000: %v", err)
			}
		})
	}
}

// Long lists are no nesting.
func TestLongLists(t *testing.T) {
	const n = 300_000
	for name, src := range map[string]string{
		"in":      "SELECT a IN (0" + strings.Repeat(", 1 + 1", n) + ") FROM t",
		"values":  "INSERT INTO t VALUES (0)" + strings.Repeat(", (1)", n),
		"select":  "SELECT 0" + strings.Repeat(", f(1) AS x", n),
		"columns": "CREATE TABLE t (a INT" + strings.Repeat(", a INT", n) + ")",
		"script":  strings.Repeat("SELECT 1;", n),
		"text":    "SELECT '" + strings.Repeat("it''s", n) + "'",
		"comment": "SELECT /* " + strings.Repeat("*", n) + " */ 1 -- " + strings.Repeat("-", n),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseScript(src); err != nil {
				t.Error(err)
			}
		})
	}
}

// Work grows with the length of the text and not faster, also where the parser looks ahead or fails: otherwise this does
// not end within the test's time.
func TestLinear(t *testing.T) {
	for _, part := range []string{
		"((((", "ARRAY((((", "_a-", "'a' ", "CASE ", "a.", "/*+ a */ ", "SET 'a' ", "STATEMENT SET ", "SELECT * FROM ((", "a ", "'\n", "`", "'a'\n",
	} {
		src := "SELECT " + strings.Repeat(part, 2_000_000/len(part)) + "'"
		if _, err := ParseScript(src); err == nil {
			t.Errorf("SELECT %s… parses", part)
		}
		var s Splitter
		for piece := range slices.Chunk([]byte(src), 1000) {
			s.Add(string(piece))
			for _, ok := s.Next(); ok; _, ok = s.Next() {
			}
		}
	}
}

func TestParse(t *testing.T) {
	for _, src := range []string{"", " ; ", "-- nothing", "SELECT 1; SELECT 2"} {
		if _, err := Parse(src); err == nil {
			t.Errorf("%q is one statement", src)
		}
	}
	if _, err := Parse("SELECT 1;"); err != nil {
		t.Error(err)
	}
	if stmts, err := ParseScript(";;-- nothing\n;"); err != nil || len(stmts) != 0 {
		t.Error(stmts, err)
	}
	if x, err := ParseExpr("a + 1"); err != nil || Format(x) != "a + 1" {
		t.Error(x, err)
	}
	if _, err := ParseExpr("a + 1 b"); err == nil {
		t.Error("an expression with something behind it parses")
	}
	if _, err := ParseExpr("t.*"); err == nil {
		t.Error("t.* is an expression")
	}
	if q, err := ParseQuery("TABLE t"); err != nil || Format(q) != "TABLE t" {
		t.Error(q, err)
	}
	if typ, err := ParseType("integer not null"); err != nil || typ.String() != "INT NOT NULL" {
		t.Error(typ, err)
	}
}

func TestErrorPlace(t *testing.T) {
	src := "SELECT 1,\n  größe FORM x"
	_, err := ParseScript(src)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if line, col := LineCol(src, e.From); line != 2 || col != 9 {
		t.Errorf("line %d, column %d", line, col)
	}
	want := "job.sql:2:9: unexpected word FORM: did you mean FROM?\n    größe FORM x\n          ^^^^"
	if got := FormatError("job.sql", src, e); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A place outside the text, of an error of another text, is no reason to fail.
	for _, s := range []Span{{-5, -1}, {100, 200}, {3, 1}} {
		FormatError("", src, &Error{Span: s, Msg: "m"})
	}
}

func TestStyle(t *testing.T) {
	stmt, err := Parse("SELECT a + 1 AS b, TO_DATE(x), UPPER(y) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	style := Style{QuoteNames: true, QuoteFunction: func(name string) bool { return name == "TO_DATE" }}
	want := "SELECT `a` + 1 AS `b`, `TO_DATE`(`x`), UPPER(`y`) FROM `t`"
	if got := style.Format(stmt); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
