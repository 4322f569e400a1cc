package operator

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// holdingSink has one writer, which notes what it is told.
type holdingSink struct {
	memorySink
	held  []connector.Piece
	notes []string
	due   time.Time
	err   error
}

func (s *holdingSink) NewWriter(context.Context, int, int) (connector.Writer, error) {
	return &holdingWriter{memoryWriter: (*memoryWriter)(&s.memorySink), s: s}, nil
}

type holdingWriter struct {
	*memoryWriter
	s *holdingSink
}

func (w *holdingWriter) note(format string, args ...any) {
	w.s.notes = append(w.s.notes, fmt.Sprintf(format, args...))
}
func (w *holdingWriter) Held() ([]connector.Piece, error) { return w.s.held, nil }
func (w *holdingWriter) Restore(_ context.Context, held []connector.Piece) error {
	w.note("restore %q", held)
	return w.s.err
}
func (w *holdingWriter) Due() time.Time { return w.s.due }
func (w *holdingWriter) Tick(context.Context) error {
	w.note("tick")
	w.s.due = w.s.due.Add(time.Second)
	return nil
}
func (w *holdingWriter) Watermark(t int64) { w.note("watermark %d", t) }

// What a writer holds goes through a checkpoint to the writers of another one; it is called when it wants to be, and hears of watermarks.
func TestSinkHolds(t *testing.T) {
	in := sinkTable().Table.Columns
	s := &holdingSink{due: time.Unix(10, 0), held: []connector.Piece{[]byte("one"), []byte("a longer second piece"), {}}}
	var timers []int64
	c := testContext()
	c.Sink, c.SetTimer = s, func(at time.Time) { timers = append(timers, at.Unix()) }
	o := open(t, &graph.Node{Op: sinkTable()}, in, c)
	b := sinkRows(in)
	b.Sel = []int32{0}
	for range 2 {
		if err := o.Process(0, b, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int64{10, 10, 7, 11} { // the second and the third have been replaced
		if err := o.Timer(time.Unix(at, 0), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(o.Watermark(5, nil), o.Watermark(math.MaxInt64, nil)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(timers); got != "[10 11 12]" {
		t.Errorf("timers %s", got)
	}
	if got := strings.Join(s.notes, ";"); got != fmt.Sprintf("tick;tick;watermark 5;watermark %d", math.MaxInt64) {
		t.Errorf("noted %s", got)
	}
	var w state.Writer
	if err := o.Snapshot(&w); err != nil || len(w.Tables) != 1 || w.Tables[0].Keyed {
		t.Fatalf("tables %v, %v", w.Tables, err)
	}
	to := &holdingSink{}
	c = testContext()
	c.Sink, c.Restore = to, &state.Reader{Tables: w.Tables}
	o = open(t, &graph.Node{Op: sinkTable()}, in, c)
	if got := strings.Join(to.notes, ";"); got != `restore ["one" "a longer second piece" ""]` {
		t.Errorf("noted %s", got)
	}
	w = state.Writer{}
	if err := o.Snapshot(&w); err != nil || len(w.Tables) != 0 {
		t.Errorf("a sink that holds nothing has tables %v, %v", w.Tables, err)
	}
	to.err = errors.New("no")
	for _, s := range []connector.Sink{to, &memorySink{}} {
		o, err := New(&graph.Node{Op: sinkTable()}, [][]column.Field{in})
		if err != nil {
			t.Fatal(err)
		}
		c.Sink = s
		if err := o.Open(c); err == nil {
			t.Error("opened with state that was not taken")
		}
	}
}

// TestHeldBySinkOfOthers: rows that another operator keeps under the same name are no pieces.
func TestHeldBySinkOfOthers(t *testing.T) {
	in := fields(column.Of(column.BigInt))
	b := column.NewBatch(in, 1)
	column.Append(b.Cols[0], int64(7))
	b.Len = 1
	if pieces := HeldBySink([]state.Table{{Name: heldTable, Schema: in, Keyed: true, Groups: []int32{0}, Rows: b}}); pieces != nil {
		t.Errorf("%d pieces, want none", len(pieces))
	}
}
