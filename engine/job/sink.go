package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/engine/task"
)

// abortPatience is how long clearing up after a failure may take.
const abortPatience = 30 * time.Second

// committables is what sinks have written and not yet shown, by node.
type committables map[int][]connector.Committable

// prepareSinks makes the targets ready. What a checkpoint covers is committed again: the job may have died before it had been. Only then is
// cleared up, for sinks that write to one directory find each other's uploads.
func (h *Handle) prepareSinks() error {
	for _, node := range slices.Sorted(maps.Keys(h.sinks)) {
		err := h.guard(node, func() error {
			if err := h.sinks[node].Prepare(h.ctx); err != nil {
				return err
			}
			if from := h.restored(&h.plan.nodes[node]); from != nil && len(from.Committables) > 0 {
				if err := h.sinks[node].Commit(h.ctx, from.Committables); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	var held []connector.Piece
	if h.opts.Restore != nil { // of all nodes, also those that the job does not have any more: another process may start from there, too
		for _, from := range h.opts.Restore.Nodes {
			for _, tables := range from.Subtasks {
				held = append(held, operator.HeldBySink(tables)...)
			}
		}
	}
	for _, node := range slices.Sorted(maps.Keys(h.sinks)) {
		if err := h.guard(node, func() error { return h.discardEarlier(h.ctx, node, held) }); err != nil {
			return err
		}
	}
	return nil
}

// discardEarlier clears up behind earlier runs. held is what writers go on with.
func (h *Handle) discardEarlier(ctx context.Context, node int, held []connector.Piece) error {
	if r, ok := h.sinks[node].(connector.Recoverer); ok && len(h.opts.EarlierRuns) > 0 {
		return r.Recover(ctx, h.opts.EarlierRuns, held)
	}
	return nil
}

// commit makes visible what sinks wrote. What was committed is taken out of list.
func (h *Handle) commit(ctx context.Context, list committables) error {
	for _, node := range slices.Sorted(maps.Keys(list)) {
		if err := h.guard(node, func() error { return h.sinks[node].Commit(ctx, list[node]) }); err != nil {
			return err
		}
		delete(list, node)
	}
	return nil
}

// commitLast ends the sinks of a job that ended well. A run that was replaced may have gone on for a while, so there is something to clear up again. Behind a
// savepoint that the job was stopped with, what cannot be cleared up is left to who goes on from there.
func (h *Handle) commitLast(ctx context.Context, list committables, stopped bool) error {
	if err := h.commit(ctx, list); err != nil {
		return err
	}
	for _, node := range slices.Sorted(maps.Keys(h.sinks)) {
		err := h.guard(node, func() error {
			if err := h.sinks[node].Finish(ctx); err != nil {
				return err
			}
			if err := h.discardEarlier(ctx, node, nil); !stopped {
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// abort discards what no checkpoint covers, after the job ended with err. What goes wrong is added to the error.
func (h *Handle) abort(err error, list committables) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.parent), abortPatience)
	defer cancel()
	for _, node := range slices.Sorted(maps.Keys(list)) {
		if aborting := h.guard(node, func() error { return h.sinks[node].Abort(ctx, list[node]) }); aborting != nil {
			err = errors.Join(err, fmt.Errorf("clearing up after this: %w", aborting))
		}
	}
	return err
}

// guard calls connector code outside of a task for a node: its error, or panic, names the node.
func (h *Handle) guard(node int, f func() error) (err error) {
	name := h.plan.nodes[node].Name
	defer func() {
		if v := recover(); v != nil {
			err = &task.Error{Operator: name, Err: &task.Panic{Value: v, Stack: debug.Stack()}}
		}
	}()
	if err := f(); err != nil {
		return &task.Error{Operator: name, Err: err}
	}
	return nil
}
