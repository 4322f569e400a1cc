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
	track state.Tracker

	keyCodec codec[K]
	accCodec codec[A]
	failure  error // of a copy

	maxParallelism int
}

func newKeyedState[K comparable, A any](name string, hash hasher[K]) keyedState[K, A] {
	return keyedState[K, A]{name: name, table: newNumbering(hash), keyCodec: codecOf[K](), accCodec: codecOf[A]()}
}

func (s *keyedState[K, A]) Open(c *operator.Context) error {
	s.maxParallelism = c.MaxParallelism
	saved := c.Restore.Table(s.name)
	if saved == nil {
		return nil
	}
	numbers := make([]int32, 1)
	for i := range saved.Rows.Rows() {
		row := saved.Rows.Row(i)
		k, err := s.keyCodec.read(saved.Rows.Cols[0], row)
		if err != nil {
			return fmt.Errorf("key %d of state '%s': %w", i, s.name, err)
		}
		a, err := s.accCodec.read(saved.Rows.Cols[1], row)
		if err != nil {
			return fmt.Errorf("value %d of state '%s': %w", i, s.name, err)
		}
		s.table.lookup([]K{k}, numbers)
		s.accs = append(s.accs, a)
	}
	s.track.Resume(s, saved)
	return nil
}

func (s *keyedState[K, A]) Snapshot(w *state.Writer) error {
	w.Track(&s.track, s, s.name, []column.Field{{Name: "key", Type: s.keyCodec.typ}, {Name: "value", Type: s.accCodec.typ}})
	return w.Err()
}

// Len implements [state.Tracked]. Keys that were just looked up have no accumulator yet.
func (s *keyedState[K, A]) Len() int { return len(s.table.held()) }

// Alive implements [state.Tracked].
func (s *keyedState[K, A]) Alive(r int32) bool { return int(r) < len(s.accs) }

// CopyRows implements [state.Tracked].
func (s *keyedState[K, A]) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	keys, hashes := s.table.held(), s.table.hashed()
	for _, r := range rows {
		if err := s.keyCodec.write(to.Cols[0], keys[r]); err != nil {
			s.failed(to, fmt.Errorf("key of state '%s': %w", s.name, err))
		}
		if err := s.accCodec.write(to.Cols[1], s.accs[r]); err != nil {
			s.failed(to, fmt.Errorf("value of state '%s': %w", s.name, err))
		}
		to.Len++
		groups = append(groups, int32(state.KeyGroup(hashes[r], s.maxParallelism)))
	}
	return groups
}

// failed completes the row that is being written, of a checkpoint that will not be.
func (s *keyedState[K, A]) failed(to *column.Batch, err error) {
	if s.failure == nil {
		s.failure = err
	}
	fillRow(to.Cols, to.Len)
}

// fillRow gives those columns a value in a row that have none.
func fillRow(cols []*column.Vector, row int) {
	for _, c := range cols {
		if c.Len == row {
			c.AppendNull()
		}
	}
}

// CopyErr implements [state.Failing].
func (s *keyedState[K, A]) CopyErr() error { return s.failure }

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
