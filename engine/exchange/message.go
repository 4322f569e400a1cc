// Package exchange carries data between tasks: bounded queues from each sending subtask to each receiving one, and what
// fills and empties them.
//
// What enters: payloads that operators emit, which a [Sender] copies by a packer into payloads of its own, and the marks that
// travel with them: watermarks, idleness, barriers and the end. What leaves: the same, through the receiving task's [Gate],
// in order for each pair of subtasks. Tasks call both ends.
//
// What must hold: a Sender and a Gate each belong to one task and one goroutine; a queue has one sender and one receiver; a
// payload taken from a Gate is read-only and given back with [Message.Release]; nothing here waits by time.
package exchange

import (
	"sync/atomic"

	"github.com/millstream/millstream/engine/operator"
)

// Kind says what a message is.
type Kind uint8

// The kinds of messages.
const (
	Data      Kind = iota
	Watermark      // event time has reached Time
	Idle           // the sender has nothing for now: do not wait for its watermarks
	Active         // it has again
	Barrier        // all before it belongs to checkpoint number Time, all behind it does not
	End            // the last message; it stands for a watermark of the end of time too
)

// Message is one element of a queue.
type Message struct {
	Kind    Kind
	Time    int64            // of Watermark: milliseconds of event time; of Barrier: the checkpoint's number
	Payload operator.Payload // of Data

	packer operator.Packer // gets the payload back; nil: nobody does
	shared *atomic.Int32   // receivers that still read the payload; nil: this one
}

// Release gives a Data message's payload back for reuse; the receiver has copied what it keeps.
func (m *Message) Release() {
	if m.packer != nil && (m.shared == nil || m.shared.Add(-1) == 0) {
		m.packer.Recycle(m.Payload)
	}
	m.Payload = nil
}
