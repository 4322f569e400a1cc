package nats

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/millstream/millstream/objstore/event"
)

// Sender publishes notifications to a subject, one message for each event: through JetStream if a stream takes the subject in, so that each is known to be
// kept, and kept once though it is sent again.
type Sender struct {
	server, subject string
	conn            *nats.Conn
	js              jetstream.JetStream
	kept            bool // there is a stream
}

var _ event.Sender = (*Sender)(nil)

// NewSender returns a sender to "nats://HOST:PORT/SUBJECT". It does not go to the network.
func NewSender(target string) (*Sender, error) {
	u, err := url.Parse(target)
	subject := ""
	if err == nil {
		subject = strings.TrimPrefix(u.Path, "/")
	}
	if err != nil || u.Host == "" || checkSubject(subject) != nil || strings.ContainsAny(subject, "*>/") {
		return nil, fmt.Errorf("the target %q is not nats://HOST:PORT/SUBJECT, such as nats://127.0.0.1:4222/store.events", target)
	}
	u.Path = ""
	return &Sender{server: u.String(), subject: subject}, nil
}

// Send implements [event.Sender].
func (s *Sender) Send(ctx context.Context, list []event.Event) error {
	if err := s.send(ctx, list); err != nil {
		return fmt.Errorf("publish to the subject %s of NATS: %w", s.subject, err)
	}
	return nil
}

func (s *Sender) send(ctx context.Context, list []event.Event) (err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if s.conn == nil {
		if s.conn, err = nats.Connect(s.server, nats.Name("millstream"), nats.Timeout(connectTimeout), nats.MaxReconnects(-1)); err != nil {
			return err
		}
		if s.js, err = jetstream.New(s.conn); err != nil {
			return err
		}
	}
	if !s.kept {
		switch _, err := s.js.StreamNameBySubject(ctx, s.subject); {
		case err == nil:
			s.kept = true
		case !errors.Is(err, jetstream.ErrStreamNotFound) && !errors.Is(err, jetstream.ErrJetStreamNotEnabled) && !errors.Is(err, nats.ErrNoResponders) &&
			!errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
			return err
		}
	}
	for i := range list {
		body := event.Format(list[i : i+1])
		if !s.kept {
			if err := s.conn.Publish(s.subject, body); err != nil {
				return err
			}
			continue
		}
		var opts []jetstream.PublishOpt
		if list[i].Sequencer != "" {
			opts = append(opts, jetstream.WithMsgID(list[i].Bucket+"/"+list[i].Key+"/"+list[i].Sequencer))
		}
		if _, err := s.js.Publish(ctx, s.subject, body, opts...); err != nil {
			s.kept = false // it may be gone
			return err
		}
	}
	return s.conn.FlushWithContext(ctx)
}

// Close implements [event.Sender].
func (s *Sender) Close() error {
	if s.conn != nil {
		s.conn.Close()
	}
	return nil
}
