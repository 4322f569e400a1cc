package stream

import (
	"bytes"
	"encoding/gob"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
)

// keyedState is what Count and Reduce remember: an accumulator for each key. In a snapshot it is a table of two columns, "key" and
// "value": text and integers as STRING and BIGINT, other types as BYTES in encoding/gob's form.
type keyedState[K comparable, A any] struct {
	operator.Base
	name  string
	table numbering[K]
	accs  []A

	maxParallelism int
}

func newKeyedState[K comparable, A any](name string, hash hasher[K]) keyedState[K, A] {
	return keyedState[K, A]{name: name, table: newNumbering(hash)}
}

func (s *keyedState[K, A]) Open(c *operator.Context) error {
	s.maxParallelism = c.MaxParallelism
	saved := c.Restore.Table(s.name)
	if saved == nil {
		return nil
	}
	keys, accs := codecOf[K](), codecOf[A]()
	numbers := make([]int32, 1)
	for i := range saved.Rows.Len {
		k, err := keys.read(saved.Rows.Cols[0], i)
		if err != nil {
			return fmt.Errorf("key %d of state '%s': %w", i, s.name, err)
		}
		a, err := accs.read(saved.Rows.Cols[1], i)
		if err != nil {
			return fmt.Errorf("value %d of state '%s': %w", i, s.name, err)
		}
		s.table.lookup([]K{k}, numbers)
		s.accs = append(s.accs, a)
	}
	return nil
}

func (s *keyedState[K, A]) Snapshot(w *state.Writer) error {
	keys, accs := codecOf[K](), codecOf[A]()
	schema := []column.Field{{Name: "key", Type: keys.typ}, {Name: "value", Type: accs.typ}}
	t := state.Table{Name: s.name, Schema: schema, Keyed: true, Rows: column.NewBatch(schema, len(s.accs))}
	for i, k := range s.table.held() {
		if err := keys.write(t.Rows.Cols[0], k); err != nil {
			return fmt.Errorf("key of state '%s': %w", s.name, err)
		}
		if err := accs.write(t.Rows.Cols[1], s.accs[i]); err != nil {
			return fmt.Errorf("value of state '%s': %w", s.name, err)
		}
		t.Groups = append(t.Groups, int32(state.KeyGroup(s.table.hashed()[i], s.maxParallelism)))
	}
	t.Rows.Len = len(s.accs)
	w.Add(t)
	return nil
}

// codec writes values of one Go type to a column and reads them back.
type codec[T any] struct {
	typ   column.Type
	write func(*column.Vector, T) error
	read  func(*column.Vector, int) (T, error)
}

func codecOf[T any]() codec[T] {
	var c any
	switch any(*new(T)).(type) {
	case string:
		c = codec[string]{
			column.Str().Required(),
			func(v *column.Vector, s string) error { v.AppendString(s); return nil },
			func(v *column.Vector, i int) (string, error) { return string(v.BytesAt(i)), nil },
		}
	case int64:
		c = codec[int64]{
			column.Of(column.BigInt).Required(),
			func(v *column.Vector, n int64) error { column.Append(v, n); return nil },
			func(v *column.Vector, i int) (int64, error) { return column.Values[int64](v)[i], nil },
		}
	case int:
		c = codec[int]{
			column.Of(column.BigInt).Required(),
			func(v *column.Vector, n int) error { column.Append(v, int64(n)); return nil },
			func(v *column.Vector, i int) (int, error) { return int(column.Values[int64](v)[i]), nil },
		}
	default:
		return codec[T]{
			column.Bytes().Required(),
			func(v *column.Vector, x T) error {
				var b bytes.Buffer
				if err := gob.NewEncoder(&b).Encode(&x); err != nil {
					return err
				}
				v.AppendBytes(b.Bytes())
				return nil
			},
			func(v *column.Vector, i int) (T, error) {
				var x T
				err := gob.NewDecoder(bytes.NewReader(v.BytesAt(i))).Decode(&x)
				return x, err
			},
		}
	}
	return c.(codec[T])
}
