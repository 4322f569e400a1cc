package sim

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/simulate"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

var (
	seeds = flag.Int("sim.seeds", 10*len(jobs), "how many seeds, in turn over the jobs")
	first = flag.Uint64("sim.first", 1, "the first of them")
	seed  = flag.Uint64("sim.seed", 0, "one seed to replay")
	steps = flag.Bool("sim.steps", false, "with -sim.seed: show what happened, step by step")
	only  = flag.String("sim.job", "", "only jobs whose names hold this text")
)

// opening resolves all of s3:// to one store.
func opening(store objstore.Store) *objstore.Resolver {
	return &objstore.Resolver{Openers: map[string]objstore.Opener{
		"s3": func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
			return store, loc.Path, nil
		},
	}}
}

var errPlanned = errors.New("planned")

// plan makes the job of a script, without running it.
func plan(script string) (planned *session.Job, err error) {
	settings := setting.New(setting.Engine)
	if err := settings.Set("table.dml-sync", "true", "sim"); err != nil {
		return nil, err
	}
	env := connector.Env{Objects: opening(mem.New("b")), Settings: settings, Stdout: io.Discard, Stderr: io.Discard}
	s := session.New(session.Config{Settings: settings, Env: env, Run: func(_ context.Context, j *session.Job) error {
		planned = j
		return errPlanned
	}})
	parsed, err := session.Parse("", tables+script)
	if err != nil {
		return nil, err
	}
	for _, st := range parsed.Statements {
		r, err := s.Execute(context.Background(), st)
		if err == nil {
			err = r.Run(context.Background(), func(*column.Batch) error { return nil })
		}
		if err != nil && !errors.Is(err, errPlanned) {
			return nil, err
		}
	}
	if planned == nil {
		return nil, errors.New("the script runs no job")
	}
	return planned, nil
}

// subject is a job with what it writes undisturbed.
type subject struct {
	name   string
	script string
	plan   *session.Job
	want   map[string]int
}

var subjects = sync.OnceValues(func() (list []*subject, err error) {
	for _, j := range jobs {
		s := &subject{name: j.name, script: j.script}
		if s.plan, err = plan(j.script); err != nil {
			return nil, fmt.Errorf("%s: %w", j.name, err)
		}
		bounded := *s
		store := s.world()
		if s.endless() { // it has an end if its input is there
			for _, feed := range fed(store) {
				feed()
			}
			if bounded.plan, err = plan(strings.ReplaceAll(j.script, monitoring, "")); err != nil {
				return nil, fmt.Errorf("%s: %w", j.name, err)
			}
		}
		h, err := bounded.start(simulate.Start{Context: context.Background(), Store: store, ID: "calm", Parallelism: 1})
		if err == nil {
			_, err = h.Wait()
		}
		if err == nil {
			s.want, err = visible(store)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name, err)
		}
		list = append(list, s)
	}
	return list, nil
})

// world is a store before the job.
func (s *subject) world() *mem.Store {
	store := mem.New("b")
	for key, text := range given[s.name] {
		if _, err := store.Put(context.Background(), key, []byte(text), objstore.Condition{}); err != nil {
			panic(err) // memory takes it
		}
	}
	flushes.Store(0)
	return store
}

// overtaken counts the checkpoints whose barriers overtook rows.
var overtaken atomic.Int64

// start starts the job in one process.
func (s *subject) start(as simulate.Start) (simulate.Handle, error) {
	settings := s.plan.Settings
	set := append([][2]string{{"execution.checkpointing.interval", "1 h"}, {"execution.checkpointing.dir", "s3://b/checkpoints"}}, as.Settings...)
	if as.From != "" {
		set = append(set, [2]string{"execution.state-recovery.path", "s3://b/" + as.From})
	}
	for _, kv := range set {
		if err := settings.Set(kv[0], kv[1], "sim"); err != nil {
			return nil, err
		}
	}
	h, err := durable.Start(as.Context, s.plan.Graph, durable.Options{
		Name: "job", Notify: as.Notify, Completed: func(c durable.Completed) {
			if c.Timing.Overtaken > 0 {
				overtaken.Add(1)
			}
		},
		Job: job.Options{Env: connector.Env{Objects: opening(as.Store), Settings: settings, Stdout: io.Discard, Stderr: io.Discard},
			Parallelism: as.Parallelism, Batch: s.plan.Batch, ID: as.ID, Turn: as.Turn},
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// complete stands before the directory of a partition that is committed, among rows.
const complete = "complete: "

// visible counts the rows that can be read; one that was taken back counts less.
func visible(store *mem.Store) (map[string]int, error) {
	rows, byKey := map[string]int{}, map[string]string{}
	for info, err := range store.List(context.Background(), "out/", objstore.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		body, _, err := store.Get(context.Background(), info.Key, objstore.All)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		if dir, ok := strings.CutSuffix(info.Key, "_SUCCESS"); ok {
			rows[complete+dir] = 1
			continue
		}
		if strings.HasPrefix(info.Key, keptDir) {
			keep(byKey, string(text))
			continue
		}
		dir := info.Key[:strings.LastIndexByte(info.Key, '/')+1]
		for line := range strings.Lines(string(text)) {
			count := 1
			if op, data, changed := strings.Cut(line, `","data":`); changed {
				line = data
				if strings.HasSuffix(op, "-U") || strings.HasSuffix(op, "-D") {
					count = -1
				}
			}
			line = dir + line
			if rows[line] += count; rows[line] == 0 {
				delete(rows, line)
			}
		}
	}
	for _, row := range byKey {
		rows[keptDir+row] = 1
	}
	return rows, nil
}

// check compares what can be read with what is wanted of a job that has run so many times.
func (s *subject) check(store *mem.Store, times int) error {
	got, err := visible(store)
	if err != nil {
		return err
	}
	want := map[string]int{}
	for row, n := range s.want {
		if want[row] = n * times; strings.HasPrefix(row, keptDir) || strings.HasPrefix(row, complete) || given[s.name] != nil { // the same, or instead
			want[row] = n
		}
	}
	if s.endless() { // when partitions are committed depends on the clock
		for _, rows := range []map[string]int{got, want} {
			maps.DeleteFunc(rows, func(row string, _ int) bool { return strings.HasPrefix(row, complete) })
		}
	}
	if maps.Equal(got, want) {
		return nil
	}
	var missing, extra []string
	for _, rows := range []map[string]int{got, want} {
		for row := range rows {
			switch d := got[row] - want[row]; {
			case d < 0:
				missing = append(missing, fmt.Sprintf("%d times %q", -d, row))
			case d > 0:
				extra = append(extra, fmt.Sprintf("%d times %q", d, row))
			}
		}
	}
	for _, list := range []*[]string{&missing, &extra} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return fmt.Errorf("%d rows, want %d: %d missing %v, %d too many %v", len(got), len(want), len(missing), missing[:min(5, len(missing))],
		len(extra), extra[:min(5, len(extra))])
}

func disturb(t *testing.T, s *subject, seed uint64) (*simulate.Outcome, error) {
	return simulate.Disturb(t, seed, func() simulate.Job {
		store := s.world()
		j := simulate.Job{Store: store, Checkpoints: "checkpoints/job/", Start: s.start, Check: func(times int) error { return s.check(store, times) }}
		if s.endless() {
			j.Endless = endlessly(store)
		}
		return j
	})
}

// Whatever happens to a job, it writes what it writes undisturbed.
func TestSeeds(t *testing.T) {
	leaktest.Check(t)
	list, err := subjects()
	if err != nil {
		t.Fatal(err)
	}
	from, n := *first, *seeds
	if testing.Short() {
		n = min(n, len(jobs))
	}
	if *seed != 0 {
		from, n = *seed, 1
	}
	var sum simulate.Outcome
	failed := 0
	for at := from; at < from+uint64(n) && failed < 10; at++ {
		s := list[at%uint64(len(list))]
		if !strings.Contains(s.name, *only) {
			continue
		}
		o, err := disturb(t, s, at)
		if *steps {
			for i, step := range o.Trace.Steps {
				t.Log(i, step)
			}
		}
		if err != nil {
			t.Errorf("%s: seed %d, after %d processes: %v\nreplay it with: go test ./test/sim -run TestSeeds -sim.seed=%d", s.name, at, o.Processes, err, at)
			failed++
		}
		sum.Add(o)
	}
	t.Logf("%v, %d checkpoints with rows in flight", &sum, overtaken.Load())
	if *seed == 0 && *only == "" && n >= 100 && (sum.Killed < n || sum.Resumed < n/2 || sum.Fenced < n/20 || overtaken.Load() < int64(n)/10 || sum.Settled == 0) {
		t.Errorf("the faults do not bite: %v", &sum)
	}
}

// A seed that runs twice does the same, step by step.
func TestReplay(t *testing.T) {
	leaktest.Check(t)
	list, err := subjects()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range list {
		seed := uint64(1000 + i)
		one, err := disturb(t, s, seed)
		if err != nil {
			t.Errorf("%s: seed %d: %v", s.name, seed, err)
			continue
		}
		two, err := disturb(t, s, seed)
		if err != nil {
			t.Errorf("%s: seed %d: %v", s.name, seed, err)
			continue
		}
		if d := one.Trace.Difference(two.Trace); d != "" {
			t.Errorf("%s: seed %d: %s", s.name, seed, d)
		}
	}
}
