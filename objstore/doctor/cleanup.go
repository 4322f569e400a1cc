package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millstream/millstream/objstore"
)

// cleanUp deletes all that was written, and looks whether it is gone.
func (e *exam) cleanUp(ctx context.Context) Finding {
	objects, uploads, err := e.sweep(ctx)
	if err != nil {
		f := limited("not all could be deleted: %s", reason(err))
		f.Advice = "look at the store, then: millstream s3 rm -r " + e.store.URL(e.dir)
		return f
	}
	if uploads > 0 {
		return works("%d objects deleted, %d uploads aborted", objects, uploads)
	}
	return works("%d objects deleted", objects)
}

// abandon cleans up after an examination that was broken off. An error says what is left.
func (e *exam) abandon(ctx context.Context) error {
	if !e.wrote {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanLimit)
	defer cancel()
	for again := range 2 {
		if again > 0 {
			select { // a write that was broken off may still arrive
			case <-time.After(settleTime):
			case <-ctx.Done():
			}
		}
		if _, _, err := e.sweep(ctx); err != nil {
			return fmt.Errorf("what was written to %s is left: %w", e.store.URL(e.dir), err)
		}
	}
	return nil
}

// settleTime is how long a store may take over a request that was broken off.
const settleTime = 200 * time.Millisecond

// sweeps is how often the objects are listed and deleted: some show only when others are gone, as those below a directory with the name of an object.
const sweeps = 4

// sweep deletes the objects of the examination and aborts its uploads; one that cannot be listed was aborted where it was begun, or is left to the store.
func (e *exam) sweep(ctx context.Context) (objects, uploads int, err error) {
	if list, listErr := e.uploads(ctx); listErr == nil {
		for _, u := range list {
			if err := e.store.Abort(ctx, objstore.Pending{Key: u.Key, UploadID: u.UploadID}); err != nil {
				return 0, uploads, err
			}
			uploads++
		}
	}
	for range sweeps {
		var keys []string
		for info, err := range e.store.List(ctx, e.dir, objstore.ListOptions{}) {
			if err != nil {
				return objects, uploads, err
			}
			keys = append(keys, info.Key)
		}
		if len(keys) == 0 {
			return objects, uploads, nil
		}
		if err := e.store.Delete(ctx, keys...); err != nil {
			return objects, uploads, err
		}
		objects += len(keys)
	}
	return objects, uploads, errors.New("deleted objects are listed again and again")
}
