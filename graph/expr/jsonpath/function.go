package jsonpath

import (
	"fmt"
	"math"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
)

// call is a function at the end of a path.
type call struct {
	name string
	args []*operand
}

var functionNames = map[string]bool{"min": true, "max": true, "avg": true, "stddev": true, "sum": true, "length": true, "size": true,
	"append": true, "keys": true, "concat": true, "first": true, "last": true, "index": true}

func newCall(name string, args []string, depth int) (*call, error) {
	if !functionNames[name] {
		return nil, fmt.Errorf("%s() is no function of paths", name)
	}
	c := &call{name: name}
	for _, a := range args {
		p := &filterParser{s: a, depth: depth + 1}
		if depth+1 > maxDepth {
			return nil, fmt.Errorf("functions are more than %d deep", maxDepth)
		}
		o, err := p.operand()
		if err == nil && p.blanks() < len(p.s) {
			err = fmt.Errorf("%q follows an argument", p.s[p.i:])
		}
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, o)
	}
	if name == "index" && len(args) != 1 {
		return nil, fmt.Errorf("index() takes one number")
	}
	return c, nil
}

func (c *call) apply(e *Evaluator, at Item) (Item, error) {
	var args []value
	for _, a := range c.args {
		v, err := a.value(e, at)
		if err != nil {
			return Item{}, err
		}
		args = append(args, v)
	}
	switch c.name {
	case "length", "size":
		if len(args) > 0 && args[0].kind == container {
			at = args[0].item
		}
		if at.Kind().IsScalar() {
			return parsed([]byte("null"))
		}
		return parsed(strconv.AppendInt(nil, int64(at.Doc.Nodes[at.Node].Count), 10))
	case "keys":
		return keys(at)
	case "append":
		return appended(at, args)
	case "concat":
		return concatenated(at, args)
	case "first":
		return element(at, 0)
	case "last":
		return element(at, -1)
	case "index":
		n, err := strconv.Atoi(string(args[0].text))
		if err != nil {
			return Item{}, fmt.Errorf("index() takes an integer")
		}
		return element(at, n)
	}
	return aggregate(c.name, at, args)
}

func element(at Item, i int) (Item, error) {
	if at.Kind() != jsontext.Array {
		return Item{}, fmt.Errorf("the function takes an array, not a %s", kindNames[at.Kind()])
	}
	if i < 0 {
		i += int(at.Doc.Nodes[at.Node].Count)
	}
	v := at.Doc.Element(at.Node, i)
	if v < 0 {
		return Item{}, fmt.Errorf("the array has no element %d", i)
	}
	return Item{at.Doc, v}, nil
}

func keys(at Item) (Item, error) {
	if at.Kind() != jsontext.Object {
		return parsed([]byte("null"))
	}
	text, d := []byte{'['}, at.Doc
	for c := at.Node + 1; c < d.Nodes[at.Node].Next; c = d.Nodes[c+1].Next {
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(text, Item{d, c}.source()...)
	}
	return parsed(append(text, ']'))
}

func (v value) source() []byte {
	switch v.kind {
	case text:
		return jsontext.AppendQuoted(nil, v.text)
	case number, boolean:
		return v.text
	case container:
		return v.item.source()
	}
	return []byte("null")
}

func appended(at Item, args []value) (Item, error) {
	if at.Kind() != jsontext.Array {
		return at, nil
	}
	source := at.source()
	out := append([]byte{}, source[:len(source)-1]...)
	empty := at.Doc.Nodes[at.Node].Count == 0
	for _, a := range args {
		if !empty {
			out = append(out, ',')
		}
		empty = false
		out = append(out, a.source()...)
	}
	return parsed(append(out, ']'))
}

// concatenated joins the texts of an array and of the arguments.
func concatenated(at Item, args []value) (Item, error) {
	var all []byte
	add := func(v value) bool {
		if v.kind == text {
			all = append(all, v.text...)
		}
		return true
	}
	valueOf(at).every(add)
	for _, a := range args {
		add(a)
	}
	return parsed(jsontext.AppendQuoted(nil, all))
}

// aggregate computes with the numbers of an array and of the arguments.
func aggregate(name string, at Item, args []value) (Item, error) {
	var n, sum, squares float64
	least, most := math.Inf(1), math.Inf(-1)
	add := func(v value) bool {
		if v.kind != number {
			return true
		}
		x, _ := strconv.ParseFloat(string(v.text), 64)
		n, sum, squares = n+1, sum+x, squares+x*x
		least, most = min(least, x), max(most, x)
		return true
	}
	valueOf(at).every(add)
	for _, a := range args {
		if add(a); a.kind == container {
			a.every(add)
		}
	}
	if n == 0 {
		return Item{}, fmt.Errorf("%s() needs numbers in an array", name)
	}
	x := sum
	switch name {
	case "min":
		x = least
	case "max":
		x = most
	case "avg":
		x = sum / n
	case "stddev":
		x = math.Sqrt(squares/n - sum*sum/n/n)
	}
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return Item{}, fmt.Errorf("%s() is out of range", name)
	}
	return parsed(column.AppendFloat(nil, x, 64))
}
