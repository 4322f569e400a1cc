package filesystem

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/connector"
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

// settlement is what the writers of a checkpoint know together.
type settlement struct {
	latest map[int]*status       // by subtask
	all    map[string]*partition // by directory
	done   map[string]bool       // the directories of those whose time has come
}

// settle finds the partitions whose time has come. One in which any writer has an open part waits. At the end of all inputs nothing is left to wait for.
func (s *sink) settle(list []*status, orphans map[string]*partition) settlement {
	latest := map[int]*status{} // a checkpoint that was given up leaves older ones
	for _, st := range list {
		if l := latest[st.Subtask]; l == nil || l.Number < st.Number {
			latest[st.Subtask] = st
		}
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
	for _, o := range orphans {
		merge(all, o)
	}
	done := map[string]bool{}
	for dir, p := range all {
		if !p.Open && (watermark == math.MaxInt64 || s.trigger.due(p, watermark, now)) {
			done[dir] = true
		}
	}
	return settlement{latest, all, done}
}

// commitPartitions commits the partitions whose time has come, all files of the checkpoint being visible.
func (s *sink) commitPartitions(ctx context.Context, list []*status) error {
	if s.trigger == nil || len(list) == 0 {
		return nil
	}
	s.progress.mu.Lock()
	now := s.settle(list, s.progress.orphans)
	s.progress.mu.Unlock()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for dir := range now.done {
		g.Go(func() error { return s.succeed(gctx, dir) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.progress.mu.Lock()
	defer s.progress.mu.Unlock()
	for _, st := range now.latest {
		told := map[string]bool{}
		for _, p := range st.Partitions {
			switch {
			case now.done[p.Dir]:
				told[p.Dir] = true
			case st.ended():
				orphan := *now.all[p.Dir]
				orphan.Open = false // an open part is another writer's, which tells of it itself
				s.progress.orphans[p.Dir] = &orphan
			}
		}
		s.progress.committed[st.Subtask] = told
	}
	for dir := range now.done {
		delete(s.progress.orphans, dir)
	}
	return nil
}

var _ connector.LastingSink = (*sink)(nil)

// Lasting implements [connector.LastingSink]: the partitions of writers that have ended and which wait, for nobody else's pieces have them yet.
func (s *sink) Lasting(list []connector.Committable) ([]connector.Piece, error) {
	_, known, err := uploads(list)
	if err != nil || s.trigger == nil {
		return nil, err
	}
	now := s.settle(known, nil)
	left := newPending(s.trigger)
	for _, st := range now.latest {
		for _, p := range st.Partitions {
			if st.ended() && !now.done[p.Dir] {
				left.take(now.all[p.Dir])
			}
		}
	}
	piece, err := left.piece()
	if err != nil || piece == nil {
		return nil, err
	}
	return []connector.Piece{piece}, nil
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
