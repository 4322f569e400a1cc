package peers

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	kafkaStart   = time.Minute // 5 s are usual
	kafkaRequest = 10 * time.Second
)

// KafkaBroker is a running Apache Kafka of one node, which is its controller too.
type KafkaBroker struct {
	Address string // HOST:PORT on loopback, without encryption or credentials
	cluster string // its id, which tells it from another test's that took the port in the meantime
	process *process
	dir     string // configuration, log and data; removed by Close
}

// Kafka returns a broker that runs until the end of the test.
func Kafka(t testing.TB) *KafkaBroker {
	t.Helper()
	broker, err := StartKafka(context.Background())
	give(t, err)
	t.Cleanup(func() {
		if err := broker.Close(); err != nil {
			t.Errorf("stopping Kafka: %v", err)
		}
	})
	return broker
}

// StartKafka is [Kafka] for TestMain: an [Unavailable] error says that there is none. The context limits the start.
func StartKafka(ctx context.Context) (*KafkaBroker, error) {
	java, err := findJava("Apache Kafka")
	if err != nil {
		return nil, err
	}
	jars, err := InstallKafka(ctx)
	if err != nil {
		return nil, err
	}
	return retry(ctx, func() (*KafkaBroker, error) { return startKafka(ctx, java, jars) })
}

// Close ends the broker and removes what it stored. An error says that it had ended before.
func (b *KafkaBroker) Close() error { return errors.Join(b.process.stop(), os.RemoveAll(b.dir)) }

// MakeTopic creates a topic.
func (b *KafkaBroker) MakeTopic(ctx context.Context, name string, partitions int) error {
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(partitions), 1
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, topic)
	err := b.ask(ctx, func(ctx context.Context, client *kgo.Client) error {
		answer, err := req.RequestWith(ctx, client)
		if err != nil {
			return err
		}
		for _, t := range answer.Topics {
			err = errors.Join(err, kerr.ErrorForCode(t.ErrorCode))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("make the topic %s at %s: %w", name, b.Address, err)
	}
	return nil
}

func (b *KafkaBroker) ask(ctx context.Context, question func(context.Context, *kgo.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, kafkaRequest)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Address))
	if err != nil {
		return err
	}
	defer client.Close()
	return question(ctx, client)
}

// answers tells whether this broker has been taken into its cluster, which comes after it listens.
func (b *KafkaBroker) answers(ctx context.Context) error {
	if err := dial(ctx, b.Address); err != nil { // otherwise the client tries again and again, also where the process has ended
		return err
	}
	return b.ask(ctx, func(ctx context.Context, client *kgo.Client) error {
		answer, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client)
		switch {
		case err != nil:
			return err
		case answer.ClusterID == nil || *answer.ClusterID != b.cluster:
			return errors.New("another cluster answers at " + b.Address)
		case len(answer.Brokers) != 1:
			return fmt.Errorf("the cluster has %d brokers and not one", len(answer.Brokers))
		}
		return nil
	})
}

func startKafka(ctx context.Context, java, jars string) (_ *KafkaBroker, err error) {
	dir, err := os.MkdirTemp("", "millstream-kafka-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	b := &KafkaBroker{Address: "127.0.0.1:" + ports[0], cluster: base64.RawURLEncoding.EncodeToString(id[:]), dir: dir}
	if strings.HasPrefix(b.cluster, "-") {
		b.cluster = "A" + b.cluster[1:] // would be taken for a flag
	}
	properties := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(properties, []byte(kafkaProperties(b.Address, "127.0.0.1:"+ports[1], filepath.Join(dir, "data"))), 0o600); err != nil {
		return nil, err
	}
	classPath := filepath.Join(jars, "*")
	if err := run(ctx, java, "-cp", classPath, "kafka.tools.StorageTool", "format", "--cluster-id", b.cluster, "--config", properties); err != nil {
		return nil, fmt.Errorf("format Kafka's storage: %w", err)
	}
	cmd := exec.Command(java, "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classPath, "kafka.Kafka", properties)
	cmd.Env = environment("KAFKA_")
	if b.process, err = launch("kafka", dir, cmd); err != nil {
		return nil, err
	}
	if err := b.process.await(ctx, kafkaStart, b.answers); err != nil {
		return nil, errors.Join(err, b.process.end())
	}
	return b, nil
}

// kafkaProperties configure a node that is broker and controller (KRaft, without ZooKeeper), and the only replica of everything.
func kafkaProperties(broker, controller, data string) string {
	properties := map[string]string{
		"process.roles":                "broker,controller",
		"node.id":                      "1",
		"controller.quorum.voters":     "1@" + controller,
		"controller.listener.names":    "CONTROLLER",
		"listeners":                    "PLAINTEXT://" + broker + ",CONTROLLER://" + controller,
		"log.dirs":                     filepath.ToSlash(data),
		"auto.create.topics.enable":    "false",
		"broker.heartbeat.interval.ms": "200", // it serves clients after some of them

		"group.initial.rebalance.delay.ms":         "0",
		"offsets.topic.num.partitions":             "1",
		"offsets.topic.replication.factor":         "1",
		"transaction.state.log.num.partitions":     "1",
		"transaction.state.log.replication.factor": "1",
		"transaction.state.log.min.isr":            "1",
	}
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&text, "%s=%s\n", key, properties[key])
	}
	return text.String()
}
