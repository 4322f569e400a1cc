package nexmark

import (
	"math"
	"math/bits"
	"sync"
)

// The kinds of events, as event_type has them.
const (
	person = iota
	auction
	bid
	kinds
)

// What the benchmark fixes.
const (
	firstPerson   = 1000 // ids begin there, so that they differ in little from those of large sets
	firstAuction  = 1000
	firstCategory = 10
	categories    = 5
	lead          = 10   // persons and auctions that do not exist yet may be referred to, so many ahead
	activePersons = 1000 // only the last so many persons sell and bid
	openAuctions  = 100  // only the last so many auctions are bid on
	hotEvery      = 100  // of so many auctions or persons one is hot
)

// model is what events are computed from.
type model struct {
	seed                           uint64
	base                           int64 // time of the first event, in milliseconds
	rate                           int64 // events per second
	persons, auctions, bids, cycle int64
	hotAuctions, hotBidders        uint64
	hotSellers                     uint64
	size                           [kinds]int64 // bytes on average
	once                           sync.Once
	pools                          *pools
}

// prepare makes the texts that rows point into.
func (m *model) prepare() { m.once.Do(func() { m.pools = newPools(m.seed) }) }

// time is an event's, in milliseconds.
func (m *model) time(n int64) int64 {
	hi, lo := bits.Mul64(uint64(n), 1000)
	if hi >= uint64(m.rate) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(m.rate))
	return m.base + int64(q)
}

// kind is an event's.
func (m *model) kind(n int64) int {
	switch at := n % m.cycle; {
	case at < m.persons:
		return person
	case at < m.persons+m.auctions:
		return auction
	}
	return bid
}

// lastPerson is the number of the last person up to event n, its own if it is one.
func (m *model) lastPerson(n int64) int64 {
	cycle, at := n/m.cycle, n%m.cycle
	return max(0, cycle*m.persons+min(at, m.persons-1))
}

// lastAuction is the number of the last auction up to event n, its own if it is one.
func (m *model) lastAuction(n int64) int64 {
	cycle, at := n/m.cycle, n%m.cycle
	if at < m.persons { // the last one of the cycle before
		return max(0, cycle*m.auctions-1)
	}
	return max(0, cycle*m.auctions+min(at-m.persons, m.auctions-1))
}

// somePerson is one of the active persons, or of those who come next.
func (m *model) somePerson(n int64, word uint64) int64 {
	known := m.lastPerson(n) + 1
	active := min(known, activePersons)
	return known - active + below(word, active+lead)
}

// someAuction is one of the open auctions, or of those that come next.
func (m *model) someAuction(n int64, word uint64) int64 {
	last := m.lastAuction(n)
	first := max(last-openAuctions, 0)
	return first + below(word, last-first+1+lead)
}

func (m *model) bidAuction(n int64) int64 {
	if below(m.word(n, 'a'), int64(m.hotAuctions)) > 0 { // the first of the last hundred
		return firstAuction + m.lastAuction(n)/hotEvery*hotEvery
	}
	return firstAuction + m.someAuction(n, m.word(n, 'A'))
}

func (m *model) bidder(n int64) int64 {
	if below(m.word(n, 'b'), int64(m.hotBidders)) > 0 { // the second of the last hundred, so that it is no hot seller
		return firstPerson + m.lastPerson(n)/hotEvery*hotEvery + 1
	}
	return firstPerson + m.somePerson(n, m.word(n, 'B'))
}

func (m *model) seller(n int64) int64 {
	if below(m.word(n, 's'), int64(m.hotSellers)) > 0 { // the first of the last hundred
		return firstPerson + m.lastPerson(n)/hotEvery*hotEvery
	}
	return firstPerson + m.somePerson(n, m.word(n, 'S'))
}

func (m *model) initialBid(n int64) int64 { return price(m.word(n, 'i')) }

func (m *model) reserve(n int64) int64 { return m.initialBid(n) + price(m.word(n, 'r')) }

// expires is when an auction ends: on average when as many more have been opened as are open at a time.
func (m *model) expires(n int64) int64 {
	from := m.time(n)
	ahead := openAuctions * m.cycle / max(1, m.auctions)
	return from + 1 + below(m.word(n, 'e'), max(1, 2*(m.time(n+ahead)-from)))
}

// price is from 1 to a million, in cents, with a uniform logarithm.
func price(word uint64) int64 {
	const magnitudes = 6
	return int64(math.Round(math.Exp(unit(word)*magnitudes*math.Ln10) * 100))
}

// word is a random number for an event: the same for the same seed, event and field.
func (m *model) word(n int64, field uint64) uint64 {
	return mix(m.seed*0xA0761D6478BD642F ^ field*0xD1B54A32D192ED03 + uint64(n)*0x9E3779B97F4A7C15)
}

// mix is the finishing of SplitMix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	return x ^ x>>31
}

// below scales a random word to 0 … n-1.
func below(word uint64, n int64) int64 {
	hi, _ := bits.Mul64(word, uint64(n))
	return int64(hi)
}

// unit scales a random word to [0, 1).
func unit(word uint64) float64 { return float64(word>>11) / (1 << 53) }
