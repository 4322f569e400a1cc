// Command latency measures how long it takes from an event to the result it changes: events that happen at a steady rate are counted by key,
// once with every change emitted and once in windows that the watermark fires, at parallelism 2. An event's time is when its schedule
// says it happens, not when the source got round to it. The line "at the source" is what the machine itself is late by: the source's timers
// and its share of the cores.
//
//	go run ./test/bench/latency -rate 50000 -seconds 20
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/test/bench/measure"
	"github.com/millstream/millstream/test/bench/script"
)

var (
	rate    = flag.Int64("rate", 50_000, "events per `second`")
	seconds = flag.Int64("seconds", 20, "`seconds` of events for each case; those of the first two do not count")
	keys    = flag.Int64("keys", 1000, "distinct `keys`")
	profile = flag.String("cpuprofile", "", "write a CPU profile to `file`")
)

// A measured case: a query and the settings that it depends on.
type measured struct {
	name, sink, query, interval string
}

const (
	changes    = "SELECT k, COUNT(*), MAX(due) FROM events GROUP BY k"
	windows    = "SELECT k, COUNT(*), window_end FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY k, window_start, window_end"
	changeSink = "CREATE TABLE results (k BIGINT, n BIGINT, due BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'arrival')"
	windowSink = "CREATE TABLE results (k BIGINT, n BIGINT, due TIMESTAMP(3)) WITH ('connector' = 'arrival')"
)

var cases = []measured{
	{"count by key, every change", changeSink, changes, "200 ms"},
	{"window count, watermark interval 200 ms (default)", windowSink, windows, "200 ms"},
	{"window count, watermark interval 10 ms", windowSink, windows, "10 ms"},
	{"window count, watermark interval 0", windowSink, windows, "0 ms"},
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stopProfile, err := measure.Profile(*profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	var events *schedule
	var results *samples
	connector.Register(&connector.Spec{
		Name: "paced", Doc: "events as they happen", Guarantee: "none",
		NewSource: func(req connector.SourceRequest) (connector.Source, error) {
			return paced{events, req.Project, req.Table.Columns}, nil
		},
	})
	connector.Register(&connector.Spec{
		Name: "arrival", Doc: "notes when rows come", Guarantee: "none", Updates: true,
		NewSink: func(connector.SinkRequest) (connector.Sink, error) { return arrival{results}, nil },
	})
	fmt.Printf("%d cores, %d events/s, %d keys, %d s each\n\n", runtime.NumCPU(), *rate, *keys, *seconds)
	fmt.Printf("| | results | p50 (ms) | p99 (ms) | p99.9 (ms) | at the source: p50 (ms) | p99 (ms) | p99.9 (ms) |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range cases {
		begin := time.Now().Add(500 * time.Millisecond).Truncate(time.Millisecond)
		from := begin.Add(2 * time.Second).UnixNano()
		events = &schedule{begin: begin.UnixNano(), step: int64(time.Second) / *rate, events: *rate * *seconds, keys: *keys}
		late := &samples{from: from}
		events.late.Store(late)
		results = &samples{from: from}
		if err := c.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if results.list == nil {
			return fmt.Errorf("%s: there are no results", c.name)
		}
		fmt.Printf("| %s | %d |", c.name, len(results.list))
		for _, s := range []*samples{results, late} {
			for _, share := range []float64{.5, .99, .999} {
				fmt.Printf(" %.2f |", float64(s.quantile(share))/1e6)
			}
		}
		fmt.Println()
	}
	return nil
}

func (c measured) run(ctx context.Context) error {
	settings, err := script.Settings(map[string]string{
		"parallelism.default": "2", "table.local-time-zone": "UTC", "pipeline.auto-watermark-interval": c.interval, "execution.runtime-mode": "streaming",
	})
	if err != nil {
		return err
	}
	return script.Run(ctx, settings, "CREATE TABLE events (k BIGINT, ts TIMESTAMP(3), due BIGINT, WATERMARK FOR ts AS ts) WITH ('connector' = 'paced');\n"+
		c.sink+";\nINSERT INTO results "+c.query)
}
