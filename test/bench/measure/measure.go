// Package measure runs programs of benchmarks and says what they took.
package measure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Figure is what one run of a program took.
type Figure struct {
	Wall   time.Duration
	CPU    time.Duration
	Memory int64  // peak resident set, in bytes
	Output []byte // standard output
	// Part is how much of the work was done when the program was stopped: 0 if it came to its end.
	Part float64
}

// Time is how long all of the work takes: an estimate where the program was stopped.
func (f Figure) Time() time.Duration {
	if f.Part == 0 {
		return f.Wall
	}
	return time.Duration(float64(f.Wall) / f.Part)
}

// Process runs a program to its end and measures it. What it wrote is part of the error if it fails.
func Process(ctx context.Context, env []string, name string, args ...string) (Figure, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var output, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &complaints
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return Figure{}, fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, output.Bytes(), complaints.Bytes())
	}
	f := Figure{Wall: time.Since(start), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), Output: output.Bytes()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.Memory = usage.Maxrss << 10
	}
	return f, nil
}

// CPU is the time that this process has spent computing.
func CPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
