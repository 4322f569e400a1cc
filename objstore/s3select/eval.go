package s3select

import (
	"bytes"
	"math"
	"time"

	"github.com/millstream/millstream/column/jsontext"
)

// evaluator computes expressions of one record at a time. Each worker has its own.
type evaluator struct {
	statement string // for errors
	now       time.Time
	fields    []value // of the record, by slot; for records of JSON nil
	doc       *jsontext.Doc
	record    int32   // node of doc
	each      string  // name of the path's last step in FROM, by which a record that is no object can be called
	results   []value // of aggregates
	memory    []byte  // text that was computed, until the next record
}

func (e *evaluator) fail(n *node, code, format string, args ...any) error {
	return failAt(code, e.statement, n.pos, format, args...)
}

// truth is three-valued.
type truth int8

const (
	isFalse truth = iota
	isTrue
	isUnknown
)

func (t truth) value() value {
	if t == isUnknown {
		return value{kind: kindNull}
	}
	return boolValue(t == isTrue)
}

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

func (t truth) not() truth {
	if t == isUnknown {
		return t
	}
	return 1 - t
}

// test computes a condition.
func (e *evaluator) test(n *node) (truth, error) {
	switch n.op {
	case opAnd, opOr:
		decided := isFalse // by which the other side no longer matters
		if n.op == opOr {
			decided = isTrue
		}
		a, err := e.test(n.args[0])
		if err != nil || a == decided {
			return a, err
		}
		b, err := e.test(n.args[1])
		if err != nil || b == decided {
			return b, err
		}
		if a == isUnknown || b == isUnknown {
			return isUnknown, nil
		}
		return b, nil
	case opNot:
		a, err := e.test(n.args[0])
		return a.not(), err
	case opEqual, opUnequal, opLess, opLessEqual, opGreater, opGreaterEqual:
		a, err := e.eval(n.args[0])
		if err != nil {
			return 0, err
		}
		b, err := e.eval(n.args[1])
		if err != nil {
			return 0, err
		}
		return compareAs(n.op, &a, &b), nil
	case opBetween:
		return e.between(n)
	case opIn:
		return e.in(n)
	case opLike:
		return e.like(n)
	case opIsNull, opIsMissing:
		v, err := e.eval(n.args[0])
		return truthOf(v.kind == kindMissing || v.kind == kindNull && n.op == opIsNull), err
	}
	v, err := e.eval(n)
	if err != nil {
		return 0, err
	}
	switch {
	case v.kind == kindBool:
		return truthOf(v.i == 1), nil
	case v.isAbsent():
		return isUnknown, nil
	case v.kind == kindRaw:
		if b, ok := parseBool(v.text); ok {
			return truthOf(b), nil
		}
	}
	return 0, e.fail(n, "IncorrectSqlFunctionArgumentType", "a condition is TRUE or FALSE and not %s", describe(&v))
}

// compareAs applies a comparison. Values of different kinds are unequal, and neither is less.
func compareAs(o op, a, b *value) truth {
	if a.isAbsent() || b.isAbsent() {
		return isUnknown
	}
	order, comparable := compare(a, b)
	if !comparable {
		switch o {
		case opEqual:
			return isFalse
		case opUnequal:
			return isTrue
		}
		return isUnknown
	}
	return truthOf(ordered(o, order))
}

func ordered(o op, order int) bool {
	switch o {
	case opEqual:
		return order == 0
	case opUnequal:
		return order != 0
	case opLess:
		return order < 0
	case opLessEqual:
		return order <= 0
	case opGreater:
		return order > 0
	}
	return order >= 0
}

func (e *evaluator) between(n *node) (truth, error) {
	var v [3]value
	for i := range v {
		var err error
		if v[i], err = e.eval(n.args[i]); err != nil {
			return 0, err
		}
	}
	low, high := compareAs(opGreaterEqual, &v[0], &v[1]), compareAs(opLessEqual, &v[0], &v[2])
	switch {
	case low == isFalse || high == isFalse:
		return isFalse, nil
	case low == isUnknown || high == isUnknown:
		return isUnknown, nil
	}
	return isTrue, nil
}

func (e *evaluator) in(n *node) (truth, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return 0, err
	}
	result := isFalse
	for _, a := range n.args[1:] {
		one, err := e.eval(a)
		if err != nil {
			return 0, err
		}
		switch compareAs(opEqual, &v, &one) {
		case isTrue:
			return isTrue, nil
		case isUnknown:
			result = isUnknown
		}
	}
	return result, nil
}

func (e *evaluator) like(n *node) (truth, error) {
	v, err := e.eval(n.args[0])
	if err != nil {
		return 0, err
	}
	p := n.pattern
	if p == nil {
		var v [2]value
		for i, a := range n.args[1:] {
			if v[i], err = e.eval(a); err != nil {
				return 0, err
			}
		}
		if p, err = compileLike(n.args[1:], func(i int) value { return v[i] }); err != nil {
			return 0, e.fail(n, "LikeInvalidInputs", "%v", err)
		}
	}
	switch {
	case p == nil || v.isAbsent():
		return isUnknown, nil
	case !v.isText():
		return 0, e.fail(n, "LikeInvalidInputs", "LIKE takes a text and not %s", describe(&v))
	}
	return truthOf(p.match(v.text)), nil
}

func (e *evaluator) eval(n *node) (value, error) {
	switch n.op {
	case opLiteral:
		return n.value, nil
	case opPath:
		if n.slot >= 0 {
			return e.fields[n.slot], nil
		}
		return e.follow(n.path)
	case opAnd, opOr, opNot, opEqual, opUnequal, opLess, opLessEqual, opGreater, opGreaterEqual, opBetween, opIn, opLike, opIsNull, opIsMissing:
		t, err := e.test(n)
		return t.value(), err
	case opAdd, opSubtract, opMultiply, opDivide, opModulo:
		a, err := e.number(n.args[0])
		if err != nil {
			return value{}, err
		}
		b, err := e.number(n.args[1])
		if err != nil {
			return value{}, err
		}
		if a.isAbsent() || b.isAbsent() {
			return value{kind: kindNull}, nil
		}
		v, problem := arithmetic(n.op, &a, &b)
		if problem != nil {
			return v, e.fail(n, problem.Code, "%s", problem.Message)
		}
		return v, nil
	case opNegate:
		v, err := e.number(n.args[0])
		if err != nil || v.isAbsent() {
			return v, err
		}
		if v, err = negate(v); err != nil {
			return v, e.fail(n, "IntegerOverflow", "%v", err)
		}
		return v, nil
	case opCase:
		for i := 0; i+1 < len(n.args); i += 2 {
			t, err := e.test(n.args[i])
			if err != nil {
				return value{}, err
			}
			if t == isTrue {
				return e.eval(n.args[i+1])
			}
		}
		if len(n.args)%2 == 1 {
			return e.eval(n.args[len(n.args)-1])
		}
		return value{kind: kindNull}, nil
	case opCoalesce:
		for _, a := range n.args {
			if v, err := e.eval(a); err != nil || !v.isAbsent() {
				return v, err
			}
		}
		return value{kind: kindNull}, nil
	case opNullIf:
		a, err := e.eval(n.args[0])
		if err != nil {
			return a, err
		}
		b, err := e.eval(n.args[1])
		if err != nil {
			return a, err
		}
		if compareAs(opEqual, &a, &b) == isTrue {
			return value{kind: kindNull}, nil
		}
		return a, nil
	case opCount, opSum, opAvg, opMin, opMax:
		return e.results[n.slot], nil
	case opCast:
		v, err := e.eval(n.args[0])
		if err != nil || v.isAbsent() {
			return v, err
		}
		return e.cast(n, v)
	}
	return e.function(n)
}

// follow walks a path of the record.
func (e *evaluator) follow(path []step) (value, error) {
	at := e.record
	if len(path) > 0 && path[0].kind == stepName && e.doc.Nodes[at].Kind != jsontext.Object {
		// A record that is no object is called by the path's last name, or _1.
		if !path[0].matches(e.each) && path[0].name != "_1" {
			return value{}, nil
		}
		path = path[1:]
	}
	for i := range path {
		if at = child(e.doc, at, &path[i]); at < 0 {
			return value{}, nil
		}
	}
	return e.node(at), nil
}

// child returns the node that a step leads to, -1 if there is none.
func child(d *jsontext.Doc, at int32, s *step) int32 {
	switch x := &d.Nodes[at]; {
	case s.kind == stepIndex && x.Kind == jsontext.Array:
		return d.Element(at, s.index)
	case s.kind == stepName && x.Kind == jsontext.Object:
		if found := d.Member(at, s.name); found >= 0 || s.exact {
			return found
		}
		name := []byte(s.name)
		for c := at + 1; c < x.Next; c = d.Nodes[c+1].Next {
			if m := &d.Nodes[c]; bytes.EqualFold(d.Text[m.From:m.To], name) {
				return c + 1
			}
		}
	}
	return -1
}

// node makes a value of a node.
func (e *evaluator) node(at int32) value {
	x := &e.doc.Nodes[at]
	raw := e.doc.Text[x.From:x.To]
	switch x.Kind {
	case jsontext.Null:
		return value{kind: kindNull}
	case jsontext.False, jsontext.True:
		return boolValue(x.Kind == jsontext.True)
	case jsontext.Int, jsontext.Float:
		if v, ok := parseNumber(raw); ok {
			return v
		}
		return value{kind: kindFloat, f: math.Inf(1)}
	case jsontext.String:
		if x.Escaped {
			from := len(e.memory)
			e.memory, _ = jsontext.AppendUnescaped(e.memory, raw)
			raw = e.memory[from:]
		}
		return value{kind: kindText, text: raw}
	}
	return value{kind: kindNode, doc: e.doc, node: at}
}

func describe(v *value) string {
	text := string(appendValue(nil, v))
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	switch v.kind {
	case kindMissing:
		return "MISSING"
	case kindNull:
		return "NULL"
	case kindText, kindRaw:
		return "the text '" + text + "'"
	case kindTime:
		return "the timestamp " + text
	case kindNode:
		return "the JSON " + text
	}
	return text
}
