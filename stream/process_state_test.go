package stream

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// call is one thing that happens to a key: n < 0 takes something back.
type call struct {
	key string
	n   int
}

// history uses every kind of state and timer, and tells what it finds. Some of its values are changed where they stand.
func history(s *States) Handler[string, call, string] {
	total, seen, by := ValueState[int](s, "total"), ListState[string](s, "seen"), MapState[int, float64](s, "by")
	places := [3]func() *[]int{}
	value, lists, entries := ValueState[*[]int](s, "value of numbers"), ListState[*[]int](s, "list of numbers"), MapState[string, *[]int](s, "map of numbers")
	places[0] = func() *[]int {
		if v, ok := value.Get(); ok {
			return v
		}
		value.Set(&[]int{})
		v, _ := value.Get()
		return v
	}
	places[1] = func() *[]int {
		for _, v := range lists.All() {
			return v
		}
		v := &[]int{}
		lists.Add(v)
		return v
	}
	places[2] = func() *[]int {
		for _, v := range entries.All() {
			return v
		}
		v := &[]int{}
		entries.Set("", v)
		return v
	}
	return Handler[string, call, string]{
		Value: func(c *Context[string, string], v call) error {
			n, _ := total.Get()
			switch at := time.UnixMilli(int64(v.n)); {
			case v.n == 0:
				total.Clear()
				seen.Clear()
				by.Clear()
				value.Clear()
				lists.Clear()
				entries.Clear()
				return nil
			case v.n < 0:
				by.Delete(-v.n)
				c.DeleteEventTimer(time.UnixMilli(int64(-v.n)))
				c.DeleteTimer(time.UnixMilli(int64(-v.n)))
				return nil
			case v.n%3 == 0:
				c.SetTimer(at)
			default:
				c.SetEventTimer(at)
			}
			for _, place := range places {
				numbers := place()
				*numbers = append(*numbers, v.n)
			}
			total.Set(n + v.n)
			seen.Add(fmt.Sprint(v.n))
			b, _ := by.Get(v.n)
			by.Set(v.n, b+0.5)
			return nil
		},
		Timer: func(c *Context[string, string], t Timer) error {
			n, ok := total.Get()
			var list []string
			for _, s := range seen.All() {
				list = append(list, s)
			}
			for _, place := range places {
				if numbers := place(); ok && fmt.Sprint(*numbers) != fmt.Sprint(list) {
					return fmt.Errorf("the state holds %d and %q", *numbers, list)
				}
			}
			if !ok {
				value.Clear()
				lists.Clear()
				entries.Clear()
			}
			b, there := by.Get(int(t.At.UnixMilli()))
			return c.Emit(fmt.Sprint(c.Key(), " ", t.At.UnixMilli(), t.Event, n, ok, list, b, there, by.Len()))
		},
	}
}

// machine is the subtasks of a Process, with a clock and timers of the task.
type machine struct {
	t      *testing.T
	build  func(*States) Handler[string, call, string]
	ops    []*processOp[string, call, string]
	now    int64
	alarms [][]int64
	got    []string
	keeper *snapshottest.Keeper // of the only subtask
	open   bool                 // a checkpoint is being copied
}

func (m *machine) Emit(p operator.Payload) error {
	m.got = append(m.got, p.(*slice[string]).items...)
	return nil
}

const groups = 8

func (m *machine) start(parallelism int, saved []state.Table) {
	hash, err := newHasher[string]()
	if err != nil {
		m.t.Fatal(err)
	}
	m.ops, m.alarms = nil, make([][]int64, parallelism)
	for subtask := range parallelism {
		op := &processOp[string, call, string]{key: func(c call) string { return c.key }, build: m.build, hash: hash}
		c := &operator.Context{
			Context: context.Background(), Subtask: subtask, Parallelism: parallelism, MaxParallelism: groups, Counters: &operator.Counters{},
			Now:      func() time.Time { return time.UnixMilli(m.now) },
			SetTimer: func(at time.Time) { m.alarms[subtask] = append(m.alarms[subtask], at.UnixMilli()) },
		}
		switch {
		case saved != nil && parallelism == 1:
			c.Restore = &state.Reader{Tables: saved}
		case saved != nil:
			c.Restore = &state.Reader{}
			for _, t := range saved {
				c.Restore.Tables = append(c.Restore.Tables, cutTable(t, subtask, parallelism))
			}
		}
		if err := op.Open(c); err != nil {
			m.t.Fatal(err)
		}
		m.ops = append(m.ops, op)
	}
}

// cutTable is the part of a table that a subtask gets.
func cutTable(t state.Table, subtask, parallelism int) state.Table {
	b := *t.Rows
	b.Sel = []int32{}
	for r, g := range t.Groups {
		if state.Target(int(g), groups, parallelism) == subtask {
			b.Sel = append(b.Sel, int32(r))
		}
	}
	t.Rows = &b
	return t
}

// restart takes a snapshot and goes on from it with another parallelism.
func (m *machine) restart(parallelism int) {
	m.keeper, m.open = nil, false
	merged := map[string]*state.Table{}
	var names []string
	for _, op := range m.ops {
		var w state.Writer
		if err := op.Snapshot(&w); err != nil {
			m.t.Fatal(err)
		}
		for _, t := range w.Tables {
			to := merged[t.Name]
			if to == nil {
				to = &state.Table{Name: t.Name, Schema: t.Schema, Keyed: true, Rows: column.NewBatch(t.Schema, 0)}
				merged[t.Name] = to
				names = append(names, t.Name)
			}
			for i, c := range t.Rows.Cols {
				to.Rows.Cols[i].AppendRows(c, nil)
			}
			to.Rows.Len += t.Rows.Len
			to.Groups = append(to.Groups, t.Groups...)
		}
	}
	var saved []state.Table
	for _, n := range names {
		saved = append(saved, *merged[n])
	}
	m.start(parallelism, saved)
}

// follow takes a checkpoint of what has changed, or goes on with it, and may go on from it.
func (m *machine) follow(random *rand.Rand) {
	if len(m.ops) > 1 {
		return
	}
	check := func(err error) {
		if err != nil {
			m.t.Fatal(err)
		}
	}
	if m.keeper == nil {
		m.keeper = snapshottest.NewKeeper(groups)
	}
	switch choice := random.IntN(8); {
	case choice < 3 || !m.open: // one that is open is given up
		check(m.keeper.Begin(m.ops[0].Snapshot))
		m.open = true
	case choice < 6:
		m.keeper.Copy(1 + random.IntN(3))
	default:
		check(m.keeper.End())
		m.open = false
		if choice == 7 {
			check(m.keeper.Begin(m.ops[0].Snapshot))
			check(m.keeper.End())
			tables, err := m.keeper.Tables()
			check(err)
			m.start(1, tables)
		}
	}
}

func (m *machine) value(c call) {
	hash, h := m.ops[0].hash, make([]uint64, 1)
	hash([]string{c.key}, h)
	op := m.ops[state.Target(state.KeyGroup(h[0], groups), groups, len(m.ops))]
	if err := op.Process(0, &slice[call]{[]call{c}}, m); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) watermark(t int64) {
	for _, op := range m.ops {
		if err := op.Watermark(t, m); err != nil {
			m.t.Fatal(err)
		}
	}
}

// advance lets the clock go on and calls timers as a task does.
func (m *machine) advance(to int64) {
	m.now = to
	for i, op := range m.ops {
		for {
			slices.Sort(m.alarms[i])
			if len(m.alarms[i]) == 0 || m.alarms[i][0] > to {
				break
			}
			at := m.alarms[i][0]
			m.alarms[i] = m.alarms[i][1:]
			if err := op.Timer(time.UnixMilli(at), m); err != nil {
				m.t.Fatal(err)
			}
		}
	}
}

// TestProcessModel compares with maps: state is that of its key, timers come once and in time, and both survive restarts with other parallelism.
func TestProcessModel(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 8))
		type key struct {
			total        int
			set          bool
			seen         []string
			by           map[int]float64
			event, clock map[int]bool
		}
		model := map[string]*key{}
		m := &machine{t: t, build: history}
		m.start(1+random.IntN(3), nil)
		mark := 0
		for step := range 300 {
			m.got = nil
			for range random.IntN(3) {
				m.follow(random)
			}
			var want []string
			tell := func(name string, at int, event bool) {
				k := model[name]
				b, there := k.by[at]
				want = append(want, fmt.Sprint(name, " ", at, event, k.total, k.set, k.seen, b, there, len(k.by)))
			}
			switch random.IntN(12) {
			case 0:
				m.restart(1 + random.IntN(4))
			case 1:
				mark += 1 + random.IntN(12)
				m.watermark(int64(mark))
				for name, k := range model {
					for at := range k.event {
						if at <= mark {
							delete(k.event, at)
							tell(name, at, true)
						}
					}
				}
			case 2:
				m.advance(m.now + int64(random.IntN(12)))
				for name, k := range model {
					for at := range k.clock {
						if at <= int(m.now) {
							delete(k.clock, at)
							tell(name, at, false)
						}
					}
				}
			default:
				name, n := fmt.Sprint("key ", random.IntN(6)), random.IntN(60+step)-10
				if random.IntN(3) == 0 {
					n = 0
				}
				m.value(call{name, n})
				k := model[name]
				if k == nil {
					k = &key{by: map[int]float64{}, event: map[int]bool{}, clock: map[int]bool{}}
					model[name] = k
				}
				switch {
				case n == 0:
					k.total, k.set, k.seen, k.by = 0, false, nil, map[int]float64{}
				case n < 0:
					delete(k.by, -n)
					delete(k.event, -n)
					delete(k.clock, -n)
				default:
					k.total, k.set = k.total+n, true
					k.seen = append(k.seen, fmt.Sprint(n))
					k.by[n] += 0.5
					if n%3 == 0 {
						k.clock[n] = true
					} else {
						k.event[n] = true
					}
				}
			}
			slices.Sort(want)
			slices.Sort(m.got)
			if !slices.Equal(m.got, want) {
				t.Fatalf("seed %d, step %d: %q, want %q", seed, step, m.got, want)
			}
			known, live := 0, 0
			for _, op := range m.ops {
				known += len(op.keys.numbers)
			}
			for _, k := range model {
				if k.set || len(k.seen) > 0 || len(k.by) > 0 || len(k.event) > 0 || len(k.clock) > 0 {
					live++
				}
			}
			if known != live {
				t.Fatalf("seed %d, step %d: %d keys are kept, want %d", seed, step, known, live)
			}
		}
		m.got = nil
		m.watermark(math.MaxInt64)
		left := 0
		for _, k := range model {
			left += len(k.event)
		}
		if len(m.got) != left {
			t.Fatalf("seed %d: %d timers at the end, want %d", seed, len(m.got), left)
		}
	}
}

// A timer that sets itself again does not keep the end of the input from coming.
func TestTimersEnd(t *testing.T) {
	op := &processOp[string, call, string]{key: func(c call) string { return c.key }, hash: func(_ []string, h []uint64) { clear(h) }}
	calls := 0
	op.build = func(*States) Handler[string, call, string] {
		return Handler[string, call, string]{
			Value: func(c *Context[string, string], _ call) error { c.SetEventTimer(time.UnixMilli(1)); return nil },
			Timer: func(c *Context[string, string], t Timer) error {
				calls++
				c.SetEventTimer(t.At.Add(time.Second))
				return nil
			},
		}
	}
	m := &machine{t: t, build: history}
	if err := op.Open(&operator.Context{Context: t.Context(), MaxParallelism: groups, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{op.Process(0, &slice[call]{[]call{{"a", 1}}}, m), op.Watermark(1500, m), op.Watermark(math.MaxInt64, m)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if calls != 3 {
		t.Errorf("%d calls, want those for 1, 1001 and, at the end, 2001 ms", calls)
	}
}
