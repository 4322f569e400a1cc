package operator

import (
	"time"

	"github.com/millstream/millstream/column"
)

// localTimes finds the times of rows that get windows.
type localTimes struct {
	times  timeColumn
	cut    column.Batch
	sel    []int32
	locals []int64
}

// of returns the rows of b whose time is not NULL, and their times by physical row. The others are left out, as in Flink, and counted as skipped.
func (l *localTimes) of(b *column.Batch, col int, counts *Counters) (*column.Batch, []int64, error) {
	if v := b.Cols[col]; v.HasNulls() {
		l.sel = l.sel[:0]
		for i := range b.Rows() {
			if r := b.Row(i); !v.IsNull(r) {
				l.sel = append(l.sel, int32(r))
			}
		}
		if skipped := b.Rows() - len(l.sel); skipped > 0 {
			counts.Skipped.Add(int64(skipped))
			l.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: l.sel, Kinds: b.Kinds, Times: b.Times}
			b = &l.cut
		}
	}
	times, err := l.times.of(b, col)
	return b, times, err
}

// local is of with local times.
func (l *localTimes) local(w *windowing, b *column.Batch, col int, counts *Counters) (*column.Batch, []int64, error) {
	b, times, err := l.of(b, col, counts)
	if err != nil {
		return nil, nil, err
	}
	local := w.locals(b, times, l.locals)
	if w.zone.zone != nil {
		l.locals = local
	}
	return b, local, nil
}

// all returns the local time now for each of n rows.
func (l *localTimes) all(w *windowing, n int, now time.Time) []int64 {
	local := w.zone.local(now.UnixMilli())
	l.locals = l.locals[:0]
	for range n {
		l.locals = append(l.locals, local)
	}
	return l.locals
}
