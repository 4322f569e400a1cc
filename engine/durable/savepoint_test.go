package durable

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/state/snapshot"
)

// A job that is stopped with a savepoint has shown what that covers, and no more, and goes on from there as another job, with checkpoints or without
// and at another parallelism.
func TestStop(t *testing.T) {
	for _, checkpoints := range []string{"1 h", "0 s"} {
		leaktest.Check(t)
		w := newWorld(t, 3, 100)
		h, _, _ := w.begin(w.options(3, "execution.checkpointing.interval", checkpoints), 297)
		url, err := h.Stop(t.Context(), false, "s3://b/savepoints")
		if err != nil {
			t.Fatal(err)
		}
		if h.Status() != Finished {
			t.Errorf("the job is %s", h.Status())
		}
		if got := len(w.visible()); got != 297 {
			t.Errorf("%d rows are visible after the stop, want 297", got)
		}
		for _, name := range w.checkpointObjects() {
			if name != "head" {
				t.Errorf("the stopped job left %s", name)
			}
		}
		next, said, hold := w.begin(w.options(2, "execution.checkpointing.interval", checkpoints, "execution.state-recovery.path", opened(url)), 0)
		close(hold)
		if _, err := next.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := w.compare(); err != nil {
			t.Error(err)
		}
		if !said.has(url) {
			t.Errorf("it says %v, not what it goes on from", said.list)
		}
	}
}

// opened is the URL by which a job opens what the store calls by its own.
func opened(url string) string { return strings.Replace(url, "mem://", "s3://", 1) }

// A job whose savepoint fails goes on as if nothing had been asked.
func TestStopFails(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 3, 100)
	w.store = fault.New(w.inner, fault.Plan{Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Put}, Key: "savepoints/**", Trigger: fault.Trigger{Times: 1}, Kind: objstore.Denied},
	}})
	h, _, hold := w.begin(w.options(3), 297)
	if _, err := h.Stop(t.Context(), false, "s3://b/savepoints"); err == nil || !strings.Contains(err.Error(), "savepoint") {
		t.Fatalf("the stop's error is %v", err)
	}
	if h.Status() != Running {
		t.Errorf("the job is %s", h.Status())
	}
	close(hold)
	w.done(h)
	for info, err := range w.inner.List(context.Background(), "savepoints/", objstore.ListOptions{}) {
		t.Errorf("the failed savepoint left %s %v", info.Key, err)
	}
}

// What cannot be cleared up behind the savepoint that a job is stopped with does not keep the job from ending.
func TestStopWithoutClearingUp(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 3, 100)
	h, _, _ := w.begin(w.options(3), 297)
	w.checkpoint(h)
	h.Cancel()
	_, _ = h.Wait()
	store := fault.New(w.inner, fault.Plan{Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Uploads}, Trigger: fault.Trigger{Skip: 1}, Kind: objstore.Throttled}, // the first is of the start
	}})
	w.store = store
	h, _, _ = w.begin(w.options(3), 0)
	url, err := h.Stop(t.Context(), false, "s3://b/savepoints")
	if err != nil || h.Status() != Finished {
		t.Fatalf("the job is %s: %v", h.Status(), err)
	}
	if len(store.Events()) == 0 {
		t.Error("nothing went wrong")
	}
	w.store = w.inner
	next, _, hold := w.begin(w.options(2, "execution.state-recovery.path", opened(url)), 0)
	close(hold)
	w.done(next)
	if err := w.compare(); err != nil {
		t.Error(err)
	}
}

// A savepoint depends on nothing else: neither on the job's checkpoints nor on its head.
func TestSavepointStandsAlone(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 2, 100)
	h, _, _ := w.begin(w.options(2), 198)
	w.checkpoint(h)
	url, err := h.Savepoint(t.Context(), "s3://b/savepoints")
	if err != nil {
		t.Fatal(err)
	}
	h.Cancel()
	_, _ = h.Wait()
	for _, name := range w.checkpointObjects() {
		if err := w.inner.Delete(t.Context(), "checkpoints/a=20job/"+name); err != nil {
			t.Fatal(err)
		}
	}
	next, _, hold := w.begin(w.options(1, "execution.state-recovery.path", opened(url)), 0)
	close(hold)
	w.done(next)
	opts := w.options(1)
	d, name, err := snapshot.Locate(t.Context(), opts.Job.Env.Objects, opened(url), Codec)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Load(t.Context(), name)
	if err == nil {
		err = d.Dispose(t.Context(), name, m)
	}
	if err != nil {
		t.Fatal(err)
	}
	var missing *snapshot.Error
	if _, _, err := snapshot.Locate(t.Context(), opts.Job.Env.Objects, opened(url), Codec); !errors.As(err, &missing) {
		t.Errorf("the disposed savepoint gives %v", err)
	}
	if left := slices.Collect(savepoints(w)); len(left) > 0 {
		t.Errorf("the disposed savepoint left %v", left)
	}
}

// savepoints lists what is left of savepoints.
func savepoints(w *world) func(func(string) bool) {
	return func(yield func(string) bool) {
		for info, err := range w.inner.List(context.Background(), "savepoints/", objstore.ListOptions{}) {
			if err != nil || !yield(info.Key) {
				return
			}
		}
	}
}
