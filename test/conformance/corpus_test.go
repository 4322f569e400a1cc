package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/leaktest"
)

var (
	corpusDir = flag.String("corpus", "testdata", "the `folder` of the corpus; of another than testdata only what differs on purpose may fail")
	match     = flag.String("match", "", "only entries whose name holds `TEXT`")
	update    = flag.Bool("update", false, "write the lists of what is pending anew")
	limit     = flag.Duration("limit", 20*time.Second, "how long one entry may take")
)

// part is one kind of entries.
type part struct {
	name string
	// levels are what can fail, the grossest first.
	levels  []string
	entries func(dir string) ([]entry, error)
}

// entry is one unit of the corpus, which may hold several things to check, such as the statements of a script.
type entry struct {
	area, name string
	check      func(ctx context.Context, v variant, dir string) ([]verdict, error)
}

// verdict is how one thing was answered.
type verdict struct {
	id     string
	failed string // the level that it failed at; "" if it was answered as by Flink
	why    string
	quirk  bool // may be answered otherwise
}

var parts = []part{
	{"functions", []string{"value", "type"}, functionEntries},
	{"errors", []string{"accepted", "phase"}, errorEntries},
	{"statements", []string{"result", "full"}, statementEntries},
	{"cases", []string{"rows", "full"}, caseEntries},
}

// TestCorpus answers the corpus and holds the answers against what is expected.
func TestCorpus(t *testing.T) {
	leaktest.Check(t)
	own, dir := *corpusDir == "testdata", *corpusDir
	if _, err := os.Stat(dir); err != nil { // as seen from where go test was called, which is the repository's root as a rule
		dir = filepath.Join("..", "..", dir)
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			entries, err := p.entries(dir)
			if errors.Is(err, os.ErrNotExist) {
				t.Skipf("this corpus has no %s", p.name)
			}
			if err != nil {
				t.Fatal(err)
			}
			table := &counts{levels: p.levels}
			for _, area := range areas(entries) {
				t.Run(area, func(t *testing.T) {
					expected, err := readExpectation("testdata", p.name, area)
					if err != nil {
						t.Fatal(err)
					}
					if !own {
						expected.pending = nil
					}
					verdicts := answer(t, given(), p.levels[0], selected(entries, area, *match))
					table.add(area, verdicts)
					if own && *update && *match == "" && given().same(plain) {
						if err := expected.update(verdicts, p.levels); err != nil {
							t.Fatal(err)
						}
						return
					}
					expected.hold(t, verdicts, p.levels, own && *match == "" && given().exact())
				})
			}
			t.Logf("\n%s", table)
		})
	}
}

// selected returns the entries of an area whose names hold a text.
func selected(entries []entry, area, text string) []entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.area != area || !strings.Contains(e.name, text) })
}

func areas(entries []entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.area)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// answer checks entries, some at a time. An entry that cannot be checked fails at the grossest level.
func answer(t *testing.T, v variant, grossest string, entries []entry) []verdict {
	all := make([][]verdict, len(entries))
	var next sync.Mutex
	var workers sync.WaitGroup
	at := 0
	for range min(runtime.GOMAXPROCS(0), len(entries)) {
		workers.Go(func() {
			for {
				next.Lock()
				i := at
				at++
				next.Unlock()
				if i >= len(entries) {
					return
				}
				e := entries[i]
				var list []verdict
				err := guarded(t, *limit, func(ctx context.Context, dir string) (err error) {
					list, err = e.check(ctx, v, dir)
					return err
				})
				var broken crash
				if errors.As(err, &broken) {
					list = nil // which may still be written to
				}
				if err != nil {
					list = append(list, verdict{id: e.name, failed: grossest, why: message(err)})
				}
				all[i] = list
			}
		})
	}
	workers.Wait()
	return slices.Concat(all...)
}

// counts is the table of what was answered as by Flink.
type counts struct {
	levels []string
	lines  []countLine
}

type countLine struct {
	area  string
	all   int
	quirk int
	ok    []int // by level
}

func (c *counts) add(area string, verdicts []verdict) {
	l := countLine{area: area, ok: make([]int, len(c.levels))}
	for _, v := range verdicts {
		if v.quirk {
			l.quirk++
			continue
		}
		l.all++
		failed := slices.Index(c.levels, v.failed)
		for i := range c.levels {
			if failed < 0 || failed > i {
				l.ok[i]++
			}
		}
	}
	c.lines = append(c.lines, l)
}

// String shows for each area how many there are, and how many did not fail at a level or one before.
func (c *counts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %6s", "area", "all")
	for _, l := range c.levels {
		fmt.Fprintf(&b, " %8s", map[string]string{"accepted": "refused"}[l]+strings.TrimPrefix(l, "accepted"))
	}
	fmt.Fprintf(&b, " %7s\n", "quirks")
	sum := countLine{area: "all", ok: make([]int, len(c.levels))}
	for _, l := range c.lines {
		sum.all += l.all
		sum.quirk += l.quirk
		for i, n := range l.ok {
			sum.ok[i] += n
		}
	}
	for _, l := range append(c.lines, sum) {
		fmt.Fprintf(&b, "%-24s %6d", l.area, l.all)
		for _, n := range l.ok {
			fmt.Fprintf(&b, " %8d", n)
		}
		fmt.Fprintf(&b, " %7d\n", l.quirk)
	}
	return b.String()
}

// list returns the paths of a folder's files with an extension, without the extension.
func list(dir, extension string) ([]string, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*"+extension))
	for i := range paths {
		paths[i] = strings.TrimSuffix(paths[i], extension)
	}
	return paths, err
}
