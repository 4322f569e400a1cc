package s3select

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// pattern is a LIKE pattern: pieces that stand one after the other, with any text between them.
type pattern struct {
	pieces   []piece
	fromLeft bool // no % before the first piece
	toRight  bool // no % behind the last one
}

// piece is text in which some characters may be any; without such it is found by bytes.Index.
type piece struct {
	text []byte
	any  []bool // by byte of text, whether a character of any kind stands there; nil: nowhere
}

// compileLike reads a pattern and perhaps the escape character.
func compileLike(args []*node, get func(i int) value) (*pattern, error) {
	text, escape := get(0), rune(-1)
	if !text.isText() {
		if text.isAbsent() {
			return nil, nil
		}
		return nil, errors.New("the pattern of LIKE is not a text")
	}
	if len(args) > 1 {
		e := get(1)
		if !e.isText() || utf8.RuneCount(e.text) != 1 {
			return nil, errors.New("ESCAPE takes one character")
		}
		escape, _ = utf8.DecodeRune(e.text)
	}
	p := &pattern{fromLeft: true, toRight: true}
	var now piece
	wild := false
	finish := func() {
		if len(now.text) > 0 {
			if !wild {
				now.any = nil
			}
			p.pieces = append(p.pieces, now)
		}
		now, wild = piece{}, false
	}
	for b := text.text; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		whole := b[:n]
		b = b[n:]
		anyOne := false
		p.toRight = true
		switch r {
		case escape:
			if len(b) == 0 {
				return nil, errors.New("nothing stands behind the escape character of LIKE's pattern")
			}
			_, n = utf8.DecodeRune(b)
			whole, b = b[:n], b[n:]
		case '%':
			if len(p.pieces) == 0 && len(now.text) == 0 {
				p.fromLeft = false
			}
			p.toRight = false
			finish()
			continue
		case '_':
			anyOne, wild = true, true
		}
		now.text = append(now.text, whole...)
		for range whole {
			now.any = append(now.any, anyOne)
		}
	}
	finish()
	return p, nil
}

func (p *pattern) match(text []byte) bool {
	pieces := p.pieces
	if len(pieces) == 0 {
		return len(text) == 0 || !p.fromLeft
	}
	if p.fromLeft {
		n := pieces[0].at(text)
		if n < 0 {
			return false
		}
		if text, pieces = text[n:], pieces[1:]; len(pieces) == 0 {
			return len(text) == 0 || !p.toRight
		}
	}
	last := len(pieces) - 1
	for i := range pieces {
		if i == last && p.toRight {
			return pieces[i].ends(text)
		}
		end := pieces[i].find(text)
		if end < 0 {
			return false
		}
		text = text[end:]
	}
	return true
}

// at returns how many bytes of text the piece takes at its start, -1 if it does not stand there.
func (p *piece) at(text []byte) int {
	if p.any == nil {
		if bytes.HasPrefix(text, p.text) {
			return len(p.text)
		}
		return -1
	}
	j := 0
	for i := range p.text {
		if j >= len(text) {
			return -1
		}
		if p.any[i] {
			_, n := utf8.DecodeRune(text[j:])
			j += n
			continue
		}
		if text[j] != p.text[i] {
			return -1
		}
		j++
	}
	return j
}

// find returns the end of the piece's first place in text, -1 if it has none.
func (p *piece) find(text []byte) int {
	if p.any == nil {
		if i := bytes.Index(text, p.text); i >= 0 {
			return i + len(p.text)
		}
		return -1
	}
	for i := 0; i <= len(text); {
		if n := p.at(text[i:]); n >= 0 {
			return i + n
		}
		_, n := utf8.DecodeRune(text[i:])
		i += max(n, 1)
	}
	return -1
}

// ends reports whether the piece stands at the end of text.
func (p *piece) ends(text []byte) bool {
	if p.any == nil {
		return bytes.HasSuffix(text, p.text)
	}
	characters := 0
	for i := 0; i < len(p.text); {
		_, n := utf8.DecodeRune(p.text[i:])
		i += n
		characters++
	}
	i := len(text)
	for range characters {
		if i == 0 {
			return false
		}
		_, n := utf8.DecodeLastRune(text[:i])
		i -= n
	}
	return p.at(text[i:]) == len(text)-i
}
