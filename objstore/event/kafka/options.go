package kafka

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/millstream/millstream/setting"
)

// Values of kafka.scan.startup.mode.
const (
	latest   = "latest-offset"
	earliest = "earliest-offset"
	ofGroup  = "group-offsets"
)

var (
	serversOption = &setting.Option{Key: "kafka.bootstrap.servers", Check: checkServers,
		Doc: "Kafka's brokers to ask first, as HOST:PORT with commas between."}
	topicOption = &setting.Option{Key: "kafka.topic", Check: checkTopic,
		Doc: "Topic that the store writes its notifications to, each as the value of one record."}
	groupOption = &setting.Option{Key: "kafka.group.id",
		Doc: "Consumer group whose offsets are moved on with each checkpoint, for monitoring. All partitions are read whatever other members it has."}
	startOption = &setting.Option{Key: "kafka.scan.startup.mode", Type: setting.Enum, Default: latest, Values: []string{latest, earliest, ofGroup},
		Doc: "Where reading begins without a checkpoint: with what is written from now on, with everything that the topic still has, or at the offsets " +
			"of 'kafka.group.id'. Partitions that appear later are read from their beginning."}
	discoveryOption = &setting.Option{Key: "kafka.scan.topic-partition-discovery.interval", Type: setting.Duration, Default: "1 min", Check: checkInterval,
		Doc: "How often new partitions of the topic are looked for."}
	ignoreOption = &setting.Option{Key: "kafka.ignore-parse-errors", Type: setting.Bool, Default: "false",
		Doc: "Whether records that are no notifications are skipped rather than fail the job."}
	propertiesOption = &setting.Option{Key: "kafka.properties.", Prefix: true,
		Doc: "Properties of Kafka's own clients: " + strings.Join(propertyNames(), ", ") + ". Files of keys and certificates are PEM."}
)

// Options are what [Open] reads.
var Options = []*setting.Option{serversOption, topicOption, groupOption, startOption, discoveryOption, ignoreOption, propertiesOption}

func checkServers(text string) error {
	for server := range strings.SplitSeq(text, ",") {
		if _, port, err := net.SplitHostPort(strings.TrimSpace(server)); err != nil || port == "" {
			return errors.New("not a list of brokers: valid are 'HOST:PORT' with commas between, such as 'kafka1:9092,kafka2:9092'")
		}
	}
	return nil
}

// checkTopic refuses what no topic can be named; the library would ask for it again and again.
func checkTopic(text string) error {
	bad := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	}
	if len(text) > 249 || text == "." || text == ".." || strings.ContainsFunc(text, bad) {
		return errors.New("not a topic: valid are up to 249 letters, digits, '.', '_' and '-'")
	}
	return nil
}

func checkInterval(text string) error {
	if d, err := setting.ParseDuration(text); err == nil && d <= 0 {
		return errors.New("out of range: valid are times above 0")
	}
	return nil
}

// config are the options' values, checked against each other.
type config struct {
	servers      []string
	topic, group string
	start        string
	discovery    time.Duration
	ignore       bool
}

func configure(v setting.Values) (config, error) {
	c := config{servers: splitServers(v.Text(serversOption)), topic: v.Text(topicOption), group: v.Text(groupOption), start: v.Enum(startOption),
		discovery: v.Duration(discoveryOption), ignore: v.Bool(ignoreOption)}
	switch {
	case len(c.servers) == 0:
		return c, &setting.MissingError{Key: serversOption.Key}
	case c.topic == "":
		return c, &setting.MissingError{Key: topicOption.Key}
	case c.start == ofGroup && c.group == "":
		return c, fmt.Errorf("'%s' = '%s' needs '%s'", startOption.Key, ofGroup, groupOption.Key)
	}
	return c, nil
}

func splitServers(text string) []string {
	var all []string
	for server := range strings.SplitSeq(text, ",") {
		if server = strings.TrimSpace(server); server != "" {
			all = append(all, server)
		}
	}
	return all
}
