package expr

import (
	"testing"

	"github.com/millstream/millstream/column"
)

func TestSmoke(t *testing.T) {
	b := column.NewBatch([]column.Field{{Name: "a", Type: column.Of(column.Int)}, {Name: "s", Type: column.Str()}}, 10)
	for i := range 10 {
		column.Append(b.Cols[0], int32(i))
		b.Cols[1].AppendString("some longer text here")
	}
	b.Cols[0].SetNull(3)
	b.Len = 10
	a := &Column{0, "a", column.Of(column.Int)}
	s := &Column{1, "s", column.Str()}
	sum := must("*", must("+", a, Int(1)), Int(2))
	c, _ := NewCase([]Expr{must(">", a, Int(5))}, []Expr{sum}, Int(7))
	p, err := CompileProjection([]Expr{a, sum, c, s, Text("x"), must("COALESCE", a, must("/", Int(10), a))})
	if err != nil {
		t.Fatal(err)
	}
	f, err := CompileFilter(And([]Expr{must(">", a, Int(1)), must("<", a, Int(8))}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		sel, err := f.Select(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.Sel = sel
		var out column.Batch
		if err := p.Eval(b, &out); err != nil {
			t.Fatal(err)
		}
		for i := range out.Rows() {
			line := ""
			for _, c := range out.Cols {
				line += string(column.AppendText(nil, c, out.Row(i), nil)) + " | "
			}
			t.Log(line)
		}
		b.Sel = nil
	}
}
