// Command nexmark measures the queries of the Nexmark benchmark end to end: events in Parquet, and in JSON for four queries, through each query into a
// blackhole (q10 into files too), with mini-batches and without, each run a process of its own. Beside it run DuckDB on the queries that a batch engine
// can express, hand-written loops over the same batches for four queries, and Apache Flink where it can be started.
//
//	go run ./test/bench/nexmark -events 1000000 -queries q0,q5 -flink
//
// The queries stand in q0.sql to q23.sql; the test compares their results with Apache Flink's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/engine/collector"
	"github.com/millstream/millstream/test/bench/measure"
)

var (
	events      = flag.Int64("events", 10_000_000, "`number` of events")
	only        = flag.String("queries", strings.Join(queries, ","), "`queries` to run, separated by commas")
	dataDir     = flag.String("data", filepath.Join(".cache", "nexmark"), "`folder` in which the events are kept from run to run")
	limit       = flag.Duration("limit", 5*time.Minute, "longest `time` of one run")
	flinkLimit  = flag.Duration("flink-limit", 150*time.Second, "longest `time` of one run of Apache Flink; it is stopped then, and what it would have taken is estimated")
	checkpoints = flag.Duration("checkpoints", 5*time.Second, "`time` between checkpoints, to a local directory, in Apache Flink too; 0: none")
	miniBatch   = flag.String("mini-batch", "both", "run with mini-batches: on, off or both")
	withDuck    = flag.Bool("duckdb", true, "run DuckDB too; it is installed from PyPI if it is not there")
	withHand    = flag.Bool("hand", true, "run the hand-written loops too")
	withFlink   = flag.Bool("flink", false, "run Apache Flink too")
	withJSON    = flag.Bool("json", true, "run four of the queries over JSON too")

	making  = flag.Bool("generate", false, "be the generator: write -events of -format to -data")
	one     = flag.String("run", "", "be one run: execute `QUERY` over the files of -data")
	byHand  = flag.Bool("by-hand", false, "with -run: as a hand-written loop")
	format  = flag.String("format", "parquet", "with -run and -generate: the `format` of the files")
	profile = flag.String("cpuprofile", "", "with -run: write a profile to `file`")
)

// jsonQueries are those that are measured over JSON too.
var jsonQueries = []string{"q0", "q1", "q5", "q22"}

func main() {
	flag.Parse()
	if os.Getenv("GOGC") == "" {
		collector.Start() // as the binary does
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := measureAll
	switch {
	case *one != "":
		run = runOne
	case *making:
		run = generate
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// runOne executes one query in this process.
func runOne(ctx context.Context) (err error) {
	stopProfile, err := measure.Profile(*profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	if *byHand {
		return runByHand(ctx, *one, *dataDir)
	}
	output, err := os.MkdirTemp("", "millstream-nexmark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(output) //nolint:errcheck // a temporary folder
	variables := map[string]string{
		"path": *dataDir, "format": *format, "output": filepath.Join(output, "out"), "side_input": filepath.Join(output, "side_input.txt"),
	}
	if err := writeSide(variables["side_input"]); err != nil {
		return err
	}
	settings := map[string]string{"parallelism.default": strconv.Itoa(runtime.NumCPU()), "table.local-time-zone": "UTC"}
	if *checkpoints > 0 {
		settings["execution.checkpointing.interval"] = checkpoints.String()
		settings["execution.checkpointing.dir"] = "file://" + filepath.ToSlash(filepath.Join(output, "checkpoints"))
	}
	if *miniBatch == "on" {
		settings["table.exec.mini-batch.enabled"] = "true"
		settings["table.exec.mini-batch.allow-latency"] = "2 s"
		settings["table.exec.mini-batch.size"] = "50000"
	}
	return runScripts(ctx, settings, variables, "source_files", "views", *one)
}

// runScripts executes scripts in one session.
func runScripts(ctx context.Context, settings, variables map[string]string, names ...string) error {
	s, err := open(settings)
	if err != nil {
		return err
	}
	for _, name := range names {
		list, err := statements(name, variables)
		if err != nil {
			return err
		}
		for _, text := range list {
			if err := execute(ctx, s, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// sideRows is the number of rows of q13's side table, in which each key's value is its text.
const sideRows = 10000

func writeSide(path string) error {
	var b []byte
	for i := range int64(sideRows) {
		b = append(strconv.AppendInt(append(strconv.AppendInt(b, i, 10), ','), i, 10), '\n')
	}
	return os.WriteFile(path, b, 0o600)
}

// files returns the folder with the events in a format. They are written, unless they are there, by a process of its own: a child's peak memory begins with
// what its parent has when it starts it.
func files(ctx context.Context, format string) (dir string, err error) {
	if dir, err = filepath.Abs(filepath.Join(*dataDir, fmt.Sprintf("%d-%s", *events, format))); err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, "_SUCCESS")); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	_, err = measure.Process(ctx, nil, self, "-generate", "-events", strconv.FormatInt(*events, 10), "-format", format, "-data", dir)
	return dir, err
}

// generate writes the events as one file, in their order.
func generate(ctx context.Context) error { return makeEvents(ctx, *events, *dataDir, *format) }

func makeEvents(ctx context.Context, n int64, dir, format string) error {
	s, err := open(map[string]string{"parallelism.default": "1"})
	if err != nil {
		return err
	}
	source, err := statements("source_nexmark", map[string]string{"events": strconv.FormatInt(n, 10)})
	if err != nil {
		return err
	}
	for _, text := range append(source,
		"CREATE TABLE files WITH ('connector' = 'filesystem', 'path' = '"+dir+"', 'format' = '"+format+
			"', 'sink.rolling-policy.file-size' = '1 tb') LIKE events (EXCLUDING OPTIONS EXCLUDING GENERATED EXCLUDING WATERMARKS)",
		"INSERT INTO files SELECT event_type, person, auction, bid FROM events",
	) {
		if err := execute(ctx, s, text); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "_SUCCESS"), nil, 0o600)
}

// measureAll measures everything that the flags ask for and prints a table.
func measureAll(ctx context.Context) error {
	if !slices.Contains([]string{"on", "off", "both"}, *miniBatch) {
		return fmt.Errorf("-mini-batch is %q: valid are on, off and both", *miniBatch)
	}
	list := strings.Split(*only, ",")
	for _, q := range list {
		if !slices.Contains(queries, q) {
			return fmt.Errorf("there is no query %q: there are %s", q, strings.Join(queries, ", "))
		}
	}
	parquet, err := files(ctx, "parquet")
	if err != nil {
		return err
	}
	t := &table{events: *events}
	if *withDuck {
		d, err := newDuck(ctx, *dataDir, filepath.Join(parquet, "part-*"))
		if err != nil {
			return err
		}
		t.add("DuckDB", list, func(q string) (measure.Figure, bool, error) { return d.run(ctx, q) })
	}
	for _, mode := range []string{"off", "on"} {
		if *miniBatch == mode || *miniBatch == "both" {
			t.add("mini-batch "+mode, list, func(q string) (measure.Figure, bool, error) { return child(ctx, q, parquet, "-mini-batch", mode) })
		}
	}
	if *withHand {
		t.add("by hand", list, func(q string) (measure.Figure, bool, error) {
			if loops[q] == nil {
				return measure.Figure{}, false, nil
			}
			return child(ctx, q, parquet, "-by-hand")
		})
	}
	if *withJSON {
		json, err := files(ctx, "json")
		if err != nil {
			return err
		}
		t.add("from JSON", list, func(q string) (measure.Figure, bool, error) {
			if !slices.Contains(jsonQueries, q) {
				return measure.Figure{}, false, nil
			}
			return child(ctx, q, json, "-format", "json")
		})
	}
	if *withFlink {
		if err := addFlink(ctx, t, list, parquet); err != nil {
			return err
		}
	}
	t.print(os.Stdout, list)
	return nil
}

// child runs one query in a process of its own.
func child(ctx context.Context, q, dir string, args ...string) (measure.Figure, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return measure.Figure{}, true, err
	}
	f, err := measure.Process(ctx, nil, self, append([]string{"-run", q, "-data", dir, "-checkpoints", checkpoints.String()}, args...)...)
	return f, true, err
}
