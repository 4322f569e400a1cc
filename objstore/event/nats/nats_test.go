package nats

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/eventtest"
	"github.com/millstream/millstream/setting"
)

// start runs a server with JetStream on a free port of loopback.
func start(t *testing.T, opts server.Options) *server.Server {
	t.Helper()
	opts.Host, opts.Port, opts.NoLog, opts.NoSigs = "127.0.0.1", server.RANDOM_PORT, true, true
	opts.JetStream, opts.StoreDir = true, t.TempDir()
	s, err := server.NewServer(&opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s
}

func values(t *testing.T, url string, more map[string]string) setting.Values {
	t.Helper()
	given := map[string]string{"nats.url": url}
	maps.Copy(given, more)
	v, err := setting.Check(Options, given)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func open(t *testing.T, url string, at []byte, more map[string]string) *stream {
	t.Helper()
	s, err := Open(t.Context(), values(t, url, more), at)
	if err != nil {
		t.Fatal(err)
	}
	eventtest.CloseAtEnd(t, s)
	return s.(*stream)
}

func sender(t *testing.T, url string) *Sender {
	t.Helper()
	s, err := NewSender(url + "/store.events")
	if err != nil {
		t.Fatal(err)
	}
	eventtest.CloseAtEnd(t, s)
	return s
}

// gather waits for the events of the numbers from first on, in order.
func gather(t *testing.T, s event.Stream, first, n int) {
	t.Helper()
	if got, want := eventtest.Gather(t, s, first, n), eventtest.Keys(first, n); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q in this order", got, want)
	}
}

// keep makes the stream "events" and returns it.
func keep(t *testing.T, s *server.Server, retention jetstream.RetentionPolicy) jetstream.Stream {
	t.Helper()
	out := sender(t, s.ClientURL())
	eventtest.Send(t, out, 0, 0) // connects
	kept, err := out.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "events", Subjects: []string{"store.>"}, Retention: retention, Storage: jetstream.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// A stream is read behind the position, with a durable consumer or without.
func TestPositions(t *testing.T) {
	s := start(t, server.Options{})
	url := s.ClientURL()
	keep(t, s, jetstream.LimitsPolicy)
	for i, durable := range []string{"", "table"} {
		more := map[string]string{"nats.stream": "events", "nats.durable": durable}
		out := sender(t, url)
		base := i * 60
		eventtest.Send(t, out, base, 20)
		in := open(t, url, nil, more)
		begin := in.Position()
		eventtest.Send(t, out, base+20, 30)
		gather(t, in, base+20, 30)
		middle := in.Position()
		eventtest.Send(t, out, base+50, 10)
		gather(t, in, base+50, 10)
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		gather(t, open(t, url, begin, more), base+20, 40)
		gather(t, open(t, url, middle, more), base+50, 10)
	}
	gather(t, open(t, url, nil, map[string]string{"nats.stream": "events", "nats.scan.startup.mode": earliest, "nats.subject": "store.events"}), 0, 120)
}

// Without a position a durable consumer goes on behind what was stored for good, not behind what was read.
func TestDurable(t *testing.T) {
	s := start(t, server.Options{})
	url := s.ClientURL()
	kept := keep(t, s, jetstream.LimitsPolicy)
	more := map[string]string{"nats.stream": "events", "nats.durable": "table"}
	out := sender(t, url)
	in := open(t, url, nil, more)
	eventtest.Send(t, out, 0, 10)
	gather(t, in, 0, 10)
	at := in.Position()
	eventtest.Send(t, out, 10, 10)
	gather(t, in, 10, 10)
	if err := in.Stored(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	consumer, err := kept.Consumer(t.Context(), "table")
	if err != nil {
		t.Fatal(err)
	}
	if floor := consumer.CachedInfo().AckFloor.Stream; floor != 10 {
		t.Errorf("acknowledged up to %d", floor)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	gather(t, open(t, url, nil, more), 10, 10)
}

// A stream of work lets go of what is acknowledged, and of nothing else.
func TestWorkQueue(t *testing.T) {
	s := start(t, server.Options{})
	url := s.ClientURL()
	kept := keep(t, s, jetstream.WorkQueuePolicy)
	more := map[string]string{"nats.stream": "events", "nats.durable": "table", "nats.scan.startup.mode": earliest}
	eventtest.Send(t, sender(t, url), 0, 10)
	in := open(t, url, nil, more)
	gather(t, in, 0, 10)
	if err := in.Stored(t.Context(), []byte(`{"stream":"events","sequence":6}`)); err != nil {
		t.Fatal(err)
	}
	if info, err := kept.Info(t.Context()); err != nil || info.State.Msgs != 4 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	gather(t, open(t, url, nil, more), 6, 4)
	_, err := Open(t.Context(), values(t, url, map[string]string{"nats.stream": "events"}), nil)
	if err == nil || !strings.Contains(err.Error(), "nats.durable") {
		t.Errorf("without a consumer: %v", err)
	}
}

// A plain subject is read from now on, and ends with its connection.
func TestSubject(t *testing.T) {
	s := start(t, server.Options{})
	url := s.ClientURL()
	in := open(t, url, nil, map[string]string{"nats.subject": "store.*"})
	if in.Position() != nil {
		t.Error("a plain subject has a position")
	}
	eventtest.Send(t, sender(t, url), 0, 100)
	gather(t, in, 0, 100)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.Shutdown()
	if _, err := in.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "connection broke") {
		t.Errorf("got %v", err)
	}
}

// A message that is no notification fails the stream and is named, or is skipped.
func TestWrongMessages(t *testing.T) {
	s := start(t, server.Options{})
	keep(t, s, jetstream.LimitsPolicy)
	url := s.ClientURL()
	out := sender(t, url)
	strict, lenient := open(t, url, nil, map[string]string{"nats.stream": "events"}), open(t, url, nil, map[string]string{"nats.subject": "store.events", "nats.ignore-parse-errors": "true"})
	eventtest.Send(t, out, 0, 0)
	if _, err := out.js.Publish(t.Context(), "store.events", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	_, err := strict.Next(t.Context())
	if err == nil || !strings.Contains(err.Error(), "message 1: ") || !strings.Contains(err.Error(), ignoreOption.Key) {
		t.Errorf("got %v", err)
	}
	eventtest.Send(t, out, 0, 3)
	gather(t, lenient, 0, 3)
}

func TestRefuses(t *testing.T) {
	s := start(t, server.Options{Username: "someone", Password: "s3cr3t"})
	url := s.ClientURL()
	login := map[string]string{"nats.user": "someone", "nats.password": "s3cr3t"}
	for _, test := range []struct {
		more map[string]string
		at   string
		want string
	}{
		{map[string]string{"nats.stream": "absent"}, "", "stream not found"},
		{nil, "", "'nats.subject' or 'nats.stream' is missing"},
		{map[string]string{"nats.subject": "a", "nats.durable": "d"}, "", "needs 'nats.stream'"},
		{map[string]string{"nats.subject": "a", "nats.password": "wrong"}, "", "Authorization Violation"},
	} {
		more := maps.Clone(login)
		maps.Copy(more, test.more)
		_, err := Open(t.Context(), values(t, url, more), nil)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%v: %v, want %q", test.more, err, test.want)
		}
	}
	if err := open(t, url, nil, map[string]string{"nats.subject": "a", "nats.user": "someone", "nats.password": "s3cr3t"}).Close(); err != nil {
		t.Error(err)
	}
	for _, at := range []string{"x", `{"stream":"other","sequence":1}`} {
		if _, err := (&stream{cfg: config{stream: "events"}}).readPosition([]byte(at)); err == nil {
			t.Errorf("the position %s is taken", at)
		}
	}
	for key, text := range map[string]string{"nats.url": "nats://user:pw@host:4222", "nats.subject": "a..b", "nats.stream": "a b", "nats.durable": "a.b"} {
		if _, err := setting.Check(Options, map[string]string{key: text}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("'%s' = '%s': %v", key, text, err)
		}
	}
	for _, o := range Options {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, target := range []string{"", "nats://127.0.0.1:4222", "nats://127.0.0.1:4222/a.*", "127.0.0.1/a"} {
		if _, err := NewSender(target); err == nil {
			t.Errorf("the target %q is taken", target)
		}
	}
}
