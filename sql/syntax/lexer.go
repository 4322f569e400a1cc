package syntax

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSourceLen is the length of the longest text, in bytes: a Pos has to hold it.
const maxSourceLen = math.MaxInt32 - 1

// byteOrderMark is what some editors write at the beginning of a file; it is skipped.
const byteOrderMark = "\ufeff"

// charClass is what a byte can begin or continue.
type charClass uint8

const (
	classSpace charClass = 1 << iota
	classLetter
	classDigit
	classHigh // part of a character outside ASCII
)

var charClasses = func() (t [256]charClass) {
	for _, c := range " \t\n\r\f" {
		t[c] = classSpace
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = classLetter, classLetter
	}
	t['_'], t['$'] = classLetter, classLetter
	for c := '0'; c <= '9'; c++ {
		t[c] = classDigit
	}
	for c := utf8.RuneSelf; c < 256; c++ {
		t[c] = classHigh
	}
	return t
}()

// lexer cuts a text into tokens. Its first error ends the tokens with a tokError and stays in err.
type lexer struct {
	src      string
	pos      int
	hint     int // offset of the open /*+, -1 if none
	err      *Error
	open     bool     // err is the missing end of a text, quoted name, comment or hint: more input may bring it
	reached  int      // where the error was found, which may be far behind its place
	openAt   int      // where the token begins whose end was missing the last time, …
	openSeen int      // … and how far it was looked at, so that more input need not begin at its begin
	raw      [3]token // the tokens of a setting without quotes, last first, that were found but not given out yet
	nraw     int
}

// tokenize returns the tokens of src, closed by a tokEOF or, with an error, by a tokError.
func tokenize(src string) ([]token, *Error) {
	l := lexer{src: src, hint: -1, openAt: -1}
	if err := checkText(src); err != nil {
		return []token{{from: err.From, to: err.To, kind: tokError}}, err
	}
	if strings.HasPrefix(src, byteOrderMark) {
		l.pos = len(byteOrderMark)
	}
	tokens := make([]token, 0, len(src)/5+8)
	begin := true
	for {
		t := l.next()
		tokens = append(tokens, t)
		if begin && (t.kw == kwSet || t.kw == kwReset) {
			l.bareSetting(t.kw)
		}
		begin = t.kind == tokSemicolon
		if t.kind == tokEOF || t.kind == tokError {
			return tokens, l.err
		}
	}
}

// checkText refuses a text that is too long or not UTF-8.
func checkText(src string) *Error {
	if len(src) > maxSourceLen {
		return &Error{Msg: fmt.Sprintf("the text is longer than %d bytes", maxSourceLen)}
	}
	if utf8.ValidString(src) {
		return nil
	}
	for i, r := range src {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(src[i:]); n == 1 {
				return &Error{Span: Span{Pos(i), Pos(i + 1)}, Msg: fmt.Sprintf("byte 0x%02x is not valid UTF-8", src[i])}
			}
		}
	}
	return nil
}

// fail records an error and returns the token that stands for it.
func (l *lexer) fail(from, to int, msg, hint string) token {
	l.err = &Error{Span: Span{Pos(from), Pos(to)}, Msg: msg, Hint: hint}
	l.reached = l.pos
	l.pos = len(l.src)
	return token{from: Pos(from), to: Pos(to), kind: tokError}
}

// failOpen is fail for something whose end is missing before offset seen.
func (l *lexer) failOpen(from, to, seen int, msg, hint string) token {
	l.open, l.openAt, l.openSeen = true, from, seen
	return l.fail(from, to, msg, hint)
}

// seen returns where to go on to look for the end of what begins at from: at i, or behind what was seen.
func (l *lexer) seen(from, i int) int {
	if from == l.openAt {
		return max(i, l.openSeen)
	}
	return i
}

// skipSpace skips space and comments. It reports false, after an error, for a comment without an end.
func (l *lexer) skipSpace() bool {
	src := l.src
	for l.pos < len(src) {
		c := src[l.pos]
		if charClasses[c]&classSpace != 0 {
			l.pos++
			continue
		}
		if l.pos+1 == len(src) || c != '-' && c != '/' {
			return true
		}
		d := src[l.pos+1]
		switch {
		case c == d:
			n := strings.IndexAny(src[l.pos:], "\n\r")
			if n < 0 {
				l.pos = len(src)
				return true
			}
			l.pos += n
		case c == '/' && d == '*':
			if l.pos+2 < len(src) && src[l.pos+2] == '+' {
				return true
			}
			i := l.seen(l.pos, l.pos+2)
			n := strings.Index(src[i:], "*/")
			if n < 0 {
				l.failOpen(l.pos, l.pos+2, max(i, len(src)-1), "this comment has no end", "close it with */")
				return false
			}
			l.pos = i + n + 2
		default:
			return true
		}
	}
	return true
}

// bareSetting looks for the settings of SET key = value and RESET key that are written without quotes: they reach
// to the next space or semicolon, whatever characters they have.
func (l *lexer) bareSetting(kw keyword) {
	pos := l.pos
	raw := func(stop string) (token, bool) {
		for pos < len(l.src) && charClasses[l.src[pos]]&classSpace != 0 {
			pos++
		}
		n := strings.IndexAny(l.src[pos:], stop+"; \t\n\r\f")
		if n < 0 {
			n = len(l.src) - pos
		}
		t := token{from: Pos(pos), to: Pos(pos + n), kind: tokRaw}
		pos += n
		return t, n > 0 && l.src[t.from] != '\'' && l.src[t.from] != '"' && !strings.HasPrefix(l.src[t.from:], "--") &&
			!strings.HasPrefix(l.src[t.from:], "/*") && !strings.HasPrefix(l.src[t.from:], "//")
	}
	key, ok := raw("='")
	if !ok {
		return
	}
	if kw == kwReset {
		l.raw[0], l.nraw = key, 1
		l.pos = pos
		return
	}
	for pos < len(l.src) && charClasses[l.src[pos]]&classSpace != 0 {
		pos++
	}
	if pos == len(l.src) || l.src[pos] != '=' {
		return
	}
	eq := token{from: Pos(pos), to: Pos(pos + 1), kind: tokEq}
	pos++
	end := pos
	value, ok := raw("")
	if ok {
		l.raw, l.nraw = [3]token{value, eq, key}, 3
		l.pos = pos
		return
	}
	l.raw, l.nraw = [3]token{eq, key}, 2 // a quoted value, or none
	l.pos = end
}

// next returns the next token.
func (l *lexer) next() token {
	if l.nraw > 0 {
		l.nraw--
		return l.raw[l.nraw]
	}
	if !l.skipSpace() {
		return token{from: l.err.From, to: l.err.To, kind: tokError}
	}
	src := l.src
	from := l.pos
	if from == len(src) {
		if l.hint >= 0 {
			return l.failOpen(l.hint, l.hint+3, l.hint+3, "this hint has no end", "close it with */")
		}
		return token{from: Pos(from), to: Pos(from), kind: tokEOF}
	}
	c := src[from]
	switch class := charClasses[c]; {
	case class == classLetter:
		return l.word(from)
	case class == classDigit:
		return l.number(from)
	case class == classHigh:
		if r, _ := utf8.DecodeRuneInString(src[from:]); isLetter(r) {
			return l.word(from)
		}
		return l.badChar(from)
	}
	var d byte
	if from+1 < len(src) {
		d = src[from+1]
	}
	switch c {
	case '\'':
		return l.text(from, from, tokString)
	case '`':
		return l.quoted(from)
	case '(':
		return l.symbol(tokLParen, 1)
	case ')':
		return l.symbol(tokRParen, 1)
	case ',':
		return l.symbol(tokComma, 1)
	case '.':
		if charClasses[d] == classDigit {
			return l.number(from)
		}
		return l.symbol(tokDot, 1)
	case ';':
		return l.symbol(tokSemicolon, 1)
	case '=':
		switch d {
		case '>':
			return l.symbol(tokArrow, 2)
		case '=':
			return l.fail(from, from+2, "there is no operator '=='", "use = for equality")
		}
		return l.symbol(tokEq, 1)
	case '<':
		switch d {
		case '=':
			return l.symbol(tokLe, 2)
		case '>':
			return l.symbol(tokNe, 2)
		}
		return l.symbol(tokLt, 1)
	case '>':
		if d == '=' {
			return l.symbol(tokGe, 2)
		}
		return l.symbol(tokGt, 1)
	case '+':
		return l.symbol(tokPlus, 1)
	case '-':
		return l.symbol(tokMinus, 1)
	case '*':
		if d == '/' && l.hint >= 0 {
			l.hint = -1
			return l.symbol(tokHintEnd, 2)
		}
		return l.symbol(tokStar, 1)
	case '/':
		if d == '*' { // skipSpace leaves hints alone
			if l.hint >= 0 {
				return l.fail(l.hint, l.hint+3, "this hint has no end", "close it with */")
			}
			l.hint = from
			return l.symbol(tokHint, 3)
		}
		return l.symbol(tokSlash, 1)
	case '%':
		return l.symbol(tokPercent, 1)
	case '|':
		if d == '|' {
			return l.symbol(tokConcat, 2)
		}
		return l.symbol(tokBar, 1)
	case '[':
		return l.symbol(tokLBracket, 1)
	case ']':
		return l.symbol(tokRBracket, 1)
	case '{':
		return l.symbol(tokLBrace, 1)
	case '}':
		return l.symbol(tokRBrace, 1)
	case '^':
		return l.symbol(tokCaret, 1)
	case '?':
		return l.symbol(tokQuestion, 1)
	case ':':
		return l.symbol(tokColon, 1)
	}
	return l.badChar(from)
}

func (l *lexer) symbol(kind tokenKind, n int) token {
	from := l.pos
	l.pos += n
	return token{from: Pos(from), to: Pos(l.pos), kind: kind}
}

// badChar is the error for a character that begins no token.
func (l *lexer) badChar(from int) token {
	r, n := utf8.DecodeRuneInString(l.src[from:])
	rest := l.src[from:]
	switch {
	case strings.HasPrefix(rest, "!="):
		return l.fail(from, from+2, "there is no operator '!='", "use <> for inequality")
	case r == '!':
		return l.fail(from, from+1, "there is no operator '!'", "use NOT")
	case r == '"':
		return l.fail(from, from+1, `double quotes have no meaning here`, "write `name` for a name and 'text' for a text")
	case strings.ContainsRune("‘’“”", r):
		return l.fail(from, from+n, fmt.Sprintf("%q is a typographic quote", r), "write `name` for a name and 'text' for a text")
	case r == '#':
		return l.fail(from, from+1, "unexpected character '#'", "a comment begins with -- or /*")
	case unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r):
		return l.fail(from, from+n, fmt.Sprintf("unexpected invisible character %U", r), "remove it")
	}
	return l.fail(from, from+n, fmt.Sprintf("unexpected character %q", r), "")
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || r == '_' || r == '$' }

// wordEnd returns the offset behind the letters and digits from i on.
func wordEnd(src string, i int) int {
	for i < len(src) {
		class := charClasses[src[i]]
		if class&(classLetter|classDigit) != 0 {
			i++
			continue
		}
		if class != classHigh {
			break
		}
		r, n := utf8.DecodeRuneInString(src[i:])
		if !isLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
			break
		}
		i += n
	}
	return i
}

// word reads an identifier, a keyword, or the prefix of a string.
func (l *lexer) word(from int) token {
	src := l.src
	i := wordEnd(src, from)
	if i < len(src) {
		switch c := src[i]; {
		case c == '\'' && i == from+1:
			switch src[from] {
			case 'x', 'X':
				return l.text(from, i, tokBinary)
			case 'n', 'N':
				return l.text(from, i, tokString)
			}
		case c == '&' && i == from+1 && (src[from] == 'u' || src[from] == 'U') && i+1 < len(src) && src[i+1] == '\'':
			return l.text(from, i+1, tokUnicode)
		}
		if src[from] == '_' {
			if quote := charsetQuote(src[i:]); quote >= 0 {
				return l.text(from, i+quote, tokString)
			}
		}
	}
	l.pos = i
	if i == from+1 && src[from] == '$' {
		return token{from: Pos(from), to: Pos(i), kind: tokDollar}
	}
	kw, flags := lookupWord(src[from:i])
	return token{from: Pos(from), to: Pos(i), kind: tokWord, kw: kw, flags: flags}
}

// charsetQuote returns where a string begins behind a character set such as _UTF-16LE of which rest is the
// part from the first sign on that a word cannot have; -1 if there is none.
func charsetQuote(rest string) int {
	for i := range min(len(rest), maxWordLen) {
		switch c := rest[i]; {
		case c == '\'':
			return i
		case charClasses[c]&(classLetter|classDigit) == 0 && c != '-' && c != ':' && c != '.':
			return -1
		}
	}
	return -1
}

// number reads an unsigned number.
func (l *lexer) number(from int) token {
	src := l.src
	i := from
	digits := func() {
		for i < len(src) && charClasses[src[i]] == classDigit {
			i++
		}
	}
	kind := tokInteger
	digits()
	if i < len(src) && src[i] == '.' {
		kind = tokDecimal
		i++
		digits()
	}
	if i < len(src) && src[i]|0x20 == 'e' {
		exp := i
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		if i < len(src) && charClasses[src[i]] == classDigit {
			kind = tokApprox
			digits()
		} else {
			i = exp
		}
	}
	l.pos = i
	if end := wordEnd(src, i); end > i {
		return l.fail(from, end, "a name cannot begin with a digit", "quote it with backticks: `"+src[from:end]+"`")
	}
	return token{from: Pos(from), to: Pos(i), kind: kind}
}

// text reads a string whose opening quote is at src[quote]; a quote inside is written twice.
func (l *lexer) text(from, quote int, kind tokenKind) token {
	i := l.seen(from, quote+1)
	for {
		n := strings.IndexByte(l.src[i:], '\'')
		if n < 0 {
			return l.failOpen(from, quote+1, len(l.src), "this text has no end", "close it with ' and write a ' inside it twice")
		}
		i += n + 1
		if i == len(l.src) || l.src[i] != '\'' {
			l.pos = i
			return token{from: Pos(from), to: Pos(i), kind: kind}
		}
		i++
	}
}

// quoted reads an identifier in backticks; a backtick inside is written twice.
func (l *lexer) quoted(from int) token {
	i := l.seen(from, from+1)
	for {
		n := strings.IndexAny(l.src[i:], "`\n\r")
		if n < 0 {
			return l.failOpen(from, from+1, len(l.src), "this quoted name has no end", "close it with `")
		}
		if l.src[i+n] != '`' {
			return l.fail(from, from+1, "this quoted name has no end on its line", "close it with `")
		}
		i += n + 1
		if i == len(l.src) || l.src[i] != '`' {
			break
		}
		i++
	}
	if i == from+2 {
		return l.fail(from, i, "a quoted name cannot be empty", "")
	}
	l.pos = i
	return token{from: Pos(from), to: Pos(i), kind: tokQuoted}
}
