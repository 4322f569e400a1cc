// Package nats reads a store's notifications from a stream of NATS JetStream or from a plain subject of NATS, and publishes them.
//
// What enters: messages that are notifications, as MinIO and the embedded store publish them. What leaves: an [event.Stream]; that of a stream of
// JetStream has the sequence of its last message as the position. The embedded store publishes through a [Sender].
//
// What must hold: of a stream each message behind the position comes once and in order, and is acknowledged only when its position is stored for good. A
// plain subject ends with an error when messages may have been lost: when the connection broke, or the reader was too slow.
package nats

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/setting"
)

const (
	connectTimeout = 10 * time.Second
	maxMessages    = 4096           // that one Next takes, and that wait for it
	ackWait        = 24 * time.Hour // a checkpoint may take its time; what is not acknowledged is asked for again by position, not by time
)

var errClosed = errors.New("the reader was closed")

var _ event.Open = Open

// Open begins to read: what is published after it has returned is read.
func Open(ctx context.Context, values setting.Values, at []byte) (event.Stream, error) {
	cfg, err := configure(values)
	if err != nil {
		return nil, err
	}
	s := &stream{cfg: cfg, messages: make(chan message, maxMessages), ended: make(chan struct{})}
	if s.conn, err = s.connect(values); err != nil {
		return nil, s.fail(err)
	}
	if cfg.stream == "" {
		err = s.subscribe(ctx)
	} else {
		err = s.consume(ctx, at)
	}
	if err != nil {
		s.conn.Close()
		return nil, s.fail(err)
	}
	return s, nil
}

// message is one that waits for Next.
type message struct {
	subject string
	data    []byte
	stored  jetstream.Msg // nil of a plain subject
	number  uint64        // in the stream
}

// unacked is a message that Next has returned and that is not acknowledged.
type unacked struct {
	message jetstream.Msg
	number  uint64
}

// stream reads a stream of JetStream or a subject.
type stream struct {
	cfg      config
	conn     *nats.Conn
	consumer jetstream.ConsumeContext // nil of a plain subject
	messages chan message
	last     uint64    // number of the last message that Next has returned
	unacked  []unacked // in order, until they are stored; only with a durable consumer
	explicit bool      // each has to be acknowledged by itself

	end   sync.Once
	ended chan struct{}
	err   error // why; valid after ended
}

func (s *stream) fail(err error) error {
	what := "the subject " + s.cfg.subject
	if s.cfg.stream != "" {
		what = "the stream " + s.cfg.stream
	}
	return fmt.Errorf("read %s of NATS at %s: %w", what, s.cfg.url, err)
}

// stop ends the stream once.
func (s *stream) stop(err error) {
	s.end.Do(func() {
		s.err = err
		close(s.ended)
	})
}

func (s *stream) connect(v setting.Values) (*nats.Conn, error) {
	opts := []nats.Option{nats.Name("millstream"), nats.Timeout(connectTimeout),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			if s.cfg.stream == "" && sub != nil { // too slow, or not allowed
				s.stop(s.fail(err))
			}
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if s.cfg.stream == "" {
				s.stop(s.fail(fmt.Errorf("the connection broke: %w", orClosed(err))))
			}
		}),
		nats.ClosedHandler(func(c *nats.Conn) { s.stop(s.fail(orClosed(c.LastError()))) }),
	}
	if user := v.Text(userOption); user != "" {
		opts = append(opts, nats.UserInfo(user, v.Text(passwordOption)))
	}
	if token := v.Text(tokenOption); token != "" {
		opts = append(opts, nats.Token(token))
	}
	if file := v.Text(credsOption); file != "" {
		opts = append(opts, nats.UserCredentials(file))
	}
	if file := v.Text(caOption); file != "" {
		opts = append(opts, nats.RootCAs(file))
	}
	return nats.Connect(s.cfg.url, opts...)
}

func orClosed(err error) error {
	if err == nil {
		return errClosed
	}
	return err
}

// subscribe reads a plain subject.
func (s *stream) subscribe(ctx context.Context) error {
	_, err := s.conn.Subscribe(s.cfg.subject, func(m *nats.Msg) { s.deliver(message{subject: m.Subject, data: m.Data}) })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return s.conn.FlushWithContext(ctx) // the server knows of the subscription
}

// deliver waits for room: behind it the library's own buffer fills, and then the server's.
func (s *stream) deliver(m message) {
	select {
	case s.messages <- m:
	case <-s.ended:
	}
}

// Next implements [event.Stream].
func (s *stream) Next(ctx context.Context) ([]event.Event, error) {
	for {
		var first message
		select {
		case first = <-s.messages:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.ended:
			return nil, s.err
		}
		batch := []message{first}
		for len(s.messages) > 0 && len(batch) < maxMessages {
			batch = append(batch, <-s.messages)
		}
		list, err := s.take(batch)
		if err != nil || len(list) > 0 {
			return list, err
		}
	}
}

// take reads messages. Those that come again are left out.
func (s *stream) take(batch []message) ([]event.Event, error) {
	var list []event.Event
	last := s.last
	pending := s.unacked
	for _, m := range batch {
		if m.stored != nil && m.number <= last {
			continue
		}
		events, err := event.Parse(m.data)
		if err != nil && !s.cfg.ignore {
			where := "a message to " + m.subject
			if m.stored != nil {
				where = fmt.Sprintf("message %d", m.number)
			}
			return nil, s.fail(fmt.Errorf("%s: %w; '%s' = 'true' skips such ones", where, err, ignoreOption.Key))
		}
		list = append(list, events...)
		if m.stored != nil {
			last = m.number
			switch {
			case s.cfg.durable == "":
			case !s.explicit && len(pending) > len(s.unacked): // one of a batch is enough
				pending[len(pending)-1] = unacked{m.stored, last}
			default:
				pending = append(pending, unacked{m.stored, last})
			}
		}
	}
	s.last, s.unacked = last, pending
	return list, nil
}

// Close implements [event.Stream].
func (s *stream) Close() error {
	s.stop(errClosed)
	if s.consumer != nil {
		s.consumer.Stop()
	}
	s.conn.Close()
	return nil
}
