package filesystem

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/discovery"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

// The options of a table whose new files are read as they appear.
var (
	monitorOption = &setting.Option{Key: "source.monitor-interval", Type: setting.Duration, Check: positiveDuration,
		Doc: "The table has no end: files that appear later are read too, and files that were overwritten are read again. The path is listed again after this time. " +
			"By default the files that are there when the job starts are all; with 'source.discovery' it is 1 min."}
	discoveryOption = &setting.Option{Key: "source.discovery", Type: setting.Enum, Values: discovery.Modes(), Default: "poll",
		Doc: "How new files are found. 'poll' lists; 'listen' is told by the store at once (MinIO's ListenBucketNotification, which the embedded store has too; the last community builds of MinIO never answer it), the others receive the notifications that a store was configured to send; all of them list to find what they were not told."}
	retentionOption = &setting.Option{Key: "source.discovery.retention", Type: setting.Duration, Default: "1 d", Check: positiveDuration,
		Doc: "For how long a file is known by itself. A file in an object store that appears with a time of modification further back, and was not there when the job started, is not read, so it must be longer than any upload takes. It costs 8 bytes of state for each file of that time, and nothing where names rise with time. On disk, where files keep their times when they are moved, all that exist are known."}
)

// defaultInterval is the time between listings where notifications tell of new files.
const defaultInterval = time.Minute

func positiveDuration(text string) error {
	if d, err := setting.ParseDuration(text); err == nil && d <= 0 {
		return errors.New("not more than 0")
	}
	return nil
}

// monitored is a table whose new files are read as they appear.
type monitored struct {
	*source
	every time.Duration
}

// monitor returns the source, or that of a table without an end if the options say so.
func (s *source) monitor() (connector.Source, error) {
	v := s.config.values
	if !s.monitors() {
		return s, nil
	}
	m := monitored{s, defaultInterval}
	if v.Has(monitorOption) {
		m.every = v.Duration(monitorOption)
	}
	if s.config.env.Objects != nil {
		store, key, err := s.config.open(context.Background())
		if err != nil {
			return nil, err
		}
		if _, _, err := m.scope(store, key); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// monitors reports whether the table has no end.
func (s *source) monitors() bool {
	return s.config.values.Has(monitorOption) || s.config.values.Has(discoveryOption)
}

func (m monitored) Bounded() bool { return false }

// InOrder implements [connector.Discoverer]: a change must not be read before the one that it changes.
func (m monitored) InOrder() bool { return m.config.changes != graph.InsertOnly }

func (m monitored) PushedDown() string {
	text := "monitored by " + m.config.values.Enum(discoveryOption)
	if more := m.source.PushedDown(); more != "" {
		text += ", " + more
	}
	return text
}

// scope returns what the keys of the table's files begin with, and which of those that do are the table's.
func (m monitored) scope(store objstore.Store, key string) (prefix string, match func(o *objstore.Info) bool, err error) {
	var below func(string) (string, bool)
	if objstore.HasGlob(key) {
		prefix, below, err = globBelow(key)
	} else {
		prefix, below = pathBelow(objstore.GlobText(key))
	}
	if err != nil {
		return "", nil, err
	}
	matches := func(string) bool { return true }
	if text := m.config.values.Text(regexOption); text != "" {
		if matches, err = pathFilter(store, text); err != nil {
			return "", nil, err
		}
	}
	return prefix, func(o *objstore.Info) bool {
		_, ok := below(o.Key)
		return ok && matches(o.Key) && m.partitioned(found{*o, ""})
	}, nil
}

// Discover implements [connector.Discoverer].
func (m monitored) Discover(ctx context.Context, state []byte) (connector.Discovery, error) {
	store, key, err := m.config.open(ctx)
	if err != nil {
		return nil, err
	}
	v := m.config.values
	c := discovery.Config{Store: store, Period: m.every, Retention: v.Duration(retentionOption), Bucket: discovery.Bucket(store)}
	_, onDisk := store.(directories)
	c.Steady = !onDisk
	if c.Prefix, c.Match, err = m.scope(store, key); err != nil {
		return nil, err
	}
	c.Listen = discovery.Listen(v.Enum(discoveryOption), store, c.Prefix, v)
	var open []waiting
	if state != nil {
		if open, state, err = decodeWaiting(state); err != nil {
			return nil, err
		}
	}
	f, err := discovery.New(ctx, c, state)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", m.config.table.Name, err)
	}
	return newDiscovered(ctx, m, store, f, open), nil
}
