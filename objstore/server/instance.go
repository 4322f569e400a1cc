package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// Instance is a store in a child process.
type Instance struct {
	Access
	pid  int
	stop func() error  // closes the child's standard input
	kill func() error  // ends it at once
	done chan struct{} // closed when the child has ended
	err  error         // how it ended; valid after done

	closing sync.Once
}

// Start runs a store in a child process and returns when it answers requests. The store ends with Close,
// when ctx ends, or when this process does, even by a kill. Options.Listen defaults to a free port on
// loopback. Several stores can run at once, in different directories.
//
// The binary must have called [RunChildIfAsked].
func Start(ctx context.Context, opts Options) (*Instance, error) {
	if !prepared.Load() {
		return nil, errors.New("start a store: this program does not call server.RunChildIfAsked first in main (or TestMain)")
	}
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	opts, err := opts.resolve() // relative paths are relative to this process
	if err != nil {
		return nil, err
	}
	instance, reports, err := spawn(opts)
	if err != nil {
		return nil, fmt.Errorf("start a store: %w", err)
	}
	select {
	case r := <-reports:
		switch {
		case r.Error != "":
			return nil, errors.Join(errors.New(r.Error), instance.abandon())
		case r.Access.Endpoint == "":
			abandonErr := instance.abandon()
			return nil, errors.Join(fmt.Errorf("start a store: its process ended before it was ready: %w", instance.err), abandonErr)
		}
		instance.Access = r.Access
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("start a store: %w", context.Cause(ctx)), instance.abandon())
	}
	if opts.OnReady != nil {
		opts.OnReady(instance.Access)
	}
	stopWatching := context.AfterFunc(ctx, func() { _ = instance.Close() }) // the caller's own Close returns the error again
	go func() {
		<-instance.done
		stopWatching()
	}()
	return instance, nil
}

// Close stops the store, giving requests in flight three seconds, and waits for its process to end. It
// may be called more than once and from several goroutines. An error says that the store had already
// ended by itself, or did not end in order.
func (i *Instance) Close() error {
	i.closing.Do(func() {
		err := i.stop()
		select {
		case <-i.done:
		case <-time.After(shutdownGrace + 2*time.Second):
			err = errors.Join(err, i.abandon())
		}
		i.err = errors.Join(i.err, err)
	})
	<-i.done
	return i.err
}

// abandon ends the child without ado and waits for it.
func (i *Instance) abandon() error {
	killErr := i.kill()
	if errors.Is(killErr, os.ErrProcessDone) {
		killErr = nil
	}
	<-i.done
	stopErr := i.stop()
	if errors.Is(stopErr, os.ErrClosed) {
		stopErr = nil
	}
	return errors.Join(killErr, stopErr)
}

// Done is closed when the store's process has ended, whatever the cause.
func (i *Instance) Done() <-chan struct{} { return i.done }

// spawn starts the child and hands it its options. The channel delivers exactly one report, an empty one
// if the child ended without.
func spawn(opts Options) (*Instance, <-chan report, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	input, stop, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	output, outputEnd, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, input.Close(), stop.Close())
	}
	cmd := exec.Command(binary)
	cmd.Args = []string{"millstream-store", opts.Dir} // what process listings show
	cmd.Env = append(os.Environ(), childMark+"=1")
	cmd.Stdin, cmd.Stdout = input, outputEnd
	last := &tail{next: opts.Log}
	cmd.Stderr = last
	cmd.WaitDelay = time.Second // for the last lines of the log
	dieWithParent(cmd)

	i := &Instance{stop: stop.Close, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux ties the child's life to the thread that made it, which therefore has to last as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			if i.err = cmd.Wait(); i.err != nil {
				i.err = fmt.Errorf("the store's process: %w%s", i.err, last)
			}
		}
		close(i.done)
	}()
	if err = <-started; err != nil {
		err = errors.Join(err, stop.Close())
	} else {
		i.pid, i.kill = cmd.Process.Pid, cmd.Process.Kill
		err = json.NewEncoder(stop).Encode(opts)
	}
	err = errors.Join(err, input.Close(), outputEnd.Close())
	if err != nil {
		if i.kill != nil {
			err = errors.Join(err, i.abandon())
		}
		return nil, nil, errors.Join(err, output.Close())
	}
	reports := make(chan report, 1)
	go func() {
		defer output.Close()
		var r report
		if err := json.NewDecoder(output).Decode(&r); err != nil {
			r = report{} // the child ended: how, is in i.err
		}
		reports <- r
	}()
	return i, reports, nil
}

// tail passes on what it gets and remembers the end of it, for the error of a child that fails.
type tail struct {
	next io.Writer // may be nil
	text []byte
}

const tailBytes = 2048

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	if t.next == nil {
		return len(p), nil
	}
	return t.next.Write(p)
}

// String returns the remembered lines, each after a line break, or nothing.
func (t *tail) String() string {
	if text := bytes.TrimSpace(t.text); len(text) > 0 {
		return "\n" + string(text)
	}
	return ""
}
