package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/millstream/millstream/objstore"
)

// listen waits for the event of an object that it writes.
func (e *exam) listen(ctx context.Context) Finding {
	stream, err := objstore.Listen(ctx, e.store, e.key("events/"))
	if err != nil {
		return failed("the store does not tell", err)
	}
	defer stream.Close()
	const name = "events/a b+ä"
	start := time.Now()
	if _, err := e.put(ctx, name, "x"); err != nil {
		return failed("PUT fails", err)
	}
	waiting, cancel := context.WithTimeout(ctx, eventWait)
	defer cancel()
	for {
		list, err := stream.Next(waiting)
		switch {
		case err != nil && ctx.Err() == nil && errors.Is(waiting.Err(), context.DeadlineExceeded):
			return lacks("the store takes the request, but tells of no new object within %s", eventWait)
		case err != nil:
			return failed("the store breaks off", err)
		}
		for i := range list {
			if list[i].Key == e.key(name) && list[i].Created() {
				took := time.Since(start)
				f := works("the store tells of a new object within %s", millis(took))
				f.Measures = map[string]float64{"event_ms": inMillis(took)}
				return f
			}
		}
	}
}
