// Package clock tells processing time: the machine's own, or in tests a simulated one that moves when it is told to.
//
// What enters: instants at which somebody wants to be woken. What leaves: the present time and a signal on a channel. Tasks
// and the job's coordinator take all their time from here, so that a test controls it and needs no sleep.
package clock

import "time"

// Clock tells the time and makes timers. Its methods may be called from any goroutine.
type Clock interface {
	Now() time.Time
	// NewTimer returns a timer that is not set.
	NewTimer() Timer
}

// Timer is an alarm clock for one goroutine.
type Timer interface {
	// C has a value once the time set last has come.
	C() <-chan time.Time
	// Set wakes at the given time, at once if it has passed, and forgets what was set before.
	Set(at time.Time)
	// Stop forgets what was set. C is empty afterwards.
	Stop()
}

// Real is the machine's clock.
var Real Clock = realClock{}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) NewTimer() Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return realTimer{t}
}

type realTimer struct{ t *time.Timer }

func (r realTimer) C() <-chan time.Time { return r.t.C }
func (r realTimer) Set(at time.Time)    { r.t.Reset(time.Until(at)) }
func (r realTimer) Stop()               { r.t.Stop() }
