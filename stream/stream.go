// Package stream is the typed Go API: programs over streams of Go values, checked by the compiler, that become the
// same dataflow graph as SQL and run on the same engine.
//
//	job   := stream.NewJob("wordcount")
//	lines := stream.ReadText(job, *input)
//	words := stream.FlatMap(lines, strings.FieldsSeq)
//	count := stream.Count(stream.KeyBy(words, func(w string) string { return w }))
//	stream.WriteText(count, *output)
//	_, err := job.Run(ctx)
//
// What enters: Go functions over single values. What leaves: a graph of [graph.Custom] nodes between the scans and sinks of
// connectors. Values travel in slices of a few thousand, so that neither interfaces nor reflection cost anything per record.
//
// What must hold: functions given to a job are called from several goroutines at once (one per subtask) and share nothing that
// is not safe for that; values are passed on, so a function must not change what it got through a pointer; a job's
// streams are built by one goroutine.
package stream

import (
	"iter"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// Stream is a stream of values of type T, made by one node of a job's graph.
type Stream[T any] struct {
	job  *Job
	node *graph.Node
}

// step adds a node with one input, shipped forward, so that it runs in the same task as the node before it.
func step[T, U any](s Stream[T], name string, make func() operator.Operator) Stream[U] {
	return Stream[U]{s.job, s.job.add(name, graph.Edge{From: s.node.ID}, s.node.Parallelism, make)}
}

// Map applies f to every value.
func Map[T, U any](s Stream[T], f func(T) U) Stream[U] {
	return step[T, U](s, "Map", func() operator.Operator { return &mapOp[T, U]{f: f} })
}

// Filter keeps the values for which keep returns true.
func Filter[T any](s Stream[T], keep func(T) bool) Stream[T] {
	return step[T, T](s, "Filter", func() operator.Operator { return &filterOp[T]{keep: keep} })
}

// FlatMap replaces every value by those that f's iterator yields, such as strings.FieldsSeq.
func FlatMap[T, U any](s Stream[T], f func(T) iter.Seq[U]) Stream[U] {
	return step[T, U](s, "FlatMap", func() operator.Operator { return &flatMapOp[T, U]{f: f} })
}

// Union merges streams of the same job. Values of one stream keep their order among themselves.
func Union[T any](first Stream[T], rest ...Stream[T]) Stream[T] {
	edges := make([]graph.Edge, 0, 1+len(rest))
	for _, s := range append([]Stream[T]{first}, rest...) {
		if s.job != first.job {
			first.job.fail("Union joins streams of one job, but got streams of '%s' and '%s'", first.job.graph.Name, s.job.graph.Name)
			return first
		}
		edges = append(edges, graph.Edge{From: s.node.ID, Ship: graph.Rebalance, NewPacker: rebalance[T]})
	}
	n := first.job.addEdges("Union", edges, 0, func() operator.Operator { return forwardOp{} })
	return Stream[T]{first.job, n}
}

// FromSlice is a bounded stream of the given values, read by one subtask.
func FromSlice[T any](j *Job, values []T) Stream[T] {
	n := j.addEdges("FromSlice", nil, 1, func() operator.Operator { return &sliceSource[T]{values: values} })
	return rebalanced(Stream[T]{j, n})
}

// rebalanced spreads a stream that one subtask makes over all of them.
func rebalanced[T any](s Stream[T]) Stream[T] {
	edge := graph.Edge{From: s.node.ID, Ship: graph.Rebalance, NewPacker: rebalance[T]}
	return Stream[T]{s.job, s.job.add("Rebalance", edge, 0, func() operator.Operator { return forwardOp{} })}
}

// ForEach calls f for every value, from one goroutine, in the order of arrival. An error ends the job.
func ForEach[T any](s Stream[T], f func(T) error) {
	edge := graph.Edge{From: s.node.ID, Ship: graph.Rebalance, NewPacker: rebalance[T]}
	s.job.add("ForEach", edge, 1, func() operator.Operator { return &forEachOp[T]{f: f} })
}

// Collect appends every value to *to, which may be read once the job has ended.
func Collect[T any](s Stream[T], to *[]T) {
	ForEach(s, func(v T) error {
		*to = append(*to, v)
		return nil
	})
}
