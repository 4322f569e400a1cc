// Report runs go test and tells what came of it: a line per package as it ends, failures with their whole
// output, and at the end every skipped test with its reason and the line "N passed, N failed, N skipped".
//
// Its arguments are those of go test; "--" separates several runs, which count together:
//
//	go run ./test/report ./... -- -race ./engine/...
//
// It ends with code 1 if anything failed. A run with -race needs a C compiler; without one it counts as
// skipped. The Makefile and nothing else calls it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	s := newSummary(os.Stdout)
	for _, args := range split(os.Args[1:], "--") {
		command := append([]string{"go", "test"}, args...)
		fmt.Println("==", strings.Join(command, " "))
		if reason := cannotRace(); slices.Contains(args, "-race") && reason != "" {
			s.skipRun(strings.Join(command, " "), reason)
			continue
		}
		failedBefore := s.failed
		if err := run(s, args); err != nil && s.failed == failedBefore {
			s.failRun(strings.Join(command, " "), err)
		}
	}
	s.close()
	if s.failed > 0 {
		os.Exit(1)
	}
}

// run feeds the events of one go test into s. The error is that of the command, which also reports
// failures that s has seen.
func run(s *summary, args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				s.add(e)
			} else {
				os.Stdout.Write(line) // what the go command says outside the events
			}
		}
		if err != nil {
			break
		}
	}
	return cmd.Wait()
}

// cannotRace says why the race detector cannot be built here, or "".
func cannotRace() string {
	out, err := exec.Command("go", "env", "CGO_ENABLED", "CC").Output()
	if err != nil {
		return "go env: " + err.Error()
	}
	enabled, cc, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if enabled != "1" && cc == "" {
		return "the race detector needs cgo, which is off (CGO_ENABLED=0)"
	}
	compiler, _, _ := strings.Cut(cc, " ")
	if _, err := exec.LookPath(compiler); err != nil {
		return "the race detector needs a C compiler, and there is no " + compiler + " (apt-get install gcc libc6-dev)"
	}
	if enabled != "1" {
		return "the race detector needs cgo, which is off (CGO_ENABLED=0)"
	}
	return ""
}

func split(args []string, separator string) [][]string {
	var runs [][]string
	for {
		i := slices.Index(args, separator)
		if i < 0 {
			return append(runs, args)
		}
		runs, args = append(runs, args[:i]), args[i+1:]
	}
}
