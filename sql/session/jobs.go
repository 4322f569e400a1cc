package session

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/syntax"
)

// maxJobs is how many jobs a session remembers.
const maxJobs = 1000

// jobs is the jobs that a session has begun. They may run in other goroutines than the session.
type jobs struct {
	mu   sync.Mutex
	list []*jobRecord
}

// jobRecord is what is known of a job.
type jobRecord struct {
	id, name string
	status   string // RUNNING, FINISHED, FAILED or CANCELED
	started  time.Time
	cancel   context.CancelCauseFunc
}

// errStopped is why a job ended that STOP JOB has ended.
var errStopped = errors.New("it was stopped by STOP JOB")

// run runs a job by the runner of the configuration, and keeps track of it.
func (s *Session) run(ctx context.Context, j *Job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &jobRecord{id: j.ID, name: j.Name, status: "RUNNING", started: time.Now(), cancel: cancel}
	s.jobs.mu.Lock()
	s.jobs.list = append(s.jobs.list, r)
	if drop := len(s.jobs.list) - maxJobs; drop > 0 {
		s.jobs.list = slices.Delete(s.jobs.list, 0, drop)
	}
	s.jobs.mu.Unlock()
	err := s.config.Run(ctx, j)
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	switch {
	case err == nil:
		r.status = "FINISHED"
	case ctx.Err() != nil:
		r.status = "CANCELED"
	default:
		r.status = "FAILED"
	}
	return err
}

// showJobs executes SHOW JOBS: the session's, the last first.
func (s *Session) showJobs() *Result {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	list := slices.Clone(s.jobs.list)
	slices.Reverse(list)
	return jobsResult(list)
}

func jobsResult(list []*jobRecord) *Result {
	columns := append(textColumns("job id", "job name", "status"), column.Field{Name: "start time", Type: column.Sized(column.TimestampLTZ, 6)})
	rows := make([][]any, len(list))
	for i, r := range list {
		rows[i] = []any{r.id, r.name, r.status, r.started}
	}
	return rowsResult(Rows, columns, rows)
}

// job finds a job by its id.
func (s *Session) job(id *syntax.Literal) (*jobRecord, error) {
	if raw, err := hex.DecodeString(id.Text); err != nil || len(raw) != 16 {
		return nil, syntax.Errorf(id, "'%s' is not the id of a job: that has 32 hexadecimal digits", id.Text)
	}
	for _, r := range s.jobs.list {
		if r.id == id.Text {
			return r, nil
		}
	}
	e := syntax.Errorf(id, "there is no job '%s' in this session", id.Text)
	e.Hint = "SHOW JOBS lists those there are"
	return nil, e
}

// describeJob executes DESCRIBE JOB.
func (s *Session) describeJob(id *syntax.Literal) (*Result, error) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	r, err := s.job(id)
	if err != nil {
		return nil, err
	}
	return jobsResult([]*jobRecord{r}), nil
}

// stopJob executes STOP JOB.
func (s *Session) stopJob(n *syntax.StopJob) (*Result, error) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	r, err := s.job(&n.ID)
	switch {
	case err != nil:
		return nil, err
	case r.status != "RUNNING":
		return nil, syntax.Errorf(&n.ID, "the job '%s' has ended already: it is %s", r.id, r.status)
	case n.Savepoint:
		return nil, unsupported(n, "STOP JOB WITH SAVEPOINT")
	case n.Drain:
		return nil, unsupported(n, "STOP JOB WITH DRAIN")
	}
	r.cancel(errStopped)
	return done(nil)
}
