// Package snapshottest keeps checkpoints in memory, for tests of what writes and reads tables.
package snapshottest

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot"
)

// Codec is one whose objects are the numbers of batches that it keeps.
type Codec struct {
	mu      sync.Mutex
	batches []*column.Batch
}

// Encode implements [snapshot.Codec].
func (c *Codec) Encode(fields []column.Field, parts []*column.Batch, _ []byte) ([]byte, error) {
	kept := column.NewBatch(fields, 0)
	for _, b := range parts {
		kept.AppendRows(&column.Batch{Len: b.Len, Cols: b.Cols}, b.Sel)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches = append(c.batches, kept)
	return binary.LittleEndian.AppendUint64(nil, uint64(len(c.batches)-1)), nil
}

// Decode implements [snapshot.Codec]. The fields are those that were written, or the first of them.
func (c *Codec) Decode(_ context.Context, data []byte, fields []column.Field, out *column.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.batches[binary.LittleEndian.Uint64(data)]
	out.AppendRows(&column.Batch{Len: kept.Len, Cols: kept.Cols[:len(fields)]}, nil)
	return nil
}

// Keeper takes checkpoints of one subtask of an operator, each of what has changed since the one before.
type Keeper struct {
	dir    snapshot.Dir
	id     int64
	stored int64
	last   *snapshot.Manifest
	writer *state.Writer
	groups int
	want   []string // the rows as they are when a checkpoint begins
}

// NewKeeper returns one for a job with so many key groups.
func NewKeeper(groups int) *Keeper {
	return &Keeper{dir: snapshot.Dir{Store: mem.New("test"), Codec: &Codec{}}, groups: groups}
}

// Begin takes a checkpoint by write, an operator's Snapshot.
func (k *Keeper) Begin(write func(*state.Writer) error) error {
	k.id++
	var whole state.Writer
	if err := write(&whole); err != nil {
		return err
	}
	k.want = texts(whole.Tables)
	w := state.Freeze(state.Frozen{Checkpoint: k.id, Stored: k.stored})
	k.writer = &w
	return write(k.writer)
}

// Copy copies about so many rows of the checkpoint.
func (k *Keeper) Copy(rows int) {
	if k.writer != nil {
		k.writer.Copy(rows)
	}
}

// End copies the rest and stores the checkpoint. It is an error if that does not hold what the tables held when it began, whatever has come since.
func (k *Keeper) End() error {
	for !k.writer.Copy(1000) {
	}
	if k.writer.Tables == nil {
		k.writer.Tables = []state.Table{}
	}
	m := &snapshot.Manifest{ID: k.id, MaxParallelism: k.groups, Operators: []snapshot.Operator{{UID: "u", Parallelism: 1}}}
	name := fmt.Sprint(k.id)
	tables := snapshot.Tables{{k.writer.Tables}}
	if err := k.dir.Save(context.Background(), name, name, m, tables, nil, k.last); err != nil {
		return err
	}
	tables.Release()
	k.stored, k.last, k.writer = k.id, m, nil
	tables, err := k.dir.Tables(context.Background(), k.last)
	if err != nil {
		return err
	}
	if got := texts(tables[0][0]); !slices.Equal(got, k.want) {
		return fmt.Errorf("checkpoint %d holds rows that were not there when it began\n%s\nand others not\n%s", k.id, without(got, k.want), without(k.want, got))
	}
	return nil
}

// without are the lines of a sorted list that another one does not have.
func without(list, others []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(list), func(s string) bool { _, there := slices.BinarySearch(others, s); return there }), "\n")
}

// texts are the rows of tables, in any order.
func texts(tables []state.Table) []string {
	var list []string
	for i := range tables {
		t := &tables[i]
		for k := range t.Rows.Rows() {
			r := t.Rows.Row(k)
			text := t.Name
			if t.Keyed {
				text += fmt.Sprint(" in ", t.Groups[r])
			}
			for _, v := range t.Rows.Cols {
				text += " " + columntest.Key(v, r)
			}
			list = append(list, text)
		}
	}
	slices.Sort(list)
	return list
}

// Tables reads the last checkpoint, on which the next one builds.
func (k *Keeper) Tables() ([]state.Table, error) {
	tables, err := k.dir.Tables(context.Background(), k.last)
	if err != nil {
		return nil, err
	}
	list, rows := tables[0][0], map[string]int64{}
	for i := range list {
		rows[list[i].Name] += int64(list[i].Rows.Rows())
	}
	for i := range k.last.Operators[0].Tables {
		t := &k.last.Operators[0].Tables[i]
		n, err := k.dir.Live(context.Background(), t)
		if err != nil {
			return nil, err
		}
		if n != rows[t.Name] {
			return nil, fmt.Errorf("the table %s has %d rows, and they are counted as %d", t.Name, rows[t.Name], n)
		}
	}
	for i := range list {
		if list[i].Layers != nil {
			list[i].Layers.Own = true
		}
	}
	return list, nil
}
