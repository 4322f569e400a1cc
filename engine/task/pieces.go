package task

import (
	"runtime"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
)

// cut gives a batch in pieces of BatchRows rows, or as Draw cuts it.
func (t *Task) cut(b *column.Batch, give func(piece *column.Batch) error) error {
	live := b.Sel
	if live == nil {
		live = make([]int32, b.Len)
		for i := range live {
			live[i] = int32(i)
		}
	}
	for from := 0; from < len(live); {
		n := len(live) - from
		if t.BatchRows > 0 {
			n = min(n, t.BatchRows)
		}
		if t.Draw != nil {
			n = 1 + t.Draw(n)
		}
		piece := *b
		piece.Sel = live[from : from+n]
		if err := give(&piece); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// send gives a payload to a sender, in pieces with time for others between them if Draw says so.
func (t *Task) send(s *exchange.Sender, p operator.Payload) error {
	b, ok := p.(*column.Batch)
	if t.Draw == nil || !ok {
		return s.Emit(p)
	}
	return t.cut(b, func(piece *column.Batch) error {
		if err := s.Emit(piece); err != nil {
			return err
		}
		t.dawdle()
		return nil
	})
}

// dawdle lets other goroutines go first, as often as Draw says, and perhaps hands on what is pending.
func (t *Task) dawdle() {
	for range t.Draw(8) {
		runtime.Gosched()
	}
	if t.Draw(4) == 0 {
		t.flush()
	}
}
