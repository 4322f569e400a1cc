package task

import (
	"context"
	"errors"
	"sync"

	"github.com/millstream/millstream/connector"
)

// Splits deals the splits of one scan to its subtasks, each its next one when it has read the last. Some are opened ahead, so
// that they fetch while others are read; they belong to whoever comes first. The splits of an unbounded source, which do not end,
// are dealt at the start and read side by side.
type Splits struct {
	source      connector.Source
	parallelism int
	ahead       int // splits opened ahead

	mu     sync.Mutex
	ctx    context.Context
	queue  []connector.Split
	opened []opened
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

// next opens the next split; ok is false if there is none left.
func (s *Splits) next() (o opened, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.opened) <= s.ahead && len(s.queue) > 0 {
		if err := s.open(); err != nil {
			return opened{}, false, err
		}
	}
	if len(s.opened) == 0 {
		return opened{}, false, nil
	}
	o, s.opened = s.opened[0], s.opened[1:]
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
