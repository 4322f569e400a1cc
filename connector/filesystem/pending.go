package filesystem

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/connector"
)

// partition is one that was written to and is not known to be committed.
type partition struct {
	Dir     string // below the table's, ending in "/"
	Created time.Time
	Time    int64 `json:",omitempty"` // of the partition, in milliseconds; with the trigger 'partition-time' alone
	Open    bool  `json:",omitempty"` // it has a part that is not ended

	renewed bool // written to since the last Flush
}

// status is what one writer knows at a checkpoint. The committables of a checkpoint hold one of each writer that is not at its end, and of those that have come
// there since the checkpoint before.
type status struct {
	Subtask    int
	Number     int   // of the writer's Flush
	Watermark  int64 // MaxInt64 at the end of the input
	Now        time.Time
	Partitions []*partition `json:",omitempty"`
}

// ended reports whether the writer has no more input.
func (s *status) ended() bool { return s.Watermark == math.MaxInt64 }

// pending are the partitions that a writer has written to and that are not known to be committed. Its zero value follows nothing.
type pending struct {
	trigger   *trigger // nil: partitions are not committed
	all       map[string]*partition
	watermark int64
	flushes   int
}

func newPending(t *trigger) pending {
	return pending{trigger: t, all: map[string]*partition{}, watermark: math.MinInt64}
}

var _ connector.WatermarkWriter = (*writer)(nil)

// Watermark implements [connector.WatermarkWriter].
func (w *writer) Watermark(t int64) { w.pending.watermark = t }

// add takes note that a part is open in a partition.
func (p *pending) add(dir string, now time.Time) error {
	if p.trigger == nil {
		return nil
	}
	known := p.all[dir]
	if known == nil {
		known = &partition{Dir: dir, Created: now}
		if p.trigger.byTime {
			var err error
			if known.Time, err = p.trigger.time(dir); err != nil {
				return err
			}
		}
		p.all[dir] = known
	}
	known.renewed = true
	return nil
}

// ready reports whether a partition waits for nothing but its open part, as far as this writer knows.
func (p *pending) ready(dir string, now time.Time) bool {
	if p.trigger == nil {
		return false
	}
	known := p.all[dir]
	return known != nil && p.trigger.due(known, p.watermark, now)
}

// status takes out what was committed since the last call, takes over partitions of others that have ended, and says what is left. open tells which have
// an open part.
func (w *writer) status(open map[string]bool) ([]connector.Committable, error) {
	p := &w.pending
	if p.trigger == nil {
		return nil, nil
	}
	committed, orphans := w.sink.progress.takeFor(w.subtask, p.watermark == math.MaxInt64)
	for dir := range committed {
		if known := p.all[dir]; known != nil && !known.renewed {
			delete(p.all, dir)
		}
	}
	for _, o := range orphans {
		p.take(o)
	}
	p.flushes++
	s := status{Subtask: w.subtask, Number: p.flushes, Watermark: p.watermark, Now: w.sink.limits.now()}
	for _, dir := range slices.Sorted(maps.Keys(p.all)) {
		known := p.all[dir]
		known.renewed, known.Open = false, open[dir]
		s.Partitions = append(s.Partitions, known)
	}
	text, err := json.Marshal(committable{Status: &s})
	return []connector.Committable{text}, err
}

// take goes on with a partition of another writer.
func (p *pending) take(o *partition) {
	if known := p.all[o.Dir]; known != nil {
		if o.Created.Before(known.Created) {
			known.Created = o.Created
		}
		return
	}
	taken := *o
	taken.Open = false
	p.all[o.Dir] = &taken
}

// piece is what a checkpoint has of the partitions; nil if there are none.
func (p *pending) piece() (connector.Piece, error) {
	if len(p.all) == 0 {
		return nil, nil
	}
	o := openPart{}
	for _, dir := range slices.Sorted(maps.Keys(p.all)) {
		o.Partitions = append(o.Partitions, p.all[dir])
	}
	return o.encode()
}

// relative returns the directory of a part file below the table's, "" or ending in "/". ok is false for one that is not there.
func (s *sink) relative(key string) (dir string, ok bool) {
	below, ok := strings.CutPrefix(key, s.dir)
	return below[:strings.LastIndexByte(below, '/')+1], ok
}
