package server

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the child when the parent ends, in addition to the pipe whose end
// tells it to stop: this reaches a child that is stopped or hangs.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
