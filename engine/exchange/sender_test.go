package exchange

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

func TestMain(m *testing.M) {
	Mangle = true
	m.Run()
}

var fields = []column.Field{
	{Name: "word", Type: column.Str()},
	{Name: "n", Type: column.Of(column.BigInt)},
	{Name: "list", Type: column.ArrayOf(column.Str())},
}

// word is short for some n and too long for a view for others.
func word(n int64) string { return fmt.Sprintf("%0*d", 1+n%20, n%97) }

// batch has rows for the numbers from … to-1, with nulls and sometimes with other rows between that are not selected.
func batch(from, to int64, random *rand.Rand) *column.Batch {
	b := column.NewBatch(fields, 0)
	selecting := random.IntN(2) == 0
	add := func(n int64, text string) {
		b.Cols[0].AppendString(text)
		column.Append(b.Cols[1], n)
		b.Cols[2].Children[0].AppendString(text + "!")
		b.Cols[2].AppendList(1)
		b.Len++
	}
	for n := from; n < to; n++ {
		for selecting && random.IntN(3) == 0 {
			add(-1, "not selected")
		}
		if selecting {
			b.Sel = append(b.Sel, int32(b.Len))
		}
		add(n, word(n))
	}
	if random.IntN(2) == 0 {
		for i := range b.AddKinds(b.Len) {
			b.Kinds[i] = column.RowKind(column.Values[int64](b.Cols[1])[i] & 3)
		}
	}
	return b
}

// check verifies that the rows of a batch are as they were made and returns their numbers.
func check(b *column.Batch) ([]int64, error) {
	numbers := slices.Clone(column.Values[int64](b.Cols[1])[:b.Len])
	for i, n := range numbers {
		if got := string(b.Cols[0].BytesAt(i)); got != word(n) {
			return nil, fmt.Errorf("row %d has the text %q, want %q", n, got, word(n))
		}
		o := b.Cols[2].Offsets()
		if got := string(b.Cols[2].Children[0].BytesAt(int(o[i]))); o[i+1] != o[i]+1 || got != word(n)+"!" {
			return nil, fmt.Errorf("row %d has the list element %q, want %q", n, got, word(n)+"!")
		}
		if k := b.Kind(i); k != column.Insert && k != column.RowKind(n&3) {
			return nil, fmt.Errorf("row %d has the kind %d", n, k)
		}
	}
	return numbers, nil
}

type received struct {
	numbers [][]int64 // by channel
	err     error
}

// receive takes everything from a gate until all channels have ended.
func receive(g *Gate, r *received, slow func()) {
	r.numbers = make([][]int64, g.Channels())
	ended := 0
	for ended < g.Channels() {
		c, m, ok := g.Next()
		if !ok {
			<-g.Wake()
			continue
		}
		switch m.Kind {
		case End:
			ended++
		case Data:
			slow()
			numbers, err := check(m.Payload.(*column.Batch))
			if err != nil {
				r.err = err
			}
			r.numbers[c] = append(r.numbers[c], numbers...)
			m.Release()
		}
	}
}

// Every row arrives, once (or once at each receiver of a broadcast), in order within its channel and with its key group's subtask.
func TestShips(t *testing.T) {
	const total = 10_000
	for _, ship := range []graph.Ship{graph.Forward, graph.Hash, graph.Broadcast, graph.Rebalance} {
		for _, size := range []struct{ senders, receivers int }{{1, 1}, {2, 3}, {5, 2}} {
			receivers := size.receivers
			if ship == graph.Forward {
				receivers = 1
			}
			t.Run(fmt.Sprintf("%v/%d-%d", ship, size.senders, receivers), func(t *testing.T) {
				gates := make([]*Gate, receivers)
				for i := range gates {
					gates[i] = NewGate()
				}
				var group sync.WaitGroup
				senders := make([]*Sender, size.senders)
				for k := range senders {
					space := make(chan struct{}, 1)
					to := make([]*Channel, receivers)
					for i, g := range gates {
						to[i] = g.Connect(0, space)
					}
					edge := graph.Edge{Ship: ship, Keys: []int{0, 2}}
					senders[k] = NewSender(t.Context(), ship, NewPacker(edge, fields, receivers, 128), to, space)
				}
				for k, s := range senders {
					random := rand.New(rand.NewPCG(uint64(k), 1))
					group.Go(func() {
						for at := int64(0); at < total; {
							end := min(total, at+random.Int64N(3000))
							if random.IntN(2) == 0 {
								end = min(total, at+random.Int64N(3))
							}
							if err := s.Emit(batch(at, end, random)); err != nil {
								t.Error(err)
							}
							at = end
							if random.IntN(10) == 0 {
								s.Flush()
							}
						}
						if err := s.Mark(Message{Kind: End}); err != nil {
							t.Error(err)
						}
					})
				}
				results := make([]received, receivers)
				for i, g := range gates {
					random := rand.New(rand.NewPCG(uint64(i), 2))
					group.Go(func() {
						receive(g, &results[i], func() {
							for range random.IntN(20) * random.IntN(20) { // so that queues fill up
								runtime.Gosched()
							}
						})
					})
				}
				group.Wait()

				seen := make([]int, total)
				owner := map[string]int{}
				for i, r := range results {
					if r.err != nil {
						t.Fatal(r.err)
					}
					for c, numbers := range r.numbers {
						if !slices.IsSorted(numbers) {
							t.Errorf("receiver %d: rows of channel %d are out of order", i, c)
						}
						for _, n := range numbers {
							seen[n]++
							if ship == graph.Hash {
								if o, ok := owner[word(n)]; ok && o != i {
									t.Fatalf("key %q came to subtasks %d and %d", word(n), o, i)
								}
								owner[word(n)] = i
							}
						}
					}
				}
				want := size.senders
				if ship == graph.Broadcast {
					want *= receivers
				}
				for n, times := range seen {
					if times != want {
						t.Fatalf("row %d came %d times, want %d", n, times, want)
					}
				}
				if ship == graph.Hash && receivers > 1 {
					for i, r := range results {
						if len(slices.Concat(r.numbers...)) == 0 {
							t.Errorf("receiver %d got nothing", i)
						}
					}
				}
			})
		}
	}
}

// A row goes where operators look for its key group.
func TestHashGoesToItsGroup(t *testing.T) {
	const receivers, groups = 3, 128
	space := make(chan struct{}, 1)
	gates, to := make([]*Gate, receivers), make([]*Channel, receivers)
	for i := range gates {
		gates[i] = NewGate()
		to[i] = gates[i].Connect(0, space)
	}
	s := NewSender(t.Context(), graph.Hash, NewPacker(graph.Edge{Ship: graph.Hash, Keys: []int{0}}, fields, receivers, groups), to, space)
	if err := s.Emit(batch(0, 500, rand.New(rand.NewPCG(0, 0)))); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	for i, g := range gates {
		_, m, ok := g.Next()
		if !ok {
			t.Fatalf("subtask %d got nothing", i)
		}
		b := m.Payload.(*column.Batch)
		hashes := make([]uint64, b.Len)
		new(state.KeyHasher).Hash(b.Cols[:1], nil, hashes)
		for _, h := range hashes {
			if want := state.Target(state.KeyGroup(h, groups), groups, receivers); want != i {
				t.Fatalf("a row of subtask %d came to %d", want, i)
			}
		}
	}
}

// rows returns the sizes of the payloads waiting in a gate.
func rows(g *Gate) (sizes []int) {
	for {
		_, m, ok := g.Next()
		if !ok {
			return sizes
		}
		if m.Kind == Data {
			sizes = append(sizes, m.Payload.Rows())
			m.Release()
		}
	}
}

func single(t *testing.T, ctx context.Context) (*Sender, *Gate, chan struct{}) {
	t.Helper()
	space, g := make(chan struct{}, 1), NewGate()
	s := NewSender(ctx, graph.Forward, NewPacker(graph.Edge{}, fields, 1, 128), []*Channel{g.Connect(0, space)}, space)
	return s, g, space
}

func numbered(n int) *column.Batch {
	b := column.NewBatch(fields, n)
	for i := range n {
		b.Cols[0].AppendString("")
		column.Append(b.Cols[1], int64(i))
		b.Cols[2].AppendList(0)
	}
	b.Len = n
	return b
}

// Few rows wait for company, unless the receiver has nothing to do and they are more than a handful; enough rows go at once.
func TestBatching(t *testing.T) {
	s, g, _ := single(t, t.Context())
	emit := func(n int) {
		t.Helper()
		if err := s.Emit(numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, want ...int) {
		t.Helper()
		if got := rows(g); !slices.Equal(got, want) {
			t.Errorf("%s: payloads of %v rows, want %v", what, got, want)
		}
	}
	emit(1)
	expect("one row")
	s.Flush()
	expect("one row, flushed", 1)
	emit(someRows)
	expect("some rows for an idle receiver", someRows)

	emit(someRows)
	emit(someRows)
	emit(someRows)
	expect("some rows for a busy receiver", someRows)
	emit(enoughRows)
	expect("more rows than enough", 2*someRows+enoughRows)

	for range Capacity {
		emit(enoughRows)
	}
	emit(enoughRows)
	emit(someRows)
	if s.Flush() {
		t.Error("Flush says that all is handed on though the queue is full")
	}
	want := slices.Repeat([]int{enoughRows}, Capacity)
	expect("a full queue", want...)
	if !s.Flush() {
		t.Error("Flush had room and handed on not all")
	}
	expect("what grew behind a full queue", enoughRows+someRows)
}

// A lot at its limit makes the sender wait, and the end of the job ends the wait.
func TestBackPressure(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s, g, _ := single(t, ctx)
	emitted := make(chan int)
	failed := make(chan error)
	go func() {
		for i := 0; ; i++ {
			if err := s.Emit(numbered(enoughRows)); err != nil {
				failed <- err
				return
			}
			emitted <- i
		}
	}()
	const room = Capacity + mostRows/enoughRows - 1
	for range room {
		<-emitted
	}
	waits := func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.channels[0].wanted
	}
	for !waits() || len(s.space) > 0 {
		runtime.Gosched()
	}
	select {
	case i := <-emitted:
		t.Fatalf("payload %d was taken though %d fill queue and limit", i, room)
	default:
	}
	for range Capacity - Capacity/2 {
		_, m, _ := g.Next()
		m.Release()
	}
	<-emitted
	stop := errors.New("stop")
	cancel(stop)
	for {
		select {
		case <-emitted:
		case err := <-failed:
			if !errors.Is(err, stop) {
				t.Errorf("error %v, want the cause", err)
			}
			return
		}
	}
}

// Large values count by their bytes.
func TestBatchingByBytes(t *testing.T) {
	s, g, _ := single(t, t.Context())
	b := column.NewBatch(fields, 1)
	b.Cols[0].AppendBytes(make([]byte, enoughBytes))
	column.Append(b.Cols[1], int64(0))
	b.Cols[2].AppendList(0)
	b.Len = 1
	for range 2 {
		if err := s.Emit(b); err != nil {
			t.Fatal(err)
		}
	}
	if got := rows(g); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("payloads of %v rows, want 1 and 1", got)
	}
}

// In steady state, batches go round without a new one being made.
func TestRecycling(t *testing.T) {
	for _, ship := range []graph.Ship{graph.Forward, graph.Hash, graph.Rebalance, graph.Broadcast} {
		receivers := 2
		if ship == graph.Forward {
			receivers = 1
		}
		space := make(chan struct{}, 1)
		gates, to := make([]*Gate, receivers), make([]*Channel, receivers)
		for i := range gates {
			gates[i] = NewGate()
			to[i] = gates[i].Connect(0, space)
		}
		s := NewSender(t.Context(), ship, NewPacker(graph.Edge{Ship: ship, Keys: []int{1}}, fields, receivers, 128), to, space)
		b := numbered(1000)
		once := func() {
			if err := s.Emit(b); err != nil {
				t.Fatal(err)
			}
			s.Flush()
			for _, g := range gates {
				for {
					_, m, ok := g.Next()
					if !ok {
						break
					}
					m.Release()
				}
			}
		}
		for range 20 {
			once()
		}
		if n := testing.AllocsPerRun(100, once); n > 0 {
			t.Errorf("%v: %.1f allocations for each batch", ship, n)
		}
	}
}

// A receiver that is behind is passed over.
func TestRebalancePassesOverTheSlow(t *testing.T) {
	space := make(chan struct{}, 1)
	slow, quick := NewGate(), NewGate()
	s := NewSender(t.Context(), graph.Rebalance, NewPacker(graph.Edge{Ship: graph.Rebalance}, fields, 2, 128),
		[]*Channel{slow.Connect(0, space), quick.Connect(0, space)}, space)
	total := 0
	for range 20 {
		if err := s.Emit(numbered(enoughRows)); err != nil {
			t.Fatal(err)
		}
		for _, n := range rows(quick) {
			total += n
		}
	}
	if want := (20 - Capacity) * enoughRows; total != want {
		t.Errorf("the quick receiver got %d rows, want %d", total, want)
	}
}
