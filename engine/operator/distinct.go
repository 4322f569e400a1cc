package operator

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// distinct counts how often each group has seen each list of arguments, so that a DISTINCT aggregate takes them in once. Aggregates of the same
// arguments with different filters share the entries, and what is looked up for one of them is known for all.
type distinct struct {
	*distinctSet
	at   int // of the calls that share the set
	rows []int32
	kept []int32
	sign []int8
}

// distinctSet is lists of arguments by group.
type distinctSet struct {
	groups *state.Groups // keys: the group's number, then the arguments
	width  int           // calls that share it
	count  []int64       // by entry and call
	// chained links the entries of each group, so that those of one can be found.
	chained bool
	heads   []int32 // by group: its newest entry, one more
	links   []int32 // by entry: the group's entry before it, one more
	list    []int32

	columns []int          // of the input that are the arguments; where the set is shared
	group   *column.Vector // the group's number by physical row
	cols    []*column.Vector
	ids     []int32          // entries of the current rows
	gone    []int32          // entries of which a count came down to 0
	tracks  []*state.Tracker // by call
}

func newDistinctSet(args []column.Type) *distinctSet {
	types := append([]column.Type{column.Of(column.Int).Required()}, args...)
	return &distinctSet{groups: state.NewGroups(types), group: column.NewVector(types[0], 0), cols: make([]*column.Vector, len(types))}
}

// join lets one more call use a set that is still empty.
func (d *distinctSet) join() *distinct {
	d.width++
	d.tracks = append(d.tracks, &state.Tracker{})
	return &distinct{distinctSet: d, at: d.width - 1, rows: []int32{}, kept: []int32{}}
}

func newDistinct(args []column.Type) *distinct { return newDistinctSet(args).join() }

// shareDistinct gives DISTINCT calls what they count with, and returns the sets that several share: the calls of the same arguments, if one of them
// has no filter, so that all entries are needed anyway.
func shareDistinct(calls []*aggregateCall) []*distinctSet {
	var shared []*distinctSet
	for _, c := range calls {
		c.distinct = nil
	}
	for i, c := range calls {
		if !c.Distinct || c.distinct != nil {
			continue
		}
		var of []*aggregateCall
		plain := false
		for _, other := range calls[i:] {
			if other.Distinct && slices.Equal(other.Args, c.Args) && slices.EqualFunc(other.argTypes, c.argTypes, column.Type.Equal) {
				of = append(of, other)
				plain = plain || other.Filter < 0
			}
		}
		if !plain || len(of) == 1 {
			c.distinct = newDistinct(c.argTypes)
			continue
		}
		set := newDistinctSet(c.argTypes)
		set.columns = c.Args
		for _, other := range of {
			other.distinct = set.join()
		}
		shared = append(shared, set)
	}
	return shared
}

// times is how often the call has seen an entry.
func (d *distinct) times(e int32) int64 { return d.count[int(e)*d.width+d.at] }

func (d *distinct) add(e int32, n int64) { d.count[int(e)*d.width+d.at] += n }

// load is lookup that, in an empty set, makes entry i of row i if all rows differ, which differ may say.
func (d *distinctSet) load(args []*column.Vector, rows, groups []int32, n int, differ bool) []int32 {
	if d.groups.Len() == 0 && rows == nil {
		d.prepare(args, rows, groups, n)
		d.groups.Load(d.cols, n, differ)
	}
	return d.lookup(args, rows, groups, n)
}

// prepare makes the columns to be looked up.
func (d *distinctSet) prepare(args []*column.Vector, rows, groups []int32, n int) {
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
}

// lookup finds the entries of rows, of which row i belongs to groups[i]; n is the number of physical rows.
func (d *distinctSet) lookup(args []*column.Vector, rows, groups []int32, n int) []int32 {
	d.prepare(args, rows, groups, n)
	if cap(d.ids) < len(groups) {
		d.ids = make([]int32, len(groups)+len(groups)/4)
	}
	d.ids = d.ids[:len(groups)]
	d.groups.Lookup(d.cols, rows, len(groups), d.ids)
	if d.chained && len(d.links) < d.groups.Len() {
		d.chain()
	}
	if n := d.groups.Len() * d.width; n > len(d.count) {
		d.count = append(d.count, make([]int64, n-len(d.count))...)
	}
	return d.ids
}

// touch says that the entries that were looked up last are about to change.
func (d *distinctSet) touch() {
	for _, t := range d.tracks {
		t.Touch(d.ids)
	}
}

// chain links the entries that are new.
func (d *distinctSet) chain() {
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
			if d.groups.Alive(int(e-1)) && d.times(e-1) > 0 {
				d.list = append(d.list, e-1)
			}
		}
		slices.Reverse(d.list)
	}
	return d.list
}

// forget forgets the entries of a group.
func (d *distinctSet) forget(g int32) {
	if int(g) >= len(d.heads) {
		return
	}
	for e := d.heads[g]; e != 0; e = d.links[e-1] {
		if d.groups.Alive(int(e - 1)) {
			for _, t := range d.tracks {
				t.TouchRow(e - 1)
			}
			d.groups.Delete(int(e - 1))
		}
	}
	d.heads[g] = 0
}

// forgetArguments forgets what a group that is gone has seen, since what a checkpoint has of it must go.
func (a *aggregation) forgetArguments(g int32) {
	for _, c := range a.calls {
		if d := c.distinct; d != nil && d.at == 0 && d.tracks[0].On() {
			d.link()
			d.forget(g)
		}
	}
}

// touchArguments says that a group is about to go, with what it has seen.
func (a *aggregation) touchArguments(g int32) {
	for _, c := range a.calls {
		if d := c.distinct; d != nil && d.at == 0 && d.tracks[0].On() {
			d.link()
			d.touchGroup(g)
		}
	}
}

// link has the entries of groups chained from now on.
func (d *distinctSet) link() {
	if !d.chained {
		d.chained = true
		d.chain()
	}
}

// touchGroup says that the entries of a group are about to change.
func (d *distinctSet) touchGroup(g int32) {
	if int(g) >= len(d.heads) {
		return
	}
	for e := d.heads[g]; e != 0; e = d.links[e-1] {
		for _, t := range d.tracks {
			t.TouchRow(e - 1)
		}
	}
}

// busy reports whether a checkpoint is being copied.
func (d *distinctSet) busy() bool {
	return slices.ContainsFunc(d.tracks, func(t *state.Tracker) bool { return t.Busy() })
}

// compact gives entries new numbers, in their order, without those that are gone. The groups keep theirs.
func (d *distinctSet) compact() {
	for _, t := range d.tracks {
		t.Compact()
	}
	for e, to := range d.groups.Compact() {
		if to >= 0 {
			copy(d.count[int(to)*d.width:int(to+1)*d.width], d.count[e*d.width:])
		}
	}
	d.count, d.links = d.count[:d.groups.Len()*d.width], d.links[:0]
	clear(d.heads)
	if d.chained {
		d.chain()
	}
}

// fresh takes in rows and returns those whose arguments their group had not seen.
func (d *distinct) fresh(args []*column.Vector, rows, groups []int32, n int) ([]int32, []int32) {
	d.lookup(args, rows, groups, n)
	d.touch()
	return d.freshOf(nil, rows, groups)
}

// freshOf is fresh for the rows that were looked up last and for which the filter is true; nil: for all of them.
func (d *distinct) freshOf(filter *column.Vector, rows, groups []int32) ([]int32, []int32) {
	d.rows, d.kept = d.rows[:0], d.kept[:0]
	for i, id := range d.ids {
		r := int32(i)
		if rows != nil {
			r = rows[i]
		}
		if filter != nil && !isTrue(filter, int(r)) {
			continue
		}
		n := &d.count[int(id)*d.width+d.at]
		if *n++; *n == 1 {
			d.rows, d.kept = append(d.rows, r), append(d.kept, groups[i])
		}
	}
	return d.rows, d.kept
}

// change is fresh for rows that come (sign 1) or go (-1): it clears the signs of those that leave the set of their group's arguments as it is. Rows
// without a sign are not looked at.
func (d *distinct) change(args []*column.Vector, rows, groups []int32, n int, sign []int8) {
	d.rows, d.kept = d.rows[:0], d.kept[:0]
	for i, s := range sign {
		if s == 0 {
			continue
		}
		r := int32(i)
		if rows != nil {
			r = rows[i]
		}
		d.rows, d.kept = append(d.rows, r), append(d.kept, groups[i])
	}
	if len(d.rows) == len(sign) {
		d.lookup(args, rows, groups, n)
		d.touch()
		d.changeOf(sign)
	} else if len(d.rows) > 0 {
		d.lookup(args, d.rows, d.kept, n)
		d.touch()
		signs := d.sign[:0]
		for _, s := range sign {
			if s != 0 {
				signs = append(signs, s)
			}
		}
		d.sign = signs
		d.changeOf(signs)
		k := 0
		for i, s := range sign {
			if s != 0 {
				sign[i] = signs[k]
				k++
			}
		}
	}
	d.drop()
}

// changeOf is change for the rows that were looked up last. Entries that are seen no more are dropped by [distinctSet.drop].
func (d *distinct) changeOf(sign []int8) {
	for i, id := range d.ids {
		n := &d.count[int(id)*d.width+d.at]
		switch {
		case sign[i] > 0:
			if *n++; *n > 1 {
				sign[i] = 0
			}
		case sign[i] < 0 && *n > 0:
			if *n--; *n > 0 {
				sign[i] = 0
			} else {
				d.gone = append(d.gone, id)
			}
		case sign[i] < 0: // taken back without having come
			sign[i] = 0
			d.gone = append(d.gone, id)
		}
	}
}

// drop forgets the entries that no call has seen any more.
func (d *distinctSet) drop() {
	for _, id := range d.gone {
		seen := int64(0)
		for _, n := range d.count[int(id)*d.width : (int(id)+1)*d.width] {
			seen += n
		}
		if seen == 0 && d.groups.Alive(int(id)) {
			d.groups.Delete(int(id))
		}
	}
	d.gone = d.gone[:0]
}

// sizeBytes is the memory held, in bytes; that of a shared set counts for the first call.
func (d *distinct) sizeBytes() int {
	n := (cap(d.rows) + cap(d.kept)) * 4
	if d.at > 0 {
		return n
	}
	return n + d.groups.SizeBytes() + cap(d.count)*8 + (cap(d.heads)+cap(d.links)+cap(d.ids))*4
}
