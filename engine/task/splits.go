package task

import (
	"context"
	"errors"
	"sync"

	"github.com/millstream/millstream/connector"
)

// Splits deals the splits of one scan to its subtasks, each its next one when it has read the last. Some are opened ahead, so
// that they fetch while others are read; they belong to whoever comes first. The splits of an unbounded source, which do not end,
// are dealt at the start and read side by side. A list that grows is for splits that end and are found while others are read.
type Splits struct {
	source      connector.Source
	parallelism int
	ahead       int // splits opened ahead

	mu     sync.Mutex
	ctx    context.Context
	queue  []connector.Split
	opened []opened

	// Of a list that grows.
	growing bool
	inOrder bool            // subtask 0 reads all
	signals []chan struct{} // by subtask: there may be a split, or the list has ended
	room    chan struct{}   // a split was taken
}

// opened is a split that is being read.
type opened struct {
	split  connector.Split
	reader connector.Reader
}

// NewSplits deals the given splits. ctx ends the readers' background work. With openAhead a split is opened ahead for each subtask.
func NewSplits(ctx context.Context, source connector.Source, splits []connector.Split, parallelism int, openAhead bool) *Splits {
	s := &Splits{ctx: ctx, source: source, parallelism: parallelism, queue: splits}
	if openAhead {
		s.ahead = parallelism
	}
	return s
}

// NewGrowingSplits deals the given splits and those that are added.
func NewGrowingSplits(ctx context.Context, source connector.Source, splits []connector.Split, parallelism int, openAhead, inOrder bool) *Splits {
	s := NewSplits(ctx, source, splits, parallelism, openAhead)
	s.growing, s.inOrder = true, inOrder
	s.room = make(chan struct{}, 1)
	for range parallelism {
		s.signals = append(s.signals, make(chan struct{}, 1))
	}
	return s
}

// Add adds splits to a list that grows.
func (s *Splits) Add(list []connector.Split) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, list...)
	s.wake()
}

// End says that a list does not grow any more.
func (s *Splits) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.growing = false
	s.wake()
}

// Waiting is the number of splits that nobody has taken.
func (s *Splits) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) + len(s.opened)
}

// Room has a value once a split was taken from a list that grows.
func (s *Splits) Room() <-chan struct{} { return s.room }

// wake lets all subtasks look for a split.
func (s *Splits) wake() {
	for _, c := range s.signals {
		signal(c)
	}
}

// signal puts a value into a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// more reports whether there may come a split for a subtask, and the signal to wait for.
func (s *Splits) more(subtask int) (<-chan struct{}, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.growing || s.inOrder && subtask > 0 {
		return nil, false
	}
	return s.signals[subtask], true
}

// next opens the next split; ok is false if there is none now.
func (s *Splits) next(subtask int) (o opened, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inOrder && subtask > 0 {
		return opened{}, false, nil
	}
	for len(s.opened) <= s.ahead && len(s.queue) > 0 {
		if err := s.open(); err != nil {
			return opened{}, false, err
		}
	}
	if len(s.opened) == 0 {
		return opened{}, false, nil
	}
	o, s.opened = s.opened[0], s.opened[1:]
	if s.room != nil {
		signal(s.room)
	}
	return o, true, nil
}

func (s *Splits) open() error {
	split := s.queue[0]
	r, err := s.source.Open(s.ctx, split)
	if err != nil {
		return err
	}
	s.queue = s.queue[1:]
	s.opened = append(s.opened, opened{split, r})
	return nil
}

// share opens all splits that subtask number subtask of an unbounded source reads. On error those that were opened are returned too.
func (s *Splits) share(subtask int) (list []opened, err error) {
	for i := subtask; i < len(s.queue); i += s.parallelism {
		r, err := s.source.Open(s.ctx, s.queue[i])
		if err != nil {
			return list, err
		}
		list = append(list, opened{s.queue[i], r})
	}
	return list, nil
}

// Close closes what was opened and not taken. It is called after all subtasks have ended.
func (s *Splits) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, o := range s.opened {
		errs = append(errs, o.reader.Close())
	}
	s.opened = nil
	return errors.Join(errs...)
}
