package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// childMark is the environment variable that makes a process of this binary a store.
const childMark = "MILLSTREAM__STORE_CHILD"

// prepared is set once main has called RunChildIfAsked. Without that, Start would run the whole program
// again instead of a store.
var prepared atomic.Bool

// report is what the child writes to its standard output, once. What it reads from its standard input are
// its Options, because others can see a command line; the input then stays open, and its end tells the
// child to stop.
type report struct {
	Access Access `json:"access"`
	Error  string `json:"error"`
}

// RunChildIfAsked turns this process into a store and never returns, if it is a child that [Start] made;
// otherwise it returns at once. It is the first call in main, and in TestMain of tests that use Start.
func RunChildIfAsked() {
	prepared.Store(true)
	if os.Getenv(childMark) == "" {
		return
	}
	if err := runChild(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // in the child this is main
	}
	os.Exit(0) //nolint:forbidigo // in the child this is main
}

func runChild(in io.Reader, out io.Writer) error {
	// The library prints to standard output now and then, which carries the report.
	os.Stdout = os.Stderr
	if err := os.Unsetenv(childMark); err != nil {
		return err
	}
	// Ctrl-C reaches the whole process group, but the parent may need the store to end its own work.
	signal.Ignore(os.Interrupt, syscall.SIGHUP)

	var opts Options
	if err := json.NewDecoder(in).Decode(&opts); err != nil {
		return fmt.Errorf("read the store's options: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer cancel()
		// Ends with the parent, or when it closes the pipe.
		if _, err := io.Copy(io.Discard, in); err != nil {
			logf(os.Stderr, "store: lost its parent: %v", err)
		}
	}()

	opts.Log = os.Stderr
	opts.OnReady = func(a Access) {
		if err := json.NewEncoder(out).Encode(report{Access: a}); err != nil {
			cancel() // nobody waits for this store any more
		}
	}
	err := Serve(ctx, opts)
	if err != nil {
		err = errors.Join(err, json.NewEncoder(out).Encode(report{Error: err.Error()}))
	}
	return err
}
