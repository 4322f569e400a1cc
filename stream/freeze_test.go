package stream

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// barrier begins a checkpoint and returns how many rows were copied at once.
func barrier(t *testing.T, o operator.Operator, id int64) (w state.Writer, rows int) {
	t.Helper()
	w = state.Freeze(state.Frozen{Checkpoint: id, Stored: id - 1})
	if err := o.Snapshot(&w); err != nil {
		t.Fatal(err)
	}
	for i := range w.Tables {
		if b := w.Tables[i].Rows; b != nil {
			rows += b.Rows()
		}
	}
	return w, rows
}

// rest copies what is left and returns how many rows the checkpoint has.
func rest(w *state.Writer) (rows int) {
	for !w.Copy(1000) {
	}
	for i := range w.Tables {
		if l := w.Tables[i].Layers; l != nil {
			for _, c := range l.Chunks {
				rows += c.Rows.Len
			}
		}
	}
	return rows
}

// TestBarrierCopiesNothing: what a barrier copies does not grow with the state, and a checkpoint has what has changed since the one before.
func TestBarrierCopiesNothing(t *testing.T) {
	const keys = 100_000
	hash, err := newHasher[string]()
	if err != nil {
		t.Fatal(err)
	}
	process := &processOp[string, call, string]{key: func(c call) string { return c.key }, hash: hash}
	process.build = func(s *States) Handler[string, call, string] {
		value, list := ValueState[int](s, "value", TTL(time.Hour)), ListState[int](s, "list")
		entries := MapState[int, int](s, "map")
		return Handler[string, call, string]{Value: func(c *Context[string, string], v call) error {
			value.Set(v.n)
			list.Add(v.n)
			entries.Set(v.n, v.n)
			c.SetEventTimer(time.UnixMilli(int64(v.n)))
			return nil
		}}
	}
	counting := aggregation[string, call, int64, int64]{first: func(call) int64 { return 1 }, add: func(n int64, _ call) int64 { return n + 1 }}
	counting.result = func(_ string, n int64) int64 { return n }
	count := &runningOp[string, call, int64, int64]{
		keyedState: newKeyedState[string, int64]("count", hash), aggregation: counting, key: func(c call) string { return c.key },
	}
	for _, c := range []struct {
		name string
		op   operator.Operator
		rows int // for each key
	}{{"process", process, 5}, {"count", count, 1}} {
		t.Run(c.name, func(t *testing.T) {
			ctx := &operator.Context{
				Context: t.Context(), Parallelism: 1, MaxParallelism: groups, Counters: &operator.Counters{},
				Now: func() time.Time { return time.UnixMilli(1) }, SetTimer: func(time.Time) {},
			}
			if err := c.op.Open(ctx); err != nil {
				t.Fatal(err)
			}
			feed := func(items []call) {
				if err := c.op.Process(0, &slice[call]{items}, &ignoring{}); err != nil {
					t.Fatal(err)
				}
			}
			var items []call
			for i := range keys {
				items = append(items, call{fmt.Sprint("key ", i), i})
			}
			feed(items)
			few := []call{{"key 5", 7}, {"key 70000", 8}, {"another key", 9}}
			for id := range int64(3) {
				w, rows := barrier(t, c.op, id+1)
				if rows > groups {
					t.Errorf("barrier %d copied %d rows", id, rows)
				}
				feed(few)
				copied := rest(&w)
				if want := keys * c.rows; id == 0 && copied != want || id > 0 && copied > 100 {
					t.Errorf("checkpoint %d has %d rows of %d", id, copied, want)
				}
				if err := w.Err(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// ignoring takes what is emitted and forgets it.
type ignoring struct{}

func (*ignoring) Emit(operator.Payload) error { return nil }

// TestKeyedStateFollowed: Count in layers that are copied while values come holds what was there at the barrier, and goes on from them.
func TestKeyedStateFollowed(t *testing.T) {
	hash, err := newHasher[int]()
	if err != nil {
		t.Fatal(err)
	}
	sum := aggregation[int, int, []int, int]{
		first: func(n int) []int { return []int{n} },
		add:   func(list []int, n int) []int { list[0] += n; return list }, // where it stands
	}
	sum.result = func(_ int, list []int) int { return list[0] }
	for seed := range uint64(30) {
		random, keeper, open := rand.New(rand.NewPCG(seed, 3)), snapshottest.NewKeeper(groups), false
		var op *runningOp[int, int, []int, int]
		start := func(saved []state.Table) {
			op = &runningOp[int, int, []int, int]{keyedState: newKeyedState[int, []int]("sum", hash), aggregation: sum, key: func(n int) int { return n % 20 }}
			if err := op.Open(&operator.Context{Context: t.Context(), MaxParallelism: groups, Restore: &state.Reader{Tables: saved}}); err != nil {
				t.Fatal(err)
			}
		}
		check := func(err error) {
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		start(nil)
		want := map[int]int{}
		for range 200 {
			switch choice := random.IntN(8); {
			case choice == 0:
				check(keeper.Begin(op.Snapshot))
				open = true
			case choice == 1:
				keeper.Copy(3)
			case choice == 2 && open:
				check(keeper.End())
				open = false
			case choice == 3:
				check(keeper.Begin(op.Snapshot))
				check(keeper.End())
				open = false
				tables, err := keeper.Tables()
				check(err)
				start(tables)
			default:
				items := []int{random.IntN(100), random.IntN(100)}
				for _, n := range items {
					want[n%20] += n
				}
				check(op.Process(0, &slice[int]{items}, &ignoring{}))
			}
		}
		for i, k := range op.table.held() {
			if op.accs[i][0] != want[k] {
				t.Fatalf("seed %d: key %d has %d, want %d", seed, k, op.accs[i][0], want[k])
			}
		}
	}
}

// stubborn is a value that encoding/gob cannot write.
type stubborn struct{ n int }

func (stubborn) GobEncode() ([]byte, error) { return nil, errors.New("will not be written") }
func (*stubborn) GobDecode([]byte) error    { return nil }

// TestCopyFails: a value that cannot be written fails the checkpoint also when it is copied behind the barrier.
func TestCopyFails(t *testing.T) {
	op := &processOp[string, call, string]{key: func(c call) string { return c.key }, hash: func(_ []string, h []uint64) { clear(h) }}
	op.build = func(s *States) Handler[string, call, string] {
		value := ValueState[stubborn](s, "mood")
		return Handler[string, call, string]{Value: func(*Context[string, string], call) error { value.Set(stubborn{1}); return nil }}
	}
	if err := op.Open(&operator.Context{Context: t.Context(), MaxParallelism: groups, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	if err := op.Process(0, &slice[call]{[]call{{"a", 1}}}, &ignoring{}); err != nil {
		t.Fatal(err)
	}
	const want = "state 'mood' of key a: "
	w, _ := barrier(t, op, 1)
	rest(&w)
	if err := w.Err(); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "will not be written") {
		t.Errorf("the copy says %v, want %s…", err, want)
	}
	if err := op.Snapshot(&state.Writer{}); err == nil {
		t.Error("a copy at once says nothing")
	}
}

var _ state.Failing = (*stateTable[int])(nil)
