package operator

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

const idleTable = "touched"

// idleTimes are when groups were last touched, beside their keys, as a table of checkpoints; where groups may be too many, with their turns.
type idleTimes struct {
	*idleGroups
	groups *state.Groups
	parts  int // key groups
}

// Len implements [state.Tracked].
func (t idleTimes) Len() int { return t.groups.Len() }

// Alive implements [state.Tracked].
func (t idleTimes) Alive(g int32) bool { return t.groups.Alive(int(g)) }

// CopyRows implements [state.Tracked].
func (t idleTimes) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	keys := t.groups.Keys()
	for i, v := range keys {
		to.Cols[i].AppendRows(v, rows)
	}
	for _, g := range rows {
		column.Append(to.Cols[len(keys)], t.recent.At(g))
		if t.most > 0 {
			column.Append(to.Cols[len(keys)+1], t.turns[g])
		}
	}
	to.Len += len(rows)
	hashes := make([]uint64, len(rows))
	t.groups.HashRows(rows, hashes)
	return appendParts(groups, hashes, t.parts)
}

// snapshot writes when the groups, of which each has been touched, were touched last.
func (k *idleGroups) snapshot(w *state.Writer, groups *state.Groups, keys []column.Field, number int) {
	if !k.on() {
		return
	}
	fields := append(keys[:len(keys):len(keys)], column.Field{Name: idleTable, Type: column.Of(column.BigInt).Required()})
	if k.most > 0 {
		fields = append(fields, column.Field{Name: "turn", Type: column.Of(column.BigInt).Required()})
	}
	w.Track(&k.track, idleTimes{k, groups, number}, idleTable, fields)
}

// restore takes in what snapshot wrote, once the groups are there. Those of which nothing is known live on from now.
func (k *idleGroups) restore(r *state.Reader, groups *state.Groups) error {
	k.recent.Reset()
	if !k.on() {
		return nil
	}
	at, now := make([]int64, groups.Len()), k.now()
	turns := make([]int64, groups.Len())
	var order []int32
	for g := range at {
		if at[g] = state.Untouched; groups.Alive(g) {
			at[g] = now
		}
	}
	if t := r.Table(idleTable); t != nil && t.Rows.Rows() > 0 {
		n := len(groups.Keys())
		if width := len(t.Rows.Cols); width != n+1 && width != n+2 {
			return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the key was changed", t.Name, width, n+1)
		}
		ids := make([]int32, t.Rows.Rows())
		groups.Find(t.Rows.Cols[:n], t.Rows.Sel, len(ids), ids)
		times := column.Values[int64](t.Rows.Cols[n])
		for i, g := range ids {
			if g < 0 {
				continue
			}
			at[g], order = times[t.Rows.Row(i)], append(order, g)
			if len(t.Rows.Cols) > n+1 {
				turns[g] = column.Values[int64](t.Rows.Cols[n+1])[t.Rows.Row(i)]
			}
		}
		if inOrder(ids) {
			k.track.Resume(idleTimes{k, groups, 1}, t)
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(turns[a], turns[b]) })
	k.recent.LoadOrdered(at, order)
	if k.turn = 0; k.most > 0 {
		k.turns = turns
		for _, g := range k.recent.Groups() {
			if turns[g] == 0 { // it is not known
				k.track.TouchRow(g)
				turns[g] = k.turn + 1
			}
			k.turn = max(k.turn, turns[g])
		}
	}
	return nil
}
