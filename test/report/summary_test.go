package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// summarize feeds lines of "action package test output" into a summary and returns what it prints.
func summarize(t *testing.T, lines string) (string, *summary) {
	t.Helper()
	var out strings.Builder
	s := newSummary(&out)
	scanner := bufio.NewScanner(strings.NewReader(lines))
	for scanner.Scan() {
		var e event
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", scanner.Text(), err)
		}
		s.add(e)
	}
	s.close()
	return out.String(), s
}

func TestSummary(t *testing.T) {
	out, s := summarize(t, `{"Action":"start","Package":"github.com/millstream/millstream/a"}
{"Action":"run","Package":"github.com/millstream/millstream/a","Test":"TestOne"}
{"Action":"output","Package":"github.com/millstream/millstream/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"output","Package":"github.com/millstream/millstream/a","Test":"TestOne","Output":"    quiet: it passed\n"}
{"Action":"pass","Package":"github.com/millstream/millstream/a","Test":"TestOne"}
{"Action":"run","Package":"github.com/millstream/millstream/a","Test":"TestMany"}
{"Action":"run","Package":"github.com/millstream/millstream/a","Test":"TestMany/x"}
{"Action":"output","Package":"github.com/millstream/millstream/a","Test":"TestMany/x","Output":"    a_test.go:7: got 1, want 2\n"}
{"Action":"fail","Package":"github.com/millstream/millstream/a","Test":"TestMany/x"}
{"Action":"pass","Package":"github.com/millstream/millstream/a","Test":"TestMany/y"}
{"Action":"fail","Package":"github.com/millstream/millstream/a","Test":"TestMany"}
{"Action":"output","Package":"github.com/millstream/millstream/a","Test":"TestPeer","Output":"    peer_test.go:12: no MinIO here:\n"}
{"Action":"output","Package":"github.com/millstream/millstream/a","Test":"TestPeer","Output":"        set MILLSTREAM_PEERS\n"}
{"Action":"output","Package":"github.com/millstream/millstream/a","Test":"TestPeer","Output":"--- SKIP: TestPeer (0.00s)\n"}
{"Action":"skip","Package":"github.com/millstream/millstream/a","Test":"TestPeer"}
{"Action":"output","Package":"github.com/millstream/millstream/a","Output":"FAIL\n"}
{"Action":"fail","Package":"github.com/millstream/millstream/a","Elapsed":1.25}
{"Action":"output","Package":"github.com/millstream/millstream","Output":"ok  \t(cached)\n"}
{"Action":"pass","Package":"github.com/millstream/millstream","Test":"TestRoot"}
{"Action":"pass","Package":"github.com/millstream/millstream"}
{"Action":"skip","Package":"github.com/millstream/millstream/notests"}
`)
	want := `FAIL  a  1.2s  2 passed, 1 failed, 1 skipped
          a_test.go:7: got 1, want 2
      FAIL
ok    .  0.0s  1 passed, 0 failed, 0 skipped  (cached)

Skipped:
  a TestPeer: no MinIO here: set MILLSTREAM_PEERS

Failed:
  a TestMany/x

3 passed, 1 failed, 1 skipped
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if s.failed != 1 {
		t.Errorf("failed = %d", s.failed)
	}
}

// What fails without a failed test is a failure nevertheless.
func TestSummaryOfBrokenPackages(t *testing.T) {
	for name, test := range map[string]struct{ lines, want string }{
		"does not build": {`{"ImportPath":"m/b [m/b.test]","Action":"build-output","Output":"b.go:3:1: syntax error\n"}
{"ImportPath":"m/b [m/b.test]","Action":"build-fail"}
{"Action":"output","Package":"m/b","Output":"FAIL\tm/b [build failed]\n"}
{"Action":"fail","Package":"m/b","FailedBuild":"m/b [m/b.test]"}`,
			"FAIL  m/b  0.0s  0 passed, 1 failed, 0 skipped\n      b.go:3:1: syntax error\n      FAIL\tm/b [build failed]\n\nFailed:\n  m/b\n\n0 passed, 1 failed, 0 skipped\n"},
		"panics": {`{"Action":"run","Package":"m/b","Test":"TestX"}
{"Action":"output","Package":"m/b","Test":"TestX","Output":"panic: oh\n"}
{"Action":"fail","Package":"m/b"}`,
			"FAIL  m/b  0.0s  0 passed, 1 failed, 0 skipped\n      panic: oh\n\nFailed:\n  m/b TestX\n\n0 passed, 1 failed, 0 skipped\n"},
		"exits": {`{"Action":"pass","Package":"m/b","Test":"TestX"}
{"Action":"output","Package":"m/b","Output":"exit status 3\n"}
{"Action":"fail","Package":"m/b"}`,
			"FAIL  m/b  0.0s  1 passed, 1 failed, 0 skipped\n      exit status 3\n\nFailed:\n  m/b\n\n1 passed, 1 failed, 0 skipped\n"},
		"never ends": {`{"Action":"pass","Package":"m/b","Test":"TestX"}`,
			"FAIL  m/b  0.0s  1 passed, 1 failed, 0 skipped\n\nFailed:\n  m/b\n\n1 passed, 1 failed, 0 skipped\n"},
		"parent fails by itself": {`{"Action":"pass","Package":"m/b","Test":"TestX/a"}
{"Action":"fail","Package":"m/b","Test":"TestX"}
{"Action":"fail","Package":"m/b"}`,
			"FAIL  m/b  0.0s  1 passed, 1 failed, 0 skipped\n\nFailed:\n  m/b TestX\n\n1 passed, 1 failed, 0 skipped\n"},
	} {
		if out, _ := summarize(t, test.lines); out != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, out, test.want)
		}
	}
}

// A package of a second run counts again, and equal reasons are told once.
func TestSummaryOfRuns(t *testing.T) {
	one := `{"Action":"pass","Package":"p","Test":"TestX"}
{"Action":"output","Package":"p","Test":"TestS/1","Output":"    a_test.go:1: no peer\n"}
{"Action":"skip","Package":"p","Test":"TestS/1"}
{"Action":"output","Package":"p","Test":"TestS/2","Output":"    a_test.go:1: no peer\n"}
{"Action":"skip","Package":"p","Test":"TestS/2"}
{"Action":"skip","Package":"p","Test":"TestU"}
{"Action":"pass","Package":"p","Test":"TestS"}
{"Action":"pass","Package":"p"}
`
	out, s := summarize(t, one+one)
	if s.passed != 2 || s.skipped != 6 || strings.Count(out, "p TestS/1 and 1 more: no peer\n") != 2 || !strings.Contains(out, "p TestU: no reason given\n") {
		t.Errorf("got\n%s", out)
	}
	s.skipRun("go test -race ./p", "no C compiler")
	s.failRun("go test ./nowhere", errors.New("exit status 1"))
	if s.failed != 1 || s.skipped != 7 {
		t.Errorf("a run that is skipped and one that fails give %s", counts(s.passed, s.failed, s.skipped))
	}
}

func TestSplit(t *testing.T) {
	runs := split([]string{"./...", "--", "-race", "./engine/..."}, "--")
	if len(runs) != 2 || !slices.Equal(runs[0], []string{"./..."}) || !slices.Equal(runs[1], []string{"-race", "./engine/..."}) {
		t.Errorf("split = %q", runs)
	}
}
