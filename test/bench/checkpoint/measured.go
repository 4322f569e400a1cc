package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/test/bench/script"
	"github.com/millstream/millstream/test/peers"
)

// query is a job over the events.
type query struct{ name, sink, sql string }

var queries = []query{
	{"count by key", "k BIGINT, n BIGINT, s BIGINT, PRIMARY KEY (k) NOT ENFORCED", "SELECT k, COUNT(*), SUM(v) FROM events GROUP BY k"},
	{"average of maxima (as q4)", "v BIGINT, a DOUBLE, PRIMARY KEY (v) NOT ENFORCED",
		"SELECT k / 1000, AVG(CAST(m AS DOUBLE)) FROM (SELECT k, MAX(v) AS m FROM events GROUP BY k) GROUP BY k / 1000"},
	{"counts of hopping windows (as q5)", "k BIGINT, n BIGINT, e TIMESTAMP(3)",
		"SELECT k, COUNT(*), window_end FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end"},
}

// measured is a job that is measured.
type measured struct {
	query
	keys     int64
	dir      string
	interval string
	quiet    bool          // events stop behind the keys
	slow     time.Duration // the sink takes as long for each batch
	s3       *peers.S3     // the store of the directory, if it is one

	events *events
	handle *durable.Handle
	mu     sync.Mutex
	done   []durable.Completed
	size   int64
}

// start starts the job.
func (m *measured) start(ctx context.Context) error {
	m.events = &events{keys: m.keys, slow: m.slow, first: make(chan time.Time, 1)}
	m.events.limit.Store(1 << 62)
	if m.quiet {
		m.events.limit.Store(m.keys)
	}
	current = m.events
	given := map[string]string{
		"parallelism.default": "2", "table.local-time-zone": "UTC", "execution.runtime-mode": "streaming",
		"execution.checkpointing.dir": m.dir, "state.checkpoints.num-retained": "1",
	}
	if m.interval != "0 s" {
		given["execution.checkpointing.interval"] = m.interval
	}
	if m.s3 != nil {
		maps.Copy(given, map[string]string{
			"s3.endpoint": m.s3.Endpoint, "s3.access-key": m.s3.AccessKey, "s3.secret-key": m.s3.SecretKey, "s3.path.style.access": "true",
		})
	}
	settings, err := script.Settings(given)
	if err != nil {
		return err
	}
	env := script.Env(settings)
	started := make(chan error, 1)
	s := session.New(session.Config{Settings: settings, Env: env, Run: func(_ context.Context, j *session.Job) error {
		env := env
		env.Settings = j.Settings
		h, err := durable.Start(ctx, j.Graph, durable.Options{
			Name: "measured", Completed: m.note,
			Job: job.Options{Env: env, Batch: j.Batch, Progress: func(p job.Progress) {
				m.mu.Lock()
				m.size = p.State
				m.mu.Unlock()
			}},
		})
		m.handle = h
		started <- err
		return err
	}})
	err = script.Execute(ctx, s, "CREATE TABLE events (k BIGINT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'numbered');\n"+
		"CREATE TABLE results ("+m.sink+") WITH ('connector' = 'counting');\nINSERT INTO results "+m.sql)
	if err != nil {
		return err
	}
	return <-started
}

func (m *measured) note(c durable.Completed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = append(m.done, c)
}

func (m *measured) list() []durable.Completed {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.done)
}

// state is the size of the state in bytes.
func (m *measured) state() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.size
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until waits for a condition, or the job's end.
func (m *measured) until(ctx context.Context, what func() bool) error {
	for !what() {
		select {
		case <-m.handle.Done():
			_, err := m.handle.Wait()
			return fmt.Errorf("the job has ended: %w", err)
		default:
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// loaded waits until all keys have come.
func (m *measured) loaded(ctx context.Context) error {
	if err := m.until(ctx, func() bool { return m.events.next.Load() >= m.keys }); err != nil {
		return err
	}
	if !m.quiet {
		return nil
	}
	if err := m.settled(ctx); err != nil {
		return err
	}
	return sleep(ctx, 300*time.Millisecond) // so that the size of the state is known
}

// settled waits until no more results come.
func (m *measured) settled(ctx context.Context) error {
	last, since := int64(-1), time.Now()
	return m.until(ctx, func() bool {
		if now := m.events.results.Load(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 100*time.Millisecond
	})
}

// change lets so many events come and waits until they are counted.
func (m *measured) change(ctx context.Context, n int64) error {
	limit := m.events.limit.Add(n)
	if err := m.until(ctx, func() bool { return m.events.next.Load() >= limit }); err != nil {
		return err
	}
	return m.settled(ctx)
}

// checkpoint takes a checkpoint.
func (m *measured) checkpoint(ctx context.Context) (durable.Completed, error) {
	if _, err := m.handle.TriggerCheckpoint(ctx); err != nil {
		return durable.Completed{}, err
	}
	list := m.list()
	return list[len(list)-1], nil
}

// stop cancels the job, whose checkpoints stay.
func (m *measured) stop() error {
	m.handle.Cancel()
	if _, err := m.handle.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
