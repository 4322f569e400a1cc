package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// expectation is what is known of one area: what is pending, and what is answered differently on purpose.
type expectation struct {
	file    string            // of what is pending
	pending map[string]string // what fails, by name: at which level
	differs map[string]string // the same for what differs on purpose
}

// readExpectation reads expected/PART/AREA.txt, a line "level, tab, name" for each that is pending, and of expected/differs.txt the
// lines of the area: "part/area, tab, level, tab, name, tab, reason".
func readExpectation(dir, part, area string) (*expectation, error) {
	e := &expectation{file: filepath.Join(dir, "expected", part, area+".txt"), pending: map[string]string{}, differs: map[string]string{}}
	text, err := os.ReadFile(e.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, line := range lines(string(text)) {
		level, id, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("%s: no tab in %q", e.file, line)
		}
		e.pending[id] = level
	}
	differs := filepath.Join(dir, "expected", "differs.txt")
	if text, err = os.ReadFile(differs); err != nil {
		return nil, err
	}
	for _, line := range lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(line, "\t")
		if len(field) != 4 || field[3] == "" {
			return nil, fmt.Errorf("%s: %q is not part/area, level, name and reason with tabs between them", differs, line)
		}
		if field[0] == part+"/"+area {
			e.differs[field[2]] = field[1]
		}
	}
	return e, nil
}

// failsAt returns the level at which an entry is known to fail; "" if it should be answered as by Flink.
func (e *expectation) failsAt(id string) string {
	if level := e.differs[id]; level != "" {
		return level
	}
	return e.pending[id]
}

// hold reports what fails and is not known to, and what is known to fail and does not. complete says that all of the area was answered.
func (e *expectation) hold(t *testing.T, verdicts []verdict, levels []string, complete bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, v := range verdicts {
		seen[v.id] = true
		known := e.failsAt(v.id)
		gross, wanted := slices.Index(levels, v.failed), slices.Index(levels, known)
		switch {
		case v.quirk && v.failed != "":
			t.Logf("quirk: %s: %s: %s", v.id, v.failed, v.why)
		case v.quirk:
		case v.failed != "" && (known == "" || gross < wanted):
			t.Errorf("%s: %s: %s", v.id, v.failed, v.why)
		case known != "" && (v.failed == "" || gross > wanted) && complete:
			t.Errorf("%s: listed as failing (%s), and does not: go test ./test/conformance -update, or take it out of expected/differs.txt", v.id, known)
		case v.failed != "" && e.differs[v.id] != "":
			t.Logf("differs on purpose: %s: %s: %s", v.id, v.failed, v.why)
		case v.failed != "":
			t.Logf("pending: %s: %s: %s", v.id, v.failed, v.why)
		}
	}
	if !complete {
		return
	}
	for _, known := range []map[string]string{e.pending, e.differs} {
		for id := range known {
			if !seen[id] {
				t.Errorf("%s: listed as failing, and there is no such entry", id)
			}
		}
	}
}

// update writes what fails and does not differ on purpose as pending.
func (e *expectation) update(verdicts []verdict, levels []string) error {
	var pending []string
	for _, v := range verdicts {
		if v.failed != "" && !v.quirk && (e.differs[v.id] == "" || slices.Index(levels, v.failed) < slices.Index(levels, e.differs[v.id])) {
			pending = append(pending, v.failed+"\t"+v.id+"\n")
		}
	}
	slices.SortFunc(pending, func(a, b string) int { return strings.Compare(a[strings.Index(a, "\t"):], b[strings.Index(b, "\t"):]) })
	if len(pending) == 0 {
		if err := os.Remove(e.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return writeFile(e.file, []byte(strings.Join(slices.Compact(pending), "")))
}

// hash tells apart what has the same beginning.
func hash(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:4])
}

// oneLine makes a name of SQL.
func oneLine(sql string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(sql)
}

func TestExpectation(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := writeFile(filepath.Join(dir, "expected", filepath.FromSlash(name)), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	write("differs.txt", "# part and area, level, name, reason\ncases/join\trows\tx\tit is better so\ncases/over\trows\ty\tit is better so\n")
	levels := []string{"rows", "full"}
	read := func() *expectation {
		t.Helper()
		e, err := readExpectation(dir, "cases", "join")
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if err := read().update([]verdict{{id: "b", failed: "full"}, {id: "x", failed: "rows"}, {id: "a", failed: "rows"}, {id: "c"}, {id: "q", failed: "rows", quirk: true}}, levels); err != nil {
		t.Fatal(err)
	}
	e := read()
	for id, want := range map[string]string{"a": "rows", "b": "full", "x": "rows", "c": "", "q": "", "y": ""} {
		if got := e.failsAt(id); got != want {
			t.Errorf("%s is known to fail at %q, want %q", id, got, want)
		}
	}
	if err := e.update([]verdict{{id: "a"}}, levels); err != nil {
		t.Fatal(err)
	}
	if e = read(); len(e.pending) > 0 {
		t.Errorf("still pending: %v", e.pending)
	}
	write("differs.txt", "cases/join\trows\tx\t\n")
	if _, err := readExpectation(dir, "cases", "join"); err == nil {
		t.Error("a difference without a reason is accepted")
	}
}
