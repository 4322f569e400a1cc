package durable

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot"
)

// keys returns each row of a table as text.
func keys(t *state.Table) []string {
	var list []string
	for i := range t.Rows.Rows() {
		r := t.Rows.Row(i)
		s := fmt.Sprint(t.Rows.Kind(r))
		if t.Rows.Times != nil {
			s += fmt.Sprint(t.Rows.Times[r])
		}
		if t.Keyed {
			s += fmt.Sprint(" group ", t.Groups[r])
		}
		for _, c := range t.Rows.Cols {
			s += " " + columntest.Key(c, r)
		}
		list = append(list, s)
	}
	return list
}

// Whatever an operator may hold comes back as it was: all types, NULL where a type does not allow it, equal and empty names, no columns.
func TestTablesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &snapshot.Dir{Store: mem.New("b"), Prefix: "x/", Codec: Codec}
		groups := rapid.SampledFrom([]int{1, 7, 128}).Draw(t, "groups")
		m := &snapshot.Manifest{Job: "j", ID: 1, MaxParallelism: groups}
		var all snapshot.Tables
		for op := range rapid.IntRange(1, 2).Draw(t, "operators") {
			schema := make([]column.Field, rapid.IntRange(0, 4).Draw(t, "columns"))
			for i := range schema {
				typ := columntest.RandomType(t, 2)
				if rapid.Bool().Draw(t, "required") {
					typ = typ.Required()
				}
				schema[i] = column.Field{Name: rapid.SampledFrom([]string{"", "a", "A", "key_group", "b.c", "ä"}).Draw(t, "name"), Type: typ}
			}
			keyed := rapid.Bool().Draw(t, "keyed")
			subtasks := make([][]state.Table, rapid.IntRange(1, 3).Draw(t, "parallelism"))
			for s := range subtasks {
				if rapid.IntRange(0, 4).Draw(t, "ended") == 0 {
					continue
				}
				n := rapid.IntRange(0, 20).Draw(t, "rows")
				b := &column.Batch{Len: n, Cols: []*column.Vector{}}
				for _, f := range schema {
					v := columntest.RandomVector(t, f.Type, n)
					b.Cols = append(b.Cols, v)
				}
				if rapid.Bool().Draw(t, "kinds") {
					for i := range b.AddKinds(n) {
						b.Kinds[i] = column.RowKind(rapid.IntRange(0, 3).Draw(t, "kind"))
					}
				}
				if rapid.Bool().Draw(t, "times") {
					for i := range b.AddTimes(n) {
						b.Times[i] = rapid.SampledFrom([]int64{column.NoTime, 0, math.MaxInt64}).Draw(t, "time")
					}
				}
				table := state.Table{Name: "t", Schema: schema, Keyed: keyed, Rows: b}
				for range n {
					table.Groups = append(table.Groups, int32(rapid.IntRange(0, groups-1).Draw(t, "group")))
				}
				b.Sel = columntest.RandomSelection(t, n)
				subtasks[s] = []state.Table{table}
			}
			m.Operators = append(m.Operators, snapshot.Operator{UID: fmt.Sprint(op), Name: "op", Parallelism: len(subtasks)})
			all = append(all, subtasks)
		}
		if err := d.Save(t.Context(), "m", "1", m, all, nil, nil); err != nil {
			t.Fatal(err)
		}
		read, err := d.Load(t.Context(), "m")
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Tables(t.Context(), read)
		if err != nil {
			t.Fatal(err)
		}
		for op := range all {
			for s := range all[op] {
				if (all[op][s] == nil) != (got[op][s] == nil) {
					t.Fatalf("operator %d, subtask %d: %v tables, want %v", op, s, got[op][s], all[op][s])
				}
				if all[op][s] == nil {
					continue
				}
				a, b := &all[op][s][0], &got[op][s][0]
				if x, y := keys(a), keys(b); !slices.Equal(x, y) {
					t.Fatalf("operator %d, subtask %d:\n%s\nwant\n%s", op, s, strings.Join(y, "\n"), strings.Join(x, "\n"))
				}
				for i := range a.Schema {
					if !a.Schema[i].Type.Equal(b.Schema[i].Type) || a.Schema[i].Name != b.Schema[i].Name {
						t.Fatalf("column %v became %v", a.Schema[i], b.Schema[i])
					}
				}
			}
		}
	})
}

// Every byte of a snapshot counts: one that is changed, cut off or exchanged gives an error that names the object, and no state.
func TestDamage(t *testing.T) {
	schema := []column.Field{{Name: "k", Type: column.Str()}, {Name: "n", Type: column.Of(column.BigInt)}}
	b := column.NewBatch(schema, 0)
	table := state.Table{Name: "counts", Schema: schema, Keyed: true, Rows: b}
	for i := range 100 {
		b.Cols[0].AppendString(fmt.Sprint("key ", i))
		column.Append(b.Cols[1], int64(i))
		b.Len++
		table.Groups = append(table.Groups, int32(i%128))
	}
	store := mem.New("b")
	d := &snapshot.Dir{Store: store, Prefix: "p/", Codec: Codec}
	m := &snapshot.Manifest{Job: "j", ID: 1, MaxParallelism: 128, Operators: []snapshot.Operator{{UID: "u", Name: "n", Parallelism: 1}}}
	if err := d.Save(t.Context(), "m", "1", m, snapshot.Tables{{{table}}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"p/m", "p/segments/1-0.parquet"} {
		body, _, err := store.Get(t.Context(), key, objstore.All)
		if err != nil {
			t.Fatal(err)
		}
		good, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		try := func(data []byte) {
			t.Helper()
			if _, err := store.Put(t.Context(), key, data, objstore.Condition{}); err != nil {
				t.Fatal(err)
			}
			_, _, err := load(t.Context(), d, "m")
			if err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "--resume") && !strings.Contains(err.Error(), "release") {
				t.Fatalf("error %v, want one about %s that says what to do", err, key)
			}
		}
		for i := range good {
			changed := bytes.Clone(good)
			changed[i] ^= 1 << (i % 8)
			try(changed)
			if i%7 == 0 {
				try(good[:i])
			}
		}
		try(append(bytes.Clone(good), 'x'))
		try([]byte("something else"))
		if err := store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if _, _, err := load(t.Context(), d, "m"); err == nil || !strings.Contains(err.Error(), key) || !snapshot.IsDamaged(err) {
			t.Errorf("error %v of an object that is gone", err)
		}
		if _, err := store.Put(t.Context(), key, good, objstore.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	newer := []byte("millstream-manifest 99 2 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n{}")
	if _, err := store.Put(t.Context(), "p/m", newer, objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := load(t.Context(), d, "m"); err == nil || !strings.Contains(err.Error(), "version 99") || snapshot.IsDamaged(err) {
		t.Errorf("error %v of a newer version", err)
	}
}
