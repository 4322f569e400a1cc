package stream

import (
	"fmt"
	"strconv"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// Keyed is a stream with a key for each value.
type Keyed[K comparable, T any] struct {
	stream Stream[T]
	key    func(T) K
}

// KeyBy gives every value a key. Values of one key meet in one subtask. K is a string, a number, a boolean, or an
// array or struct of these.
func KeyBy[K comparable, T any](s Stream[T], key func(T) K) Keyed[K, T] {
	return Keyed[K, T]{s, key}
}

// Counted is a key and how many values had it. It prints as "key count".
type Counted[K comparable] struct {
	Key   K
	Count int64
}

// String returns the key and the count with a blank between.
func (c Counted[K]) String() string {
	b, _ := c.AppendText(nil)
	return string(b)
}

// AppendText appends what String returns; it never fails.
func (c Counted[K]) AppendText(b []byte) ([]byte, error) {
	switch k := any(c.Key).(type) {
	case string:
		b = append(b, k...)
	default:
		b = fmt.Append(b, k)
	}
	b = append(b, ' ')
	return strconv.AppendInt(b, c.Count, 10), nil
}

// Count counts the values of each key. On bounded input each key's count is emitted once, at the end; with
// execution.runtime-mode STREAMING every value emits its key's new count.
func Count[K comparable, T any](s Keyed[K, T]) Stream[Counted[K]] {
	return aggregate(s, "Count", aggregation[K, T, int64, Counted[K]]{
		first:  func(T) int64 { return 1 },
		add:    func(n int64, _ T) int64 { return n + 1 },
		merge:  func(a, b int64) int64 { return a + b },
		result: func(k K, n int64) Counted[K] { return Counted[K]{k, n} },
		counts: true,
	})
}

// Reduce combines the values of each key with f, which must be associative: values are combined in each subtask
// before they meet. Results are emitted as for [Count].
func Reduce[K comparable, T any](s Keyed[K, T], f func(a, b T) T) Stream[T] {
	return aggregate(s, "Reduce", aggregation[K, T, T, T]{
		first:  func(v T) T { return v },
		add:    f,
		merge:  f,
		result: func(_ K, v T) T { return v },
	})
}

// aggregation says how values of type T become accumulators A by key K, and those results R.
type aggregation[K comparable, T, A, R any] struct {
	first  func(T) A
	add    func(A, T) A
	merge  func(a, b A) A
	result func(K, A) R
	counts bool // A is int64 and add adds one
}

// partial is an accumulator on its way to the subtask that owns its key.
type partial[K comparable, A any] struct {
	key K
	acc A
}

// aggregate builds the nodes: a local aggregation, an exchange by key and the final one; or, where every value is to be
// seen in the result, one aggregation behind the exchange.
func aggregate[K comparable, T, A, R any](s Keyed[K, T], name string, agg aggregation[K, T, A, R]) Stream[R] {
	j := s.stream.job
	hash, err := newHasher[K]()
	if err != nil {
		j.fail("KeyBy: %w", err)
		hash = func([]K, []uint64) {}
	}
	from := s.stream.node
	if j.updates() {
		hashValues := hashOf(hash, s.key)
		edge := graph.Edge{From: from.ID, Ship: graph.Hash, NewPacker: byKey(hashValues)}
		n := j.add(name, edge, 0, func() operator.Operator {
			return &runningOp[K, T, A, R]{keyedState: newKeyedState[K, A](name, hash), aggregation: agg, key: s.key}
		})
		return Stream[R]{j, n}
	}
	local := j.add("Local"+name, graph.Edge{From: from.ID}, from.Parallelism, func() operator.Operator {
		return &localOp[K, T, A, R]{table: newNumbering(hash), aggregation: agg, key: s.key}
	})
	hashPartials := hashOf(hash, func(p partial[K, A]) K { return p.key })
	edge := graph.Edge{From: local.ID, Ship: graph.Hash, NewPacker: byKey(hashPartials)}
	n := j.add(name, edge, 0, func() operator.Operator {
		return &finalOp[K, T, A, R]{keyedState: newKeyedState[K, A](name, hash), aggregation: agg}
	})
	return Stream[R]{j, n}
}

// hashOf makes functions, one for each packer, that hash values by a key computed from each.
func hashOf[K comparable, T any](hash hasher[K], key func(T) K) func() func([]T, []uint64) {
	return func() func([]T, []uint64) {
		var keys []K
		return func(items []T, hashes []uint64) {
			keys = keys[:0]
			for _, v := range items {
				keys = append(keys, key(v))
			}
			hash(keys, hashes)
		}
	}
}

// updates reports whether every value shows in the result: in streaming mode. AUTOMATIC, the default here, is batch for the
// bounded inputs that this package reads.
func (j *Job) updates() bool {
	return j.settings.Has(setting.RuntimeMode) && j.settings.Enum(setting.RuntimeMode) == "STREAMING"
}

// maxLocalKeys bounds a local aggregation: beyond it the table is emptied downstream, so that many keys cost memory only where
// they meet.
const maxLocalKeys = 1 << 18

// localOp aggregates what passes one subtask. It holds nothing across a barrier: Drain sends on what it holds.
type localOp[K comparable, T, A, R any] struct {
	operator.Base
	aggregation[K, T, A, R]
	key     func(T) K
	table   numbering[K]
	accs    []A
	keys    []K
	numbers []int32
	emit    emitter[partial[K, A]]
}

func (o *localOp[K, T, A, R]) Process(_ int, p operator.Payload, out operator.Output) error {
	items := p.(*slice[T]).items
	o.numbers = resize(o.numbers, len(items))
	o.keys = o.keys[:0]
	for _, v := range items {
		o.keys = append(o.keys, o.key(v))
	}
	o.table.lookup(o.keys, o.numbers)
	if counts, ok := any(&o.accs).(*[]int64); ok && o.counts {
		*counts = addOnes(*counts, o.numbers, len(o.table.held()))
	} else {
		o.accs = o.accumulate(o.accs, o.numbers, items)
	}
	if len(o.accs) > maxLocalKeys {
		return o.drain(out)
	}
	return nil
}

// accumulate adds each item to the accumulator of its key's number; new keys have the numbers behind those there are.
func (a *aggregation[K, T, A, R]) accumulate(accs []A, numbers []int32, items []T) []A {
	for i, g := range numbers {
		if int(g) < len(accs) {
			accs[g] = a.add(accs[g], items[i])
		} else {
			accs = append(accs, a.first(items[i]))
		}
	}
	return accs
}

// addOnes is accumulate for counts, without a call for each item.
func addOnes(counts []int64, numbers []int32, keys int) []int64 {
	for len(counts) < keys {
		counts = append(counts, 0)
	}
	for _, g := range numbers {
		counts[g]++
	}
	return counts
}

// drain sends on all accumulators and starts anew.
func (o *localOp[K, T, A, R]) drain(out operator.Output) error {
	for i, k := range o.table.held() {
		if err := o.emit.push(partial[K, A]{k, o.accs[i]}, out); err != nil {
			return err
		}
	}
	clear(o.accs)
	o.accs = o.accs[:0]
	o.table.reset()
	return o.emit.flush(out)
}

func (o *localOp[K, T, A, R]) EndInput(_ int, out operator.Output) error { return o.drain(out) }

func (o *localOp[K, T, A, R]) Drain(out operator.Output) error { return o.drain(out) }

// finalOp merges partial accumulators and emits each key's result at the end.
type finalOp[K comparable, T, A, R any] struct {
	keyedState[K, A]
	aggregation[K, T, A, R]
	keys    []K
	numbers []int32
	emit    emitter[R]
}

func (o *finalOp[K, T, A, R]) Process(_ int, p operator.Payload, _ operator.Output) error {
	items := p.(*slice[partial[K, A]]).items
	o.numbers = resize(o.numbers, len(items))
	o.keys = o.keys[:0]
	for i := range items {
		o.keys = append(o.keys, items[i].key)
	}
	o.table.lookup(o.keys, o.numbers)
	o.track.Touch(o.numbers)
	for i, g := range o.numbers {
		if int(g) < len(o.accs) {
			o.accs[g] = o.merge(o.accs[g], items[i].acc)
		} else {
			o.accs = append(o.accs, items[i].acc)
		}
	}
	return nil
}

func (o *finalOp[K, T, A, R]) EndInput(_ int, out operator.Output) error {
	for i, k := range o.table.held() {
		if err := o.emit.push(o.result(k, o.accs[i]), out); err != nil {
			return err
		}
	}
	return o.emit.flush(out)
}

// runningOp emits the new result of a key after each of its values.
type runningOp[K comparable, T, A, R any] struct {
	keyedState[K, A]
	aggregation[K, T, A, R]
	key     func(T) K
	keys    []K
	numbers []int32
	emit    emitter[R]
}

func (o *runningOp[K, T, A, R]) Process(_ int, p operator.Payload, out operator.Output) error {
	items := p.(*slice[T]).items
	o.numbers = resize(o.numbers, len(items))
	o.keys = o.keys[:0]
	for _, v := range items {
		o.keys = append(o.keys, o.key(v))
	}
	o.table.lookup(o.keys, o.numbers)
	o.track.Touch(o.numbers)
	for i, g := range o.numbers {
		if int(g) < len(o.accs) {
			o.accs[g] = o.add(o.accs[g], items[i])
		} else {
			o.accs = append(o.accs, o.first(items[i]))
		}
		if err := o.emit.push(o.result(o.table.held()[g], o.accs[g]), out); err != nil {
			return err
		}
	}
	return o.emit.flush(out)
}

func resize(s []int32, n int) []int32 {
	if cap(s) < n {
		s = make([]int32, max(n, batchLen))
	}
	return s[:n]
}
