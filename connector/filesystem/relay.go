package filesystem

import "sync"

// relay passes the signals of one reader after another on to a channel that stays the same.
type relay struct {
	out  chan struct{}
	stop chan struct{} // closed to end the following; nil: nothing is followed
	wg   sync.WaitGroup
}

func newRelay() *relay { return &relay{out: make(chan struct{}, 1)} }

// wake gives a signal of the relay's own.
func (r *relay) wake() {
	select {
	case r.out <- struct{}{}:
	default:
	}
}

// follow passes on what comes from in, and nothing more of what was followed before.
func (r *relay) follow(in <-chan struct{}) {
	r.end()
	stop := make(chan struct{})
	r.stop = stop
	r.wg.Go(func() {
		for {
			select {
			case <-in:
				select {
				case <-stop: // both had come
					return
				default:
					r.wake()
				}
			case <-stop:
				return
			}
		}
	})
}

// end ends the following and waits for it.
func (r *relay) end() {
	if r.stop != nil {
		close(r.stop)
		r.wg.Wait()
		r.stop = nil
	}
}
