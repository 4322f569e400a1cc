package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/eventtest"
	"github.com/millstream/millstream/setting"
)

// cluster starts two brokers with the topic "events" of three partitions.
func cluster(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, string) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(2), kfake.SeedTopics(3, "events")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, strings.Join(c.ListenAddrs(), ",")
}

func values(t *testing.T, servers string, more map[string]string) setting.Values {
	t.Helper()
	given := map[string]string{"kafka.bootstrap.servers": servers, "kafka.topic": "events", "kafka.properties.fetch.max.wait.ms": "50"}
	maps.Copy(given, more)
	v, err := setting.Check(Options, given)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func open(t *testing.T, servers string, at []byte, more map[string]string) event.Stream {
	t.Helper()
	s, err := Open(t.Context(), values(t, servers, more), at)
	if err != nil {
		t.Fatal(err)
	}
	eventtest.CloseAtEnd(t, s)
	return s
}

func sender(t *testing.T, target string) *Sender {
	t.Helper()
	s, err := NewSender(target)
	if err != nil {
		t.Fatal(err)
	}
	eventtest.CloseAtEnd(t, s)
	return s
}

// What is written after Open is read; a stream that is opened at a position goes on there, whatever was written in between.
func TestPositions(t *testing.T) {
	_, servers := cluster(t)
	out := sender(t, servers+"/events")
	eventtest.Send(t, out, 0, 20)
	s := open(t, servers, nil, nil)
	begin := s.Position()
	eventtest.Send(t, out, 20, 30)
	eventtest.Gather(t, s, 20, 30)
	middle := s.Position()
	eventtest.Send(t, out, 50, 10)
	eventtest.Gather(t, s, 50, 10)
	for _, test := range []struct {
		at       []byte
		start    string
		first, n int
	}{{begin, latest, 20, 40}, {middle, latest, 50, 10}, {middle, earliest, 50, 10}, {nil, earliest, 0, 60}} {
		eventtest.Gather(t, open(t, servers, test.at, map[string]string{"kafka.scan.startup.mode": test.start}), test.first, test.n)
	}
}

// Next ends with its context and goes on after that; Close ends it.
func TestNextEnds(t *testing.T) {
	_, servers := cluster(t)
	s := open(t, servers, nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	eventtest.Send(t, sender(t, servers+"/events"), 0, 3)
	eventtest.Gather(t, s, 0, 3)
	ended := make(chan error)
	go func() {
		_, err := s.Next(context.Background())
		ended <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("Next of a closed stream gave events")
	}
}

// Partitions that appear are read from their beginning, while the stream is open and when it is opened again.
func TestNewPartitions(t *testing.T) {
	_, servers := cluster(t)
	s := open(t, servers, nil, map[string]string{"kafka.scan.topic-partition-discovery.interval": "20 ms"})
	before := s.Position()
	admin, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(servers, ",")...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	topic := kmsg.NewCreatePartitionsRequestTopic()
	topic.Topic, topic.Count = "events", 5
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.Topics = append(req.Topics, topic)
	if resp, err := req.RequestWith(t.Context(), admin); err != nil || resp.Topics[0].ErrorCode != 0 {
		t.Fatalf("%+v, %v", resp, err)
	}
	for i := range 5 {
		list := []event.Event{{Name: "ObjectCreated:Put", Bucket: "b", Key: fmt.Sprint("in/ü ", i), Size: 5}}
		if err := admin.ProduceSync(t.Context(), &kgo.Record{Topic: "events", Partition: int32(i), Value: event.Format(list)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	eventtest.Gather(t, s, 0, 5)
	eventtest.Gather(t, open(t, servers, before, nil), 0, 5)
	if p, err := readPosition(s.Position(), "events"); err != nil || len(p) != 5 {
		t.Errorf("position %v, %v", p, err)
	}
}

// The offsets of the group move when a position is stored for good, and a stream can begin at them.
func TestGroup(t *testing.T) {
	_, servers := cluster(t)
	group := map[string]string{"kafka.group.id": "g", "kafka.scan.startup.mode": ofGroup}
	out := sender(t, servers+"/events")
	s := open(t, servers, nil, group) // a group without offsets begins with what comes
	eventtest.Send(t, out, 0, 12)
	eventtest.Gather(t, s, 0, 12)
	at := s.Position()
	eventtest.Send(t, out, 12, 7)
	eventtest.Gather(t, s, 12, 7)
	if err := s.Stored(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	eventtest.Gather(t, open(t, servers, nil, group), 12, 7)
	if err := open(t, servers, nil, nil).Stored(t.Context(), at); err != nil {
		t.Errorf("without a group: %v", err)
	}
}

// The first group of a cluster has no coordinator for a while.
func TestFirstGroup(t *testing.T) {
	c, servers := cluster(t)
	without := func() *atomic.Int32 {
		var left atomic.Int32
		left.Store(5)
		c.ControlKey(int16(kmsg.FindCoordinator), func(req kmsg.Request) (kmsg.Response, error, bool) {
			if left.Add(-1) < 0 {
				return nil, nil, false
			}
			c.KeepControl()
			resp := req.ResponseKind().(*kmsg.FindCoordinatorResponse)
			resp.ErrorCode = kerr.CoordinatorNotAvailable.Code
			for _, key := range req.(*kmsg.FindCoordinatorRequest).CoordinatorKeys {
				resp.Coordinators = append(resp.Coordinators, kmsg.FindCoordinatorResponseCoordinator{Key: key, ErrorCode: resp.ErrorCode})
			}
			return resp, nil, true
		})
		return &left
	}
	group := map[string]string{"kafka.group.id": "g", "kafka.scan.startup.mode": ofGroup}
	left := without()
	s := open(t, servers, nil, group)
	if left.Load() > 0 {
		t.Error("the coordinator was not asked for")
	}
	eventtest.Send(t, sender(t, servers+"/events"), 0, 12)
	eventtest.Gather(t, s, 0, 12)

	s = open(t, servers, s.Position(), group) // its client has not asked for the coordinator
	left = without()
	if err := s.Stored(t.Context(), s.Position()); err != nil || left.Load() > 0 {
		t.Errorf("%d, %v", left.Load(), err)
	}
}

// A record that is no notification fails the stream and is named, or is skipped where that is asked for.
func TestWrongRecords(t *testing.T) {
	_, servers := cluster(t)
	strict, lenient := open(t, servers, nil, nil), open(t, servers, nil, map[string]string{"kafka.ignore-parse-errors": "true"})
	out := sender(t, servers+"/events")
	if err := out.client.ProduceSync(t.Context(), &kgo.Record{Key: []byte("k"), Value: []byte("hello")}, &kgo.Record{Value: nil}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	before := strict.Position()
	_, err := strict.Next(t.Context())
	for _, part := range []string{"topic events", "offset 0 of partition", "no JSON object", "kafka.ignore-parse-errors"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %q", err, part)
		}
	}
	if !slices.Equal(strict.Position(), before) {
		t.Errorf("the position moved to %s", strict.Position())
	}
	eventtest.Send(t, out, 0, 3)
	eventtest.Gather(t, lenient, 0, 3)
}

func TestSASL(t *testing.T) {
	_, servers := cluster(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "someone", `s3"cr3t`))
	properties := func(password string) map[string]string {
		return map[string]string{"kafka.properties.security.protocol": "SASL_PLAINTEXT", "kafka.properties.sasl.mechanism": "SCRAM-SHA-256",
			"kafka.properties.sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="someone" password="` + password + `";`}
	}
	v := values(t, servers, properties(`s3\"cr3t`))
	s, err := Open(t.Context(), v, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, e := range v.All() {
		if strings.Contains(e.Text, "cr3t") {
			t.Errorf("%s shows the password", e.Key)
		}
	}
	_, err = Open(t.Context(), values(t, servers, properties("wrong")), nil)
	if err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestRefuses(t *testing.T) {
	_, servers := cluster(t)
	for _, test := range []struct {
		more map[string]string
		at   string
		want string
	}{
		{map[string]string{"kafka.topic": "absent"}, "", "no such topic"},
		{map[string]string{"kafka.scan.startup.mode": ofGroup}, "", "needs 'kafka.group.id'"},
		{map[string]string{"kafka.properties.linger.ms": "5"}, "", "valid are client.id"},
		{map[string]string{"kafka.properties.isolation.level": "x"}, "", "read_committed"},
		{map[string]string{"kafka.properties.fetch.max.wait.ms": "0"}, "", "from 1 to 60000"},
		{map[string]string{"kafka.properties.security.protocol": "x"}, "", "SASL_SSL"},
		{map[string]string{"kafka.properties.security.protocol": "SASL_SSL"}, "", "needs a user and a password"},
		{map[string]string{"kafka.properties.sasl.username": "x"}, "", "has no effect"},
		{map[string]string{"kafka.properties.security.protocol": "SSL", "kafka.properties.ssl.truststore.location": "x.jks"}, "", "PEM"},
		{nil, `{"topic":"other","offsets":{}}`, "topic other"},
		{nil, `{"topic":"events","offsets":{"0":-1}}`, "offset -1"},
		{nil, `x`, "not one of a topic"},
	} {
		var at []byte
		if test.at != "" {
			at = []byte(test.at)
		}
		_, err := Open(t.Context(), values(t, servers, test.more), at)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v %s: %v, want %q", test.more, test.at, err, test.want)
		}
	}
	for key, text := range map[string]string{"kafka.bootstrap.servers": "localhost", "kafka.topic": "a b", "kafka.scan.topic-partition-discovery.interval": "0 s"} {
		if _, err := setting.Check(Options, map[string]string{key: text}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("'%s' = '%s': %v", key, text, err)
		}
	}
	for _, o := range Options {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
	for missing, given := range map[string]map[string]string{"kafka.topic": {"kafka.bootstrap.servers": servers}, "kafka.bootstrap.servers": {"kafka.topic": "events"}} {
		v, err := setting.Check(Options, given)
		if err != nil {
			t.Fatal(err)
		}
		var absent *setting.MissingError
		if _, err := Open(t.Context(), v, nil); !errors.As(err, &absent) || absent.Key != missing {
			t.Errorf("without '%s': %v", missing, err)
		}
	}
	for _, target := range []string{"", "127.0.0.1:9092", "127.0.0.1/events", "127.0.0.1:9092/a b"} {
		if _, err := NewSender(target); err == nil {
			t.Errorf("the target %q is taken", target)
		}
	}
}
