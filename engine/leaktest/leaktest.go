// Package leaktest finds goroutines that a test left behind. Tests call it; nothing else does.
package leaktest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long goroutines may take to end after a test has.
const patience = 5 * time.Second

// Check fails the test if, at its end, goroutines run that did not run when Check was called and that have to do with
// this module. Call it first, so that other clean-ups come before it; not in parallel tests.
func Check(t testing.TB) {
	t.Helper()
	before := stacks()
	t.Cleanup(func() {
		var left []string
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			left = left[:0]
			for id, stack := range stacks() {
				if _, old := before[id]; !old {
					left = append(left, stack)
				}
			}
			if len(left) == 0 {
				return
			}
			if time.Now().After(end) {
				t.Errorf("%d goroutines are left behind:\n%s", len(left), strings.Join(left, "\n\n"))
				return
			}
		}
	})
}

// stacks returns the stacks of the goroutines that run code of this module, by the goroutine's number; the caller's is left out.
func stacks() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	found := map[string]string{}
	for i, stack := range strings.Split(string(buf), "\n\n") {
		head, _, _ := strings.Cut(stack, " [")
		if i > 0 && strings.Contains(stack, "millstream/millstream/") && !strings.Contains(stack, "testing.tRunner(") && !strings.Contains(stack, "testing.(*T).Run(") {
			found[head] = stack
		}
	}
	return found
}
