package operator

import (
	"fmt"
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// windowing is the arithmetic of windows. It counts in milliseconds of local time, which is what window_start and window_end show: of a
// TIMESTAMP the value itself, of a TIMESTAMP_LTZ the time in the session's zone, so that a day may have 23 or 25 hours. Instants come in
// only where watermarks do.
//
// Windows are made of slices, the stretches between two borders of windows: rows are aggregated by slice, and windows that overlap share
// slices. A slice and a window are known by their ends.
type windowing struct {
	graph.Window
	slice int64      // length of a slice
	zone  *localTime // of instants; of UTC if the time is no TIMESTAMP_LTZ
}

func newWindowing(w *graph.Window) (*windowing, error) {
	o := &windowing{Window: *w, slice: w.Size, zone: newLocalTime(nil)}
	if w.Size <= 0 {
		return nil, fmt.Errorf("%s: the size is %d ms, want more than 0", w.Type, w.Size)
	}
	switch w.Type {
	case graph.Hop:
		if w.Slide <= 0 {
			return nil, fmt.Errorf("HOP: the slide is %d ms, want more than 0", w.Slide)
		}
		o.slice = gcd(w.Size, w.Slide)
	case graph.Cumulate:
		if w.Slide <= 0 || w.Size%w.Slide != 0 {
			return nil, fmt.Errorf("CUMULATE: the size of %d ms is no multiple of the step of %d ms", w.Size, w.Slide)
		}
		o.slice = w.Slide
	}
	return o, nil
}

// open gives the windows of instants their zone.
func (w *windowing) open(c *Context) error {
	if !w.Zoned {
		return nil
	}
	zone, err := c.zone()
	if err != nil {
		return err
	}
	w.zone = newLocalTime(zone)
	return nil
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// floor is the largest border of a grid of the given step that is not behind t.
func (w *windowing) floor(t, step int64) int64 { return floorTo(t-w.Offset, step) + w.Offset }

// sliceEnd is the end of the slice with local time t.
func (w *windowing) sliceEnd(t int64) int64 { return w.floor(t, w.slice) + w.slice }

// firstEnd is the end of the first window that has the slice with the given end.
func (w *windowing) firstEnd(slice int64) int64 {
	if w.Type != graph.Hop {
		return slice
	}
	// The first one has the earliest start of those that end at the slice's end or behind it.
	start := w.floor(slice-w.Size, w.Slide)
	if start < slice-w.Size {
		start += w.Slide
	}
	return start + w.Size
}

// nextEnd is the end of the window behind the one that ends with end, if it still has the slice.
func (w *windowing) nextEnd(end, slice int64) (int64, bool) {
	switch w.Type {
	case graph.Hop:
		next := end + w.Slide
		return next, next-w.Size <= slice-w.slice
	case graph.Cumulate:
		next := end + w.Slide
		return next, next <= w.lastEnd(slice)
	}
	return 0, false
}

// lastEnd is the end of the last window that has the slice.
func (w *windowing) lastEnd(slice int64) int64 {
	switch w.Type {
	case graph.Hop:
		return w.floor(slice-w.slice, w.Slide) + w.Size
	case graph.Cumulate:
		return w.floor(slice-w.slice, w.Size) + w.Size
	}
	return slice
}

// start is the start of the window with the given end.
func (w *windowing) start(end int64) int64 {
	if w.Type == graph.Cumulate {
		return w.floor(end-1, w.Size)
	}
	return end - w.Size
}

// covers reports whether any window has the slice: a Hop with gaps between its windows has slices that belong to none.
func (w *windowing) covers(slice int64) bool { return w.firstEnd(slice)-w.Size <= slice-w.slice }

// due is the watermark that completes what ends with end.
func (w *windowing) due(end int64) int64 {
	if end == math.MaxInt64 {
		return end
	}
	return w.zone.due(end - 1)
}

// rowtime is a window's time of the type of its rows: a millisecond before its end.
func (w *windowing) rowtime(end int64) int64 { return w.zone.instant(end - 1) }

// locals turns instants of b's live rows into local times, in memory; times are by physical row.
func (w *windowing) locals(b *column.Batch, times, memory []int64) []int64 {
	if w.zone.zone == nil {
		return times
	}
	if cap(memory) < len(times) {
		memory = make([]int64, len(times)+len(times)/4)
	}
	memory = memory[:len(times)]
	for i := range b.Rows() {
		r := b.Row(i)
		memory[r] = w.zone.local(times[r])
	}
	return memory
}
