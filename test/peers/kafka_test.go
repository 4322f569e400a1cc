package peers

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/eventtest"
	"github.com/millstream/millstream/objstore/event/kafka"
	"github.com/millstream/millstream/setting"
)

// TestKafka has Apache Kafka itself take notifications and hand them on, behind positions and from the offsets of a group. It needs Java, so that it runs on demand.
func TestKafka(t *testing.T) {
	if testing.Short() || os.Getenv("MILLSTREAM_KAFKA") == "" {
		t.Skip("starts Apache Kafka: set MILLSTREAM_KAFKA=1 and leave out -short")
	}
	broker := Kafka(t)
	if err := broker.MakeTopic(t.Context(), "events", 3); err != nil {
		t.Fatal(err)
	}
	if err := broker.MakeTopic(t.Context(), "events", 3); err == nil || !strings.Contains(err.Error(), "TOPIC_ALREADY_EXISTS") {
		t.Errorf("a topic is made twice: %v", err)
	}
	open := func(at []byte, more map[string]string) (event.Stream, error) {
		given := map[string]string{"kafka.bootstrap.servers": broker.Address, "kafka.topic": "events"}
		maps.Copy(given, more)
		values, err := setting.Check(kafka.Options, given)
		if err != nil {
			t.Fatal(err)
		}
		s, err := kafka.Open(t.Context(), values, at)
		if err == nil {
			eventtest.CloseAtEnd(t, s)
		}
		return s, err
	}
	must := func(at []byte, more map[string]string) event.Stream {
		t.Helper()
		s, err := open(at, more)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	out, err := kafka.NewSender(broker.Address + "/events")
	if err != nil {
		t.Fatal(err)
	}
	eventtest.CloseAtEnd(t, out)
	group := map[string]string{"kafka.group.id": "g", "kafka.scan.startup.mode": "group-offsets"}

	eventtest.Send(t, out, 0, 20)
	s := must(nil, group) // without offsets it begins with what comes
	begin := s.Position()
	eventtest.Send(t, out, 20, 30)
	eventtest.Gather(t, s, 20, 30)
	middle := s.Position()
	eventtest.Send(t, out, 50, 10)
	eventtest.Gather(t, s, 50, 10)
	if err := s.Stored(t.Context(), middle); err != nil {
		t.Fatal(err)
	}
	eventtest.Gather(t, must(begin, nil), 20, 40)
	eventtest.Gather(t, must(middle, nil), 50, 10)
	eventtest.Gather(t, must(nil, map[string]string{"kafka.scan.startup.mode": "earliest-offset"}), 0, 60)
	eventtest.Gather(t, must(nil, group), 50, 10)
	if _, err := open(nil, map[string]string{"kafka.topic": "none"}); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a topic that is not there: %v", err)
	}
}
