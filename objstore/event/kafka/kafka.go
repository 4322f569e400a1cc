// Package kafka reads a store's notifications from a topic of Kafka, and writes them to one.
//
// What enters: records whose values are notifications, as MinIO, the embedded store and forwarders of S3's write them. What leaves: an [event.Stream]
// whose position are the offsets by partition. The embedded store writes through a [Sender].
//
// What must hold: all partitions are read, those that appear later too, each in order and without a gap from where a position says. The brokers are not
// asked to deal partitions to members of a group: a table has one reader, and its position decides.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/setting"
)

const (
	patience = 15 * time.Second // with brokers that do not answer
	retries  = 3                // of a request; what is wrong with a password is not told from a broker that is starting
)

// maxRecords is how many one Next takes.
const maxRecords = 4096

var errClosed = errors.New("the reader of the topic was closed")

var _ event.Open = Open

// Open begins to read. It asks the brokers for the topic: what is written after it has returned is read.
func Open(ctx context.Context, values setting.Values, at []byte) (event.Stream, error) {
	cfg, err := configure(values)
	if err != nil {
		return nil, err
	}
	opts, err := clientOptions(values)
	if err != nil {
		return nil, err
	}
	var start position
	if at != nil {
		if start, err = readPosition(at, cfg.topic); err != nil {
			return nil, err
		}
	}
	// An offset that the topic no longer has, or not yet since it was made anew, is followed by what there is.
	opts = append(opts, kgo.SeedBrokers(cfg.servers...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.RetryTimeout(patience), kgo.RequestRetries(retries))
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("read the topic %s of Kafka: %w", cfg.topic, err)
	}
	s := &stream{cfg: cfg, client: client, next: position{}}
	if err := s.begin(ctx, start, at != nil); err != nil {
		client.Close()
		return nil, s.fail(err)
	}
	return s, nil
}

// stream reads a topic.
type stream struct {
	cfg     config
	client  *kgo.Client
	topicID [16]byte  // newer brokers go by it rather than by the name
	next    position  // behind what Next has returned
	looked  time.Time // when partitions were asked for
}

func (s *stream) fail(err error) error {
	return fmt.Errorf("read the topic %s of Kafka at %v: %w", s.cfg.topic, s.cfg.servers, err)
}

// begin finds out where each partition is read from.
func (s *stream) begin(ctx context.Context, start position, restored bool) error {
	partitions, err := s.partitions(ctx)
	if err != nil {
		return err
	}
	s.looked = time.Now()
	first := maps.Clone(start)
	if !restored {
		switch s.cfg.start {
		case latest:
			first, err = s.ends(ctx, partitions)
		case ofGroup:
			if first, err = s.committed(ctx, partitions); err == nil && len(first) == 0 {
				first, err = s.ends(ctx, partitions)
			}
		}
		if err != nil {
			return err
		}
	}
	s.add(partitions, first)
	return nil
}

// add begins to read partitions; those without an offset from their beginning.
func (s *stream) add(partitions []int32, first position) {
	offsets := map[int32]kgo.Offset{}
	for _, p := range partitions {
		if _, there := s.next[p]; there {
			continue
		}
		s.next[p] = first[p]
		offsets[p] = kgo.NewOffset().At(first[p])
		if first[p] == 0 {
			offsets[p] = kgo.NewOffset().AtStart()
		}
	}
	if len(offsets) > 0 {
		s.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{s.cfg.topic: offsets})
	}
}

// Next implements [event.Stream].
func (s *stream) Next(ctx context.Context) ([]event.Event, error) {
	for {
		fetches, err := s.poll(ctx)
		if err != nil {
			return nil, err
		}
		var list []event.Event
		for records := fetches.RecordIter(); !records.Done(); {
			r := records.Next()
			events, err := event.Parse(r.Value)
			if err != nil && !s.cfg.ignore {
				return nil, s.fail(fmt.Errorf("the record at offset %d of partition %d: %w; '%s' = 'true' skips such ones", r.Offset, r.Partition, err, ignoreOption.Key))
			}
			s.next[r.Partition] = r.Offset + 1
			list = append(list, events...)
		}
		if len(list) > 0 {
			return list, nil
		}
	}
}

// poll waits for records, and looks for new partitions from time to time.
func (s *stream) poll(ctx context.Context) (kgo.Fetches, error) {
	for {
		limited, cancel := context.WithDeadline(ctx, s.looked.Add(s.cfg.discovery))
		fetches := s.client.PollRecords(limited, maxRecords)
		cancel()
		switch {
		case fetches.IsClientClosed():
			return nil, errClosed
		case ctx.Err() != nil && fetches.NumRecords() == 0:
			return nil, ctx.Err()
		}
		for _, failed := range fetches.Errors() {
			var lost *kgo.ErrDataLoss
			if !errors.As(failed.Err, &lost) && !errors.Is(failed.Err, context.DeadlineExceeded) && !errors.Is(failed.Err, context.Canceled) {
				return nil, s.fail(failed.Err)
			}
		}
		if time.Since(s.looked) >= s.cfg.discovery && ctx.Err() == nil {
			partitions, err := s.partitions(ctx)
			if err != nil {
				return nil, s.fail(err)
			}
			s.add(partitions, nil)
			s.looked = time.Now()
		}
		if fetches.NumRecords() > 0 {
			return fetches, nil
		}
	}
}

// Position implements [event.Stream].
func (s *stream) Position() []byte { return s.next.write(s.cfg.topic) }

// Stored implements [event.Stream]: it moves the group's offsets on, if there is a group.
func (s *stream) Stored(ctx context.Context, at []byte) error {
	if s.cfg.group == "" || at == nil {
		return nil
	}
	p, err := readPosition(at, s.cfg.topic)
	if err != nil {
		return err
	}
	if err := s.commit(ctx, p); err != nil {
		return fmt.Errorf("commit offsets of the topic %s to the group %s: %w", s.cfg.topic, s.cfg.group, err)
	}
	return nil
}

// Close implements [event.Stream].
func (s *stream) Close() error {
	s.client.Close()
	return nil
}
