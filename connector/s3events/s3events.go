// Package s3events reads what happens to the objects of a bucket as a table: the connector 's3-events'.
//
// What enters: a bucket, and a way to be told of what happens in it. What leaves: batches with a row for each event. The engine calls it through package
// connector; package connector/discovery finds the events.
//
// What must hold: an event comes once, also where notifications are doubled, lost and found by a listing, or given again after a failure.
package s3events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/discovery"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

var (
	pathOption = &setting.Option{Key: "path", Required: true,
		Doc: "The bucket, or what the keys in it begin with: 's3://bucket' or 's3://bucket/prefix'."}
	modeOption = &setting.Option{Key: "scan.mode", Type: setting.Enum, Values: discovery.Modes(), Default: "listen",
		Doc: "How events are found: 'listen' is told by the store at once (MinIO's ListenBucketNotification, which the embedded store has too; the last community builds of MinIO never answer it), the others receive the notifications that a store was configured to send there, 'poll' makes events of the objects that listings show for the first time. " +
			"A listing shows nothing of removals, since what is known of an object is less than its key, and only what the columns bucket, key, size, etag and version_id hold; its events are ObjectCreated:Put at the time of the object's modification."}
	intervalOption = &setting.Option{Key: "scan.poll-interval", Type: setting.Duration, Default: "1 min", Check: positive,
		Doc: "The time between listings, which in other modes find the objects that no notification has told of within 10 seconds."}
	existingOption = &setting.Option{Key: "scan.existing-objects", Type: setting.Bool, Default: "false",
		Doc: "Objects that are there when the job first starts give events too."}
	suffixOption = &setting.Option{Key: "scan.suffix", Doc: "Keys end with it, as '.csv'."}
	namesOption  = &setting.Option{Key: "scan.events", Type: setting.List, Check: checkNames,
		Doc: "The events to read, as in a bucket's configuration, such as 's3:ObjectCreated:*;s3:ObjectRemoved:Delete'; all by default."}
	retentionOption = &setting.Option{Key: "scan.retention", Type: setting.Duration, Default: "1 d", Check: positive,
		Doc: "For how long an event is known, so that it does not come twice. It must be longer than notifications are late and than an upload takes, and costs up to 16 bytes of state for each event of that time."}
)

// options are all options.
func options() []*setting.Option {
	return append([]*setting.Option{pathOption, modeOption, intervalOption, existingOption, suffixOption, namesOption, retentionOption}, discovery.Options()...)
}

func positive(text string) error {
	if d, err := setting.ParseDuration(text); err == nil && d <= 0 {
		return errors.New("not more than 0")
	}
	return nil
}

// groups are what names of events begin with.
var groups = []string{"ObjectCreated", "ObjectRemoved", "ObjectAccessed", "ObjectRestore", "ObjectTagging", "ObjectAcl", "ObjectTransition", "Replication",
	"LifecycleExpiration", "LifecycleTransition", "IntelligentTiering", "ReducedRedundancyLostObject", "Scanner", "BucketCreated", "BucketRemoved"}

func checkNames(text string) error {
	for name := range strings.SplitSeq(text, ";") {
		group, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(name), "s3:"), ":")
		if group != "*" && !slices.Contains(groups, group) {
			return fmt.Errorf("not a list of events: '%s' begins with none of 's3:%s:'", strings.TrimSpace(name), strings.Join(groups, ":', 's3:"))
		}
	}
	return nil
}

func init() {
	connector.Register(&connector.Spec{
		Name: "s3-events",
		Doc: "What happens to the objects of a bucket, a row for each event. A table has any of the columns " + strings.Join(columnTexts(), ", ") + ", found by their names. " +
			"Notifications may be lost, come twice and out of order: doubles are left out, and listings find objects that no notification told of. The table has no end.",
		Example: "CREATE TABLE uploads (\n  event_name STRING,\n  event_time TIMESTAMP_LTZ(3),\n  key STRING,\n  size BIGINT,\n  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND\n) WITH (\n" +
			"  'connector' = 's3-events',\n  'path' = 's3://bucket/incoming/',\n  'scan.mode' = 'listen',\n  'scan.events' = 's3:ObjectCreated:*'\n)",
		Guarantee: "Exactly once for objects that are created: what a notification or a listing has shown is part of checkpoints. Other events come at most once each; those that happen while no job listens come only in modes that keep them.",
		Options:   options(),
		NewSource: newSource,
	})
}

type source struct {
	req    connector.SourceRequest
	values setting.Values
	fill   []filler
}

func newSource(req connector.SourceRequest) (connector.Source, error) {
	s := &source{req: req}
	var err error
	if s.values, err = setting.Check(options(), req.Table.Options); err != nil {
		return nil, err
	}
	if s.fill, err = fillers(&req); err != nil {
		return nil, err
	}
	if req.Env.Objects != nil {
		if _, _, err := s.open(context.Background()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// open opens the bucket, without going to the network.
func (s *source) open(ctx context.Context) (store objstore.Store, prefix string, err error) {
	if s.req.Env.Objects == nil {
		return nil, "", errors.New("no object store is at hand: the process was set up without one")
	}
	path := s.values.Text(pathOption)
	if store, prefix, err = s.req.Env.Objects.Open(ctx, path); err != nil {
		return nil, "", err
	}
	if strings.HasPrefix(store.URL(""), "file:") {
		return nil, "", fmt.Errorf("option 'path': '%s' is no bucket: valid are s3://bucket and s3://bucket/prefix", path)
	}
	return store, prefix, nil
}

func (s *source) Bounded() bool      { return false }
func (s *source) PushedDown() string { return "" }

// Splits returns one: events are few enough for one reader.
func (s *source) Splits(context.Context, int) ([]connector.Split, error) {
	return []connector.Split{{ID: "events"}}, nil
}

func (s *source) Open(ctx context.Context, split connector.Split) (connector.Reader, error) {
	store, prefix, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	v := s.values
	c := discovery.Config{
		Store: store, Bucket: discovery.Bucket(store), Prefix: prefix, Period: v.Duration(intervalOption), Steady: true, Retention: v.Duration(retentionOption),
		Events: true, Existing: v.Bool(existingOption), Checkpoints: s.checkpoints(), Listen: discovery.Listen(v.Enum(modeOption), store, prefix, v),
	}
	if suffix := v.Text(suffixOption); suffix != "" {
		c.Match = func(o *objstore.Info) bool { return strings.HasSuffix(o.Key, suffix) }
	}
	var state []byte
	if len(split.State) > 0 {
		state = split.State
	}
	f, err := discovery.New(ctx, c, state)
	if err != nil {
		return nil, err
	}
	return &reader{source: s, finder: f, asked: names(v.List(namesOption)), limit: s.req.Limit}, nil
}

// checkpoints reports whether the job takes them.
func (s *source) checkpoints() bool {
	return s.req.Env.Settings.Duration(setting.CheckpointInterval) > 0
}

// names returns whether an event is asked for by a list of names.
func names(list []string) func(name string) bool {
	if len(list) == 0 {
		return func(string) bool { return true }
	}
	return func(name string) bool {
		return slices.ContainsFunc(list, func(asked string) bool {
			asked = strings.TrimPrefix(strings.TrimSpace(asked), "s3:")
			if begin, ok := strings.CutSuffix(asked, "*"); ok {
				return strings.HasPrefix(name, begin)
			}
			return asked == name
		})
	}
}
