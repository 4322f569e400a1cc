//go:build !unix

package main

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// watchSize lets a program look now and then whether its terminal has another size, until the function that it returns is called.
func watchSize(p *tea.Program) (stop func()) {
	ticker, stopped := time.NewTicker(500*time.Millisecond), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				p.Send(sizeMsg{})
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
	}
}
