package expr

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// Functions that read the same column together give what each gives alone, batch after batch.
func TestSharedDocuments(t *testing.T) {
	col := &Column{0, "s", column.Str()}
	path := func(name, path string, c JSONClauses) Expr {
		e, err := NewJSONPath(name, col, Text(path), c)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	exprs := []Expr{
		path("JSON_VALUE", "$.a", JSONClauses{}), path("JSON_VALUE", "lax $.b.c", JSONClauses{OnEmpty: "DEFAULT", EmptyDefault: Text("none")}),
		path("JSON_QUERY", "$.b", JSONClauses{Wrapper: "WITH"}), path("JSON_EXISTS", "$.a", JSONClauses{OnError: "UNKNOWN"}),
		path("JSON_VALUE", "$.a", JSONClauses{Returning: column.Of(column.Int)}), path("JSON_QUERY", "$.b[*]", JSONClauses{Returning: column.ArrayOf(column.Str())}),
	}
	together, err := CompileProjection(exprs)
	if err != nil {
		t.Fatal(err)
	}
	documents := rapid.SampledFrom([]string{
		`{"a": 1, "b": {"c": "x"}}`, `{"a": "a text of more than twelve bytes", "b": [1, "2", null]}`, `bad`, `{"b": []}`, `[]`, `5`, "", `{"a": {"deep": [[1]]}, "a": 2}`, `NULL`,
	})
	rapid.Check(t, func(t *rapid.T) {
		for range 4 {
			n := rapid.IntRange(0, 40).Draw(t, "rows")
			v := column.NewVector(column.Str(), n)
			for range n {
				if doc := documents.Draw(t, "document"); doc == "NULL" {
					v.AppendNull()
				} else {
					v.AppendString(doc)
				}
			}
			b := &column.Batch{Len: n, Cols: []*column.Vector{v}, Sel: columntest.RandomSelection(t, n)}
			var out column.Batch
			if err := together.Eval(b, &out); err != nil {
				t.Fatal(err)
			}
			for k, e := range exprs {
				p, err := Compile(e)
				if err != nil {
					t.Fatal(err)
				}
				alone := column.NewVector(e.Type(), 0)
				if err := p.Eval(b, alone); err != nil {
					t.Fatal(err)
				}
				for i := range b.Rows() {
					if got, want := columntest.Key(out.Cols[k], b.Row(i)), columntest.Key(alone, i); got != want {
						t.Fatalf("%s of row %d is %s, want %s", e, i, got, want)
					}
				}
			}
		}
	})
}

func TestJSONCallsThatDoNotFit(t *testing.T) {
	doc := Text("{}")
	for want, call := range map[string]func() (Expr, error){
		"JSON_VALUE can return VARCHAR, BOOLEAN, INT or DOUBLE, not BIGINT; cast its text": func() (Expr, error) {
			return NewJSONPath("JSON_VALUE", doc, Text("$"), JSONClauses{Returning: column.Of(column.BigInt)})
		},
		"JSON_QUERY can return VARCHAR or ARRAY<STRING>, not INT": func() (Expr, error) {
			return NewJSONPath("JSON_QUERY", doc, Text("$"), JSONClauses{Returning: column.Of(column.Int)})
		},
		"EMPTY OBJECT is no value of ARRAY<STRING>; write EMPTY ARRAY": func() (Expr, error) {
			return NewJSONPath("JSON_QUERY", doc, Text("$"), JSONClauses{Returning: column.ArrayOf(column.Str()), OnError: "EMPTY OBJECT"})
		},
		"a DEFAULT of JSON_VALUE must be of type INT, not DATE": func() (Expr, error) {
			return NewJSONPath("JSON_VALUE", doc, Text("$"), JSONClauses{Returning: column.Of(column.Int), OnEmpty: "DEFAULT", EmptyDefault: &Literal{int64(0), column.Of(column.Date)}})
		},
		"JSON_VALUE takes a text as argument 1, not INT":                              func() (Expr, error) { return NewJSONPath("JSON_VALUE", Int(1), Text("$"), JSONClauses{}) },
		"JSON_OBJECT takes keys and values in turn, and there is a key without value": func() (Expr, error) { return NewJSONObject([]Expr{Text("a")}, "") },
		"the keys of JSON_OBJECT must be texts, not INT":                              func() (Expr, error) { return NewJSONObject([]Expr{Int(1), Int(1)}, "") },
		"JSON_ARRAY: there is no JSON for values of type DATE; cast them to STRING":   func() (Expr, error) { return NewJSONArray([]Expr{NullOf(column.Of(column.Date))}, "") },
		"JSON_ARRAY: the keys of a JSON object are texts, and those of MAP<INT, INT> are not": func() (Expr, error) {
			return NewJSONArray([]Expr{NullOf(column.MapOf(column.Of(column.Int), column.Of(column.Int)))}, "")
		},
	} {
		if e, err := call(); err == nil || err.Error() != want {
			t.Errorf("%v, %v, want %s", e, err, want)
		}
	}
}

// Fields, keys and members stand by name however deep, and what is JSON already stays.
func TestJSONConstructors(t *testing.T) {
	inner, err := NewJSONObject([]Expr{Text("z"), Int(1), Text("a"), NullOf(column.Str())}, "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := NewJSONArray([]Expr{inner, Text("{}"), NullOf(column.Str()), Double(1e20), &Literal{column.Int128Of(1500), column.DecimalOf(6, 3).Required()}}, "NULL")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := NewJSONObject([]Expr{Text("b"), list, Text("a\"b"), Bool(true), Text("b"), list}, "ABSENT")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(outer), `JSON_OBJECT('b' VALUE `+fmt.Sprint(list)+`, 'a"b' VALUE TRUE, 'b' VALUE `+fmt.Sprint(list)+` ABSENT ON NULL)`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	folded, err := Fold(outer)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := folded.(*Literal).Value, `{"a\"b":true,"b":[{"a":null,"z":1},"{}",null,1.0E+20,1.500]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
