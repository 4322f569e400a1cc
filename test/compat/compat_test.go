// Package compat holds what earlier versions wrote and every version must read: a savepoint or checkpoints for each version of the format, with all types.
package compat

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/inflight"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot"
)

var update = flag.Bool("update", false, "write the snapshots of the version at hand, which must not be there yet")

// TestSnapshots reads the savepoints of all versions.
func TestSnapshots(t *testing.T) {
	objects := standard.FromSettings(setting.New(setting.Engine))
	if *update {
		dir := filepath.Join("testdata", fmt.Sprintf("v%d", snapshot.Version))
		d, err := snapshot.OpenDir(t.Context(), objects, dir, durable.Codec)
		if err != nil {
			t.Fatal(err)
		}
		m, tables := golden()
		if m, tables, err = checkpoints(t.Context(), d, m, tables); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "want.txt"), []byte(text(m, tables)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for version := 1; version <= snapshot.Version; version++ {
		dir := filepath.Join("testdata", fmt.Sprintf("v%d", version))
		d, name, err := snapshot.Locate(t.Context(), objects, dir, durable.Codec)
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.Load(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := d.Tables(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, "want.txt"))
		if err != nil {
			t.Fatal(err)
		}
		if got := text(m, tables); got != string(want) {
			t.Errorf("version %d holds\n%s\nwant\n%s", version, got, want)
		}
	}
}

// checkpoints makes two checkpoints of the golden tables and one in layers, of which the second one changes rows, and returns what that holds.
func checkpoints(ctx context.Context, d *snapshot.Dir, m *snapshot.Manifest, tables snapshot.Tables) (*snapshot.Manifest, snapshot.Tables, error) {
	owner, err := d.Claim(ctx, m.Job, m.Run, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	list := &words{text: []string{"one", "two", "three", "four", "five"}, dead: make([]bool, 6)}
	schema := []column.Field{{Name: "word", Type: column.Str()}}
	for id := range int64(2) {
		w := state.Freeze(state.Frozen{Checkpoint: id + 1, Stored: id})
		w.Track(&list.track, list, "layers", schema)
		for !w.Copy(1) {
		}
		layered := append(slices.Clone(tables[1][0]), w.Tables...)
		next := *m
		next.ID, next.Operators = id+1, slices.Clone(m.Operators)
		if err := owner.Checkpoint(ctx, &next, snapshot.Tables{tables[0], {layered, tables[1][1]}, tables[2]}, 2); err != nil {
			return nil, nil, err
		}
		list.track.Touch([]int32{1, 3})
		list.text[1], list.dead[3] = "zwei", true
		list.text = append(list.text, "six")
	}
	read, err := d.Load(ctx, "chk-1-2")
	if err != nil {
		return nil, nil, err
	}
	got, err := d.Tables(ctx, read)
	return read, got, err
}

// words is a followed table.
type words struct {
	track state.Tracker
	text  []string
	dead  []bool
}

func (w *words) Len() int           { return len(w.text) }
func (w *words) Alive(r int32) bool { return !w.dead[r] }

func (w *words) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	for _, r := range rows {
		to.Cols[0].AppendString(w.text[r])
		groups = append(groups, r)
	}
	to.Len += len(rows)
	return groups
}

// TestLayers reads what the layered table of the second version must hold.
func TestLayers(t *testing.T) {
	d, name, err := snapshot.Locate(t.Context(), standard.FromSettings(setting.New(setting.Engine)), filepath.Join("testdata", "v2"), durable.Codec)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := d.Tables(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(tables[1][0], func(t state.Table) bool { return t.Name == "layers" })
	table := tables[1][0][at]
	var got []string
	for r := range table.Rows.Len {
		got = append(got, string(table.Rows.Cols[0].BytesAt(r)))
	}
	if want := []string{"one", "zwei", "three", "five", "six"}; !slices.Equal(got, want) {
		t.Errorf("the table holds %q, want %q", got, want)
	}
	if len(table.Layers.Deltas) != 1 {
		t.Errorf("the table has %d deltas, want one", len(table.Layers.Deltas))
	}
}

// golden makes a snapshot with a column of each type, keyed and not, over two subtasks.
func golden() (*snapshot.Manifest, snapshot.Tables) {
	const rows, groups = 6, 128
	types := append([]column.Type{}, columntest.ScalarTypes...)
	types = append(types, column.ArrayOf(column.Str()), column.MapOf(column.Str(), column.DecimalOf(10, 2)), column.MultisetOf(column.Of(column.Int)),
		column.RowOf(column.Field{Name: "a", Type: column.Sized(column.Timestamp, 3)}, column.Field{Name: "a", Type: column.ArrayOf(column.Of(column.Date))}),
		column.RowOf())
	schema := []column.Field{}
	for i, typ := range types {
		schema = append(schema, column.Field{Name: fmt.Sprintf("c%d", i), Type: typ})
	}
	subtasks := make([][]state.Table, 2)
	for s := range subtasks {
		b := &column.Batch{Len: rows}
		for i, typ := range types {
			b.Cols = append(b.Cols, rapid.Custom(func(t *rapid.T) *column.Vector { return columntest.RandomVector(t, typ, rows) }).Example(100*s+i))
		}
		keyed := state.Table{Name: "keyed", Schema: schema, Keyed: true, Rows: b}
		for i := range rows {
			keyed.Groups = append(keyed.Groups, int32(s*groups/2+i*7))
		}
		plain := state.Table{Name: "plain", Schema: schema[:2], Rows: &column.Batch{Len: rows, Cols: b.Cols[:2]}}
		for i := range plain.Rows.AddKinds(rows) {
			plain.Rows.Kinds[i] = column.RowKind(i % 4)
		}
		for i := range plain.Rows.AddTimes(rows) {
			plain.Rows.Times[i] = int64(i) * 1000
		}
		flight, _ := inflight.Record([]*inflight.Edge{{Fields: schema[:2]}}, onTheWay(plain.Rows, s))
		subtasks[s] = append([]state.Table{keyed, plain}, flight...)
	}
	m := &snapshot.Manifest{
		Job: "golden", Run: "a", ID: 7, Epoch: 3, Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), MaxParallelism: groups, InFlight: true,
		Operators: []snapshot.Operator{
			{UID: "scan-t", Name: "Scan(t)", Parallelism: 2, Splits: []snapshot.Split{{ID: "0", State: []byte(`{"at":5}`), Size: 10}}},
			{UID: "aggregate-1", Name: "Aggregate", Parallelism: 2},
			{UID: "sink-u", Name: "Sink(u)", Parallelism: 1, Finished: true, Committables: [][]byte{[]byte("an upload")}},
		},
	}
	return m, snapshot.Tables{make([][]state.Table, 2), subtasks, make([][]state.Table, 1)}
}

// onTheWay are two channels to a subtask: one with all kinds of messages, and an idle one.
func onTheWay(rows *column.Batch, subtask int) []inflight.Channel {
	data := func(from, to int) exchange.Message {
		b := &column.Batch{}
		for _, c := range rows.Cols {
			b.Cols = append(b.Cols, column.NewVector(c.Type, 0))
		}
		var list []int32
		for r := from; r < to; r++ {
			list = append(list, int32(r))
		}
		b.AppendRows(rows, list)
		return exchange.Message{Kind: exchange.Data, Payload: b}
	}
	return []inflight.Channel{
		{Number: 0, Time: int64(1000 + subtask), Before: []exchange.Message{
			data(0, 4), {Kind: exchange.Watermark, Time: 2000}, {Kind: exchange.Idle}, {Kind: exchange.Active}, data(4, 6), {Kind: exchange.Watermark, Time: 3000},
		}},
		{Number: 1, Time: math.MinInt64, Idle: true},
	}
}

// TestInFlight brings back what was in flight in the snapshot of the third version.
func TestInFlight(t *testing.T) {
	d, name, err := snapshot.Locate(t.Context(), standard.FromSettings(setting.New(setting.Engine)), filepath.Join("testdata", "v3"), durable.Codec)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := d.Tables(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	for subtask, list := range tables[1] {
		at := slices.IndexFunc(list, func(t state.Table) bool { return t.Name == "plain" })
		var got []string
		restored, err := inflight.Restore(list, 0, 2, list[at].Schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range restored {
			text := fmt.Sprint(r.Channel, " ", r.Message.Kind, " ", r.Message.Time)
			if b, ok := r.Message.Payload.(*column.Batch); ok {
				for i := range b.Len {
					text += fmt.Sprint(" ", columntest.Key(b.Cols[0], i), b.Kind(i), b.Times[i])
				}
			}
			got = append(got, text)
		}
		rows := func(from, to int) (text string) {
			b := list[at].Rows
			for i := from; i < to; i++ {
				text += fmt.Sprint(" ", columntest.Key(b.Cols[0], i), b.Kind(i), b.Times[i])
			}
			return text
		}
		want := []string{
			fmt.Sprint("0 ", exchange.Watermark, " ", 1000+subtask), fmt.Sprint("0 ", exchange.Data, " 0", rows(0, 4)), fmt.Sprint("0 ", exchange.Watermark, " 2000"),
			fmt.Sprint("0 ", exchange.Idle, " 0"), fmt.Sprint("0 ", exchange.Active, " 0"), fmt.Sprint("0 ", exchange.Data, " 0", rows(4, 6)),
			fmt.Sprint("0 ", exchange.Watermark, " 3000"), fmt.Sprint("1 ", exchange.Idle, " 0"), fmt.Sprint("1 ", exchange.Active, " 0"),
		}
		if !slices.Equal(got, want) {
			t.Errorf("subtask %d gets\n%q\nwant\n%q", subtask, got, want)
		}
	}
}

// text prints a snapshot.
func text(m *snapshot.Manifest, tables snapshot.Tables) string {
	var b strings.Builder
	fmt.Fprintln(&b, m.Kind, m.Job, m.Run, m.ID, m.Epoch, m.Created, m.MaxParallelism, m.Final)
	for i, op := range m.Operators {
		fmt.Fprintf(&b, "%s %s %d %v %v %v %q\n", op.UID, op.Name, op.Parallelism, op.Finished, op.Stateless, op.Splits, op.Committables)
		for s := range tables[i] {
			for _, t := range tables[i][s] {
				fmt.Fprintln(&b, " ", s, t.Name, t.Keyed)
				for c, f := range t.Schema {
					fmt.Fprint(&b, "    ", f.Name, " ", f.Type, ":")
					for r := range t.Rows.Len {
						fmt.Fprint(&b, " ", columntest.Key(t.Rows.Cols[c], r))
					}
					fmt.Fprintln(&b)
				}
				if t.Keyed {
					fmt.Fprintln(&b, "   ", t.Groups)
				} else {
					fmt.Fprintln(&b, "   ", t.Rows.Kinds, t.Rows.Times)
				}
			}
		}
	}
	return b.String()
}
