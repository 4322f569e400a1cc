package discovery

import (
	"context"
	"time"

	"github.com/millstream/millstream/objstore"
)

// pageSize is the number of objects of a page, as stores list them.
const pageSize = 1000

// list lists again and again; the first time it may go on behind a key.
func (f *Finder) list(ctx context.Context, cursor string, going bool) {
	gap := true // there may be objects of which no notification tells: those from before the stream was open
	for {
		if !f.pass(ctx, cursor, !going) {
			return
		}
		period := f.config.Period
		if gap && f.config.Events && f.config.Listen != nil {
			period = min(period, afterGap) // the listing has left the youngest objects to notifications, which do not come
		}
		var ok bool
		if gap, ok = f.pause(ctx, period); !ok {
			return
		}
		cursor, going = "", false
	}
}

// pass lists once; false ends it all.
func (f *Finder) pass(ctx context.Context, cursor string, first bool) bool {
	p := page{first: first, begun: f.config.Now()}
	for o, err := range f.config.Store.List(ctx, f.config.Prefix, objstore.ListOptions{StartAfter: cursor}) {
		if err != nil {
			f.send(ctx, page{err: err})
			return false
		}
		if f.config.Match != nil && !f.config.Match(&o) {
			continue
		}
		p.objects = append(p.objects, o)
		if len(p.objects) == pageSize {
			if !f.send(ctx, p) {
				return false
			}
			p = page{objects: make([]objstore.Info, 0, pageSize)}
		}
	}
	p.last = true
	return f.send(ctx, p)
}

// send waits until somebody takes the page.
func (f *Finder) send(ctx context.Context, p page) bool {
	select {
	case f.pages <- p:
		f.wake()
		return true
	case <-ctx.Done():
		return false
	}
}

// pause waits until the next listing is due: after a period, or at once where notifications may be missing, which it reports. It is not ok where it all ends.
func (f *Finder) pause(ctx context.Context, period time.Duration) (gap, ok bool) {
	due := make(chan error, 1)
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	f.work.Go(func() { due <- f.config.Sleep(waiting, period) })
	select {
	case err := <-due:
		return false, err == nil
	case <-f.relist:
		return true, true
	case <-ctx.Done():
		return false, false
	}
}
