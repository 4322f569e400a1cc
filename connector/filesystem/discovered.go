package filesystem

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/discovery"
	"github.com/millstream/millstream/objstore"
)

// discovered makes splits of the files that a Finder finds. Cutting a file may need its index, so that is done in the background, some files at a time; what
// was found and is not cut, or not handed out, is part of the state.
type discovered struct {
	table  monitored
	store  objstore.Store
	finder *discovery.Finder
	relay  *relay

	held    []objstore.Info // found by a listing that is under way, where the order counts
	cutting []waiting       // in the background
	queue   []waiting       // cut
	results chan []waiting
	failed  error
	batch   []objstore.Info

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	pruner *pruner // of the goroutine that cuts
}

// waiting is a file of which splits are to be handed out.
type waiting struct {
	Found position `json:"found"`
	Given int      `json:"given,omitempty"` // splits that were handed out

	splits []connector.Split
	err    error
}

// cutAhead is how many files are cut at once, at most.
const cutAhead = 16

func newDiscovered(ctx context.Context, m monitored, store objstore.Store, f *discovery.Finder, open []waiting) *discovered {
	d := &discovered{table: m, store: store, finder: f, relay: newRelay(), results: make(chan []waiting, 1), pruner: newPruner(m.layout, m.config)}
	d.ctx, d.cancel = context.WithCancel(ctx)
	d.relay.follow(f.Ready())
	if len(open) > 0 {
		d.cut(open)
	}
	return d
}

// cut cuts files in the background.
func (d *discovered) cut(list []waiting) {
	d.cutting = list
	list = slices.Clone(list)
	d.work.Go(func() {
		g, ctx := errgroup.WithContext(d.ctx)
		g.SetLimit(cutAhead)
		for i := range list {
			w := &list[i]
			keep, err := d.pruner.keep(w.Found.file(), d.store)
			if err != nil {
				w.err = err
				break
			}
			if keep {
				g.Go(func() error {
					w.splits, w.err = d.table.cutFound(ctx, d.store, w.Found.file())
					return w.err
				})
			}
		}
		_ = g.Wait() // each file has its error
		d.results <- list
		d.relay.wake()
	})
}

// cutFound makes the splits of a file that was discovered. They depend on nothing but the file, so that they are the same after a restart.
func (m monitored) cutFound(ctx context.Context, store objstore.Store, f found) ([]connector.Split, error) {
	size := m.tuning.maxRange
	if m.InOrder() {
		size = f.Size + 1 // whole
	}
	list, err := m.cut(ctx, store, f, size)
	if gone(err) && m.config.values.Enum(changedOption) != "fail" {
		list, err = leave(store, f), nil
	}
	splits := make([]connector.Split, len(list))
	for i, p := range list {
		splits[i] = split(p.id+"@"+f.ETag, p.size, []position{p.at}) // another version of the file is another split
	}
	return splits, err
}

// Poll implements [connector.Discovery].
func (d *discovered) Poll(most int) (list []connector.Split, status connector.Status, err error) {
	if d.failed != nil {
		return nil, connector.Done, d.failed
	}
	select {
	case done := <-d.results:
		d.cutting = nil
		d.queue = append(d.queue, done...)
		for _, w := range done {
			// One that was given up because another one failed does not say why.
			if w.err != nil && (d.failed == nil || errors.Is(d.failed, context.Canceled)) {
				d.failed = w.err
			}
		}
		if d.failed != nil {
			return nil, connector.Done, d.failed
		}
	default:
	}
	for len(d.queue) > 0 && len(list) < most {
		w := &d.queue[0]
		if w.Given < len(w.splits) {
			list = append(list, w.splits[w.Given])
			w.Given++
		}
		if w.Given >= len(w.splits) {
			d.queue = d.queue[1:]
		}
	}
	switch {
	case len(d.queue) > 0:
		return list, connector.Ready, nil
	case len(d.cutting) > 0:
		return list, connector.Wait, nil
	}
	status, err = d.find(most)
	return list, status, err
}

// find takes the next files and lets them be cut.
func (d *discovered) find(most int) (connector.Status, error) {
	if d.table.InOrder() {
		return d.findInOrder()
	}
	var status connector.Status
	d.batch, status, d.failed = d.finder.Poll(d.batch[:0], min(most, 4*cutAhead))
	if d.failed != nil {
		return connector.Done, d.failed
	}
	if len(d.batch) > 0 {
		d.cut(allWaiting(d.batch))
		return connector.Wait, nil
	}
	return status, nil
}

// findInOrder takes all files of a listing before any is read, and orders them by name.
func (d *discovered) findInOrder() (status connector.Status, err error) {
	d.held, status, d.failed = d.finder.Poll(d.held, pageOfHeld)
	if d.failed != nil {
		return connector.Done, d.failed
	}
	if status == connector.Ready || d.finder.Listing() || len(d.held) == 0 {
		return status, nil
	}
	slices.SortStableFunc(d.held, func(a, b objstore.Info) int { return compareNames(a.Key, b.Key) })
	d.cut(allWaiting(d.held))
	d.held = nil
	return connector.Wait, nil
}

// pageOfHeld is how many files of a listing are taken at once.
const pageOfHeld = 1000

func allWaiting(list []objstore.Info) []waiting {
	all := make([]waiting, len(list))
	for i, o := range list {
		all[i] = waiting{Found: start(found{o, ""})}
	}
	return all
}

func (d *discovered) Ready() <-chan struct{} { return d.relay.out }

// State is the files that wait, as JSON behind its length, and the Finder's state.
func (d *discovered) State() ([]byte, error) {
	all := slices.Concat(d.queue, d.cutting, allWaiting(d.held))
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	b := binary.AppendUvarint(nil, uint64(len(text)))
	return append(append(b, text...), d.finder.State()...), nil
}

// decodeWaiting reads the files that wait, and returns the Finder's state.
func decodeWaiting(state []byte) (list []waiting, rest []byte, err error) {
	size, n := binary.Uvarint(state)
	if n <= 0 || size > uint64(len(state)-n) {
		return nil, nil, errors.New("the files that were discovered cannot be read from the checkpoint")
	}
	rest = state[n:]
	if err := json.Unmarshal(rest[:size], &list); err != nil {
		return nil, nil, errors.New("the files that were discovered cannot be read from the checkpoint: " + err.Error())
	}
	return list, rest[size:], nil
}

// Close implements [connector.Discovery].
func (d *discovered) Close() error {
	d.cancel()
	err := d.finder.Close()
	d.work.Wait()
	d.relay.end()
	return err
}
