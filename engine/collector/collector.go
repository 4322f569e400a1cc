// Package collector says how much garbage may gather before it is collected.
//
// What a collection costs is what it must scan: memory that holds pointers. State is columns without any, so that gigabytes of it cost a collection nothing, and there is
// no reason to let as much garbage gather beside them. What enters: measurements of the runtime after each collection. What leaves: the runtime's percentage.
package collector

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The limits of the percentage. Over a word count of 200 MB on two cores, Go's default of 100 peaked at 190 MB, 200 at 268 MB and 400 at 314 MB; memory is bounded by
// read-ahead, so more cores take more.
const (
	most  = 200
	least = 25
)

// free is garbage that may gather in any case, in bytes.
const free = 64 << 20

// percent returns how much garbage may gather, in percent of what is in use, of which so much is scanned.
func percent(live, scanned uint64) int {
	if live == 0 {
		return most
	}
	return int(min(max((free+2*scanned)*100/live, least), most))
}

// Start sets the percentage now and after each collection, until the process ends.
func Start() {
	debug.SetGCPercent(most)
	start(nil)
}

// start is Start that tells an observer, unless it is nil, each time it has looked.
func start(looked chan<- int) {
	t := &tuner{set: most, looked: looked, samples: []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}}}
	t.wait()
}

type tuner struct {
	set     int
	samples []metrics.Sample
	looked  chan<- int
}

// wait asks for a call after the next collection: it finds an object that nothing holds.
func (t *tuner) wait() {
	runtime.AddCleanup(new(*tuner), func(t *tuner) { t.collected() }, t)
}

func (t *tuner) collected() {
	metrics.Read(t.samples)
	for _, s := range t.samples {
		if s.Value.Kind() != metrics.KindUint64 {
			return // a runtime that does not tell
		}
	}
	// Each setting stops the world for a moment: small differences are not worth it.
	if p := percent(t.samples[0].Value.Uint64(), t.samples[1].Value.Uint64()); p*8 < t.set*7 || p*7 > t.set*8 {
		t.set = p
		debug.SetGCPercent(p)
	}
	t.wait()
	if t.looked != nil {
		t.looked <- t.set
	}
}
