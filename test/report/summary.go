package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// event is one line of go test -json.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output and build-fail
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string
}

// summary counts the leaves: a test that has subtests counts only if it failed by itself.
type summary struct {
	out      io.Writer
	packages map[string]*pkg
	builds   map[string]*strings.Builder // compiler output by import path
	skips    []skip
	passed   int
	failed   int
	skipped  int
	broken   []string // what failed, for the list at the end
}

type pkg struct {
	tests  map[string]*result
	output strings.Builder // outside of any test
}

type result struct {
	action string // "pass", "fail", "skip"; empty while it runs
	output strings.Builder
}

type skip struct{ where, test, reason string }

func newSummary(out io.Writer) *summary {
	return &summary{out: out, packages: map[string]*pkg{}, builds: map[string]*strings.Builder{}}
}

func (s *summary) add(e event) {
	switch e.Action {
	case "build-output":
		if s.builds[e.ImportPath] == nil {
			s.builds[e.ImportPath] = &strings.Builder{}
		}
		s.builds[e.ImportPath].WriteString(e.Output)
		return
	case "build-fail":
		return
	}
	p := s.packages[e.Package]
	if p == nil {
		p = &pkg{tests: map[string]*result{}}
		s.packages[e.Package] = p
	}
	if e.Test == "" {
		switch e.Action {
		case "output":
			p.output.WriteString(e.Output)
		case "pass", "fail", "skip":
			s.endPackage(e, p)
			delete(s.packages, e.Package)
		}
		return
	}
	t := p.tests[e.Test]
	if t == nil {
		t = &result{}
		p.tests[e.Test] = t
	}
	switch e.Action {
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") {
			t.output.WriteString(e.Output)
		}
	case "pass":
		t.action = "pass"
		t.output.Reset()
	case "fail", "skip":
		t.action = e.Action
	}
}

// endPackage counts p's tests and prints its line, with the output of what failed.
func (s *summary) endPackage(e event, p *pkg) {
	name := shorten(e.Package)
	parents := map[string]bool{}     // tests that have subtests
	failedBelow := map[string]bool{} // of these, those with a subtest that failed
	sorted := slices.Sorted(maps.Keys(p.tests))
	for _, test := range sorted {
		for above := test; ; {
			i := strings.LastIndexByte(above, '/')
			if i < 0 {
				break
			}
			above = above[:i]
			parents[above] = true
			if isFailure(p.tests[test]) {
				failedBelow[above] = true
			}
		}
	}
	var passed, failed, skipped int
	var shown []string // tests whose output is printed
	for _, test := range sorted {
		t := p.tests[test]
		switch {
		case isFailure(t):
			if !failedBelow[test] {
				failed++
				s.broken = append(s.broken, name+" "+test)
			}
			shown = append(shown, test)
		case t.action == "skip":
			skipped++
			s.skips = append(s.skips, skip{name, test, reason(t.output.String())})
		case !parents[test]:
			passed++
		}
	}
	if e.Action == "fail" && failed == 0 {
		failed++
		s.broken = append(s.broken, name)
	}
	s.passed, s.failed, s.skipped = s.passed+passed, s.failed+failed, s.skipped+skipped
	switch {
	case e.Action == "fail":
		fmt.Fprintf(s.out, "FAIL  %s  %.1fs  %s\n", name, e.Elapsed, counts(passed, failed, skipped))
		if build := s.builds[e.FailedBuild]; build != nil {
			io.WriteString(s.out, indent(build.String()))
		}
		for _, test := range shown {
			io.WriteString(s.out, indent(p.tests[test].output.String()))
		}
		io.WriteString(s.out, indent(p.output.String()))
	case passed+skipped > 0:
		cached := ""
		if strings.Contains(p.output.String(), "(cached)") {
			cached = "  (cached)"
		}
		fmt.Fprintf(s.out, "ok    %s  %.1fs  %s%s\n", name, e.Elapsed, counts(passed, failed, skipped), cached)
	}
}

// isFailure holds for a test that failed or never came to an end.
func isFailure(t *result) bool { return t.action == "fail" || t.action == "" }

// skipRun counts a whole run of go test that cannot be had here.
func (s *summary) skipRun(command, reason string) {
	s.skipped++
	s.skips = append(s.skips, skip{command, "", reason})
}

// failRun counts a run of go test that failed without a package to blame, such as for a wrong pattern.
func (s *summary) failRun(command string, err error) {
	s.failed++
	s.broken = append(s.broken, command+": "+err.Error())
}

// close prints what was skipped and why, what failed, and the counts. A package that never ended failed.
func (s *summary) close() {
	for _, name := range slices.Sorted(maps.Keys(s.packages)) {
		s.endPackage(event{Action: "fail", Package: name}, s.packages[name])
	}
	if len(s.skips) > 0 {
		fmt.Fprintln(s.out, "\nSkipped:")
	}
	for i := 0; i < len(s.skips); {
		first, same := s.skips[i], 1
		for i+same < len(s.skips) && s.skips[i+same].where == first.where && s.skips[i+same].reason == first.reason {
			same++
		}
		line := first.where
		if first.test != "" {
			line += " " + first.test
		}
		if same > 1 {
			line += fmt.Sprintf(" and %d more", same-1)
		}
		fmt.Fprintf(s.out, "  %s: %s\n", line, first.reason)
		i += same
	}
	if len(s.broken) > 0 {
		fmt.Fprintln(s.out, "\nFailed:")
		for _, line := range s.broken {
			fmt.Fprintln(s.out, "  "+line)
		}
	}
	fmt.Fprintf(s.out, "\n%s\n", counts(s.passed, s.failed, s.skipped))
}

func counts(passed, failed, skipped int) string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", passed, failed, skipped)
}

// shorten drops the module's path; its root is ".".
func shorten(importPath string) string {
	rest, inModule := strings.CutPrefix(importPath, "github.com/millstream/millstream")
	switch {
	case inModule && rest == "":
		return "."
	case inModule && rest[0] == '/':
		return rest[1:]
	}
	return importPath
}

var sourceLine = regexp.MustCompile(`^\s+[\w.-]+\.go:\d+: ?(.*)$`)

// reason finds what t.Skip said in a skipped test's output.
func reason(output string) string {
	var said []string
	for _, line := range strings.Split(output, "\n") {
		if m := sourceLine.FindStringSubmatch(line); m != nil {
			said = append(said, strings.TrimSpace(m[1]))
		} else if line = strings.TrimSpace(line); len(said) > 0 && line != "" && !strings.HasPrefix(line, "--- ") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

func indent(text string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		if line != "" {
			b.WriteString("      " + line)
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}
