package nexmark

import (
	"bytes"
	"math/bits"
	"strconv"

	"github.com/millstream/millstream/column"
)

// pools are texts that rows point into instead of having copies: random letters, of which a row's text is a random piece, and all channels.
type pools struct {
	letters  []byte // for 'extra': six lower-case letters, or six of those that end with 'a' in the character set, at a time
	words    []byte // for names and descriptions: letters, and a blank instead of each thirteenth on average
	channels []byte // the names of all channels, hot ones first
	urls     []byte // and their URLs
	name     [channels + len(hotChannels)]piece
	url      [channels + len(hotChannels)]piece
}

// piece is a part of a pool.
type piece struct{ off, n int32 }

const (
	poolSize = 1 << 20
	channels = 10000 // that are not hot
)

var (
	hotChannels = [...]string{"Google", "Facebook", "Baidu", "Apple"}
	firstNames  = [...]string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"}
	lastNames   = [...]string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"}
	cities      = [...]string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
	states      = [...]string{"AZ", "CA", "ID", "OR", "WA", "WY"}
)

// newPools makes the pools of a seed.
func newPools(seed uint64) *pools {
	p := &pools{letters: make([]byte, poolSize), words: make([]byte, poolSize)}
	state := mix(seed ^ 0x6E65786D61726B)
	next := func(n int64) int64 {
		state += 0x9E3779B97F4A7C15
		return below(mix(state), n)
	}
	down := false
	for i := range p.letters {
		if i%6 == 0 {
			down = next(2) == 0
		}
		letter := byte(next(26))
		if down {
			p.letters[i] = 'a' - letter
		} else {
			p.letters[i] = 'a' + letter
		}
	}
	text := func(to []byte, n int64, blank byte) {
		for i := range to[:n] {
			if to[i] = 'a' + byte(next(26)); next(13) == 0 {
				to[i] = blank
			}
		}
	}
	text(p.words, poolSize, ' ')
	for i := range p.url {
		start := len(p.channels)
		if i < len(hotChannels) {
			p.channels = append(p.channels, hotChannels[i]...)
		} else {
			p.channels = strconv.AppendInt(append(p.channels, "channel-"...), int64(i-len(hotChannels)), 10)
		}
		p.name[i] = piece{int32(start), int32(len(p.channels) - start)}
		start = len(p.urls)
		p.urls = append(p.urls, "https://www.nexmark.com/"...)
		for range 3 {
			var folder [4]byte
			n := 3 + next(2)
			text(folder[:], n, '_')
			p.urls = append(append(p.urls, folder[:n]...), '/')
		}
		p.urls = append(p.urls, "item.htm?query=1"...)
		if i >= len(hotChannels) && next(10) > 0 {
			id := int64(int32(bits.Reverse32(uint32(i - len(hotChannels)))))
			p.urls = strconv.AppendInt(append(p.urls, "&channel_id="...), max(id, -id), 10)
		}
		p.url[i] = piece{int32(start), int32(len(p.urls) - start)}
	}
	return p
}

// channel is the number of a bid's.
func (m *model) channel(n int64) int64 {
	w := m.word(n, 'c')
	if w&1 != 0 {
		return below(w, int64(len(hotChannels)))
	}
	return int64(len(hotChannels)) + below(w, channels)
}

// wordPiece is a piece of the pool of words of at least three and less than most letters, without blanks at its ends.
func (m *model) wordPiece(n int64, field uint64, most int64) piece {
	w := m.word(n, field)
	length := 3 + below(w, most-3)
	off := below(mix(w), poolSize-most)
	text := m.pools.words[off : off+length]
	front := len(text) - len(bytes.TrimLeft(text, " "))
	return piece{int32(off) + int32(front), int32(len(bytes.TrimSpace(text)))}
}

// Lengths of texts, at most.
const (
	itemLength        = 20
	descriptionLength = 100
)

func (m *model) itemName(n int64) piece    { return m.wordPiece(n, 't', itemLength) }
func (m *model) description(n int64) piece { return m.wordPiece(n, 'd', descriptionLength) }

func (m *model) appendName(b []byte, n int64) []byte {
	w := m.word(n, 'n')
	b = append(append(b, firstNames[below(w, int64(len(firstNames)))]...), ' ')
	return append(b, lastNames[below(mix(w), int64(len(lastNames)))]...)
}

func (m *model) appendEmail(b []byte, n int64) []byte {
	for i, most := range [...]int64{7, 5} {
		p := m.wordPiece(n, uint64('@'+i), most)
		b = append(b, m.pools.words[p.off:p.off+p.n]...)
		b = append(b, "@."[i])
	}
	return append(b, "com"...)
}

func (m *model) appendCard(b []byte, n int64) []byte {
	w := m.word(n, '#')
	for i := range 4 {
		if i > 0 {
			b = append(b, ' ')
		}
		for range 4 {
			var digit uint64
			digit, w = bits.Mul64(w, 10)
			b = append(b, '0'+byte(digit))
		}
	}
	return b
}

// cardLength is that of a credit card's number.
const cardLength = 4*4 + 3

func (m *model) city(n int64) string  { return cities[below(m.word(n, 'y'), int64(len(cities)))] }
func (m *model) state(n int64) string { return states[below(m.word(n, 'z'), int64(len(states)))] }

// extra is a piece of the pool of letters that fills up an event which has used so many bytes: a fifth more or less than are left.
func (m *model) extra(n int64, kind int, used int64) piece {
	left := m.size[kind] - used
	if left < 0 {
		return piece{}
	}
	delta := (left + 2) / 5
	w := m.word(n, 'x')
	length := left - delta + below(w, 2*delta)
	return piece{int32(below(mix(w), poolSize-length)), int32(length)}
}

const wide = 8 // bytes of a number or a time

func (m *model) personExtra(n int64) piece {
	var buf [64]byte
	used := wide + len(m.appendName(buf[:0], n)) + len(m.appendEmail(buf[:0], n)) + cardLength + len(m.city(n)) + len(m.state(n))
	return m.extra(n, person, int64(used))
}

func (m *model) auctionExtra(n int64) piece {
	return m.extra(n, auction, 6*wide+int64(m.itemName(n).n)+int64(m.description(n).n))
}

func (m *model) bidExtra(n int64) piece { return m.extra(n, bid, 4*wide) }

// view makes a view of a piece of a pool that was lent to a vector.
func (p piece) view(pool []byte, index int) column.View {
	return column.MakeView(pool, index, int(p.off), int(p.n))
}
