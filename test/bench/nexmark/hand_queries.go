package main

import (
	"github.com/millstream/millstream/column"
)

// numbers are the values of a field of a row that holds numbers.
func numbers(row *column.Vector, field int) []int64 { return column.Values[int64](row.Children[field]) }

// The kinds of events, as event_type has them.
const (
	isPerson  = 0
	isAuction = 1
	isBid     = 2
)

// convert is q1.
type convert struct {
	n     int
	sum   int64 // so that nothing is left out
	price []int64
}

func (q *convert) add(kinds []int32, b *column.Batch) {
	row := b.Cols[1]
	auction, bidder, price, when, extra := numbers(row, 0), numbers(row, 1), numbers(row, 2), numbers(row, 3), row.Children[4]
	q.price = q.price[:0]
	for i, k := range kinds {
		if k == isBid {
			q.price = append(q.price, price[i]*908)
			q.sum += auction[i] ^ bidder[i] ^ when[i] ^ int64(len(extra.BytesAt(i)))
		}
	}
	q.n += len(q.price)
}

func (q *convert) merge(other loop) { q.n += other.(*convert).n }
func (q *convert) rows() int        { return q.n }

// hotItems is q5: bids of each auction in each two seconds, of which five make a window.
type hotItems struct {
	counts map[int64]map[int64]int64
	slice  int64 // the one that was added to last
	last   map[int64]int64
}

const (
	sliceMillis = 2000
	slicesOf    = 5
)

func (q *hotItems) add(kinds []int32, b *column.Batch) {
	auction, when := numbers(b.Cols[1], 0), numbers(b.Cols[1], 1)
	for i, k := range kinds {
		if k != isBid {
			continue
		}
		if s := when[i] / sliceMillis; q.last == nil || s != q.slice {
			if q.slice, q.last = s, q.counts[s]; q.last == nil {
				q.last = map[int64]int64{}
				q.counts[s] = q.last
			}
		}
		q.last[auction[i]]++
	}
}

func (q *hotItems) merge(other loop) {
	for s, counts := range other.(*hotItems).counts {
		to := q.counts[s]
		if to == nil {
			q.counts[s] = counts
			continue
		}
		for a, n := range counts {
			to[a] += n
		}
	}
}

func (q *hotItems) rows() (n int) {
	starts := map[int64]bool{}
	for s := range q.counts {
		for i := range int64(slicesOf) {
			starts[s-i] = true
		}
	}
	for start := range starts {
		window := map[int64]int64{}
		for i := range int64(slicesOf) {
			for a, c := range q.counts[start+i] {
				window[a] += c
			}
		}
		most := int64(0)
		for _, c := range window {
			most = max(most, c)
		}
		for _, c := range window {
			if c == most {
				n++
			}
		}
	}
	return n
}

const windowMillis = 10000

// highest is q7: the highest price of each window, and the bids that have it.
type highest struct {
	best map[int64]int64
	of   map[int64][]int64
}

func (q *highest) add(kinds []int32, b *column.Batch) {
	row := b.Cols[1]
	auction, price, when := numbers(row, 0), numbers(row, 2), numbers(row, 3)
	for i, k := range kinds {
		if k == isBid {
			q.bid(when[i]/windowMillis, price[i], auction[i])
		}
	}
}

func (q *highest) bid(window, price int64, auctions ...int64) {
	switch best := q.best[window]; {
	case price > best:
		q.best[window], q.of[window] = price, append(q.of[window][:0], auctions...)
	case price == best:
		q.of[window] = append(q.of[window], auctions...)
	}
}

func (q *highest) merge(other loop) {
	o := other.(*highest)
	for window, price := range o.best {
		q.bid(window, price, o.of[window]...)
	}
}

func (q *highest) rows() (n int) {
	for _, list := range q.of {
		n += len(list)
	}
	return n
}

// newSellers is q8.
type newSellers struct {
	persons map[sale]string
	sellers map[sale]bool
}

type sale struct{ id, window int64 }

func (q *newSellers) add(kinds []int32, b *column.Batch) {
	id, name, came := numbers(b.Cols[1], 0), b.Cols[1].Children[1], numbers(b.Cols[1], 2)
	seller, opened := numbers(b.Cols[2], 0), numbers(b.Cols[2], 1)
	for i, k := range kinds {
		switch k {
		case isPerson:
			q.persons[sale{id[i], came[i] / windowMillis}] = string(name.BytesAt(i))
		case isAuction:
			q.sellers[sale{seller[i], opened[i] / windowMillis}] = true
		}
	}
}

func (q *newSellers) merge(other loop) {
	o := other.(*newSellers)
	for s, name := range o.persons {
		q.persons[s] = name
	}
	for s := range o.sellers {
		q.sellers[s] = true
	}
}

func (q *newSellers) rows() (n int) {
	for s := range q.persons {
		if q.sellers[s] {
			n++
		}
	}
	return n
}
