// Package doctor finds out what an S3-compatible store can do of what Millstream needs.
//
// What enters: the settings of an endpoint, a bucket and a prefix. What leaves: a [Finding] for each point of the list in checks.go, one after the
// other: whether the store does it, what was seen, and if it does not, what that costs and what to set instead. millstream doctor shows them.
//
// What must hold: a point is judged by what the store does to real requests, never by its name. Everything is written below a directory of its own,
// which is empty again afterwards, also where the context ends in the midst of it. No secret gets into a finding.
package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
)

// Status says how a store does at one point.
type Status uint8

// The verdicts.
const (
	Works    Status = iota
	Limited         // something does not work, or is slow, that one can do without
	Missing         // something does not work that is needed
	Untested        // it was left out, or what is needed for the test is missing
)

func (s Status) String() string { return [...]string{"works", "limited", "missing", "untested"}[s] }

// Finding is the outcome of one check.
type Finding struct {
	Name   string
	Needed bool // Millstream does not do without
	Status Status
	Found  string // what was seen, or why it does not work
	Costs  string // what that means for Millstream; empty where all is well
	Advice string // what to do about it; may be empty
	Took   time.Duration
	// Measures are figures by name, whose last part is the unit.
	Measures map[string]float64

	refused bool // the store does not take a condition at all
}

// Options say what to examine.
type Options struct {
	Config s3.Config
	Bucket string
	Prefix string          // below which to write; empty: anywhere in the bucket
	Skip   map[string]bool // names of checks that are left out
	Begin  func(name string)
	Report func(f Finding)
}

const (
	eventWait   = 10 * time.Second // within which an event must have come
	checkLimit  = time.Minute      // for one check
	cleanLimit  = time.Minute      // for the clean-up
	silenceTime = 10 * time.Second // after which a store that says nothing is no longer waited for
	attempts    = 3                // of a request that fails in passing
	partSize    = 5 << 20          // the least that S3 takes
)

// exam is one examination.
type exam struct {
	opts   Options
	cfg    s3.Config
	client *s3.Client
	store  objstore.Store
	dir    string // prefix of all that is written, with a slash behind it
	probe  *s3.Probe
	listed error  // of the first listing
	wrote  bool   // there may be something to clean up
	kept   string // a version that the store has given, if it keeps versions
}

// Names returns the names of all checks, in their order.
func Names() []string { return namesOf(func(check) bool { return true }) }

// Skippable returns the names of the checks that may be left out: no other needs what they find.
func Skippable() []string {
	return namesOf(func(c check) bool { return !c.stops && c.name != cleanUpName })
}

func namesOf(chosen func(check) bool) []string {
	var names []string
	for _, c := range checks() {
		if chosen(c) {
			names = append(names, c.name)
		}
	}
	return names
}

// Examine runs the checks one after the other, and reports each when it is done. An error is one of the options, or ctx's: what the store does wrong is a finding.
// What was written is deleted before Examine returns.
func Examine(ctx context.Context, opts Options) (err error) {
	e, err := newExam(opts)
	if err != nil {
		return err
	}
	defer e.client.Close()
	stopped := ""
	for _, c := range checks() {
		f := Finding{Name: c.name, Needed: c.needed, Status: Untested}
		switch {
		case stopped != "" && (c.name != cleanUpName || !e.wrote):
			f.Found = "not tested without " + stopped
		case opts.Skip[c.name]:
			f.Found = "left out"
		default:
			if opts.Begin != nil {
				opts.Begin(c.name)
			}
			f = e.run(ctx, c)
			if ctx.Err() != nil {
				return errors.Join(ctx.Err(), e.abandon(ctx))
			}
			if f.Status == Missing && c.stops {
				stopped = c.name
			}
		}
		if opts.Report != nil {
			opts.Report(f)
		}
	}
	return nil
}

func newExam(opts Options) (*exam, error) {
	cfg := opts.Config
	cfg.PartSize, cfg.RequestTimeout, cfg.MaxAttempts = partSize, silenceTime, attempts
	e := &exam{opts: opts, cfg: cfg}
	var err error
	if e.client, err = s3.New(cfg); err != nil {
		return nil, err
	}
	e.store = e.client.Bucket(opts.Bucket)
	e.dir = opts.Prefix
	if e.dir != "" && !strings.HasSuffix(e.dir, "/") {
		e.dir += "/"
	}
	// Tables do not read what begins with a dot, so that a job below the same prefix does not see it.
	e.dir += ".millstream-doctor-" + strings.ToLower(rand.Text()[:10]) + "/"
	return e, nil
}

// run makes a finding of one check.
func (e *exam) run(ctx context.Context, c check) Finding {
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	start := time.Now()
	f := c.run(e, limited)
	f.Name, f.Needed, f.Took = c.name, c.needed, time.Since(start)
	switch f.Status {
	case Missing:
		if !c.needed && !f.refused {
			f.Status = Limited
		}
		fallthrough
	case Limited:
		if f.Costs == "" {
			f.Costs = c.costs
		}
		if f.Advice == "" {
			f.Advice = c.advice
		}
	}
	return f
}

// works is a finding that all is well.
func works(format string, args ...any) Finding {
	return Finding{Found: fmt.Sprintf(format, args...)}
}

// lacks is a finding that something does not work; whether it is needed stands in the list.
func lacks(format string, args ...any) Finding {
	return Finding{Status: Missing, Found: fmt.Sprintf(format, args...)}
}

// limited is a finding that something works, but not as it should.
func limited(format string, args ...any) Finding {
	return Finding{Status: Limited, Found: fmt.Sprintf(format, args...)}
}

// failed is a finding that a request of the test has failed where it must not. What the error hints at is better than what the list says, unless it is about
// rights, which the list knows better.
func failed(doing string, err error) Finding {
	f := lacks("%s: %s", doing, reason(err))
	var told *objstore.Error
	if errors.As(err, &told) && told.Kind != objstore.Unsupported && told.Kind != objstore.Denied {
		f.Advice = told.Hint
	}
	return f
}

// costing says what a finding costs, instead of what the list says.
func (f Finding) costing(costs, advice string) Finding {
	f.Costs, f.Advice = costs, advice
	return f
}

// reason is an error without what every one of a store's errors names again.
func reason(err error) string {
	var told *objstore.Error
	if errors.As(err, &told) {
		return told.Reason
	}
	return err.Error()
}

// key is the name of an object of the examination.
func (e *exam) key(name string) string { return e.dir + name }
