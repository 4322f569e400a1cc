//go:build unix

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7/pkg/notification"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/millstream/millstream/objstore/event/eventtest"
	"github.com/millstream/millstream/test/peers"
)

// targets are where a store sends its notifications: to a webhook, which is a job's, to a broker of Kafka and to a stream of NATS.
type targets struct {
	webhook, token string // HOST:PORT
	kafka          string // brokers
	nats           string // URL
}

// The names that the notifications have at the targets.
const (
	webhookPath = "/notify"
	kafkaTopic  = "notifications"
	natsSubject = "store.notifications"
	natsStream  = "NOTIFICATIONS"
)

// startKafka starts Kafka's server with the topic, in this process or, if MILLSTREAM_KAFKA is set, Apache Kafka itself, and returns its brokers.
func startKafka(t *testing.T) string {
	t.Helper()
	if os.Getenv("MILLSTREAM_KAFKA") != "" {
		broker := peers.Kafka(t)
		if err := broker.MakeTopic(t.Context(), kafkaTopic, 3); err != nil {
			t.Fatal(err)
		}
		return broker.Address
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, kafkaTopic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return strings.Join(cluster.ListenAddrs(), ",")
}

// startTargets starts Kafka's and NATS's servers, and finds a port for the webhook.
func startTargets(t *testing.T) targets {
	t.Helper()
	brokers := startKafka(t)
	return targets{webhook: freeAddress(t), token: "token-of-the-test", kafka: brokers, nats: eventtest.NATS(t, natsStream, natsSubject)}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// telling is a store of its own process that sends notifications, and that can be disturbed.
type telling struct {
	store   *peers.S3
	signal  func(s os.Signal) error
	restart func() // it is killed, and another process goes on with what it stored
	// careless says that a store which is killed while it completes an upload may lose the upload's parts.
	careless bool
}

// pause stops the process until something has happened.
func (s *telling) pause(t *testing.T, until func()) {
	t.Helper()
	if err := s.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until()
	if err := s.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// tellingMinIO is configured by its environment, and its bucket 'input' by S3's request. To complete an upload it deletes what describes the parts first, and
// then moves these.
func tellingMinIO(t *testing.T, to targets) *telling {
	t.Helper()
	peers.MinIO(t) // skips without one
	dir := t.TempDir()
	opts := peers.MinIOOptions{Address: freeAddress(t), SecretKey: "secret-of-the-test", DataDir: filepath.Join(dir, "data")}
	for name, value := range map[string]string{
		"WEBHOOK_ENABLE_T": "on", "WEBHOOK_ENDPOINT_T": "http://" + to.webhook + webhookPath, "WEBHOOK_AUTH_TOKEN_T": to.token,
		"KAFKA_ENABLE_T": "on", "KAFKA_BROKERS_T": to.kafka, "KAFKA_TOPIC_T": kafkaTopic,
		"NATS_ENABLE_T": "on", "NATS_ADDRESS_T": strings.TrimPrefix(to.nats, "nats://"), "NATS_SUBJECT_T": natsSubject, "NATS_JETSTREAM_T": "on",
	} {
		opts.Env = append(opts.Env, "MINIO_NOTIFY_"+name+"="+value)
	}
	for _, target := range []string{"WEBHOOK", "KAFKA", "NATS"} { // what is down gets its notifications later
		opts.Env = append(opts.Env, "MINIO_NOTIFY_"+target+"_QUEUE_DIR_T="+filepath.Join(dir, strings.ToLower(target)))
	}
	start := func() *peers.Process {
		p, err := peers.StartMinIOWith(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := start()
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
	s := &telling{store: &p.S3, careless: true, signal: func(s os.Signal) error { return p.Signal(s) }}
	s.restart = func() {
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		p = start()
	}
	if err := p.MakeBuckets(t.Context(), "input"); err != nil {
		t.Fatal(err)
	}
	var list notification.Configuration
	for _, kind := range []string{"webhook", "kafka", "nats"} {
		c := notification.NewConfig(notification.NewArn("minio", "sqs", "", "T", kind))
		c.AddEvents(notification.ObjectCreatedAll, notification.ObjectRemovedAll)
		list.AddQueue(c)
	}
	minio, err := p.Client()
	if err == nil {
		err = minio.SetBucketNotification(t.Context(), "input", list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tellingStore is the embedded store, which tells of all buckets, and which may be killed at any moment.
func tellingStore(t *testing.T, to targets) *telling {
	t.Helper()
	token := writeFile(t, filepath.Join(t.TempDir(), "token"), to.token)
	_, w, dir, address := aStore(t)
	notify := []string{"--notify", "webhook=http://" + to.webhook + webhookPath, "--notify-token-file", token,
		"--notify", "kafka=" + to.kafka + "/" + kafkaTopic, "--notify", "nats=" + to.nats + "/" + natsSubject}
	s := &telling{store: &peers.S3{Endpoint: "http://" + address, AccessKey: "key", SecretKey: "secret-of-the-test", Region: "us-east-1"}}
	s.signal = func(s os.Signal) error { return w.cmd.Process.Signal(s) }
	s.restart = func() {
		if err := w.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-w.done
		w = storeProcess(t, dir, address, notify...)
	}
	s.restart()
	return s
}
