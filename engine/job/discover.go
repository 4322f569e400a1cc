package job

import (
	"errors"
	"fmt"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
)

// mostWaiting is the number of discovered splits that wait for each subtask, at most: what is behind them stays with the discovery, so that memory does
// not grow with the number of objects in a bucket.
const mostWaiting = 32

// startDiscovery lets a scan find its splits while it reads.
func (h *Handle) startDiscovery(s *scan, source connector.Discoverer, from *NodeState) (err error) {
	var state []byte
	if from != nil {
		state = from.Discovery
	}
	if s.discovery, err = source.Discover(h.ctx, state); err != nil {
		return err
	}
	n := &h.plan.nodes[s.node]
	s.splits = task.NewGrowingSplits(h.ctx, s.source, s.list, n.parallelism, n.Op.(*graph.Scan).Limit < 0, source.InOrder())
	return nil
}

// discover hands splits out as they are found, until there are no more or the job ends.
func (h *Handle) discover(s *scan, stop <-chan struct{}) {
	n := &h.plan.nodes[s.node]
	for {
		h.turn(fmt.Sprintf("discovery %d", s.node))
		drain(s.discovery.Ready()) // whatever woke it: it looks for both now
		drain(s.splits.Room())
		status := connector.Wait
		if room := mostWaiting*n.parallelism - s.splits.Waiting(); room > 0 {
			err := h.guard(s.node, func() (err error) {
				status, err = h.control.discovered(s, room)
				return err
			})
			if err != nil {
				h.fail(err)
				return
			}
		}
		switch status {
		case connector.Done:
			s.splits.End()
			return
		case connector.Ready:
			continue
		case connector.Wait:
		}
		select {
		case <-s.discovery.Ready():
		case <-s.splits.Room():
		case <-stop:
			return
		case <-h.ctx.Done():
			return
		}
	}
}

// drain takes a signal, if there is one.
func drain(c <-chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// close ends what a scan does in the background.
func (s *scan) close() error {
	var errs []error
	if s.splits != nil {
		errs = append(errs, s.splits.Close())
	}
	if s.discovery != nil {
		errs = append(errs, s.discovery.Close())
	}
	return errors.Join(errs...)
}
