package exchange

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

var benchFields = []column.Field{{Name: "word", Type: column.Str()}, {Name: "n", Type: column.Of(column.BigInt)}}

func benchBatch() *column.Batch {
	b := column.NewBatch(benchFields, enoughRows)
	for i := range enoughRows {
		b.Cols[0].AppendString("w" + strconv.Itoa(i*7919%50_000))
		column.Append(b.Cols[1], int64(i))
	}
	b.Len = enoughRows
	return b
}

// runExchange sends the same batch b.N times over an exchange of n senders and receivers, of which each batch counts once.
func runExchange(b *testing.B, ship graph.Ship, n int) {
	defer func(was bool) { Mangle = was }(Mangle)
	Mangle = false
	gates := make([]*Gate, n)
	for i := range gates {
		gates[i] = NewGate()
	}
	senders := make([]*Sender, n)
	for k := range senders {
		space := make(chan struct{}, 1)
		var to []*Channel
		for i, g := range gates {
			if ship != graph.Forward || i == k {
				to = append(to, g.Connect(0, space))
			}
		}
		packer := NewPacker(graph.Edge{Ship: ship, Keys: []int{0}}, benchFields, len(to), 128)
		senders[k] = NewSender(b.Context(), ship, packer, to, space)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var group sync.WaitGroup
	for k, s := range senders {
		src := benchBatch()
		group.Go(func() {
			for range (b.N + k) / n {
				if err := s.Emit(src); err != nil {
					b.Error(err)
				}
			}
			if err := s.Mark(Message{Kind: End}); err != nil {
				b.Error(err)
			}
		})
	}
	for _, g := range gates {
		group.Go(func() {
			for ended := 0; ended < g.Channels(); {
				_, m, ok := g.Next()
				switch {
				case !ok:
					<-g.Wake()
				case m.Kind == End:
					ended++
				case m.Kind == Data:
					m.Release()
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)*enoughRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkExchange(b *testing.B) {
	for _, ship := range []graph.Ship{graph.Forward, graph.Rebalance, graph.Hash} {
		for _, n := range []int{1, 2, 8} {
			b.Run(fmt.Sprintf("%v/%d", ship, n), func(b *testing.B) { runExchange(b, ship, n) })
		}
	}
}

// One row there and one back, between two goroutines that have nothing else to do.
func BenchmarkRoundTrip(b *testing.B) {
	defer func(was bool) { Mangle = was }(Mangle)
	Mangle = false
	oneWay := func() (*Sender, *Gate) {
		space, g := make(chan struct{}, 1), NewGate()
		return NewSender(b.Context(), graph.Hash, NewPacker(graph.Edge{Ship: graph.Hash, Keys: []int{0}}, benchFields, 1, 128), []*Channel{g.Connect(0, space)}, space), g
	}
	there, atB := oneWay()
	back, atA := oneWay()
	one := column.NewBatch(benchFields, 1)
	one.Cols[0].AppendString("word")
	column.Append(one.Cols[1], int64(1))
	one.Len = 1
	send := func(s *Sender) {
		if err := s.Emit(one); err != nil {
			b.Error(err)
		}
		s.Flush()
	}
	receive := func(g *Gate) Kind {
		for {
			if _, m, ok := g.Next(); ok {
				if m.Kind == Data {
					m.Release()
				}
				return m.Kind
			}
			<-g.Wake()
		}
	}
	done := make(chan struct{})
	go func() {
		for receive(atB) == Data {
			send(back)
		}
		close(done)
	}()
	b.ReportAllocs()
	for b.Loop() {
		send(there)
		receive(atA)
	}
	if err := there.Mark(Message{Kind: End}); err != nil {
		b.Error(err)
	}
	<-done
}

// The limit: the same over two Go channels.
func BenchmarkLimitRoundTrip(b *testing.B) {
	there, back := make(chan int64, Capacity), make(chan int64, Capacity)
	go func() {
		for n := range there {
			back <- n
		}
	}()
	for b.Loop() {
		there <- 1
		<-back
	}
	close(there)
}

// The limit: two plain slices, copied and passed over a Go channel, and copied to two by a bit of a ready-made hash.
func BenchmarkLimitCopyAndSend(b *testing.B) {
	type rows struct {
		views   []column.View
		numbers []int64
	}
	src := benchBatch()
	views, numbers := src.Cols[0].Views(), column.Values[int64](src.Cols[1])[:enoughRows]
	send, back := make(chan *rows, Capacity), make(chan *rows, Capacity+2)
	for range cap(back) {
		back <- &rows{make([]column.View, enoughRows), make([]int64, enoughRows)}
	}
	b.ResetTimer()
	go func() {
		for range b.N {
			r := <-back
			copy(r.views, views)
			copy(r.numbers, numbers)
			send <- r
		}
		close(send)
	}()
	for r := range send {
		back <- r
	}
	b.ReportMetric(float64(b.N)*enoughRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

// The limit for one sender of two: hash each view with one multiplication, and append its row to its target's slices.
func BenchmarkLimitPartitionAndSend(b *testing.B) {
	type rows struct {
		views   []column.View
		numbers []int64
	}
	src := benchBatch()
	views, numbers := src.Cols[0].Views(), column.Values[int64](src.Cols[1])[:enoughRows]
	var send, back [2]chan *rows
	for t := range send {
		send[t], back[t] = make(chan *rows, Capacity), make(chan *rows, Capacity+2)
		for range cap(back[t]) {
			back[t] <- &rows{make([]column.View, 0, enoughRows), make([]int64, 0, enoughRows)}
		}
	}
	b.ResetTimer()
	var group sync.WaitGroup
	group.Go(func() {
		for range b.N {
			a, c := <-back[0], <-back[1]
			for i, v := range views {
				h := (v.Lo ^ v.Hi*0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93
				to := a
				if h>>63 != 0 {
					to = c
				}
				to.views, to.numbers = append(to.views, v), append(to.numbers, numbers[i])
			}
			send[0] <- a
			send[1] <- c
		}
		close(send[0])
		close(send[1])
	})
	for t := range send {
		group.Go(func() {
			for r := range send[t] {
				r.views, r.numbers = r.views[:0], r.numbers[:0]
				back[t] <- r
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)*enoughRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
