package s3select

import (
	"bytes"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxMemory = 16 << 20 // bytes of text that is computed of one record

// keep makes text of the evaluator's memory from `from` on a value.
func (e *evaluator) keep(from int) value {
	return value{kind: kindText, text: e.memory[from:len(e.memory):len(e.memory)]}
}

// text computes a text for a function. A value that is no text is an error; NULL and MISSING are NULL.
func (e *evaluator) text(n *node) (value, error) {
	v, err := e.eval(n)
	switch {
	case len(e.memory) > maxMemory:
		return v, e.fail(n, "OverMaxRecordSize", "the texts computed of one record have more than %d bytes", maxMemory)
	case err != nil || v.isText():
		return v, err
	case v.isAbsent():
		return value{kind: kindNull}, nil
	}
	return v, e.fail(n, "IncorrectSqlFunctionArgumentType", "a text was expected and %s stands", describe(&v))
}

// timestamp computes a timestamp for a function; text is read as one.
func (e *evaluator) timestamp(n *node) (value, error) {
	v, err := e.eval(n)
	if err != nil || v.isAbsent() {
		return value{kind: kindNull}, err
	}
	if t, ok := asTime(&v); ok {
		return t, nil
	}
	return v, e.fail(n, "IncorrectSqlFunctionArgumentType", "a timestamp was expected and %s stands", describe(&v))
}

// integer computes a whole number for a function.
func (e *evaluator) integer(n *node) (value, error) {
	v, err := e.number(n)
	if err != nil || v.isAbsent() {
		return value{kind: kindNull}, err
	}
	if v.kind == kindFloat {
		if math.Abs(v.f) < 1<<62 && v.f == math.Trunc(v.f) {
			return intValue(int64(v.f)), nil
		}
		return v, e.fail(n, "IncorrectSqlFunctionArgumentType", "a whole number was expected and %s stands", describe(&v))
	}
	return v, nil
}

// function computes what is not an operator.
func (e *evaluator) function(n *node) (value, error) {
	switch n.op {
	case opConcat:
		return e.concat(n)
	case opDateAdd:
		return e.dateAdd(n)
	case opDateDiff:
		a, err := e.timestamp(n.args[0])
		if err != nil || a.isAbsent() {
			return a, err
		}
		b, err := e.timestamp(n.args[1])
		if err != nil || b.isAbsent() {
			return b, err
		}
		return intValue(difference(n.part, &a, &b)), nil
	case opExtract, opToTimestamp, opToString:
		v, err := e.timestamp(n.args[0])
		if err != nil || v.isAbsent() || n.op == opToTimestamp {
			return v, err
		}
		if n.op == opExtract {
			return intValue(extractPart(&v, n.part)), nil
		}
		return e.toString(n, v)
	case opUTCNow:
		return timeValue(e.now, 0, detailSecond), nil
	case opSubstring:
		return e.substring(n)
	}
	v, err := e.text(n.args[0])
	if err != nil || v.isAbsent() {
		return v, err
	}
	from := len(e.memory)
	switch n.op {
	case opCharLength:
		return intValue(int64(utf8.RuneCount(v.text))), nil
	case opLower:
		e.memory = appendMapped(e.memory, v.text, unicode.ToLower)
		return e.keep(from), nil
	case opUpper:
		e.memory = appendMapped(e.memory, v.text, unicode.ToUpper)
		return e.keep(from), nil
	}
	return e.trim(n, v)
}

func appendMapped(dst, text []byte, to func(rune) rune) []byte {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		dst = utf8.AppendRune(dst, to(r))
		i += n
	}
	return dst
}

func (e *evaluator) concat(n *node) (value, error) {
	a, err := e.text(n.args[0])
	if err != nil {
		return a, err
	}
	b, err := e.text(n.args[1])
	if err != nil || a.isAbsent() || b.isAbsent() {
		return value{kind: kindNull}, err
	}
	if len(a.text)+len(b.text) > maxRecord {
		return a, e.fail(n, "OverMaxRecordSize", "the text is longer than %d bytes", maxRecord)
	}
	from := len(e.memory)
	e.memory = append(append(e.memory, a.text...), b.text...)
	return e.keep(from), nil
}

func (e *evaluator) dateAdd(n *node) (value, error) {
	by, err := e.integer(n.args[0])
	if err != nil || by.isAbsent() {
		return by, err
	}
	v, err := e.timestamp(n.args[1])
	if err != nil || v.isAbsent() {
		return v, err
	}
	moved, ok := addTo(&v, n.part, by.i)
	if !ok {
		return v, e.fail(n, "EvaluatorTimestampFormatPatternInvalid", "the timestamp is not in the years 0001 to 9999")
	}
	return moved, nil
}

func (e *evaluator) toString(n *node, v value) (value, error) {
	format := n.format
	if format == nil {
		f, err := e.text(n.args[1])
		if err != nil || f.isAbsent() {
			return f, err
		}
		if format, err = parseFormat(f); err != nil {
			return v, e.fail(n.args[1], "EvaluatorInvalidTimestampFormatPattern", "%v", err)
		}
	}
	from := len(e.memory)
	e.memory = appendFormatted(e.memory, &v, format)
	return e.keep(from), nil
}

// substring counts characters from 1; a start before that takes characters off the length.
func (e *evaluator) substring(n *node) (value, error) {
	v, err := e.text(n.args[0])
	if err != nil || v.isAbsent() {
		return v, err
	}
	start, err := e.integer(n.args[1])
	if err != nil || start.isAbsent() {
		return start, err
	}
	end := int64(math.MaxInt64)
	if len(n.args) == 3 {
		length, err := e.integer(n.args[2])
		if err != nil || length.isAbsent() {
			return length, err
		}
		if length.i < 0 {
			return length, e.fail(n, "EvaluatorInvalidArguments", "the length of SUBSTRING is negative")
		}
		if sum, ok := wholeArithmetic(opAdd, start.i, length.i); ok {
			end = sum
		}
	}
	text := skipRunes(v.text, start.i-1)
	rest := skipRunes(text, end-max(start.i, 1))
	v.text, v.kind = text[:len(text)-len(rest)], kindText
	return v, nil
}

func skipRunes(b []byte, n int64) []byte {
	for ; n > 0 && len(b) > 0; n-- {
		_, size := utf8.DecodeRune(b)
		b = b[size:]
	}
	return b
}

func (e *evaluator) trim(n *node, v value) (value, error) {
	characters := " "
	if len(n.args) > 1 {
		c, err := e.text(n.args[1])
		if err != nil || c.isAbsent() {
			return c, err
		}
		characters = string(c.text)
	}
	in := func(r rune) bool { return strings.ContainsRune(characters, r) }
	v.kind = kindText
	if n.side != trimTrailing {
		v.text = bytes.TrimLeftFunc(v.text, in)
	}
	if n.side != trimLeading {
		v.text = bytes.TrimRightFunc(v.text, in)
	}
	return v, nil
}

// cast gives a present value another kind.
func (e *evaluator) cast(n *node, v value) (value, error) {
	switch n.to {
	case castText:
		if v.isText() {
			v.kind = kindText
			return v, nil
		}
		if len(e.memory) > maxMemory {
			return v, e.fail(n, "OverMaxRecordSize", "the texts computed of one record have more than %d bytes", maxMemory)
		}
		from := len(e.memory)
		e.memory = appendValue(e.memory, &v)
		return e.keep(from), nil
	case castTime:
		if t, ok := asTime(&v); ok {
			return t, nil
		}
	case castBool:
		switch {
		case v.kind == kindBool:
			return v, nil
		case v.isNumber():
			return boolValue(v.asFloat() != 0), nil
		case v.isText():
			if b, ok := parseBool(v.text); ok {
				return boolValue(b), nil
			}
		}
	default:
		if x, ok := castNumber(v, n.to); ok {
			return x, nil
		}
	}
	return v, e.fail(n, "CastFailed", "%s cannot be cast to %s", describe(&v), castNames[n.to])
}

var castNames = [...]string{"BOOL", "INT", "STRING", "FLOAT", "DECIMAL", "TIMESTAMP"}

// castNumber makes a number of text, a boolean or another number. An int loses its fraction.
func castNumber(v value, to castKind) (value, bool) {
	switch {
	case v.kind == kindBool:
		v.kind = kindInt
	case v.isText():
		var ok bool
		if v, ok = parseNumber(v.text); !ok {
			return v, false
		}
	case !v.isNumber():
		return v, false
	}
	switch {
	case to == castInt && v.kind == kindFloat:
		if !(math.Abs(v.f) < 1<<63) {
			return v, false
		}
		return intValue(int64(v.f)), true
	case to == castFloat && v.kind == kindInt:
		return floatValue(float64(v.i)), true
	}
	return v, true
}
