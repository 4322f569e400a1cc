package stream

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millstream/millstream/engine/leaktest"
)

// words is a stream of the words of some lines, read in order.
func words(j *Job, lines ...string) Stream[string] {
	return FlatMap(FromSlice(j, lines), strings.FieldsSeq)
}

func identity(s string) string { return s }

func runJob(t *testing.T, j *Job) {
	t.Helper()
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestCount(t *testing.T) {
	leaktest.Check(t)
	for _, parallelism := range []string{"1", "2", "5"} {
		j := NewJob("count", With("parallelism.default", parallelism))
		var got []Counted[string]
		Collect(Count(KeyBy(words(j, "a b a", "", "c a  b"), identity)), &got)
		runJob(t, j)
		slices.SortFunc(got, func(a, b Counted[string]) int { return cmp.Compare(a.Key, b.Key) })
		if want := []Counted[string]{{"a", 3}, {"b", 2}, {"c", 1}}; !slices.Equal(got, want) {
			t.Errorf("parallelism %s: %v, want %v", parallelism, got, want)
		}
	}
}

// In streaming mode each value shows its key's new count, in the order of the key's values.
func TestCountInStreamingMode(t *testing.T) {
	j := NewJob("count", With("execution.runtime-mode", "streaming"))
	var got []Counted[string]
	Collect(Count(KeyBy(words(j, "a b a a"), identity)), &got)
	runJob(t, j)
	var a []int64
	for _, c := range got {
		if c.Key == "a" {
			a = append(a, c.Count)
		}
	}
	if len(got) != 4 || !slices.Equal(a, []int64{1, 2, 3}) {
		t.Fatalf("got %v", got)
	}
}

func TestReduceMapFilterUnion(t *testing.T) {
	leaktest.Check(t)
	j := NewJob("reduce")
	var numbers []int
	for i := range 10_000 {
		numbers = append(numbers, i)
	}
	even := Filter(FromSlice(j, numbers), func(n int) bool { return n%2 == 0 })
	odd := Map(FromSlice(j, numbers[:5000]), func(n int) int { return 2*n + 1 })
	var got []int
	Collect(Reduce(KeyBy(Union(even, odd), func(n int) int { return n % 10 }), func(a, b int) int { return a + b }), &got)
	runJob(t, j)
	want := map[int]int{}
	for n := range 10_000 {
		want[n%10] += n
	}
	var sums []int
	for _, n := range want {
		sums = append(sums, n)
	}
	slices.Sort(sums)
	slices.Sort(got)
	if !slices.Equal(got, sums) {
		t.Fatalf("got %v, want %v", got, sums)
	}
}

// More keys than a local aggregation holds, with struct keys.
func TestManyKeys(t *testing.T) {
	type key struct {
		Name string
		N    int
	}
	j := NewJob("many")
	const n = 400_000
	seq := make([]int, 2*n)
	for i := range seq {
		seq[i] = i % n
	}
	var got []Counted[key]
	Collect(Count(KeyBy(FromSlice(j, seq), func(i int) key { return key{strconv.Itoa(i), i} })), &got)
	runJob(t, j)
	if len(got) != n {
		t.Fatalf("%d keys, want %d", len(got), n)
	}
	for _, c := range got {
		if c.Count != 2 || c.Key.Name != strconv.Itoa(c.Key.N) {
			t.Fatalf("got %v", c)
		}
	}
}

func TestErrors(t *testing.T) {
	leaktest.Check(t)
	t.Run("function", func(t *testing.T) {
		j := NewJob("fails")
		wrong := errors.New("no such luck")
		ForEach(words(j, "a b"), func(string) error { return wrong })
		if _, err := j.Run(t.Context()); !errors.Is(err, wrong) {
			t.Fatalf("error %v", err)
		}
	})
	t.Run("panic", func(t *testing.T) {
		j := NewJob("panics")
		ForEach(Map(words(j, "a"), func(string) int { panic("oh") }), func(int) error { return nil })
		if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "oh") || !strings.Contains(err.Error(), "Map") {
			t.Fatalf("error %v", err)
		}
	})
	t.Run("setting", func(t *testing.T) {
		j := NewJob("x", With("paralelism.default", "2"))
		if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "parallelism.default") {
			t.Fatalf("error %v", err)
		}
	})
	t.Run("key", func(t *testing.T) {
		j := NewJob("x")
		Count(KeyBy(words(j, "a"), func(s string) *string { return &s }))
		if _, err := j.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be a key") {
			t.Fatalf("error %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		j := NewJob("x")
		ForEach(words(j, "a b c"), func(string) error {
			cancel()
			<-ctx.Done()
			return nil
		})
		if _, err := j.Run(ctx); !errors.Is(err, context.Canceled) && err != nil {
			t.Fatalf("error %v", err)
		}
	})
}
