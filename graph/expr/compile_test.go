package expr

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// intBatch has one column n INT; "NULL" is a null.
func intBatch(values ...any) (*column.Batch, *Column) {
	n := &Column{0, "n", column.Of(column.Int)}
	b := column.NewBatch([]column.Field{{Name: "n", Type: n.T}}, len(values))
	for _, x := range values {
		if x, ok := x.(int); ok {
			column.Append(b.Cols[0], int32(x))
		} else {
			b.Cols[0].AppendNull()
		}
	}
	b.Len = len(values)
	return b, n
}

func mustParse(t *testing.T, text string, cols ...*Column) Expr {
	t.Helper()
	e, err := sqlExpr(text, cols...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// Branches are computed only for the rows that reach them: elsewhere they would fail.
func TestBranchesThatFail(t *testing.T) {
	b, n := intBatch(0, 1, nil, 2)
	for text, want := range map[string][]string{
		"CASE WHEN n = 0 THEN -1 ELSE 10 / n END":         {"-1", "10", "NULL!", "5"},
		"COALESCE(NULLIF(n, 0), 7) + 10 / COALESCE(n, 1)": nil, // the division sees the zero
		"n = 0 OR 10 / n > 5":                             {"TRUE", "TRUE", "NULL!", "FALSE"},
		"n <> 0 AND 10 / n > 5":                           {"FALSE", "TRUE", "NULL!", "FALSE"},
		"IF(n > 0, 10 / n, n)":                            {"0", "10", "NULL!", "5"},
		"CASE WHEN FALSE THEN 1 / 0 ELSE n END":           {"0", "1", "NULL!", "2"},
		"CASE WHEN n > 5 THEN 1 / 0 ELSE n END":           {"0", "1", "NULL!", "2"},
		"10 / NULLIF(n, 0)":                               {"NULL!", "10", "NULL!", "5"},
		"10 / n":                                          nil,
		"CASE WHEN n IS NULL THEN ARRAY[0] ELSE ARRAY[n, 10 / NULLIF(n, 0)] END": {"[0, NULL]", "[1, 10]", "[0]", "[2, 5]"},
	} {
		p, err := CompileProjection([]Expr{mustParse(t, text, n)})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var out column.Batch
			err := p.Eval(b, &out)
			if want == nil {
				if err == nil || !strings.Contains(err.Error(), "division by zero") {
					t.Errorf("%s: %v", text, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", text, err)
			} else if diff := cmp.Diff(want, columntest.Texts(out.Cols[0])); diff != "" {
				t.Errorf("%s: %s", text, diff)
			}
		}
	}
}

// A selection keeps rows from failing, too.
func TestSelectionKeepsRowsFromFailing(t *testing.T) {
	b, n := intBatch(0, 1, 2)
	p, err := Compile(mustParse(t, "10 / n", n))
	if err != nil {
		t.Fatal(err)
	}
	b.Sel = []int32{1, 2}
	var out column.Vector
	if err := p.Eval(b, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"10", "5"}, columntest.Texts(&out)); diff != "" {
		t.Error(diff)
	}
}

// What several expressions share is computed once; what is volatile is computed each time.
func TestSharedSubexpressions(t *testing.T) {
	_, n := intBatch()
	steps := func(texts ...string) int {
		var list []Expr
		for _, text := range texts {
			list = append(list, mustParse(t, text, n))
		}
		p, err := CompileProjection(list)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, root := range p.roots {
			total += len(root.steps)
		}
		return total
	}
	for _, c := range []struct {
		texts []string
		steps int
	}{
		{[]string{"n"}, 1},
		{[]string{"n", "n"}, 1},
		{[]string{"n + 1", "(n + 1) * 2"}, 3},
		{[]string{"n + 1", "n + 2"}, 3},
		{[]string{"n + (1 + 1)", "n + 2"}, 2},
		{[]string{"RAND()", "RAND()"}, 2},
		{[]string{"COALESCE(n + 1, n + 1)"}, 4}, // the column, the sum, whether it is null, the choice
	} {
		if got := steps(c.texts...); got != c.steps {
			t.Errorf("%v take %d steps, want %d", c.texts, got, c.steps)
		}
	}
}

// Columns are passed through, whatever the selection, and constants are one value with many rows.
func TestProjectionCopiesNothing(t *testing.T) {
	b, n := intBatch(1, 2, 3)
	b.Sel = []int32{2}
	b.AddKinds(3)[2] = column.Delete
	p, err := CompileProjection([]Expr{n, Text("a constant of some length")})
	if err != nil {
		t.Fatal(err)
	}
	var out column.Batch
	if err := p.Eval(b, &out); err != nil {
		t.Fatal(err)
	}
	if out.Cols[0] != b.Cols[0] || out.Rows() != 1 || out.Row(0) != 2 || out.Kind(2) != column.Delete {
		t.Errorf("the column is copied, or the batch's rows are not its own: %+v", out)
	}
	if got := string(column.AppendText(nil, out.Cols[1], out.Row(0), nil)); got != "a constant of some length" {
		t.Error(got)
	}
}

func TestFold(t *testing.T) {
	_, n := intBatch()
	for text, want := range map[string]string{
		"1 + 2 * 3":                              "7",
		"n + (1 + 2)":                            "(n + 3)",
		"UPPER('a') || 'b'":                      "'Ab'",
		"TRUE AND n > 1":                         "(n > 1)",
		"n > 1 AND FALSE":                        "((n > 1) AND FALSE)",
		"FALSE AND n > 1":                        "FALSE",
		"n > 1 OR TRUE":                          "((n > 1) OR TRUE)",
		"CAST(NULL AS BOOLEAN) OR n > 1":         "(NULL:BOOLEAN OR (n > 1))",
		"CASE WHEN 1 > 2 THEN n ELSE 5 END":      "5",
		"CASE WHEN 1 < 2 THEN n ELSE 5 END":      "n",
		"1 / 0":                                  "(1 / 0)",
		"CASE WHEN n > 1 THEN 1 + 1 ELSE 3 END":  "CASE WHEN (n > 1) THEN 2 ELSE 3 END",
		"DATE '2024-01-31' + INTERVAL '1' MONTH": "DATE '2024-02-29'",
	} {
		e, err := Fold(mustParse(t, text, n))
		if err != nil {
			t.Fatal(err)
		}
		if got := e.String(); got != want {
			t.Errorf("%s folds to %s, want %s", text, got, want)
		}
	}
}

func TestConjuncts(t *testing.T) {
	_, n := intBatch()
	e := mustParse(t, "n > 1 AND (n < 5 AND n <> 3) AND (n = 4 OR n = 2)", n)
	list := Conjuncts(e)
	if len(list) != 4 || list[3].String() != "((n = 4) OR (n = 2))" {
		t.Errorf("%v", list)
	}
	if got := And(list).String(); got != "((n > 1) AND (n < 5) AND (n <> 3) AND ((n = 4) OR (n = 2)))" {
		t.Error(got)
	}
	if !IsTrue(And(nil)) || !IsFalse(Or(nil)) || And(list[:1]) != list[0] {
		t.Error("And and Or of few")
	}
}

func TestZoneAndClock(t *testing.T) {
	tokyo := time.FixedZone("", 9*3600)
	now := time.Date(2024, 5, 1, 20, 30, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"CAST(TO_TIMESTAMP_LTZ(0, 0) AS STRING)":      "1970-01-01 09:00:00.000",
		"CAST(TO_TIMESTAMP_LTZ(0, 0) AS TIMESTAMP)":   "1970-01-01 09:00:00.000000",
		"CAST(CURRENT_TIMESTAMP AS STRING)":           "2024-05-02 05:30:00.000",
		"CURRENT_DATE":                                "2024-05-02",
		"LOCALTIME":                                   "05:30:00",
		"LOCALTIMESTAMP":                              "2024-05-02 05:30:00.000",
		"HOUR(CURRENT_TIMESTAMP)":                     "5",
		"DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy HH X')": "2024 05 +09",
	} {
		p, err := Compile(mustParse(t, text), InZone(tokyo), WithClock(func() time.Time { return now }))
		if err != nil {
			t.Fatal(err)
		}
		var out column.Vector
		if err := p.Eval(&column.Batch{Len: 1}, &out); err != nil {
			t.Fatal(err)
		}
		if got := columntest.Texts(&out)[0]; got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"UPER": "UPPER", "substing": "SUBSTRING", "COUNTT": "COUNT", "LTIRM": "LTRIM", "zzzzzzzz": ""} {
		if got := NearestFunction(name); got != want {
			t.Errorf("nearest to %s is %q, want %q", name, got, want)
		}
	}
	if f, ok := Lookup("char_length"); !ok || f.Name != "CHAR_LENGTH" {
		t.Error("names are of any case")
	}
	if f, ok := Lookup("CHARACTER_LENGTH"); !ok || f.Name != "CHAR_LENGTH" {
		t.Error("aliases are names")
	}
	if _, err := NewCall("UPER", Text("a")); err == nil || !strings.Contains(err.Error(), "UPPER") {
		t.Errorf("a wrong name: %v", err)
	}
}

func TestCallsThatDoNotFit(t *testing.T) {
	for text, want := range map[string]string{
		"UPPER()":        "UPPER takes a text, not no arguments",
		"UPPER(1)":       "UPPER takes a text as argument 1, not INT",
		"SUBSTRING('a')": "SUBSTRING takes a text, an integer, an integer (optional), not one argument",
		"1 = 'a'":        "= cannot compare INT with CHAR(1)",
		"DATE '2024-01-01' = TIMESTAMP '2024-01-01 00:00:00'": "cannot compare DATE with TIMESTAMP(0)",
		"TRUE + TRUE":           "+ takes two numbers, not (BOOLEAN, BOOLEAN)",
		"5 % CAST(1 AS DOUBLE)": "% takes two integers or DECIMALs",
		"ROW(1) > ROW(2)":       "> cannot compare ROW",
		"ARRAY[1, 'a']":         "types with a common one, not (INT, CHAR(1))",
		"ARRAY[1][0]":           "positions in an array begin at 1",
		"GREATEST(1, 'a')":      "GREATEST takes arguments that compare",
		"CONCAT('a', 5)":        "CONCAT takes a text as argument 2, not INT",
		"CARDINALITY('abc')":    "CARDINALITY takes an array, map or multiset",
		"NOT 5":                 "NOT takes BOOLEAN operands",
		"MAP['a']":              "MAP takes keys and values in turn",
		"EXTRACT(FORTNIGHT FROM DATE '2024-01-01')": "is no unit of time",
		"TIMESTAMPDIFF(DAY, 'a', 'b')":              "TIMESTAMPDIFF takes dates and timestamps",
	} {
		if _, err := sqlExpr(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
