package operator

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// distinct counts how often each group has seen each list of arguments, so that a DISTINCT aggregate takes them in once.
type distinct struct {
	groups *state.Groups // keys: the group's number, then the arguments
	count  []int64       // by entry
	// chained links the entries of each group, so that those of one can be found.
	chained bool
	heads   []int32 // by group: its newest entry, one more
	links   []int32 // by entry: the group's entry before it, one more
	list    []int32

	group *column.Vector // the group's number by physical row
	cols  []*column.Vector
	ids   []int32 // entries of the current rows
	rows  []int32
	kept  []int32
	gone  []int32 // entries whose count came down to 0
	sign  []int8
}

func newDistinct(args []column.Type) *distinct {
	types := append([]column.Type{column.Of(column.Int).Required()}, args...)
	return &distinct{
		groups: state.NewGroups(types), group: column.NewVector(types[0], 0), cols: make([]*column.Vector, len(types)),
		rows: []int32{}, kept: []int32{},
	}
}

// lookup finds the entries of rows, of which row i belongs to groups[i]; n is the number of physical rows.
func (d *distinct) lookup(args []*column.Vector, rows, groups []int32, n int) []int32 {
	d.group.Reset()
	d.group.Resize(n)
	to := column.Values[int32](d.group)
	if rows == nil {
		copy(to, groups)
	} else {
		for i, r := range rows {
			to[r] = groups[i]
		}
	}
	d.cols[0] = d.group
	copy(d.cols[1:], args)
	if cap(d.ids) < len(groups) {
		d.ids = make([]int32, len(groups)+len(groups)/4)
	}
	d.ids = d.ids[:len(groups)]
	d.groups.Lookup(d.cols, rows, len(groups), d.ids)
	if d.chained && len(d.count) < d.groups.Len() {
		d.chain()
	}
	for len(d.count) < d.groups.Len() {
		d.count = append(d.count, 0)
	}
	return d.ids
}

// chain links the entries that are new.
func (d *distinct) chain() {
	owners := column.Values[int32](d.groups.Keys()[0])
	for e := len(d.links); e < d.groups.Len(); e++ {
		g := owners[e]
		for len(d.heads) <= int(g) {
			d.heads = append(d.heads, 0)
		}
		d.links = append(d.links, d.heads[g])
		d.heads[g] = int32(e) + 1
	}
}

// entriesOf returns the entries of a group, in the order in which they came, until the next call.
func (d *distinct) entriesOf(g int32) []int32 {
	d.list = d.list[:0]
	if int(g) < len(d.heads) {
		for e := d.heads[g]; e != 0; e = d.links[e-1] {
			if d.groups.Alive(int(e-1)) && d.count[e-1] > 0 {
				d.list = append(d.list, e-1)
			}
		}
		slices.Reverse(d.list)
	}
	return d.list
}

// forget forgets the entries of a group.
func (d *distinct) forget(g int32) {
	if int(g) >= len(d.heads) {
		return
	}
	for e := d.heads[g]; e != 0; e = d.links[e-1] {
		if d.groups.Alive(int(e - 1)) {
			d.groups.Delete(int(e - 1))
		}
	}
	d.heads[g] = 0
}

// fresh takes in rows and returns those whose arguments their group had not seen.
func (d *distinct) fresh(args []*column.Vector, rows, groups []int32, n int) ([]int32, []int32) {
	ids := d.lookup(args, rows, groups, n)
	d.rows, d.kept = d.rows[:0], d.kept[:0]
	for i, id := range ids {
		d.count[id]++
		if d.count[id] == 1 {
			r := int32(i)
			if rows != nil {
				r = rows[i]
			}
			d.rows, d.kept = append(d.rows, r), append(d.kept, groups[i])
		}
	}
	return d.rows, d.kept
}

// change is fresh for rows that come (sign 1) or go (-1): it clears the signs of those that leave the set of their group's arguments as it is.
func (d *distinct) change(args []*column.Vector, rows, groups []int32, n int, sign []int8) {
	ids := d.lookup(args, rows, groups, n)
	d.gone = d.gone[:0]
	for i, id := range ids {
		switch {
		case sign[i] > 0:
			if d.count[id]++; d.count[id] > 1 {
				sign[i] = 0
			}
		case sign[i] < 0 && d.count[id] > 0:
			if d.count[id]--; d.count[id] > 0 {
				sign[i] = 0
			}
		default: // not counted, or taken back without having come
			sign[i] = 0
		}
		if d.count[id] == 0 {
			d.gone = append(d.gone, id)
		}
	}
	for _, id := range d.gone {
		if d.count[id] == 0 && d.groups.Alive(int(id)) {
			d.groups.Delete(int(id))
		}
	}
}

// sizeBytes is the memory held, in bytes.
func (d *distinct) sizeBytes() int {
	return d.groups.SizeBytes() + cap(d.count)*8 + (cap(d.heads)+cap(d.links))*4
}
