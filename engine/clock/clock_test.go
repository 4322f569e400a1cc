package clock

import (
	"testing"
	"time"
)

var start = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)

func fired(t Timer) bool {
	select {
	case <-t.C():
		return true
	default:
		return false
	}
}

func TestSimulated(t *testing.T) {
	s := NewSimulated(start)
	a, b, c := s.NewTimer(), s.NewTimer(), s.NewTimer()
	if fired(a) {
		t.Error("a timer that was never set fired")
	}
	a.Set(start.Add(2 * time.Second))
	b.Set(start.Add(time.Second))
	c.Set(start.Add(3 * time.Second))
	s.Await(start.Add(3 * time.Second))
	s.Advance(time.Second - 1)
	if fired(a) || fired(b) || fired(c) {
		t.Error("a timer fired early")
	}
	s.Advance(1)
	if !fired(b) || fired(a) {
		t.Error("after a second the second timer alone must fire")
	}
	a.Set(start.Add(10 * time.Second)) // instead of 2
	c.Stop()
	s.Advance(8 * time.Second)
	if fired(a) || fired(b) || fired(c) {
		t.Error("a timer fired that was set anew, had fired or was stopped")
	}
	s.Advance(time.Hour)
	if !fired(a) {
		t.Error("the last timer did not fire")
	}
	if want := start.Add(time.Hour + 9*time.Second); !s.Now().Equal(want) {
		t.Errorf("it is %v, want %v", s.Now(), want)
	}
}

func TestSetInThePast(t *testing.T) {
	for name, c := range map[string]Clock{"real": Real, "simulated": NewSimulated(start)} {
		timer := c.NewTimer()
		timer.Set(c.Now().Add(-time.Second))
		<-timer.C()
		timer.Set(c.Now().Add(time.Hour))
		if fired(timer) {
			t.Errorf("%s: an old signal was left", name)
		}
		timer.Set(c.Now())
		timer.Stop()
		if fired(timer) {
			t.Errorf("%s: a stopped timer has a signal", name)
		}
	}
}

func TestAwait(t *testing.T) {
	s := NewSimulated(start)
	awaited := make(chan struct{})
	go func() {
		s.Await(start.Add(2))
		close(awaited)
	}()
	timer := s.NewTimer()
	timer.Set(start.Add(1))
	select {
	case <-awaited:
		t.Error("another timer ended the wait")
	default:
	}
	timer.Set(start.Add(2))
	<-awaited
}
