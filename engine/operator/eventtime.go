package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// progress is the event time that an operator has reached. It is part of its state, so that after a restore rows are late that were late before:
// a row of the table "watermark" for each key group of the subtask, because a subtask of another parallelism goes on from the lowest of those it gets.
type progress struct {
	now                          int64
	subtask, parallelism, groups int
}

const watermarkTable = "watermark"

var watermarkField = column.Field{Name: "watermark", Type: column.Of(column.BigInt).Required()}

func (p *progress) open(c *Context) {
	p.now = math.MinInt64
	p.subtask, p.parallelism, p.groups = c.Subtask, max(c.Parallelism, 1), max(c.MaxParallelism, 1)
	t := c.Restore.Table(watermarkTable)
	if t == nil || t.Rows.Rows() == 0 {
		return
	}
	p.now = math.MaxInt64
	marks := column.Values[int64](t.Rows.Cols[0])
	for i := range t.Rows.Rows() {
		p.now = min(p.now, marks[t.Rows.Row(i)])
	}
}

// advance takes a watermark and reports whether it is a later one.
func (p *progress) advance(t int64) bool {
	if t <= p.now {
		return false
	}
	p.now = t
	return true
}

func (p *progress) snapshot(w *state.Writer) {
	fields := []column.Field{watermarkField}
	b := column.NewBatch(fields, 0)
	var byGroup []int32
	for g := range p.groups {
		if state.Target(g, p.groups, p.parallelism) == p.subtask {
			byGroup = append(byGroup, int32(g))
			column.Append(b.Cols[0], p.now)
		}
	}
	b.Len = len(byGroup)
	w.Add(state.Table{Name: watermarkTable, Schema: fields, Keyed: true, Groups: byGroup, Rows: b})
}

// timeColumn reads a column of event time in milliseconds, by physical row.
type timeColumn struct {
	field  column.Field
	flat   column.Vector
	memory []int64
}

// of returns the times of b's column; a live row without one is an error.
func (c *timeColumn) of(b *column.Batch, col int) ([]int64, error) {
	v := b.Cols[col]
	if v.HasNulls() {
		for i := range b.Rows() {
			if v.IsNull(b.Row(i)) {
				return nil, fmt.Errorf("the time column %s is NULL in a row: RowTime field should not be null, "+
					"leave such rows out (WHERE %s IS NOT NULL) or give them a time", c.field.Name, c.field.Name)
			}
		}
	}
	if v.Dict != nil {
		c.flat.Reset()
		v.Decode(&c.flat)
		v = &c.flat
	}
	return c.millis(v), nil
}

// millis returns the values of a timestamp vector without a dictionary in milliseconds.
func (c *timeColumn) millis(v *column.Vector) []int64 {
	x := column.Values[int64](v)[:v.Len]
	per := v.Type.TimeUnit() / 1e3
	if per == 1 {
		return x
	}
	if cap(c.memory) < len(x) {
		c.memory = make([]int64, len(x)+len(x)/4)
	}
	out := c.memory[:len(x)]
	for i, t := range x {
		out[i] = floorTo(t, per) / per
	}
	return out
}

// at is what millis returns for row i of v.
func (c *timeColumn) at(v *column.Vector, i int) int64 {
	t, per := column.Values[int64](v)[i], v.Type.TimeUnit()/1e3
	return floorTo(t, per) / per
}

// floorTo returns the largest multiple of step that is not greater than t.
func floorTo(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// isTime reports whether columns of t can be event time.
func isTime(t column.Type) bool { return t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ }

// localTime converts between instants and local times of a zone, in milliseconds. It remembers the period of the last offset, so that rows near
// each other cost a comparison.
type localTime struct {
	zone     *time.Location // nil: UTC
	from, to int64          // instants [from, to) have the offset
	offset   int64
}

func newLocalTime(zone *time.Location) *localTime {
	if zone == time.UTC {
		zone = nil
	}
	return &localTime{zone: zone}
}

// offsetAt is how far local time is ahead at an instant.
func (l *localTime) offsetAt(t int64) int64 {
	if l.zone == nil {
		return 0
	}
	if t < l.from || t >= l.to {
		at := time.UnixMilli(t).In(l.zone)
		start, end := at.ZoneBounds()
		l.from, l.to = math.MinInt64, math.MaxInt64
		if !start.IsZero() {
			l.from = start.UnixMilli()
		}
		if !end.IsZero() {
			l.to = end.UnixMilli()
		}
		_, seconds := at.Zone()
		l.offset = int64(seconds) * 1e3
	}
	return l.offset
}

// local is the local time of an instant.
func (l *localTime) local(t int64) int64 { return t + l.offsetAt(t) }

// instant is the instant of a local time: of one that comes twice the first, of one that is skipped as much behind the gap as it lies in it.
func (l *localTime) instant(local int64) int64 {
	if l.zone == nil || local == math.MaxInt64 {
		return local
	}
	return local - column.OffsetOfLocal(floorTo(local, 1e3)/1e3, l.zone)*1e3
}

// due is the instant at which a local time is over for a window that ends with it: the second one of a time that comes twice, the end of the
// gap for one that is skipped.
func (l *localTime) due(local int64) int64 {
	t := l.instant(local)
	if l.zone == nil || local == math.MaxInt64 {
		return t
	}
	switch at := l.local(t); {
	case at > local: // skipped: the offset's period began in the gap
		return l.from
	default:
		// The second of two is in the next period.
		if next := l.to; next != math.MaxInt64 {
			if again := local - l.offsetAt(next); again >= next && l.local(again) == local {
				return again
			}
		}
		return t
	}
}

// EventTime is the event time that an operator of the Go API has reached, as part of its state.
type EventTime struct{ progress }

// Open takes what a checkpoint had.
func (e *EventTime) Open(c *Context) { e.open(c) }

// Advance takes a watermark and reports whether it is a later one.
func (e *EventTime) Advance(t int64) bool { return e.advance(t) }

// Now is the watermark in milliseconds; the least number before the first.
func (e *EventTime) Now() int64 { return e.now }

// Snapshot writes it to a checkpoint.
func (e *EventTime) Snapshot(w *state.Writer) { e.progress.snapshot(w) }
