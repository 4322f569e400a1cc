package filesystem

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/millstream/millstream/objstore"
)

// way is how a range is read.
type way uint8

const (
	byGet way = iota
	bySelect
)

// choice is what a scan has learnt itself about the faster way: another query over the same store may send much more or much less.
type choice struct {
	mu    sync.Mutex
	own   *knowledge // of a store whose endpoint is not known
	last  *knowledge // that was asked for last, for EXPLAIN
	begun [2]int     // ranges
	rates [2]rate
	why   string // for EXPLAIN: why objects are read by ranged GET
}

// knowledge is what this process knows of how an endpoint answers queries over objects of a format. It is forgotten after some time, as stores and networks change.
type knowledge struct {
	mu       sync.Mutex
	known    bool
	refused  string // why the store does not answer; empty: it does
	rates    [2]rate
	forgotAt time.Time
	// Of files with an index: whether it is known that the store knows ranges of them, and whether it does.
	rangesKnown, ranges bool
}

// rate is how fast ranges were read.
type rate struct {
	bytes int64
	took  time.Duration
	n     int
}

func (r rate) perSecond() float64 { return float64(r.bytes) / max(r.took, time.Microsecond).Seconds() }

// remembered is how long knowledge is kept.
const remembered = 10 * time.Minute

type endpointFormat struct {
	endpoint string
	format   objstore.SelectFormat
}

var endpoints = struct {
	sync.Mutex
	known map[endpointFormat]*knowledge
}{known: map[endpointFormat]*knowledge{}}

// at returns what is known of a store.
func (c *choice) at(store objstore.Store, f objstore.SelectFormat) *knowledge {
	c.mu.Lock()
	defer c.mu.Unlock()
	remote, ok := store.(interface{ Endpoint() string })
	if !ok {
		if c.own == nil {
			c.own = &knowledge{}
		}
		c.last = c.own
		return c.own
	}
	endpoints.Lock()
	defer endpoints.Unlock()
	key := endpointFormat{remote.Endpoint(), f}
	k := endpoints.known[key]
	if k == nil || time.Now().After(k.forgotAt) {
		k = &knowledge{forgotAt: time.Now().Add(remembered)}
		endpoints.known[key] = k
	}
	c.last = k
	return k
}

// note says for EXPLAIN why objects are read by ranged GET.
func (c *choice) note(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.why = why
}

// tried reports whether it is known whether the store answers.
func (k *knowledge) tried() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known
}

// learn takes the end of a query, nil for one that was answered.
func (k *knowledge) learn(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == nil:
		k.known, k.refused = true, ""
	case objstore.KindOf(err) == objstore.Unsupported:
		k.known, k.refused = true, reasonOf(err)
	}
}

func (k *knowledge) ranged() (known, ranges bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rangesKnown, k.ranges
}

func (k *knowledge) learnRanges(ranges bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rangesKnown, k.ranges = true, ranges
}

// reasonOf is an error without what failed and where.
func reasonOf(err error) string {
	var e *objstore.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return err.Error()
}

const (
	// trials is how many ranges of a scan are read each way before the faster one is known.
	trials = 2
	// settled is how many ranges are read in the way that is the faster one by what is known of the store, before the scan tries the other one once.
	settled = 4
	// hopeless is how many times slower a way must have been for it not to be tried again.
	hopeless = 4
	// maxTrial bounds the ranges that a store of which nothing is known is tried with, in bytes.
	maxTrial = 64 << 20
)

// choose decides for the next range.
func (k *knowledge) choose(c *choice, bytes int64) way {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	w := byGet
	switch {
	case k.refused != "":
		return byGet
	case c.rates[byGet].n > 0 && c.rates[bySelect].n > 0:
		w = faster(c.rates)
	case k.rates[byGet].n > 0 && k.rates[bySelect].n > 0:
		w = faster(k.rates)
		if c.begun[w] >= settled && c.begun[1-w] == 0 && hopeless*k.rates[1-w].perSecond() > k.rates[w].perSecond() {
			w = 1 - w
		}
	case bytes > maxTrial || c.begun[byGet] >= trials && c.begun[bySelect] >= trials:
	case c.begun[bySelect] <= c.begun[byGet]:
		w = bySelect
	}
	c.begun[w]++
	return w
}

func faster(rates [2]rate) way {
	if rates[bySelect].perSecond() >= rates[byGet].perSecond() {
		return bySelect
	}
	return byGet
}

// measured takes how long a range took.
func (k *knowledge) measured(c *choice, w way, bytes int64, took time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range []*rate{&c.rates[w], &k.rates[w]} {
		r.bytes += bytes
		r.took += took
		r.n++
	}
}

// describe is for EXPLAIN: why objects are read by ranged GET, or else what was measured, if it was.
func (c *choice) describe() (get, measured string) {
	c.mu.Lock()
	k, why := c.last, c.why
	c.mu.Unlock()
	if k == nil || why != "" {
		return why, ""
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refused != "" {
		return k.refused, ""
	}
	s, g := k.rates[bySelect], k.rates[byGet]
	if s.n == 0 || g.n == 0 {
		return "", ""
	}
	measured = fmt.Sprintf("in the last ten minutes by SELECT %.0f MB/s, by GET %.0f MB/s", s.perSecond()/1e6, g.perSecond()/1e6)
	if faster(k.rates) == byGet {
		return "the store's objects are read faster so: " + measured, ""
	}
	return "", " (" + measured + ")"
}

// errorsOf is the first of the errors that says something of the store: io.EOF and an end of the context do not.
func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil && !ended(err) && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}
