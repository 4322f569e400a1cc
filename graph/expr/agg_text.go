package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
)

func init() {
	registerAggregate(&AggregateFunction{Name: "LISTAGG",
		Doc:     "The texts that are not NULL, joined by the second argument, or by commas, in the order in which they come.",
		Example: "LISTAGG(s, ';') => a;b",
		Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
			if len(args) < 1 || len(args) > 2 || !args[0].IsText() || len(args) == 2 && !args[1].IsText() {
				return nil, column.Type{}, fmt.Errorf("LISTAGG takes a text, and another to put between texts; cast other types to STRING")
			}
			t := column.Str()
			t.NotNull = args[0].NotNull
			return nil, t, nil
		},
		Check: func(args []Expr) error {
			if len(args) > 1 && (!isLiteral(args[1]) || IsNull(args[1])) {
				return fmt.Errorf("LISTAGG takes a literal to put between texts, not %s", args[1])
			}
			return nil
		},
		NewRetractable: newJoinedHistory,
		New:            func([]column.Type, column.Type) Accumulator { return &joined{separator: []byte(",")} }})
}

// joined is the accumulator of LISTAGG. A group without text is nil.
type joined struct {
	groups    [][]byte
	separator []byte
	bytes     int
}

func (a *joined) Grow(n int) { a.groups = grow(a.groups, n) }

func (a *joined) Clear(group int) {
	a.bytes -= cap(a.groups[group])
	a.groups[group] = nil
}

func (a *joined) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := args[0]
	for i, g := range groups {
		r := rowAt(rows, i)
		if len(args) > 1 && !args[1].IsNull(r) {
			a.separator = append(a.separator[:0], args[1].BytesAt(r)...)
		}
		if !v.IsNull(r) {
			a.add(g, v.BytesAt(r))
		}
	}
}

func (a *joined) add(g int32, text []byte) {
	b := a.groups[g]
	a.bytes -= cap(b)
	if b == nil {
		b = make([]byte, 0, len(text))
	} else {
		b = append(b, a.separator...)
	}
	b = append(b, text...)
	a.bytes += cap(b)
	a.groups[g] = b
}

func (a *joined) StateTypes() []column.Type { return []column.Type{column.Str(), column.Str()} }

func (a *joined) AppendState(from, to int, out []*column.Vector) {
	a.append(from, to, out[0])
	for range to - from {
		out[1].AppendBytes(a.separator)
	}
}

func (a *joined) Merge(groups []int32, state []*column.Vector, rows []int32) {
	a.Update(groups, state, rows)
}

func (a *joined) AppendResult(from, to int, out *column.Vector) error {
	a.append(from, to, out)
	return nil
}

func (a *joined) append(from, to int, out *column.Vector) {
	for _, b := range a.groups[from:to] {
		if b == nil {
			out.AppendNull()
		} else {
			out.AppendBytes(b)
		}
	}
}

func (a *joined) SizeBytes() int { return cap(a.groups)*24 + a.bytes }
