package state

import (
	"slices"

	"github.com/millstream/millstream/column"
)

// cells are the values of one column of a [Latest], by group, or of a [Rows], by row. Texts have memory of their own ([texts]), in which one takes the place of
// another. Lists and structs cannot be written over: where they must be, a new one is appended, and what it replaces stays until there is too much of that.
type cells struct {
	v     *column.Vector
	long  *texts  // of a column of texts
	moved []int32 // by group, the row of v; only of lists and structs of a [Latest]
	codes []int32
}

func makeCells(t column.Type) cells {
	c := cells{v: column.NewVector(t, 0)}
	if t.Layout() == column.LayoutView {
		c.long = newTexts(c.v)
	}
	return c
}

// makeOverwritten returns cells for values that are written over.
func makeOverwritten(t column.Type) cells {
	c := makeCells(t)
	if l := t.Layout(); l == column.LayoutList || l == column.LayoutStruct {
		c.moved = []int32{}
	}
	return c
}

// add appends the values of some rows of src, which become those of the rows to.
func (c *cells) add(src *column.Vector, rows, to []int32) {
	if c.long == nil {
		c.v.AppendRows(src, rows)
	} else {
		c.put(src, rows, to, c.v.Len+len(to))
	}
}

// at is the row of a group's value.
func (c *cells) at(g int32) int {
	if c.moved != nil {
		return int(c.moved[g])
	}
	return int(g)
}

// rows appends the rows of the values of groups to list.
func (c *cells) rows(groups, list []int32) []int32 {
	if c.moved == nil {
		return append(list, groups...)
	}
	for _, g := range groups {
		list = append(list, c.moved[g])
	}
	return list
}

// put writes values over those of groups, of which there are n afterwards.
func (c *cells) put(src *column.Vector, rows, groups []int32, n int) {
	if len(groups) == 0 {
		return
	}
	if c.moved != nil {
		c.replace(src, rows, groups, n)
		return
	}
	before := c.v.Len
	c.v.Resize(n)
	if c.long != nil {
		clear(c.v.Views()[before:])
	}
	if src.Dict == nil {
		c.write(src, rows, groups)
		return
	}
	for src.Dict != nil && src.Dict.Dict != nil { // as no reader makes them
		flat := column.NewVector(src.Type, src.Len)
		flat.AppendRows(src, nil)
		src = flat
		if src.Dict == nil {
			c.write(src, rows, groups)
			return
		}
	}
	c.codes = c.codes[:0]
	codes, width := column.Values[int32](src), int32(src.Dict.Len)
	for _, r := range rows {
		code := codes[r]
		if src.IsNull(int(r)) {
			code = 0 // that of a null row means nothing
		}
		c.codes = append(c.codes, code)
	}
	if width > 0 {
		c.write(src.Dict, c.codes, groups)
	}
	if !src.HasNulls() {
		return
	}
	valid := c.v.Validity()
	for i, r := range rows {
		valid.Put(int(groups[i]), !src.IsNull(int(r)))
	}
}

// write is put from a vector without a dictionary.
func (c *cells) write(src *column.Vector, rows, groups []int32) {
	if c.long == nil {
		c.v.Overwrite(src, rows, groups)
		return
	}
	c.long.write(src, rows, groups)
	c.v.OverwriteValid(src, rows, groups)
}

// replace appends lists or structs in place of those of groups.
func (c *cells) replace(src *column.Vector, rows, groups []int32, n int) {
	if c.v.Len > 2*n+spare {
		row := slices.Clone(c.moved)
		v := column.NewVector(c.v.Type, len(row))
		if len(row) > 0 {
			v.AppendRows(c.v, row)
		}
		c.v = v
		for g := range c.moved {
			c.moved[g] = int32(g)
		}
	}
	c.moved = extend(c.moved, n-len(c.moved), 0)
	for i, g := range groups {
		c.moved[g] = int32(c.v.Len + i)
	}
	c.v.AppendRows(src, rows)
}

// drop lets the value of a group go.
func (c *cells) drop(g int32) {
	if c.long != nil {
		c.long.drop(int(g))
	}
}

// keep drops all but the values of some groups, which become 0, 1, …, and makes room for as many as given. Long texts stay where they are; those of others must have
// been dropped.
func (c *cells) keep(kept []int32, room int) {
	v := column.NewVector(c.v.Type, room)
	switch {
	case c.long != nil:
		v.Resize(len(kept))
		views, from := v.Views(), c.v.Views()
		for i, r := range kept {
			views[i] = from[r]
		}
		v.OverwriteValid(c.v, kept, firstRows(nil, len(kept)))
		c.long.move(v)
	case len(kept) > 0: // for AppendRows no rows are all rows
		v.AppendRows(c.v, c.rows(kept, nil))
	}
	c.v = v
	if c.moved != nil {
		c.moved = firstRows(c.moved[:0], len(kept))
	}
}

func (c *cells) sizeBytes() int {
	n := c.v.SizeBytes() + (cap(c.moved)+cap(c.codes))*4
	if c.long != nil {
		n += cap(c.long.free) * 8
	}
	return n
}
