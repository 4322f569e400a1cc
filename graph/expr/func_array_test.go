package expr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// null stands for NULL in models of arrays of small numbers.
const null = -99

// drawList draws an array, now and then with more elements than are compared one by one.
func drawList(t *rapid.T, label string) []int {
	most := rapid.SampledFrom([]int{3, 8, 3 * fewElements}).Draw(t, label+" length")
	return rapid.SliceOfN(rapid.SampledFrom([]int{null, 0, 1, 2, 3, 5, 8, 13, 21, 34, -1, -2}), 0, most).Draw(t, label)
}

// listLiteral is the array as a literal, of numbers or of texts.
func listLiteral(list []int, text bool) *Literal {
	elem := column.Of(column.Int)
	if text {
		elem = column.Str()
	}
	values := []Literal{}
	for _, x := range list {
		values = append(values, *elementLiteral(x, text))
	}
	return &Literal{values, column.ArrayOf(elem)}
}

func elementLiteral(x int, text bool) *Literal {
	t := column.Of(column.Int)
	if text {
		t = column.Str()
	}
	switch {
	case x == null:
		return NullOf(t)
	case text:
		return &Literal{elementText(x, true), t}
	}
	return &Literal{int64(x), t}
}

// elementText is how an element is printed. Texts are long enough not to stand in their views.
func elementText(x int, text bool) string {
	switch {
	case x == null:
		return "NULL"
	case text:
		return fmt.Sprintf("element number %03d", x)
	}
	return fmt.Sprint(x)
}

func listText(list []int, text bool) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = elementText(x, text)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func unique(list []int) []int {
	var out []int
	for _, x := range list {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func keep(list []int, f func(int) bool) []int {
	var out []int
	for _, x := range list {
		if f(x) {
			out = append(out, x)
		}
	}
	return out
}

// Functions of arrays give what the same does in Go.
func TestArrayModels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, text := drawList(t, "a"), drawList(t, "b"), rapid.Bool().Draw(t, "texts")
		x := rapid.SampledFrom([]int{null, 0, 1, 5, -2}).Draw(t, "x")
		from, to := rapid.IntRange(-6, 6).Draw(t, "from"), rapid.IntRange(-6, 6).Draw(t, "to")
		ascending, nullsFirst := rapid.Bool().Draw(t, "ascending"), rapid.Bool().Draw(t, "nulls first")
		order := func(p, q int) int {
			switch {
			case p == q:
				return 0
			case p == null:
				return map[bool]int{true: -1, false: 1}[nullsFirst]
			case q == null:
				return map[bool]int{true: 1, false: -1}[nullsFirst]
			case text:
				p, q = cmp.Compare(elementText(p, true), elementText(q, true)), 0
			}
			if ascending {
				return cmp.Compare(p, q)
			}
			return cmp.Compare(q, p)
		}
		sorted := slices.Clone(a)
		slices.SortStableFunc(sorted, order)
		reversed := slices.Clone(a)
		slices.Reverse(reversed)
		one := func(i int) string {
			if i < 0 {
				return "0"
			}
			return fmt.Sprint(i + 1)
		}
		A, B, X := listLiteral(a, text), listLiteral(b, text), elementLiteral(x, text)
		position := one(slices.Index(a, x))
		if x == null {
			position = "NULL"
		}
		for _, c := range []struct {
			name string
			args []Expr
			want string
		}{
			{"ARRAY_APPEND", []Expr{A, X}, listText(append(slices.Clone(a), x), text)},
			{"ARRAY_PREPEND", []Expr{A, X}, listText(append([]int{x}, a...), text)},
			{"ARRAY_CONCAT", []Expr{A, B, A}, listText(slices.Concat(a, b, a), text)},
			{"ARRAY_UNION", []Expr{A, B}, listText(unique(append(slices.Clone(a), b...)), text)},
			{"ARRAY_INTERSECT", []Expr{A, B}, listText(unique(keep(a, func(x int) bool { return slices.Contains(b, x) })), text)},
			{"ARRAY_EXCEPT", []Expr{A, B}, listText(unique(keep(a, func(x int) bool { return !slices.Contains(b, x) })), text)},
			{"ARRAY_DISTINCT", []Expr{A}, listText(unique(a), text)},
			{"ARRAY_REVERSE", []Expr{A}, listText(reversed, text)},
			{"ARRAY_REMOVE", []Expr{A, X}, listText(keep(a, func(y int) bool { return y != x }), text)},
			{"ARRAY_CONTAINS", []Expr{A, X}, strings.ToUpper(fmt.Sprint(slices.Contains(a, x)))},
			{"ARRAY_POSITION", []Expr{A, X}, position},
			{"ARRAY_SORT", []Expr{A, Bool(ascending), Bool(nullsFirst)}, listText(sorted, text)},
			{"ARRAY_SLICE", []Expr{A, Int(int32(from)), Int(int32(to))}, listText(sliceModel(a, from, to), text)},
			{"CARDINALITY", []Expr{A}, fmt.Sprint(len(a))},
		} {
			if got := rowByRow(t, c.name, c.args); got != c.want {
				t.Fatalf("%s(%v) is %s, want %s", c.name, c.args, got, c.want)
			}
		}
	})
}

// sliceModel counts positions from 1, or from the end, and takes 0 for 1.
func sliceModel(a []int, from, to int) []int {
	position := func(p int) int {
		switch {
		case p < 0:
			return p + len(a) + 1
		case p == 0:
			return 1
		}
		return p
	}
	var out []int
	for i, x := range a {
		if p := i + 1; p >= position(from) && p <= position(to) {
			out = append(out, x)
		}
	}
	return out
}

// rowByRow calls a function on columns whose second row is the arguments, and prints what it gives there.
func rowByRow(t *rapid.T, name string, args []Expr) string {
	batch := &column.Batch{Len: 3}
	cols := make([]Expr, len(args))
	for i, a := range args {
		typ := a.Type().Optional()
		v := column.NewVector(typ, 3)
		v.AppendNull()
		if err := a.(*Literal).AppendTo(v); err != nil {
			t.Fatal(err)
		}
		if err := a.(*Literal).AppendTo(v); err != nil {
			t.Fatal(err)
		}
		batch.Cols, cols[i] = append(batch.Cols, v), &Column{Index: i, T: typ}
	}
	batch.Sel = rapid.SampledFrom([][]int32{nil, {1}, {0, 1}}).Draw(t, "rows")
	e, err := NewCall(name, cols...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	var out column.Vector
	if err := p.Eval(batch, &out); err != nil {
		t.Fatal(err)
	}
	row := 1
	if len(batch.Sel) == 1 {
		row = 0
	}
	return string(column.AppendText(nil, &out, row, nil))
}

// Entries of maps that are put together: of equal keys the last one counts.
func TestMapUnion(t *testing.T) {
	var keys []Expr
	for i := range 3 * fewElements {
		keys = append(keys, Int(int32(i%20)), Int(int32(i)))
	}
	var parts []Expr
	for pair := range slices.Chunk(keys, 2) {
		m, err := NewCall("MAP", pair...)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, m)
	}
	e, err := NewCall("MAP_UNION", parts...)
	if err != nil {
		t.Fatal(err)
	}
	folded, _ := Fold(e)
	var want []string
	for k := range 20 {
		want = append(want, fmt.Sprintf("%d=%d", k, map[bool]int{true: k + 40, false: k + 20}[k < 8]))
	}
	if got := folded.String(); got != "{"+strings.Join(want, ", ")+"}" {
		t.Errorf("%s", got)
	}
}
