package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/kafka"
	"github.com/millstream/millstream/objstore/event/nats"
	"github.com/millstream/millstream/objstore/event/webhook"
	"github.com/millstream/millstream/setting"
)

// collect reads n events, each once.
func collect(t *testing.T, s event.Stream, n int) []event.Event {
	t.Helper()
	var all []event.Event
	for len(all) < n {
		list, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	if len(all) > n {
		t.Errorf("%d events, want %d", len(all), n)
	}
	return all
}

func openWebhook(t *testing.T, address, token string) *webhook.Receiver {
	t.Helper()
	values, err := setting.Check(webhook.Options, map[string]string{"webhook.listen": address, "webhook.token": token})
	if err != nil {
		t.Fatal(err)
	}
	s, err := webhook.Open(t.Context(), values, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.(*webhook.Receiver)
}

// A store in a process of its own pushes to a webhook what happens in all buckets.
func TestNotifyWebhook(t *testing.T) {
	r := openWebhook(t, "127.0.0.1:0", "s3cr3t")
	instance := start(t, Options{Notify: []string{"webhook=" + r.URL()}, NotifyToken: "s3cr3t"})
	client := newClient(t, instance.Access)
	makeBucket(t, client, "one")
	makeBucket(t, client, "two")
	mustPut(t, client, "one", "a b", []byte("12345"))
	mustPut(t, client, "two", "k", nil)
	got := collect(t, r, 2)
	if got[0].Bucket != "one" || got[0].Key != "a b" || got[0].Size != 5 || got[1].Bucket != "two" || !got[0].Before(&got[1]) {
		t.Errorf("got %+v", got)
	}
}

// The same to a topic of Kafka.
func TestNotifyKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "events"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	servers := strings.Join(cluster.ListenAddrs(), ",")
	values, err := setting.Check(kafka.Options, map[string]string{"kafka.bootstrap.servers": servers, "kafka.topic": "events"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := kafka.Open(t.Context(), values, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	instance := start(t, Options{Notify: []string{"kafka=" + servers + "/events"}})
	client := newClient(t, instance.Access)
	makeBucket(t, client, "bucket")
	mustPut(t, client, "bucket", "a b", []byte("12345"))
	if err := client.RemoveObject(t.Context(), "bucket", "a b", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	// Events of one key are in one partition, hence in order.
	if got := collect(t, s, 2); got[0].Key != "a b" || !got[0].Created() || got[0].Size != 5 || !got[1].Removed() || !got[0].Before(&got[1]) {
		t.Errorf("got %+v", got)
	}
}

// The same to a subject of NATS.
func TestNotifyNATS(t *testing.T) {
	broker, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	broker.Start()
	defer broker.WaitForShutdown()
	defer broker.Shutdown()
	if !broker.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server is not ready")
	}
	values, err := setting.Check(nats.Options, map[string]string{"nats.url": broker.ClientURL(), "nats.subject": "store.>"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := nats.Open(t.Context(), values, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	instance := start(t, Options{Notify: []string{"nats=" + broker.ClientURL() + "/store.events"}})
	client := newClient(t, instance.Access)
	makeBucket(t, client, "bucket")
	mustPut(t, client, "bucket", "a b", []byte("12345"))
	if got := collect(t, s, 1); got[0].Key != "a b" || !got[0].Created() || got[0].Size != 5 {
		t.Errorf("got %+v", got)
	}
}

// flaky fails a number of times, and holds on to what it takes.
type flaky struct {
	mu       sync.Mutex
	failures int
	keys     []string
	taken    chan struct{}
}

func (f *flaky) Send(_ context.Context, list []event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failures != 0 {
		f.failures--
		return errors.New("down")
	}
	for _, e := range list {
		f.keys = append(f.keys, e.Key)
	}
	f.taken <- struct{}{}
	return nil
}

func (f *flaky) Close() error { return nil }

// A target that fails gets everything in order once it is back; one that stays down does not keep the store from ending, and says what it lost.
func TestNotifyRetries(t *testing.T) {
	h := newHub()
	var log strings.Builder
	begin := func(f *flaky) (*pusher, *sync.WaitGroup, context.CancelFunc) {
		sub, _ := h.subscribe(func(*notice) bool { return true }, nil)
		p := &pusher{name: "target", sender: f, sub: sub, log: &log}
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		var group sync.WaitGroup
		group.Go(func() { p.run(ctx) })
		return p, &group, cancel
	}
	f := &flaky{failures: 2, taken: make(chan struct{}, 100)}
	_, group, _ := begin(f)
	want := ""
	for i := range 10 {
		h.publish(event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: fmt.Sprint(i)})
		want += fmt.Sprint(i, " ")
	}
	h.close() // it ends when all is sent
	group.Wait()
	if got := strings.Join(f.keys, " ") + " "; got != want {
		t.Errorf("got %q", got)
	}
	if got := log.String(); strings.Count(got, "down; it is tried again") != 1 || !strings.Contains(got, "takes notifications again") {
		t.Errorf("log: %s", got)
	}

	h = newHub()
	h.limit = 2000
	log.Reset()
	f = &flaky{failures: 1, taken: make(chan struct{}, 100)}
	sub, _ := h.subscribe(func(*notice) bool { return true }, nil)
	for i := range 100 {
		h.publish(event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: fmt.Sprint(i)})
	}
	h.close()
	(&pusher{name: "target", sender: f, sub: sub, log: &log}).run(t.Context())
	if n := len(f.keys); n == 0 || f.keys[n-1] != "99" || !strings.Contains(log.String(), fmt.Sprint(100-n, " notifications are lost")) {
		t.Errorf("got %q, log: %s", f.keys, log.String())
	}

	h = newHub()
	log.Reset()
	_, group, cancel := begin(&flaky{failures: -1})
	h.publish(event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: "k"})
	h.close()
	cancel()
	group.Wait()
	if !strings.Contains(log.String(), "what happened last was not sent") {
		t.Errorf("log: %s", log.String())
	}
}

func TestNotifyRefuses(t *testing.T) {
	for _, text := range []string{"", "webhook", "webhook=", "webhook=127.0.0.1:80", "carrier-pigeon=home", "http://127.0.0.1/events"} {
		_, err := Options{Dir: t.TempDir(), Notify: []string{text}}.resolve()
		if err == nil || !strings.Contains(err.Error(), "webhook") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
