package job

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// custom adds a node that runs an operator made in Go.
func custom(g *graph.Graph, name string, parallelism int, make func() operator.Operator, inputs ...graph.Edge) *graph.Node {
	return g.Add(&graph.Node{
		Name: name, UID: name, Parallelism: parallelism, Schema: rowFields, Inputs: inputs,
		Op: &graph.Custom{New: func() any { return make() }},
	})
}

// pass passes on what comes.
type pass struct{ operator.Base }

func (pass) Process(_ int, p operator.Payload, out operator.Output) error { return out.Emit(p) }

func newPass() operator.Operator { return pass{} }

// hooks is a pass with something done at each step; what is nil is left out.
type hooks struct {
	pass
	context   *operator.Context
	open      func(c *operator.Context) error
	process   func(c *operator.Context, input int, b *column.Batch, out operator.Output) error
	watermark func(c *operator.Context, t int64) error
	timer     func(c *operator.Context, at time.Time, out operator.Output) error
	end       func(c *operator.Context, input int, out operator.Output) error
	snapshot  func() error
	close     func() error
}

func (o *hooks) Open(c *operator.Context) error {
	o.context = c
	if o.open != nil {
		return o.open(c)
	}
	return nil
}

func (o *hooks) Process(input int, p operator.Payload, out operator.Output) error {
	if o.process != nil {
		return o.process(o.context, input, p.(*column.Batch), out)
	}
	return out.Emit(p)
}

func (o *hooks) Watermark(t int64, _ operator.Output) error {
	if o.watermark != nil {
		return o.watermark(o.context, t)
	}
	return nil
}

func (o *hooks) Timer(at time.Time, out operator.Output) error {
	if o.timer != nil {
		return o.timer(o.context, at, out)
	}
	return nil
}

func (o *hooks) EndInput(input int, out operator.Output) error {
	if o.end != nil {
		return o.end(o.context, input, out)
	}
	return nil
}

func (o *hooks) Snapshot(*state.Writer) error {
	if o.snapshot != nil {
		return o.snapshot()
	}
	return nil
}

func (o *hooks) Close() error {
	if o.close != nil {
		return o.close()
	}
	return nil
}

// row is a row, for comparisons.
type row struct {
	k string
	n int64
}

func rowsOf(b *column.Batch) []row {
	var rows []row
	for i := range b.Rows() {
		r := b.Row(i)
		rows = append(rows, row{string(b.Cols[0].BytesAt(r)), column.Values[int64](b.Cols[1])[r]})
	}
	return rows
}

// gathered keeps what its operators get, by subtask.
type gathered struct {
	mu   sync.Mutex
	rows map[int][]row
}

func (g *gathered) op() operator.Operator {
	return &hooks{process: func(c *operator.Context, _ int, b *column.Batch, _ operator.Output) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.rows == nil {
			g.rows = map[int][]row{}
		}
		g.rows[c.Subtask] = append(g.rows[c.Subtask], rowsOf(b)...)
		return nil
	}}
}

// all returns everything, sorted by number, then key.
func (g *gathered) all() []row {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []row
	for _, rows := range g.rows {
		all = append(all, rows...)
	}
	sortRows(all)
	return all
}

func sortRows(rows []row) {
	slices.SortFunc(rows, func(a, b row) int {
		if a.n != b.n {
			return int(a.n - b.n)
		}
		return strings.Compare(a.k, b.k)
	})
}

// counter counts rows by key and emits the counts at the end. Its state is a keyed table.
type counter struct {
	operator.Base
	context *operator.Context
	counts  map[string]int64
}

func newCounter() operator.Operator { return &counter{} }

func (o *counter) Open(c *operator.Context) error {
	o.context, o.counts = c, map[string]int64{}
	if t := c.Restore.Table("counts"); t != nil {
		for i, r := range rowsOf(t.Rows) {
			group := state.KeyGroup(hashOf(r.k), c.MaxParallelism)
			if int(t.Groups[i]) != group || state.Target(group, c.MaxParallelism, c.Parallelism) != c.Subtask {
				return fmt.Errorf("key %q of group %d was restored in subtask %d", r.k, group, c.Subtask)
			}
			o.counts[r.k] = r.n
		}
	}
	return nil
}

func hashOf(k string) uint64 {
	v, out := column.NewVector(column.Str(), 1), make([]uint64, 1)
	v.AppendString(k)
	new(state.KeyHasher).Hash([]*column.Vector{v}, nil, out)
	return out[0]
}

func (o *counter) Process(_ int, p operator.Payload, _ operator.Output) error {
	for _, r := range rowsOf(p.(*column.Batch)) {
		o.counts[r.k]++
	}
	return nil
}

func (o *counter) rows() *column.Batch {
	b := column.NewBatch(rowFields, len(o.counts))
	for _, k := range slices.Sorted(maps.Keys(o.counts)) {
		appendRow(b, k, o.counts[k])
	}
	return b
}

func (o *counter) Snapshot(w *state.Writer) error {
	t := state.Table{Name: "counts", Schema: rowFields, Keyed: true, Rows: o.rows()}
	for _, r := range rowsOf(t.Rows) {
		t.Groups = append(t.Groups, int32(state.KeyGroup(hashOf(r.k), o.context.MaxParallelism)))
	}
	w.Add(t)
	return nil
}

func (o *counter) EndInput(_ int, out operator.Output) error { return out.Emit(o.rows()) }

// testSink shows rows once they are committed.
type testSink struct {
	name      string
	overwrite bool
	began     string
	lasting   []connector.Piece       // what all committables hold besides rows
	failing   func(step string) error // nil: nothing fails

	mu        sync.Mutex
	steps     []string // Prepare, Commit, Abort, Finish
	committed map[string][]row
	aborted   map[string]bool
	made      int
}

func newTestSink(t testing.TB) *testSink {
	s := &testSink{name: fmt.Sprintf("sink-%d", names.Add(1)), committed: map[string][]row{}, aborted: map[string]bool{}}
	sinks.Store(s.name, s)
	t.Cleanup(func() { sinks.Delete(s.name) })
	return s
}

func (s *testSink) step(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, name)
	if s.failing != nil {
		return s.failing(name)
	}
	return nil
}

func (s *testSink) Prepare(context.Context) error { return s.step("Prepare") }
func (s *testSink) Finish(context.Context) error  { return s.step("Finish") }

// written is a committable: a name of its own, so that committing twice shows, and rows.
type written struct {
	ID   string
	Keys []string
	Nums []int64
}

func (s *testSink) Commit(_ context.Context, list []connector.Committable) error {
	if err := s.step("Commit"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		var w written
		if err := json.Unmarshal(c, &w); err != nil {
			return err
		}
		if s.aborted[w.ID] {
			return fmt.Errorf("%s is committed and was aborted", w.ID)
		}
		var rows []row
		for i, k := range w.Keys {
			rows = append(rows, row{k, w.Nums[i]})
		}
		s.committed[w.ID] = rows // again after a restore: the same
	}
	return nil
}

func (s *testSink) Abort(_ context.Context, list []connector.Committable) error {
	if err := s.step("Abort"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		var w written
		if err := json.Unmarshal(c, &w); err != nil {
			return err
		}
		if _, there := s.committed[w.ID]; there {
			return fmt.Errorf("%s is aborted and was committed", w.ID)
		}
		s.aborted[w.ID] = true
	}
	return nil
}

func (s *testSink) Lasting([]connector.Committable) ([]connector.Piece, error) {
	return s.lasting, s.step("Lasting")
}

func (s *testSink) NewWriter(_ context.Context, subtask, _ int) (connector.Writer, error) {
	return &testWriter{sink: s, subtask: subtask}, nil
}

// rows returns what is visible, sorted.
func (s *testSink) rows() []row {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []row
	for _, rows := range s.committed {
		all = append(all, rows...)
	}
	sortRows(all)
	return all
}

type testWriter struct {
	sink    *testSink
	subtask int
	w       written
}

func (w *testWriter) Write(_ context.Context, b *column.Batch) error {
	for _, r := range rowsOf(b) {
		w.w.Keys, w.w.Nums = append(w.w.Keys, r.k), append(w.w.Nums, r.n)
	}
	return nil
}

func (w *testWriter) Flush(context.Context, bool) ([]connector.Committable, error) {
	if len(w.w.Keys) == 0 {
		return nil, nil
	}
	w.sink.mu.Lock()
	w.sink.made++
	w.w.ID = fmt.Sprintf("%d-%d", w.subtask, w.sink.made)
	w.sink.mu.Unlock()
	c, err := json.Marshal(w.w)
	w.w = written{}
	return []connector.Committable{c}, err
}

func (w *testWriter) Close() error { return nil }

// sinkNode adds a node that writes to the sink.
func (s *testSink) node(g *graph.Graph, parallelism int, input graph.Edge) *graph.Node {
	return g.Add(&graph.Node{
		Name: "Sink", UID: "sink", Parallelism: parallelism, Inputs: []graph.Edge{input},
		Op: &graph.Sink{Table: graph.Table{Name: s.name, Connector: "test", Columns: rowFields}},
	})
}
