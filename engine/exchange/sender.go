package exchange

import (
	"context"
	"sync/atomic"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// Pending rows are handed on when there are enough of them, when the receiver has nothing else to do and there are some, or
// when the sender's input is empty. They grow beyond enough only while the receiver's queue is full, up to most; then the sender waits.
const (
	enoughRows  = 4 << 10
	enoughBytes = 256 << 10
	someRows    = enoughRows / 8
	mostRows    = 2 * enoughRows
	mostBytes   = 2 * enoughBytes
	// All pending payloads of one sender together: with many targets each gets a smaller share, since each queue holds
	// several of its size.
	allRows  = 4 * enoughRows
	allBytes = 4 * enoughBytes
)

// A queue takes so many messages more than usual from a task that an urgent barrier waits for, and with the barrier itself. The first is
// for what one payload brings about; who emits more waits.
const (
	overdraft     = 16
	overdraftMark = 2 * overdraft
)

// Sizer is implemented by packers that know the size of what waits, in bytes. Without it rows alone count.
type Sizer interface {
	PendingBytes(target int) int
}

// Sender is the sending end of one edge of one subtask: a packer and the queues to the receiver's subtasks. It sorts rows by
// lots, which are the packer's targets: one lot for each queue where rows are shipped by hash, else a single one.
type Sender struct {
	// Turn, if set, is called after each wait; a test decides there whose turn it is.
	Turn func()
	// Urgent, if set, reports that a barrier of a checkpoint that may not wait is on its way to the sending task: then queues take more than usual, so that
	// the task comes to see to it. Whoever makes it true gives the space signal.
	Urgent func() bool
	// Draw, if set, returns a number below n: a test lets it decide when rows are handed on though they are few.
	Draw func(n int) int

	ctx    context.Context
	ship   graph.Ship
	packer operator.Packer
	sizer  Sizer // nil: the packer does not know sizes
	to     []*Channel
	space  <-chan struct{}
	lots   int
	turn   int            // the queue that comes next (rebalance)
	shared []atomic.Int32 // receivers of the payloads on their way, a ring (broadcast)

	enoughRows, someRows, enoughBytes, mostRows, mostBytes int
}

// Lots returns the number of targets that the packer of an edge with the given number of receivers must have.
func Lots(ship graph.Ship, receivers int) int {
	if ship == graph.Hash {
		return receivers
	}
	return 1
}

// NewSender returns a sender to the given queues, of which space is the signal. Waiting for room ends with ctx. Where ship is
// Forward there is one queue. The packer has [Lots] targets.
func NewSender(ctx context.Context, ship graph.Ship, packer operator.Packer, to []*Channel, space <-chan struct{}) *Sender {
	s := &Sender{ctx: ctx, ship: ship, packer: packer, to: to, space: space, lots: Lots(ship, len(to))}
	s.sizer, _ = packer.(Sizer)
	if ship == graph.Broadcast {
		// Each queue holds all payloads in order, so at most a full queue, the one being read and the next are on their way.
		s.shared = make([]atomic.Int32, Capacity+overdraftMark+2)
	}
	s.enoughRows = min(enoughRows, max(64, allRows/s.lots))
	s.enoughBytes = min(enoughBytes, max(4<<10, allBytes/s.lots))
	s.someRows = s.enoughRows / (enoughRows / someRows)
	s.mostRows = s.enoughRows * (mostRows / enoughRows)
	s.mostBytes = s.enoughBytes * (mostBytes / enoughBytes)
	return s
}

// Emit takes rows and hands on those lots that are large enough. It waits where a receiver is so far behind that its lot
// has grown to the limit. The payload is borrowed.
func (s *Sender) Emit(p operator.Payload) error {
	s.packer.Pack(p)
	for lot := range s.lots {
		rows, bytes := s.pending(lot)
		enough := rows >= s.enoughRows || bytes >= s.enoughBytes || s.Draw != nil && s.Draw(3) == 0
		if !enough && (rows < s.someRows || !s.starving(lot)) {
			continue
		}
		if !s.hand(lot, 0) && (rows >= s.mostRows || bytes >= s.mostBytes) {
			for !s.hand(lot, s.more(overdraft)) {
				if err := s.wait(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// more is how many messages more than usual queues take.
func (s *Sender) more(n int) int {
	if s.Urgent != nil && s.Urgent() {
		return n
	}
	return 0
}

func (s *Sender) pending(lot int) (rows, bytes int) {
	rows = s.packer.Pending(lot)
	if rows > 0 && s.sizer != nil {
		bytes = s.sizer.PendingBytes(lot)
	}
	return rows, bytes
}

// starving reports whether a receiver of the lot has nothing waiting.
func (s *Sender) starving(lot int) bool {
	switch s.ship {
	case graph.Hash:
		return s.to[lot].empty()
	case graph.Broadcast:
		for _, c := range s.to {
			if c.empty() {
				return true
			}
		}
		return false
	default:
		return s.to[s.turn].empty()
	}
}

// hand puts a lot, if it has rows, into its queue, which takes so many messages more than usual. It reports false, and the space signal will tell, if
// there is no room.
func (s *Sender) hand(lot, more int) bool {
	if s.packer.Pending(lot) == 0 {
		return true
	}
	m := Message{Kind: Data, packer: s.packer}
	switch s.ship {
	case graph.Broadcast:
		for _, c := range s.to {
			if !c.room(more) {
				return false
			}
		}
		m.Payload, m.shared = s.packer.Take(lot), &s.shared[s.turn]
		m.shared.Store(int32(len(s.to)))
		s.turn = (s.turn + 1) % len(s.shared)
		for _, c := range s.to {
			c.push(&m, more)
		}
		return true
	case graph.Hash:
		if !s.to[lot].room(more) {
			return false
		}
		m.Payload = s.packer.Take(lot)
		return s.to[lot].push(&m, more)
	default:
		// In turn, but past receivers that are behind.
		for range s.to {
			c := s.to[s.turn]
			s.turn = (s.turn + 1) % len(s.to)
			if c.room(more) {
				m.Payload = s.packer.Take(lot)
				return c.push(&m, more)
			}
		}
		return false
	}
}

// Flush hands on whatever is pending, as far as there is room, and reports whether that was all.
func (s *Sender) Flush() bool { return s.flush(0) }

func (s *Sender) flush(more int) bool {
	all := true
	for lot := range s.lots {
		if !s.hand(lot, more) {
			all = false
		}
	}
	return all
}

// Mark sends a mark to all receivers, behind all rows emitted so far. It waits for room.
func (s *Sender) Mark(m Message) error {
	allowed := overdraft
	if m.Kind == Barrier {
		allowed = overdraftMark
	}
	for !s.flush(s.more(allowed)) {
		if err := s.wait(); err != nil {
			return err
		}
	}
	for _, c := range s.to {
		for !c.push(&m, s.more(allowed)) {
			if err := s.wait(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Declined reports whether no receiver wants more.
func (s *Sender) Declined() bool {
	for _, c := range s.to {
		if !c.gate.declined.Load() {
			return false
		}
	}
	return true
}

func (s *Sender) wait() error {
	select {
	case <-s.space:
	case <-s.ctx.Done():
	}
	if s.Turn != nil {
		s.Turn()
	}
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return nil
}
