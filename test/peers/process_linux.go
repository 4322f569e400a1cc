package peers

import (
	"os"
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the process when the test ends, however it does. The group of its own
// keeps Ctrl-C away from it, so that a test can end in order.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

func interrupt(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
