package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// The state of a grouping is one table "groups" with the keys, the accumulators' state columns and, for a changelog, the number of
// rows; and for each DISTINCT call number i a table "distinct-i" with the keys, the arguments and how often they were seen.
const groupsTable = "groups"

func distinctTable(call int) string { return fmt.Sprintf("distinct-%d", call) }

var countField = column.Field{Name: "rows", Type: column.Of(column.BigInt).Required()}

// shipped are the hashes by which the groups' rows are shipped.
func (a *aggregation) shipped() []uint64 {
	if a.local == 0 {
		return a.groups.Hashes()
	}
	hashes := make([]uint64, a.groups.Len())
	new(state.KeyHasher).Hash(a.groups.Keys()[:len(a.keys)-a.local], nil, hashes)
	return hashes
}

// snapshot writes the groups that live. count, if not nil, is their number of rows.
func (a *aggregation) snapshot(w *state.Writer, count []int64, keyGroups int) {
	n := a.groups.Len()
	fields := a.stateFields()
	if count != nil {
		fields = append(fields, countField)
	}
	b := column.NewBatch(fields, a.groups.Live())
	var counts *column.Vector
	if count != nil {
		counts = b.Cols[len(b.Cols)-1]
	}
	byGroup, hashes := make([]int32, 0, a.groups.Live()), a.shipped()
	for from := 0; from < n; {
		to := from
		for to < n && a.groups.Alive(to) {
			to++
		}
		a.appendStates(b, from, to)
		for g := from; g < to; g++ {
			byGroup = append(byGroup, int32(state.KeyGroup(hashes[g], max(keyGroups, 1))))
			if count != nil {
				column.Append(counts, count[g])
			}
		}
		from = to + 1
	}
	w.Add(state.Table{Name: groupsTable, Schema: fields, Keyed: true, Groups: byGroup, Rows: b})
	for i, c := range a.calls {
		if c.distinct != nil {
			w.Add(a.snapshotDistinct(i, c, keyGroups))
		}
	}
}

func (a *aggregation) snapshotDistinct(call int, c *aggregateCall, keyGroups int) state.Table {
	d := c.distinct
	fields := a.stateFields()[:len(a.keys):len(a.keys)]
	for _, t := range c.argTypes {
		fields = append(fields, column.Field{Name: "argument", Type: t})
	}
	fields = append(fields, countField)
	owner := column.Values[int32](d.groups.Keys()[0])
	entries, owners, byGroup := []int32{}, []int32{}, []int32{}
	hashes := a.shipped()
	for e := range d.groups.Len() {
		if d.groups.Alive(e) && d.times(int32(e)) > 0 && a.groups.Alive(int(owner[e])) {
			entries, owners = append(entries, int32(e)), append(owners, owner[e])
			byGroup = append(byGroup, int32(state.KeyGroup(hashes[owner[e]], max(keyGroups, 1))))
		}
	}
	b := column.NewBatch(fields, len(entries))
	b.Len = len(entries)
	at := 0
	for _, k := range a.groups.Keys() {
		b.Cols[at].AppendRows(k, owners)
		at++
	}
	for _, k := range d.groups.Keys()[1:] {
		b.Cols[at].AppendRows(k, entries)
		at++
	}
	for _, e := range entries {
		column.Append(b.Cols[at], d.times(e))
	}
	return state.Table{Name: distinctTable(call), Schema: fields, Keyed: true, Groups: byGroup, Rows: b}
}

// restore takes in what snapshot wrote; count gets the groups' number of rows if it is not nil.
func (a *aggregation) restore(r *state.Reader, count *[]int64) error {
	t := r.Table(groupsTable)
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	k := len(a.keys)
	ids, err := a.restoreKeys(t, len(a.stateFields()), count != nil)
	if err != nil {
		return err
	}
	a.merge(t.Rows, k, ids)
	if count != nil {
		*count = make([]int64, a.groups.Len())
		in := column.Values[int64](t.Rows.Cols[len(t.Rows.Cols)-1])
		for i, g := range ids {
			(*count)[g] += in[t.Rows.Row(i)]
		}
	}
	for i, c := range a.calls {
		t := r.Table(distinctTable(i))
		if c.distinct == nil || t == nil || t.Rows.Rows() == 0 {
			continue
		}
		ids, err := a.restoreKeys(t, k+len(c.argTypes), true)
		if err != nil {
			return err
		}
		b := t.Rows
		counts := column.Values[int64](b.Cols[k+len(c.argTypes)])
		for i, e := range c.distinct.lookup(b.Cols[k:k+len(c.argTypes)], b.Sel, ids, b.Len) {
			c.distinct.add(e, counts[b.Row(i)])
		}
	}
	return nil
}

// restoreKeys finds the groups of a table's rows, after checking that it has width columns and, if counted, one more.
func (a *aggregation) restoreKeys(t *state.Table, width int, counted bool) ([]int32, error) {
	if counted {
		width++
	}
	if len(t.Rows.Cols) != width {
		return nil, fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the aggregate was changed", t.Name, len(t.Rows.Cols), width)
	}
	ids := make([]int32, t.Rows.Rows())
	a.groups.Lookup(t.Rows.Cols[:len(a.keys)], t.Rows.Sel, len(ids), ids)
	return ids, nil
}
