package task

import (
	"fmt"
	"sync/atomic"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/setting"
)

// Quota bounds the memory of the state of all operators of a job. The tasks keep the sum up to date; whichever finds it too large ends the job.
type Quota struct {
	Limit int64 // bytes
	// Largest names the node whose state takes the most, over all its subtasks, and says what would bound it.
	Largest func() (name, uid string, bytes int64, bound string)

	used atomic.Int64
}

// QuotaError ends a job whose state takes more memory than [setting.StateMemoryLimit] allows.
type QuotaError struct {
	UID          string // of the node whose state takes the most
	Bytes        int64  // of that
	Total, Limit int64
	Bound        string // what would bound it
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("the state of the job takes %s, more than %s = %s allows; %s of it is this operator's (uid %s): %s",
		megabytes(e.Total), setting.StateMemoryLimit.Key, setting.FormatMemorySize(e.Limit), megabytes(e.Bytes), e.UID, e.Bound)
}

func megabytes(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// sizing decides when the state of a stage is measured. Measuring may take a step for each key, so that a large state is measured less often:
// it must have had the chance to grow by a part of its size.
type sizing struct {
	of          operator.Sizer // nil: no state
	rows, calls int            // since it was measured
	known       int
}

const (
	measureRows  = 1 << 14
	measureCalls = 1 << 8
)

// due counts a call with rows and reports whether it is time to measure.
func (z *sizing) due(rows int) bool {
	z.rows += rows
	z.calls++
	return z.rows >= max(measureRows, z.known>>10) || z.calls >= max(measureCalls, z.known>>16)
}

// measure notes how large a stage's state is.
func (t *Task) measure(s *Stage) error {
	z := &s.size
	size := z.of.SizeBytes()
	grown := size - z.known
	z.rows, z.calls, z.known = 0, 0, size
	s.Context.Counters.State.Set(int64(size))
	if t.Quota == nil {
		return nil
	}
	if total := t.Quota.used.Add(int64(grown)); grown > 0 && total > t.Quota.Limit {
		name, uid, bytes, bound := t.Quota.Largest()
		return &Error{name, &QuotaError{UID: uid, Bytes: bytes, Total: total, Limit: t.Quota.Limit, Bound: bound}}
	}
	return nil
}

// release notes that a stage's state is gone.
func (t *Task) release(s *Stage) {
	if s.size.known == 0 {
		return
	}
	s.Context.Counters.State.Set(0)
	if t.Quota != nil {
		t.Quota.used.Add(-int64(s.size.known))
	}
	s.size.known = 0
}
