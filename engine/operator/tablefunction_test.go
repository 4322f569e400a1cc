package operator

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// repeat is a table function that makes as many rows of an INT as it is modulo 3: the value and the row's number. NULL makes none.
var repeat = &expr.TableFunction{Name: "REPEAT3", New: func([]column.Type) (expr.TableKernel, error) {
	return func(args []*column.Vector, n int, sel []int32, out []*column.Vector, from []int32) ([]int32, error) {
		b := column.Batch{Len: n, Sel: sel}
		for i := range b.Rows() {
			r := b.Row(i)
			if args[0].IsNull(r) {
				continue
			}
			x := column.Values[int32](args[0])[r]
			if x == 13 {
				return from, errors.New("thirteen")
			}
			for k := range times3(x) {
				column.Append(out[0], x)
				column.Append(out[1], k)
				from = append(from, int32(r))
			}
		}
		return from, nil
	}, nil
}}

func times3(x int32) int32 { return (x%3 + 3) % 3 }

// The output is each row with what the function makes of it, or with NULLs.
func TestTableFunction(t *testing.T) {
	in := fields(column.Of(column.Int), column.Str())
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.TableFunction{Func: repeat, Args: []expr.Expr{&expr.Column{Index: 0, T: column.Of(column.Int)}}, Outer: rapid.Bool().Draw(t, "outer")}
		n := rapid.IntRange(0, 50).Draw(t, "rows")
		all := drawRows(t, in, n, drawOptions{kinds: anyKind, times: true})
		values := column.Values[int32](all.Cols[0])
		for r := range n {
			values[r] %= 13
		}
		var want []string
		row := func(r int, made ...int32) {
			v := column.NewVector(column.Of(column.Int), 1)
			text := ""
			for range 2 {
				v.Reset()
				if made == nil {
					v.AppendNull()
				} else {
					column.Append(v, made[0])
					made = made[1:]
				}
				text += " " + textOf(v, 0)
			}
			whole, time := rowText(all, r), ""
			if all.Times != nil {
				time = fmt.Sprintf(" @%d", all.Times[r])
			}
			want = append(want, strings.TrimSuffix(whole, time)+text+time)
		}
		for r := range n {
			made := int32(0)
			if !all.Cols[0].IsNull(r) {
				made = times3(values[r])
			}
			for k := range made {
				row(r, values[r], k)
			}
			if made == 0 && op.Outer {
				row(r)
			}
		}
		schema := append(fields(column.Of(column.Int), column.Str()), fields(column.Of(column.Int), column.Of(column.Int))...)
		got := run(t, &graph.Node{Name: "TableFunction", Op: op, Schema: schema}, in, cutRows(t, in, all), -1)
		compareRows(t, got, want)
	})
}

// What a function fails with reaches the job.
func TestTableFunctionFails(t *testing.T) {
	in := fields(column.Of(column.Int))
	op := &graph.TableFunction{Func: repeat, Args: []expr.Expr{expr.Int(13)}}
	o := open(t, &graph.Node{Name: "TableFunction", Op: op, Schema: fields(column.Of(column.Int), column.Of(column.Int), column.Of(column.Int))}, in, testContext())
	b := column.NewBatch(in, 1)
	column.Append(b.Cols[0], int32(1))
	b.Len = 1
	if err := o.Process(0, b, &capture{}); err == nil || !strings.Contains(err.Error(), "thirteen") {
		t.Errorf("error %v", err)
	}
}
