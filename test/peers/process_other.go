//go:build !linux

package peers

import (
	"os"
	"os/exec"
)

// dieWithParent does nothing where the kernel has no such service: a test that is killed leaves its peers.
func dieWithParent(*exec.Cmd) {}

func interrupt(p *os.Process) error { return p.Kill() }
