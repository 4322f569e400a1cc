package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// errEnded says that a process ended before it was asked to.
var errEnded = errors.New("ended by itself")

// process is a running program that logs into a file.
type process struct {
	name string
	log  string // path
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// launch starts the command with its output in dir/name.log.
func launch(name, dir string, cmd *exec.Cmd) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), cmd: cmd, done: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = dir
	dieWithParent(cmd)
	started := make(chan error, 1)
	go func() {
		// Linux ties the process's life to the thread that made it, which therefore has to last as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in cmd.ProcessState
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// pollEvery is how long to wait between two looks at whether a peer is ready.
const pollEvery = 50 * time.Millisecond

// await calls ready until it returns nil, the process ends or the time is up.
func (p *process) await(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		last := ready(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.ended()
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %v (%w); the end of its log:\n%s", p.name, limit, last, p.tail())
		case <-tick.C:
		}
	}
}

// ended describes an end that nobody asked for; done is closed.
func (p *process) ended() error {
	return fmt.Errorf("%s %w (%s); the end of its log:\n%s", p.name, errEnded, p.cmd.ProcessState, p.tail())
}

// stop asks the process to end, and makes it when it does not.
func (p *process) stop() error {
	select {
	case <-p.done:
		return p.ended()
	default:
	}
	if err := interrupt(p.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopPatience):
		return p.end()
	}
}

// end makes the process end, whether it has or not.
func (p *process) end() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

// stopPatience is how long a process may take to end in order.
const stopPatience = 10 * time.Second

const tailBytes = 4 << 10

// tail returns the end of the log.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return lastLines(text)
}

func lastLines(text []byte) string {
	return string(bytes.TrimSpace(text[max(0, len(text)-tailBytes):]))
}

// environment returns this process's environment without the variables that begin so.
func environment(without ...string) []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return slices.ContainsFunc(without, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
}

// dial tells whether somebody listens on the address.
func dial(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}
