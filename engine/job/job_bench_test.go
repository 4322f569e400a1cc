package job

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// repeat is a source whose every split is the same batches over and over, so that reading costs nothing.
type repeat struct {
	batches []*column.Batch
	splits  int
	each    int // batches of a split
}

func (s *repeat) Bounded() bool      { return true }
func (s *repeat) PushedDown() string { return "" }
func (s *repeat) Splits(context.Context, int) ([]connector.Split, error) {
	list := make([]connector.Split, s.splits)
	for i := range list {
		list[i].ID = fmt.Sprint(i)
	}
	return list, nil
}
func (s *repeat) Open(_ context.Context, split connector.Split) (connector.Reader, error) {
	return &repeatReader{source: s, split: split, ready: make(chan struct{})}, nil
}

type repeatReader struct {
	source *repeat
	split  connector.Split
	n      int
	ready  chan struct{}
}

func (r *repeatReader) Poll() (*column.Batch, connector.Status, error) {
	if r.n == r.source.each {
		return nil, connector.Done, nil
	}
	b := r.source.batches[r.n%len(r.source.batches)]
	r.n++
	return b, connector.Ready, nil
}
func (r *repeatReader) Ready() <-chan struct{}    { return r.ready }
func (r *repeatReader) Position() connector.Split { return r.split }
func (r *repeatReader) BytesRead() int64          { return int64(r.n) }
func (r *repeatReader) Close() error              { return nil }

// wordBatches are batches of words (k) of a Zipf distribution over 50,000, most of which fit a view, and of ones (n).
func wordBatches(n int) []*column.Batch {
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 1, 49_999)
	list := make([]*column.Batch, n)
	for i := range list {
		list[i] = column.NewBatch(rowFields, 4096)
		for range 4096 {
			z := zipf.Uint64()
			appendRow(list[i], fmt.Sprintf("%.*s%d", int(z%8), "wordword", z), 1)
		}
	}
	return list
}

func benchScan(b *testing.B, g *graph.Graph, s connector.Source) *graph.Node {
	name := fmt.Sprintf("bench-%d", names.Add(1))
	benchSources.Store(name, s)
	b.Cleanup(func() { benchSources.Delete(name) })
	return g.Add(&graph.Node{Name: "Scan", Schema: rowFields, Op: &graph.Scan{
		Table: graph.Table{Name: name, Connector: "bench", Columns: rowFields}, Project: []int{0, 1}, Limit: -1,
	}})
}

var (
	benchSources sync.Map
	benchOnce    sync.Once
)

func benchmark(b *testing.B) {
	benchOnce.Do(func() {
		connector.Register(&connector.Spec{
			Name: "bench", Doc: "the same rows over and over", Guarantee: "exactly once",
			NewSource: func(req connector.SourceRequest) (connector.Source, error) {
				s, _ := benchSources.Load(req.Table.Name)
				return s.(connector.Source), nil
			},
		})
	})
	was := exchange.Mangle
	exchange.Mangle = false
	b.Cleanup(func() { exchange.Mangle = was })
}

// sum adds up a column: about the least that an operator can do.
type sum struct {
	operator.Base
	total int64
}

func (o *sum) Process(_ int, p operator.Payload, _ operator.Output) error {
	b := p.(*column.Batch)
	for _, x := range column.Values[int64](b.Cols[1])[:b.Len] {
		o.total += x
	}
	return nil
}

// What a batch costs on its way through a chain of operators that do nothing, and the last that adds up a column; ns/op is for a
// batch of 4096 rows.
func BenchmarkChain(b *testing.B) {
	benchmark(b)
	for _, length := range []int{0, 1, 10} {
		b.Run(fmt.Sprint(length), func(b *testing.B) {
			var g graph.Graph
			from := benchScan(b, &g, &repeat{batches: wordBatches(1), splits: 1, each: b.N})
			for i := range length {
				from = custom(&g, fmt.Sprint("pass ", i), 1, newPass, graph.Edge{From: from.ID})
			}
			custom(&g, "sum", 1, func() operator.Operator { return &sum{} }, graph.Edge{From: from.ID})
			b.ReportAllocs()
			if _, err := Run(b.Context(), &g, Options{Parallelism: 1}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkLimitChain(b *testing.B) {
	batch, o := wordBatches(1)[0], &sum{}
	for b.Loop() {
		if err := o.Process(0, batch, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// How long a job takes that has nothing to do.
func BenchmarkEmptyJob(b *testing.B) {
	benchmark(b)
	for b.Loop() {
		var g graph.Graph
		scan := benchScan(b, &g, &repeat{})
		p := custom(&g, "pass", 0, newPass, graph.Edge{From: scan.ID, Ship: graph.Hash, Keys: []int{0}})
		custom(&g, "sum", 1, func() operator.Operator { return &sum{} }, graph.Edge{From: p.ID})
		if _, err := Run(b.Context(), &g, Options{Parallelism: 2}); err != nil {
			b.Fatal(err)
		}
	}
}

// countNode is COUNT(*) (partial) or the merging of counts (final) by the first column.
func countNode(g *graph.Graph, phase graph.Phase, edge graph.Edge) *graph.Node {
	count, _ := expr.LookupAggregate("COUNT")
	call := expr.Aggregate{Func: count, Filter: -1, Name: "n", T: column.Of(column.BigInt).Required()}
	op := &graph.Aggregate{Keys: []int{0}, Calls: []expr.Aggregate{call}, Phase: phase}
	if phase == graph.Final {
		op.ArgTypes = make([][]column.Type, 1)
	}
	return g.Add(&graph.Node{Name: "Count", Schema: rowFields, Inputs: []graph.Edge{edge}, Op: op})
}

const wordsEach = 128 // batches of a split

// Word count behind the reading of words: a partial aggregation in the source's chain, an exchange by key and a final one.
// One op is 2 x 128 batches of 4096 words, on two subtasks.
func BenchmarkWordCount(b *testing.B) {
	benchmark(b)
	batches := wordBatches(64)
	for b.Loop() {
		var g graph.Graph
		scan := benchScan(b, &g, &repeat{batches: batches, splits: 2, each: wordsEach})
		partial := countNode(&g, graph.Partial, graph.Edge{From: scan.ID})
		final := countNode(&g, graph.Final, graph.Edge{From: partial.ID, Ship: graph.Hash, Keys: []int{0}})
		custom(&g, "sum", 1, func() operator.Operator { return &sum{} }, graph.Edge{From: final.ID})
		if _, err := Run(b.Context(), &g, Options{Parallelism: 2, Batch: true}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*2*wordsEach*4096/b.Elapsed().Seconds()/1e6, "Mwords/s")
}

// discard takes what an operator emits.
type discard struct{}

func (discard) Emit(operator.Payload) error { return nil }

// The limit: two goroutines call the partial aggregation with the same batches, and nothing else happens.
func BenchmarkLimitWordCount(b *testing.B) {
	batches := wordBatches(64)
	for b.Loop() {
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				var g graph.Graph
				g.Add(&graph.Node{Schema: rowFields})
				o, err := operator.New(countNode(&g, graph.Partial, graph.Edge{}), [][]column.Field{rowFields})
				if err == nil {
					err = o.Open(&operator.Context{Context: b.Context(), Parallelism: 1, MaxParallelism: 128, Inputs: 1, Counters: &operator.Counters{}})
				}
				for i := 0; i < wordsEach && err == nil; i++ {
					err = o.Process(0, batches[i%len(batches)], discard{})
				}
				if err == nil {
					err = o.EndInput(0, discard{})
				}
				if err != nil {
					b.Error(err)
				}
			})
		}
		group.Wait()
	}
	b.ReportMetric(float64(b.N)*2*wordsEach*4096/b.Elapsed().Seconds()/1e6, "Mwords/s")
}
