package s3select

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/millstream/millstream/column/jsontext"
)

const (
	maxRuns      = 8               // requests that are computed at a time; others wait
	maxWorkers   = 8               // of a request, whatever the number of cores: each holds a few megabytes
	chunksAhead  = 8               // that a worker may make before those of earlier blocks are sent
	quietTime    = time.Second     // after which a client is told that the request goes on
	progressTime = 2 * time.Second // between reports of progress
)

var running = make(chan struct{}, maxRuns)

// worker computes blocks, one after the other.
type worker struct {
	run          *Run
	ctx          context.Context
	task         *task
	ev           evaluator
	csv          csvBatch
	doc          jsontext.Doc
	block        []byte
	out          []byte
	scratch      []byte
	ends         []int
	records      int64 // written for this task
	full         bool  // LIMIT is reached
	names        [][]byte
	accumulators []accumulator
}

// WriteTo sends the answer to w as an event stream. It returns when all is sent, when ctx ends, or when the client is gone; errors of
// the request are part of the answer.
func (r *Run) WriteTo(ctx context.Context, w *bufio.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	ordered := make(chan *task, r.workers)
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	s := &sender{run: r, events: events{w: w}, tick: time.NewTicker(quietTime), limit: r.query.limit, reported: time.Now()}
	defer s.tick.Stop()

	for waiting := true; waiting; {
		select {
		case running <- struct{}{}:
			waiting = false
		case <-s.tick.C:
			if err := s.quiet(); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-running }()

	tasks := make(chan *task, r.workers)
	var produceErr error // valid when ordered is closed
	working.Go(func() {
		defer close(ordered)
		defer close(tasks)
		produceErr = r.produce(ctx, func(t *task) bool {
			t.chunks = make(chan chunk, chunksAhead)
			for _, to := range []chan *task{ordered, tasks} {
				select {
				case to <- t:
				case <-ctx.Done():
					return false
				}
			}
			return true
		})
	})
	for range r.workers {
		working.Go(func() {
			worker := r.newWorker(ctx)
			for t := range tasks {
				t.err = worker.compute(t)
				close(t.chunks)
			}
		})
	}
	err := s.drain(ctx, ordered)
	if err == nil && !s.done() {
		err = produceErr
	}
	if err == nil && len(r.query.aggregates) > 0 {
		err = s.aggregates()
	}
	if s.gone != nil {
		return s.gone
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return s.events.fail(asError(err))
	}
	return s.end()
}

func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: "InternalError", Message: err.Error(), Status: http.StatusInternalServerError}
}

func (r *Run) newWorker(ctx context.Context) *worker {
	w := &worker{run: r, ctx: ctx}
	w.ev = evaluator{statement: r.query.text, now: r.now, fields: make([]value, len(r.slots))}
	if n := len(r.query.from); n > 0 {
		for _, s := range r.query.from {
			if s.kind == stepName {
				w.ev.each = s.name
			}
		}
	}
	return w
}

// compute makes the result of a task.
func (w *worker) compute(t *task) error {
	w.task, w.records, w.full = t, 0, w.run.query.limit == 0
	if w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	w.accumulators = make([]accumulator, len(w.run.query.aggregates))
	t.accumulators = w.accumulators
	if len(w.accumulators) > 0 {
		w.full = false
	}
	compute := w.text
	if w.run.parquet != nil {
		compute = w.parquetGroup
	}
	if err := compute(t); err != nil {
		return err
	}
	if len(w.out) > 0 {
		return w.emit()
	}
	return nil
}

func (w *worker) text(t *task) error {
	b := t.block
	if b == nil {
		var err error
		if b, err = w.read(t); err != nil {
			return err
		}
		w.run.scanned.Add(t.to - t.from)
		w.run.processed.Add(t.to - t.from)
	}
	if !utf8.Valid(b) {
		return fail("InvalidTextEncoding", "the object is not encoded as UTF-8")
	}
	if w.run.csv != nil {
		return w.csvBlock(b)
	}
	return w.jsonBlock(b)
}

// emit hands what was written to the sender.
func (w *worker) emit() error {
	select {
	case w.task.chunks <- chunk{w.out, w.ends}:
		w.out, w.ends = make([]byte, 0, len(w.out)), nil
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// aggregate adds a record to the aggregates.
func (w *worker) aggregate() error {
	for i, n := range w.run.query.aggregates {
		if err := w.accumulators[i].add(&w.ev, n); err != nil {
			return err
		}
	}
	return nil
}

// sender sends the chunks of tasks in their order.
type sender struct {
	run      *Run
	events   events
	tick     *time.Ticker
	limit    int64 // records that may still be sent; -1: any
	returned int64
	reported time.Time
	total    []accumulator
	gone     error // the client
}

func (s *sender) done() bool { return s.limit == 0 && len(s.run.query.aggregates) == 0 }

func (s *sender) counts() counts {
	return counts{s.run.scanned.Load(), s.run.processed.Load(), s.returned}
}

// drain sends what tasks have, until they end, fail or LIMIT is reached.
func (s *sender) drain(ctx context.Context, ordered <-chan *task) error {
	s.total = make([]accumulator, len(s.run.query.aggregates))
	e := &evaluator{statement: s.run.query.text}
	for !s.done() {
		var t *task
		select {
		case t = <-ordered:
		case <-s.tick.C:
			if err := s.quiet(); err != nil {
				return err
			}
			continue
		case <-ctx.Done():
			return ctx.Err()
		}
		if t == nil {
			return nil
		}
		if err := s.task(ctx, t); err != nil || s.done() {
			return err
		}
		for i, n := range s.run.query.aggregates {
			if err := s.total[i].merge(e, n, &t.accumulators[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sender) task(ctx context.Context, t *task) error {
	for {
		select {
		case c, more := <-t.chunks:
			if !more {
				return t.err
			}
			if s.limit >= 0 && len(s.run.query.aggregates) == 0 {
				n := min(s.limit, int64(len(c.ends)))
				if n > 0 {
					c.data = c.data[:c.ends[n-1]]
				}
				s.limit -= n
			}
			if err := s.records(c.data); err != nil || s.done() {
				return err
			}
		case <-s.tick.C:
			if err := s.quiet(); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *sender) records(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	s.returned += int64(len(data))
	s.tick.Reset(quietTime)
	s.gone = s.events.records(data)
	if s.gone == nil && s.run.progress && time.Since(s.reported) > progressTime {
		s.reported = time.Now()
		s.gone = s.events.count("Progress", s.counts())
	}
	return s.gone
}

// quiet tells the client that the request goes on, and finds out whether it is still there.
func (s *sender) quiet() error {
	if s.run.progress {
		s.reported = time.Now()
		s.gone = s.events.count("Progress", s.counts())
	} else {
		s.gone = s.events.empty("Cont")
	}
	return s.gone
}

// aggregates sends the one record that there is then.
func (s *sender) aggregates() error {
	if s.limit == 0 {
		return nil
	}
	w := s.run.newWorker(context.Background())
	for i, n := range s.run.query.aggregates {
		w.ev.results = append(w.ev.results, s.total[i].result(n))
	}
	w.task = &task{chunks: make(chan chunk, 1)}
	if err := w.items(); err != nil {
		return err
	}
	if len(w.task.chunks) > 0 { // it was a large one
		w.out = (<-w.task.chunks).data
	}
	return s.records(w.out)
}

func (s *sender) end() error {
	if s.run.progress {
		if err := s.events.count("Progress", s.counts()); err != nil {
			return err
		}
	}
	if err := s.events.count("Stats", s.counts()); err != nil {
		return err
	}
	return s.events.empty("End")
}
