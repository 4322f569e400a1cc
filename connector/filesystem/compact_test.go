package filesystem

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/format/avro"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
)

// merging are the kinds of tables of which files are merged in their own ways.
var merging = map[string][]string{
	"raw":     {},
	"gzip":    {"sink.compression", "gzip"},
	"zstd":    {"sink.compression", "zstd", "format", "json"},
	"csv":     {"format", "csv"},
	"changes": {"format", "debezium-json"},
	"parquet": {"format", "parquet", "compaction.file-size", "3 kb"},
	"avro":    {"format", "avro"},
}

// smallFiles writes files of several writers and returns what they hand over, and the rows in it.
func smallFiles(t *testing.T, store objstore.Store, table graph.Table, random *rand.Rand, run string) (list []connector.Committable, rows []string) {
	t.Helper()
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: run}, limits{begin: 1, memory: 1 << 20, now: defaultLimits.now, giveUp: defaultLimits.giveUp})
	if err != nil {
		t.Fatal(err)
	}
	for subtask := range 3 {
		w, err := s.NewWriter(t.Context(), subtask, 3)
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			text, p := fmt.Sprint(run, "-", subtask, "-", len(rows), strings.Repeat("x", random.IntN(40))), fmt.Sprint("p", random.IntN(2))
			rows = append(rows, text+"|"+p)
			if err := w.Write(t.Context(), lines(table, []string{text}, p)); err != nil {
				t.Fatal(err)
			}
		}
		flushed, err := w.Flush(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, flushed...)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(rows)
	return list, rows
}

// onlyMerged says whether the rows are there, once each, and nothing else.
func onlyMerged(t *testing.T, store objstore.Store, table graph.Table, rows []string) {
	t.Helper()
	got := visible(t, store, table)
	slices.Sort(got)
	if !slices.Equal(got, rows) {
		t.Errorf("%d rows are visible, want %d", len(got), len(rows))
	}
	for key := range contents(t, store) {
		if _, base, _ := cutLast(key); !strings.HasPrefix(base, "compacted-part-") {
			t.Errorf("%s is left", key)
		}
	}
	for info, err := range store.Uploads(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("the upload of %s is left", info.Key)
	}
}

// recovered begins a run from a checkpoint with the given committables.
func recovered(t *testing.T, store objstore.Store, table graph.Table, list []connector.Committable, earlier ...string) {
	t.Helper()
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "next"}, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Prepare(t.Context()), s.Commit(t.Context(), list), s.Commit(t.Context(), list), s.Recover(t.Context(), earlier, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// compactingTable rolls often and merges what it rolled.
func compactingTable(options ...string) graph.Table {
	return partitionedLines(append([]string{"auto-compaction", "true", "compaction.file-size", "700", "sink.rolling-policy.file-size", "90"}, options...)...)
}

// A process dies at each single operation of a commit that merges, before it or before its answer. Whoever goes on with the checkpoint, with other sizes even, finds or
// makes every row once and leaves nothing behind.
func TestCompactionDiesAnywhere(t *testing.T) {
	for name, options := range merging {
		for _, lost := range []bool{false, true} {
			crashes := 0
			for n, died := 0, true; died; n++ {
				store, table := mem.New("t"), compactingTable(options...)
				list, rows := smallFiles(t, store, table, rand.New(rand.NewPCG(1, 2)), "first")
				dying := fault.New(store, fault.Plan{Rules: []fault.Rule{{Trigger: fault.Trigger{Skip: n}, Crash: true, Lost: lost}}})
				s, err := newSink(connector.SinkRequest{Env: memory(dying), Table: table, JobID: "second"}, defaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				if died = s.Commit(t.Context(), list) != nil; died {
					crashes++
				}
				table.Options["compaction.file-size"] = "1 mb"
				recovered(t, store, table, list, "first", "second")
				onlyMerged(t, store, table, rows)
				if t.Failed() {
					t.Fatalf("%s: it died at operation %d, lost %v", name, n, lost)
				}
			}
			if crashes < 20 {
				t.Errorf("%s: it died %d times", name, crashes)
			}
		}
	}
}

// Two processes that commit the same checkpoint at once do each other no harm.
func TestCompactionTwice(t *testing.T) {
	for name, options := range merging {
		for seed := range uint64(8) {
			store, table := mem.New("t"), compactingTable(options...)
			list, rows := smallFiles(t, store, table, rand.New(rand.NewPCG(seed, 0)), "first")
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "second"}, defaultLimits)
					if err == nil {
						err = s.Commit(context.Background(), list)
					}
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			wg.Wait()
			onlyMerged(t, store, table, rows)
		}
	}
}

// Files are merged up to the size within their partition, but not those that are larger already; the files of a changelog only with those of the same writer.
func TestCompactedSizes(t *testing.T) {
	for name, options := range merging {
		store, table := mem.New("t"), compactingTable(options...)
		list, rows := smallFiles(t, store, table, rand.New(rand.NewPCG(7, 7)), "first")
		files, _, err := uploads(list)
		if err != nil {
			t.Fatal(err)
		}
		recovered(t, store, table, list)
		onlyMerged(t, store, table, rows)
		all := contents(t, store)
		if len(all)*3 > len(files)*2 {
			t.Errorf("%s: %d files became %d", name, len(files), len(all))
		}
		_, made := bins(files)
		for _, bin := range made {
			var size int64
			for _, f := range bin {
				size += f.Size
			}
			if len(bin) > 1 && size > bin[0].Merge {
				t.Errorf("%s: %d files of %d bytes are merged", name, len(bin), size)
			}
			for _, f := range bin {
				if name == "changes" && f.Key[:strings.LastIndexByte(f.Key, '-')] != bin[0].Key[:strings.LastIndexByte(f.Key, '-')] {
					t.Errorf("%s is merged with %s", f.Key, bin[0].Key)
				}
			}
			if _, there := all[compactedKey(bin)]; !there {
				t.Errorf("%s: there is no %s among %v", name, compactedKey(bin), slices.Sorted(maps.Keys(all)))
			}
		}
	}
}

// Changes of a row stay in their order through merged files of several checkpoints.
func TestCompactedChangesInOrder(t *testing.T) {
	store, table := mem.New("t"), compactingTable("format", "debezium-json", "compaction.file-size", "400")
	s := &stream{t: t, store: store, table: table, limits: defaultLimits}
	s.start(2)
	var want []string
	for i := range 60 {
		text := fmt.Sprint("0-", i)
		want = append(want, text)
		s.check(s.writers[0].Write(t.Context(), lines(table, []string{text}, "p")))
		s.check(s.writers[1].Write(t.Context(), lines(table, []string{fmt.Sprint("1-", i)}, "p")))
		if i%9 == 8 {
			s.checkpoint(false, true, true)
		}
	}
	s.checkpoint(true, true, true)
	s.close()
	source := mustSource(t, connector.SourceRequest{Env: memory(store), Table: table, Project: []int{0, 1}, Limit: -1})
	var got []string
	for _, row := range readKinds(t, source, 1) {
		if text := strings.TrimPrefix(row, column.Insert.String()); strings.HasPrefix(text, "0-") {
			got = append(got, strings.TrimSuffix(text, "/p"))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the changes of a writer come as %v", got)
	}
}

// Whatever happens between writes and checkpoints, each row is visible once, and nothing is left behind.
func TestCompactionAtRandom(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 3))
		open := stores["mem"]
		if seed%5 == 0 {
			open = stores["disk"]
		}
		s := &stream{t: t, store: open(t), table: compactingTable("sink.partition-commit.policy.kind", "success-file"), limits: defaultLimits}
		s.limits.begin = 1 + r.IntN(100)
		s.start(1 + r.IntN(3))
		complete := func() {
			t.Helper()
			for key := range contents(t, s.store) {
				if strings.Contains(key, uncompacted) {
					t.Fatalf("seed %d: %s is left", seed, key)
				}
			}
			s.complete(s.rows)
		}
		for range 60 {
			switch x := r.IntN(12); {
			case x < 6:
				s.write(r.IntN(len(s.writers)), r.IntN(12))
			case x < 8:
				s.checkpoint(false, true, true)
				complete()
			case x == 8: // a checkpoint fails, and the job with it
				s.checkpoint(false, false, true)
				s.close()
				s.start(1 + r.IntN(3))
			case x == 9: // the process dies behind a checkpoint
				s.checkpoint(r.IntN(3) == 0, true, false)
				s.start(1 + r.IntN(3))
				complete()
			case x == 10: // compaction is switched off or on, or sizes change
				s.table.Options["auto-compaction"] = []string{"true", "false"}[r.IntN(2)]
				s.table.Options["compaction.file-size"] = fmt.Sprint(100 + r.IntN(2000))
				s.checkpoint(true, true, r.IntN(2) == 0)
				s.start(1 + r.IntN(3))
			default: // a process is replaced before it has cleared up, and does so while its successor writes
				clearUp := s.claim()
				s.start(1 + r.IntN(3))
				s.write(r.IntN(len(s.writers)), r.IntN(30))
				clearUp()
			}
		}
		s.checkpoint(true, true, true)
		complete()
		s.check(s.sink.Recover(t.Context(), s.runs[:len(s.runs)-1], nil))
		if n := s.pending(); n != 0 {
			t.Fatalf("seed %d: %d uploads are left", seed, n)
		}
		s.close()
	}
}

func TestCompactionOptions(t *testing.T) {
	for option, want := range map[string]string{"compaction.file-size": "larger than 0 bytes", "compaction.parallelism": "at least 1 file"} {
		_, err := newSink(connector.SinkRequest{Env: memory(mem.New("t")), Table: compactingTable(option, "0"), JobID: "j"}, defaultLimits)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", option, err)
		}
	}
}
