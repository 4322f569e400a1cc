package leaktest

import (
	"strings"
	"testing"
)

func TestStacks(t *testing.T) {
	before := stacks()
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		<-stop
		close(ended)
	}()
	found := 0
	for id, stack := range stacks() {
		if _, old := before[id]; !old && strings.Contains(stack, "TestStacks") {
			found++
		}
	}
	close(stop)
	<-ended
	if found != 1 {
		t.Errorf("%d goroutines were found, want 1", found)
	}
}
