package durable

import (
	"context"
	"strings"
	"testing"

	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state/snapshot"
)

// Jobs of a script that have ended are not run again when the script is, until it has come to its end; the one that had not goes on where it was.
func TestScript(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 2, 100)
	root := snapshot.Dir{Store: w.inner, Prefix: "checkpoints/"}
	run := func(s *Script, name string) (ran bool) {
		t.Helper()
		opts := w.options(2)
		opts.Name, opts.Script = name, s
		h, err := Start(context.Background(), w.graph(), opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Wait(); err != nil {
			t.Fatal(err)
		}
		made := w.source.made.Swap(0)
		return made > 0
	}
	if !run(NewScript("text"), "first") {
		t.Fatal("the first job did not run")
	}

	// The process dies before it has noted that the job has ended.
	script := NewScript("text")
	record, err := root.ReadScript(t.Context(), script.id)
	if err != nil || record == nil || record.Done != 1 {
		t.Fatalf("the record is %v, %v", record, err)
	}
	record.Done = 0
	if err := root.WriteScript(t.Context(), script.id, record); err != nil {
		t.Fatal(err)
	}
	if run(script, "first") {
		t.Error("the first job, which its head knows to have ended, ran again")
	}

	// The second one is interrupted.
	opts := w.options(2)
	opts.Name, opts.Script = "second", script
	h, _, _ := w.begin(opts, 198)
	w.checkpoint(h)
	h.Cancel()
	_, _ = h.Wait()
	w.source.hold = nil
	w.source.made.Store(0)
	script = NewScript("text")
	if run(script, "first") {
		t.Error("the first job ran again")
	}
	opts = w.options(2)
	opts.Name, opts.Script = "second", script
	h, said, hold := w.begin(opts, 0)
	close(hold)
	if _, err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	if !said.has("goes on from checkpoint") || w.source.made.Swap(0) != 2 {
		t.Errorf("the second job did not go on: %v", said.list)
	}

	// The process dies with all jobs ended.
	w.source.hold = nil
	script = NewScript("text")
	if run(script, "first") || run(script, "second") {
		t.Error("jobs of a script that had ended ran again")
	}
	if err := script.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"text", "another text"} {
		if script = NewScript(name); !run(script, "first") {
			t.Errorf("the first job of '%s' did not run", name)
		}
	}
	if _, err := root.Store.Put(t.Context(), "checkpoints/=script-"+NewScript("bad").id, []byte("?"), objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
	opts = w.options(2)
	opts.Script = NewScript("bad")
	if _, err := Start(context.Background(), w.graph(), opts); err == nil || !strings.Contains(err.Error(), "=script-") {
		t.Errorf("a damaged record gives %v", err)
	}
}
