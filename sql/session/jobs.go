package session

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/setting"
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

// Jobs are running jobs that can be listed and stopped, also those of other sessions.
type Jobs interface {
	// List returns the running jobs, the last started first.
	List(ctx context.Context) ([]RunningJob, error)
	// Stop ends a job with a savepoint below a directory, by default the job's own one, and returns the savepoint's path. With drain, event time ends
	// first.
	Stop(ctx context.Context, id string, drain bool, dir string) (string, error)
	// Cancel ends a job.
	Cancel(ctx context.Context, id string) error
}

// RunningJob is a job of [Jobs].
type RunningJob struct {
	ID, Name, Status string
	Started          time.Time
}

// known lists the session's jobs and all that run elsewhere, the last started first.
func (s *Session) known(ctx context.Context) ([]*jobRecord, error) {
	var list []*jobRecord
	own := map[string]bool{}
	s.jobs.mu.Lock()
	for _, r := range slices.Backward(s.jobs.list) {
		copied := *r
		list, own[r.id] = append(list, &copied), true
	}
	s.jobs.mu.Unlock()
	if s.config.Jobs == nil {
		return list, nil
	}
	others, err := s.config.Jobs.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, j := range others {
		if !own[j.ID] {
			list = append(list, &jobRecord{id: j.ID, name: j.Name, status: j.Status, started: j.Started})
		}
	}
	slices.SortStableFunc(list, func(a, b *jobRecord) int { return b.started.Compare(a.started) })
	return list, nil
}

// showJobs executes SHOW JOBS.
func (s *Session) showJobs(ctx context.Context) (*Result, error) {
	list, err := s.known(ctx)
	if err != nil {
		return nil, err
	}
	return jobsResult(list), nil
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
func (s *Session) job(ctx context.Context, id *syntax.Literal) (*jobRecord, error) {
	if raw, err := hex.DecodeString(id.Text); err != nil || len(raw) != 16 {
		return nil, syntax.Errorf(id, "'%s' is not the id of a job: that has 32 hexadecimal digits", id.Text)
	}
	list, err := s.known(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if r.id == id.Text {
			return r, nil
		}
	}
	e := syntax.Errorf(id, "there is no job '%s'", id.Text)
	e.Hint = "SHOW JOBS lists those there are"
	return nil, e
}

// describeJob executes DESCRIBE JOB.
func (s *Session) describeJob(ctx context.Context, id *syntax.Literal) (*Result, error) {
	r, err := s.job(ctx, id)
	if err != nil {
		return nil, err
	}
	return jobsResult([]*jobRecord{r}), nil
}

// stopJob executes STOP JOB.
func (s *Session) stopJob(ctx context.Context, n *syntax.StopJob) (*Result, error) {
	if n.Drain && !n.Savepoint {
		return nil, syntax.Errorf(n, "WITH DRAIN could only be used after WITH SAVEPOINT")
	}
	r, err := s.job(ctx, &n.ID)
	switch {
	case err != nil:
		return nil, err
	case r.status != "RUNNING" && r.status != "RESTARTING":
		return nil, syntax.Errorf(&n.ID, "the job '%s' has ended already: it is %s", r.id, r.status)
	case n.Savepoint:
		return s.stopWithSavepoint(ctx, n, r)
	case r.cancel != nil:
		r.cancel(errStopped)
	default:
		if err := s.config.Jobs.Cancel(ctx, r.id); err != nil {
			return nil, syntax.Errorf(&n.ID, "the job '%s' cannot be cancelled: %v", r.id, err)
		}
	}
	return done(nil)
}

// stopWithSavepoint ends a job with a savepoint, where the session says or, if it does not, the job.
func (s *Session) stopWithSavepoint(ctx context.Context, n *syntax.StopJob, r *jobRecord) (*Result, error) {
	if s.config.Jobs == nil {
		return nil, syntax.Errorf(n, "jobs of this session cannot be stopped with a savepoint: it cannot reach them")
	}
	path, err := s.config.Jobs.Stop(ctx, r.id, n.Drain, s.settings.Text(setting.SavepointDir))
	if err != nil {
		return nil, syntax.Errorf(&n.ID, "the job '%s' cannot be stopped with a savepoint: %v", r.id, err)
	}
	return listResult("savepoint path", []string{path}), nil
}
