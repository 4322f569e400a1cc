package jsonpath

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column/jsontext"
)

type valueKind uint8

const (
	undefined valueKind = iota
	null
	boolean
	number
	text
	container // an array or object
	pattern
)

// value is one side of a comparison.
type value struct {
	kind    valueKind
	text    []byte // of a boolean, number or text
	item    Item   // of a container
	pattern *regexp.Regexp
}

// operand is a path from the value that is tested, or from the root, or a literal.
type operand struct {
	path    *Path
	root    bool
	literal value
}

func textValue(b []byte) value { return value{kind: text, text: b} }

func valueOf(it Item) value {
	if it.Doc == nil || len(it.Doc.Nodes) == 0 {
		return value{}
	}
	switch k := it.Kind(); {
	case k == jsontext.Null:
		return value{kind: null}
	case k == jsontext.String:
		return textValue(it.Doc.AppendValue(nil, it.Node))
	case k.IsNumber():
		return value{kind: number, text: it.source()}
	case k.IsScalar():
		return value{kind: boolean, text: it.source()}
	}
	return value{kind: container, item: it}
}

func (o *operand) value(e *Evaluator, at Item) (value, error) {
	if o.path == nil {
		return o.literal, nil
	}
	from := at
	if o.root {
		from = e.root
	}
	inner := Evaluator{path: o.path, root: e.root, lax: true, visits: e.visits}
	err := inner.find(from)
	e.visits = max(e.visits, inner.visits)
	switch {
	case errors.Is(err, errTooMuch):
		return value{}, err
	case err != nil || o.path.definite && len(inner.items) == 0:
		return value{}, nil //nolint:nilerr // a path that fails inside a predicate finds nothing
	case o.path.definite:
		return valueOf(inner.items[len(inner.items)-1]), nil
	}
	list, err := arrayOf(inner.items)
	return valueOf(list), err
}

// pattern reads /expression/flags.
func (p *filterParser) pattern(rest string) (*operand, error) {
	end := 1
	for end < len(rest) && rest[end] != '/' {
		if rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(rest) {
		return nil, fmt.Errorf("the pattern is not closed by /")
	}
	flags := ""
	n := end + 1
	for ; n < len(rest) && rest[n]|0x20-'a' < 26; n++ {
		if f := rest[n]; strings.IndexByte("ims", f) >= 0 {
			flags += string(f)
		}
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	re, err := regexp.Compile(flags + "^(?:" + rest[1:end] + ")$")
	p.i += n
	return &operand{literal: value{kind: pattern, pattern: re}}, err
}

// compare tells whether a comparison holds. Values that cannot be compared are neither equal nor in order.
func compare(op string, l, r value) bool {
	switch op {
	case "==":
		return equal(l, r)
	case "!=":
		return !equal(l, r)
	case "===":
		return l.kind == r.kind && equal(l, r)
	case "!==":
		return l.kind != r.kind || !equal(l, r)
	case "<", "<=", ">", ">=":
		return ordered(op, l, r)
	case "=~":
		return matches(l, r)
	case "in":
		return r.contains(l)
	case "nin":
		return !r.contains(l)
	case "contains":
		if l.kind == text {
			return r.kind == text && bytes.Contains(l.text, r.text)
		}
		return l.contains(r)
	case "all":
		return l.kind == container && r.every(l.contains)
	case "subsetof":
		return l.kind == container && r.kind == container && l.every(r.contains)
	case "anyof":
		return l.kind == container && r.kind == container && !l.every(func(v value) bool { return !r.contains(v) })
	case "noneof":
		return l.kind == container && r.kind == container && l.every(func(v value) bool { return !r.contains(v) })
	case "size":
		n, ok := l.size()
		return ok && r.kind == number && compareNumbers([]byte(strconv.Itoa(n)), r.text) == 0
	case "empty":
		n, ok := l.size()
		return ok && r.kind == boolean && (n == 0) == (string(r.text) == "true")
	}
	return r.kind == text && string(r.text) == l.typeName()
}

func (v value) typeName() string {
	switch v.kind {
	case boolean:
		return "boolean"
	case number:
		return "number"
	case text:
		return "string"
	case container:
		return "json"
	case null:
		return "null"
	}
	return "undefined"
}

// size is the number of elements, members or characters.
func (v value) size() (int, bool) {
	switch v.kind {
	case container:
		return int(v.item.Doc.Nodes[v.item.Node].Count), true
	case text:
		return len([]rune(string(v.text))), true
	}
	return 0, false
}

// every reports whether f holds for all elements of an array.
func (v value) every(f func(value) bool) bool {
	if v.kind != container || v.item.Kind() != jsontext.Array {
		return false
	}
	d, x := v.item.Doc, &v.item.Doc.Nodes[v.item.Node]
	for c := v.item.Node + 1; c < x.Next; c = d.Nodes[c].Next {
		if !f(valueOf(Item{d, c})) {
			return false
		}
	}
	return true
}

func (v value) contains(o value) bool {
	return v.kind == container && v.item.Kind() == jsontext.Array && !v.every(func(x value) bool { return !equal(x, o) })
}

func matches(l, r value) bool {
	if l.kind == pattern {
		l, r = r, l
	}
	return r.kind == pattern && (l.kind == text || l.kind == number || l.kind == boolean) && r.pattern.Match(l.text)
}

// equal compares values; a number equals a text that is written like it.
func equal(l, r value) bool {
	switch {
	case l.kind == number && r.kind == number:
		return compareNumbers(l.text, r.text) == 0
	case l.kind == number && r.kind == text:
		var d jsontext.Doc
		return d.Parse(r.text) == nil && d.Nodes[0].Kind.IsNumber() && compareNumbers(l.text, r.text) == 0
	case l.kind == text && r.kind == number:
		return bytes.Equal(l.text, r.text)
	case l.kind != r.kind || l.kind == pattern:
		return false
	case l.kind == container:
		var p jsontext.Printer
		return bytes.Equal(p.Append(nil, l.item.Doc, l.item.Node), p.Append(nil, r.item.Doc, r.item.Node))
	}
	return bytes.Equal(l.text, r.text)
}

func ordered(op string, l, r value) bool {
	c := 0
	switch {
	case l.kind == number && r.kind == number:
		c = compareNumbers(l.text, r.text)
	case l.kind == text && r.kind == text:
		c = bytes.Compare(l.text, r.text)
	default:
		return false
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// compareNumbers compares JSON numbers exactly.
func compareNumbers(a, b []byte) int {
	x, y := unpack(a), unpack(b)
	switch {
	case x.sign != y.sign:
		return x.sign - y.sign
	case x.sign == 0:
		return 0
	case x.exponent != y.exponent:
		if x.exponent < y.exponent {
			return -x.sign
		}
		return x.sign
	}
	return x.sign * bytes.Compare(x.digits, y.digits)
}

// unpacked is the number 0.digits * 10^exponent. The digits neither begin nor end with a zero.
type unpacked struct {
	sign     int
	exponent int64
	digits   []byte
}

func unpack(b []byte) unpacked {
	u := unpacked{sign: 1}
	if len(b) > 0 && b[0] == '-' {
		u.sign, b = -1, b[1:]
	}
	seen := false
	i := 0
	for ; i < len(b) && b[i]|0x20 != 'e'; i++ {
		if b[i] == '.' {
			seen = true
			continue
		}
		if !seen {
			u.exponent++
		}
		if b[i] == '0' && len(u.digits) == 0 {
			u.exponent--
			continue
		}
		u.digits = append(u.digits, b[i])
	}
	if i < len(b) {
		exp, err := strconv.ParseInt(string(b[i+1:]), 10, 32)
		if err != nil && b[i+1] == '-' {
			exp = -1 << 40
		} else if err != nil {
			exp = 1 << 40
		}
		u.exponent += exp
	}
	if u.digits = bytes.TrimRight(u.digits, "0"); len(u.digits) == 0 {
		return unpacked{}
	}
	return u
}
