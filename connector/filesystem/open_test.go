package filesystem

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// saved is a checkpoint of a sink.
type saved struct {
	list []connector.Committable
	held [][]connector.Piece // by subtask
	rows int                 // written before it
}

// stream is a streaming job that is nothing but a sink, whose runs follow each other.
type stream struct {
	t       *testing.T
	store   objstore.Store
	table   graph.Table
	limits  limits
	runs    []string
	sink    *sink
	writers []*writer
	last    saved
	rows    int // written
}

// claim begins a run from the last checkpoint. It returns how the run clears up behind those before it, which comes next.
func (s *stream) claim() (clearUp func()) {
	s.t.Helper()
	earlier, held := slices.Clone(s.runs), slices.Concat(s.last.held...)
	s.runs = append(s.runs, fmt.Sprint("run", len(s.runs)))
	sink, err := newSink(connector.SinkRequest{Env: memory(s.store), Table: s.table, JobID: s.runs[len(s.runs)-1]}, s.limits)
	s.check(err)
	s.check(sink.Prepare(s.t.Context()))
	s.check(sink.Commit(s.t.Context(), s.last.list))
	s.check(sink.Commit(s.t.Context(), s.last.list)) // as often as one likes
	s.sink = sink
	return func() {
		s.t.Helper()
		s.check(sink.Recover(s.t.Context(), earlier, held))
	}
}

// start starts a run from the last checkpoint.
func (s *stream) start(parallelism int) {
	s.t.Helper()
	s.claim()()
	s.rows, s.writers = s.last.rows, nil
	for i := range parallelism {
		w, err := s.sink.NewWriter(s.t.Context(), i, parallelism)
		s.check(err)
		var pieces []connector.Piece
		for old := i; old < len(s.last.held); old += parallelism {
			pieces = append(pieces, s.last.held[old]...)
		}
		if len(pieces) > 0 {
			s.check(w.(*writer).Restore(s.t.Context(), pieces))
		}
		s.writers = append(s.writers, w.(*writer))
	}
}

func (s *stream) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// write writes the next rows by one subtask.
func (s *stream) write(subtask, n int) {
	s.t.Helper()
	var rows []string
	var parts []any
	for range n {
		rows = append(rows, strings.Repeat(".", s.rows%7*10)+fmt.Sprint(s.rows))
		parts = append(parts, fmt.Sprint("p", s.rows%3))
		s.rows++
	}
	if len(s.table.PartitionBy) == 0 {
		parts = nil
	}
	s.check(s.writers[subtask].Write(s.t.Context(), lines(s.table, rows, parts...)))
}

// checkpoint takes one; stored tells whether anybody can restart from it, and committed whether the run lives to commit it.
func (s *stream) checkpoint(whole, stored, committed bool) {
	s.t.Helper()
	next := saved{rows: s.rows}
	for _, w := range s.writers {
		list, err := w.Flush(s.t.Context(), whole)
		s.check(err)
		pieces, err := w.Held()
		s.check(err)
		if whole && len(w.parts)+len(w.held) > 0 {
			s.t.Errorf("%d parts stay open behind a savepoint", len(w.parts))
		}
		next.list, next.held = append(next.list, list...), append(next.held, pieces)
	}
	if stored {
		s.last = next
	}
	switch {
	case stored && committed:
		s.check(s.sink.Commit(s.t.Context(), next.list))
	case !stored && committed: // the job fails in order and clears up
		s.check(s.sink.Abort(s.t.Context(), next.list))
	}
}

func (s *stream) close() {
	s.t.Helper()
	for _, w := range s.writers {
		s.check(w.Close())
	}
}

// visibleRows are the numbers of the rows that anybody sees.
func (s *stream) visibleRows() (rows []int) {
	for _, text := range contents(s.t, s.store) {
		for line := range strings.Lines(text) {
			var n int
			_, err := fmt.Sscan(strings.TrimLeft(line, "."), &n)
			s.check(err)
			rows = append(rows, n)
		}
	}
	slices.Sort(rows)
	return rows
}

// complete says whether exactly the first n rows are visible.
func (s *stream) complete(n int) {
	s.t.Helper()
	rows := s.visibleRows()
	for i, r := range rows {
		if i != r {
			s.t.Fatalf("row %d is missing or there twice; %d rows of %d are visible", i, len(rows), n)
		}
	}
	if len(rows) != n {
		s.t.Fatalf("%d rows of %d are visible", len(rows), n)
	}
}

func (s *stream) pending() (n int) {
	for _, err := range s.store.Uploads(context.Background(), "") {
		s.check(err)
		n++
	}
	return n
}

// A part that is not full stays open across checkpoints, wherever its bytes are: in the writer, in the store or in both.
func TestPartsStayOpen(t *testing.T) {
	for name, open := range stores {
		for _, begin := range []int{1, 50, 1 << 20} {
			t.Run(fmt.Sprint(name, begin), func(t *testing.T) {
				s := &stream{t: t, store: open(t), table: lineTable("mem://t/out"), limits: defaultLimits}
				s.limits.begin = begin
				s.start(1)
				for range 5 {
					s.write(0, 20)
					s.checkpoint(false, true, true)
				}
				if n := len(contents(t, s.store)); n != 0 {
					t.Errorf("%d files are visible", n)
				}
				s.write(0, 7) // lost with the process
				s.start(1)
				s.write(0, 5)
				s.checkpoint(false, true, true)
				s.checkpoint(true, true, true)
				s.complete(105)
				if n := len(contents(t, s.store)); n != 1 {
					t.Errorf("%d files hold what fits into one", n)
				}
				s.close()
				if n := s.pending(); n != 0 {
					t.Errorf("%d uploads are left", n)
				}
			})
		}
	}
}

// A run that was replaced before it has cleared up, and does not know it, discards nothing that those that follow it need, wherever the open part's bytes
// are, and whether or not the store goes on with uploads by copying them.
func TestReplacedWhileClearingUp(t *testing.T) {
	for name, open := range stores {
		for _, rows := range []int{1, 10} { // too short for an upload, or not
			t.Run(fmt.Sprint(name, rows), func(t *testing.T) {
				s := &stream{t: t, store: open(t), table: lineTable("mem://t/out"), limits: defaultLimits}
				s.limits.begin = 50
				s.start(1)
				s.write(0, rows)
				s.checkpoint(false, true, true)
				first := s.claim()
				s.start(1)
				second := s.claim()
				s.start(1)
				s.write(0, 20)
				first()
				s.checkpoint(false, true, true)
				second()
				s.start(1)
				s.write(0, 3)
				second()
				first()
				s.checkpoint(true, true, true)
				s.complete(rows + 23)
			})
		}
	}
}

// Whatever happens between writes and checkpoints, each row is visible once, and nothing is left behind.
func TestOpenPartsAtRandom(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		table := lineTable("mem://t/out", "sink.rolling-policy.file-size", "700")
		if seed%2 == 1 {
			table = partitionedLines("sink.rolling-policy.file-size", "700")
		}
		now := time.Unix(0, 0)
		open := stores["mem"]
		if seed%5 == 0 {
			open = stores["disk"]
		}
		s := &stream{t: t, store: open(t), table: table, limits: defaultLimits}
		s.limits.begin, s.limits.memory, s.limits.now = 1+r.IntN(300), int64(1000+r.IntN(3000)), func() time.Time { return now }
		s.start(1 + r.IntN(3))
		for range 120 {
			now = now.Add(time.Duration(r.IntN(60)) * time.Second)
			switch x := r.IntN(21); {
			case x < 11:
				s.write(r.IntN(len(s.writers)), r.IntN(12))
			case x < 15:
				s.checkpoint(false, true, true)
			case x == 15:
				s.checkpoint(true, true, true)
				s.complete(s.rows)
			case x == 16: // a checkpoint fails, and the job with it
				s.checkpoint(false, false, true)
				s.close()
				s.start(1 + r.IntN(3))
			case x == 17: // the process dies behind a checkpoint
				s.checkpoint(r.IntN(3) == 0, true, false)
				s.start(1 + r.IntN(3))
			case x == 18: // the process dies, and one that was replaced clears up late
				old := s.writers
				s.start(1 + r.IntN(3))
				for _, w := range old {
					s.check(w.Close())
				}
			case x == 19: // a process is replaced before it has cleared up, and does so while its successor writes
				clearUp := s.claim()
				s.start(1 + r.IntN(3))
				s.write(r.IntN(len(s.writers)), r.IntN(30))
				clearUp()
			default:
				for _, w := range s.writers {
					s.check(w.Tick(t.Context()))
				}
			}
		}
		s.checkpoint(true, true, true)
		s.complete(s.rows)
		s.check(s.sink.Recover(t.Context(), s.runs[:len(s.runs)-1], nil))
		if n := s.pending(); n != 0 {
			t.Fatalf("seed %d: %d uploads are left", seed, n)
		}
		s.close()
	}
}

// Time ends parts while no rows come, and the writer says when it wants to be asked.
func TestRollingWithoutRows(t *testing.T) {
	now := time.Unix(1000, 0)
	l := defaultLimits
	l.now = func() time.Time { return now }
	s := &stream{t: t, store: mem.New("t"), limits: l, table: partitionedLines(
		"sink.rolling-policy.rollover-interval", "10 s", "sink.rolling-policy.inactivity-interval", "4 s", "sink.rolling-policy.check-interval", "1 s")}
	s.start(1)
	w := s.writers[0]
	if due := w.Due(); !due.IsZero() {
		t.Errorf("a writer without rows wants to be called at %v", due)
	}
	s.write(0, 1)
	for range 9 {
		if due := w.Due(); due.Sub(now) != time.Second {
			t.Fatalf("due %v behind now", due.Sub(now))
		}
		now = w.Due()
		s.check(w.Tick(t.Context()))
		s.rows = 3 // of the same partition
		if now.Sub(time.Unix(1000, 0)) < 3*time.Second {
			s.write(0, 1)
		}
		s.checkpoint(false, true, true)
		age := now.Sub(time.Unix(1000, 0))
		if n := len(contents(t, s.store)); n > 0 != (age >= 6*time.Second) {
			t.Fatalf("%d files are visible %v after the first row", n, age)
		}
		if age >= 6*time.Second {
			if !w.Due().IsZero() {
				t.Error("a writer whose parts have ended wants to be called")
			}
			return
		}
	}
}

// An upload that is gone is an error that says what to do.
func TestOpenPartIsGone(t *testing.T) {
	s := &stream{t: t, store: mem.New("t"), table: lineTable("mem://t/out"), limits: defaultLimits}
	s.limits.begin = 1
	s.start(1)
	s.write(0, 3)
	s.checkpoint(false, true, true)
	held := s.last.held[0]
	for info, err := range s.store.Uploads(t.Context(), "") {
		s.check(err)
		s.check(s.store.Abort(t.Context(), objstore.Pending{Key: info.Key, UploadID: info.UploadID}))
	}
	err := s.writers[0].Restore(t.Context(), held)
	if err == nil || !strings.Contains(err.Error(), "mem://t/out/part-run0-0-0.txt was open") || !strings.Contains(err.Error(), "sink.visibility") {
		t.Errorf("got %v", err)
	}
	other, err := newSink(connector.SinkRequest{Env: memory(s.store), Table: lineTable("mem://t/elsewhere"), JobID: "j"}, defaultLimits)
	s.check(err)
	w, err := other.NewWriter(t.Context(), 0, 1)
	s.check(err)
	if err := w.(*writer).Restore(t.Context(), held); err == nil || !strings.Contains(err.Error(), "not in the table's directory mem://t/elsewhere/") {
		t.Errorf("got %v", err)
	}
	for _, piece := range []connector.Piece{nil, {200}, {5, '{'}, append(connector.Piece{2}, "[]"...)} {
		if err := w.(*writer).Restore(t.Context(), []connector.Piece{piece}); err == nil {
			t.Errorf("piece %q was taken", piece)
		}
	}
}

// With 'checkpoint', and in formats with an index, each checkpoint shows all rows.
func TestVisibleWithCheckpoints(t *testing.T) {
	for _, table := range []graph.Table{lineTable("mem://t/out", "sink.visibility", "checkpoint"), lineTable("mem://t/out", "sink.rolling-policy.file-size", "3 gb")} {
		s := &stream{t: t, store: mem.New("t"), table: table, limits: defaultLimits}
		s.start(1)
		for i := range 3 {
			s.write(0, 10)
			s.checkpoint(false, true, true)
			s.complete(10 * (i + 1))
		}
		s.close()
	}
}
