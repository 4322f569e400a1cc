package task

import (
	"errors"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

// Source is what a scan's subtask reads.
type Source struct {
	Splits      *Splits
	Bounded     bool
	Growing     bool          // splits end, and others are found while they are read
	Limit       int64         // rows after which reading may stop; -1: none
	IdleTimeout time.Duration // time without rows after which the subtask is idle; 0: never
	Spare       bool          // there are fewer splits than subtasks, and this one gets none
	Held        bool          // nothing is read until the next request
	Member      *Member       // of the group of sources that it waits for; nil: none

	// Finished is told of each split that was read to its end, before the next barrier is taken. It must not block for long.
	Finished func(split string)

	reading []*reading
	turn    int
	rows    int64
	quiet   time.Time // since when all readers wait; zero: they do not
	timing  bool      // a timer for idleness is set
}

// reading is a split being read.
type reading struct {
	opened
	waits   bool // Poll had nothing, and Ready has not told otherwise
	bytes   int64
	skipped int64
	left    int64
	queries objstore.SelectStats
}

// report adds the source's part to a snapshot.
func (s *Source) report(r *Report) {
	for _, o := range s.reading {
		r.Reading = append(r.Reading, o.reader.Position())
	}
}

func (s *Source) close() error {
	var errs []error
	for _, o := range s.reading {
		errs = append(errs, o.reader.Close())
	}
	s.reading = nil
	return errors.Join(errs...)
}

// runSource reads splits until there are no more, or nobody wants more.
func (t *Task) runSource() error {
	s := t.Source
	if !s.Bounded && !s.Growing {
		list, err := s.Splits.share(t.Stages[0].Context.Subtask)
		for _, o := range list {
			s.reading = append(s.reading, &reading{opened: o})
		}
		if err != nil {
			return t.failed(0, err)
		}
	}
	if s.Member != nil {
		defer s.Member.setAway(true)
	}
	var signals []<-chan struct{}
	for !t.satisfied(0) && (s.Limit < 0 || s.rows < s.Limit) {
		if err := t.glance(); err != nil {
			return err
		}
		t.running = 0
		if s.Held {
			if _, err := t.await(); err != nil {
				return err
			}
			continue
		}
		if s.Member != nil && s.Member.ahead() {
			if _, err := t.await(s.Member.wake); err != nil {
				return err
			}
			continue
		}
		if len(s.reading) == 0 {
			found, err := t.nextSplit()
			if err != nil {
				return err
			}
			if !found {
				if more, err := t.awaitSplit(); err != nil || !more {
					return err
				}
				continue
			}
		}
		r := s.pick()
		if r != nil {
			if err := t.poll(r); err != nil {
				return err
			}
			continue
		}
		t.quiet()
		signals = signals[:0]
		for _, r := range s.reading {
			signals = append(signals, r.reader.Ready())
		}
		ready, err := t.await(signals...)
		if err != nil {
			return err
		}
		if ready >= 0 {
			s.reading[ready].waits = false
		}
	}
	return nil
}

// nextSplit takes another split that ends; false if there is none now.
func (t *Task) nextSplit() (bool, error) {
	s := t.Source
	if !s.Bounded && !s.Growing || s.Spare {
		return false, nil
	}
	o, ok, err := s.Splits.next(t.Stages[0].Context.Subtask)
	if err != nil || !ok {
		return false, t.failed(0, err)
	}
	s.reading = append(s.reading, &reading{opened: o})
	return true, nil
}

// awaitSplit waits until there may be a split; false if none will come.
func (t *Task) awaitSplit() (bool, error) {
	found, more := t.Source.Splits.more(t.Stages[0].Context.Subtask)
	if !more {
		// One may have come, as the last, since the task looked.
		return t.nextSplit()
	}
	t.quiet()
	_, err := t.await(found)
	return true, err
}

// pick returns the next reader, in turn, that may have something; nil if all wait.
func (s *Source) pick() *reading {
	for range s.reading {
		s.turn = (s.turn + 1) % len(s.reading)
		r := s.reading[s.turn]
		if r.waits {
			select {
			case <-r.reader.Ready():
				r.waits = false
			default:
				continue
			}
		}
		return r
	}
	return nil
}

// poll takes the next batch of a reader and emits it.
func (t *Task) poll(r *reading) error {
	s, stage := t.Source, t.Stages[0]
	batch, status, err := r.reader.Poll()
	if err != nil {
		return t.failed(0, err)
	}
	counters := stage.Context.Counters
	if n := r.reader.BytesRead(); n != r.bytes {
		counters.BytesIn.Add(n - r.bytes)
		r.bytes = n
	}
	if c, ok := r.reader.(connector.SkipCounter); ok {
		if n := c.Skipped(); n != r.skipped {
			counters.Skipped.Add(n - r.skipped)
			r.skipped = n
		}
	}
	if c, ok := r.reader.(connector.LeaveCounter); ok {
		if n := c.Left(); n != r.left {
			counters.Left.Add(n - r.left)
			r.left = n
		}
	}
	if c, ok := r.reader.(connector.SelectCounter); ok {
		if n := c.Selected(); n != r.queries {
			counters.SelectScanned.Add(n.Scanned - r.queries.Scanned)
			counters.SelectProcessed.Add(n.Processed - r.queries.Processed)
			counters.SelectReturned.Add(n.Returned - r.queries.Returned)
			r.queries = n
		}
	}
	if batch != nil && batch.Rows() > 0 {
		n := int64(batch.Rows())
		counters.RowsIn.Add(n)
		s.rows += n
		s.quiet = time.Time{}
		if err := t.sourceActive(); err != nil {
			return err
		}
		if err := stage.out.Emit(batch); err != nil {
			return err
		}
		t.running = 0
	}
	switch status {
	case connector.Wait:
		r.waits = true
	case connector.Done:
		s.Finished(r.split.ID)
		for i, o := range s.reading {
			if o == r {
				s.reading = append(s.reading[:i], s.reading[i+1:]...)
				break
			}
		}
		return t.failed(0, r.reader.Close())
	}
	return nil
}

// quiet notes that there is nothing to read.
func (t *Task) quiet() {
	s := t.Source
	if s.IdleTimeout <= 0 || !s.quiet.IsZero() {
		return
	}
	s.quiet = t.Clock.Now()
	if !s.timing {
		s.timing = true
		t.timers.set(0, s.quiet.Add(s.IdleTimeout))
	}
}

// sourceIdle is called when a timer for idleness is due.
func (t *Task) sourceIdle(now time.Time) error {
	s := t.Source
	s.timing = false
	if s.quiet.IsZero() {
		return nil
	}
	if due := s.quiet.Add(s.IdleTimeout); due.After(now) {
		s.timing = true
		t.timers.set(0, due)
		return nil
	}
	if s.Member != nil {
		s.Member.setAway(true)
	}
	return t.idle(0, true)
}

// sourceActive notes that there are rows.
func (t *Task) sourceActive() error {
	if m := t.Source.Member; m != nil {
		m.setAway(false)
	}
	return t.idle(0, false)
}
