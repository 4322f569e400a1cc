package state

import (
	"math/bits"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// KeyGroup returns the group, 0 … groups-1, of a key with the given hash. Rows are shipped and keyed state is dealt out by
// key groups, so a job's state is bound to this function and to its number of groups for life.
//
// The hash is spread once more, so that the keys of one group still differ in all bits of their hash and fill a hash table evenly.
func KeyGroup(hash uint64, groups int) int {
	group, _ := bits.Mul64(hash*0x9e3779b97f4a7c15, uint64(groups))
	return int(group)
}

// Target returns the subtask, 0 … parallelism-1, that a key group belongs to. Each subtask has a range of groups; with more
// subtasks than groups some have none.
func Target(group, groups, parallelism int) int { return group * parallelism / groups }

// KeyHasher hashes the keys of whole batches, as [Groups] does, to find the key groups of rows. It belongs to one task.
type KeyHasher struct{ hasher kernel.Hasher }

// Hash writes the hash of the key of each row, rows[i] or row i where rows is nil, to out, whose length is the number of rows.
func (h *KeyHasher) Hash(keys []*column.Vector, rows []int32, out []uint64) {
	h.hasher.Hash(out, keys, rows)
}
