package exchange

import (
	"sync"
	"sync/atomic"
)

// Capacity is the number of messages that a queue holds: enough for the receiver to work on while the sender fills the next payload.
const Capacity = 4

// Gate is the receiving end of all queues into one task. It takes from them in turn, so that none starves the others.
type Gate struct {
	// Draw, if set before queues are connected, returns a number below n: a test lets it decide how long queues are and which one is next.
	Draw func(n int) int

	mu       sync.Mutex
	channels []*Channel
	// ready is a ring of the numbers of the channels that have messages and are not blocked, in the order of their turns.
	ready   []int32
	first   int
	waiting int
	wake    chan struct{}
	// declined: the receiver has ended and wants no more.
	declined atomic.Bool
}

// Channel is one queue: what a [Sender] sees of a Gate.
type Channel struct {
	gate   *Gate
	number int32
	input  int
	space  chan struct{} // of the sender: has a value once there is room again, or nothing more is wanted

	ring    []Message
	head, n int
	most    int  // messages that it holds, unless a barrier is urgent
	listed  bool // stands in gate.ready
	blocked bool
	wanted  bool // the sender waits for room
	enough  int  // it is told so when that few are left
}

// NewGate returns a gate without queues.
func NewGate() *Gate {
	return &Gate{wake: make(chan struct{}, 1)}
}

// Connect adds a queue to input number input of the receiving task. The sender hears of room in its queues through space, which has
// room for one value. All queues are connected before any of them is used.
func (g *Gate) Connect(input int, space chan struct{}) *Channel {
	c := &Channel{gate: g, number: int32(len(g.channels)), input: input, space: space, ring: make([]Message, Capacity), most: Capacity}
	if g.Draw != nil {
		c.most = 1 + g.Draw(Capacity)
	}
	g.channels = append(g.channels, c)
	g.ready = make([]int32, len(g.channels))
	return c
}

// Channels returns the number of queues.
func (g *Gate) Channels() int { return len(g.channels) }

// Input returns the number of the task's input to which a channel belongs.
func (g *Gate) Input(channel int) int { return g.channels[channel].input }

// Wake has a value once there may be a message after Next had none.
func (g *Gate) Wake() <-chan struct{} { return g.wake }

// Next takes the next message, if there is one, and tells the number of the channel that it came by.
func (g *Gate) Next() (channel int, m Message, ok bool) {
	g.mu.Lock()
	if g.waiting == 0 {
		g.mu.Unlock()
		return 0, Message{}, false
	}
	if g.Draw != nil {
		other := (g.first + g.Draw(g.waiting)) % len(g.ready)
		g.ready[g.first], g.ready[other] = g.ready[other], g.ready[g.first]
	}
	number := g.ready[g.first]
	if g.first++; g.first == len(g.ready) {
		g.first = 0
	}
	g.waiting--
	c := g.channels[number]
	m = c.ring[c.head]
	c.drop()
	c.listed = false
	if c.n > 0 {
		g.list(c)
	}
	// A sender that waits is woken when the queue is half empty, to do more than one message at a time.
	tell := c.wanted && c.n <= c.enough
	if tell {
		c.wanted = false
	}
	g.mu.Unlock()
	if tell {
		signal(c.space)
	}
	return int(number), m, true
}

// drop takes the first message out of the queue.
func (c *Channel) drop() {
	c.ring[c.head] = Message{}
	c.head = (c.head + 1) % len(c.ring)
	c.n--
}

// at returns message number i of the queue.
func (c *Channel) at(i int) *Message { return &c.ring[(c.head+i)%len(c.ring)] }

// list gives a channel its turn, behind all that have one.
func (g *Gate) list(c *Channel) {
	last := g.first + g.waiting
	if last >= len(g.ready) {
		last -= len(g.ready)
	}
	g.ready[last] = c.number
	g.waiting++
	c.listed = true
}

// Block takes nothing from a channel until Unblock.
func (g *Gate) Block(channel int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.channels[channel]
	c.blocked = true
	if !c.listed {
		return
	}
	// Take it out of the ring: once per barrier, so a walk will do.
	g.unlist(c)
}

// unlist takes a channel's turn away.
func (g *Gate) unlist(c *Channel) {
	c.listed = false
	kept := 0
	for i := range g.waiting {
		number := g.ready[(g.first+i)%len(g.ready)]
		if number != c.number {
			g.ready[(g.first+kept)%len(g.ready)] = number
			kept++
		}
	}
	g.waiting = kept
}

// Unblock takes from all channels again.
func (g *Gate) Unblock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.channels {
		if c.blocked {
			c.blocked = false
			if c.n > 0 && !c.listed {
				g.list(c)
			}
		}
	}
}

// Decline ends the receiver's interest: what waits is dropped, and so is what comes.
func (g *Gate) Decline() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.declined.Store(true)
	g.waiting = 0
	for _, c := range g.channels {
		for c.n > 0 {
			if m := &c.ring[c.head]; m.Kind == Data {
				m.Release()
			}
			c.drop()
		}
		signal(c.space) // also if nobody waits for room: the sender may have nothing else to wake it
	}
}

// room reports whether a message fits, so many more than usual being allowed. If not, the sender's space signal will tell.
func (c *Channel) room(more int) bool {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	return c.fits(more)
}

// fits is room for who holds the lock.
func (c *Channel) fits(more int) bool {
	if c.wanted = c.n >= c.most+more; c.wanted {
		c.enough = Capacity / 2
		if more > 0 {
			c.enough = c.most + more - 1
		}
	}
	return !c.wanted
}

// empty reports whether the receiver has taken everything.
func (c *Channel) empty() bool {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	return c.n == 0
}

// push adds a message, where so many more than usual are allowed. It reports false, and the space signal will tell, if there is no room. A watermark
// replaces one that stands at the end of the queue.
func (c *Channel) push(m *Message, more int) bool {
	g := c.gate
	g.mu.Lock()
	if g.declined.Load() {
		g.mu.Unlock()
		if m.Kind == Data {
			dropped := *m
			dropped.Release()
		}
		return true
	}
	if m.Kind == Watermark && c.n > 0 {
		if last := c.at(c.n - 1); last.Kind == Watermark {
			last.Time = m.Time
			g.mu.Unlock()
			return true
		}
	}
	if !c.fits(more) {
		g.mu.Unlock()
		return false
	}
	c.add(m)
	wake := false
	if !c.listed && !c.blocked {
		wake = g.waiting == 0
		g.list(c)
	}
	g.mu.Unlock()
	if wake {
		signal(g.wake)
	}
	return true
}

// add puts a message at the end of the queue.
func (c *Channel) add(m *Message) {
	if c.n == len(c.ring) {
		larger := make([]Message, 2*c.n)
		for i := range c.n {
			larger[i] = *c.at(i)
		}
		c.ring, c.head = larger, 0
	}
	c.n++
	*c.at(c.n - 1) = *m
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
