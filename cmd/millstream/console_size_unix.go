//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
)

// watchSize tells a program when its terminal gets another size, until the function that it returns is called.
func watchSize(p *tea.Program) (stop func()) {
	changes, stopped := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(changes, syscall.SIGWINCH)
	go func() {
		for {
			select {
			case <-changes:
				p.Send(sizeMsg{})
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		signal.Stop(changes)
		close(stopped)
	}
}
