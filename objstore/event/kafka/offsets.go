package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// coordinatorPause is the time between two requests to a group's coordinator that is not there yet.
const coordinatorPause = 100 * time.Millisecond

// position are the offsets to go on at, by partition.
type position map[int32]int64

// stored is a position as bytes: JSON, since it is small and somebody may want to read it.
type stored struct {
	Topic   string          `json:"topic"`
	Offsets map[int32]int64 `json:"offsets"`
}

func (p position) write(topic string) []byte {
	data, err := json.Marshal(stored{topic, p})
	if err != nil {
		panic(err) // numbers always can be
	}
	return data
}

func readPosition(data []byte, topic string) (position, error) {
	var s stored
	err := json.Unmarshal(data, &s)
	switch {
	case err != nil || s.Topic == "":
		return nil, errors.New("the position is not one of a topic of Kafka")
	case s.Topic != topic:
		return nil, fmt.Errorf("the position is one of the topic %s, and '%s' is %s: begin without it", s.Topic, topicOption.Key, topic)
	}
	for partition, offset := range s.Offsets {
		if partition < 0 || offset < 0 {
			return nil, fmt.Errorf("the position has offset %d for partition %d", offset, partition)
		}
	}
	return s.Offsets, nil
}

// partitions lists those of the topic.
func (s *stream) partitions(ctx context.Context) ([]int32, error) {
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = &s.cfg.topic
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, s.client)
	if err != nil {
		return nil, err
	}
	var all []int32
	for _, t := range resp.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); errors.Is(err, kerr.UnknownTopicOrPartition) {
			return nil, errors.New("there is no such topic: create it first")
		} else if err != nil {
			return nil, err
		}
		s.topicID = t.TopicID
		for _, p := range t.Partitions {
			all = append(all, p.Partition)
		}
	}
	slices.Sort(all)
	return all, nil
}

// ends returns the offsets behind the last records.
func (s *stream) ends(ctx context.Context, partitions []int32) (position, error) {
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = s.cfg.topic
	for _, p := range partitions {
		one := kmsg.NewListOffsetsRequestTopicPartition()
		one.Partition, one.Timestamp = p, -1
		topic.Partitions = append(topic.Partitions, one)
	}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	req.Topics = append(req.Topics, topic)
	found := position{}
	for _, shard := range s.client.RequestSharded(ctx, req) { // each broker knows the ends of what it leads
		if shard.Err != nil {
			return nil, shard.Err
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, fmt.Errorf("find the end of partition %d: %w", p.Partition, err)
				}
				found[p.Partition] = p.Offset
			}
		}
	}
	return found, nil
}

// coordinated repeats a request to a group's coordinator while there is none. Brokers make the topic in which the offsets of all groups lie when the first one is
// asked for, and elect its leader; the client does not repeat a request for that reason.
func coordinated(ctx context.Context, request func() error) error {
	for limit := time.Now().Add(patience); ; {
		err := request()
		none := errors.Is(err, kerr.CoordinatorNotAvailable) || errors.Is(err, kerr.CoordinatorLoadInProgress)
		if !none || ctx.Err() != nil || time.Now().After(limit) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(coordinatorPause):
		}
	}
}

// committed returns the group's offsets of those partitions that have one.
func (s *stream) committed(ctx context.Context, partitions []int32) (position, error) {
	topic := kmsg.NewOffsetFetchRequestTopic()
	topic.Topic, topic.Partitions = s.cfg.topic, partitions
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group = s.cfg.group
	req.Topics = append(req.Topics, topic)
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = s.cfg.group
	ofGroup := kmsg.NewOffsetFetchRequestGroupTopic()
	ofGroup.Topic, ofGroup.TopicID, ofGroup.Partitions = s.cfg.topic, s.topicID, partitions
	group.Topics = append(group.Topics, ofGroup)
	req.Groups = append(req.Groups, group)
	var resp *kmsg.OffsetFetchResponse
	err := coordinated(ctx, func() (err error) {
		resp, err = req.RequestWith(ctx, s.client)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("offsets of the group %s: %w", s.cfg.group, err)
	}
	if err := groupError(resp.ErrorCode); err != nil {
		return nil, fmt.Errorf("offsets of the group %s: %w", s.cfg.group, err)
	}
	found := position{}
	take := func(partition int32, offset int64, code int16) error {
		if offset >= 0 {
			found[partition] = offset
		}
		return kerr.ErrorForCode(code)
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			err = errors.Join(err, take(p.Partition, p.Offset, p.ErrorCode))
		}
	}
	for _, g := range resp.Groups {
		err = errors.Join(err, groupError(g.ErrorCode))
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				err = errors.Join(err, take(p.Partition, p.Offset, p.ErrorCode))
			}
		}
	}
	return found, err
}

// groupError takes a group that was never there for one without offsets.
func groupError(code int16) error {
	if err := kerr.ErrorForCode(code); !errors.Is(err, kerr.GroupIDNotFound) {
		return err
	}
	return nil
}

// commit moves the group's offsets on, as somebody who is no member of it.
func (s *stream) commit(ctx context.Context, at position) error {
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic, topic.TopicID = s.cfg.topic, s.topicID
	for partition, offset := range at {
		one := kmsg.NewOffsetCommitRequestTopicPartition()
		one.Partition, one.Offset = partition, offset
		topic.Partitions = append(topic.Partitions, one)
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = s.cfg.group, -1
	req.Topics = append(req.Topics, topic)
	var resp *kmsg.OffsetCommitResponse
	err := coordinated(ctx, func() (err error) {
		resp, err = req.RequestWith(ctx, s.client)
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("partition %d: %w", p.Partition, err)
			}
		}
	}
	return nil
}
