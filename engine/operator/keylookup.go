package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// keyLookup finds the groups of rows by some of their columns.
type keyLookup struct {
	keys   []int
	groups *state.Groups
	cols   []*column.Vector
	ids    []int32
}

// makeGroups makes the table, of an input with these columns.
func (k *keyLookup) makeGroups(in []column.Field) {
	list := make([]column.Type, len(k.keys))
	for i, c := range k.keys {
		list[i] = in[c].Type
	}
	k.groups = state.NewGroups(list)
}

// lookup finds the groups of b's live rows, and makes those that there are not.
func (k *keyLookup) lookup(b *column.Batch) []int32 {
	k.cols = k.cols[:0]
	for _, c := range k.keys {
		k.cols = append(k.cols, b.Cols[c])
	}
	n := b.Rows()
	if cap(k.ids) < n {
		k.ids = make([]int32, n+n/4)
	}
	k.groups.Lookup(k.cols, b.Sel, n, k.ids[:n])
	return k.ids[:n]
}
