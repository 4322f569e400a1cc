package stream

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// stateRows is state as numbered rows, each of a key, that a tracker follows: whoever changes one says so before.
type stateRows interface {
	// rows is how many numbers there are.
	rows() int
	// slotOf is the number of a row's key, or noSlot: there is no such row now.
	slotOf(row int32) int32
	// write appends a row, without its key.
	write(row int32, to []*column.Vector) error
	tracker() *state.Tracker
}

// noSlot is no key's number.
const noSlot = -1

// freeRows are numbers that may be given again.
type freeRows []int32

// take gives one again, if there is any.
func (f *freeRows) take() (row int32, again bool) {
	last := len(*f) - 1
	if last < 0 {
		return 0, false
	}
	row, *f = (*f)[last], (*f)[:last]
	return row, true
}

// stateTable is rows with their keys as a table of checkpoints.
type stateTable[K comparable] struct {
	stateRows
	name   string
	keys   *keyNumbers[K]
	hash   hasher[K]
	codec  codec[K]
	groups int // key groups
	err    error

	list   []K
	hashes []uint64
}

// Len implements [state.Tracked].
func (t *stateTable[K]) Len() int { return t.rows() }

// Alive implements [state.Tracked].
func (t *stateTable[K]) Alive(row int32) bool { return t.slotOf(row) != noSlot }

// CopyRows implements [state.Tracked].
func (t *stateTable[K]) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	t.list = t.list[:0]
	for _, r := range rows {
		k := t.keys.keys[t.slotOf(r)]
		t.list = append(t.list, k)
		err := t.codec.write(to.Cols[0], k)
		if err == nil {
			err = t.write(r, to.Cols[1:])
		}
		if err != nil {
			if t.err == nil {
				t.err = fmt.Errorf("%s of key %v: %w", t.name, k, err)
			}
			fillRow(to.Cols, to.Len)
		}
		to.Len++
	}
	if cap(t.hashes) < len(rows) {
		t.hashes = make([]uint64, max(len(rows), batchLen))
	}
	hashes := t.hashes[:len(rows)]
	t.hash(t.list, hashes)
	for _, h := range hashes {
		groups = append(groups, int32(state.KeyGroup(h, t.groups)))
	}
	return groups
}

// CopyErr implements [state.Failing].
func (t *stateTable[K]) CopyErr() error { return t.err }
