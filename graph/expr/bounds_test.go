package expr

import (
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
)

// What is deep, long or large ends in a result or an error, soon.
func TestExtremes(t *testing.T) {
	x := &Column{0, "x", column.Of(column.BigInt)}
	s := &Column{1, "s", column.Str()}
	short := &Column{2, "short", column.Str()}
	batch := column.NewBatch([]column.Field{{Name: "x", Type: x.T}, {Name: "s", Type: s.T}, {Name: "short", Type: s.T}}, 1)
	column.Append(batch.Cols[0], int64(77_777))
	batch.Cols[1].AppendString(strings.Repeat("ab,", 1<<20))
	batch.Cols[2].AppendString("a text of more than twelve bytes")
	batch.Len = 1
	call := func(name string, args ...Expr) Expr {
		e, err := NewCall(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	chain := func(n int, next func(e Expr) Expr, e Expr) Expr {
		for range n {
			e = next(e)
		}
		return e
	}
	list := []Expr{x}
	for i := range int64(200_000) {
		list = append(list, Long(i))
	}
	var when, then []Expr
	for i := range int64(5000) {
		when, then = append(when, call("=", x, Long(i))), append(then, Text("v"))
	}
	branches, err := NewCase(when, then, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		e    Expr
		want string // of the error; "" for none
	}{
		{"IN of many", call("IN", list...), ""},
		{"deep calls", chain(2000, func(e Expr) Expr { return call("UPPER", e) }, short), ""},
		{"deep sums", chain(5000, func(e Expr) Expr { return call("+", e, Long(1)) }, x), ""},
		{"deep CASE", chain(400, func(e Expr) Expr { return call("IF", call(">", x, Long(3)), e, Long(1)) }, x), ""},
		{"deep logic", chain(1000, func(e Expr) Expr { return call("OR", call("AND", e, Bool(true)), call("=", x, Long(1))) }, call("=", x, Long(2))), ""},
		{"many branches", branches, ""},
		{"a long split", call("CARDINALITY", call("SPLIT", s, Text(","))), ""},
		{"a long replacement", call("CHAR_LENGTH", call("REGEXP_REPLACE", s, Text("(?<=a)b"), Text("xyz"))), ""},
		{"many matches", call("REGEXP_COUNT", s, Text("(a|b)*?,")), ""},
		{"a pattern that would take for ever", call("REGEXP", s, Text(`((a|b|,)*)*\1\1c`)), "too many steps"},
		{"a wide format", call("PRINTF", Text("%999999999d"), x), "characters"},
		{"a long repetition", call("REPEAT", s, Int(1<<30)), "bytes"},
		{"a long LIKE", call("LIKE", s, Text(strings.Repeat("%a", 1000))), ""},
		{"a long SIMILAR TO", call("SIMILAR TO", s, Text("(ab,)*")), ""},
		{"a long number", call("TRUNCATE", &Cast{Arg: s, T: column.Of(column.Double), Try: true}, Int(2)), ""},
		{"long translations", call("CHAR_LENGTH", call("TRANSLATE", s, Text("ab"), Text("日本"))), ""},
		{"a long date", call("TO_TIMESTAMP", s, Text("yyyy-MM-dd")), ""},
		{"a long address", call("PARSE_URL", s, Text("HOST")), ""},
	} {
		start := time.Now()
		var out column.Vector
		p, err := Compile(c.e)
		if err == nil {
			err = p.Eval(batch, &out)
		}
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			text := "no error"
			if err != nil {
				text = err.Error()
			}
			t.Errorf("%s: %.200s, want an error with %q", c.name, text, c.want)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s takes %v", c.name, d)
		}
	}
}
