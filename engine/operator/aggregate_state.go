package operator

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// The state of a grouping is one table "groups" with the keys, the accumulators' state columns and, for a changelog, the number of
// rows; and for each DISTINCT call number i a table "distinct-i" with the keys, the arguments and how often they were seen.
const groupsTable = "groups"

func distinctTable(call int) string { return fmt.Sprintf("distinct-%d", call) }

var countField = column.Field{Name: "rows", Type: column.Of(column.BigInt).Required()}

// appendKeyGroups appends the key groups by which the rows of groups are shipped.
func (a *aggregation) appendKeyGroups(list, ids []int32) []int32 {
	hashes := make([]uint64, len(ids))
	if a.local == 0 {
		a.groups.HashRows(ids, hashes)
	} else {
		new(state.KeyHasher).Hash(a.groups.Keys()[:len(a.keys)-a.local], ids, hashes)
	}
	return appendParts(list, hashes, a.parts)
}

// snapshot writes the groups that live, with their number of rows where that is counted.
func (a *aggregation) snapshot(w *state.Writer, keyGroups int) {
	a.parts = max(keyGroups, 1)
	for _, f := range a.followed() {
		w.Track(f.track, f.table, f.name, f.fields)
	}
}

// followed is a table of the state.
type followed struct {
	track  *state.Tracker
	table  state.Tracked
	name   string
	fields []column.Field
}

func (a *aggregation) followed() []followed {
	fields := a.stateFields()
	if a.count != nil {
		fields = append(fields, countField)
	}
	list := []followed{{a.track, a, groupsTable, fields}}
	for i, c := range a.calls {
		if d := c.distinct; d != nil {
			list = append(list, followed{d.tracks[d.at], distinctEntries{a, c}, distinctTable(i), a.distinctFields(c)})
		}
	}
	return list
}

// Len, Alive and CopyRows implement [state.Tracked] for the table of groups.
func (a *aggregation) Len() int           { return a.groups.Len() }
func (a *aggregation) Alive(g int32) bool { return a.groups.Alive(int(g)) }

func (a *aggregation) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	groups = a.appendKeyGroups(groups, rows)
	for i, k := range a.groups.Keys() {
		to.Cols[i].AppendRows(k, rows)
	}
	at := len(a.keys)
	for _, c := range a.calls {
		c.acc.Grow(a.groups.Len())
		for from := 0; from < len(rows); { // groups that were made one after the other stand so
			until := from + 1
			for until < len(rows) && rows[until] == rows[until-1]+1 {
				until++
			}
			c.acc.AppendState(int(rows[from]), int(rows[until-1])+1, to.Cols[at:at+len(c.states)])
			from = until
		}
		at += len(c.states)
	}
	if a.count != nil {
		column.AppendPicked(to.Cols[at], *a.count, rows)
	}
	to.Len += len(rows)
	return groups
}

func (a *aggregation) distinctFields(c *aggregateCall) []column.Field {
	fields := a.stateFields()[:len(a.keys):len(a.keys)]
	for _, t := range c.argTypes {
		fields = append(fields, column.Field{Name: c.Name, Type: t})
	}
	return append(fields, countField)
}

// distinctEntries are the arguments that the groups have seen, as a table for a call. Those that only other calls of the same arguments have seen are in it
// too.
type distinctEntries struct {
	a *aggregation
	c *aggregateCall
}

func (t distinctEntries) owners() []int32 { return column.Values[int32](t.c.distinct.groups.Keys()[0]) }

func (t distinctEntries) Len() int { return t.c.distinct.groups.Len() }

func (t distinctEntries) Alive(e int32) bool {
	return t.c.distinct.groups.Alive(int(e)) && t.a.groups.Alive(int(t.owners()[e]))
}

func (t distinctEntries) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	d, owner := t.c.distinct, t.owners()
	owners := make([]int32, len(rows))
	for i, e := range rows {
		owners[i] = owner[e]
	}
	groups = t.a.appendKeyGroups(groups, owners)
	at := 0
	for _, k := range t.a.groups.Keys() {
		to.Cols[at].AppendRows(k, owners)
		at++
	}
	for _, k := range d.groups.Keys()[1:] {
		to.Cols[at].AppendRows(k, rows)
		at++
	}
	for _, e := range rows {
		column.Append(to.Cols[at], d.times(e))
	}
	to.Len += len(rows)
	return groups
}

// restore takes in what snapshot wrote.
func (a *aggregation) restore(r *state.Reader) error {
	t, count := r.Table(groupsTable), a.count
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	base := t
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
		entries := c.distinct.load(b.Cols[k:k+len(c.argTypes)], b.Sel, ids, b.Len, t.Resumable())
		for i, e := range entries {
			c.distinct.add(e, counts[b.Row(i)])
		}
		if inOrder(entries) {
			c.distinct.tracks[c.distinct.at].Resume(distinctEntries{a, c}, t)
		}
	}
	if inOrder(ids) {
		a.track.Resume(a, base)
	}
	return nil
}

// inOrder reports whether row i has the number i.
func inOrder(ids []int32) bool {
	for i, id := range ids {
		if int(id) != i {
			return false
		}
	}
	return true
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
	if a.groups.Len() == 0 && t.Rows.Sel == nil && a.groups.Load(t.Rows.Cols[:len(a.keys)], len(ids), t.Resumable()) {
		return first(ids[:0], len(ids)), nil // their order counts for checkpoints to come
	}
	a.groups.Lookup(t.Rows.Cols[:len(a.keys)], t.Rows.Sel, len(ids), ids)
	return ids, nil
}

// busy reports whether a checkpoint is being copied.
func (a *aggregation) busy() bool {
	return a.track.Busy() || slices.ContainsFunc(a.calls, func(c *aggregateCall) bool { return c.distinct != nil && c.distinct.tracks[c.distinct.at].Busy() })
}

// compact builds the state anew without the groups that are gone. The others keep their order.
func (a *aggregation) compact() error {
	for _, f := range a.followed() {
		f.track.Compact()
	}
	var w state.Writer
	a.snapshot(&w, 1)
	a.clear()
	return a.restore(&state.Reader{Tables: w.Tables})
}
