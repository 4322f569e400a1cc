package state_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// table is a followed table of two numbers.
type table struct {
	track       state.Tracker
	key, value  []int64
	dead        []bool
	schema      []column.Field
	copied      int
	compactions int
}

func (t *table) Len() int           { return len(t.key) }
func (t *table) Alive(r int32) bool { return !t.dead[r] }

func (t *table) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	for _, r := range rows {
		column.Append(to.Cols[0], t.key[r])
		column.Append(to.Cols[1], t.value[r])
		groups = append(groups, int32(t.key[r]%8))
	}
	to.Len += len(rows)
	t.copied += len(rows)
	return groups
}

// text is the table in the order of its rows.
func (t *table) text() string {
	out := ""
	for r := range t.key {
		if !t.dead[r] {
			out += fmt.Sprintf(" %d=%d", t.key[r], t.value[r])
		}
	}
	return out
}

func (t *table) compact() {
	t.track.Compact()
	n := 0
	for r := range t.key {
		if !t.dead[r] {
			t.key[n], t.value[n] = t.key[r], t.value[r]
			n++
		}
	}
	t.key, t.value, t.dead = t.key[:n], t.value[:n], make([]bool, n)
	t.compactions++
}

// TestTracker changes a table, takes checkpoints of it meanwhile, of which some fail, restores from some, and compares what they hold with the table as it
// was when they began.
func TestTracker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		bigint := column.Of(column.BigInt).Required()
		tab := &table{schema: []column.Field{{Name: "key", Type: bigint}, {Name: "value", Type: bigint}}}
		limit := func() { tab.track.Limit(8, 3, 3, 20) }
		limit()
		codec := &snapshottest.Codec{}
		dir := &snapshot.Dir{Store: mem.New("test"), Prefix: "j/", Codec: codec}
		owner, err := dir.Claim(ctx, "j", "run-1", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var id, stored, next int64
		runs := 1
		var writer *state.Writer
		want, wantStored := "", ""
		begin := func() {
			id++
			w := state.Freeze(state.Frozen{Checkpoint: id, Stored: stored, Full: rapid.IntRange(0, 20).Draw(t, "full") == 0})
			w.Track(&tab.track, tab, "t", tab.schema)
			writer, want = &w, tab.text()
		}
		load := func(m *snapshot.Manifest) state.Table {
			tables, err := dir.Tables(ctx, m)
			if err != nil {
				t.Fatal(err)
			}
			return tables[0][0][0]
		}
		var last *snapshot.Manifest
		end := func() {
			for !writer.Copy(3) {
			}
			m := &snapshot.Manifest{ID: id, MaxParallelism: 8, Operators: []snapshot.Operator{{UID: "u", Parallelism: 1}}}
			tables := snapshot.Tables{{writer.Tables}}
			writer = nil
			if rapid.IntRange(0, 4).Draw(t, "lost") == 0 {
				return // nobody ever hears of it
			}
			if err := owner.Checkpoint(ctx, m, tables, 2); err != nil {
				t.Fatal(err)
			}
			tables.Release()
			stored, last, wantStored = id, m, want
			from := load(m)
			got := &table{}
			for r := range from.Rows.Len {
				got.key = append(got.key, column.Values[int64](from.Rows.Cols[0])[r])
				got.value = append(got.value, column.Values[int64](from.Rows.Cols[1])[r])
				got.dead = append(got.dead, false)
				if from.Groups[r] != int32(got.key[r]%8) {
					t.Fatalf("row %d has the key group %d", r, from.Groups[r])
				}
			}
			if got.text() != want {
				t.Fatalf("checkpoint %d holds\n%s\nwant\n%s", id, got.text(), want)
			}
		}
		restart := func() {
			if last == nil {
				return
			}
			runs++
			if owner, err = dir.Claim(ctx, "j", fmt.Sprintf("run-%d", runs), nil, nil); err != nil {
				t.Fatal(err)
			}
			owner.Resume(last)
			for _, r := range owner.Head().Retained {
				m, err := dir.Load(ctx, r.Object)
				if err != nil {
					t.Fatal(err)
				}
				owner.Restorable(r, m)
			}
			if err := owner.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
			from := load(last)
			if from.Layers != nil { // there were rows once
				from.Layers.Own = rapid.IntRange(0, 9).Draw(t, "own") > 0
			}
			tab = &table{schema: tab.schema, copied: tab.copied}
			limit()
			for r := range from.Rows.Len {
				tab.key = append(tab.key, column.Values[int64](from.Rows.Cols[0])[r])
				tab.value = append(tab.value, column.Values[int64](from.Rows.Cols[1])[r])
				tab.dead = append(tab.dead, false)
			}
			tab.track.Resume(tab, &from)
			if tab.text() != wantStored {
				t.Fatalf("restored\n%s\nwant\n%s", tab.text(), wantStored)
			}
			writer = nil
		}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch op := rapid.IntRange(0, 99).Draw(t, "op"); {
			case op < 30:
				for range rapid.IntRange(1, 12).Draw(t, "rows") {
					tab.key, tab.value, tab.dead = append(tab.key, next), append(tab.value, 0), append(tab.dead, false)
					next++
				}
			case op < 60 && tab.Len() > 0:
				rows := rapid.SliceOfN(rapid.Int32Range(0, int32(tab.Len()-1)), 0, 6).Draw(t, "rows")
				rows = slices.DeleteFunc(rows, func(r int32) bool { return tab.dead[r] })
				tab.track.Touch(rows)
				dies := rapid.Bool().Draw(t, "dies")
				for _, r := range rows {
					tab.value[r]++
					tab.dead[r] = tab.dead[r] || dies
				}
			case op < 64 && !tab.track.Busy():
				tab.compact()
			case op < 66:
				tab.track.Reset()
				tab.key, tab.value, tab.dead = nil, nil, nil
			case op < 68:
				restart()
			case op < 72: // whether or not the one before was copied: it is given up
				begin()
			case op < 90 && writer == nil:
				begin()
			case op < 90 && writer.Copy(2) || op >= 94 && writer != nil:
				end()
			}
		}
		if writer == nil {
			begin()
		}
		end()
	})
}

// TestTrackerWritesWhatChanged takes a checkpoint of a large table of which a hundredth changes, many times.
func TestTrackerWritesWhatChanged(t *testing.T) {
	const rows, changed = 100_000, 1000
	bigint := column.Of(column.BigInt).Required()
	tab := &table{schema: []column.Field{{Name: "key", Type: bigint}, {Name: "value", Type: bigint}}}
	for k := range int64(rows) {
		tab.key, tab.value, tab.dead = append(tab.key, k), append(tab.value, 0), append(tab.dead, false)
	}
	tab.track.Limit(1024, 64, 16, 400)
	most, total := 0, 0
	const times = 300
	for id := range int64(times) {
		tab.copied = 0
		w := state.Freeze(state.Frozen{Checkpoint: id + 1, Stored: id})
		w.Track(&tab.track, tab, "t", tab.schema)
		for !w.Copy(100) {
		}
		l := w.Tables[0].Layers
		if id == 0 {
			if tab.copied != rows {
				t.Fatalf("the first checkpoint has %d rows, want %d", tab.copied, rows)
			}
		} else {
			most, total = max(most, tab.copied), total+tab.copied
		}
		if len(l.Deltas) > 160 {
			t.Fatalf("checkpoint %d has %d deltas", id, len(l.Deltas))
		}
		touched := make([]int32, changed)
		for i := range touched {
			touched[i] = int32((i*7919 + int(id)*104729) % rows)
		}
		tab.track.Touch(touched)
	}
	if mean := total / (times - 1); mean > 3*changed {
		t.Errorf("a checkpoint after %d changes has %d rows on average, at most %d", changed, mean, most)
	}
}

// TestTrackerWritesHotSpansOnce takes checkpoints of a table in which every row of one half changes between two: those are written once each, and the rest not at
// all.
func TestTrackerWritesHotSpansOnce(t *testing.T) {
	const rows = 64 << 10
	bigint := column.Of(column.BigInt).Required()
	tab := &table{schema: []column.Field{{Name: "key", Type: bigint}, {Name: "value", Type: bigint}}}
	for k := range int64(rows) {
		tab.key, tab.value, tab.dead = append(tab.key, k), append(tab.value, 0), append(tab.dead, false)
	}
	tab.track.Limit(1024, 64, 16, 400)
	for id := range int64(20) {
		tab.copied = 0
		w := state.Freeze(state.Frozen{Checkpoint: id + 1, Stored: id})
		w.Track(&tab.track, tab, "t", tab.schema)
		for !w.Copy(100) {
		}
		if l := w.Tables[0].Layers; id > 0 && (tab.copied != rows/2 || len(l.Deltas) > 0) {
			t.Fatalf("checkpoint %d has %d rows and %d deltas, want %d and none", id, tab.copied, len(l.Deltas), rows/2)
		}
		touched := make([]int32, rows/2)
		for i := range touched {
			touched[i] = int32(i)
		}
		tab.track.Touch(touched)
	}
}
