package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/objstore"
)

const (
	samples     = 50              // of a small request
	sampleTime  = 3 * time.Second // for those of one kind, once there are leastSamples
	leastSample = 5
	slow        = 500 * time.Millisecond // median of a PUT from which on checkpoints wait for requests more than for data

	firstSize = 1 << 20  // bytes of the first object whose transfer is measured
	largest   = 32 << 20 // bytes of the last one
	longTime  = 300 * time.Millisecond
	streams   = 4
	slowRate  = 5e6 // bytes a second, of several streams, from which on down a store is slow
)

// latency measures small requests one after the other.
func (e *exam) latency(ctx context.Context) Finding {
	text := strings.Repeat("x", 1<<10)
	f := Finding{Measures: map[string]float64{}}
	var found []string
	for _, op := range []struct {
		name string
		do   func() error
	}{
		{"PUT", func() error { _, err := e.put(ctx, "timed", text); return err }},
		{"GET", func() error { _, err := e.get(ctx, "timed", objstore.All); return err }},
		{"HEAD", func() error { _, err := e.store.Head(ctx, e.key("timed")); return err }},
	} {
		var took []time.Duration
		begin := time.Now()
		for len(took) < samples && (len(took) < leastSample || time.Since(begin) < sampleTime) {
			start := time.Now()
			if err := op.do(); err != nil {
				return failed(op.name+" fails", err)
			}
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		p50, p99 := quantile(took, 0.5), quantile(took, 0.99)
		name := strings.ToLower(op.name)
		f.Measures[name+"_p50_ms"], f.Measures[name+"_p99_ms"], f.Measures[name+"_requests"] = inMillis(p50), inMillis(p99), float64(len(took))
		found = append(found, fmt.Sprintf("%s %s/%s", op.name, shortMillis(p50), shortMillis(p99)))
		if p50 >= slow {
			f.Status = Limited
		}
	}
	f.Found = "p50/p99 in ms: " + strings.Join(found, ", ")
	return f
}

// quantile is the least of sorted values that a share of them does not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	i := int(share*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// throughput measures transfers of one object that is large enough for it, then of several at once.
func (e *exam) throughput(ctx context.Context) Finding {
	data := noise(largest)
	size := firstSize
	var one time.Duration
	for {
		var err error
		if one, err = e.together(ctx, 1, func(ctx context.Context, _ int) error { return e.upload(ctx, 0, data[:size]) }); err != nil {
			return failed("an upload fails", err)
		}
		if one >= longTime || size >= largest {
			break
		}
		size = min(size*4, largest)
	}
	f := Finding{Measures: map[string]float64{"object_bytes": float64(size), "streams": streams}}
	figures := []float64{perSecond(size, one)}
	for _, c := range []struct {
		streams int
		do      func(ctx context.Context, i int) error
	}{
		{streams, func(ctx context.Context, i int) error { return e.upload(ctx, i, data[:size]) }},
		{1, func(ctx context.Context, i int) error { return e.download(ctx, i, size) }},
		{streams, func(ctx context.Context, i int) error { return e.download(ctx, i, size) }},
	} {
		took, err := e.together(ctx, c.streams, c.do)
		if err != nil {
			return failed("a transfer fails", err)
		}
		figures = append(figures, perSecond(size*c.streams, took))
	}
	for i, name := range []string{"upload_1", "upload_n", "download_1", "download_n"} {
		f.Measures[name+"_mb_s"] = figures[i] / 1e6
	}
	f.Found = fmt.Sprintf("up %s MB/s, %s by %d streams; down %s, %s by %d",
		mega(figures[0]), mega(figures[1]), streams, mega(figures[2]), mega(figures[3]), streams)
	if max(figures[0], figures[1]) < slowRate || max(figures[2], figures[3]) < slowRate {
		f.Status = Limited
	}
	return f
}

// mega writes bytes as megabytes, with a fraction where they are few.
func mega(bytes float64) string {
	if bytes < 10e6 {
		return fmt.Sprintf("%.1f", bytes/1e6)
	}
	return fmt.Sprintf("%.0f", bytes/1e6)
}

func perSecond(bytes int, took time.Duration) float64 {
	return float64(bytes) / max(took, time.Microsecond).Seconds()
}

// together does something several times at once, and measures all of it.
func (e *exam) together(ctx context.Context, n int, do func(ctx context.Context, i int) error) (time.Duration, error) {
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	err := group.Wait()
	return time.Since(start), err
}

func (e *exam) upload(ctx context.Context, i int, data []byte) error {
	_, err := e.store.Put(ctx, e.key(fmt.Sprintf("large-%d", i)), data, objstore.Condition{})
	return err
}

func (e *exam) download(ctx context.Context, i, size int) error {
	body, _, err := e.store.Get(ctx, e.key(fmt.Sprintf("large-%d", i)), objstore.All)
	if err != nil {
		return err
	}
	defer body.Close()
	switch n, err := io.Copy(io.Discard, body); {
	case err != nil:
		return err
	case n != int64(size):
		return errors.New("the object has another length than was written")
	}
	return nil
}
