package snapshot

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// ascending returns the positions of ids, which differ, in the order of the ids.
func ascending(ids []int64) []int32 {
	rows := make([]int32, len(ids), len(ids)+1)
	for i := range rows {
		rows[i] = int32(i)
	}
	if slices.IsSorted(ids) {
		return rows
	}
	least, greatest := slices.Min(ids), slices.Max(ids)
	if greatest-least < sparse*int64(len(ids)) {
		place(rows, ids, least, int(greatest-least)+1)
		return rows
	}
	new(kernel.Sorter).Sort(rows, []*column.Vector{filled(column.BigInt, ids)}, []kernel.SortKey{{}})
	return rows
}

// sparse is how many times as wide as their number a range of ids is that are sorted rather than put in their places.
const sparse = 8

// place writes each position to where its id stands in the range, then leaves out the gaps.
func place(rows []int32, ids []int64, least int64, width int) {
	places := make([]int32, width)
	for i, id := range ids {
		places[id-least] = int32(i) + 1
	}
	n := 0
	for _, p := range places {
		if p > 0 {
			rows[n] = p - 1
			n++
		}
	}
}
