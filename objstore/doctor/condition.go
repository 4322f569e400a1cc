package doctor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/millstream/millstream/objstore"
)

const (
	writers = 8 // that write the same object at once
	races   = 8 // of them
)

// conditional writes an object under a condition: by one request, or by completing an upload.
type conditional func(e *exam, ctx context.Context, name string, data []byte, cond objstore.Condition) error

func byPut(e *exam, ctx context.Context, name string, data []byte, cond objstore.Condition) error {
	_, err := e.store.Put(ctx, e.key(name), data, cond)
	return err
}

func (e *exam) putIfAbsent(ctx context.Context) Finding {
	return refusedPut(e.absent(ctx, "put-absent", nil, byPut))
}

func (e *exam) putIfMatch(ctx context.Context) Finding {
	return refusedPut(e.match(ctx, "put-match", nil, byPut))
}

func (e *exam) commitIfAbsent(ctx context.Context) Finding {
	u := &uploaders{}
	f := e.absent(ctx, "commit-absent", u.prepare, u.write)
	if f.refused {
		f.Status = Missing
		return f.costing("Tables of files cannot be written: each file is completed under this condition.", "use another store for the tables' paths")
	}
	return f
}

func (e *exam) commitIfMatch(ctx context.Context) Finding {
	u := &uploaders{}
	return e.match(ctx, "commit-match", u.prepare, u.write)
}

// refusedPut says what a store costs that does not even take the request.
func refusedPut(f Finding) Finding {
	if f.refused {
		return f.costing("Jobs with checkpoints do not start, and shared catalogs cannot be changed.", "set execution.checkpointing.dir to another store")
	}
	return f
}

// uploaders have an upload each, which is sealed before the race begins.
type uploaders struct {
	mu     sync.Mutex
	sealed map[string][]objstore.Pending // by name
}

func (u *uploaders) prepare(e *exam, ctx context.Context, name string, data []byte) error {
	p, err := e.sealed(ctx, name, data)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.sealed == nil {
		u.sealed = map[string][]objstore.Pending{}
	}
	u.sealed[name] = append(u.sealed[name], p)
	return nil
}

// write completes the upload that was prepared of the same bytes; their number tells them apart.
func (u *uploaders) write(e *exam, ctx context.Context, name string, data []byte, cond objstore.Condition) error {
	var mine objstore.Pending
	u.mu.Lock()
	for _, p := range u.sealed[name] {
		if p.Size == int64(len(data)) {
			mine = p
		}
	}
	u.mu.Unlock()
	_, err := e.store.Commit(ctx, mine, cond)
	if err != nil {
		e.aborting(ctx, mine, Finding{})
	}
	return err
}

type prepare func(e *exam, ctx context.Context, name string, data []byte) error

// absent tests writing under the condition that there is no object yet: of one writer after the other, then of several at once.
func (e *exam) absent(ctx context.Context, name string, prepare prepare, write conditional) Finding {
	alone := name + "/alone"
	if f, ok := e.step(ctx, alone, text(0), objstore.Condition{IfAbsent: true}, true, prepare, write); !ok {
		return f
	}
	if f, ok := e.step(ctx, alone, text(1), objstore.Condition{IfAbsent: true}, false, prepare, write); !ok {
		return f
	}
	return e.race(ctx, name, prepare, write, func(string) (objstore.Condition, error) { return objstore.Condition{IfAbsent: true}, nil })
}

// match tests writing under the condition that the object is still the one that was read.
func (e *exam) match(ctx context.Context, name string, prepare prepare, write conditional) Finding {
	alone := name + "/alone"
	old, err := e.put(ctx, alone, "the first")
	if err != nil {
		return failed("PUT fails", err)
	}
	if old, err = e.store.Head(ctx, e.key(alone)); err != nil {
		return failed("HEAD fails", err)
	}
	if f, ok := e.step(ctx, alone, text(0), objstore.Condition{IfMatch: old.ETag}, true, prepare, write); !ok {
		return f
	}
	if f, ok := e.step(ctx, alone, text(1), objstore.Condition{IfMatch: old.ETag}, false, prepare, write); !ok {
		return f
	}
	if f, ok := e.step(ctx, name+"/none", text(2), objstore.Condition{IfMatch: old.ETag}, false, prepare, write); !ok {
		return f
	}
	return e.race(ctx, name, prepare, write, func(name string) (objstore.Condition, error) {
		if _, err := e.put(ctx, name, "the first"); err != nil {
			return objstore.Condition{}, err
		}
		info, err := e.store.Head(ctx, e.key(name))
		return objstore.Condition{IfMatch: info.ETag}, err
	})
}

// text is what a writer writes; each has another length.
func text(writer int) []byte { return fmt.Appendf(nil, "%0*d", 100+writer, writer) }

// step writes alone, and looks whether that works just where it should.
func (e *exam) step(ctx context.Context, name string, data []byte, cond objstore.Condition, holds bool, prepare prepare, write conditional) (Finding, bool) {
	if prepare != nil {
		if err := prepare(e, ctx, name, data); err != nil {
			return failed("uploading fails", err), false
		}
	}
	err := write(e, ctx, name, data, cond)
	if holds && err == nil || !holds && objstore.KindOf(err) == objstore.PreconditionFailed {
		return Finding{}, true
	}
	switch {
	case holds && objstore.KindOf(err) == objstore.PreconditionFailed:
		return lacks("a write fails though its condition (%s) holds: %s", header(cond), reason(err)), false
	case err != nil:
		f := failed("the store refuses "+header(cond), err)
		if ctx.Err() == nil {
			f.refused = true
		}
		return f, false
	}
	return lacks("the store takes no notice of %s: a write succeeds that must not", header(cond)), false
}

func header(c objstore.Condition) string {
	if c.IfAbsent {
		return "If-None-Match: *"
	}
	return "If-Match"
}

// race has several write the same object at once, again and again. Exactly one may succeed, and the object must be what that one has written.
func (e *exam) race(ctx context.Context, name string, prepare prepare, write conditional, before func(name string) (objstore.Condition, error)) Finding {
	all := 0 // races in which more than one succeeded
	most := 0
	for round := range races {
		object := fmt.Sprintf("%s/race-%d", name, round)
		cond, err := before(object)
		if err != nil {
			return failed("preparing a race", err)
		}
		won, err := e.raceOnce(ctx, object, cond, prepare, write)
		if err != nil {
			return failed("writing at once", err)
		}
		switch {
		case len(won) > 1:
			all++
			most = max(most, len(won))
		case len(won) == 0:
			return lacks("of %d writers at once, none succeeds", writers)
		default:
			same, err := e.same(ctx, object, text(won[0]))
			if err != nil {
				return failed("GET fails", err)
			}
			if !same {
				return lacks("of %d writers at once one succeeds, and the object is another's", writers)
			}
		}
	}
	if all > 0 {
		return lacks("writers at once are not kept apart: in %d of %d rounds more than one of %d succeeds, up to %d", all, races, writers, most)
	}
	return works("one of %d writers at once succeeds, %d times", writers, races)
}

// raceOnce lets the writers go at the same moment, and returns who has succeeded.
func (e *exam) raceOnce(ctx context.Context, object string, cond objstore.Condition, prepare prepare, write conditional) ([]int, error) {
	start := make(chan struct{})
	errs, ready := make([]error, writers), make([]error, writers)
	var warm, done sync.WaitGroup
	for i := range writers {
		warm.Add(1)
		done.Go(func() {
			if prepare != nil {
				ready[i] = prepare(e, ctx, object, text(i))
			} else if _, err := e.store.Head(ctx, e.key("small")); err != nil { // a connection for each
				ready[i] = err
			}
			warm.Done()
			<-start
			if ready[i] == nil {
				errs[i] = write(e, ctx, object, text(i), cond)
			}
		})
	}
	warm.Wait()
	close(start)
	done.Wait()
	if err := errors.Join(ready...); err != nil {
		return nil, err
	}
	var won []int
	for i, err := range errs {
		switch {
		case err == nil:
			won = append(won, i)
		case objstore.KindOf(err) != objstore.PreconditionFailed:
			return nil, err
		}
	}
	return won, nil
}
