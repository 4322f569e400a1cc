package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// stored is a position as bytes.
type stored struct {
	Stream   string `json:"stream"`
	Sequence uint64 `json:"sequence"` // of the last message
}

func (s *stream) readPosition(data []byte) (uint64, error) {
	var p stored
	err := json.Unmarshal(data, &p)
	switch {
	case err != nil || p.Stream == "":
		return 0, errors.New("the position is not one of a stream of NATS")
	case p.Stream != s.cfg.stream:
		return 0, fmt.Errorf("the position is one of the stream %s, and '%s' is %s: begin without it", p.Stream, streamOption.Key, s.cfg.stream)
	}
	return p.Sequence, nil
}

// consume reads the stream behind a position, or behind what its durable consumer has acknowledged. That is made anew: a consumer goes on by itself behind
// what it has delivered, which is later than what is stored for good.
func (s *stream) consume(ctx context.Context, at []byte) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	js, err := jetstream.New(s.conn)
	if err != nil {
		return err
	}
	from, err := js.Stream(ctx, s.cfg.stream)
	if err != nil {
		return err
	}
	info, err := from.Info(ctx)
	if err != nil {
		return err
	}
	switch {
	case at != nil:
		if s.last, err = s.readPosition(at); err != nil {
			return err
		}
		if s.last > info.State.LastSeq { // the stream was made anew
			s.last = 0
		}
	case s.cfg.start == latest:
		s.last = info.State.LastSeq
	}
	if s.cfg.durable != "" {
		old, err := from.Consumer(ctx, s.cfg.durable)
		switch {
		case errors.Is(err, jetstream.ErrConsumerNotFound):
		case err != nil:
			return err
		default:
			if at == nil {
				s.last = old.CachedInfo().AckFloor.Stream
			}
			if err := from.DeleteConsumer(ctx, s.cfg.durable); err != nil {
				return err
			}
		}
	}
	c := jetstream.ConsumerConfig{Durable: s.cfg.durable, FilterSubject: s.cfg.subject, AckPolicy: jetstream.AckNonePolicy,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: s.last + 1}
	if s.cfg.durable != "" {
		c.AckPolicy, c.AckWait, c.MaxAckPending = jetstream.AckAllPolicy, ackWait, -1
	}
	if info.Config.Retention == jetstream.WorkQueuePolicy { // which takes no other, and has forgotten what is acknowledged
		if s.cfg.durable == "" {
			return fmt.Errorf("its messages go when they are acknowledged: name a consumer in '%s'", durableOption.Key)
		}
		c.DeliverPolicy, c.OptStartSeq, c.AckPolicy = jetstream.DeliverAllPolicy, 0, jetstream.AckExplicitPolicy
		if at == nil {
			s.last = 0
		}
	}
	consumer, err := from.CreateConsumer(ctx, c)
	if err != nil {
		return err
	}
	s.explicit = c.AckPolicy == jetstream.AckExplicitPolicy
	s.consumer, err = consumer.Consume(s.receive, jetstream.PullMaxMessages(maxMessages), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) {
			s.stop(s.fail(err))
		}
	}))
	return err
}

func (s *stream) receive(m jetstream.Msg) {
	meta, err := m.Metadata()
	if err != nil {
		s.stop(s.fail(err))
		return
	}
	s.deliver(message{subject: m.Subject(), data: m.Data(), stored: m, number: meta.Sequence.Stream})
}

// Position implements [event.Stream].
func (s *stream) Position() []byte {
	if s.cfg.stream == "" {
		return nil
	}
	data, err := json.Marshal(stored{s.cfg.stream, s.last})
	if err != nil {
		panic(err) // a text and a number always can be
	}
	return data
}

// Stored implements [event.Stream]: it acknowledges the messages up to the position.
func (s *stream) Stored(ctx context.Context, at []byte) error {
	if s.cfg.durable == "" || at == nil {
		return nil
	}
	end, err := s.readPosition(at)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	n := 0
	for n < len(s.unacked) && s.unacked[n].number <= end {
		n++
	}
	done := s.unacked[:n]
	if !s.explicit && n > 0 {
		done = done[n-1:]
	}
	for _, one := range done {
		if err := one.message.DoubleAck(ctx); err != nil {
			return s.fail(fmt.Errorf("acknowledge message %d: %w", one.number, err))
		}
	}
	s.unacked = append([]unacked(nil), s.unacked[n:]...)
	return nil
}
