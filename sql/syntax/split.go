package syntax

import "strings"

// Splitter cuts input that arrives in pieces, such as the lines typed into a shell, into statements. Semicolons in
// texts, names and comments do not count, nor do those inside EXECUTE STATEMENT SET BEGIN … END; BEGIN STATEMENT SET
// is a statement by itself. It looks at each token once, whatever the size of the pieces. The zero Splitter is ready.
type Splitter struct {
	input  strings.Builder // what was added, as far as it is still needed
	offset int             // where input begins in all that was added
	start  int             // where the current statement begins in input
	pos    int             // how far input was looked at: behind a token
	openAt int             // where the open token begins in input, and …
	seen   int             // … how far it was looked at
	state  splitState
}

// Piece is a statement's text without its semicolon and without space around it, and its offset in all that was added.
type Piece struct {
	Text   string
	Offset int
}

// splitState is what a Splitter knows of the statement it is in.
type splitState struct {
	later    bool    // behind the statement's first token
	first    keyword // the statement's first word
	last     keyword // the word before
	hint     bool    // inside a hint
	set      bool    // inside STATEMENT SET
	setStart bool    // at the begin of a statement of the set
	setEnd   bool    // behind the END of the set
}

// Add adds input.
func (s *Splitter) Add(text string) { s.input.WriteString(text) }

// Next returns the next complete statement, false if there is none yet.
func (s *Splitter) Next() (Piece, bool) {
	src := s.input.String()
	if s.state.first == kwSet || s.state.first == kwReset {
		s.restart(s.start) // settings without quotes are no tokens: look at them as a whole
	}
	l := lexer{src: src, pos: s.pos, hint: -1, openAt: s.openAt, openSeen: s.seen}
	if s.state.hint {
		l.hint = s.start
	}
	if s.offset == 0 && s.pos == 0 && strings.HasPrefix(src, byteOrderMark) {
		l.pos = len(byteOrderMark)
	}
	for {
		t := l.next()
		switch {
		case t.kind == tokError && l.open:
			s.openAt, s.seen = l.openAt, l.openSeen
			return Piece{}, false
		case t.kind == tokEOF:
			return Piece{}, false
		case int(t.to) == len(src) && t.kind != tokSemicolon: // more of the token may come
			return Piece{}, false
		case t.kind == tokError: // the parser will complain about this character
			l = lexer{src: src, pos: max(int(t.from), l.reached) + 1, hint: l.hint, openAt: -1}
			t.to = Pos(l.pos)
		}
		s.pos = int(t.to)
		switch {
		case t.kind != tokSemicolon:
			s.state.token(t)
			s.state.hint = l.hint >= 0
			if !s.state.later && (t.kw == kwSet || t.kw == kwReset) {
				l.bareSetting(t.kw)
			}
			s.state.later = true
		case s.state.set && !s.state.setEnd:
			s.state.setStart = true
		case !s.state.later: // an empty statement
			s.restart(s.pos)
		default:
			piece := s.piece(src[s.start:t.from])
			s.restart(s.pos)
			s.compact()
			return piece, true
		}
	}
}

// restart makes a statement begin at an offset of the input.
func (s *Splitter) restart(at int) {
	s.start, s.pos, s.openAt, s.state = at, at, -1, splitState{}
}

// piece returns the text of the current statement, which begins at start, without the space around it.
func (s *Splitter) piece(text string) Piece {
	const space = " \t\r\n\f"
	trimmed := strings.TrimLeft(strings.TrimPrefix(text, byteOrderMark), space)
	return Piece{strings.TrimRight(trimmed, space), s.offset + s.start + len(text) - len(trimmed)}
}

// compact drops input that was given out, once that is the greater part.
func (s *Splitter) compact() {
	if s.start <= s.input.Len()/2 {
		return
	}
	rest := s.input.String()[s.start:]
	s.input = strings.Builder{}
	s.input.WriteString(rest)
	s.offset += s.start
	s.restart(0)
}

// token learns from a token other than a semicolon.
func (st *splitState) token(t token) {
	if !st.later {
		st.first = t.kw
	}
	switch {
	case st.set:
		st.setEnd = st.setEnd || st.setStart && t.kw == kwEnd
		st.setStart = t.kw == kwBegin
	case t.kw == kwSet && st.last == kwStatement:
		st.set = st.first == kwExecute || st.first == kwExplain || st.first == kwCompile
	}
	st.last = t.kw
}

// Rest returns the input behind the last complete statement, false if there is nothing but space and comments.
// At the end of the input it is the last statement, complete or not.
func (s *Splitter) Rest() (Piece, bool) {
	src := s.input.String()[s.start:]
	if tokens, _ := tokenize(src); tokens[0].kind == tokEOF {
		return Piece{}, false
	}
	return s.piece(src), true
}
