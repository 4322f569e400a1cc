// Package simulate runs a program of many goroutines, such as a job, in an order that a seed decides on, at a time of its own: so what one seed
// shows, the same seed shows again. It is for tests.
//
// What enters: a function that starts goroutines, which call [Schedule.Turn] before they go on from a wait. What leaves: the [Trace] of whose turn it
// was. [Disturb] runs a job that way over a store that fails, in processes that are killed.
//
// What must hold: nobody waits for his turn while he holds a mutex that others want; a goroutine that has waited for anything takes its turn before it
// touches what it shares with others. Time stands still while somebody has something to do, but for the moments at which the seed lets it pass.
package simulate

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Schedule decides whose turn it is.
type Schedule struct {
	random *rand.Rand // of the goroutine that decides
	start  time.Time

	mu      sync.Mutex
	waiting []*turn
	over    bool
	trace   Trace
	alarms  []alarm

	arrived chan struct{} // has a value once somebody waits
}

type turn struct {
	who string
	c   chan struct{}
}

// alarm is something to do before a step.
type alarm struct {
	step int
	do   func()
}

// Trace tells what happened.
type Trace struct {
	Steps []Step
	Took  time.Duration
}

// Step is one turn.
type Step struct {
	Who string
	Of  int // how many waited for theirs
	At  time.Duration
}

func (s Step) String() string { return fmt.Sprintf("%s (1 of %d, at %v)", s.Who, s.Of, s.At) }

// Hash is the same for the same traces, and hardly ever for others.
func (t *Trace) Hash() uint64 {
	h := fnv.New64a()
	for _, s := range t.Steps {
		h.Write([]byte(s.String() + "\n"))
	}
	return h.Sum64()
}

// Difference says where two traces part; "" if they are the same.
func (t *Trace) Difference(other *Trace) string {
	for i := range min(len(t.Steps), len(other.Steps)) {
		if t.Steps[i] != other.Steps[i] {
			return fmt.Sprintf("step %d: %v and %v; before: %v", i, t.Steps[i], other.Steps[i], t.Steps[max(0, i-5):i])
		}
	}
	if len(t.Steps) != len(other.Steps) || t.Took != other.Took {
		return fmt.Sprintf("%d and %d steps in %v and %v", len(t.Steps), len(other.Steps), t.Took, other.Took)
	}
	return ""
}

// Run runs f, with all goroutines that it starts, to their end. f takes turns as everybody does. That all wait for one another for ever is an error.
func Run(t *testing.T, seed uint64, f func(s *Schedule)) (trace *Trace, err error) {
	t.Helper()
	s := &Schedule{random: rand.New(rand.NewPCG(seed, 1))}
	trace = &s.trace
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("after %d steps, the last of %v: %v", len(s.trace.Steps), s.trace.Steps[max(0, len(s.trace.Steps)-5):], v)
		}
	}()
	synctest.Test(t, func(*testing.T) {
		s.arrived = make(chan struct{}, 1) // made here, so that waiting for it is waiting for time to pass
		s.run(f)
	})
	return trace, nil
}

func (s *Schedule) run(f func(*Schedule)) {
	s.start = time.Now()
	done := false
	go func() {
		f(s)
		s.mu.Lock()
		done, s.over = true, true
		s.mu.Unlock()
		s.tell()
	}()
	for {
		synctest.Wait()
		s.mu.Lock()
		if done {
			for _, w := range s.waiting {
				close(w.c)
			}
			s.waiting = nil
			s.trace.Took = time.Since(s.start)
			s.mu.Unlock()
			return
		}
		idle := len(s.waiting) == 0
		s.mu.Unlock()
		switch {
		case idle:
			<-s.arrived
		case s.random.IntN(16) == 0:
			time.Sleep(time.Duration(1 + s.random.IntN(2_000_000)))
		default:
			s.step()
		}
	}
}

// step lets one go on.
func (s *Schedule) step() {
	s.mu.Lock()
	slices.SortStableFunc(s.waiting, func(a, b *turn) int { return strings.Compare(a.who, b.who) })
	i := s.random.IntN(len(s.waiting))
	next := s.waiting[i]
	s.trace.Steps = append(s.trace.Steps, Step{next.who, len(s.waiting), time.Since(s.start)})
	s.waiting = slices.Delete(s.waiting, i, i+1)
	at := len(s.trace.Steps)
	var due []alarm
	s.alarms = slices.DeleteFunc(s.alarms, func(a alarm) bool {
		if a.step <= at {
			due = append(due, a)
		}
		return a.step <= at
	})
	s.mu.Unlock()
	for _, a := range due {
		a.do()
	}
	if len(due) > 0 {
		synctest.Wait() // those who hear of it wait for their turns
	}
	close(next.c)
}

// Turn returns when it is the caller's turn. No two wait under the same name at a time.
func (s *Schedule) Turn(who string) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	w := &turn{who, make(chan struct{})}
	s.waiting = append(s.waiting, w)
	s.mu.Unlock()
	s.tell()
	<-w.c
}

func (s *Schedule) tell() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

// Steps is the number of turns there were.
func (s *Schedule) Steps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.trace.Steps)
}

// At calls do, which must not wait, before the given number of turns is exceeded.
func (s *Schedule) At(step int, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms = append(s.alarms, alarm{step, do})
}
