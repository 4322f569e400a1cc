package inflight

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/state"
)

// text describes a message; rows of messages that follow each other are one text.
func text(list []string, m *exchange.Message) []string {
	b, ok := m.Payload.(*column.Batch)
	if !ok {
		return append(list, fmt.Sprint("mark ", m.Kind, " ", m.Time))
	}
	for i := range b.Rows() {
		r := b.Row(i)
		row := fmt.Sprint("row ", b.Kind(r))
		if b.Times != nil {
			row += fmt.Sprint(" at ", b.Times[r])
		}
		for _, c := range b.Cols {
			row += " " + columntest.Key(c, r)
		}
		list = append(list, row)
	}
	return list
}

// What was in flight comes back into its channel, in its order, behind what the channel had come to.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inputs := rapid.IntRange(1, 3).Draw(t, "inputs")
		edges, counts := make([]*Edge, inputs), make([]int, inputs)
		timed := rapid.Bool().Draw(t, "timed") // a batch of others that have times has them too
		var channels []Channel
		var want [][]string
		for input := range edges {
			edges[input] = &Edge{}
			for i := range rapid.IntRange(0, 3).Draw(t, "columns") {
				edges[input].Fields = append(edges[input].Fields, column.Field{Name: fmt.Sprint("c", i), Type: columntest.RandomType(t, 1)})
			}
			counts[input] = rapid.IntRange(1, 3).Draw(t, "channels")
			for number := range counts[input] {
				c := Channel{Input: input, Number: number, Time: math.MinInt64, Idle: rapid.Bool().Draw(t, "idle")}
				var texts []string
				if rapid.Bool().Draw(t, "begun") {
					c.Time = rapid.Int64Range(-5, 1<<40).Draw(t, "time")
					texts = text(texts, &exchange.Message{Kind: exchange.Watermark, Time: c.Time})
				}
				idle := c.Idle
				if idle {
					texts = text(texts, &exchange.Message{Kind: exchange.Idle})
				}
				for range rapid.IntRange(0, 5).Draw(t, "messages") {
					m := message(t, edges[input].Fields, timed)
					idle = m.Kind == exchange.Idle || idle && m.Kind != exchange.Active
					texts = text(texts, &m)
					c.Before = append(c.Before, m)
				}
				if idle {
					texts = text(texts, &exchange.Message{Kind: exchange.Active})
				}
				channels, want = append(channels, c), append(want, texts)
			}
		}
		tables, _ := Record(edges, channels)
		if some := slices.ContainsFunc(channels, func(c Channel) bool { return len(c.Before) > 0 }); Holds([][]state.Table{nil, tables}) != some {
			t.Errorf("tables are said to hold something: %v", !some)
		}
		at := 0
		for input, n := range counts {
			got := make([][]string, n)
			list, err := Restore(tables, input, n, edges[input].Fields)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				got[r.Channel] = text(got[r.Channel], &r.Message)
			}
			for c := range got {
				if !slices.Equal(got[c], want[at]) {
					t.Errorf("channel %d of input %d gets\n%q\nwant\n%q", c, input, got[c], want[at])
				}
				at++
			}
		}
	})
}

// message draws a message of an edge.
func message(t *rapid.T, fields []column.Field, timed bool) exchange.Message {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return exchange.Message{Kind: exchange.Watermark, Time: rapid.Int64Range(-5, 1<<40).Draw(t, "watermark")}
	case 1:
		return exchange.Message{Kind: exchange.Idle}
	case 2:
		return exchange.Message{Kind: exchange.Active}
	}
	n := rapid.IntRange(1, 10).Draw(t, "rows")
	b := &column.Batch{Len: n}
	for _, f := range fields {
		b.Cols = append(b.Cols, columntest.RandomVector(t, f.Type, n))
	}
	if rapid.Bool().Draw(t, "kinds") {
		for i := range b.AddKinds(n) {
			b.Kinds[i] = column.RowKind(i % 4)
		}
	}
	if timed {
		for i := range b.AddTimes(n) {
			b.Times[i] = int64(i) * 10
		}
	}
	if rapid.Bool().Draw(t, "selects") {
		b.Sel = columntest.RandomSelection(t, n)
	}
	return exchange.Message{Kind: exchange.Data, Payload: b}
}

// Long runs of rows come back in several messages.
func TestLongRuns(t *testing.T) {
	fields := []column.Field{{Name: "n", Type: column.Of(column.BigInt)}}
	b := column.NewBatch(fields, 0)
	for i := range 3*pieceRows - 1 {
		column.Append(b.Cols[0], int64(i))
		b.Len++
	}
	tables, bytes := Record([]*Edge{{Fields: fields}}, []Channel{{Time: math.MinInt64, Before: []exchange.Message{{Kind: exchange.Data, Payload: b}}}})
	if bytes < 8*b.Len {
		t.Errorf("%d bytes", bytes)
	}
	list, err := Restore(tables, 0, 1, fields)
	if err != nil || len(list) != 3 || list[2].Message.Payload.Rows() != pieceRows-1 {
		t.Errorf("%d messages, %v", len(list), err)
	}
}

// What cannot come back is an error.
func TestMisfits(t *testing.T) {
	fields := []column.Field{{Name: "n", Type: column.Of(column.BigInt)}}
	b := column.NewBatch(fields, 0)
	column.Append(b.Cols[0], int64(1))
	b.Len = 1
	tables, _ := Record([]*Edge{{Fields: fields}}, []Channel{{Before: []exchange.Message{{Kind: exchange.Data, Payload: b}}}, {Number: 1}})
	if _, err := Restore(tables, 0, 3, fields); err == nil || !strings.Contains(err.Error(), "from 2 subtasks, and they come from 3 now") {
		t.Error(err)
	}
	if _, err := Restore(tables, 0, 2, []column.Field{{Name: "n", Type: column.Str()}}); err == nil || !strings.Contains(err.Error(), "other columns") {
		t.Error(err)
	}
	if list, err := Restore(tables, 1, 2, fields); err != nil || len(list) > 0 {
		t.Error(list, err)
	}
}
