package jsontext

import (
	"bytes"
	"slices"
)

// member is a member of an object that is being printed.
type member struct {
	name  []byte
	node  int32 // of the name
	order int32
}

// Printer writes values in normal form: without blanks, members by name, the last one of equal names, numbers as [AppendNumber] has
// them. It holds the memory for that.
type Printer struct {
	members []member
	names   []byte
}

// Append adds the value at node n of d.
func (p *Printer) Append(dst []byte, d *Doc, n int32) []byte {
	x := &d.Nodes[n]
	switch x.Kind {
	case Int, Float:
		return AppendNumber(dst, d.Text[x.From:x.To])
	case String:
		return d.AppendString(dst, n)
	case Array:
		dst = append(dst, '[')
		for c := n + 1; c < x.Next; c = d.Nodes[c].Next {
			if c > n+1 {
				dst = append(dst, ',')
			}
			dst = p.Append(dst, d, c)
		}
		return append(dst, ']')
	case Object:
		return p.object(dst, d, n)
	}
	return append(dst, d.Text[x.From:x.To]...)
}

func (p *Printer) object(dst []byte, d *Doc, n int32) []byte {
	from, names := len(p.members), len(p.names)
	for c := n + 1; c < d.Nodes[n].Next; c = d.Nodes[c+1].Next {
		p.members = append(p.members, member{p.name(d, c), c, int32(len(p.members))})
	}
	list := p.members[from:]
	slices.SortFunc(list, func(a, b member) int {
		if c := bytes.Compare(a.name, b.name); c != 0 {
			return c
		}
		return int(a.order) - int(b.order)
	})
	dst = append(dst, '{')
	first := true
	for i := range list {
		if i+1 < len(list) && bytes.Equal(list[i].name, list[i+1].name) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		node := list[i].node
		dst = append(AppendQuoted(dst, list[i].name), ':')
		dst = p.Append(dst, d, node+1) // may move p.members, but not what list sees
	}
	p.members, p.names = p.members[:from], p.names[:names]
	return append(dst, '}')
}

// name returns a member's name without escapes.
func (p *Printer) name(d *Doc, n int32) []byte {
	if x := &d.Nodes[n]; !x.Escaped {
		return d.Text[x.From:x.To]
	}
	from := len(p.names)
	p.names = d.AppendValue(p.names, n)
	return p.names[from:len(p.names):len(p.names)]
}

// AppendValue adds what a String stands for, or the text of another scalar with numbers as [AppendNumber] has them.
func (d *Doc) AppendValue(dst []byte, n int32) []byte {
	x := &d.Nodes[n]
	raw := d.Text[x.From:x.To]
	switch {
	case x.Kind.IsNumber():
		return AppendNumber(dst, raw)
	case x.Escaped:
		dst, _ = AppendUnescaped(dst, raw)
		return dst
	}
	return append(dst, raw...)
}

// AppendString adds a String in quotes, with no more escapes than needed.
func (d *Doc) AppendString(dst []byte, n int32) []byte {
	x := &d.Nodes[n]
	if !x.Escaped {
		dst = append(dst, '"')
		dst = append(dst, d.Text[x.From:x.To]...)
		return append(dst, '"')
	}
	text, _ := AppendUnescaped(nil, d.Text[x.From:x.To])
	return AppendQuoted(dst, text)
}

// Member returns the value of an object's member, -1 if there is none; of equal names the last one counts.
func (d *Doc) Member(object int32, name string) int32 {
	found := int32(-1)
	for c := object + 1; c < d.Nodes[object].Next; c = d.Nodes[c+1].Next {
		x := &d.Nodes[c]
		raw := d.Text[x.From:x.To]
		if !x.Escaped {
			if string(raw) == name {
				found = c + 1
			}
		} else if text, _ := AppendUnescaped(nil, raw); string(text) == name {
			found = c + 1
		}
	}
	return found
}

// Element returns element i of an array, -1 if there is none.
func (d *Doc) Element(array int32, i int) int32 {
	x := &d.Nodes[array]
	if i < 0 || i >= int(x.Count) {
		return -1
	}
	c := array + 1
	for ; i > 0; i-- {
		c = d.Nodes[c].Next
	}
	return c
}
