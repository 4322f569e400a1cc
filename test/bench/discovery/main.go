// Command discovery measures how long it takes from the PUT of an object to its rows in a query's result: an embedded store, a job that reads the objects
// of a prefix as they appear, and objects of one row that are put at a steady rate. A row's time is taken before its object's PUT begins.
//
//	go run ./test/bench/discovery -mode listen -objects 500 -rate 50
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/filesystem"
	_ "github.com/millstream/millstream/connector/format/csv"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/test/bench/script"
)

var (
	mode    = flag.String("mode", "listen", "'source.discovery'")
	period  = flag.Duration("interval", time.Minute, "'source.monitor-interval'")
	objects = flag.Int("objects", 500, "how many")
	rate    = flag.Int("rate", 50, "objects per `second`")
)

func main() {
	server.RunChildIfAsked()
	flag.Parse()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// arrivals is a sink that notes how long each row took since the time that its only column has.
type arrivals struct {
	mu   sync.Mutex
	list []time.Duration
	stop context.CancelFunc
}

func (a *arrivals) Write(_ context.Context, b *column.Batch) error {
	now := time.Now().UnixNano()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range b.Rows() {
		a.list = append(a.list, time.Duration(now-column.Values[int64](b.Cols[0])[b.Row(i)]))
	}
	if len(a.list) >= *objects {
		a.stop()
	}
	return nil
}

func (*arrivals) Prepare(context.Context) error                                   { return nil }
func (a *arrivals) NewWriter(context.Context, int, int) (connector.Writer, error) { return a, nil }
func (*arrivals) Commit(context.Context, []connector.Committable) error           { return nil }
func (*arrivals) Abort(context.Context, []connector.Committable) error            { return nil }
func (*arrivals) Finish(context.Context) error                                    { return nil }
func (*arrivals) Flush(context.Context, bool) ([]connector.Committable, error)    { return nil, nil }
func (*arrivals) Close() error                                                    { return nil }

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "discovery")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := server.Start(ctx, server.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	client, err := s3.New(s3.Config{Endpoint: store.Endpoint, AccessKey: store.AccessKey, SecretKey: store.SecretKey})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.MakeBucket(ctx, "input"); err != nil {
		return err
	}
	settings, err := script.Settings(map[string]string{
		"parallelism.default": "2", "execution.runtime-mode": "streaming",
		"s3.endpoint": store.Endpoint, "s3.access-key": store.AccessKey, "s3.secret-key": store.SecretKey,
	})
	if err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	results := &arrivals{stop: stop}
	connector.Register(&connector.Spec{
		Name: "arrivals", Doc: "Notes how long each row took.", Guarantee: "At most once.",
		NewSink: func(connector.SinkRequest) (connector.Sink, error) { return results, nil },
	})
	bucket, prefix, err := standard.FromSettings(settings).Open(ctx, "s3://input/in/")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() {
		err := put(reading, bucket, prefix)
		if err != nil {
			stop()
		}
		failed <- err
	}()
	err = query(reading, settings)
	stop()
	if putting := <-failed; putting != nil && len(results.list) < *objects {
		return putting
	}
	if len(results.list) < *objects {
		return fmt.Errorf("%d rows came of %d: %w", len(results.list), *objects, err)
	}
	slices.Sort(results.list)
	fmt.Printf("| mode | objects | p50 (ms) | p99 (ms) | most (ms) |\n|---|---|---|---|---|\n| %s | %d |", *mode, *objects)
	for _, at := range []int{len(results.list) / 2, len(results.list) * 99 / 100, len(results.list) - 1} {
		fmt.Printf(" %.1f |", float64(results.list[at])/1e6)
	}
	fmt.Println()
	return nil
}

// put puts objects at the rate.
func put(ctx context.Context, store objstore.Store, prefix string) error {
	tick := time.NewTicker(time.Second / time.Duration(*rate))
	defer tick.Stop()
	for i := range *objects {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := store.Put(ctx, fmt.Sprintf("%s%06d.csv", prefix, i), fmt.Appendf(nil, "%d\n", time.Now().UnixNano()), objstore.Condition{}); err != nil {
			return err
		}
	}
	return nil
}

// query runs the job until ctx ends.
func query(ctx context.Context, settings setting.Values) error {
	return script.Run(ctx, settings, fmt.Sprintf("CREATE TABLE objects (due BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://input/in/', 'format' = 'csv', "+
		"'source.discovery' = '%s', 'source.monitor-interval' = '%d ms');\nCREATE TABLE results (due BIGINT) WITH ('connector' = 'arrivals');\nINSERT INTO results SELECT due FROM objects",
		*mode, period.Milliseconds()))
}
