package s3events

import (
	"testing"

	"github.com/millstream/millstream/objstore/event/eventtest"
	"github.com/millstream/millstream/objstore/event/nats"
)

// TestNATS reads what a store publishes to a stream, and goes on behind a position with what was published meanwhile.
func TestNATS(t *testing.T) {
	url := eventtest.NATS(t, "EVENTS", "store.events")
	sender, err := nats.NewSender(url + "/store.events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sender.Close() })
	testStream(t, sender, "scan.mode", "nats", "nats.url", url, "nats.stream", "EVENTS", "nats.scan.startup.mode", "earliest")
}
