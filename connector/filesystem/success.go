package filesystem

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/objstore"
)

// progress is what the writers of a sink are told of the commits of partitions.
type progress struct {
	mu        sync.Mutex
	committed map[int]map[string]bool // by subtask: those it had reported
	orphans   map[string]*partition   // left by writers that have ended
}

// takeFor returns, once, what a writer has not heard: partitions that were committed and, unless it has ended too, those that nobody cares for.
func (p *progress) takeFor(subtask int, ended bool) (committed map[string]bool, orphans []*partition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	committed = p.committed[subtask]
	delete(p.committed, subtask)
	if !ended {
		for _, o := range p.orphans {
			orphans = append(orphans, o)
		}
		clear(p.orphans)
	}
	return committed, orphans
}

// commitPartitions commits the partitions whose time has come, all files of the checkpoint being visible. A partition in which any writer has an open
// part waits. At the end of all inputs nothing is left to wait for.
func (s *sink) commitPartitions(ctx context.Context, list []*status) error {
	latest := map[int]*status{} // a checkpoint that was given up leaves older ones
	for _, st := range list {
		if l := latest[st.Subtask]; l == nil || l.Number < st.Number {
			latest[st.Subtask] = st
		}
	}
	if s.trigger == nil || len(latest) == 0 {
		return nil
	}
	watermark, now := int64(math.MaxInt64), time.Time{}
	all := map[string]*partition{}
	for _, st := range latest {
		watermark = min(watermark, st.Watermark)
		if now.IsZero() || st.Now.Before(now) {
			now = st.Now
		}
		for _, p := range st.Partitions {
			merge(all, p)
		}
	}
	s.progress.mu.Lock()
	for _, o := range s.progress.orphans {
		merge(all, o)
	}
	s.progress.mu.Unlock()
	done := map[string]bool{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for dir, p := range all {
		if p.Open || watermark != math.MaxInt64 && !s.trigger.due(p, watermark, now) {
			continue
		}
		done[dir] = true
		g.Go(func() error { return s.succeed(gctx, dir) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.progress.mu.Lock()
	defer s.progress.mu.Unlock()
	for _, st := range latest {
		told := map[string]bool{}
		for _, p := range st.Partitions {
			switch {
			case done[p.Dir]:
				told[p.Dir] = true
			case st.ended():
				s.progress.orphans[p.Dir] = all[p.Dir]
			}
		}
		s.progress.committed[st.Subtask] = told
	}
	for dir := range done {
		delete(s.progress.orphans, dir)
	}
	return nil
}

// merge adds what one writer knows of a partition.
func merge(all map[string]*partition, p *partition) {
	known := all[p.Dir]
	if known == nil {
		copied := *p
		all[p.Dir] = &copied
		return
	}
	known.Open = known.Open || p.Open
	if p.Created.Before(known.Created) {
		known.Created = p.Created
	}
}

// succeed writes the file that says that a partition is complete, unless it is there: rows that come late do not write it again.
func (s *sink) succeed(ctx context.Context, dir string) error {
	key := s.dir + dir + s.trigger.success
	_, err := s.store.Put(ctx, key, nil, objstore.Condition{IfAbsent: true})
	switch objstore.KindOf(err) {
	case objstore.PreconditionFailed:
		return nil
	case objstore.Unsupported:
		if _, err := s.store.Head(ctx, key); err == nil {
			return nil
		}
		_, err = s.store.Put(ctx, key, nil, objstore.Condition{})
	}
	return err
}
