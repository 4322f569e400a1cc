package fault

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
)

// Op names an operation that a rule can hit.
type Op string

const (
	Head    Op = "head"
	Get     Op = "get"  // opening a reader
	Read    Op = "read" // every Read of a reader
	Put     Op = "put"
	Create  Op = "create"
	Write   Op = "write" // every Write of an upload
	Seal    Op = "seal"
	Commit  Op = "commit"
	Abort   Op = "abort"
	Uploads Op = "uploads"
	List    Op = "list" // before the first and behind every listed object
	Delete  Op = "delete"
	Listen  Op = "listen" // opening a stream of events, and every Next of it
)

// Rule injects one fault into some operations.
type Rule struct {
	Ops []Op   // none: any
	Key string // pattern as in [objstore.Glob]; empty: any
	Trigger

	Delay time.Duration // wait before anything else
	Kind  objstore.Kind // fail with an error of this kind; Other, the zero value: do not fail
	Lost  bool          // with Kind: carry the operation out first, then fail, as if the answer was lost
	Cut   int64         // with Kind, on Get: let the reader give this many bytes, then fail
	Crash bool          // fail this and every later operation until Restart; with Lost carry this one out first
}

// Plan is a list of rules; of those that match an operation, the first that fires applies.
type Plan struct {
	Seed  uint64
	Rules []Rule
	// Sleep waits for Delay; nil: real time. A simulated clock goes here.
	Sleep func(ctx context.Context, d time.Duration)
	// Before, if set, is called before each operation, and once more after a Delay: a test that decides on the order of things does so there.
	Before func(op Op, key string)
}

// ErrCrashed is in the chain of every error after a crash.
var ErrCrashed = errors.New("injected crash")

// Store injects faults into another store.
type Store struct {
	inner    objstore.Store
	plan     Plan
	match    []func(string) bool // by rule
	triggers *triggers
	crashed  atomic.Bool
}

var (
	_ objstore.Store    = (*Store)(nil)
	_ objstore.Listener = (*Store)(nil)
	_ objstore.Resumer  = (*Store)(nil)
	_ objstore.Saver    = (*upload)(nil)
)

// New wraps inner. It panics on a wrong pattern: plans are written by programmers.
func New(inner objstore.Store, plan Plan) *Store {
	s := &Store{inner: inner, plan: plan, triggers: newTriggers(plan.Seed)}
	if s.plan.Sleep == nil {
		s.plan.Sleep = pause
	}
	for _, r := range plan.Rules {
		match := func(string) bool { return true }
		if r.Key != "" {
			var err error
			if match, err = objstore.CompileGlob(r.Key); err != nil {
				panic(err)
			}
		}
		s.match = append(s.match, match)
	}
	return s
}

// Events returns the faults injected so far.
func (s *Store) Events() []Event { return s.triggers.events() }

// Crash fails every operation from now on, until Restart.
func (s *Store) Crash() { s.crashed.Store(true) }

// Crashed reports whether a Crash rule has fired since the start or the last Restart.
func (s *Store) Crashed() bool { return s.crashed.Load() }

// Restart ends a crash. What was committed is there, uploads in progress are left over, and handles from
// before the crash should be dropped, as a restarted process would not have them.
func (s *Store) Restart() { s.crashed.Store(false) }

// rule returns the rule that fires for an operation, or nil.
func (s *Store) rule(ctx context.Context, op Op, key string) *Rule {
	for i := range s.plan.Rules {
		r := &s.plan.Rules[i]
		if (len(r.Ops) == 0 || slices.Contains(r.Ops, op)) && s.match[i](key) && s.triggers.fires(i, r.Trigger, string(op)+" "+key) {
			if r.Delay > 0 {
				s.plan.Sleep(ctx, r.Delay)
				s.before(op, key)
			}
			return r
		}
	}
	return nil
}

func (s *Store) before(op Op, key string) {
	if s.plan.Before != nil {
		s.plan.Before(op, key)
	}
}

// inject runs one operation under the rules.
func (s *Store) inject(ctx context.Context, op Op, key string, run func() error) error {
	s.before(op, key)
	if s.crashed.Load() {
		return s.crash(op, key)
	}
	r := s.rule(ctx, op, key)
	if r == nil || !r.Crash && r.Kind == objstore.Other {
		return run()
	}
	if r.Lost {
		if err := run(); err != nil {
			return err
		}
	}
	if r.Crash {
		s.crashed.Store(true)
		return s.crash(op, key)
	}
	return s.fail(op, key, r.Kind)
}

func (s *Store) fail(op Op, key string, kind objstore.Kind) error {
	return &objstore.Error{Op: string(op), URL: s.URL(key), Kind: kind, Reason: "injected fault"}
}

func (s *Store) crash(op Op, key string) error {
	return &objstore.Error{Op: string(op), URL: s.URL(key), Kind: objstore.Unreachable, Reason: ErrCrashed.Error(), Err: ErrCrashed}
}

func (s *Store) String() string        { return s.inner.String() }
func (s *Store) URL(key string) string { return s.inner.URL(key) }

// Head implements [objstore.Store].
func (s *Store) Head(ctx context.Context, key string) (info objstore.Info, err error) {
	err = s.inject(ctx, Head, key, func() (err error) { info, err = s.inner.Head(ctx, key); return })
	return info, err
}

// Get implements [objstore.Store].
func (s *Store) Get(ctx context.Context, key string, r objstore.Range) (io.ReadCloser, objstore.Info, error) {
	s.before(Get, key)
	if s.crashed.Load() {
		return nil, objstore.Info{}, s.crash(Get, key)
	}
	rule := s.rule(ctx, Get, key)
	if rule != nil && rule.Crash {
		s.crashed.Store(true)
		return nil, objstore.Info{}, s.crash(Get, key)
	}
	if rule != nil && rule.Kind != objstore.Other && rule.Cut == 0 {
		return nil, objstore.Info{}, s.fail(Get, key, rule.Kind)
	}
	body, info, err := s.inner.Get(ctx, key, r)
	if err != nil {
		return nil, info, err
	}
	cut := int64(-1)
	var kind objstore.Kind
	if rule != nil && rule.Kind != objstore.Other {
		cut, kind = rule.Cut, rule.Kind
	}
	return &reader{ReadCloser: body, ctx: ctx, store: s, key: key, left: cut, kind: kind}, info, nil
}

// reader fails after left bytes, if that is not negative.
type reader struct {
	io.ReadCloser
	ctx   context.Context
	store *Store
	key   string
	left  int64
	kind  objstore.Kind
}

func (r *reader) Read(p []byte) (n int, err error) {
	if r.left == 0 {
		return 0, r.store.fail(Read, r.key, r.kind)
	}
	err = r.store.inject(r.ctx, Read, r.key, func() (err error) {
		if r.left > 0 {
			p = p[:min(int64(len(p)), r.left)]
		}
		n, err = r.ReadCloser.Read(p)
		if r.left > 0 {
			r.left -= int64(n)
		}
		return
	})
	return n, err
}

// Put implements [objstore.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte, cond objstore.Condition) (info objstore.Info, err error) {
	err = s.inject(ctx, Put, key, func() (err error) { info, err = s.inner.Put(ctx, key, data, cond); return })
	if err != nil {
		return objstore.Info{}, err
	}
	return info, nil
}

// Create implements [objstore.Store].
func (s *Store) Create(ctx context.Context, key string) (objstore.Upload, error) {
	u := &upload{ctx: ctx, store: s, key: key}
	err := s.inject(ctx, Create, key, func() (err error) { u.inner, err = s.inner.Create(ctx, key); return })
	if err != nil {
		return nil, err
	}
	return u, nil
}

type upload struct {
	inner objstore.Upload
	ctx   context.Context
	store *Store
	key   string
}

func (u *upload) Write(p []byte) (n int, err error) {
	err = u.store.inject(u.ctx, Write, u.key, func() (err error) { n, err = u.inner.Write(p); return })
	return n, err
}

func (u *upload) Seal(ctx context.Context) (p objstore.Pending, err error) {
	err = u.store.inject(ctx, Seal, u.key, func() (err error) { p, err = u.inner.Seal(ctx); return })
	if err != nil {
		return objstore.Pending{}, err
	}
	return p, nil
}

// Save implements [objstore.Saver]. It falls under the rules for [Seal].
func (u *upload) Save(ctx context.Context) (saved *objstore.Saved, err error) {
	saver, ok := u.inner.(objstore.Saver)
	if !ok {
		return nil, nil
	}
	err = u.store.inject(ctx, Seal, u.key, func() (err error) { saved, err = saver.Save(ctx); return })
	if err != nil {
		return nil, err
	}
	return saved, nil
}

// Resume implements [objstore.Resumer]. It falls under the rules for [Create].
func (s *Store) Resume(ctx context.Context, saved objstore.Saved, key string) (objstore.Upload, string, error) {
	resumer, ok := s.inner.(objstore.Resumer)
	if !ok {
		return nil, "", s.fail(Create, saved.Key, objstore.Unsupported)
	}
	u := &upload{ctx: ctx, store: s}
	err := s.inject(ctx, Create, saved.Key, func() (err error) { u.inner, u.key, err = resumer.Resume(ctx, saved, key); return })
	if err != nil {
		return nil, "", err
	}
	return u, u.key, nil
}

func (u *upload) Abort(ctx context.Context) error {
	return u.store.inject(ctx, Abort, u.key, func() error { return u.inner.Abort(ctx) })
}

// Commit implements [objstore.Store].
func (s *Store) Commit(ctx context.Context, p objstore.Pending, cond objstore.Condition) (info objstore.Info, err error) {
	err = s.inject(ctx, Commit, p.Key, func() (err error) { info, err = s.inner.Commit(ctx, p, cond); return })
	if err != nil {
		return objstore.Info{}, err
	}
	return info, nil
}

// Abort implements [objstore.Store].
func (s *Store) Abort(ctx context.Context, p objstore.Pending) error {
	return s.inject(ctx, Abort, p.Key, func() error { return s.inner.Abort(ctx, p) })
}

// Uploads implements [objstore.Store].
func (s *Store) Uploads(ctx context.Context, prefix string) iter.Seq2[objstore.PendingInfo, error] {
	return listing(s, ctx, Uploads, prefix, s.inner.Uploads(ctx, prefix))
}

// List implements [objstore.Store].
func (s *Store) List(ctx context.Context, prefix string, opts objstore.ListOptions) iter.Seq2[objstore.Info, error] {
	return listing(s, ctx, List, prefix, s.inner.List(ctx, prefix, opts))
}

// listing puts the rules before the first and behind every element, so that a listing can break off in
// its middle.
func listing[T any](s *Store, ctx context.Context, op Op, prefix string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		step := func() bool {
			err := s.inject(ctx, op, prefix, func() error { return nil })
			if err != nil {
				yield(none, err)
			}
			return err == nil
		}
		if !step() {
			return
		}
		for x, err := range seq {
			if !yield(x, err) || err != nil || !step() {
				return
			}
		}
	}
}

// Delete implements [objstore.Store].
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	key := ""
	if len(keys) > 0 {
		key = keys[0]
	}
	return s.inject(ctx, Delete, key, func() error { return s.inner.Delete(ctx, keys...) })
}

// Listen implements [objstore.Listener] if the store behind it does.
func (s *Store) Listen(ctx context.Context, prefix string) (event.Stream, error) {
	st := &stream{store: s, prefix: prefix}
	err := s.inject(ctx, Listen, prefix, func() (err error) { st.Stream, err = objstore.Listen(ctx, s.inner, prefix); return })
	if err == nil {
		return st, nil
	}
	if st.Stream != nil {
		err = errors.Join(err, st.Close()) // carried out, and the answer was lost
	}
	return nil, err
}

type stream struct {
	event.Stream
	store  *Store
	prefix string
}

// Next loses the events of a call that fails: the stream ends, as one whose connection broke.
func (st *stream) Next(ctx context.Context) (list []event.Event, err error) {
	err = st.store.inject(ctx, Listen, st.prefix, func() (err error) { list, err = st.Stream.Next(ctx); return })
	if err != nil {
		return nil, err
	}
	return list, nil
}
