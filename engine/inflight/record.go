package inflight

import (
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/state"
)

// Edge is what must be known of an input whose rows a barrier may overtake.
type Edge struct{ Fields []column.Field }

// Channel is a queue to a task, as a barrier overtakes what is in it.
type Channel struct {
	Input  int
	Number int   // among those of the input
	Time   int64 // the event time that it has come to; [math.MinInt64]: none
	Idle   bool
	Before []exchange.Message // what the barrier overtakes
}

// Record copies what a barrier overtakes on the way to a subtask, and what all channels have come to, since those of other subtasks may have come to something
// else. edges are those of the subtask's inputs; nil of one whose barriers do not overtake.
func Record(edges []*Edge, channels []Channel) (tables []state.Table, bytes int) {
	rows, marks := make([]*column.Batch, len(edges)), make([]*column.Batch, len(edges))
	for i := range edges {
		marks[i] = column.NewBatch(marksSchema, 0)
	}
	for i := range channels {
		c := &channels[i]
		at, mark := int64(0), marker(marks[c.Input], c.Number)
		if c.Idle {
			mark(0, startIdleMark, c.Time)
		} else {
			mark(0, startMark, c.Time)
		}
		for i := range c.Before {
			switch m := &c.Before[i]; m.Kind {
			case exchange.Data:
				b := m.Payload.(*column.Batch)
				if rows[c.Input] == nil {
					rows[c.Input] = column.NewBatch(Schema(edges[c.Input].Fields), 0)
				}
				add(rows[c.Input], b, c.Number, at)
				at += int64(b.Rows())
				bytes += exchange.Bytes(b)
			case exchange.Watermark:
				mark(at, timeMark, m.Time)
			case exchange.Idle:
				mark(at, idleMark, math.MinInt64)
			case exchange.Active:
				mark(at, activeMark, math.MinInt64)
			}
		}
	}
	for input, b := range rows {
		if b != nil {
			tables = append(tables, state.Table{Name: rowsName(input), Schema: Schema(edges[input].Fields), Rows: b})
		}
		tables = append(tables, state.Table{Name: marksName(input), Schema: marksSchema, Rows: marks[input]})
	}
	return tables, bytes
}

// add copies rows of a channel, of which so many came before them.
func add(to, b *column.Batch, channel int, at int64) {
	n := b.Rows()
	placed := column.Batch{Len: n, Cols: column.NewBatch(place, n).Cols}
	for i := range n {
		column.Append(placed.Cols[0], int32(channel))
		column.Append(placed.Cols[1], at+1+int64(i))
	}
	if b.Sel != nil {
		dense := column.Batch{}
		for _, c := range b.Cols {
			dense.Cols = append(dense.Cols, column.NewVector(c.Type, n))
		}
		dense.AppendRows(b, nil)
		b = &dense
	}
	placed.Cols = append(placed.Cols, b.Cols...)
	placed.Kinds, placed.Times = b.Kinds, b.Times
	to.AppendRows(&placed, nil)
}

// marker returns what adds marks of a channel.
func marker(b *column.Batch, channel int) func(at int64, what string, time int64) {
	return func(at int64, what string, time int64) {
		column.Append(b.Cols[0], int32(channel))
		column.Append(b.Cols[1], at)
		b.Cols[2].AppendString(what)
		if time == math.MinInt64 {
			b.Cols[3].AppendNull()
		} else {
			column.Append(b.Cols[3], time)
		}
		b.Len++
	}
}
