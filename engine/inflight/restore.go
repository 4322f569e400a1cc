package inflight

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/state"
)

// Restored is a message for a channel of an input.
type Restored struct {
	Channel int
	Message exchange.Message
}

// pieceRows is the most rows of a restored message.
const pieceRows = 4096

// Fits reports whether rows in flight to an input, if there are any, have the columns that it has now.
func Fits(tables []state.Table, input int, fields []column.Field) bool {
	t := find(tables, rowsName(input))
	return t == nil || slices.EqualFunc(t.Schema, Schema(fields), func(a, b column.Field) bool { return a.Type.SameAs(b.Type) })
}

func find(tables []state.Table, name string) *state.Table {
	r := state.Reader{Tables: tables}
	return r.Table(name)
}

// Restore returns what a subtask's tables have for an input with so many channels, in order for each channel.
func Restore(tables []state.Table, input, channels int, fields []column.Field) ([]Restored, error) {
	marks := find(tables, marksName(input))
	if marks == nil || marks.Rows.Rows() == 0 { // other subtasks had rows in flight
		return nil, nil
	}
	if !Fits(tables, input, fields) {
		return nil, fmt.Errorf("the checkpoint has rows that were on their way to its input %d, and they have other columns now", input+1)
	}
	r := restoring{fields: fields, queues: make([]queue, channels)}
	numbers, at := column.Values[int32](marks.Rows.Cols[0]), column.Values[int64](marks.Rows.Cols[1])
	known := 0
	for i := range marks.Rows.Rows() {
		row := marks.Rows.Row(i)
		known = max(known, int(numbers[row])+1)
		if known <= channels {
			q := &r.queues[numbers[row]]
			q.marks = append(q.marks, mark{at[row], row})
		}
	}
	if known != channels {
		return nil, fmt.Errorf("the checkpoint has rows that were on their way to its input %d, which came from %d subtasks, and they come from %d now", input+1, known, channels)
	}
	if rows := find(tables, rowsName(input)); rows != nil {
		r.from = rows.Rows
		numbers := column.Values[int32](rows.Rows.Cols[0])
		for i := range rows.Rows.Rows() {
			row := rows.Rows.Row(i)
			if n := int(numbers[row]); n >= channels {
				return nil, fmt.Errorf("the checkpoint has a row that was on its way to its input %d by channel %d of %d", input+1, n+1, channels)
			}
			q := &r.queues[numbers[row]]
			q.rows = append(q.rows, int32(row))
		}
	}
	for c := range r.queues {
		r.queue(c, marks.Rows)
	}
	return r.out, nil
}

// queue is what a channel gets: rows, and marks that stand behind so many of them.
type queue struct {
	rows  []int32
	marks []mark
}

type mark struct {
	at  int64
	row int
}

type restoring struct {
	fields []column.Field
	from   *column.Batch
	queues []queue
	out    []Restored
}

// queue makes the messages of a channel.
func (r *restoring) queue(channel int, marks *column.Batch) {
	q := &r.queues[channel]
	given, idle := int64(0), false
	give := func(until int64) {
		for until = min(until, int64(len(q.rows))); given < until; {
			n := min(until-given, pieceRows)
			b := column.NewBatch(r.fields, int(n))
			b.AppendRows(&column.Batch{Len: r.from.Len, Cols: r.from.Cols[len(place):], Kinds: r.from.Kinds, Times: r.from.Times}, q.rows[given:given+n])
			r.add(channel, exchange.Message{Kind: exchange.Data, Payload: b})
			given += n
		}
	}
	for _, m := range q.marks {
		give(m.at)
		if !marks.Cols[3].IsNull(m.row) {
			r.add(channel, exchange.Message{Kind: exchange.Watermark, Time: column.Values[int64](marks.Cols[3])[m.row]})
		}
		switch string(marks.Cols[2].BytesAt(m.row)) {
		case idleMark, startIdleMark:
			idle = true
			r.add(channel, exchange.Message{Kind: exchange.Idle})
		case activeMark:
			idle = false
			r.add(channel, exchange.Message{Kind: exchange.Active})
		}
	}
	give(int64(len(q.rows)))
	if idle { // the sender, which starts anew, says so again when it is idle again
		r.add(channel, exchange.Message{Kind: exchange.Active})
	}
}

func (r *restoring) add(channel int, m exchange.Message) {
	r.out = append(r.out, Restored{channel, m})
}
