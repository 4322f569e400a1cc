package durable

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/filesystem"
	_ "github.com/millstream/millstream/connector/format/csv"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// fields are the columns of all rows here: a key and a number.
var fields = []column.Field{{Name: "k", Type: column.Str()}, {Name: "n", Type: column.Of(column.BigInt)}}

// numbers is a source of the numbers 0 … splits*size-1.
type numbers struct {
	splits, size int64
	seed         uint64
	hold         chan struct{} // if not nil: the last row of each split waits for it
	poll         func(split, at int64) error
	made         atomic.Int64
}

var sources sync.Map // by table name

func TestMain(m *testing.M) {
	connector.Register(&connector.Spec{
		Name: "numbers", Doc: "numbers made up by a test", Guarantee: "exactly once",
		NewSource: func(req connector.SourceRequest) (connector.Source, error) {
			s, _ := sources.Load(req.Table.Name)
			return s.(*numbers), nil
		},
	})
	m.Run()
}

type position struct{ Split, Next int64 }

func (s *numbers) Bounded() bool      { return true }
func (s *numbers) PushedDown() string { return "" }

func (s *numbers) Splits(context.Context, int) ([]connector.Split, error) {
	var list []connector.Split
	for i := range s.splits {
		list = append(list, position{i, i * s.size}.split())
	}
	return list, nil
}

func (p position) split() connector.Split {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return connector.Split{ID: fmt.Sprint(p.Split), State: data, Size: 1}
}

func (s *numbers) Open(_ context.Context, split connector.Split) (connector.Reader, error) {
	r := &numbersReader{source: s, ready: make(chan struct{}, 1), batch: column.NewBatch(fields, 0)}
	if err := json.Unmarshal(split.State, &r.at); err != nil {
		return nil, err
	}
	r.random = rand.New(rand.NewPCG(s.seed, uint64(r.at.Next)))
	r.stop = make(chan struct{})
	return r, nil
}

type numbersReader struct {
	source *numbers
	at     position
	random *rand.Rand
	ready  chan struct{}
	batch  *column.Batch
	stop   chan struct{}
	waker  sync.WaitGroup
	waits  bool
}

func (r *numbersReader) Poll() (*column.Batch, connector.Status, error) {
	s := r.source
	if s.poll != nil {
		if err := s.poll(r.at.Split, r.at.Next); err != nil {
			return nil, 0, err
		}
	}
	end := (r.at.Split + 1) * s.size
	n := min(end-r.at.Next, 1+r.random.Int64N(20))
	if s.hold != nil && r.at.Next+n == end {
		select {
		case <-s.hold:
		default:
			if n--; n == 0 {
				if !r.waits {
					r.waits = true
					r.waker.Go(func() {
						select {
						case <-s.hold:
							r.ready <- struct{}{}
						case <-r.stop:
						}
					})
				}
				return nil, connector.Wait, nil
			}
		}
	}
	r.batch.Reset()
	for i := range n {
		r.batch.Cols[0].AppendString(keyOf(r.at.Next + i))
		column.Append(r.batch.Cols[1], r.at.Next+i)
		r.batch.Len++
	}
	r.at.Next += n
	s.made.Add(n)
	if r.at.Next == end {
		return r.batch, connector.Done, nil
	}
	return r.batch, connector.Ready, nil
}

func keyOf(n int64) string { return fmt.Sprintf("key-%02d", n%17) }

func (r *numbersReader) Ready() <-chan struct{}    { return r.ready }
func (r *numbersReader) Position() connector.Split { return r.at.split() }
func (r *numbersReader) BytesRead() int64          { return r.at.Next }

func (r *numbersReader) Close() error {
	close(r.stop)
	r.waker.Wait()
	return nil
}

// counter emits with each row how often its key has come by now. So its outputs tell each input that was counted twice, or not at all.
type counter struct {
	operator.Base
	context *operator.Context
	number  map[string]int32 // of keys, in the order in which they came
	keys    []string
	counts  []int64
	track   state.Tracker
	out     *column.Batch
}

func (o *counter) Open(c *operator.Context) error {
	*o = counter{context: c, number: map[string]int32{}, out: column.NewBatch(fields, 0)}
	if t := c.Restore.Table("counts"); t != nil {
		for i := range t.Rows.Rows() {
			r := t.Rows.Row(i)
			o.counts[o.of(string(t.Rows.Cols[0].BytesAt(r)))] = column.Values[int64](t.Rows.Cols[1])[r]
		}
		o.track.Resume(o, t)
	}
	return nil
}

// of returns the number of a key.
func (o *counter) of(key string) int32 {
	n, known := o.number[key]
	if !known {
		n = int32(len(o.keys))
		o.number[key], o.keys, o.counts = n, append(o.keys, key), append(o.counts, 0)
	}
	return n
}

func (o *counter) Process(_ int, p operator.Payload, out operator.Output) error {
	b := p.(*column.Batch)
	o.out.Reset()
	for i := range b.Rows() {
		k := string(b.Cols[0].BytesAt(b.Row(i)))
		n := o.of(k)
		o.track.TouchRow(n)
		o.counts[n]++
		o.out.Cols[0].AppendString(k)
		column.Append(o.out.Cols[1], o.counts[n])
		o.out.Len++
	}
	return out.Emit(o.out)
}

func (o *counter) Snapshot(w *state.Writer) error {
	w.Track(&o.track, o, "counts", fields)
	return nil
}

func (o *counter) Len() int         { return len(o.keys) }
func (o *counter) Alive(int32) bool { return true }

func (o *counter) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	first := to.Len
	for _, r := range rows {
		to.Cols[0].AppendString(o.keys[r])
		column.Append(to.Cols[1], o.counts[r])
		to.Len++
	}
	hashes := make([]uint64, to.Len)
	new(state.KeyHasher).Hash(to.Cols[:1], nil, hashes)
	for _, h := range hashes[first:] {
		groups = append(groups, int32(state.KeyGroup(h, o.context.MaxParallelism)))
	}
	return groups
}

// world is a job over a store.
type world struct {
	t      testing.TB
	inner  *mem.Store
	store  objstore.Store // inner, perhaps with faults
	source *numbers
	name   string
	runs   int
}

func newWorld(t testing.TB, splits, size int64) *world {
	w := &world{t: t, inner: mem.New("b"), source: &numbers{splits: splits, size: size}, name: fmt.Sprintf("%s-%d", t.Name(), worlds.Add(1))}
	w.store = w.inner
	sources.Store(w.name, w.source)
	t.Cleanup(func() { sources.Delete(w.name) })
	return w
}

var worlds atomic.Int64

// options are those of one process.
func (w *world) options(parallelism int, pairs ...string) Options {
	w.t.Helper()
	return w.optionsOver(w.store, parallelism, pairs...)
}

func (w *world) optionsOver(store objstore.Store, parallelism int, pairs ...string) Options {
	w.t.Helper()
	v := setting.New(setting.Engine)
	pairs = append([]string{"execution.checkpointing.interval", "1 h", "execution.checkpointing.dir", "s3://b/checkpoints",
		"restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.delay", "0 s", "restart-strategy.fixed-delay.attempts", "1000"}, pairs...)
	for i := 0; i < len(pairs); i += 2 {
		if err := v.Set(pairs[i], pairs[i+1], "test"); err != nil {
			w.t.Fatal(err)
		}
	}
	w.runs++
	open := func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
		return store, loc.Path, nil
	}
	return Options{
		Job: job.Options{
			Env:         connector.Env{Settings: v, Objects: &objstore.Resolver{Openers: map[string]objstore.Opener{"s3": open}}},
			Parallelism: parallelism, ID: fmt.Sprintf("run%d", w.runs),
		},
		Name: "a job",
	}
}

// graph counts the source's keys into files.
func (w *world) graph() *graph.Graph {
	g := &graph.Graph{}
	scan := g.Add(&graph.Node{Name: "Scan", UID: "scan", Schema: fields,
		Op: &graph.Scan{Table: graph.Table{Name: w.name, Connector: "numbers", Columns: fields}, Project: []int{0, 1}, Limit: -1}})
	count := g.Add(&graph.Node{Name: "Count", UID: "count", Schema: fields, Inputs: []graph.Edge{{From: scan.ID, Ship: graph.Hash, Keys: []int{0}}},
		Op: &graph.Custom{New: func() any { return &counter{} }}})
	g.Add(&graph.Node{Name: "Sink", UID: "sink", Inputs: []graph.Edge{{From: count.ID}},
		Op: &graph.Sink{Table: graph.Table{Name: "out", Connector: "filesystem", Columns: fields, Options: map[string]string{"path": "s3://b/out", "format": "csv"}}}})
	return g
}

// want are the rows that an undisturbed job writes.
func (w *world) want() []string {
	counts := map[string]int{}
	var list []string
	for i := range w.source.splits * w.source.size {
		counts[keyOf(i)]++
		list = append(list, fmt.Sprintf("%s,%d", keyOf(i), counts[keyOf(i)]))
	}
	slices.Sort(list)
	return list
}

// visible are the rows that can be read.
func (w *world) visible() []string {
	w.t.Helper()
	var list []string
	for info, err := range w.inner.List(context.Background(), "out/", objstore.ListOptions{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		body, _, err := w.inner.Get(context.Background(), info.Key, objstore.All)
		if err != nil {
			w.t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, strings.Fields(string(text))...)
	}
	slices.Sort(list)
	return list
}

// compare holds what is visible against the rows of an undisturbed job.
func (w *world) compare() error { return w.compareTimes(1) }

// compareTimes does so for a job that has run so many times.
func (w *world) compareTimes(times int) error {
	got, want := w.visible(), slices.Repeat(w.want(), times)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return nil
	}
	seen := map[string]int{}
	for _, r := range want {
		seen[r]++
	}
	for _, r := range got {
		seen[r]--
	}
	var missing, extra []string
	for _, r := range slices.Sorted(maps.Keys(seen)) {
		switch n := seen[r]; {
		case n > 0:
			missing = append(missing, r)
		case n < 0:
			extra = append(extra, r)
		}
	}
	return fmt.Errorf("%d rows, want %d: %d missing %v, %d too many %v", len(got), len(want), len(missing), missing[:min(5, len(missing))],
		len(extra), extra[:min(5, len(extra))])
}

// checkpointObjects lists what is in the directory of checkpoints.
func (w *world) checkpointObjects() (list []string) {
	for info, err := range w.inner.List(context.Background(), "checkpoints/", objstore.ListOptions{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, strings.TrimPrefix(info.Key, "checkpoints/a=20job/"))
	}
	return list
}

// uploads counts uploads that nobody has completed.
func (w *world) uploads() (n int) {
	for _, err := range w.inner.Uploads(context.Background(), "") {
		if err != nil {
			w.t.Fatal(err)
		}
		n++
	}
	return n
}
