package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

// plain runs the shell for a person on a terminal that can only show line after line, or whose output goes elsewhere: without editing,
// completion and views. Ctrl-C ends what runs.
func (s *shell) plain(ctx context.Context) error {
	signal.Reset(os.Interrupt) // of the process as a whole
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	lines := bufio.NewScanner(s.stdin)
	lines.Buffer(nil, 16<<20)
	var text strings.Builder
	prompt := func() {
		if text.Len() == 0 {
			fmt.Fprint(s.err, promptText)
		} else {
			fmt.Fprint(s.err, behindText)
		}
	}
	for prompt(); lines.Scan(); prompt() {
		text.WriteString(lines.Text() + "\n")
		if _, _, open := cutCommands(text.String()); open {
			continue
		}
		err := s.interruptible(ctx, interrupts, text.String())
		text.Reset()
		switch {
		case errors.Is(err, errLeave):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errStopped):
			fmt.Fprintln(s.err, err)
		case err != nil:
			fmt.Fprintln(s.err, styleError(s.errStyle(), err))
		}
	}
	fmt.Fprintln(s.err)
	return lines.Err()
}

// errStopped is the error of what was interrupted.
var errStopped = errors.New("stopped")

// interruptible executes a text; an interrupt ends that and not the shell.
func (s *shell) interruptible(ctx context.Context, interrupts <-chan os.Signal, text string) error {
	items, err := parseItems("", text)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		select {
		case <-interrupts:
			stop()
		case <-ended:
		}
	}()
	err = s.run(running, items)
	close(ended)
	if err != nil && running.Err() != nil && ctx.Err() == nil {
		return errStopped
	}
	return err
}
