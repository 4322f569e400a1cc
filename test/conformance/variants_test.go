package conformance

import (
	"flag"
	"maps"
	"slices"
	"testing"
)

var (
	parallelism = flag.Int("parallelism", 1, "the parallelism of jobs; with another than 1 only final rows are compared")
	batchRows   = flag.Int("batch-rows", 0, "the most rows that an operator gets at a time; 0: as many as come")
	schedule    = flag.Uint64("schedule", 0, "the `seed` of how queues, batches, tasks and splits take turns; 0: as it comes. TestVariants adds it to the seeds that it has")
	complete    = flag.Bool("complete", false, "TestVariants runs every case in every variant, and not a sample")
)

// variant is how jobs run: what must not change a result.
type variant struct {
	name        string
	parallelism int
	batchRows   int    // the most rows that an operator gets at a time; 0: as many as come
	schedule    uint64 // the seed of what is left to chance; 0: as it comes
	settings    map[string]string
	// restored, if there are any, are the parallelisms, in turn, of the pieces that a job runs in: each goes on from a checkpoint that was taken after the
	// first row.
	restored []int
	// share is how many of 16 cases TestVariants runs, unless it is to run all.
	share int
}

// plain is how the corpus was answered.
var plain = variant{parallelism: 1}

// variants are those that TestVariants runs.
var variants = []variant{
	{name: "parallelism 4", parallelism: 4, share: 8},
	{name: "a row at a time", parallelism: 1, batchRows: 1, share: 8},
	{name: "parallelism 4 and a row at a time", parallelism: 4, batchRows: 1, share: 4},
	{name: "a random schedule", parallelism: 1, schedule: 1, share: 8},
	{name: "parallelism 4 and a random schedule", parallelism: 4, schedule: 2, share: 8},
	{name: "parallelism 3 and another schedule", parallelism: 3, schedule: 3, share: 4},
	{name: "mini-batches", parallelism: 1, share: 8, settings: map[string]string{
		"table.exec.mini-batch.enabled": "true", "table.exec.mini-batch.allow-latency": "1 s", "table.exec.mini-batch.size": "5",
	}},
	{name: "restored after every row", parallelism: 1, restored: []int{1}, share: 4},
	{name: "restored after every row at other parallelisms", parallelism: 2, restored: []int{1, 3, 2}, share: 3},
	{name: "mini-batches in two phases", parallelism: 3, schedule: 5, share: 8, settings: map[string]string{
		"table.exec.mini-batch.enabled": "true", "table.exec.mini-batch.allow-latency": "1 s", "table.exec.mini-batch.size": "5",
		"table.optimizer.agg-phase-strategy": "TWO_PHASE",
	}},
	{name: "one operator for joins by one key", parallelism: 2, schedule: 4, share: 8, settings: map[string]string{"table.optimizer.multi-join.enabled": "true"}},
}

// given is the variant that the flags ask for.
func given() variant {
	return variant{parallelism: *parallelism, batchRows: *batchRows, schedule: *schedule}
}

func (v variant) same(o variant) bool {
	return v.parallelism == o.parallelism && v.batchRows == o.batchRows && v.schedule == o.schedule && maps.Equal(v.settings, o.settings)
}

// exact reports whether changes come in the order in which they would come in one task, and none is left out.
func (v variant) exact() bool {
	return v.parallelism == 1 && len(v.settings) == 0 && len(v.restored) == 0
}

// mixes reports whether rows may come in another order than one task would read them in.
func (v variant) mixes() bool { return v.parallelism > 1 || v.schedule != 0 || len(v.restored) > 0 }

// TestVariants answers cases in other ways than TestCorpus: the final rows must be the same, and where one task reads all the changes too. Which part of
// the cases is run follows from their names.
func TestVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("TestCorpus answers all cases")
	}
	for i, v := range variants {
		if v.schedule != 0 {
			v.schedule += *schedule * uint64(len(variants))
		}
		t.Run(v.name, func(t *testing.T) { testVariant(t, v, i) })
	}
}

func testVariant(t *testing.T, as variant, number int) {
	entries, err := caseEntries("testdata")
	if err != nil {
		t.Fatal(err)
	}
	answered, before := 0, pieces.Load()
	for _, area := range areas(entries) {
		t.Run(area, func(t *testing.T) {
			expected, err := readExpectation("testdata", "cases", area)
			if err != nil {
				t.Fatal(err)
			}
			few := slices.DeleteFunc(selected(entries, area, *match), func(e entry) bool {
				return len(as.restored) > 0 && unrestored[e.name] != "" || !*complete && !as.takes(e.name, number) || expected.failsAt(e.name) != ""
			})
			answered += len(few)
			for _, v := range answer(t, as, "rows", few) {
				if v.failed != "" && !v.quirk {
					t.Errorf("%s: %s: %s", v.id, v.failed, v.why)
				}
			}
		})
	}
	if n := pieces.Load() - before; len(as.restored) > 0 && n < int64(2*answered) {
		t.Errorf("%d cases went on from a checkpoint only %d times", answered, n)
	}
}

// unrestored are cases whose results depend on what a job does not go on with, with what that is.
var unrestored = map[string]string{"current_watermark": "CURRENT_WATERMARK is NULL until a watermark has come, also after a restart, as in Flink"}

// takes reports whether a case is in the sample of variant number number: each has others.
func (v variant) takes(name string, number int) bool {
	digit := slices.Index([]byte("0123456789abcdef"), hash(name)[0])
	return (digit+3*number)%16 < v.share
}
