package kafka

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millstream/millstream/objstore/event"
)

const deliveryTimeout = 30 * time.Second

// Sender writes notifications to a topic, each as one record whose key is that of the object, so that the events of one stay in order.
type Sender struct {
	client *kgo.Client
	topic  string
}

var _ event.Sender = (*Sender)(nil)

// NewSender returns a sender to "HOST:PORT,HOST:PORT/TOPIC". It does not go to the network. A topic that is not there is made where the brokers allow it.
func NewSender(target string) (*Sender, error) {
	servers, topic, _ := strings.Cut(target, "/")
	if topic == "" || checkTopic(topic) != nil || checkServers(servers) != nil {
		return nil, fmt.Errorf("the target %q is not HOST:PORT/TOPIC, such as 127.0.0.1:9092/events", target)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(splitServers(servers)...), kgo.ClientID("millstream"), kgo.DefaultProduceTopic(topic),
		kgo.AllowAutoTopicCreation(), kgo.RecordDeliveryTimeout(deliveryTimeout), kgo.UnknownTopicRetries(3))
	if err != nil {
		return nil, err
	}
	return &Sender{client: client, topic: topic}, nil
}

// Send implements [event.Sender].
func (s *Sender) Send(ctx context.Context, list []event.Event) error {
	records := make([]*kgo.Record, len(list))
	for i := range list {
		records[i] = &kgo.Record{Key: []byte(list[i].Bucket + "/" + list[i].Key), Value: event.Format(list[i : i+1])}
	}
	if err := s.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("write to the topic %s of Kafka: %w", s.topic, err)
	}
	return nil
}

// Close implements [event.Sender].
func (s *Sender) Close() error {
	s.client.Close()
	return nil
}
