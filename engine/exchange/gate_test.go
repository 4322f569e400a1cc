package exchange

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func drain(t *testing.T, g *Gate) (channels []int, times []int64) {
	t.Helper()
	for {
		c, m, ok := g.Next()
		if !ok {
			return channels, times
		}
		channels, times = append(channels, c), append(times, m.Time)
	}
}

func woken(g *Gate) bool {
	select {
	case <-g.Wake():
		return true
	default:
		return false
	}
}

// connect makes a gate with n channels, each with a space signal of its own.
func connect(n int) (*Gate, []*Channel, []chan struct{}) {
	g := NewGate()
	channels, space := make([]*Channel, n), make([]chan struct{}, n)
	for i := range n {
		space[i] = make(chan struct{}, 1)
		channels[i] = g.Connect(0, space[i])
	}
	return g, channels, space
}

func TestGateTakesTurns(t *testing.T) {
	g, c, _ := connect(3)
	for i := range 3 {
		c[0].push(&Message{Kind: Barrier, Time: int64(i)}, 0)
	}
	c[2].push(&Message{Kind: Barrier, Time: 10}, 0)
	c[2].push(&Message{Kind: Barrier, Time: 11}, 0)
	channels, times := drain(t, g)
	if want := []int{0, 2, 0, 2, 0}; !slices.Equal(channels, want) {
		t.Errorf("channels %v, want %v", channels, want)
	}
	if want := []int64{0, 10, 1, 11, 2}; !slices.Equal(times, want) {
		t.Errorf("messages %v, want %v", times, want)
	}
}

func TestGateWakesOnce(t *testing.T) {
	g, c, _ := connect(2)
	if woken(g) {
		t.Error("woken by nothing")
	}
	c[0].push(&Message{Kind: Barrier}, 0)
	c[1].push(&Message{Kind: Barrier}, 0)
	if !woken(g) || woken(g) {
		t.Error("want one signal for what came before Next")
	}
	drain(t, g)
	g.Block(0)
	c[0].push(&Message{Kind: Barrier}, 0)
	if woken(g) {
		t.Error("woken by a blocked channel")
	}
	g.Unblock()
	if channels, _ := drain(t, g); !slices.Equal(channels, []int{0}) {
		t.Errorf("after Unblock channels %v came, want 0", channels)
	}
}

func TestFullChannel(t *testing.T) {
	g, c, space := connect(1)
	for i := range Capacity {
		if !c[0].push(&Message{Kind: Barrier, Time: int64(i)}, 0) {
			t.Fatalf("message %d had no room", i)
		}
	}
	if c[0].room(0) || c[0].push(&Message{Kind: Barrier}, 0) {
		t.Fatal("there is room in a full queue")
	}
	for taken := 1; ; taken++ {
		g.Next()
		if len(space[0]) > 0 {
			if taken != Capacity-Capacity/2 {
				t.Errorf("told of room after %d messages", taken)
			}
			break
		}
		if taken == Capacity {
			t.Fatal("never told of room")
		}
	}
	if !c[0].room(0) {
		t.Error("no room in a queue half empty")
	}
}

func TestWatermarksMerge(t *testing.T) {
	g, c, _ := connect(1)
	for i := range int64(100) {
		if !c[0].push(&Message{Kind: Watermark, Time: i}, 0) {
			t.Fatal("a watermark behind a watermark needs no room")
		}
	}
	c[0].push(&Message{Kind: Barrier, Time: 7}, 0)
	c[0].push(&Message{Kind: Watermark, Time: 200}, 0)
	if _, times := drain(t, g); !slices.Equal(times, []int64{99, 7, 200}) {
		t.Errorf("messages %v, want 99, 7, 200", times)
	}
}

// Against a model: each channel is a list, and a blocked one stands still.
func TestGateModel(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		g, c, _ := connect(1 + random.IntN(5))
		queues := make([][]int64, len(c))
		blocked := make([]bool, len(c))
		next := int64(0)
		for range 500 {
			i := random.IntN(len(c))
			switch random.IntN(6) {
			case 0, 1:
				next++
				if ok := c[i].push(&Message{Kind: Barrier, Time: next}, 0); ok != (len(queues[i]) < Capacity) {
					t.Fatalf("seed %d: push to a queue of %d: %v", seed, len(queues[i]), ok)
				} else if ok {
					queues[i] = append(queues[i], next)
				}
			case 2, 3, 4:
				k, m, ok := g.Next()
				if !ok {
					for j, q := range queues {
						if len(q) > 0 && !blocked[j] {
							t.Fatalf("seed %d: nothing came though channel %d has messages", seed, j)
						}
					}
					continue
				}
				if blocked[k] || len(queues[k]) == 0 || queues[k][0] != m.Time {
					t.Fatalf("seed %d: message %d came by channel %d, which holds %v, blocked %v", seed, m.Time, k, queues[k], blocked[k])
				}
				queues[k] = queues[k][1:]
			default:
				if random.IntN(3) == 0 {
					g.Unblock()
					clear(blocked)
				} else {
					g.Block(i)
					blocked[i] = true
				}
			}
		}
	}
}

// TestGateDraws: by chance queues are of other lengths and others are next, but what comes by one queue stays in order and nothing is lost.
func TestGateDraws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	g := NewGate()
	g.Draw = r.IntN
	const channels, messages = 5, 100
	var c []*Channel
	for range channels {
		c = append(c, g.Connect(0, make(chan struct{}, 1)))
	}
	sent, got := make([]int64, channels), make([]int64, channels)
	most, turns := map[int]bool{}, map[int]bool{}
	for last := -1; slices.Min(got) < messages; {
		for i := range c {
			for sent[i] < messages && r.IntN(2) == 0 && c[i].push(&Message{Kind: Barrier, Time: sent[i]}, 0) {
				sent[i]++
			}
			most[c[i].most] = true
		}
		from, m, ok := g.Next()
		if !ok {
			continue
		}
		if m.Time != got[from] {
			t.Fatalf("channel %d gave message %d, want %d", from, m.Time, got[from])
		}
		got[from]++
		turns[(from-last+channels)%channels] = true
		last = from
	}
	if len(most) < 2 || len(turns) < channels {
		t.Errorf("queues of %d lengths, and %d of %d steps between one queue and the next", len(most), len(turns), channels)
	}
}
