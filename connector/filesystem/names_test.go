package filesystem

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/objstore/mem"
)

// What a checkpoint covers has the same names whoever commits it, and what is processed again has names of the run that does so.
func TestNamesInReplay(t *testing.T) {
	for _, compacts := range []string{"false", "true"} {
		t.Run("compaction "+compacts, func(t *testing.T) {
			first := "part-run0-0-0.txt"
			if compacts == "true" {
				first = "compacted-part-run0-0-0.txt"
			}
			store := mem.New("t")
			s := &stream{t: t, store: store, table: lineTable("mem://t/out", "sink.visibility", "checkpoint", "auto-compaction", compacts), limits: defaultLimits}
			s.start(1)
			s.write(0, 5)
			s.checkpoint(false, true, false) // the process dies before it commits
			lost := s.rows
			s.write(0, 3) // behind the checkpoint: nobody sees it
			if got := contents(t, store); len(got) != 0 {
				t.Fatalf("visible before the commit: %s", show(got))
			}

			s.start(2) // commits twice, with another parallelism
			if s.rows != lost {
				t.Fatalf("it goes on from row %d, want %d", s.rows, lost)
			}
			covered := contents(t, store)
			if names := slices.Collect(maps.Keys(covered)); len(names) != 1 || names[0] != "out/"+first {
				t.Fatalf("the checkpoint's files are %q", names)
			}
			s.write(1, 3)
			s.checkpoint(false, true, true)
			s.start(1)
			all := contents(t, store)
			var others []string
			for name, text := range all {
				if covered[name] == "" {
					others = append(others, name)
				} else if text != covered[name] {
					t.Errorf("%s was %q, and is %q", name, covered[name], text)
				}
			}
			if want := strings.Replace(first, "run0-0-", "run1-1-", 1); len(others) != 1 || others[0] != "out/"+want {
				t.Errorf("what was processed again is in %q, want %s", others, want)
			}
			if got := fmt.Sprint(s.visibleRows()); got != "[0 1 2 3 4 5 6 7]" {
				t.Errorf("visible are %s", got)
			}
		})
	}
}
