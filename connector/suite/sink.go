package suite

import (
	"fmt"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
)

func testSink(t *testing.T, c Config) {
	t.Run("options", func(t *testing.T) {
		out := c.Make(t)
		testOptions(t, c.Spec, out.Table, func(table graph.Table) error {
			env := out.Env
			env.Objects = nil
			_, err := c.Spec.NewSink(connector.SinkRequest{Env: env, Table: table, JobID: "job"})
			return err
		})
	})
	t.Run("commit", func(t *testing.T) { testCommit(t, c) })
	t.Run("abort", func(t *testing.T) {
		w := begin(t, c, 1)
		w.write(0, 0, 100)
		list := w.flush(0)
		w.write(0, 100, 150) // not flushed
		w.close()
		if err := w.sink.Abort(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		if err := w.sink.Abort(t.Context(), list); err != nil {
			t.Errorf("a second Abort: %v", err)
		}
		sameBag(t, "after Abort", w.out.Visible(), nil)
		w.nothingPending()
	})
	t.Run("nothing", func(t *testing.T) {
		w := begin(t, c, 2)
		list := append(w.flush(0), w.flush(1)...)
		w.commit(list)
		w.close()
		sameBag(t, "without rows", w.out.Visible(), nil)
		w.nothingPending()
	})
	t.Run("closed", func(t *testing.T) {
		w := begin(t, c, 2)
		w.write(0, 0, 5000)
		w.write(1, 0, 10)
		w.close()
		sameBag(t, "after Close without Flush", w.out.Visible(), nil)
		w.nothingPending()
	})
	t.Run("next process", func(t *testing.T) {
		// What one process flushed, another one commits.
		w := begin(t, c, 1)
		w.write(0, 0, 200)
		list := w.flush(0)
		w.close()
		again, err := c.Spec.NewSink(connector.SinkRequest{Env: w.out.Env, Table: w.out.Table, JobID: "next", Batch: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := again.Commit(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		sameBag(t, "committed by another process", w.out.Visible(), w.texts(0, 200))
	})
	t.Run("faults", func(t *testing.T) { testRetry(t, c) })
}

func testCommit(t *testing.T, c Config) {
	w := begin(t, c, 3)
	if w.out.Retry > 0 {
		w.close()
		return
	}
	w.write(0, 0, 3000)
	w.write(1, 3000, 3001)
	first := append(w.flush(0), w.flush(1)...)
	first = append(first, w.flush(2)...)
	sameBag(t, "before Commit", w.out.Visible(), nil)
	w.write(0, 4000, 4100) // belongs to the next checkpoint
	w.commit(first)
	want := w.texts(0, 3001)
	sameBag(t, "after Commit", w.out.Visible(), want)
	w.commit(first)
	sameBag(t, "after a second Commit of the same", w.out.Visible(), want)
	w.write(2, 5000, 9500)
	second := append(w.flush(0), w.flush(2)...)
	sameBag(t, "before the second Commit", w.out.Visible(), want)
	w.commit(append(first, second...))
	want = append(append(want, w.texts(4000, 4100)...), w.texts(5000, 9500)...)
	sameBag(t, "after the second Commit", w.out.Visible(), want)
	w.close()
	if err := w.sink.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameBag(t, "at the end", w.out.Visible(), want)
	w.nothingPending()
}

// testRetry writes until it succeeds; whatever went wrong before must not show.
func testRetry(t *testing.T, c Config) {
	out := c.Make(t)
	if out.Retry == 0 {
		return
	}
	for try := 0; ; try++ {
		err := writeOnce(t, c, out, fmt.Sprintf("try%d", try))
		if err == nil {
			break
		}
		if try >= out.Retry {
			t.Fatal(err)
		}
		sameBag(t, fmt.Sprintf("after %v", err), out.Visible(), nil)
	}
	w := &writing{t: t, out: out}
	sameBag(t, "after faults", out.Visible(), w.texts(0, 7000))
}

// writeOnce writes 7000 rows. An error is what a job would end with, its clearing up done.
func writeOnce(t *testing.T, c Config, out Output, job string) error {
	s, err := c.Spec.NewSink(connector.SinkRequest{Env: out.Env, Table: out.Table, JobID: job, Batch: true})
	if err != nil {
		return err
	}
	if err := s.Prepare(t.Context()); err != nil {
		return err
	}
	w := &writing{t: t, out: out, sink: s}
	var list []connector.Committable
	for sub := range 2 {
		wr, err := s.NewWriter(t.Context(), sub, 2)
		if err != nil {
			return err
		}
		for from := sub * 3500; from < (sub+1)*3500 && err == nil; from += 700 {
			err = wr.Write(t.Context(), w.batch(from, from+700))
		}
		var more []connector.Committable
		if err == nil {
			more, err = wr.Flush(t.Context(), true)
		}
		list = append(list, more...)
		closing := wr.Close()
		if err != nil {
			abort(t, s, list, closing)
			return err
		}
	}
	// A commit is repeated until it succeeds: a job that has a checkpoint goes on to it.
	for try := 0; ; try++ {
		if err = s.Commit(t.Context(), list); err == nil {
			return s.Finish(t.Context())
		}
		if try >= out.Retry {
			t.Fatal(err)
		}
	}
}

// abort clears up; faults may hit that too, and then leave what is pending, but nothing visible.
func abort(t *testing.T, s connector.Sink, list []connector.Committable, closing error) {
	t.Helper()
	if err := s.Abort(t.Context(), list); err != nil || closing != nil {
		t.Logf("clearing up failed: %v, %v", err, closing)
	}
}

// writing is a sink with its writers.
type writing struct {
	t       *testing.T
	out     Output
	sink    connector.Sink
	writers []connector.Writer
}

func begin(t *testing.T, c Config, parallelism int) *writing {
	t.Helper()
	out := c.Make(t)
	var s connector.Sink
	retry(t, out, func() (err error) {
		if s, err = c.Spec.NewSink(connector.SinkRequest{Env: out.Env, Table: out.Table, JobID: "job", Batch: true}); err == nil {
			err = s.Prepare(t.Context())
		}
		return err
	})
	w := &writing{t: t, out: out, sink: s}
	for i := range parallelism {
		wr, err := s.NewWriter(t.Context(), i, parallelism)
		if err != nil {
			t.Fatal(err)
		}
		w.writers = append(w.writers, wr)
	}
	if out.Retry > 0 {
		t.Skip("faults are tested by themselves")
	}
	return w
}

func retry(t *testing.T, out Output, do func() error) {
	t.Helper()
	for try := 0; ; try++ {
		err := do()
		if err == nil {
			return
		}
		if try >= out.Retry {
			t.Fatal(err)
		}
	}
}

// batch makes the rows with numbers from … to-1, among others that are not selected.
func (w *writing) batch(from, to int) *column.Batch {
	b := column.NewBatch(w.out.Table.Columns, to-from)
	for n := from; n < to; n++ {
		if n%10 == 9 {
			w.row(b, n+1_000_000) // not to be written
		}
		b.Sel = append(b.Sel, int32(b.Len))
		w.row(b, n)
	}
	return b
}

// row appends the row number n.
func (w *writing) row(b *column.Batch, n int) {
	for i, v := range b.Cols {
		switch t := v.Type; {
		case t.IsText():
			// Of few values, so that it can be a partition, unless it is the first column.
			text := fmt.Sprintf("row %d of many", n)
			if i > 0 {
				text = fmt.Sprintf("p %d/=%%", n%3)
			}
			v.AppendString(text)
		case t.Kind == column.Int:
			column.Append(v, int32(n%4))
		case t.Kind == column.BigInt:
			column.Append(v, int64(n))
		default:
			w.t.Fatalf("the suite makes no values of type %s", t)
		}
	}
	b.Len++
}

// texts are the rows as a reader sees them.
func (w *writing) texts(from, to int) []string { return Texts(w.batch(from, to)) }

func (w *writing) write(writer, from, to int) {
	w.t.Helper()
	for at := from; at < to; at += 1000 {
		if err := w.writers[writer].Write(w.t.Context(), w.batch(at, min(to, at+1000))); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *writing) flush(writer int) []connector.Committable {
	w.t.Helper()
	list, err := w.writers[writer].Flush(w.t.Context(), false)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *writing) commit(list []connector.Committable) {
	w.t.Helper()
	if err := w.sink.Commit(w.t.Context(), list); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writing) close() {
	w.t.Helper()
	for _, wr := range w.writers {
		if err := wr.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *writing) nothingPending() {
	w.t.Helper()
	if w.out.Pending == nil {
		return
	}
	if n := w.out.Pending(); n > 0 {
		w.t.Errorf("%d uploads are left over", n)
	}
}
