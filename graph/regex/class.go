package regex

import (
	"slices"
	"strings"
	"unicode"
)

// class is a set of code points: sorted ranges that do not touch.
type class []span

type span struct{ lo, hi rune }

func (c class) has(r rune) bool {
	lo, hi := 0, len(c)
	for lo < hi {
		m := (lo + hi) / 2
		switch {
		case r < c[m].lo:
			hi = m
		case r > c[m].hi:
			lo = m + 1
		default:
			return true
		}
	}
	return false
}

// union sorts and joins ranges.
func union(parts ...class) class {
	var all class
	for _, p := range parts {
		all = append(all, p...)
	}
	slices.SortFunc(all, func(a, b span) int { return int(a.lo - b.lo) })
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && s.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, s.hi)
		} else {
			out = append(out, s)
		}
	}
	return out
}

func (c class) not() class {
	var out class
	next := rune(0)
	for _, s := range c {
		if s.lo > next {
			out = append(out, span{next, s.lo - 1})
		}
		next = s.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, span{next, unicode.MaxRune})
	}
	return out
}

func intersect(a, b class) class { return union(a.not(), b.not()).not() }

// fold adds the other case of each letter: of ASCII, or of all.
func (c class) fold(all bool) class {
	extra := class{}
	for _, s := range c {
		if s.lo <= 'z' {
			for r := max(s.lo, 'A'); r <= min(s.hi, 'z'); r++ {
				if l := r | 0x20; l >= 'a' && l <= 'z' {
					extra = append(extra, span{r ^ 0x20, r ^ 0x20})
				}
			}
		}
		if !all {
			continue
		}
		if s.hi-s.lo > 5000 { // such a range has both cases of nearly all that it has
			continue
		}
		for r := s.lo; r <= s.hi; r++ {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				extra = append(extra, span{f, f})
			}
		}
	}
	if len(extra) == 0 {
		return c
	}
	return union(slices.Clone(c), extra)
}

func chars(s string) class {
	var c class
	for _, r := range s {
		c = append(c, span{r, r})
	}
	return union(c)
}

func fromTable(t *unicode.RangeTable) class {
	var c class
	for _, r := range t.R16 {
		c = appendRange(c, rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		c = appendRange(c, rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return union(c)
}

func appendRange(c class, lo, hi, stride rune) class {
	if stride == 1 {
		return append(c, span{lo, hi})
	}
	for r := lo; r <= hi; r += stride {
		c = append(c, span{r, r})
	}
	return c
}

var (
	digits     = class{{'0', '9'}}
	spaces     = class{{'\t', '\r'}, {' ', ' '}}
	words      = class{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	horizontal = class{{'\t', '\t'}, {' ', ' '}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}}
	vertical   = class{{'\n', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}
	terminator = class{{'\n', '\n'}, {'\r', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}
	everything = class{{0, unicode.MaxRune}}
	lower      = class{{'a', 'z'}}
	upper      = class{{'A', 'Z'}}
	letters    = class{{'A', 'Z'}, {'a', 'z'}}
	punct      = class{{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}
	unicodeWds = func() class {
		return union(fromTable(unicode.L), fromTable(unicode.M), fromTable(unicode.Nd), fromTable(unicode.Pc), fromTable(unicode.Other_Alphabetic), class{{0x200c, 0x200d}})
	}
)

// posix are the classes \p{…} that are of ASCII alone, and what they are with (?U).
var posix = map[string]struct {
	ascii   class
	unicode func() class
}{
	"Lower": {lower, func() class { return union(fromTable(unicode.Ll), fromTable(unicode.Other_Lowercase)) }},
	"Upper": {upper, func() class { return union(fromTable(unicode.Lu), fromTable(unicode.Other_Uppercase)) }},
	"Alpha": {letters, alphabetic}, "Digit": {digits, func() class { return fromTable(unicode.Nd) }},
	"Alnum": {union(digits, letters), func() class { return union(alphabetic(), fromTable(unicode.Nd)) }},
	"Punct": {punct, func() class { return fromTable(unicode.P) }}, "ASCII": {class{{0, 0x7f}}, nil},
	"Graph": {class{{'!', '~'}}, func() class {
		return union(fromTable(unicode.White_Space), fromTable(unicode.Cc), fromTable(unicode.Cs)).not()
	}},
	"Print": {class{{' ', '~'}}, nil}, "Blank": {class{{'\t', '\t'}, {' ', ' '}}, nil}, "Cntrl": {class{{0, 0x1f}, {0x7f, 0x7f}}, func() class { return fromTable(unicode.Cc) }},
	"XDigit": {class{{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, nil}, "Space": {spaces, func() class { return fromTable(unicode.White_Space) }},
}

func alphabetic() class {
	return union(fromTable(unicode.L), fromTable(unicode.Nl), fromTable(unicode.Other_Alphabetic))
}

// javaClasses are those of Java's class Character, \p{javaLowerCase}.
var javaClasses = map[string]func() class{
	"LowerCase": posix["Lower"].unicode, "UpperCase": posix["Upper"].unicode, "TitleCase": func() class { return fromTable(unicode.Lt) },
	"Alphabetic": alphabetic, "Letter": func() class { return fromTable(unicode.L) }, "Digit": func() class { return fromTable(unicode.Nd) },
	"LetterOrDigit": func() class { return union(fromTable(unicode.L), fromTable(unicode.Nd)) },
	"Whitespace": func() class {
		return union(intersect(fromTable(unicode.Z), chars("\u00a0\u2007\u202f").not()), class{{'\t', '\r'}, {0x1c, 0x1f}})
	},
	"SpaceChar": func() class { return fromTable(unicode.Z) }, "ISOControl": func() class { return fromTable(unicode.Cc) },
	"Ideographic": func() class { return fromTable(unicode.Ideographic) },
}

// properties are the binary properties of Unicode, \p{IsAlphabetic}.
var properties = map[string]func() class{
	"ALPHABETIC": alphabetic, "LETTER": javaClasses["Letter"], "LOWERCASE": posix["Lower"].unicode, "UPPERCASE": posix["Upper"].unicode,
	"TITLECASE": javaClasses["TitleCase"], "PUNCTUATION": posix["Punct"].unicode, "CONTROL": posix["Cntrl"].unicode,
	"WHITE_SPACE": posix["Space"].unicode, "WHITESPACE": posix["Space"].unicode, "DIGIT": posix["Digit"].unicode,
	"HEX_DIGIT": func() class { return fromTable(unicode.Hex_Digit) }, "IDEOGRAPHIC": javaClasses["Ideographic"],
	"NONCHARACTER_CODE_POINT": func() class { return fromTable(unicode.Noncharacter_Code_Point) },
	"JOIN_CONTROL":            func() class { return fromTable(unicode.Join_Control) },
	"ASSIGNED": func() class {
		return union(fromTable(unicode.L), fromTable(unicode.M), fromTable(unicode.N), fromTable(unicode.P), fromTable(unicode.S), fromTable(unicode.Z), fromTable(unicode.C))
	},
}

// named returns the class \p{name}; ok is false if there is none.
func named(name string, wide bool) (c class, ok bool) {
	if kind, value, found := strings.Cut(name, "="); found {
		switch strings.ToLower(kind) {
		case "sc", "script":
			return script(value)
		case "gc", "general_category":
			return category(value)
		}
		return nil, false
	}
	if p, ok := posix[name]; ok {
		if wide && p.unicode != nil {
			return p.unicode(), true
		}
		return p.ascii, true
	}
	if rest, found := strings.CutPrefix(name, "java"); found {
		if f := javaClasses[rest]; f != nil {
			return f(), true
		}
	}
	if rest, found := strings.CutPrefix(name, "Is"); found {
		if f := properties[strings.ToUpper(rest)]; f != nil {
			return f(), true
		}
		if c, ok := category(rest); ok {
			return c, true
		}
		return script(rest)
	}
	return category(name)
}

func category(name string) (class, bool) {
	switch name {
	case "L1":
		return class{{0, 0xff}}, true
	case "all", "ALL":
		return everything, true
	case "LC":
		return union(fromTable(unicode.Lu), fromTable(unicode.Ll), fromTable(unicode.Lt)), true
	case "LD":
		return union(fromTable(unicode.L), fromTable(unicode.Nd)), true
	}
	if t := unicode.Categories[name]; t != nil {
		return fromTable(t), true
	}
	return nil, false
}

func script(name string) (class, bool) {
	for known, t := range unicode.Scripts {
		if strings.EqualFold(known, name) {
			return fromTable(t), true
		}
	}
	return nil, false
}
