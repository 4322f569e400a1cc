package filesystem

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/eventtest"
	"github.com/millstream/millstream/objstore/event/kafka"
	"github.com/millstream/millstream/objstore/event/nats"
	"github.com/millstream/millstream/objstore/event/webhook"
	"github.com/millstream/millstream/objstore/mem"
)

// told is a way to be told of new files: the options of a table, and what the store sends by.
type told struct {
	options []string
	sender  event.Sender
	keeps   bool // what is sent while nobody reads is read later
}

func toldByWebhook(t *testing.T) told {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := webhook.NewSender("http://"+at+"/events", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	return told{[]string{"source.discovery", "webhook", "webhook.listen", at, "webhook.token", "s3cret"}, s, false}
}

func toldByKafka(t *testing.T) told {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "events"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	servers := strings.Join(c.ListenAddrs(), ",")
	s, err := kafka.NewSender(servers + "/events")
	if err != nil {
		t.Fatal(err)
	}
	return told{[]string{"source.discovery", "kafka", "kafka.bootstrap.servers", servers, "kafka.topic", "events", "kafka.scan.startup.mode", "earliest-offset"}, s, true}
}

func toldByNATS(t *testing.T) told {
	t.Helper()
	url := eventtest.NATS(t, "EVENTS", "store.events")
	s, err := nats.NewSender(url + "/store.events")
	if err != nil {
		t.Fatal(err)
	}
	return told{[]string{"source.discovery", "nats", "nats.url", url, "nats.stream", "EVENTS", "nats.scan.startup.mode", "earliest"}, s, true}
}

// TestToldOfFiles reads files that a store tells of, each once, whatever is told twice, of other files or of files that are not there, and goes on from a checkpoint
// with those that were told of meanwhile. The listings are an hour apart, so that only the first one of each run finds anything.
func TestToldOfFiles(t *testing.T) {
	for name, by := range map[string]func(*testing.T) told{"webhook": toldByWebhook, "kafka": toldByKafka, "nats": toldByNATS} {
		t.Run(name, func(t *testing.T) {
			with := by(t)
			t.Cleanup(func() { _ = with.sender.Close() })
			store := mem.New("t")
			created := func(key string) event.Event {
				etag := putNamed(t, store, key)
				return event.Event{Name: "ObjectCreated:Put", Bucket: "t", Key: key, ETag: etag, Sequencer: key, Time: time.Now()}
			}
			send := func(list ...event.Event) {
				t.Helper()
				var err error
				for deadline := time.Now().Add(20 * time.Second); ; { // until somebody listens
					if err = with.sender.Send(t.Context(), list); err == nil || time.Now().After(deadline) {
						break
					}
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			put(t, store, "in/before", []byte("before"))
			table := lineTable("mem://t/in", append(with.options, "source.monitor-interval", "1 h")...)
			m := monitor(t, monitoredSource(t, store, table, defaults), checkpoint{})
			m.until(1)
			a, b, other := created("in/a b+ü%2F"), created("in/b"), created("out/other")
			gone := event.Event{Name: "ObjectCreated:Put", Bucket: "t", Key: "in/gone", ETag: "e", Sequencer: "1", Time: time.Now()}
			removed := event.Event{Name: "ObjectRemoved:Delete", Bucket: "t", Key: "in/before", Sequencer: "2", Time: time.Now()}
			elsewhere := b
			elsewhere.Bucket = "another"
			send(a, other, gone, removed)
			send(a)
			send(elsewhere, b, b)
			m.until(3)
			saved := m.save()
			m.close()

			c := created("in/c")
			if with.keeps {
				send(b, c)
			}
			m = monitor(t, monitoredSource(t, store, table, defaults), saved)
			m.until(4)
			d := created("in/d")
			send(c, d, a)
			m.until(5)
			m.close()
			slices.Sort(m.rows)
			if got := strings.Join(m.rows, " "); got != "before in/a b+ü%2F in/b in/c in/d" {
				t.Errorf("read %s", got)
			}
		})
	}
}

// putNamed writes a file whose text is its key, and returns its ETag.
func putNamed(t *testing.T, store *mem.Store, key string) string {
	t.Helper()
	put(t, store, key, []byte(key))
	info, err := store.Head(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return info.ETag
}
