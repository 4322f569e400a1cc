package syntax

import "strings"

// typeName takes a type with its nullability.
func (p *parser) typeName() *TypeName {
	return p.suffixedType(true)
}

// suffixedType takes a type with the suffixes that make collections of it. Behind RETURNING there is no nullability: a
// NULL there belongs to NULL ON EMPTY.
func (p *parser) suffixedType(nullable bool) *TypeName {
	p.enter()
	from := p.t.from
	t := p.baseType()
	t.Span = p.span(from)
	for n := 0; ; n++ {
		null, words := NullUnset, 0
		if nullable {
			null, words = p.nullability()
		}
		kw := p.peek(words).kw
		if kw != kwArray && kw != kwMultiset {
			for range words {
				p.next()
			}
			t.Null = null
			break
		}
		for range words + 1 {
			p.next()
		}
		if n > maxNesting {
			p.fail(p.t, "the nesting is too deep", "")
		}
		t.Null = null
		t.Span = p.span(from)
		outer := &TypeName{Span: p.span(from), Name: "ARRAY", Elem: t}
		if kw == kwMultiset {
			outer.Name = "MULTISET"
		}
		t = outer
	}
	t.Span = p.span(from)
	p.leave()
	return t
}

// nullability looks for NULL or NOT NULL and returns it with its number of words.
func (p *parser) nullability() (Nullability, int) {
	switch {
	case p.ahead(0, kwNot, kwNull):
		return NotNull, 2
	case p.t.kw == kwNull:
		return NullExplicit, 1
	}
	return NullUnset, 0
}

// baseType takes a type without suffixes.
func (p *parser) baseType() *TypeName {
	if p.t.kind == tokQuoted || p.t.kind == tokWord && p.t.flags&isReserved == 0 && p.t.kw != kwMap {
		if strings.EqualFold(p.text(p.t), "BITMAP") && p.peek(1).kind != tokDot {
			p.next()
			return &TypeName{Name: "BITMAP"}
		}
		return &TypeName{UserType: ptr(p.name())}
	}
	if p.t.kind != tokWord {
		p.unexpectedFor(wantType)
	}
	kw := p.t.kw
	word := strings.ToUpper(p.text(p.t))
	switch kw {
	case kwBoolean, kwTinyint, kwSmallint, kwInt, kwBigint, kwFloat, kwDate, kwString, kwBytes, kwVariant:
		p.next()
		return &TypeName{Name: word}
	case kwInteger:
		p.next()
		return &TypeName{Name: "INT"}
	case kwDouble:
		p.next()
		p.acceptKw(kwPrecision)
		return &TypeName{Name: "DOUBLE"}
	case kwDecimal, kwDec, kwNumeric:
		p.next()
		return &TypeName{Name: "DECIMAL", Params: p.typeParams(2)}
	case kwChar, kwCharacter:
		return p.lengthType("CHAR", "VARCHAR")
	case kwBinary:
		return p.lengthType("BINARY", "VARBINARY")
	case kwVarchar, kwVarbinary:
		return p.lengthType(word, word)
	case kwTime, kwTimestamp:
		return p.timeType(word)
	case kwTimestampLtz:
		p.next()
		return &TypeName{Name: word, Params: p.typeParams(1)}
	case kwInterval:
		p.next()
		return &TypeName{Name: word, Units: ptr(p.intervalUnits())}
	case kwArray, kwMultiset, kwMap, kwRow, kwRaw, kwStructured:
		return p.composedType(word)
	}
	if word == "REAL" {
		p.next()
		return &TypeName{Name: word}
	}
	p.unexpectedFor(wantType)
	return nil
}

// typeParams takes up to most numbers in parentheses.
func (p *parser) typeParams(most int) []int {
	if p.t.kind != tokLParen {
		return nil
	}
	p.next()
	params := []int{p.smallInt()}
	for len(params) < most && p.accept(tokComma) {
		params = append(params, p.smallInt())
	}
	p.expect(tokRParen)
	return params
}

// lengthType takes a type with a length, and VARYING where fixed and varying differ.
func (p *parser) lengthType(fixed, varying string) *TypeName {
	p.next()
	t := &TypeName{Name: fixed}
	if fixed != varying && p.acceptKw(kwVarying) {
		t.Name = varying
	}
	t.Params = p.typeParams(1)
	return t
}

// timeType takes TIME or TIMESTAMP with its time zone words.
func (p *parser) timeType(name string) *TypeName {
	p.next()
	t := &TypeName{Name: name, Params: p.typeParams(1)}
	switch {
	case p.t.kw == kwWithout && p.ahead(1, kwTime, kwZone):
		p.expectKws(kwWithout, kwTime, kwZone)
	case p.t.kw == kwWith && name == "TIMESTAMP" && p.ahead(1, kwLocal):
		p.expectKws(kwWith, kwLocal, kwTime, kwZone)
		t.Name = "TIMESTAMP_LTZ"
	case p.t.kw == kwWith && p.ahead(1, kwTime, kwZone):
		p.fail(p.t, name+" WITH TIME ZONE is not supported", "use TIMESTAMP_LTZ, which is an instant")
	}
	return t
}

// composedType takes ARRAY<t>, MULTISET<t>, MAP<k, v>, ROW<…>, RAW('class', 'snapshot') or STRUCTURED<'class', …>.
func (p *parser) composedType(name string) *TypeName {
	p.next()
	t := &TypeName{Name: name}
	switch name {
	case "ARRAY", "MULTISET":
		p.expect(tokLt)
		t.Elem = p.typeName()
		p.expect(tokGt)
	case "MAP":
		p.expect(tokLt)
		t.Key = p.typeName()
		p.expect(tokComma)
		t.Elem = p.typeName()
		p.expect(tokGt)
	case "RAW":
		p.expect(tokLParen)
		t.Class = p.textLiteral().Text
		p.expect(tokComma)
		t.Snapshot = p.textLiteral().Text
		p.expect(tokRParen)
	case "STRUCTURED":
		p.expect(tokLt)
		t.Class = p.textLiteral().Text
		for p.accept(tokComma) {
			t.Fields = append(t.Fields, p.typeField())
		}
		p.expect(tokGt)
	case "ROW":
		if p.accept(tokNe) { // ROW<>
			return t
		}
		closing := tokGt
		if p.t.kind == tokLParen {
			closing = tokRParen
			p.next()
		} else {
			p.expect(tokLt)
		}
		if !p.is(closing) {
			t.Fields = list(p, (*parser).typeField)
		}
		p.expect(closing)
	}
	return t
}

// typeField takes a field of a ROW type.
func (p *parser) typeField() TypeField {
	from := p.t.from
	f := TypeField{Name: p.ident()}
	f.Type = p.typeName()
	if p.is(tokString) {
		f.Comment = p.stringLiteral()
	}
	f.Span = p.span(from)
	return f
}
