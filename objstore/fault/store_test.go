package fault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestSuiteWithoutFaults(t *testing.T) {
	storetest.Run(t, storetest.Suite{Open: func(testing.TB) objstore.Store { return fault.New(mem.New("b"), fault.Plan{}) }})
}

func put(s objstore.Store, key string) error {
	_, err := s.Put(context.Background(), key, []byte(key), objstore.Condition{IfAbsent: true})
	return err
}

func TestSkipTimesAndKey(t *testing.T) {
	s := fault.New(mem.New("b"), fault.Plan{Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Put}, Key: "a/*", Trigger: fault.Trigger{Skip: 2, Times: 3}, Kind: objstore.Throttled},
	}})
	var failed []int
	for i := range 8 {
		if err := put(s, fmt.Sprintf("a/%d", i)); err != nil {
			storetest.WantKind(t, err, objstore.Throttled, s.URL(fmt.Sprintf("a/%d", i)))
			failed = append(failed, i)
		}
	}
	if !slices.Equal(failed, []int{2, 3, 4}) {
		t.Errorf("failed: %v", failed)
	}
	if err := put(s, "b/1"); err != nil {
		t.Error(err)
	}
	if n := len(s.Events()); n != 3 {
		t.Errorf("%d events", n)
	}
	if got := storetest.Keys(t, s, "a/", objstore.ListOptions{}); len(got) != 5 {
		t.Errorf("stored %q: a failed put must not have been carried out", got)
	}
}

func TestLostAnswers(t *testing.T) {
	inner := mem.New("b")
	s := fault.New(inner, fault.Plan{Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Put, fault.Commit}, Kind: objstore.TimedOut, Lost: true},
	}})
	storetest.WantKind(t, put(s, "put"), objstore.TimedOut, s.URL("put"))
	p := storetest.Seal(t, s, "committed", []byte("data"))
	_, err := s.Commit(t.Context(), p, objstore.Condition{})
	storetest.WantKind(t, err, objstore.TimedOut, s.URL("committed"))
	if got := storetest.Keys(t, inner, "", objstore.ListOptions{}); !slices.Equal(got, []string{"committed", "put"}) {
		t.Errorf("carried out: %q", got)
	}
}

func TestCut(t *testing.T) {
	s := fault.New(mem.New("b"), fault.Plan{Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Get}, Trigger: fault.Trigger{Times: 1}, Cut: 700, Kind: objstore.Unreachable},
	}})
	data := storetest.Bytes(1, 1000)
	storetest.Put(t, s, "key", data)
	got, _, err := storetest.ReadAll(t.Context(), s, "key")
	storetest.WantKind(t, err, objstore.Unreachable, s.URL("key"))
	if !bytes.Equal(got, data[:700]) {
		t.Errorf("%d bytes before the cut", len(got))
	}
	if got, _ := storetest.Read(t, s, "key", objstore.All); !bytes.Equal(got, data) {
		t.Error("the second read differs")
	}
}

func TestCrash(t *testing.T) {
	inner := mem.New("b")
	s := fault.New(inner, fault.Plan{Rules: []fault.Rule{{Ops: []fault.Op{fault.Commit}, Trigger: fault.Trigger{Times: 1}, Crash: true}}})
	storetest.Put(t, s, "before", nil)
	p := storetest.Seal(t, s, "key", []byte("data"))
	u, err := s.Create(t.Context(), "open")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), p, objstore.Condition{}); !errors.Is(err, fault.ErrCrashed) {
		t.Fatalf("commit: %v", err)
	}
	if !s.Crashed() {
		t.Error("not crashed")
	}
	_, writeErr := u.Write([]byte("x"))
	_, _, getErr := s.Get(t.Context(), "before", objstore.All)
	var listErr error
	for _, listErr = range s.List(t.Context(), "", objstore.ListOptions{}) {
	}
	for what, err := range map[string]error{"write": writeErr, "get": getErr, "list": listErr, "put": put(s, "x")} {
		if !errors.Is(err, fault.ErrCrashed) {
			t.Errorf("%s after the crash: %v", what, err)
		}
	}
	s.Restart()
	if got := storetest.Keys(t, s, "", objstore.ListOptions{}); !slices.Equal(got, []string{"before"}) {
		t.Errorf("after the restart: %q", got)
	}
	if _, err := s.Commit(t.Context(), p, objstore.Condition{}); err != nil {
		t.Error(err)
	}
}

func TestListBreaksOff(t *testing.T) {
	s := fault.New(mem.New("b"), fault.Plan{Rules: []fault.Rule{{Ops: []fault.Op{fault.List}, Trigger: fault.Trigger{Skip: 3, Times: 1}, Kind: objstore.TimedOut}}})
	for i := range 5 {
		storetest.Put(t, s, fmt.Sprint(i), nil)
	}
	var keys []string
	var last error
	for info, err := range s.List(t.Context(), "", objstore.ListOptions{}) {
		if last = err; err == nil {
			keys = append(keys, info.Key)
		}
	}
	if len(keys) != 3 {
		t.Errorf("listed %q", keys)
	}
	storetest.WantKind(t, last, objstore.TimedOut, s.String())
}

func TestDelay(t *testing.T) {
	var slept time.Duration
	s := fault.New(mem.New("b"), fault.Plan{
		Rules: []fault.Rule{{Ops: []fault.Op{fault.Head}, Delay: time.Hour}},
		Sleep: func(_ context.Context, d time.Duration) { slept += d },
	})
	storetest.Put(t, s, "key", nil)
	for range 3 {
		if _, err := s.Head(t.Context(), "key"); err != nil {
			t.Error(err)
		}
	}
	if slept != 3*time.Hour {
		t.Errorf("slept %s", slept)
	}
}

// TestSeed checks that the same seed hits the same operations however goroutines interleave, and about
// the share that it should.
func TestSeed(t *testing.T) {
	run := func(seed uint64, concurrent bool) string {
		s := fault.New(mem.New("b"), fault.Plan{Seed: seed, Rules: []fault.Rule{{Ops: []fault.Op{fault.Head}, Trigger: fault.Trigger{Chance: 0.2}, Kind: objstore.TimedOut}}})
		var wg sync.WaitGroup
		hit := make([]byte, 1000)
		for i := range hit {
			check := func() {
				defer wg.Done()
				_, err := s.Head(context.Background(), fmt.Sprint(i))
				hit[i] = '.'
				if objstore.KindOf(err) == objstore.TimedOut {
					hit[i] = 'X'
				}
			}
			wg.Add(1)
			if concurrent {
				go check()
			} else {
				check()
			}
		}
		wg.Wait()
		return string(hit)
	}
	one, two, other := run(1, false), run(1, true), run(2, false)
	if one != two {
		t.Error("the same seed hits other operations")
	}
	if one == other {
		t.Error("another seed hits the same operations")
	}
	if n := strings.Count(one, "X"); n < 150 || n > 250 {
		t.Errorf("%d of 1000 hit, want about 200", n)
	}
}

func TestReadRule(t *testing.T) {
	s := fault.New(mem.New("b"), fault.Plan{Rules: []fault.Rule{{Ops: []fault.Op{fault.Read}, Trigger: fault.Trigger{Skip: 1}, Kind: objstore.Throttled}}})
	storetest.Put(t, s, "key", make([]byte, 100))
	body, _, err := s.Get(t.Context(), "key", objstore.All)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadFull(body, make([]byte, 10)); err != nil {
		t.Error(err)
	}
	_, err = body.Read(make([]byte, 10))
	storetest.WantKind(t, err, objstore.Throttled, s.URL("key"))
}
