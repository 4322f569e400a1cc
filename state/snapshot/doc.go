// Package snapshot keeps checkpoints and savepoints as objects in a store: a manifest, Parquet segments with the rows of state, and for each
// job a head, which says which checkpoints count and whose turn it is to write.
//
// What enters: the tables of operators and what else a job must know to go on. What leaves: objects, and the same again. engine/durable writes
// and restores; `millstream savepoint` looks at what is there. FORMAT.md has the format byte by byte.
//
// What must hold: a snapshot is there whole or not at all; a byte that changed is found before a row is used; only the owner of a head changes
// what it says; nothing is deleted that a manifest named by the head refers to.
package snapshot

import "fmt"

// Version is the newest version of the format; all up to it are read. It is written where older programs would go wrong without knowing: a manifest with rows in flight
// has it, all else is of the version before, so that a release before can still go on with a job.
const (
	Version      = 3
	plainVersion = 2
)

// Error says that a snapshot cannot be used.
type Error struct {
	Object string // its URL
	Reason string
	Hint   string // what to do; may be empty
	// Damaged says that the object is not what was written, rather than of another version or another kind.
	Damaged bool
}

func (e *Error) Error() string {
	text := fmt.Sprintf("cannot restore from %s: %s", e.Object, e.Reason)
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}
