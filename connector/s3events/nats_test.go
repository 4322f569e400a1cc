package s3events

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/nats"
	"github.com/millstream/millstream/objstore/mem"
)

// TestNATS reads what a store publishes to a stream, and goes on behind a position with what was published meanwhile.
func TestNATS(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir()})
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
	conn, err := client.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"store.events"}}); err != nil {
		t.Fatal(err)
	}
	sender, err := nats.NewSender(s.ClientURL() + "/store.events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sender.Close() })
	send := func(numbers ...string) {
		t.Helper()
		for _, n := range numbers {
			if err := sender.Send(t.Context(), []event.Event{{Name: "ObjectRemoved:Delete", Bucket: "t", Key: "in/k" + n, Sequencer: n}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	req := request(mem.New("t"), []string{"sequencer"}, "scan.mode", "nats", "nats.url", s.ClientURL(), "nats.stream", "EVENTS", "nats.scan.startup.mode", "earliest")
	send("1", "2", "2")
	r := open(t, req, connector.Split{})
	if got := reading(t, r, 2); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("got %q", got)
	}
	at := r.Position()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	send("2", "3")
	for range 2 {
		r = open(t, req, at)
		if got := reading(t, r, 1); got[0] != "3" {
			t.Errorf("got %q", got)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
