package operator

import (
	"math"
	"time"
)

// windowClock is what operators share that emit windows which are over: how far time has come, by watermarks or by the clock, and when the next window is over.
type windowClock struct {
	progress
	processing bool
	next       int64 // the time that completes the first window
	clock      func() time.Time
	setTimer   func(time.Time)
}

func (k *windowClock) open(c *Context) {
	k.clock, k.setTimer, k.next = c.Now, c.SetTimer, math.MaxInt64
	k.progress.open(c)
}

// await says when the next window is over; math.MaxInt64: there is none.
func (k *windowClock) await(due int64) {
	k.next = due
	if k.processing && due != math.MaxInt64 {
		k.setTimer(time.UnixMilli(due + 1))
	}
}

// reached takes a watermark and reports whether windows are over by it.
func (k *windowClock) reached(t int64) bool { return !k.processing && k.advance(t) && t >= k.next }

// passed lets processing time come to that of the clock and reports whether windows are over by it.
func (k *windowClock) passed() bool {
	return k.advance(k.clock().UnixMilli()-1) && k.now >= k.next
}
