package jsonpath

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column/jsontext"
)

// at follows a path in a strict document, or in a lax one, and prints what is found.
func at(t *testing.T, doc, path string, lax bool) string {
	t.Helper()
	p, err := Compile(path)
	if err != nil {
		return "no path"
	}
	var d jsontext.Doc
	if err := d.Parse([]byte(doc)); err != nil {
		t.Fatal(err)
	}
	var e Evaluator
	items, err := e.Find(p, &d, lax)
	switch {
	case errors.Is(err, ErrNotFound):
		return "not found"
	case err != nil:
		return "error"
	}
	var list []string
	for _, it := range items {
		list = append(list, string(new(jsontext.Printer).Append(nil, it.Doc, it.Node)))
	}
	if !p.Definite() {
		return "[" + strings.Join(list, ",") + "]"
	}
	return strings.Join(list, "; ")
}

const (
	numbers = `{"a":[1,2,3,4,5]}`
	objects = `{"a":{"x":{"k":1},"y":{"k":2},"z":3}}`
	records = `[{"a":1},{"a":2},{"b":3}]`
	texts   = `[{"a":"x"},{"a":"yy"},{"a":null}]`
	sizes   = `[{"a":[1,2]},{"a":[]},{"a":"s"}]`
	deep    = `[{"b":[{"c":1},{"c":2}]}]`
)

// What Apache Flink 2.3 finds, as far as it can evaluate the path.
func TestFind(t *testing.T) {
	for _, test := range [][3]string{
		{`{"a":1}`, "$.a", "1"}, {`{"a":1}`, "a", "1"}, {`5`, "$", "5"}, {`{"a":1}`, "$a", "no path"}, {`{"a":1}`, "", "no path"}, {`{"a":1}`, "$.", "no path"},
		{`{"a":1}`, "$[", "no path"}, {`{"a":1}`, "$.a.", "no path"}, {`{"a":1}`, "$ .a", "no path"}, {`{"a":1}`, " $.a", "no path"}, {`{"a":1}`, "$.a ", "1"},
		{`{"a":1}`, "$...a", "no path"}, {`{"a":1}`, "$.b", "not found"}, {`{"a":1}`, "$.a.b", "not found"}, {`{"a":{"b":1}}`, "$.b.c", "not found"},
		{`{"a b":{"c":1}}`, "$['a b'].c", "1"}, {`{"a.b":[0.998]}`, `$.["a.b"][0]`, "0.998"}, {`{"a'b":1}`, `$['a\'b']`, "1"}, {`{"a-b":1}`, "$.a-b", "1"},
		{`{"ключ":1}`, "$.ключ", "1"}, {`{"it's":1}`, `$["it's"]`, "1"},
		{numbers, "$.a[0]", "1"}, {numbers, "$.a[-1]", "5"}, {numbers, "$.a[9]", "not found"}, {numbers, "$.a[ 1 ]", "2"}, {numbers, "$.a[1:3]", "[2,3]"},
		{numbers, "$.a[-2:]", "[4,5]"}, {numbers, "$.a[:2]", "[1,2]"}, {numbers, "$.a[:-2]", "[1,2,3]"}, {numbers, "$.a[-4:-2]", "[2,3]"}, {numbers, "$.a[1:-1]", "[]"},
		{numbers, "$.a[0,2,9]", "[1,3]"}, {numbers, "$.a[-1 , 0]", "[5,1]"}, {numbers, "$.a[*]", "[1,2,3,4,5]"}, {numbers, "$.a[:]", "no path"}, {numbers, "$.a[1-2]", "no path"},
		{`{"a":1}`, "$.a[0]", "not found"}, {`{"a":1}`, "$.a[*]", "[]"}, {`[[1,2],[3,4]]`, "$[*][0]", "[1,3]"}, {`[[1,2],[3,4]]`, "$[0:1][1]", "[2]"},
		{objects, "$.a['x','z']", `{"x":{"k":1},"z":3}`}, {objects, "$.a['x','nope']", `{"x":{"k":1}}`}, {objects, "$.a['x','y'].k", "[1,2]"},
		{objects, "$.a.*", `[{"k":1},{"k":2},3]`}, {objects, "$.a.*.k", "[1,2]"}, {objects, "$..k", "[1,2]"},
		{`{"a":{"x":{"k":1},"y":{"k":2}}}`, "$..*", `[{"x":{"k":1},"y":{"k":2}},{"k":1},{"k":2},1,2]`},
		{`[[1,2],[3,[4]]]`, "$..[0]", "[[1,2],1,3,4]"}, {deep, "$..[0].c", "[1]"}, {deep, "$..b", `[[{"c":1},{"c":2}]]`}, {deep, "$..b[1]", `[{"c":2}]`}, {deep, "$..b[*].c", "[1,2]"},
		{records, "$[*].a", "[1,2]"}, {`[{"a":{"z":1}},{"a":2},{"b":3}]`, "$[*].a.z", "[1]"},
		{numbers, "$.a.length()", "5"}, {numbers, "$.a.size()", "5"}, {numbers, "$.a.sum()", "15.0"}, {numbers, "$.a.min()", "1.0"}, {numbers, "$.a.max()", "5.0"},
		{numbers, "$.a.avg()", "3.0"}, {numbers, "$.a.stddev()", "1.4142135623730951"}, {numbers, "$.a.first()", "1"}, {numbers, "$.a.last()", "5"}, {numbers, "$.a.index(1)", "2"},
		{numbers, "$.a.index(9)", "error"}, {numbers, `$.a.concat("x", 'y')`, `"xy"`}, {numbers, "$.a.append(6)", "[1,2,3,4,5,6]"}, {numbers, "$.a.foo()", "no path"},
		{numbers, "$.a[0].length()", "null"}, {`{"a":{"x":1,"y":2}}`, "$.a.keys()", `["x","y"]`}, {`{"a":{"length":7}}`, "$.a.length", "7"},
		{`{"a":[{"p":1},{"p":2}]}`, "$..p.sum()", "3.0"}, {`{"a":[]}`, "$.a.sum()", "error"}, {numbers, "$.a.length().b", "no path"},
		{records, "$[?(@.a)]", `[{"a":1},{"a":2}]`}, {records, "$[?(!(@.a))]", `[{"b":3}]`}, {records, "$[?(!@.a)]", `[{"b":3}]`}, {records, "$[?(@.a > 1)]", `[{"a":2}]`},
		{records, "$[?(@.a >= 1 && @.a < 2)]", `[{"a":1}]`}, {records, "$[?(@.a == 1 || @.b == 3)]", `[{"a":1},{"b":3}]`}, {records, "$[?(@.a != 1)]", `[{"a":2},{"b":3}]`},
		{records, "$[?((@.a == 1 || @.a == 2) && !(@.a == 2))].a", "[1]"}, {records, "$[?(1 == @.a)].a", "[1]"}, {records, "$[?(@.a <> 1)]", "no path"},
		{texts, "$[?(@.a == 'x')].a", `["x"]`}, {texts, `$[?(@.a == "x")].a`, `["x"]`}, {texts, "$[?(@.a == null)].a", "[null]"}, {texts, "$[?(@.a =~ /y+/)].a", `["yy"]`},
		{texts, "$[?(@.a =~ /Y+/i)].a", `["yy"]`}, {texts, "$[?(@.a =~ /y/)].a", "[]"}, {texts, `$[?(@.a in ["x", 'q'])].a`, `["x"]`}, {texts, `$[?(@.a nin ["x"])].a`, `["yy",null]`},
		{texts, "$[?(@.a < 'y')].a", `["x"]`}, {texts, "$[?(@.a =~ 'y')]", "no path"}, {texts, "$[?(@.a =~ /(/)]", "no path"},
		{sizes, "$[?(@.a size 2)].a", "[[1,2]]"}, {sizes, "$[?(@.a empty true)].a", "[[]]"}, {sizes, "$[?(@.a contains 2)].a", "[[1,2]]"}, {sizes, "$[?(@.a contains 's')].a", `["s"]`},
		{sizes, "$[?(@.a subsetof [1,2,4])].a", "[[1,2],[]]"}, {sizes, "$[?(@.a anyof [2,4])].a", "[[1,2]]"}, {sizes, "$[?(@.a noneof [2,4])].a", "[[]]"},
		{sizes, "$[?(@.a all [1,2])].a", "[[1,2]]"}, {sizes, "$[?(@.a.length() > 1)].a", "[[1,2]]"}, {sizes, "$[?(@.a type 'string')].a", `["s"]`},
		{`[{"a":1,"m":2},{"a":5,"m":2}]`, "$[?(@.a > @.m)].a", "[5]"}, {`{"lim":3,"v":[1,2,3,4]}`, "$.v[?(@ >= $.lim)]", "[3,4]"},
		{`{"v":[1,"1",true]}`, "$.v[?(@ == 1)]", `[1,"1"]`}, {`{"v":[1,"1",true]}`, "$.v[?(@ === 1)]", "[1]"}, {`{"v":[1,"1",true]}`, "$.v[?(@ == true)]", "[true]"},
		{`{"v":[1,1.0,1e0,"a",10e-1,0.1e1,-1]}`, "$.v[?(@ == 1)]", "[1,1.0,1,1.0,1]"}, {`{"v":[9,10,1e2,-5]}`, "$.v[?(@ > 9.5)]", "[10,1E+2]"},
		{`{"v":{"a":1}}`, "$.v[?(@.a == 1)]", `[{"a":1}]`}, {`{"v":5}`, "$.v[?(@.a == 1)]", "error"}, {`{"v":[[1,2],[3]]}`, "$.v[?(@ == [3])]", "[[3]]"},
		{deep, "$..[?(@.c == 2)].c", "[2]"}, {`[{"a":{"b":1}},{"a":{"c":1}}]`, "$[?(@.a.b)]", `[{"a":{"b":1}}]`}, {`[{"a":{"b":1}}]`, "$[?(@['a']['b'] == 1)]", `[{"a":{"b":1}}]`},
		{`[{"a":[{"b":1}]}]`, "$[?(@.a[?(@.b == 1)])].a[0].b", "[1]"},
	} {
		if got := at(t, test[0], test[1], false); got != test[2] {
			t.Errorf("%s in %s is %s, want %s", test[1], test[0], got, test[2])
		}
	}
}

func TestLax(t *testing.T) {
	for _, test := range [][3]string{{`{"a":1}`, "$.b", ""}, {`{"a":1}`, "$.a.b.c", ""}, {`{"a":1}`, "$.a[0]", ""}, {`{"a":1}`, "$.a", "1"}, {`{"a":[1]}`, "$.a[*]", "[1]"}} {
		if got := at(t, test[0], test[1], true); got != test[2] {
			t.Errorf("%s in %s is %q, want %q", test[1], test[0], got, test[2])
		}
	}
}

// A path that would go through more values than can be is given up.
func TestTooMuch(t *testing.T) {
	doc := strings.Repeat(`{"a":[`, 150) + strings.Repeat(`]}`, 150)
	begin := time.Now()
	if got := at(t, doc, "$..*..*..*..*", false); got != "error" || time.Since(begin) > 20*time.Second {
		t.Errorf("%.50s after %s", got, time.Since(begin))
	}
	if got := at(t, "1", strings.Repeat("$[?(@.a", 100), false); got != "no path" {
		t.Errorf("%.50s", got)
	}
}

// Neither a path nor a document makes it panic, and what is found are values.
func FuzzFind(f *testing.F) {
	for _, path := range []string{
		"$.a[0].b", "$['a','b'].c", "$..a[?(@.b > 1 && @.c =~ /x/i)]", "$.a[1:3]", "lax $.a", "$.a.sum()", "$..*", "$[?(@.a in ['x', 1])]", "$.a.concat('x', $.b)", "$[?(!(@ == 1) || @.b)]",
	} {
		f.Add(path, `{"a":[{"b":1,"c":"x"},2],"b":{"a":[1,2,3]}}`)
	}
	f.Fuzz(func(t *testing.T, path, doc string) {
		p, err := Compile(path)
		var d jsontext.Doc
		if err != nil || len(doc) > 200 || strings.Count(path, "..") > 2 || d.Parse([]byte(doc)) != nil {
			return
		}
		var e Evaluator
		for _, lax := range []bool{false, true} {
			items, err := e.Find(p, &d, lax)
			if err == nil && p.Definite() && (len(items) > 1 || len(items) == 0 && !lax) {
				t.Fatalf("%s in %s has %d values", path, doc, len(items))
			}
			for _, it := range items {
				text := new(jsontext.Printer).Append(nil, it.Doc, it.Node)
				if err := new(jsontext.Doc).Parse(text); err != nil {
					t.Fatalf("%s in %s is %s: %v", path, doc, text, err)
				}
			}
		}
	})
}
