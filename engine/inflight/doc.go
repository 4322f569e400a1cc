// Package inflight puts rows away that were on their way between tasks when a barrier overtook them, and brings them back.
//
// What enters: the queues of a task at an unaligned checkpoint, as [Channel]s. What leaves: tables, which are part of the state of the node that
// the queues lead to, and, when a job starts from them, the messages for the queues of its tasks. Tasks record, the job brings back.
//
// What must hold: rows and marks of event time come back into the queue that they were in, in their order, ahead of all that is sent from then on. So both ends
// of an edge must have as many subtasks as before; the job sees to that.
package inflight

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// Tables of in-flight data are named by the input that it was on its way to.
const (
	rowsPrefix  = "in-flight rows "
	marksPrefix = "in-flight marks "
)

func rowsName(input int) string  { return fmt.Sprint(rowsPrefix, input) }
func marksName(input int) string { return fmt.Sprint(marksPrefix, input) }

// IsTable reports whether a table of a node is one of in-flight data, and not of the operator's.
func IsTable(t *state.Table) bool {
	return strings.HasPrefix(t.Name, rowsPrefix) || strings.HasPrefix(t.Name, marksPrefix)
}

// Holds reports whether tables of a node's subtasks have anything in flight.
func Holds(subtasks [][]state.Table) bool {
	for _, list := range subtasks {
		for i := range list {
			t := &list[i]
			switch {
			case strings.HasPrefix(t.Name, rowsPrefix) && t.Rows.Rows() > 0:
				return true
			case strings.HasPrefix(t.Name, marksPrefix):
				for i := range t.Rows.Rows() {
					if !strings.HasPrefix(string(t.Rows.Cols[2].BytesAt(t.Rows.Row(i))), startMark) {
						return true
					}
				}
			}
		}
	}
	return false
}

// place are the columns that say where a row or mark stood: in which channel of the input, as number at. Rows count from 1, each mark bears the number of the
// row before it.
var place = []column.Field{{Name: "channel", Type: column.Of(column.Int).Required()}, {Name: "at", Type: column.Of(column.BigInt).Required()}}

// Schema returns the columns of a table of rows of an edge.
func Schema(edge []column.Field) []column.Field {
	return append(place[:len(place):len(place)], edge...)
}

// marksSchema is that of a table of marks. Each channel begins with what it had come to.
var marksSchema = append(place[:len(place):len(place)],
	column.Field{Name: "mark", Type: column.Str().Required()}, column.Field{Name: "time", Type: column.Of(column.BigInt)})

// What stands in the column mark.
const (
	startMark     = "start" // NULL or the event time that the channel has come to
	startIdleMark = "start idle"
	timeMark      = "watermark"
	idleMark      = "idle"
	activeMark    = "active"
)
