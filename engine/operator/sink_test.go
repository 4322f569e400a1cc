package operator

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// memorySink keeps rows as text.
type memorySink struct {
	request connector.SinkRequest
	capture
	closed int
}

func (s *memorySink) Prepare(context.Context) error { return nil }
func (s *memorySink) NewWriter(_ context.Context, subtask, parallelism int) (connector.Writer, error) {
	if subtask >= parallelism {
		return nil, errors.New("no such subtask")
	}
	return (*memoryWriter)(s), nil
}
func (s *memorySink) Commit(context.Context, []connector.Committable) error { return nil }
func (s *memorySink) Abort(context.Context, []connector.Committable) error  { return nil }
func (s *memorySink) Finish(context.Context) error                          { return nil }

type memoryWriter memorySink

func (w *memoryWriter) Write(_ context.Context, b *column.Batch) error { return w.Emit(b) }
func (w *memoryWriter) Flush(_ context.Context, last bool) ([]connector.Committable, error) {
	return []connector.Committable{connector.Committable(strings.Join(w.rows, ";"))}, nil
}
func (w *memoryWriter) Close() error { w.closed++; return nil }

func init() {
	connector.Register(&connector.Spec{
		Name: "operator-test", Doc: "Keeps rows in memory.", Guarantee: "None.",
		NewSink: func(r connector.SinkRequest) (connector.Sink, error) {
			if r.Table.Options["bad"] != "" {
				return nil, errors.New("bad option")
			}
			return &memorySink{request: r}, nil
		},
	})
	connector.Register(&connector.Spec{Name: "operator-test-source", Doc: "Cannot be written to.", Guarantee: "None."})
}

func sinkTable() *graph.Sink {
	return &graph.Sink{Table: graph.Table{Name: "c.d.t", Connector: "operator-test", Columns: []column.Field{
		{Name: "k", Type: column.Str()}, {Name: "v", Type: column.Of(column.BigInt).Required()}, {Name: "w", Type: column.Of(column.BigInt).Required()},
	}}}
}

// sinkRows has NULLs in v and w in some rows.
func sinkRows(in []column.Field) *column.Batch {
	b := column.NewBatch(in, 0)
	for i := range 6 {
		b.Cols[0].AppendString(string(rune('a' + i)))
		column.Append(b.Cols[1], int64(i))
		column.Append(b.Cols[2], int64(i))
		b.Len++
	}
	b.Cols[0].SetNull(0)
	b.Cols[1].SetNull(1)
	b.Cols[2].SetNull(3)
	b.Cols[2].SetNull(5)
	b.AddKinds(6)[4] = column.UpdateAfter
	return b
}

func TestSink(t *testing.T) {
	in := fields(column.Str(), column.Of(column.BigInt), column.Of(column.BigInt))
	op := sinkTable()
	s, err := NewSink(op, connector.SinkRequest{Batch: true, JobID: "job-1"})
	if err != nil {
		t.Fatal(err)
	}
	if r := s.(*memorySink).request; !r.Batch || r.JobID != "job-1" || r.Table.Name != "c.d.t" {
		t.Errorf("request %+v", r)
	}
	values := setting.New(setting.Engine)
	if err := values.Set(setting.NotNullEnforcer.Key, "DROP", "test"); err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Sink, c.Env = s, connector.Env{Settings: values}
	o := open(t, &graph.Node{Op: op}, in, c)
	for _, sel := range [][]int32{nil, {3}, {2, 3, 4}} {
		b := sinkRows(in)
		b.Sel = sel
		if err := o.Process(0, b, nil); err != nil {
			t.Fatal(err)
		}
	}
	list, err := o.(Committer).Flush(t.Context(), true)
	want := `+I NULL 0 0;+I "c" 2 2;+U "e" 4 4;+I "c" 2 2;+U "e" 4 4`
	if err != nil || len(list) != 1 || string(list[0]) != want {
		t.Errorf("committables %q, %v", list, err)
	}
	if o.(Committer).Sink() != s {
		t.Error("another sink")
	}
	if n := c.Counters.Skipped.Load(); n != 5 {
		t.Errorf("%d rows counted as skipped, want 5", n)
	}
	if err := o.Close(); err != nil || s.(*memorySink).closed != 1 {
		t.Errorf("closed %d times, %v", s.(*memorySink).closed, err)
	}
	if p := s.(*memorySink).problem; p != "" {
		t.Error(p)
	}
}

func TestSinkRefusesNull(t *testing.T) {
	in := fields(column.Str(), column.Of(column.BigInt), column.Of(column.BigInt))
	op := sinkTable()
	s, err := NewSink(op, connector.SinkRequest{Batch: true, JobID: "job-1"})
	if err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Sink = s
	o := open(t, &graph.Node{Op: op}, in, c)
	b := sinkRows(in)
	b.Sel = []int32{0, 2}
	if err := o.Process(0, b, nil); err != nil {
		t.Errorf("rows without NULL: %v", err)
	}
	b.Sel = nil
	err = o.Process(0, b, nil)
	want := "Column 'v' is NOT NULL, however, a null value is being written into it. You can set job configuration 'table.exec.sink.not-null-enforcer'='DROP' to suppress this exception and drop such records silently. The table is c.d.t."
	if err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}

func TestSinkErrors(t *testing.T) {
	in := fields(column.Str())
	if _, err := New(&graph.Node{Op: sinkTable()}, [][]column.Field{in}); err == nil || !strings.Contains(err.Error(), "table c.d.t has 3 columns, the rows for it 1") {
		t.Errorf("error %v", err)
	}
	for connectorName, want := range map[string]string{
		"nowhere":              "table c.d.t: there is no connector 'nowhere' in this program; it has " + strings.Join(connector.Names(), ", "),
		"operator-test-source": "table c.d.t: connector 'operator-test-source' cannot be written to",
		"operator-test":        "table c.d.t: bad option",
	} {
		op := sinkTable()
		op.Table.Connector, op.Table.Options = connectorName, map[string]string{"bad": "x"}
		if _, err := NewSink(op, connector.SinkRequest{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	o, err := New(&graph.Node{Op: sinkTable()}, [][]column.Field{sinkTable().Table.Columns})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Open(testContext()); err == nil {
		t.Error("opened without a sink")
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
