package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// aggregation is the state of a grouping: the groups' keys, and for each call an accumulator with a row for each group.
type aggregation struct {
	keys   []int // columns of the input
	types  []column.Type
	names  []string // of the keys
	groups *state.Groups
	calls  []*aggregateCall
	shared []*distinctSet // those of several calls
	room   int            // accumulators, where these do not belong to the groups
	filled bool           // no group is shown without a row
	local  int            // of the keys, the last ones by which rows are not shipped: the windows
	track  *state.Tracker
	parts  int      // key groups, of CopyRows
	count  *[]int64 // rows by group, where they are counted
	merges bool     // rows are keys and states

	cols []*column.Vector // the key columns of the current batch
	ids  []int32          // the groups of its live rows

	numbers []int32 // 0, 1, 2 …
	live    []int32 // of fold
	into    []int32
	part    column.Batch // rows of one sign

	rows int // the call whose accumulator the owner keeps up to date itself, since it is the number of rows; -1: none
}

// aggregateCall is one aggregate call of a grouping.
type aggregateCall struct {
	expr.Aggregate
	argTypes []column.Type
	acc      expr.Accumulator
	states   []column.Type
	distinct *distinct

	args []*column.Vector // the arguments, or the states, of the current batch
	flat []*column.Vector // states that had dictionaries
	ids  []int32          // what the filter leaves
	rows []int32
	sign []int8
}

// newAggregation returns an empty state. argTypes are by call. filled says that no group is shown that has no row.
func newAggregation(keys []int, types []column.Type, list []expr.Aggregate, argTypes [][]column.Type, filled bool) *aggregation {
	a := &aggregation{keys: keys, types: types, cols: make([]*column.Vector, len(keys)), filled: filled, rows: -1, track: &state.Tracker{}}
	for i, spec := range list {
		c := &aggregateCall{Aggregate: spec, argTypes: argTypes[i]}
		c.states = a.accumulator(c).StateTypes()
		for range c.states {
			c.flat = append(c.flat, &column.Vector{})
		}
		a.calls = append(a.calls, c)
	}
	a.clear()
	return a
}

// accumulator makes an empty one for a call.
func (a *aggregation) accumulator(c *aggregateCall) expr.Accumulator {
	if a.filled {
		return c.NewFilled(c.argTypes)
	}
	return c.New(c.argTypes)
}

// named names the keys by the columns of the input, as the columns of state are called.
func (a *aggregation) named(in []column.Field) {
	a.names = a.names[:0]
	for _, k := range a.keys {
		a.names = append(a.names, in[k].Name)
	}
}

// clear forgets all groups.
func (a *aggregation) clear() {
	if a.groups == nil {
		a.groups = state.NewGroups(a.types)
	} else {
		a.groups.Reset()
	}
	for _, c := range a.calls {
		c.acc = a.accumulator(c)
	}
	was := make([]*distinct, len(a.calls))
	for i, c := range a.calls {
		was[i] = c.distinct
	}
	a.shared = shareDistinct(a.calls)
	for i, c := range a.calls {
		if c.distinct != nil && was[i] != nil { // a checkpoint may know their entries
			c.distinct.tracks[c.distinct.at], c.distinct.chained = was[i].tracks[was[i].at], was[i].chained
		}
	}
}

// untrack makes an empty aggregation another table to checkpoints.
func (a *aggregation) untrack() {
	a.track = &state.Tracker{}
	for _, c := range a.calls {
		if c.distinct != nil {
			c.distinct.tracks[c.distinct.at] = &state.Tracker{}
		}
	}
}

// see looks up what calls share of b's live rows.
func (a *aggregation) see(b *column.Batch, ids []int32) {
	for _, d := range a.shared {
		for i, c := range d.columns {
			d.cols[1+i] = b.Cols[c]
		}
		d.lookup(d.cols[1:], b.Sel, ids, b.Len)
		d.touch()
	}
}

// size is the number of accumulators of each call.
func (a *aggregation) size() int { return max(a.groups.Len(), a.room) }

// lookup finds the groups of b's live rows.
func (a *aggregation) lookup(b *column.Batch) []int32 {
	n := b.Rows()
	if cap(a.ids) < n {
		a.ids = make([]int32, n+n/4)
	}
	a.groups.Lookup(a.keysOf(b), b.Sel, n, a.ids[:n])
	return a.ids[:n]
}

func (a *aggregation) keysOf(b *column.Batch) []*column.Vector {
	for i, k := range a.keys {
		a.cols[i] = b.Cols[k]
	}
	return a.cols
}

// load makes columns of b the arguments of c.
func (c *aggregateCall) load(b *column.Batch) {
	c.args = c.args[:0]
	for _, k := range c.Args {
		c.args = append(c.args, b.Cols[k])
	}
}

// plain returns v without a dictionary, if need be in the memory of flat.
func plain(v, flat *column.Vector) *column.Vector {
	if v.Dict == nil {
		return v
	}
	flat.Reset()
	v.Decode(flat)
	return flat
}

// update takes in b's live rows, of which row i belongs to ids[i].
func (a *aggregation) update(b *column.Batch, ids []int32) {
	a.see(b, ids)
	for i, c := range a.calls {
		if i == a.rows {
			continue
		}
		c.acc.Grow(a.size())
		c.load(b)
		rows, groups := b.Sel, ids
		if c.distinct != nil && c.distinct.width > 1 {
			var filter *column.Vector
			if c.Filter >= 0 {
				filter = b.Cols[c.Filter]
			}
			rows, groups = c.distinct.freshOf(filter, rows, groups)
		} else {
			if c.Filter >= 0 {
				rows, groups = c.filtered(b.Cols[c.Filter], rows, ids)
			}
			if c.distinct != nil && len(groups) > 0 {
				rows, groups = c.distinct.fresh(c.args, rows, groups, b.Len)
			}
		}
		if len(groups) > 0 {
			c.acc.Update(groups, c.args, rows)
		}
	}
}

// filtered returns the rows where filter is true, and their groups.
func (c *aggregateCall) filtered(filter *column.Vector, rows, ids []int32) ([]int32, []int32) {
	if c.ids == nil {
		c.ids, c.rows = []int32{}, []int32{}
	}
	c.ids, c.rows = c.ids[:0], c.rows[:0]
	for i, id := range ids {
		r := int32(i)
		if rows != nil {
			r = rows[i]
		}
		if isTrue(filter, int(r)) {
			c.ids, c.rows = append(c.ids, id), append(c.rows, r)
		}
	}
	return c.rows, c.ids
}

// isTrue reports whether row r of a BOOLEAN column is TRUE.
func isTrue(v *column.Vector, r int) bool {
	if v.Dict != nil {
		return (v.Valid == nil || v.Valid.Get(r)) && isTrue(v.Dict, int(column.Values[int32](v)[r]))
	}
	return (v.Valid == nil || v.Valid.Get(r)) && v.Bits().Get(r)
}

// merge folds states, as appendStates wrote them to the columns of b from first on, into the groups ids of b's live rows.
func (a *aggregation) merge(b *column.Batch, first int, ids []int32) {
	for _, c := range a.calls {
		c.args = c.args[:0]
		for i := range c.states {
			c.args = append(c.args, plain(b.Cols[first+i], c.flat[i]))
		}
		first += len(c.states)
		c.acc.Grow(a.size())
		c.acc.Merge(ids, c.args, b.Sel)
	}
}

// appendStates appends the keys and states of groups [from, to) to b.
func (a *aggregation) appendStates(b *column.Batch, from, to int) {
	b.Len += to - from
	at := a.appendKeys(b, from, to)
	for _, c := range a.calls {
		c.acc.Grow(a.groups.Len())
		c.acc.AppendState(from, to, b.Cols[at:at+len(c.states)])
		at += len(c.states)
	}
}

// appendResults appends the keys and results of groups [from, to) to b.
func (a *aggregation) appendResults(b *column.Batch, from, to int) error {
	b.Len += to - from
	at := a.appendKeys(b, from, to)
	for i, c := range a.calls {
		c.acc.Grow(a.groups.Len())
		if err := c.acc.AppendResult(from, to, b.Cols[at+i]); err != nil {
			return err
		}
	}
	return nil
}

// appendKeys appends the keys of groups [from, to) and returns the number of key columns.
func (a *aggregation) appendKeys(b *column.Batch, from, to int) int {
	if from < to {
		keys := a.groups.Keys()
		a.ids = a.ids[:0]
		for g := from; g < to; g++ {
			a.ids = append(a.ids, int32(g))
		}
		for i, k := range keys {
			b.Cols[i].AppendRows(k, a.ids)
		}
	}
	return len(a.keys)
}

// stateFields are the columns that appendStates writes.
func (a *aggregation) stateFields() []column.Field {
	var list []column.Field
	for i, t := range a.types {
		name := "key"
		if i < len(a.names) {
			name = a.names[i]
		}
		list = append(list, column.Field{Name: name, Type: t})
	}
	for _, c := range a.calls {
		for _, t := range c.states {
			list = append(list, column.Field{Name: c.Name, Type: t})
		}
	}
	return list
}

// sizeBytes is the memory held, in bytes.
func (a *aggregation) sizeBytes() int {
	n := a.groups.SizeBytes() + cap(a.ids)*4
	for _, c := range a.calls {
		n += c.acc.SizeBytes()
		if c.distinct != nil {
			n += c.distinct.sizeBytes()
		}
	}
	return n
}
