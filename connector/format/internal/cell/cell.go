// Package cell writes decoded values into vectors by row, and reads scalar values from text.
//
// What enters: a batch to fill, the block of bytes that is decoded, and values with the row they belong to. What
// leaves: the batch's columns, with text as views into the block where it stands there as it is. The text formats use it.
//
// What must hold: between [Writer.Begin] and [Writer.End] a vector is as long as its memory and every row that was not
// set to NULL is valid, so that a value is one store and a bad record is given up by setting nothing. Rows are
// written in order, each at most once unless [Writer.Forget] is called between.
package cell

import (
	"unsafe"

	"github.com/millstream/millstream/column"
)

// Writer fills one column, or one part of a nested column.
type Writer struct {
	Name     string // of the top-level column, for errors
	Type     column.Type
	Layout   column.Layout
	Vec      *column.Vector
	Children []*Writer

	values unsafe.Pointer // Vec's values
	rows   int            // that there is room for
	block  []byte
	lent   int // the block's index in Vec.Buffers; -1: not lent yet

	scratch []byte // a value that is decoded before it is copied
}

// NewWriter returns a writer for vectors of type t.
func NewWriter(name string, t column.Type) *Writer {
	w := &Writer{Name: name, Type: t, Layout: t.Layout()}
	switch t.Kind {
	case column.Array:
		w.Children = []*Writer{NewWriter(name, *t.Elem)}
	case column.Multiset:
		w.Children = []*Writer{NewWriter(name, *t.Elem), NewWriter(name, column.Of(column.Int).Required())}
	case column.Map:
		w.Children = []*Writer{NewWriter(name, *t.Key), NewWriter(name, *t.Elem)}
	case column.Row:
		for _, f := range t.Fields {
			w.Children = append(w.Children, NewWriter(name, f.Type))
		}
	}
	return w
}

// Begin takes the vector to append to and the block that is decoded next; rows is how many are likely to follow.
func (w *Writer) Begin(v *column.Vector, block []byte, rows int) {
	w.Vec, w.block, w.lent = v, block, -1
	w.rows = 0
	first := v.Len
	for i, c := range w.Children {
		if len(v.Children) == 0 {
			v.Reserve(0) // makes the children
		}
		n := rows
		if w.Layout == column.LayoutList {
			n = 0
		}
		c.Begin(v.Children[i], block, n)
	}
	w.room(max(first+rows, 1))
}

// room makes room for n rows or more.
func (w *Writer) room(n int) {
	v := w.Vec
	if w.Layout == column.LayoutStruct || w.Layout == column.LayoutNone {
		old := v.Len
		v.Len = n
		if v.Valid != nil {
			v.Validity().SetRange(old, n)
		}
	} else {
		v.Resize(n)
		w.values = unsafe.Pointer(unsafe.SliceData(v.Data))
	}
	w.rows = n
}

// grow is called when row i has no room.
func (w *Writer) grow(i int) { w.room(max(i+1, 2*w.rows, 64)) }

// End makes the vector n rows long.
func (w *Writer) End(n int) {
	if n > w.rows {
		w.room(n)
	}
	w.Vec.Len = n
	switch w.Layout {
	case column.LayoutStruct:
		for _, c := range w.Children {
			c.End(n)
		}
	case column.LayoutList:
		elements := 0
		if n > 0 {
			elements = w.Start(n)
		} else {
			*(*int32)(w.values) = 0
		}
		for _, c := range w.Children {
			c.End(elements)
		}
	}
}

// Forget takes back what was written from row i on, NULLs included.
func (w *Writer) Forget(i int) {
	if w.Vec.Valid != nil && i < w.rows {
		w.Vec.Valid.SetRange(i, w.rows)
	}
	switch w.Layout {
	case column.LayoutStruct:
		for _, c := range w.Children {
			c.Forget(i)
		}
	case column.LayoutList:
		for _, c := range w.Children {
			c.Forget(w.Start(i))
		}
	}
}

// Null makes row i NULL.
func (w *Writer) Null(i int) {
	if i >= w.rows {
		w.grow(i)
	}
	switch w.Layout {
	case column.LayoutView:
		*(*column.View)(unsafe.Add(w.values, i*16)) = column.View{}
	case column.LayoutList:
		w.List(i, 0)
	case column.LayoutStruct:
		for _, c := range w.Children {
			c.Null(i)
		}
	}
	w.Vec.SetNull(i)
}

// Bool sets row i, and so do Int8, Int16, Int32, Int64, Float, Double and Decimal.
func (w *Writer) Bool(i int, x bool) {
	if i >= w.rows {
		w.grow(i)
	}
	w.Vec.Bits().Put(i, x)
}

func (w *Writer) Int8(i int, x int8) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*int8)(unsafe.Add(w.values, i)) = x
}

func (w *Writer) Int16(i int, x int16) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*int16)(unsafe.Add(w.values, i*2)) = x
}

func (w *Writer) Int32(i int, x int32) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*int32)(unsafe.Add(w.values, i*4)) = x
}

func (w *Writer) Int64(i int, x int64) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*int64)(unsafe.Add(w.values, i*8)) = x
}

func (w *Writer) Float(i int, x float32) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*float32)(unsafe.Add(w.values, i*4)) = x
}

func (w *Writer) Double(i int, x float64) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*float64)(unsafe.Add(w.values, i*8)) = x
}

func (w *Writer) Decimal(i int, x column.Int128) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*column.Int128)(unsafe.Add(w.values, i*16)) = x
}

// View sets row i to the n bytes of the block from off on, without copying them. The block was given by Begin and has
// 16 readable bytes from off on.
func (w *Writer) View(i, off, n int) {
	if i >= w.rows {
		w.grow(i)
	}
	if n > column.InlineLen && w.lent < 0 {
		w.Lend()
	}
	*(*column.View)(unsafe.Add(w.values, i*16)) = column.MakeView(w.block, w.lent, off, n)
}

// Views returns the views of rows [i, i+n), to be set by [column.MakeView] from the block, which is returned too. A view of a long text
// needs the index that [Writer.Lend] gives.
func (w *Writer) Views(i, n int) (views []column.View, block []byte) {
	if i+n > w.rows {
		w.grow(i + n - 1)
	}
	return unsafe.Slice((*column.View)(unsafe.Add(w.values, i*16)), n), w.block
}

// Lend makes the block one of the vector's buffers and returns its index.
func (w *Writer) Lend() int {
	if w.lent < 0 {
		w.lent = w.Vec.Lend(w.block)
	}
	return w.lent
}

// Bytes sets row i to a copy of b.
func (w *Writer) Bytes(i int, b []byte) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*column.View)(unsafe.Add(w.values, i*16)) = w.Vec.Hold(b)
}

// Value returns the text written to row i.
func (w *Writer) Value(i int) []byte {
	return (*column.View)(unsafe.Add(w.values, i*16)).Bytes(w.Vec.Buffers)
}

// Same reports whether the texts written to rows i and j are equal.
func (w *Writer) Same(i, j int) bool {
	a, b := (*column.View)(unsafe.Add(w.values, i*16)), (*column.View)(unsafe.Add(w.values, j*16))
	return a.Lo == b.Lo && (a.Hi == b.Hi || !a.Inline() && string(a.Bytes(w.Vec.Buffers)) == string(b.Bytes(w.Vec.Buffers)))
}

// List sets row i to n elements, which were written to the children from row Start(i) on.
func (w *Writer) List(i, n int) {
	if i >= w.rows {
		w.grow(i)
	}
	*(*int32)(unsafe.Add(w.values, i*4+4)) = int32(w.Start(i) + n)
}

// Start is the row of the children at which row i of a list begins; the rows before i are written.
func (w *Writer) Start(i int) int {
	if i == 0 {
		*(*int32)(w.values) = 0
		return 0
	}
	return int(*(*int32)(unsafe.Add(w.values, i*4)))
}
