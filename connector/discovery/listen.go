package discovery

import (
	"context"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
)

// Pauses between attempts to open a stream that was broken.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// listen takes notifications until ctx ends. A stream that cannot be opened at the start is an error: the options are wrong, or the store lacks it.
// One that breaks later is opened again, and a listing closes the gap.
func (f *Finder) listen(ctx context.Context, position []byte, opened chan<- struct{}) {
	stream, err := f.config.Listen(ctx, position)
	if err != nil {
		f.tell(ctx, notice{err: err})
		return
	}
	close(opened)
	if p := stream.Position(); p != nil && position == nil && !f.tell(ctx, notice{position: p}) { // what comes from here on is not missed by a job that fails now
		_ = stream.Close() // the job ends
		return
	}
	pause := firstPause
	for {
		if took := f.follow(ctx, stream); took {
			pause = firstPause
		}
		if p := stream.Position(); p != nil {
			position = p
		}
		_ = stream.Close() // it is broken, or the job ends: there is nobody left to tell
		for {
			if f.config.Sleep(ctx, pause) != nil {
				return
			}
			pause = min(2*pause, longestPause)
			if stream, err = f.config.Listen(ctx, position); err == nil {
				break
			}
			if ctx.Err() != nil {
				return
			}
		}
		signal(f.relist)
	}
}

// follow takes a stream's notifications until it ends, and reports whether there was any.
func (f *Finder) follow(ctx context.Context, stream event.Stream) (took bool) {
	for {
		// Of objects, what was taken need not be kept: should it be lost with this process, a listing finds it.
		if p := f.taken.Swap(nil); p != nil && stream.Stored(ctx, *p) != nil {
			return took
		}
		events, err := stream.Next(ctx)
		if err != nil {
			return took
		}
		took = true
		n := notice{position: stream.Position()}
		for i := range events {
			e := &events[i]
			if f.config.Events {
				if o := (objstore.Info{Key: e.Key}); f.inScope(&o) && (f.config.Bucket == "" || e.Bucket == f.config.Bucket) {
					n.events = append(n.events, *e)
				}
				continue
			}
			if !e.Created() || f.config.Bucket != "" && e.Bucket != f.config.Bucket {
				continue
			}
			o := objstore.Info{Key: e.Key}
			if !f.inScope(&o) {
				continue
			}
			// What the store has now is what can be read, and has the time and ETag that a listing shows.
			switch o, err = f.config.Store.Head(ctx, e.Key); {
			case err == nil && f.inScope(&o):
				n.objects = append(n.objects, o)
			case err == nil || objstore.KindOf(err) == objstore.NotFound: // deleted since
			case ctx.Err() != nil:
				return took
			default:
				f.tell(ctx, notice{err: err})
				return took
			}
		}
		if !f.tell(ctx, n) {
			return took
		}
	}
}

// inScope reports whether an object is one to be looked for.
func (f *Finder) inScope(o *objstore.Info) bool {
	return len(o.Key) >= len(f.config.Prefix) && o.Key[:len(f.config.Prefix)] == f.config.Prefix && (f.config.Match == nil || f.config.Match(o))
}

// tell waits until somebody takes what was told.
func (f *Finder) tell(ctx context.Context, n notice) bool {
	select {
	case f.told <- n:
		f.wake()
		return true
	case <-ctx.Done():
		return false
	}
}
