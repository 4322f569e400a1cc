package syntax

// tokenKind tells tokens apart.
type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokError
	tokWord    // identifier or keyword
	tokQuoted  // `identifier`
	tokInteger // 12
	tokDecimal // 1.5
	tokApprox  // 1e5
	tokString  // 'text', N'text', _UTF8'text'
	tokUnicode // U&'text'
	tokBinary  // X'0aff'
	tokRaw     // key or value of SET without quotes
	tokHint    // /*+
	tokHintEnd // */ of a hint
	tokLParen
	tokRParen
	tokLBracket
	tokRBracket
	tokLBrace
	tokRBrace
	tokSemicolon
	tokComma
	tokDot
	tokEq
	tokNe
	tokLt
	tokLe
	tokGt
	tokGe
	tokPlus
	tokMinus
	tokStar
	tokSlash
	tokPercent
	tokConcat
	tokArrow // =>
	tokBar
	tokCaret
	tokDollar
	tokQuestion
	tokColon
)

// tokenNames are the tokens as error messages write them.
var tokenNames = [...]string{
	tokEOF:       "the end of the statement",
	tokWord:      "a name",
	tokInteger:   "a number",
	tokString:    "a text in single quotes",
	tokHintEnd:   "*/",
	tokLParen:    "(",
	tokRParen:    ")",
	tokLBracket:  "[",
	tokRBracket:  "]",
	tokLBrace:    "{",
	tokRBrace:    "}",
	tokSemicolon: ";",
	tokComma:     ",",
	tokDot:       ".",
	tokEq:        "=",
	tokNe:        "<>",
	tokLt:        "<",
	tokLe:        "<=",
	tokGt:        ">",
	tokGe:        ">=",
	tokPlus:      "+",
	tokMinus:     "-",
	tokStar:      "*",
	tokSlash:     "/",
	tokPercent:   "%",
	tokConcat:    "||",
	tokArrow:     "=>",
	tokBar:       "|",
	tokCaret:     "^",
	tokDollar:    "$",
	tokQuestion:  "?",
	tokColon:     ":",
}

// token is a token's kind and place. kw and flags are set for tokWord only.
type token struct {
	from, to Pos
	kw       keyword
	kind     tokenKind
	flags    wordFlags
}
