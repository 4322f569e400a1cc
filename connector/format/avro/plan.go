package avro

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
)

// plan says how values of a schema become those of a type.
type plan struct {
	node  *node
	typ   column.Type
	inner []*plan // as those of the node; nil for a record's fields that nobody wants
	child []int   // of a record: the field of the row
	units [2]int64
	days  bool // they are days, of which a timestamp is wanted
}

// newPlan fails where values of the schema, or some of them, can be no values of the type.
func newPlan(n *node, t column.Type, depth int) (*plan, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the schema has more than %d levels", maxDepth)
	}
	p := &plan{node: n, typ: t}
	if n.kind == union {
		for _, branch := range n.inner {
			in, err := newPlan(branch, t, depth+1)
			if err != nil {
				return nil, err
			}
			p.inner = append(p.inner, in)
		}
		return p, nil
	}
	if n.kind == null || p.takes() {
		return p, nil
	}
	inner := func(n *node, t column.Type) error {
		in, err := newPlan(n, t, depth+1)
		p.inner = append(p.inner, in)
		return err
	}
	switch {
	case n.kind == array && t.Kind == column.Array:
		return p, inner(n.inner[0], *t.Elem)
	case n.kind == mapping && (t.Kind == column.Map && isText(*t.Key)):
		return p, inner(n.inner[0], *t.Elem)
	case n.kind == mapping && t.Kind == column.Multiset && isText(*t.Elem):
		return p, inner(n.inner[0], column.Of(column.Int).Required())
	case n.kind == record && t.Kind == column.Row:
		return p, p.match(t.Fields, depth)
	}
	return nil, fmt.Errorf("the file has %s, which is no %s", n, t.Optional())
}

func isText(t column.Type) bool { return t.Kind == column.Char || t.Kind == column.VarChar }

// match finds the fields of a record by name. Those that it lacks are NULL.
func (p *plan) match(fields []column.Field, depth int) error {
	for k, name := range p.node.names {
		i := slices.IndexFunc(fields, func(f column.Field) bool { return f.Name == name })
		p.child = append(p.child, i)
		if i < 0 {
			p.inner = append(p.inner, nil)
			continue
		}
		in, err := newPlan(p.node.inner[k], fields[i].Type, depth+1)
		if err != nil {
			return fmt.Errorf("column '%s': %w", name, err)
		}
		p.inner = append(p.inner, in)
	}
	for i, f := range fields {
		if f.Type.NotNull && !slices.Contains(p.child, i) {
			return fmt.Errorf("column '%s' is NOT NULL, and the file does not have it", f.Name)
		}
	}
	return nil
}

// takes reports whether a scalar of the schema can be one of the type; numbers only where all of them can.
func (p *plan) takes() bool {
	n, t := p.node, p.typ
	switch n.kind {
	case boolean:
		return t.Kind == column.Boolean
	case integer:
		switch n.logical {
		case "date":
			p.days = t.Kind == column.Timestamp
			return t.Kind == column.Date || p.days
		case "time-millis":
			p.units = [2]int64{1e3, 1e3}
			return t.Kind == column.Time
		}
		return slices.Contains([]column.Kind{column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Double, column.Decimal}, t.Kind)
	case long:
		switch n.logical {
		case "timestamp-millis", "local-timestamp-millis":
			p.units[0] = 1e3
		case "timestamp-micros", "local-timestamp-micros":
			p.units[0] = 1e6
		case "timestamp-nanos", "local-timestamp-nanos":
			p.units[0] = 1e9
		case "time-micros":
			p.units = [2]int64{1e6, 1e3}
			return t.Kind == column.Time
		default:
			return t.Kind == column.BigInt || t.Kind == column.Int || t.Kind == column.Decimal
		}
		p.units[1] = t.TimeUnit()
		return t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ
	case float:
		return t.Kind == column.Float || t.Kind == column.Double
	case double:
		return t.Kind == column.Double
	case bytesKind, fixed:
		if n.logical == "decimal" {
			return t.Kind == column.Decimal
		}
		return t.Kind == column.Binary || t.Kind == column.VarBinary
	case text, enum:
		return isText(t)
	}
	return false
}
