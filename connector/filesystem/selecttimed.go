package filesystem

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

// timed is a reader of one range that measures how long its reading keeps the task: in Poll, and waiting for more. What the task does with the rows in between does not
// count.
type timed struct {
	connector.Reader
	bytes int64
	done  func(bytes int64, took time.Duration)
	took  time.Duration
	since time.Time // of a wait; zero: there is none
}

func (t *timed) Poll() (*column.Batch, connector.Status, error) {
	begun := time.Now()
	if !t.since.IsZero() {
		begun, t.since = t.since, time.Time{}
	}
	b, status, err := t.Reader.Poll()
	now := time.Now()
	t.took += now.Sub(begun)
	switch {
	case err != nil:
	case status == connector.Wait:
		t.since = now
	case status == connector.Done && t.done != nil:
		t.done(t.bytes, t.took)
		t.done = nil
	}
	return b, status, err
}

func (t *timed) position() position { return t.Reader.(positioner).position() }

// Skipped implements [connector.SkipCounter].
func (t *timed) Skipped() int64 { return skippedBy(t.Reader) }

// Selected implements [connector.SelectCounter].
func (t *timed) Selected() objstore.SelectStats { return selectedBy(t.Reader) }

// selectedBy is what a reader's queries have moved.
func selectedBy(r connector.Reader) objstore.SelectStats {
	if c, ok := r.(connector.SelectCounter); ok {
		return c.Selected()
	}
	return objstore.SelectStats{}
}
