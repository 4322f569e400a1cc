package durable

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/storetest"
	"github.com/millstream/millstream/state/snapshot"
)

// notes collects what a job says.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, text)
}

func (n *notes) has(part string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.list, func(s string) bool { return strings.Contains(s, part) })
}

// begin starts the job, which does not end before hold is closed, and waits until the source has made all rows but those that are held.
func (w *world) begin(opts Options, made int64) (h *Handle, said *notes, hold chan struct{}) {
	w.t.Helper()
	hold, said = make(chan struct{}), &notes{}
	w.source = &numbers{splits: w.source.splits, size: w.source.size, hold: hold}
	sources.Store(w.name, w.source)
	opts.Notify = said.add
	h, err := Start(context.Background(), w.graph(), opts)
	if err != nil {
		w.t.Fatal(err)
	}
	w.until(fmt.Sprintf("%d rows are made", made), func() bool { return w.source.made.Load() >= made })
	return h, said, hold
}

// until waits for what happens in other goroutines.
func (w *world) until(what string, happened func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); runtime.Gosched() {
		if time.Now().After(deadline) {
			w.t.Fatalf("after 30 s it has not happened that %s", what)
		}
	}
}

func (w *world) checkpoint(h *Handle) {
	w.t.Helper()
	if _, err := h.TriggerCheckpoint(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) done(h *Handle) {
	w.t.Helper()
	if _, err := h.Wait(); err != nil {
		w.t.Fatal(err)
	}
	if err := w.compare(); err != nil {
		w.t.Fatal(err)
	}
	if got := w.checkpointObjects(); !slices.Equal(got, []string{"head"}) {
		w.t.Errorf("objects of checkpoints are left: %v", got)
	}
	if n := w.uploads(); n > 0 {
		w.t.Errorf("%d uploads are left", n)
	}
}

// A process that was cancelled, or that another one has replaced, is followed by one that goes on, at another parallelism; what the first one
// writes after that is discarded.
func TestTakeOver(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 3, 100)
	first, _, holdFirst := w.begin(w.options(3), 297)
	w.checkpoint(first)
	second, said, holdSecond := w.begin(w.options(2), 0)
	if !said.has("goes on from checkpoint 1 with 20 rows") {
		t.Errorf("the second process says %v", said.list)
	}
	if _, err := first.TriggerCheckpoint(t.Context()); !errors.Is(err, snapshot.ErrFenced) {
		t.Errorf("error %v of the first process's checkpoint, want that it is fenced", err)
	}
	close(holdFirst)
	if _, err := first.Wait(); !errors.Is(err, snapshot.ErrFenced) {
		t.Errorf("the first process ended with %v", err)
	}
	close(holdSecond)
	w.done(second)
}

// A damaged checkpoint is said to be and the one before is used; if there is none, nothing runs. A foreign job's directory is refused.
func TestDamagedCheckpoint(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 2, 100)
	h, _, _ := w.begin(w.options(2, "execution.checkpointing.num-retained", "2"), 198)
	w.checkpoint(h)
	w.checkpoint(h)
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, job.ErrCancelled) {
		t.Fatal(err)
	}
	storetest.Put(t, w.inner, "checkpoints/a=20job/chk-1-2", []byte("rubbish"))
	h, said, hold := w.begin(w.options(1), 0)
	if !said.has("chk-1-2") || !said.has("goes on from the one before, checkpoint 1") {
		t.Errorf("it says %v", said.list)
	}
	h.Cancel()
	_, _ = h.Wait()
	close(hold)
	storetest.Put(t, w.inner, "checkpoints/a=20job/chk-1-1", []byte("rubbish"))
	_, err := Start(t.Context(), w.graph(), w.options(1))
	if err == nil || !strings.Contains(err.Error(), "chk-1-1") || !strings.Contains(err.Error(), "--resume never") {
		t.Errorf("error %v, want that no checkpoint can be used", err)
	}
	other := w.options(1)
	other.Name = "other"
	body, _, err := w.inner.Get(t.Context(), "checkpoints/a=20job/head", objstore.All)
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 10_000)
	n, _ := body.Read(head)
	storetest.Put(t, w.inner, "checkpoints/other/head", head[:n])
	if _, err := Start(t.Context(), w.graph(), other); err == nil || !strings.Contains(err.Error(), "belongs to the job 'a job'") {
		t.Errorf("error %v for another job's head", err)
	}
	h, _, hold = w.begin(w.options(1, "execution.state-recovery.resume", "never"), 0)
	close(hold)
	if _, err := h.Wait(); err != nil {
		t.Errorf("without state: %v", err)
	}
}

// Segments of what did not change are shared, old checkpoints are deleted, and never what a retained one needs.
func TestIncremental(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 1, 100)
	h, _, hold := w.begin(w.options(1, "execution.checkpointing.num-retained", "2"), 99)
	for range 3 {
		w.checkpoint(h)
	}
	// The first wrote the segments, of the counts and of the sink's open file; it is gone, and the segments are not.
	if got, want := w.checkpointObjects(), []string{"chk-1-2", "chk-1-3", "head", "segments/1-1-0.parquet", "segments/1-1-1.parquet"}; !slices.Equal(got, want) {
		t.Errorf("objects %v, want %v", got, want)
	}
	close(hold)
	w.done(h)
}

// A savepoint outlives its job, holds all it needs, and can be started from.
func TestSavepoint(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 2, 100)
	h, _, _ := w.begin(w.options(2), 198)
	url, err := h.Savepoint(t.Context(), "s3://b/savepoints")
	if err != nil {
		t.Fatal(err)
	}
	h.Cancel()
	_, _ = h.Wait()
	objects := w.options(1).Job.Env.Objects
	root, err := snapshot.OpenDir(t.Context(), objects, "s3://b/savepoints", Codec)
	if err != nil {
		t.Fatal(err)
	}
	list, err := root.List(t.Context())
	if err != nil || len(list) != 1 || list[0].URL != url || list[0].Manifest.Kind != snapshot.Savepoint {
		t.Fatalf("listed %v, error %v", list, err)
	}
	path := strings.Replace(url, "mem://", "s3://", 1)
	h, said, hold := w.begin(w.options(1, "execution.state-recovery.path", path), 0)
	if !said.has("goes on from mem://b/savepoints/") {
		t.Errorf("it says %v", said.list)
	}
	close(hold)
	w.done(h)
	d, name, err := snapshot.Locate(t.Context(), objects, path, Codec)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Dispose(t.Context(), name, m); err != nil {
		t.Fatal(err)
	}
	for info, err := range w.inner.List(t.Context(), "savepoints/", objstore.ListOptions{}) {
		t.Errorf("%s is left, error %v", info.Key, err)
	}
	if _, err := Start(t.Context(), w.graph(), w.options(1, "execution.state-recovery.path", path)); err == nil {
		t.Error("a job started from a savepoint that is gone")
	}
}

// While the store does not take checkpoints the job goes on and says so; afterwards checkpoints succeed.
func TestStoreAway(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 1, 100)
	w.store = fault.New(w.inner, fault.Plan{Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Put}, Key: "checkpoints/**/chk-*", Trigger: fault.Trigger{Times: 3}, Kind: objstore.Unreachable},
	}})
	h, said, hold := w.begin(w.options(1, "execution.checkpointing.interval", "1 ms"), 99)
	w.until("checkpoints succeed again", func() bool { return said.has("checkpoints succeed again") })
	if !said.has("injected fault; the job goes on") || said.has("starts again") {
		t.Errorf("it says %v", said.list)
	}
	close(hold)
	w.done(h)
}

// A task that fails is started again from the last checkpoint, as often as the strategy says.
func TestRestarts(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 2, 100)
	broken := errors.New("broken on purpose")
	w.source.poll = func(_, at int64) error {
		if at > 50 {
			return broken
		}
		return nil
	}
	opts := w.options(1, "restart-strategy.fixed-delay.attempts", "2")
	said := &notes{}
	opts.Notify = said.add
	if _, err := Run(t.Context(), w.graph(), opts); !errors.Is(err, broken) || !strings.Contains(err.Error(), "not started again") {
		t.Errorf("error %v", err)
	}
	if n := len(said.list); n < 2 {
		t.Errorf("it says %d things: %v", n, said.list)
	}
	if rows := w.visible(); len(rows) > 0 {
		t.Errorf("%d rows of no checkpoint are visible", len(rows))
	}
	failures := 0
	w.source.poll = func(_, at int64) error {
		if at > 50 && failures < 3 {
			failures++
			return fmt.Errorf("%w, number %d", broken, failures)
		}
		return nil
	}
	h, err := Start(t.Context(), w.graph(), w.options(1))
	if err != nil {
		t.Fatal(err)
	}
	w.done(h)
}
