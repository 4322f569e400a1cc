package simulate

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/millstream/millstream/state/snapshot"
)

// Endless is about a job without an end: it is stopped with savepoints, at any time, and goes on from the last, until it has been fed with all there is and
// has shown it.
type Endless struct {
	// Feed is what happens to the job's input while it runs, in this order, at steps that the seed decides on.
	Feed []func()
	// Savepoints is the directory of savepoints in the store, ending in "/".
	Savepoints string
	// Stop stops the job with a savepoint there.
	Stop func(ctx context.Context, h Handle) error
}

// mostStops is after how many savepoints, behind all input, the job must have shown all.
const mostStops = 30

// feed lets the seed decide when the input comes.
func (d *disturbance) feed() {
	if d.job.Endless == nil {
		return
	}
	step := 0
	for _, do := range d.job.Endless.Feed {
		step += d.random.IntN(300)
		d.schedule.At(step, func() {
			do()
			d.fed.Add(1)
		})
	}
}

// ended reports whether there is nothing left to do.
func (d *disturbance) ended() bool {
	if !d.atEnd() {
		return false
	}
	if d.job.Endless == nil {
		return true
	}
	if int(d.fed.Load()) < len(d.job.Endless.Feed) {
		return false
	}
	if d.job.Check(1) == nil {
		return true
	}
	d.stops++
	return d.stops >= mostStops
}

// savepoint returns the directory of the savepoint to start from: the newest, if the job was stopped with it.
func (d *disturbance) savepoint() (string, error) {
	if d.job.Endless == nil || !d.atEnd() {
		return "", nil
	}
	dir := snapshot.Dir{Store: d.job.Store, Prefix: d.job.Endless.Savepoints}
	all, err := dir.List(context.Background())
	if err != nil {
		return "", err
	}
	newest, id := "", int64(0)
	for _, f := range all {
		if f.Err != nil {
			return "", f.Err
		}
		if f.Manifest.ID > id {
			newest, id = strings.TrimPrefix(f.URL, d.job.Store.URL("")), f.Manifest.ID
		}
	}
	if newest == "" {
		return "", errors.New("the job was stopped and there is no savepoint")
	}
	d.outcome.Stopped++
	return newest, nil
}

// stop stops a process's job with a savepoint some time: sooner if there is no more input. It tries until it works. While another process starts it waits, for
// that would begin a job anew that has been stopped meanwhile.
func (d *disturbance) stop(ctx context.Context, p *process, name string, random *rand.Rand) {
	for {
		select {
		case <-p.handle.Done():
			return
		case <-time.After(time.Duration(1+random.IntN(20)) * time.Millisecond):
		}
		d.schedule.Turn(name + " stop")
		chance := 40
		if int(d.fed.Load()) == len(d.job.Endless.Feed) {
			chance = 4
		}
		if random.IntN(chance) > 0 || d.starting.Load() {
			continue
		}
		d.stopping.Add(1)
		err := d.job.Endless.Stop(ctx, p.handle)
		d.schedule.Turn(name + " stop")
		d.stopping.Add(-1)
		if err == nil || ctx.Err() != nil {
			return
		}
	}
}
