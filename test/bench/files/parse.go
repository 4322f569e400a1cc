package main

import (
	"bytes"
	"time"
	"unsafe"
)

// parser parses records as they are generated: no other order, nothing malformed.
type parser struct {
	texts []byte // texts that do not stand in the block as they are; never moved while rows point into it
	day   string // the last date seen
	noon  int64  // its beginning, in microseconds
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// number reads digits, over a decimal point, and returns what follows the byte behind them.
func number(b []byte, at int) (x int64, next int) {
	for ; ; at++ {
		switch c := b[at]; {
		case c >= '0' && c <= '9':
			x = x*10 + int64(c-'0')
		case c != '.':
			return x, at + 1
		}
	}
}

// moment reads a timestamp with milliseconds, of 23 bytes.
func (p *parser) moment(b []byte) int64 {
	if day := b[:10]; string(day) != p.day {
		t, err := time.Parse(time.DateOnly, string(day))
		if err != nil {
			panic(err) // not as it was generated
		}
		p.day, p.noon = string(day), t.UnixMicro()
	}
	two := func(i int) int64 { return int64(b[i]-'0')*10 + int64(b[i+1]-'0') }
	return p.noon + ((two(11)*60+two(14))*60+two(17))*1e6 + (int64(b[20]-'0')*100+two(21))*1000
}

// unescaped copies b without the byte escape before quotes.
func (p *parser) unescaped(b []byte, escape byte) string {
	if cap(p.texts)-len(p.texts) < len(b) {
		p.texts = make([]byte, 0, max(64<<10, len(b))) // rows still point into the old memory
	}
	from := len(p.texts)
	for i := 0; i < len(b); i++ {
		if b[i] == escape {
			i++
		}
		p.texts = append(p.texts, b[i])
	}
	return view(p.texts[from:])
}

func (p *parser) csv(b []byte, at int, r *bid) int {
	r.Auction, at = number(b, at)
	r.Bidder, at = number(b, at)
	r.Price, at = number(b, at)
	n := bytes.IndexByte(b[at:], ',')
	r.Channel, at = view(b[at:at+n]), at+n+1
	n = bytes.IndexByte(b[at:], ',')
	r.URL, at = view(b[at:at+n]), at+n+1
	if b[at] == '"' {
		start, doubled := at+1, false
		for at = start; ; at++ {
			at += bytes.IndexByte(b[at:], '"')
			if b[at+1] != '"' {
				break
			}
			doubled = true
			at++
		}
		if doubled {
			r.Note = p.unescaped(b[start:at], '"')
		} else {
			r.Note = view(b[start:at])
		}
		at += 2
	} else {
		n = bytes.IndexByte(b[at:], ',')
		r.Note, at = view(b[at:at+n]), at+n+1
	}
	r.At = p.moment(b[at : at+23])
	return at + 24
}

func (p *parser) json(b []byte, at int, r *bid) int {
	r.Auction, at = number(b, at+len(`{"auction":`))
	r.Bidder, at = number(b, at+len(`"bidder":`))
	r.Price, at = number(b, at+len(`"price":`))
	at += len(`"channel":"`)
	n := bytes.IndexByte(b[at:], '"')
	r.Channel, at = view(b[at:at+n]), at+n+len(`","url":"`)
	n = bytes.IndexByte(b[at:], '"')
	r.URL, at = view(b[at:at+n]), at+n+len(`","note":"`)
	start, escaped := at, false
	for ; ; at++ {
		at += bytes.IndexByte(b[at:], '"')
		if b[at-1] != '\\' {
			break
		}
		escaped = true
	}
	if escaped {
		r.Note = p.unescaped(b[start:at], '\\')
	} else {
		r.Note = view(b[start:at])
	}
	at += len(`","at":"`)
	r.At = p.moment(b[at : at+23])
	return at + 23 + len(`"}`) + 1
}
