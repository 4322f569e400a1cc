package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/storetest"
)

// small makes a few kilobytes take many blocks and requests.
var small = objstore.ReadAheadOptions{BlockSize: 10, RequestSize: 30, Parallel: 3}

func drain(ctx context.Context, r *objstore.ReadAhead) (data []byte, err error) {
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return data, err
		}
		data = append(data, b.Bytes()...)
		r.Release(b)
	}
}

func TestReadAheadModel(t *testing.T) {
	s := mem.New("b")
	rapid.Check(t, func(rt *rapid.T) {
		data := storetest.Bytes(1, rapid.IntRange(0, 500).Draw(rt, "size"))
		storetest.Put(t, s, "key", data)
		rng := objstore.Range{
			Offset: int64(rapid.IntRange(0, len(data)+20).Draw(rt, "offset")),
			Length: int64(rapid.IntRange(-1, len(data)+20).Draw(rt, "length")),
		}
		r := objstore.NewReadAhead(t.Context(), s, "key", rng, objstore.ReadAheadOptions{
			BlockSize:   rapid.IntRange(1, 40).Draw(rt, "block"),
			RequestSize: int64(rapid.IntRange(1, 100).Draw(rt, "request")),
			Parallel:    rapid.IntRange(1, 5).Draw(rt, "parallel"),
		})
		defer r.Close()
		var got []byte
		for {
			b, err := r.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				rt.Fatal(err)
			}
			if b.Start < objstore.Headroom || len(b.Buf)-b.End < objstore.Tailroom || b.Offset != rng.Offset+int64(len(got)) {
				rt.Fatalf("block [%d:%d] of %d bytes at %d", b.Start, b.End, len(b.Buf), b.Offset)
			}
			got = append(got, b.Bytes()...)
			clear(b.Buf) // a released buffer belongs to others
			r.Release(b)
		}
		from := min(rng.Offset, int64(len(data)))
		to := int64(len(data))
		if rng.Length >= 0 {
			to = min(to, from+rng.Length)
		}
		if !bytes.Equal(got, data[from:to]) {
			rt.Fatalf("range %v of %d bytes: got %d bytes, want %d", rng, len(data), len(got), to-from)
		}
		for range 2 {
			if _, err := r.Next(t.Context()); !errors.Is(err, io.EOF) {
				rt.Fatalf("after the end: %v", err)
			}
		}
	})
}

// TestReadAheadSignal consumes as a task loop does: one TryNext per signal.
func TestReadAheadSignal(t *testing.T) {
	s := mem.New("b")
	data := storetest.Bytes(2, 1000)
	storetest.Put(t, s, "key", data)
	r := objstore.NewReadAhead(t.Context(), s, "key", objstore.All, small)
	defer r.Close()
	var got []byte
	for {
		select {
		case <-r.Ready():
		case <-time.After(10 * time.Second):
			t.Fatalf("no signal after %d of %d bytes", len(got), len(data))
		}
		b, ok, err := r.TryNext()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			got = append(got, b.Bytes()...)
			r.Release(b)
		}
	}
	if !bytes.Equal(got, data) {
		t.Errorf("%d bytes, want %d", len(got), len(data))
	}
}

// counting counts the bytes handed out that the reader has not been given yet.
type counting struct {
	objstore.Store
	fetched, open, mostOpen atomic.Int64
}

func (c *counting) Get(ctx context.Context, key string, r objstore.Range) (io.ReadCloser, objstore.Info, error) {
	open := c.open.Add(1)
	for most := c.mostOpen.Load(); open > most && !c.mostOpen.CompareAndSwap(most, open); most = c.mostOpen.Load() {
	}
	body, info, err := c.Store.Get(ctx, key, r)
	if err != nil { // as when Close comes first
		c.open.Add(-1)
		return nil, info, err
	}
	return &countingBody{body, c}, info, nil
}

type countingBody struct {
	io.ReadCloser
	c *counting
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.c.fetched.Add(int64(n))
	return n, err
}

func (b *countingBody) Close() error {
	b.c.open.Add(-1)
	return b.ReadCloser.Close()
}

func TestReadAheadMemoryBound(t *testing.T) {
	c := &counting{Store: mem.New("b")}
	storetest.Put(t, c, "key", storetest.Bytes(3, 100_000))
	r := objstore.NewReadAhead(t.Context(), c, "key", objstore.All, small)
	defer r.Close()
	bound := small.RequestSize * int64(small.Parallel)
	taken := int64(0)
	for {
		b, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken += int64(len(b.Bytes()))
		// What is fetched may run ahead of what is taken by the bound, and by the block just taken.
		if ahead := c.fetched.Load() - taken; ahead > bound {
			t.Fatalf("%d bytes ahead, want at most %d", ahead, bound)
		}
		r.Release(b)
	}
	if c.mostOpen.Load() > int64(small.Parallel) {
		t.Errorf("%d requests at a time, want at most %d", c.mostOpen.Load(), small.Parallel)
	}
}

func TestReadAheadErrors(t *testing.T) {
	inner := mem.New("b")
	data := storetest.Bytes(4, 200)
	info := storetest.Put(t, inner, "key", data)
	for name, c := range map[string]struct {
		key  string
		etag string
		rule fault.Rule
		kind objstore.Kind
		most int // bytes before the error
	}{
		"missing":       {key: "missing", kind: objstore.NotFound},
		"other version": {key: "key", etag: "x" + info.ETag, kind: objstore.Changed},
		"first request": {key: "key", rule: fault.Rule{Ops: []fault.Op{fault.Get}, Kind: objstore.TimedOut}, kind: objstore.TimedOut},
		"third request": {key: "key", rule: fault.Rule{Ops: []fault.Op{fault.Get}, Trigger: fault.Trigger{Skip: 2}, Kind: objstore.Denied}, kind: objstore.Denied, most: 60},
		"in the middle": {key: "key", rule: fault.Rule{Ops: []fault.Op{fault.Get}, Trigger: fault.Trigger{Skip: 1, Times: 1}, Cut: 15, Kind: objstore.Throttled}, kind: objstore.Throttled, most: 199},
	} {
		t.Run(name, func(t *testing.T) {
			s := fault.New(inner, fault.Plan{Rules: []fault.Rule{c.rule}})
			opts := small
			opts.ETag = c.etag
			r := objstore.NewReadAhead(t.Context(), s, c.key, objstore.All, opts)
			defer r.Close()
			got, err := drain(t.Context(), r)
			storetest.WantKind(t, err, c.kind, s.URL(c.key))
			if !bytes.HasPrefix(data, got) || len(got) > c.most {
				t.Errorf("%d bytes before the error", len(got))
			}
			if _, again := r.Next(t.Context()); !errors.Is(again, err) {
				t.Errorf("then %v", again)
			}
		})
	}
}

// overwriting replaces the object once the first request is answered.
type overwriting struct {
	*mem.Store
	t    *testing.T
	gets atomic.Int64
	data []byte
}

func (o *overwriting) Get(ctx context.Context, key string, r objstore.Range) (io.ReadCloser, objstore.Info, error) {
	if o.gets.Add(1) == 2 {
		storetest.Put(o.t, o.Store, key, o.data)
	}
	return o.Store.Get(ctx, key, r)
}

func TestReadAheadChanged(t *testing.T) {
	for name, data := range map[string][]byte{"same size": make([]byte, 200), "shorter": make([]byte, 31), "longer": make([]byte, 900)} {
		t.Run(name, func(t *testing.T) {
			s := &overwriting{Store: mem.New("b"), t: t, data: data}
			storetest.Put(t, s, "key", storetest.Bytes(5, 200))
			r := objstore.NewReadAhead(t.Context(), s, "key", objstore.All, small)
			defer r.Close()
			_, err := drain(t.Context(), r)
			storetest.WantKind(t, err, objstore.Changed, s.URL("key"))
		})
	}
}

func TestReadAheadContext(t *testing.T) {
	slow := fault.New(mem.New("b"), fault.Plan{Rules: []fault.Rule{{Ops: []fault.Op{fault.Get}, Delay: time.Hour}}})
	storetest.Put(t, slow, "key", []byte("data"))
	r := objstore.NewReadAhead(t.Context(), slow, "key", objstore.All, small)
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the wait's own deadline: %v", err)
	}
	all, cancelAll := context.WithCancelCause(t.Context())
	r2 := objstore.NewReadAhead(all, slow, "key", objstore.All, small)
	defer r2.Close()
	cancelAll(errors.New("job stopped"))
	if _, err := r2.Next(t.Context()); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "job stopped") {
		t.Errorf("the reader's context: %v", err)
	}
}

// TestReadAheadCloseLeaksNothing closes readers in all states.
func TestReadAheadCloseLeaksNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	c := &counting{Store: mem.New("b")}
	storetest.Put(t, c, "key", storetest.Bytes(6, 5000))
	for taken := range 20 {
		r := objstore.NewReadAhead(t.Context(), c, "key", objstore.All, small)
		for range taken {
			b, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if taken%2 == 0 {
				r.Release(b)
			}
		}
		for range 2 {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if n := c.open.Load(); n != 0 {
			t.Fatalf("%d requests open after Close", n)
		}
		if _, err := r.Next(t.Context()); err == nil || errors.Is(err, io.EOF) {
			t.Fatalf("Next after Close: %v", err)
		}
	}
	// Close waits for the goroutines' last statements, not for the scheduler to clear them away.
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// BenchmarkReadAhead reads 256 MiB from memory; its limit is BenchmarkCopy.
func BenchmarkReadAhead(b *testing.B) {
	s := mem.New("b")
	storetest.Put(b, s, "key", make([]byte, 256<<20))
	b.SetBytes(256 << 20)
	for b.Loop() {
		r := objstore.NewReadAhead(b.Context(), s, "key", objstore.All, objstore.ReadAheadOptions{})
		for {
			block, err := r.Next(b.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			r.Release(block)
		}
		r.Close()
	}
}

// BenchmarkCopy is the hand-written loop: the same bytes through one buffer.
func BenchmarkCopy(b *testing.B) {
	s := mem.New("b")
	storetest.Put(b, s, "key", make([]byte, 256<<20))
	buf := make([]byte, 1<<20)
	b.SetBytes(256 << 20)
	for b.Loop() {
		body, _, err := s.Get(b.Context(), "key", objstore.All)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = body.Read(buf)
		}
		body.Close()
	}
}
