package operator

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// texts is an aggregate function for tests: its result is its arguments in the order in which they came, so it notices rows
// that are lost, doubled or out of order. Taking one back removes the first that is equal.
var textsFunction = &expr.AggregateFunction{
	Name: "TEXTS",
	New:  func([]column.Type, column.Type) expr.Accumulator { return &texts{} },
}

type texts struct{ lists [][]string }

func (a *texts) Grow(n int) {
	for len(a.lists) < n {
		a.lists = append(a.lists, nil)
	}
}

func (a *texts) Clear(g int) { a.lists[g] = nil }

func (a *texts) Update(groups []int32, args []*column.Vector, rows []int32) {
	for i, g := range groups {
		if s, ok := textArgument(args[0], rows, i); ok {
			a.lists[g] = append(a.lists[g], s)
		}
	}
}

func (a *texts) Retract(groups []int32, args []*column.Vector, rows []int32) {
	for i, g := range groups {
		if s, ok := textArgument(args[0], rows, i); ok {
			a.lists[g] = without(a.lists[g], s)
		}
	}
}

func without(list []string, s string) []string {
	if i := slices.Index(list, s); i >= 0 {
		return slices.Delete(slices.Clone(list), i, i+1)
	}
	return list
}

func textArgument(v *column.Vector, rows []int32, i int) (string, bool) {
	if rows != nil {
		i = int(rows[i])
	}
	if v.IsNull(i) {
		return "", false
	}
	return string(v.BytesAt(i)), true
}

func (a *texts) StateTypes() []column.Type { return []column.Type{column.Str()} }

func (a *texts) AppendState(from, to int, out []*column.Vector) {
	for _, l := range a.lists[from:to] {
		if len(l) == 0 { // a list that was emptied is as one that never was; [""] is another
			out[0].AppendNull()
		} else {
			out[0].AppendString(strings.Join(l, "|") + "|")
		}
	}
}

func (a *texts) Merge(groups []int32, state []*column.Vector, rows []int32) {
	for i, g := range groups {
		if s, ok := textArgument(state[0], rows, i); ok {
			for part := range strings.SplitSeq(strings.TrimSuffix(s, "|"), "|") {
				a.lists[g] = append(a.lists[g], part)
			}
		}
	}
}

func (a *texts) AppendResult(from, to int, out *column.Vector) error {
	for _, l := range a.lists[from:to] {
		out.AppendString(strings.Join(l, "|"))
	}
	return nil
}

func (a *texts) SizeBytes() int { return 24 * len(a.lists) }
