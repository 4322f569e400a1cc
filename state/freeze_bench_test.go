package state_test

import (
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// wide is a table of many rows that nobody looks at.
type wide int

func (t wide) Len() int         { return int(t) }
func (t wide) Alive(int32) bool { return true }
func (t wide) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	column.AppendSame(to.Cols[0], int64(0), len(rows))
	to.Len += len(rows)
	return append(groups, rows...)
}

// BenchmarkFreeze takes checkpoints of 20 million rows of which a hundredth, here and there, has changed: how long a task stands still at a barrier.
func BenchmarkFreeze(b *testing.B) {
	const rows = 20_000_000
	tab, schema := wide(rows), []column.Field{{Name: "value", Type: column.Of(column.BigInt).Required()}}
	var track state.Tracker
	touched := make([]int32, rows/100)
	frozen := time.Duration(0)
	for id := range int64(b.N + 1) {
		w := state.Freeze(state.Frozen{Checkpoint: id + 1, Stored: id})
		start := time.Now()
		w.Track(&track, tab, "t", schema)
		if id > 0 {
			frozen += time.Since(start)
		}
		for !w.Copy(4096) {
		}
		w.Tables[0].Layers.Release()
		for i := range touched {
			touched[i] = int32((uint64(i)*7919 + uint64(id)*104729) * 0x9E3779B1 % rows)
		}
		track.Touch(touched)
	}
	b.ReportMetric(float64(frozen.Microseconds())/float64(b.N), "µs/freeze")
}
