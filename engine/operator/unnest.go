package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// unnest joins rows with the elements of a list column. As a rule the elements stay where they are: the output's physical rows are the
// list's elements, those of rows that do not count are left out by a selection, and kept columns are gathered to stand beside.
// Where that does not do (a row without elements is kept, a multiset repeats its elements) everything is gathered.
//
// A NULL among elements of type ROW is no element, as in Flink.
type unnest struct {
	Base
	op   *graph.Unnest
	kind column.Kind
	rows bool // elements are of type ROW, whose fields become columns

	flat     column.Vector // the lists, and the elements, without a dictionary
	flatElem column.Vector
	sel      []int32
	parents  []int32 // by output row: its input row
	elems    []int32 // by output row: its element, or none
	kinds    []column.RowKind
	times    []int64
	kept     []*column.Vector
	made     []*column.Vector // element columns that were gathered
	cuts     []column.Vector  // element columns that stay where they are
	ordinal  *column.Vector
	out      column.Batch
	slicer   slicer
}

// none stands for the missing element of an outer row.
const none = -1

func newUnnest(op *graph.Unnest, in []column.Field) (*unnest, error) {
	if op.Column >= len(in) {
		return nil, fmt.Errorf("unnest: column %d of %d", op.Column, len(in))
	}
	t := in[op.Column].Type
	o := &unnest{op: op, kind: t.Kind, ordinal: column.NewVector(column.Of(column.Int), 0), parents: []int32{}} // no rows, while nil would be all
	var elem []column.Type
	switch t.Kind {
	case column.Map:
		elem = []column.Type{*t.Key, *t.Elem}
	case column.Array, column.Multiset:
		elem = []column.Type{*t.Elem}
		if o.rows = t.Elem.Kind == column.Row; o.rows {
			elem = elem[:0]
			for _, f := range t.Elem.Fields {
				elem = append(elem, f.Type)
			}
		}
	default:
		return nil, fmt.Errorf("unnest: column %s is of type %s, want ARRAY, MAP or MULTISET", in[op.Column].Name, t)
	}
	for _, k := range op.Keep {
		o.kept = append(o.kept, column.NewVector(in[k].Type, 0))
	}
	for _, e := range elem {
		o.made = append(o.made, column.NewVector(e, 0))
	}
	o.cuts = make([]column.Vector, len(elem))
	return o, nil
}

func (o *unnest) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	list := b.Cols[o.op.Column]
	if list.Dict != nil {
		o.flat.Reset()
		list.Decode(&o.flat)
		list = &o.flat
	}
	elems, valid := o.elements(list)
	o.out = column.Batch{Cols: o.out.Cols[:0]}
	if o.kind == column.Multiset || o.op.Outer && o.lonely(b, list, valid) {
		o.gather(b, list, elems, valid)
	} else {
		o.stay(b, list, elems, valid)
	}
	return o.slicer.emit(&o.out, out)
}

// elements returns the vectors of the element columns, and the validity of ROW elements.
func (o *unnest) elements(list *column.Vector) ([]*column.Vector, column.Bitmap) {
	if !o.rows {
		return list.Children[:len(o.made)], nil
	}
	row := list.Children[0]
	if row.Dict != nil {
		o.flatElem.Reset()
		row.Decode(&o.flatElem)
		row = &o.flatElem
	}
	return row.Children, row.Valid
}

// lonely reports whether a live row is without elements.
func (o *unnest) lonely(b *column.Batch, list *column.Vector, valid column.Bitmap) bool {
	at := list.Offsets()
	for i := range b.Rows() {
		r := b.Row(i)
		if list.Valid != nil && !list.Valid.Get(r) || at[r] == at[r+1] {
			return true
		}
		if valid != nil {
			some := false
			for e := at[r]; e < at[r+1]; e++ {
				some = some || valid.Get(int(e))
			}
			if !some {
				return true
			}
		}
	}
	return false
}

// stay makes the output of the elements where they are: physical row e of the output is element base+e.
func (o *unnest) stay(b *column.Batch, list *column.Vector, elems []*column.Vector, valid column.Bitmap) {
	at := list.Offsets()
	base := int(at[0]) &^ 63
	n := int(at[b.Len]) - base
	o.out.Len = n
	if b.Sel != nil || list.Valid != nil || valid != nil || int(at[0]) != base {
		sel := o.sel[:0]
		for i := range b.Rows() {
			r := b.Row(i)
			if list.Valid != nil && !list.Valid.Get(r) {
				continue
			}
			for e := at[r]; e < at[r+1]; e++ {
				if valid == nil || valid.Get(int(e)) {
					sel = append(sel, e-int32(base))
				}
			}
		}
		if sel == nil {
			sel = []int32{}
		}
		o.sel, o.out.Sel = sel, sel
	}
	if len(o.kept) > 0 || b.Kinds != nil || b.Times != nil {
		parents := o.parents[:0]
		for range int(at[0]) - base {
			parents = append(parents, 0)
		}
		for r := range b.Len {
			for range at[r+1] - at[r] {
				parents = append(parents, int32(r))
			}
		}
		o.parents = parents
	}
	o.carry(b)
	for i, v := range elems {
		cut(&o.cuts[i], v, base, n)
		o.out.Cols = append(o.out.Cols, &o.cuts[i])
	}
	if o.op.Ordinality {
		o.ordinal.Reset()
		o.ordinal.Resize(n)
		to := column.Values[int32](o.ordinal)
		for r := range b.Len {
			for e := at[r]; e < at[r+1]; e++ {
				to[int(e)-base] = e - at[r] + 1
			}
		}
		o.out.Cols = append(o.out.Cols, o.ordinal)
	}
}

// gather copies the elements of live rows.
func (o *unnest) gather(b *column.Batch, list *column.Vector, elems []*column.Vector, valid column.Bitmap) {
	at := list.Offsets()
	var count []int32
	if o.kind == column.Multiset {
		c := list.Children[1]
		if c.Dict != nil {
			plain := column.NewVector(c.Type, c.Len)
			c.Decode(plain)
			c = plain
		}
		count = column.Values[int32](c)
	}
	o.parents, o.elems = o.parents[:0], o.elems[:0]
	o.ordinal.Reset()
	for i := range b.Rows() {
		r := b.Row(i)
		before := len(o.elems)
		if list.Valid == nil || list.Valid.Get(r) {
			position := int32(0)
			for e := at[r]; e < at[r+1]; e++ {
				times := int32(1)
				if count != nil {
					times = count[e]
				}
				for range times {
					position++
					if valid != nil && !valid.Get(int(e)) {
						continue
					}
					o.elems = append(o.elems, e)
					o.parents = append(o.parents, int32(r))
					if o.op.Ordinality {
						column.Append(o.ordinal, position)
					}
				}
			}
		}
		if o.op.Outer && len(o.elems) == before {
			o.elems = append(o.elems, none)
			o.parents = append(o.parents, int32(r))
			if o.op.Ordinality {
				o.ordinal.AppendNull()
			}
		}
	}
	o.out.Len = len(o.elems)
	o.carry(b)
	for i, v := range elems {
		o.made[i].Reset()
		appendOrNull(o.made[i], v, o.elems)
	}
	o.out.Cols = append(o.out.Cols, o.made...)
	if o.op.Ordinality {
		o.out.Cols = append(o.out.Cols, o.ordinal)
	}
}

// carry gives the output the kept columns, kinds and times of the parents.
func (o *unnest) carry(b *column.Batch) {
	for i, k := range o.op.Keep {
		o.kept[i].Reset()
		o.kept[i].Take(b.Cols[k], o.parents)
	}
	o.out.Cols = append(o.out.Cols, o.kept...)
	if b.Kinds != nil {
		o.kinds = o.kinds[:0]
		for _, r := range o.parents {
			o.kinds = append(o.kinds, b.Kinds[r])
		}
		o.out.Kinds = o.kinds
	}
	if b.Times != nil {
		o.times = o.times[:0]
		for _, r := range o.parents {
			o.times = append(o.times, b.Times[r])
		}
		o.out.Times = o.times
	}
}

// appendOrNull appends rows of src to v, and NULL where a row is none.
func appendOrNull(v, src *column.Vector, rows []int32) {
	for from := 0; from < len(rows); {
		to := from
		for to < len(rows) && (rows[to] == none) == (rows[from] == none) {
			to++
		}
		if rows[from] == none {
			for range to - from {
				v.AppendNull()
			}
		} else {
			v.AppendRows(src, rows[from:to])
		}
		from = to
	}
}
