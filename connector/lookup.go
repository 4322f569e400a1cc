package connector

import (
	"context"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// LookupRequest asks for access to a table by key.
type LookupRequest struct {
	Env     Env
	Table   graph.Table
	Project []int // columns to deliver: positions in Table.Columns, then Table.Metadata
	Keys    []int // columns that are given: positions in Table.Columns
}

// LookupSource finds rows of a table by key. It is used by one task; calls of Rows may overlap.
type LookupSource interface {
	// Rows appends to out the table's rows that are equal to a row of keys in the key columns, and to from, which it returns, the number of
	// that row of keys for each of them, ascending. A NULL key finds nothing. keys has the columns of LookupRequest.Keys and no selection.
	Rows(ctx context.Context, keys, out *column.Batch, from []int32) ([]int32, error)
	// Close releases resources.
	Close() error
}

// FullLookup is implemented by lookups that hold the whole table and read it again from time to time.
type FullLookup interface {
	LookupSource
	// Load reads the table; until it returns Rows answers from what was read before. The first call is made before any call of Rows.
	Load(ctx context.Context) error
	// Reload is how long after a load that began and ended at these times the next one is due; 0: never.
	Reload(began, ended time.Time) time.Duration
}
