// Package pace is what sources share that make numbered rows up: each of several splits has every so many of them, and they come only when
// they are due by a rate.
//
// What enters: the rate of all splits together and the number of splits. What leaves: how many rows a reader may give now, and a signal when there
// are more. What must hold: nothing waits here, so that a reader never blocks its task.
package pace

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/millstream/millstream/connector"
)

// BatchRows is the most rows of a batch.
const BatchRows = 4096

// tick is how long a reader waits, at least, to have more than a few rows to give when the rate is high.
const tick = 5 * time.Millisecond

// Pacer says how many rows of a split are due. It has those methods of a [connector.Reader] that depend on nothing else.
type Pacer struct {
	rate  int64 // rows per second, of all splits together
	step  int64 // splits
	begun time.Time
	given int64 // rows since then
	ready chan struct{}
	timer *time.Timer
}

// New makes the pacer of one of step splits, which begins now.
func New(rate, step int64, now time.Time) Pacer {
	return Pacer{rate: rate, step: step, begun: now, ready: make(chan struct{}, 1)}
}

// Due is the number of rows that may be given now besides those given: one at once, then the split's share of the rate. If there are none,
// Ready tells when to ask again.
func (p *Pacer) Due(now time.Time) int64 {
	if p.rate > 1<<32 { // no limit in practice, and products that overflow
		return 1 << 62
	}
	passed := now.Sub(p.begun)
	whole, rest := int64(passed/time.Second), int64(passed%time.Second)
	n := 1 + (whole*p.rate+rest*p.rate/int64(time.Second))/p.step - p.given
	if n <= 0 {
		p.wait(now)
	}
	return n
}

// Give notes that n rows were given.
func (p *Pacer) Give(n int64) { p.given += n }

// wait sets the timer for the next rows.
func (p *Pacer) wait(now time.Time) {
	next := time.Duration(float64(p.given) * float64(p.step) / float64(p.rate) * float64(time.Second))
	delay := max(p.begun.Add(next).Sub(now), tick)
	if p.timer != nil {
		p.timer.Reset(delay)
		return
	}
	ready := p.ready
	p.timer = time.AfterFunc(delay, func() {
		select {
		case ready <- struct{}{}:
		default:
		}
	})
}

// Ready implements [connector.Reader].
func (p *Pacer) Ready() <-chan struct{} { return p.ready }

// BytesRead implements [connector.Reader]: rows that are made up are read from nowhere.
func (p *Pacer) BytesRead() int64 { return 0 }

// Close implements [connector.Reader].
func (p *Pacer) Close() error {
	if p.timer != nil {
		p.timer.Stop()
	}
	return nil
}

// Split makes a split of its position, a struct of numbers.
func Split(id string, position any) connector.Split {
	state, err := json.Marshal(position)
	if err != nil {
		panic(err) // numbers always can be encoded
	}
	return connector.Split{ID: id, State: state}
}

// Deal makes a split for each subtask, but no more than rows (-1: no end); position is of split i of n.
func Deal(what string, parallelism int, rows int64, position func(i, n int64) any) []connector.Split {
	n := int64(max(1, parallelism))
	if rows >= 0 {
		n = min(n, rows)
	}
	var list []connector.Split
	for i := range n {
		list = append(list, Split(fmt.Sprintf("%s-%d-of-%d", what, i+1, n), position(i, n)))
	}
	return list
}

// PushedDown says that a source of that limit (-1: none) stops there.
func PushedDown(limit int64) string {
	if limit < 0 {
		return ""
	}
	return fmt.Sprintf("limit %d", limit)
}
