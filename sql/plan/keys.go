package plan

import (
	"slices"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// UniqueKeys returns sets of columns of a node's output, ascending, whose values no two of its rows share at one time. There may be more that are
// not found.
func UniqueKeys(n Node) [][]int { return keysOf(n, false) }

// UpsertKeys returns those unique keys of which all changes come one after the other: rows that one key may have at different times are never in the
// hands of different subtasks on their way.
func UpsertKeys(n Node) [][]int { return keysOf(n, true) }

// held returns the keys of a node that holds its input's rows by some columns, for which it needs all rows of the same values in one subtask. A
// key of which a row may change these columns is not in order behind it.
func held(in Node, by []int, upsert bool) [][]int {
	keys := keysOf(in, upsert)
	if !upsert || ChangesOf(in) == graph.InsertOnly {
		return keys
	}
	return slices.DeleteFunc(keys, func(key []int) bool { return !covers(key, by) })
}

func keysOf(n Node, upsert bool) [][]int {
	switch n := n.(type) {
	case *Scan:
		key := make([]int, 0, len(n.Table.PrimaryKey))
		for _, k := range n.Table.PrimaryKey {
			at := slices.Index(n.Project, k)
			if at < 0 {
				return nil
			}
			key = append(key, at)
		}
		if len(key) == 0 {
			return nil
		}
		slices.Sort(key)
		return [][]int{key}
	case *Values:
		if len(n.Rows) == 1 {
			return [][]int{{}}
		}
	case *Project:
		return projectKeys(keysOf(n.Input, upsert), n.Exprs)
	case *Calc:
		if n.Exprs == nil {
			return keysOf(n.Input, upsert)
		}
		return projectKeys(keysOf(n.Input, upsert), n.Exprs)
	case *Aggregate:
		if n.Phase == graph.Partial {
			return nil
		}
		return [][]int{upTo(len(n.Keys))}
	case *WindowAggregate:
		if n.Phase == graph.Partial {
			return nil
		}
		key := upTo(len(n.Keys))
		for i, p := range n.Properties {
			if p == graph.WindowEnd || p == graph.WindowStart && n.Type != graph.Cumulate {
				return [][]int{append(key, len(n.Keys)+len(n.Calls)+i)}
			}
		}
	case *Join:
		return joinKeys(&n.Match, n.Left, n.Right, upsert)
	case *MultiJoin:
		return multiKeys(n, upsert)
	case *IntervalJoin:
		return joinKeys(&n.Match, n.Left, n.Right, upsert)
	case *WindowJoin:
		return joinKeys(&n.Match, n.Left, n.Right, upsert)
	case *TemporalJoin: // a row of the left input has at most one match
		return held(n.Left, n.LeftKeys, upsert)
	case *Rank:
		keys := held(n.Input, n.Partition, upsert)
		if n.Numbering == graph.RowNumber {
			switch {
			case n.To == n.From && n.ToColumn < 0:
				keys = append(keys, sorted(n.Partition))
			case n.Number:
				keys = append(keys, append(sorted(n.Partition), len(n.Input.Schema())))
			}
		}
		return minimal(keys)
	case *Deduplicate:
		return minimal(append(held(n.Input, n.Keys, upsert), sorted(n.Keys)))
	case *Normalize:
		return minimal(append(held(n.Input, n.Keys, upsert), sorted(n.Keys)))
	case *Materialize:
		return [][]int{sorted(n.Keys)}
	case *Over:
		return held(n.Input, n.Partition, upsert)
	case *Filter, *Exchange, *Sort, *Limit, *Watermark, *DropUpdateBefore, *TemporalSort:
		return keysOf(n.Inputs()[0], upsert)
	}
	return nil
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func sorted(list []int) []int {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// projectKeys returns the keys of which a projection keeps all columns.
func projectKeys(keys [][]int, exprs []expr.Expr) [][]int {
	to := map[int]int{}
	for i, e := range exprs {
		if c := Carried(e); c != nil {
			if _, twice := to[c.Index]; !twice {
				to[c.Index] = i
			}
		}
	}
	var out [][]int
keys:
	for _, key := range keys {
		moved := make([]int, len(key))
		for i, c := range key {
			at, ok := to[c]
			if !ok {
				continue keys
			}
			moved[i] = at
		}
		slices.Sort(moved)
		out = append(out, moved)
	}
	return out
}

// Carried returns the column whose value an expression passes on as it is, nil if it is more than that.
func Carried(e expr.Expr) *expr.Column {
	switch e := e.(type) {
	case *expr.Column:
		return e
	case *expr.Call:
		if e.Func.Name == "REQUIRE_NOT_NULL" {
			return Carried(e.Args[0])
		}
	}
	return nil
}

// joinKeys returns the keys of a join: one of each side, or one side's own where the other has at most one row to match.
func joinKeys(m *graph.Match, left, right Node, upsert bool) [][]int {
	return joinedKeys(m, held(left, m.LeftKeys, upsert), held(right, m.RightKeys, upsert), len(left.Schema()))
}

// joinedKeys is joinKeys for the keys of the inputs, of which the left one has width columns.
func joinedKeys(m *graph.Match, l, r [][]int, width int) [][]int {
	if m.Type.LeftOnly() {
		return l
	}
	behind := make([][]int, len(r))
	for i, key := range r {
		behind[i] = make([]int, len(key))
		for j, c := range key {
			behind[i][j] = c + width
		}
	}
	var out [][]int
	within := func(keys [][]int, columns []int) bool {
		return slices.ContainsFunc(keys, func(key []int) bool { return covers(columns, key) })
	}
	if within(r, m.RightKeys) && !m.Type.KeepsRight() { // each left row has at most one match
		out = append(out, l...)
	}
	if within(l, m.LeftKeys) && !m.Type.KeepsLeft() {
		out = append(out, behind...)
	}
	for _, a := range l {
		for _, b := range behind {
			out = append(out, slices.Concat(a, b))
		}
	}
	return minimal(out)
}

// covers reports whether a list has all columns of a key.
func covers(list, key []int) bool {
	for _, c := range key {
		if !slices.Contains(list, c) {
			return false
		}
	}
	return true
}

// minimal drops keys that contain another, and bounds their number.
func minimal(keys [][]int) [][]int {
	slices.SortStableFunc(keys, func(a, b []int) int { return len(a) - len(b) })
	var out [][]int
	for _, k := range keys {
		if !slices.ContainsFunc(out, func(other []int) bool { return covers(k, other) }) && len(out) < 8 {
			out = append(out, k)
		}
	}
	return out
}
