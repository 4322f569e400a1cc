package stream_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/stream"
)

type reading struct {
	Device string
	At     int64 // seconds
}

func second(n int64) time.Time { return time.Unix(n, 0).UTC() }

// sessions makes "device: first+count" of readings that are less than 10 s apart, in event time. Readings behind the watermark are told as late.
func sessions(s *stream.States) stream.Handler[string, reading, string] {
	times := stream.ListState[int64](s, "times")
	due := stream.ValueState[time.Time](s, "due")
	return stream.Handler[string, reading, string]{
		Value: func(c *stream.Context[string, string], r reading) error {
			if w, ok := c.Watermark(); ok && !second(r.At).After(w) {
				return c.Emit(fmt.Sprintf("%s: late %d", r.Device, r.At))
			}
			times.Add(r.At)
			if at, set := due.Get(); set {
				c.DeleteEventTimer(at)
			}
			last := r.At
			for _, t := range times.All() {
				last = max(last, t)
			}
			at := second(last + 10)
			due.Set(at)
			c.SetEventTimer(at)
			return nil
		},
		Timer: func(c *stream.Context[string, string], t stream.Timer) error {
			if !t.Event {
				return fmt.Errorf("a timer of the clock at %s", t.At)
			}
			first := int64(1 << 60)
			for _, t := range times.All() {
				first = min(first, t)
			}
			n := times.Len()
			times.Clear()
			due.Clear()
			return c.Emit(fmt.Sprintf("%s: %d+%d", c.Key(), first, n))
		},
	}
}

func TestProcessSessions(t *testing.T) {
	var in []reading
	var want []string
	for k := range 7 {
		device := fmt.Sprint("d", k)
		for s := range int64(5) { // five sessions of k+1 readings
			for i := range int64(k + 1) {
				in = append(in, reading{device, 100*s + 2*i + int64(k)})
			}
			want = append(want, fmt.Sprintf("%s: %d+%d", device, 100*s+int64(k), k+1))
		}
	}
	slices.SortStableFunc(in, func(a, b reading) int { return cmp.Compare(a.At, b.At) })
	in = append(in, reading{"d0", 5})
	want = append(want, "d0: late 5")
	slices.Sort(want)
	for _, parallelism := range []string{"1", "3"} {
		job := stream.NewJob("sessions", stream.With("parallelism.default", parallelism), stream.With("pipeline.auto-watermark-interval", "0 ms"))
		timed := stream.Watermarks(stream.FromSlice(job, in), time.Second, func(r reading) time.Time { return second(r.At) })
		out := stream.Process(stream.KeyBy(timed, func(r reading) string { return r.Device }), sessions)
		var got []string
		stream.Collect(out, &got)
		if _, err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if parallelism == "1" && !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		total := 0 // which are late depends on how subtasks share the input; that each reading is told of once does not
		for _, line := range got {
			n := 1
			if !strings.Contains(line, "late") {
				_, err := fmt.Sscanf(line[strings.Index(line, "+"):], "+%d", &n)
				if err != nil {
					t.Fatal(err)
				}
			}
			total += n
		}
		if total != len(in) {
			t.Errorf("parallelism %s: %d readings in %q, want %d", parallelism, total, got, len(in))
		}
	}
}

func TestProcessErrors(t *testing.T) {
	run := func(build func(*stream.States) stream.Handler[string, string, string]) error {
		job := stream.NewJob("process")
		out := stream.Process(stream.KeyBy(stream.FromSlice(job, []string{"a"}), func(s string) string { return s }), build)
		stream.ForEach(out, func(string) error { return nil })
		_, err := job.Run(t.Context())
		return err
	}
	for want, build := range map[string]func(*stream.States) stream.Handler[string, string, string]{
		"there are two states 'n'": func(s *stream.States) stream.Handler[string, string, string] {
			stream.ValueState[int](s, "n")
			stream.MapState[int, int](s, "n")
			return stream.Handler[string, string, string]{}
		},
		"state needs a name": func(s *stream.States) stream.Handler[string, string, string] {
			stream.ListState[int](s, "")
			return stream.Handler[string, string, string]{}
		},
		"state 'n': a time to live of -1s, want more than 0": func(s *stream.States) stream.Handler[string, string, string] {
			stream.ValueState[int](s, "n", stream.TTL(-time.Second))
			return stream.Handler[string, string, string]{}
		},
		"state 'n': 0 keys at most, want at least 1": func(s *stream.States) stream.Handler[string, string, string] {
			stream.ListState[int](s, "n", stream.MaxKeys(0))
			return stream.Handler[string, string, string]{}
		},
		"no more": func(*stream.States) stream.Handler[string, string, string] {
			return stream.Handler[string, string, string]{Value: func(*stream.Context[string, string], string) error { return fmt.Errorf("no more") }}
		},
	} {
		if err := run(build); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestCountWindow(t *testing.T) {
	var in []int
	for n := range 23 {
		in = append(in, n)
	}
	for _, c := range []struct{ size, slide int }{{1, 1}, {3, 3}, {5, 2}, {2, 5}, {4, 3}, {30, 4}, {3, 30}} {
		var want []string
		var of [2][]int
		for _, n := range in {
			k := n % 2
			if of[k] = append(of[k], n); len(of[k])%c.slide == 0 {
				want = append(want, fmt.Sprint(k, of[k][max(0, len(of[k])-c.size):]))
			}
		}
		slices.Sort(want)
		job := stream.NewJob("count windows", stream.With("parallelism.default", "2"))
		keyed := stream.KeyBy(stream.FromSlice(job, in), func(n int) int { return n % 2 })
		var got []string
		stream.Collect(stream.CountWindow(keyed, c.size, c.slide, func(k int, values []int) string { return fmt.Sprint(k, values) }), &got)
		if _, err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("size %d, slide %d: %q, want %q", c.size, c.slide, got, want)
		}
	}
	job := stream.NewJob("count windows")
	stream.CountWindow(stream.KeyBy(stream.FromSlice(job, in), func(n int) int { return n }), 0, 1, func(int, []int) int { return 0 })
	if _, err := job.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "must be at least 1") {
		t.Errorf("a window of nothing: %v", err)
	}
}
