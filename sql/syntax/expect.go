package syntax

// Expected is what the grammar looks for at the end of a text.
type Expected struct {
	Words []string // keywords, upper case, in the order in which they are looked for
	Name  bool     // an identifier
	Expr  bool     // an expression
	Type  bool     // a type
	Query bool     // a query
}

// Expect returns what may follow a text, which is the beginning of one statement: the words that a shell completes, and which kinds of
// names. It is empty where the text is wrong, or ends inside a text, name or comment.
func Expect(src string) Expected {
	var e Expected
	tokens, err := tokenize(src)
	if err != nil {
		return e
	}
	p := &parser{src: src, tokens: tokens, star: -1, alias: -1}
	func() {
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(bailout); !ok {
					panic(r)
				}
			}
		}()
		p.seek(0)
		p.statement()
	}()
	if p.t.kind != tokEOF {
		return e
	}
	for _, x := range p.expectations() {
		switch {
		case x.kw == kwJoin:
			e.Words = append(e.Words, "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS")
		case x.kw != kwNone:
			e.Words = append(e.Words, keywords[x.kw].word)
		case x.kind == tokWord:
			e.Name = true
		case x.kind == wantExpr:
			e.Expr = true
		case x.kind == wantType:
			e.Type = true
		case x.kind == wantQuery:
			e.Query = true
		}
	}
	return e
}
