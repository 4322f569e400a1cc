package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/kafka"
	"github.com/millstream/millstream/objstore/event/nats"
	"github.com/millstream/millstream/objstore/event/webhook"
)

const (
	firstRetry   = 100 * time.Millisecond
	longestRetry = 10 * time.Second
)

// newSender opens the target that a text such as "webhook=http://127.0.0.1:9180/events" names. It does not go to the network.
func newSender(text, token string) (event.Sender, error) {
	kind, address, _ := strings.Cut(text, "=")
	switch kind {
	case "webhook":
		return webhook.NewSender(address, token)
	case "kafka":
		return kafka.NewSender(address)
	case "nats":
		return nats.NewSender(address)
	}
	return nil, fmt.Errorf("the notification target %q is none: valid are %s", text, targetForms)
}

const targetForms = "webhook=URL, kafka=HOST:PORT/TOPIC and nats=nats://HOST:PORT/SUBJECT"

// targets are where the store pushes all its notifications. Each has a goroutine and a place in the hub's queue of its own: one that is down keeps nobody
// else waiting, and gets what happened in the meantime as far as the queue goes back.
type targets struct {
	group sync.WaitGroup
	end   context.CancelFunc
}

// startTargets begins to push what happens from now on.
func startTargets(opts Options, h *hub) (*targets, error) {
	ctx, end := context.WithCancel(context.Background())
	t := &targets{end: end}
	for _, text := range opts.Notify {
		sender, err := newSender(text, opts.NotifyToken)
		if err != nil {
			h.close()
			t.stop()
			return nil, err
		}
		sub, ok := h.subscribe(func(*notice) bool { return true }, nil)
		if !ok {
			h.close()
			t.stop()
			return nil, errors.Join(fmt.Errorf("more than %d notification targets", hubListeners), sender.Close())
		}
		p := &pusher{name: text, sender: sender, sub: sub, log: opts.Log}
		t.group.Go(func() { p.run(ctx) })
	}
	return t, nil
}

// stop waits for what is under way, but not for targets that are down. The hub is closed before.
func (t *targets) stop() {
	timer := time.AfterFunc(shutdownGrace, t.end)
	t.group.Wait()
	timer.Stop()
	t.end()
}

// pusher pushes to one target.
type pusher struct {
	name   string
	sender event.Sender
	sub    *subscription
	log    io.Writer // may be nil
}

func (p *pusher) run(ctx context.Context) {
	defer p.sub.end()
	defer func() {
		if err := p.sender.Close(); err != nil {
			logf(p.log, "store: %s: %v", p.name, err)
		}
	}()
	for {
		notices, lost, more, closed := p.sub.take()
		if lost > 0 {
			logf(p.log, "store: %s: %d notifications are lost, since too many waited: a listing finds their objects", p.name, lost)
		}
		switch {
		case len(notices) > 0:
			if !p.push(ctx, notices) {
				logf(p.log, "store: %s: it was down at the end: what happened last was not sent", p.name)
				return
			}
		case closed:
			return
		case !more:
			p.sub.wait(ctx, nil)
		}
	}
}

// push sends until it succeeds or ctx ends, and reports which. It says when a target begins to fail and when it is back.
func (p *pusher) push(ctx context.Context, notices []notice) bool {
	var list []event.Event
	for i := range notices {
		events, err := event.ParsePlain(notices[i].body)
		if err != nil {
			logf(p.log, "store: %s: %v", p.name, err) // cannot be: it was written by Format
		}
		list = append(list, events...)
	}
	failed := false
	for pause := firstRetry; ; pause = min(2*pause, longestRetry) {
		err := p.sender.Send(ctx, list)
		if err == nil {
			if failed {
				logf(p.log, "store: %s: it takes notifications again", p.name)
			}
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !failed {
			logf(p.log, "store: %s: %v; it is tried again", p.name, err)
		}
		failed = true
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}
