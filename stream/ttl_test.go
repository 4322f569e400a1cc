package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// fading has states of different times to live, which a positive number changes, 0 only reads and a negative one clears.
func fading(s *States) Handler[string, call, string] {
	total := ValueState[int](s, "total", TTL(7*time.Millisecond))
	seen := ListState[int](s, "seen", TTL(10*time.Millisecond+time.Nanosecond)) // whole milliseconds: 11
	by := MapState[int, int](s, "by", TTL(20*time.Millisecond))
	lasting := ValueState[int](s, "lasting")
	return Handler[string, call, string]{
		Value: func(c *Context[string, string], v call) error {
			n, ok := total.Get()
			var list []int
			for _, x := range seen.All() {
				list = append(list, x)
			}
			kept, _ := lasting.Get()
			if err := c.Emit(fmt.Sprint(c.Key(), " ", n, ok, list, by.Len(), kept)); err != nil {
				return err
			}
			switch {
			case v.n < 0:
				total.Clear()
				seen.Replace()
				by.Delete(-v.n)
			case v.n%4 == 1:
				total.Set(n + v.n)
			case v.n%4 == 2:
				seen.Add(v.n)
			case v.n%4 == 3:
				by.Set(v.n, 1)
			case v.n > 0 && v.n%8 == 0:
				lasting.Set(kept + 1)
			case v.n > 0:
				lasting.Clear()
				c.SetTimer(time.UnixMilli(int64(v.n)))
			}
			return nil
		},
		Timer: func(c *Context[string, string], t Timer) error { return nil },
	}
}

// TestTTLModel: state is there until its time to live is over, counted from the last change, through restarts, and then its key is forgotten too.
func TestTTLModel(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 3))
		type key struct {
			total, lasting int
			seen           []int
			by             map[int]bool
			until          [3]int64 // total, seen, by; 0: it is empty
		}
		model := map[string]*key{}
		m := &machine{t: t, build: fading, now: 1000}
		m.start(1+random.IntN(3), nil)
		fade := func() {
			for _, k := range model {
				if k.until[0] <= m.now {
					k.total, k.until[0] = 0, 0
				}
				if k.until[1] <= m.now {
					k.seen, k.until[1] = nil, 0
				}
				if k.until[2] <= m.now {
					k.by, k.until[2] = map[int]bool{}, 0
				}
			}
		}
		for step := range 400 {
			m.got = nil
			var want []string
			switch random.IntN(10) {
			case 0:
				m.restart(1 + random.IntN(4))
			case 1, 2:
				m.advance(m.now + int64(random.IntN(6)))
				fade()
			case 3:
				m.now += int64(random.IntN(6)) // no timer has come yet
				fade()
			default:
				name, n := fmt.Sprint("key ", random.IntN(6)), random.IntN(40)-5
				k := model[name]
				if k == nil {
					k = &key{by: map[int]bool{}}
					model[name] = k
				}
				want = append(want, fmt.Sprint(name, " ", k.total, k.until[0] > 0, k.seen, len(k.by), k.lasting))
				switch {
				case n < 0:
					k.total, k.seen, k.until[0], k.until[1] = 0, nil, 0, 0
					if delete(k.by, -n); len(k.by) == 0 {
						k.until[2] = 0
					} else {
						k.until[2] = m.now + 20
					}
				case n%4 == 1:
					k.total, k.until[0] = k.total+n, m.now+7
				case n%4 == 2:
					k.seen, k.until[1] = append(k.seen, n), m.now+11
				case n%4 == 3:
					k.by[n], k.until[2] = true, m.now+20
				case n > 0 && n%8 == 0:
					k.lasting++
				case n > 0:
					k.lasting = 0
				}
				m.value(call{name, n})
			}
			if !slices.Equal(m.got, want) {
				t.Fatalf("seed %d, step %d: %q, want %q", seed, step, m.got, want)
			}
		}
		m.advance(m.now + 100)
		fade()
		known, live := 0, 0
		for _, op := range m.ops {
			known += len(op.keys.numbers)
		}
		for _, k := range model {
			if k.lasting > 0 {
				live++
			}
		}
		if known != live {
			t.Fatalf("seed %d: %d keys are kept, want %d", seed, known, live)
		}
	}
}

// TestMaxKeys: of more keys than may be kept, that is forgotten which was not changed for the longest, also after a restart; with a time to live, what comes first counts.
func TestMaxKeys(t *testing.T) {
	const most = 3
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 5))
		m := &machine{t: t, now: 1000, build: func(s *States) Handler[string, call, string] {
			total := ValueState[int](s, "total", MaxKeys(most), TTL(10*time.Millisecond))
			return Handler[string, call, string]{Value: func(c *Context[string, string], v call) error {
				n, _ := total.Get()
				if v.n > 0 {
					total.Set(n + v.n)
				}
				return c.Emit(fmt.Sprint(c.Key(), " ", n))
			}}
		}}
		m.start(1, nil)
		type entry struct {
			key       string
			total     int
			changedAt int64
		}
		var model []entry // the one that was changed last is the last
		for step := range 300 {
			m.got = nil
			if random.IntN(15) == 0 {
				m.restart(1)
			}
			m.now += int64(1 + random.IntN(3)) // no two are changed at a time, of which a checkpoint does not tell the order
			model = slices.DeleteFunc(model, func(e entry) bool { return e.changedAt+10 <= m.now })
			c := call{fmt.Sprint("key ", random.IntN(6)), random.IntN(5)}
			e := entry{key: c.key, changedAt: m.now}
			i := slices.IndexFunc(model, func(e entry) bool { return e.key == c.key })
			if i >= 0 {
				e.total = model[i].total
			}
			want := fmt.Sprint(c.key, " ", e.total)
			if c.n > 0 {
				if i >= 0 {
					model = slices.Delete(model, i, i+1)
				}
				e.total += c.n
				if model = append(model, e); len(model) > most {
					model = model[1:]
				}
			}
			m.value(c)
			if len(m.got) != 1 || m.got[0] != want {
				t.Fatalf("seed %d, step %d: %q, want %q", seed, step, m.got, want)
			}
			if n := len(m.ops[0].keys.numbers); n != len(model) {
				t.Fatalf("seed %d, step %d: %d keys are kept, want %d", seed, step, n, len(model))
			}
		}
	}
}
