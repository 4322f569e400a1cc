package discovery

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

// many is a bucket of very many objects, none of which exists before it is listed.
type many struct {
	objstore.Store
	n      int
	sorted bool
	begun  time.Time
}

func (m many) List(_ context.Context, _ string, opts objstore.ListOptions) iter.Seq2[objstore.Info, error] {
	return func(yield func(objstore.Info, error) bool) {
		for i := range m.n {
			at := i
			if !m.sorted {
				at = i * 7919 % m.n
			}
			o := objstore.Info{Key: fmt.Sprintf("in/day=%04d/part-%010d.parquet", i/10_000, i), ETag: fmt.Sprintf("%032x", i), Size: 1 << 20,
				ModTime: m.begun.Add(time.Duration(at-m.n) * 10 * time.Millisecond)}
			if o.Key > opts.StartAfter && !yield(o, nil) {
				return
			}
		}
	}
}

// BenchmarkMillion finds a million objects of the last hours, some at a time, and lists them again, of which none is found. It reports the most memory that was
// in use and the size of the state.
func BenchmarkMillion(b *testing.B) {
	for _, sorted := range []bool{true, false} {
		b.Run(fmt.Sprintf("sorted=%t", sorted), func(b *testing.B) {
			for range b.N {
				million(b, 1_000_000, sorted)
			}
		})
	}
}

// TestManyAreBounded is the benchmark's question for a tenth of it, with a limit.
func TestManyAreBounded(t *testing.T) {
	million(t, 100_000, false)
}

func million(t testing.TB, n int, sorted bool) {
	tick := make(chan struct{})
	m := many{n: n, sorted: sorted, begun: time.Now().Add(-time.Hour)}
	c := Config{Store: m, Period: time.Hour, Steady: true, Retention: 24 * time.Hour, Sleep: func(ctx context.Context, _ time.Duration) error {
		select {
		case <-tick:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	f, err := New(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var list []objstore.Info
	found, most, polls := 0, uint64(0), 0
	listing := func() {
		for number := f.seen.number; ; {
			var status connector.Status
			if list, status, err = f.Poll(list[:0], 64); err != nil {
				t.Fatal(err)
			}
			found += len(list)
			if polls++; polls%500 == 0 {
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			}
			if status == connector.Wait {
				if !f.Listing() && f.seen.number > number {
					return
				}
				<-f.Ready()
			}
		}
	}
	listing()
	first := found
	go func() { tick <- struct{}{} }()
	listing()
	state := len(f.State())
	megabytes := float64(most-min(most, before.HeapInuse)) / (1 << 20)
	if first != n || found != n {
		t.Errorf("%d objects were found at first and %d in all, not %d", first, found, n)
	}
	if megabytes > 200 || state > 9*n {
		t.Errorf("%.0f MB of memory, and %d bytes of state", megabytes, state)
	}
	if b, ok := t.(*testing.B); ok {
		b.ReportMetric(megabytes, "MB")
		b.ReportMetric(float64(state), "state-bytes")
	}
}
