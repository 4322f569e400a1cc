package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/millstream/millstream/sql/syntax"
)

// FuzzExecute plans whatever parses: a statement may be refused at a place in the text, and nothing else may go wrong.
func FuzzExecute(f *testing.F) {
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		script, err := Parse("", string(archive.Files[0].Data))
		if err != nil {
			f.Fatal(err)
		}
		for _, st := range script.Statements {
			f.Add(st.Text())
		}
	}
	for _, text := range corpusTexts(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := Parse("", text)
		if err != nil {
			return
		}
		s := New(Config{Settings: testSettings()})
		for _, ddl := range []string{tableDDL, empDDL, ordersDDL} {
			if _, err := run(s, "", ddl); err != nil {
				t.Fatal(err)
			}
		}
		for _, st := range script.Statements {
			_, err := s.Execute(t.Context(), st)
			if err == nil {
				continue
			}
			var place *syntax.Error
			if errors.As(err, &place) && (place.From < st.Node.Pos() || place.To > st.Node.End() || place.From > place.To) {
				t.Errorf("the error is at %d to %d, outside of the statement at %d to %d: %v", place.From, place.To, st.Node.Pos(), st.Node.End(), err)
			}
		}
	})
}

const (
	empDDL = "CREATE TABLE emp (id INT, name STRING, dept_id INT, dept INT, salary DOUBLE, r ROW<x INT, y STRING>, arr ARRAY<INT>, m MAP<STRING, INT>, dt DATE, " +
		"d DECIMAL(10, 2)) WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines')"
	ordersDDL = "CREATE TABLE orders (order_id INT, user_name STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts) " +
		"WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines')"
)

// corpusTexts are the expressions and the refused statements of the conformance corpus.
func corpusTexts(t testing.TB) []string {
	var list []string
	for _, file := range []string{"functions.jsonl", "errors.jsonl", "errors2.jsonl"} {
		data, err := os.ReadFile(filepath.Join("../../test/conformance/testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var entry struct{ Expr, SQL string }
			if err := json.Unmarshal(line, &entry); err != nil {
				t.Fatal(file, err)
			}
			if entry.Expr != "" {
				entry.SQL = "SELECT " + entry.Expr
			}
			list = append(list, entry.SQL)
		}
	}
	return list
}

// What is deep, long or no text at all ends in a plan or in an error at a place, soon.
func TestHugeStatements(t *testing.T) {
	repeat := strings.Repeat
	for name, text := range map[string]string{
		"parentheses": "SELECT " + repeat("(", 100_000) + "1" + repeat(")", 100_000),
		"calls":       "SELECT " + repeat("ABS(", 20_000) + "1" + repeat(")", 20_000),
		"signs":       "SELECT " + repeat("- ", 50_000) + "id FROM emp",
		"nots":        "SELECT " + repeat("NOT ", 50_000) + "TRUE",
		"rows":        "SELECT " + repeat("ROW(", 5_000) + "1" + repeat(")", 5_000),
		"cases":       "SELECT " + repeat("CASE WHEN TRUE THEN ", 5_000) + "1" + repeat(" END", 5_000),
		"casts":       "SELECT " + repeat("CAST(", 5_000) + "1" + repeat(" AS BIGINT)", 5_000),
		"sum":         "SELECT 1" + repeat(" + id", 20_000) + " FROM emp",
		"or":          "SELECT id FROM emp WHERE id = 1" + repeat(" OR id = 2", 20_000),
		"in":          "SELECT id FROM emp WHERE id IN (1" + repeat(", 2", 100_000) + ")",
		"rows in":     "SELECT id FROM emp WHERE (id, name) IN ((1, 'a')" + repeat(", (2, 'b')", 5_000) + ")",
		"columns":     "SELECT id" + repeat(", id", 5_000) + " FROM emp",
		"over":        "SELECT id" + repeat(", SUM(id) OVER (PARTITION BY name ORDER BY id)", 500) + " FROM emp",
		"windows":     "SELECT SUM(id) OVER w0 FROM emp WINDOW w0 AS (w1), w1 AS (w0)",
		"cube":        "SELECT COUNT(*) FROM emp GROUP BY CUBE (id" + repeat(", id + 1", 100) + ")",
		"sets":        "SELECT COUNT(*) FROM emp GROUP BY " + repeat("GROUPING SETS (id, name, ()), ", 50) + "id",
		"number":      "SELECT " + repeat("9", 1_000_000),
		"fraction":    "SELECT 0." + repeat("1", 1_000_000),
		"exponent":    "SELECT 1e" + repeat("9", 100_000),
		"text":        "SELECT '" + repeat("x", 5_000_000) + "'",
		"binary":      "SELECT X'" + repeat("ab", 1_000_000) + "'",
		"interval":    "SELECT INTERVAL '" + repeat("9", 100_000) + "' DAY(6)",
		"type":        "SELECT CAST(NULL AS " + repeat("ARRAY<", 5_000) + "INT" + repeat(">", 5_000) + ")",
		"subqueries":  "SELECT " + repeat("(SELECT ", 1_000) + "1" + repeat(")", 1_000),
		"nested":      "SELECT " + repeat("(SELECT ", 95) + "MAX(id) FROM emp" + repeat(")", 95),
		"no UTF-8":    "SELECT '\xff\xfe', id AS `\xc3` FROM emp WHERE name = '\xed\xa0\x80'",
		"zeros":       "SELECT '\x00' \x00",
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{Settings: testSettings()})
			if _, err := run(s, "", empDDL); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			script, err := Parse("", text)
			if err == nil {
				_, err = s.Execute(t.Context(), script.Statements[0])
			}
			var place *syntax.Error
			if err != nil && !errors.As(err, &place) {
				t.Errorf("an error without a place: %.300s", err)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("takes %s", d)
			}
		})
	}
}
