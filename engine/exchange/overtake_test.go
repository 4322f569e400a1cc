package exchange

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func times(list []Message) (out []int64) {
	for i := range list {
		out = append(out, list[i].Time)
	}
	return out
}

// A barrier is taken out of a queue from wherever it stands. What stands before it is told and stays, but for barriers that were given up.
func TestOvertake(t *testing.T) {
	g, c, _ := connect(2)
	c[0].push(&Message{Kind: Watermark, Time: 10}, 0)
	c[0].push(&Message{Kind: Barrier, Time: 1}, 0)
	c[0].push(&Message{Kind: Idle, Time: 11}, 0)
	if g.Ahead(0, 2) || g.Ahead(1, 2) {
		t.Error("a barrier was seen that is not there")
	}
	c[0].push(&Message{Kind: Barrier, Time: 2}, overdraft)
	c[0].push(&Message{Kind: Active, Time: 12}, overdraft)
	if !g.Ahead(0, 2) {
		t.Error("the barrier was not seen")
	}
	if got := times(g.Overtake(0, 2)); !slices.Equal(got, []int64{10, 11}) {
		t.Errorf("%v were overtaken", got)
	}
	if g.Ahead(0, 2) {
		t.Error("the barrier is still there")
	}
	if _, got := drain(t, g); !slices.Equal(got, []int64{10, 1, 11, 12}) {
		t.Errorf("the queue holds %v", got)
	}

	// Of a channel that ends before the barrier, all but the end is overtaken.
	c[1].push(&Message{Kind: Idle, Time: 20}, 0)
	c[1].push(&Message{Kind: End, Time: 21}, 0)
	if got := times(g.Overtake(1, 2)); !g.Ahead(1, 2) || !slices.Equal(got, []int64{20}) {
		t.Errorf("%v were overtaken", got)
	}
	if _, got := drain(t, g); !slices.Equal(got, []int64{20, 21}) {
		t.Errorf("the queue holds %v", got)
	}

	// A queue of which nothing is left has no turn.
	c[0].push(&Message{Kind: Barrier, Time: 3}, 0)
	if got := g.Overtake(0, 3); len(got) > 0 {
		t.Errorf("%v were overtaken", got)
	}
	if _, got := drain(t, g); len(got) > 0 {
		t.Errorf("%v came", got)
	}
}

// A barrier that is taken out makes room, and who waits for that hears of it.
func TestOvertakingMakesRoom(t *testing.T) {
	g, c, space := connect(1)
	for i := range Capacity + overdraft {
		if !c[0].push(&Message{Kind: Barrier, Time: int64(i)}, overdraft) {
			t.Fatalf("message %d found no room", i)
		}
	}
	if c[0].push(&Message{Kind: End}, overdraft) {
		t.Fatal("there was room for one more")
	}
	g.Overtake(0, 5)
	select {
	case <-space[0]:
	default:
		t.Error("the sender was not told")
	}
	if !c[0].push(&Message{Kind: End}, overdraft) {
		t.Error("there was no room")
	}
}

// What was restored comes before what is sent, whatever room there is.
func TestRestored(t *testing.T) {
	g, c, _ := connect(2)
	for i := range 3 * Capacity {
		g.Restore(0, Message{Kind: Barrier, Time: int64(i)})
	}
	g.Restore(1, Message{Kind: Barrier, Time: 100})
	if c[0].push(&Message{Kind: Barrier, Time: 50}, 0) {
		t.Error("there was room")
	}
	c[1].push(&Message{Kind: Barrier, Time: 101}, 0)
	channels, got := drain(t, g)
	var first, second []int64
	for i, c := range channels {
		if c == 0 {
			first = append(first, got[i])
		} else {
			second = append(second, got[i])
		}
	}
	if len(first) != 3*Capacity || !slices.IsSorted(first) || !slices.Equal(second, []int64{100, 101}) {
		t.Errorf("channels had %v and %v", first, second)
	}
}

// A sender that an urgent barrier waits for is not held up by a full queue, as far as one payload goes; a barrier finds room beyond that.
func TestUrgentSenderIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g, space := single(t, t.Context())
		var urgent atomic.Bool
		s.Urgent = urgent.Load
		emit := func() chan error {
			done := make(chan error, 1)
			go func() { done <- s.Emit(numbered(mostRows)) }()
			synctest.Wait() // until it waits, or has done so
			return done
		}
		held := func(emitted chan error) bool {
			synctest.Wait()
			select {
			case err := <-emitted:
				if err != nil {
					t.Fatal(err)
				}
				return false
			default:
				return true
			}
		}
		filled := func() (n int, waiting chan error) {
			for {
				if waiting = emit(); held(waiting) {
					return n, waiting
				}
				n++
			}
		}
		if n, waiting := filled(); n < Capacity {
			t.Errorf("a queue took %d payloads", n)
		} else {
			urgent.Store(true)
			signal(space)
			if held(waiting) {
				t.Error("the barrier does not get through")
			}
		}
		n, waiting := filled()
		if n < overdraft-2 || n > overdraft {
			t.Errorf("a queue took %d payloads more, want about %d", n, overdraft)
		}
		g.Next()
		if held(waiting) {
			t.Error("there is room, and the sender waits")
		}
		if err := s.Mark(Message{Kind: Barrier, Time: 7}); err != nil {
			t.Fatal(err)
		}
		if !g.Ahead(0, 7) {
			t.Error("the barrier is not in the queue")
		}
	})
}
