package job

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
)

func TestMain(m *testing.M) {
	exchange.Mangle = true
	connector.Register(&connector.Spec{
		Name: "test", Doc: "rows made up by a test", Guarantee: "exactly once",
		NewSource: func(req connector.SourceRequest) (connector.Source, error) {
			s, ok := sources.Load(req.Table.Name)
			if !ok {
				return nil, fmt.Errorf("no such source")
			}
			if s := s.(*testSource); s.grows {
				return growingSource{s}, nil
			}
			return s.(*testSource), nil
		},
		NewSink: func(req connector.SinkRequest) (connector.Sink, error) {
			s, ok := sinks.Load(req.Table.Name)
			if !ok {
				return nil, fmt.Errorf("no such sink")
			}
			s.(*testSink).overwrite, s.(*testSink).began = req.Overwrite, req.Began
			return s.(*testSink), nil
		},
	})
	m.Run()
}

// Sources and sinks of tests, by table name, and what names are made of.
var (
	sources, sinks sync.Map
	names          atomic.Int64
)

// rowFields are the columns of the rows that sources make: a key and a number, unique in its source.
var rowFields = []column.Field{{Name: "k", Type: column.Str()}, {Name: "n", Type: column.Of(column.BigInt)}}

// keyOf is the key of a number: some short, some longer than a view holds.
func keyOf(n int64) string { return fmt.Sprintf("key %0*d", 1+n%13, n%37) }

func appendRow(b *column.Batch, k string, n int64) {
	b.Cols[0].AppendString(k)
	column.Append(b.Cols[1], n)
	b.Len++
}

// testSource has the numbers 0 … splits*size-1, in splits of equal size.
type testSource struct {
	name         string
	splits, size int64
	seed         uint64
	batch        int64 // rows of a batch, at most
	unbounded    bool  // the splits do not end: after their last row they wait
	waits        bool  // readers have nothing now and then
	grows        bool  // splits are found one after the other, while others are read
	inOrder      bool  // with grows: and are read so

	// Hooks; nil: none.
	beforePoll func(split int64, n int64) error
	listing    func() error
	opening    func(split int64) error

	made   atomic.Int64 // rows handed out
	listed atomic.Int64 // calls of Splits
	open   atomic.Int64 // readers not yet closed
}

// newSource registers a source of a test and returns it.
func newTestSource(t testing.TB, splits, size int64) *testSource {
	s := &testSource{name: fmt.Sprintf("source-%d", names.Add(1)), splits: splits, size: size, batch: 100}
	sources.Store(s.name, s)
	t.Cleanup(func() {
		sources.Delete(s.name)
		if n := s.open.Load(); n != 0 {
			t.Errorf("%d readers were not closed", n)
		}
	})
	return s
}

// scan adds the node that reads the source.
func (s *testSource) scan(g *graph.Graph, parallelism int) *graph.Node {
	return g.Add(&graph.Node{
		Name: "Scan", UID: "scan-" + s.name, Parallelism: parallelism, Schema: rowFields,
		Op: &graph.Scan{Table: graph.Table{Name: s.name, Connector: "test", Columns: rowFields}, Project: []int{0, 1}, Limit: -1},
	})
}

func (s *testSource) Bounded() bool      { return !s.unbounded }
func (s *testSource) PushedDown() string { return "" }

type testPosition struct{ Split, Next int64 }

func (s *testSource) Splits(context.Context, int) ([]connector.Split, error) {
	s.listed.Add(1)
	if s.listing != nil {
		if err := s.listing(); err != nil {
			return nil, err
		}
	}
	var list []connector.Split
	for i := range s.splits {
		list = append(list, (testPosition{i, i * s.size}).split(s.size))
	}
	return list, nil
}

func (p testPosition) split(size int64) connector.Split {
	state, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return connector.Split{ID: fmt.Sprint(p.Split), State: state, Size: size}
}

func (s *testSource) Open(ctx context.Context, split connector.Split) (connector.Reader, error) {
	r := &testReader{source: s, ready: make(chan struct{}, 1), batch: column.NewBatch(rowFields, 0)}
	if err := json.Unmarshal(split.State, &r.at); err != nil {
		return nil, err
	}
	r.begin = r.at.Next
	r.random = rand.New(rand.NewPCG(s.seed, uint64(r.at.Split)))
	if s.opening != nil {
		if err := s.opening(r.at.Split); err != nil {
			return nil, err
		}
	}
	s.open.Add(1)
	r.ctx, r.cancel = context.WithCancel(ctx)
	return r, nil
}

type testReader struct {
	source *testSource
	ctx    context.Context
	cancel context.CancelFunc
	at     testPosition
	begin  int64
	random *rand.Rand
	ready  chan struct{}
	batch  *column.Batch
	wakers sync.WaitGroup
}

func (r *testReader) Poll() (*column.Batch, connector.Status, error) {
	s := r.source
	if s.beforePoll != nil {
		if err := s.beforePoll(r.at.Split, r.at.Next); err != nil {
			return nil, 0, err
		}
	}
	end := (r.at.Split + 1) * s.size
	if r.at.Next == end && s.unbounded {
		return nil, connector.Wait, nil
	}
	if s.waits && r.random.IntN(4) == 0 {
		r.wakers.Go(func() { // only one is under way, so there is room
			select {
			case r.ready <- struct{}{}:
			case <-r.ctx.Done():
			}
		})
		return nil, connector.Wait, nil
	}
	r.batch.Reset()
	n := min(end-r.at.Next, 1+r.random.Int64N(s.batch))
	for i := range n {
		appendRow(r.batch, keyOf(r.at.Next+i), r.at.Next+i)
	}
	r.at.Next += n
	s.made.Add(n)
	if r.at.Next == end && !s.unbounded {
		return r.batch, connector.Done, nil
	}
	return r.batch, connector.Ready, nil
}

func (r *testReader) Ready() <-chan struct{}    { return r.ready }
func (r *testReader) Position() connector.Split { return r.at.split(r.source.size) }
func (r *testReader) BytesRead() int64          { return r.at.Next - r.begin }

// Selected says what queries would have moved.
func (r *testReader) Selected() objstore.SelectStats {
	n := r.BytesRead()
	return objstore.SelectStats{Scanned: 3 * n, Processed: 5 * n, Returned: n}
}

func (r *testReader) Close() error {
	r.source.open.Add(-1)
	r.cancel()
	r.wakers.Wait()
	return nil
}
