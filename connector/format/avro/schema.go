package avro

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// kind is a type of Avro.
type kind uint8

const (
	null kind = iota
	boolean
	integer
	long
	float
	double
	bytesKind
	text
	record
	enum
	array
	mapping
	fixed
	union
)

var primitives = map[string]kind{"null": null, "boolean": boolean, "int": integer, "long": long, "float": float, "double": double, "bytes": bytesKind, "string": text}

var kindNames = [...]string{"null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "array", "map", "fixed", "union"}

// node is a schema. One that is recursive holds itself.
type node struct {
	kind    kind
	logical string
	scale   int // of a decimal
	size    int // of a fixed
	symbols []string
	names   []string // of a record's fields
	inner   []*node  // a record's fields, a union's branches, an array's items or a map's values
}

// String names the type in messages.
func (n *node) String() string {
	if n.logical != "" {
		return kindNames[n.kind] + " (" + n.logical + ")"
	}
	return kindNames[n.kind]
}

// maxDepth bounds schemas and values that hold others.
const maxDepth = 64

// parser reads a schema.
type parser struct{ named map[string]*node }

func parseSchema(data []byte) (*node, error) {
	p := parser{named: map[string]*node{}}
	return p.parse(data, "", 0)
}

// definition is a schema that is a JSON object.
type definition struct {
	Type        json.RawMessage
	Name        string
	Namespace   string
	LogicalType string `json:"logicalType"`
	Scale       int
	Size        int
	Symbols     []string
	Items       json.RawMessage
	Values      json.RawMessage
	Fields      []struct {
		Name string
		Type json.RawMessage
	}
}

func (p *parser) parse(data json.RawMessage, space string, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the schema has more than %d levels", maxDepth)
	}
	data = json.RawMessage(strings.TrimSpace(string(data)))
	if len(data) == 0 {
		return nil, errors.New("a type is missing in the schema")
	}
	switch data[0] {
	case '"':
		var name string
		if err := json.Unmarshal(data, &name); err != nil {
			return nil, err
		}
		return p.find(name, space)
	case '[':
		var branches []json.RawMessage
		if err := json.Unmarshal(data, &branches); err != nil {
			return nil, err
		}
		n := &node{kind: union}
		return n, p.add(n, branches, space, depth)
	}
	var d definition
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	var name string
	if json.Unmarshal(d.Type, &name) != nil {
		return p.parse(d.Type, space, depth+1) // {"type": {…}}
	}
	n := &node{logical: d.LogicalType, scale: d.Scale}
	full := p.define(&d, &space)
	switch name {
	case "record", "error":
		n.kind = record
		p.named[full] = n
		var types []json.RawMessage
		for _, f := range d.Fields {
			n.names, types = append(n.names, f.Name), append(types, f.Type)
		}
		return n, p.add(n, types, space, depth)
	case "enum":
		n.kind, n.symbols = enum, d.Symbols
		p.named[full] = n
	case "fixed":
		if n.kind, n.size = fixed, d.Size; d.Size < 0 || d.Size > maxBlock {
			return nil, fmt.Errorf("the type %s has %d bytes", full, d.Size)
		}
		p.named[full] = n
	case "array":
		n.kind = array
		return n, p.add(n, []json.RawMessage{d.Items}, space, depth)
	case "map":
		n.kind = mapping
		return n, p.add(n, []json.RawMessage{d.Values}, space, depth)
	default:
		found, err := p.find(name, space)
		if err != nil || found.kind > text {
			return found, err
		}
		n.kind = found.kind
	}
	return n, nil
}

// add parses what a type holds.
func (p *parser) add(n *node, types []json.RawMessage, space string, depth int) error {
	for _, t := range types {
		in, err := p.parse(t, space, depth+1)
		if err != nil {
			return err
		}
		n.inner = append(n.inner, in)
	}
	return nil
}

// define returns the full name of a definition, and the namespace of names in it.
func (p *parser) define(d *definition, space *string) string {
	if i := strings.LastIndexByte(d.Name, '.'); i >= 0 {
		*space = d.Name[:i]
		return d.Name
	}
	if d.Namespace != "" {
		*space = d.Namespace
	}
	return qualified(d.Name, *space)
}

func qualified(name, space string) string {
	if space == "" || strings.Contains(name, ".") {
		return name
	}
	return space + "." + name
}

func (p *parser) find(name, space string) (*node, error) {
	if k, ok := primitives[name]; ok {
		return &node{kind: k}, nil
	}
	for _, full := range []string{qualified(name, space), name} {
		if n := p.named[full]; n != nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("the schema uses the type %q and does not define it", name)
}
