package operator

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
)

// slowTable answers a key once the test says so: key k has the row "k".
type slowTable struct {
	asked  chan int64
	answer map[int64]chan error
}

func (s *slowTable) Rows(ctx context.Context, keys, out *column.Batch, from []int32) ([]int32, error) {
	for i := range keys.Len {
		k := column.Values[int64](keys.Cols[0])[i]
		s.asked <- k
		select {
		case err := <-s.answer[k]:
			if err != nil {
				return from, err
			}
		case <-ctx.Done():
			return from, ctx.Err()
		}
		out.Cols[0].AppendString(fmt.Sprint(k))
		out.Len++
		from = append(from, int32(i))
	}
	return from, nil
}

func (s *slowTable) Close() error { return nil }

// asyncTest is a lookup of a slow table at work.
type asyncTest struct {
	*testing.T
	source *slowTable
	o      Operator
	in     []column.Field
	woken  chan struct{}
	out    markedCapture
}

// markedCapture keeps marks in line with rows.
type markedCapture struct{ capture }

func (c *markedCapture) EmitWatermark(t int64) error {
	c.rows = append(c.rows, fmt.Sprint("watermark ", t))
	return nil
}

func (c *markedCapture) EmitIdle(idle bool) error {
	c.rows = append(c.rows, fmt.Sprint("idle ", idle))
	return nil
}

func newAsyncTest(t *testing.T, hint map[string]string) *asyncTest {
	t.Helper()
	a := &asyncTest{T: t, source: &slowTable{asked: make(chan int64, 100), answer: map[int64]chan error{}}, woken: make(chan struct{}, 100)}
	for k := range int64(20) {
		a.source.answer[k] = make(chan error, 100)
	}
	lookedUp.Lock()
	defer lookedUp.Unlock()
	lookedUp.make = func(connector.LookupRequest) connector.LookupSource { return a.source }
	hint["async"] = "true"
	table := fields(column.Of(column.BigInt), column.Str())
	a.in = fields(column.Of(column.BigInt))
	op := &graph.LookupJoin{Type: graph.LeftJoin, Project: []int{1}, Hint: hint, Table: graph.Table{Name: "t", Connector: "looked-up", Columns: table}}
	op.Keys = []graph.LookupKey{{Column: 0, Value: ref(0, a.in[0])}}
	o, err := New(&graph.Node{Op: op, Schema: append(a.in[:1:1], table[1])}, [][]column.Field{a.in})
	if err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Now = time.Now
	c.Wake = func() { a.woken <- struct{}{} }
	if err := o.Open(c); err != nil {
		t.Fatal(err)
	}
	a.o = o
	return a
}

// rows processes a batch and waits until its keys are asked for.
func (a *asyncTest) rows(kind column.RowKind, keys ...int64) {
	a.Helper()
	b := column.NewBatch(a.in, 0)
	for _, k := range keys {
		column.Append(b.Cols[0], k)
	}
	b.Len = len(keys)
	if kind != column.Insert {
		for i := range b.AddKinds(b.Len) {
			b.Kinds[i] = kind
		}
	}
	if err := a.o.Process(0, b, &a.out); err != nil {
		a.Fatal(err)
	}
	mangle(b)
	for range keys {
		<-a.source.asked
	}
}

// answers lets keys, each of which is all that is left of a batch, be answered one after the other.
func (a *asyncTest) answers(keys ...int64) {
	a.Helper()
	for _, k := range keys {
		a.source.answer[k] <- nil
		<-a.woken
		if err := a.o.(Resumer).Resume(&a.out); err != nil {
			a.Fatal(err)
		}
	}
}

func (a *asyncTest) want(rows ...string) {
	a.Helper()
	if a.out.problem != "" {
		a.Fatal(a.out.problem)
	}
	compareRows(a.T, a.out.rows, rows)
}

func (a *asyncTest) watermark(t int64) {
	a.Helper()
	if err := a.o.Watermark(t, &a.out); err != nil {
		a.Fatal(err)
	}
}

// TestAsyncLookupOrdered: requests of several batches are under way at once; rows and marks leave in order however they are answered.
func TestAsyncLookupOrdered(t *testing.T) {
	a := newAsyncTest(t, map[string]string{})
	a.watermark(5)
	a.want("watermark 5")
	a.rows(column.Insert, 1)
	a.rows(column.Insert, 2)
	a.watermark(10)
	a.watermark(11)
	if err := a.o.(Watermarker).Idle(true, &a.out); err != nil {
		t.Fatal(err)
	}
	a.rows(column.Delete, 3)
	a.answers(3, 2)
	a.want("watermark 5")
	if n := a.o.(Sizer).SizeBytes(); n <= 0 {
		t.Errorf("%d bytes are held", n)
	}
	a.answers(1)
	a.want("watermark 5", `+I 1 "1"`, `+I 2 "2"`, "watermark 11", "idle true", `-D 3 "3"`)
	a.rows(column.Insert, 4)
	a.source.answer[4] <- nil
	if err := a.o.EndInput(0, &a.out); err != nil {
		t.Fatal(err)
	}
	a.want("watermark 5", `+I 1 "1"`, `+I 2 "2"`, "watermark 11", "idle true", `-D 3 "3"`, `+I 4 "4"`)
	if err := a.o.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAsyncLookupUnordered: inserts leave as they are answered, but none passes a mark, and a row that is taken back keeps its place.
func TestAsyncLookupUnordered(t *testing.T) {
	a := newAsyncTest(t, map[string]string{"output-mode": "ALLOW_UNORDERED"})
	a.rows(column.Insert, 1)
	a.rows(column.Insert, 2)
	a.watermark(10)
	a.rows(column.Insert, 3)
	a.answers(2)
	a.want(`+I 2 "2"`)
	a.answers(3)
	a.want(`+I 2 "2"`)
	a.answers(1)
	a.want(`+I 2 "2"`, `+I 1 "1"`, "watermark 10", `+I 3 "3"`)
	a.out.rows = nil
	a.rows(column.Insert, 4)
	a.rows(column.UpdateBefore, 5)
	a.rows(column.Insert, 6)
	a.answers(6, 5)
	a.want()
	a.answers(4)
	a.want(`+I 4 "4"`, `-U 5 "5"`, `+I 6 "6"`)
	if err := a.o.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAsyncLookupDrains: before a barrier all that is under way is waited for and emitted.
func TestAsyncLookupDrains(t *testing.T) {
	a := newAsyncTest(t, map[string]string{"output-mode": "allow_unordered"})
	a.rows(column.Insert, 1)
	a.rows(column.Insert, 2)
	a.watermark(7)
	a.source.answer[1] <- nil
	a.source.answer[2] <- nil
	if err := a.o.(Drainer).Drain(&a.out); err != nil {
		t.Fatal(err)
	}
	compareAny(t, a.out.rows[:2], []string{`+I 1 "1"`, `+I 2 "2"`})
	if len(a.out.rows) != 3 || a.out.rows[2] != "watermark 7" {
		t.Errorf("got %v, want the watermark last", a.out.rows)
	}
	if err := a.o.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAsyncLookupFull: no more than the capacity is under way; the next row waits for an answer.
func TestAsyncLookupFull(t *testing.T) {
	a := newAsyncTest(t, map[string]string{"capacity": "2"})
	a.rows(column.Insert, 1)
	a.rows(column.Insert, 2)
	a.source.answer[2] <- nil
	a.source.answer[1] <- nil
	a.rows(column.Insert, 3) // comes back only once there is room
	<-a.woken
	<-a.woken
	a.answers(3)
	a.want(`+I 1 "1"`, `+I 2 "2"`, `+I 3 "3"`)
	if err := a.o.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAsyncLookupEnds: an error is the job's, and closing does not wait for answers.
func TestAsyncLookupEnds(t *testing.T) {
	a := newAsyncTest(t, map[string]string{})
	a.rows(column.Insert, 1)
	a.rows(column.Insert, 2)
	a.source.answer[1] <- errors.New("no connection")
	<-a.woken
	if err := a.o.(Resumer).Resume(&a.out); err == nil || err.Error() != "table t: no connection" {
		t.Error(err)
	}
	if err := a.o.Close(); err != nil {
		t.Fatal(err)
	}
	b := newAsyncTest(t, map[string]string{"timeout": "1 ms"})
	b.rows(column.Insert, 1)
	err := b.o.(Drainer).Drain(&b.out)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want a timeout", err)
	}
	if err := b.o.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAsyncLookupByKey: out of order, rows of one key stay in order if the settings say so.
func TestAsyncLookupByKey(t *testing.T) {
	a := newAsyncTest(t, map[string]string{"output-mode": "allow_unordered"})
	a.o.(*asyncLookup).byKey = true
	a.rows(column.Insert, 1, 2)
	a.rows(column.Insert, 2)
	a.rows(column.Insert, 3)
	a.source.answer[2] <- nil // of one of the two
	a.source.answer[2] <- nil
	<-a.woken
	if err := a.o.(Resumer).Resume(&a.out); err != nil {
		t.Fatal(err)
	}
	a.want()
	a.answers(3)
	a.want(`+I 3 "3"`)
	a.answers(1)
	a.want(`+I 3 "3"`, `+I 1 "1"`, `+I 2 "2"`, `+I 2 "2"`)
	if err := a.o.Close(); err != nil {
		t.Fatal(err)
	}
}
