package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// timedRows are the rows of one side of a join by time. Their table has one more column than the rows: their time in milliseconds.
type timedRows struct {
	*state.Rows
	time  int // column of the input; -1: the time is given
	width int // columns of a row
	of    timeColumn
	extra *column.Vector
	cols  []*column.Vector
}

func newTimedRows(groups *state.Groups, in []column.Field, keys []int, time int, marks bool) timedRows {
	millis := column.Of(column.BigInt).Required()
	t := timedRows{time: time, width: len(in), extra: column.NewVector(millis, 0)}
	if time >= 0 {
		t.of.field = in[time]
	}
	t.Rows = state.NewRows(groups, state.RowsSpec{Types: append(types(in), millis), Keys: keys, Marks: marks})
	return t
}

// read returns the times of b's rows, by physical row: those of the time column, or now. Rows without a time have none that means anything.
func (t *timedRows) read(b *column.Batch, now int64) []int64 {
	t.extra.Reset()
	if t.time < 0 {
		t.extra.Resize(b.Len)
		list := column.Values[int64](t.extra)[:b.Len]
		for i := range list {
			list[i] = now
		}
		return list
	}
	v := b.Cols[t.time]
	if v.Dict != nil {
		t.of.flat.Reset()
		v.Decode(&t.of.flat)
		v = &t.of.flat
	}
	list := t.of.millis(v)
	t.extra.Resize(b.Len)
	own := column.Values[int64](t.extra)[:b.Len]
	copy(own, list)
	return own
}

// untimed reports whether row r of b has no time.
func (t *timedRows) untimed(b *column.Batch, r int) bool {
	return t.time >= 0 && b.Cols[t.time].IsNull(r)
}

// append appends the values of rows of b, whose times read returned last.
func (t *timedRows) append(b *column.Batch, rows []int32) int32 {
	t.cols = append(append(t.cols[:0], b.Cols[:t.width]...), t.extra)
	return t.Append(t.cols, rows, len(rows), 0)
}

// times are the times of all rows.
func (t *timedRows) times() []int64 {
	v, _ := t.Column(t.width)
	return column.Values[int64](v)
}

// sizeBytes is the memory held, in bytes.
func (t *timedRows) sizeBytes() int { return t.SizeBytes() + t.extra.SizeBytes() }
