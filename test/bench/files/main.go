// Command files measures how fast records are turned into other files, S3 to S3: CSV and JSON lines to Parquet, on the embedded store and on MinIO, with
// checkpoints on. Beside the SQL job runs a hand-written loop over the same bytes of the same store, and Apache Flink where it can be started. The rows of
// each output, their number and a checksum of every column, must be those that were generated before its time counts.
//
//	go run ./test/bench/files -mb 200 -flink
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/test/bench/measure"
	"github.com/millstream/millstream/test/peers"
)

var (
	megabytes   = flag.Int64("mb", 1000, "size of each object that is read, in `MB`")
	runs        = flag.Int("runs", 3, "measured `runs` of each program, in turns, after one that is checked and not counted")
	formats     = flag.String("formats", "csv,json", "`formats` to read, separated by commas")
	only        = flag.String("stores", "embedded,MinIO", "`stores` to use, separated by commas")
	withFlink   = flag.Bool("flink", false, "run Apache Flink too, once")
	checkpoints = flag.Duration("checkpoints", 5*time.Second, "`time` between checkpoints, to the same store, in Apache Flink too")
	program     = flag.String("binary", "", "the `program` to measure; it is built if none is given")

	hand = flag.String("by-hand", "", "be the hand-written loop over the object of `FORMAT`")
	sums = flag.String("sums", "", "print the checksums of the Parquet files below `PREFIX`")
)

// environment names the variable by which a child learns of the store that it works on.
const environment = "MILLSTREAM_BENCH_STORE"

func main() {
	server.RunChildIfAsked()
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if *hand == "" && *sums == "" {
		return compare(ctx)
	}
	var access server.Access
	if err := json.Unmarshal([]byte(os.Getenv(environment)), &access); err != nil {
		return fmt.Errorf("%s: %w", environment, err)
	}
	s, err := open("", access)
	if err != nil {
		return err
	}
	if *hand != "" {
		return convertByHand(ctx, s.client, *hand)
	}
	total, err := readSums(ctx, s.client.Bucket("output"), *sums)
	fmt.Print(total)
	return err
}

// store is an S3 store.
type store struct {
	name   string
	client *s3.Client
	access server.Access
}

func open(name string, a server.Access) (*store, error) {
	client, err := s3.New(s3.Config{Endpoint: a.Endpoint, AccessKey: a.AccessKey, SecretKey: a.SecretKey, Region: a.Region})
	return &store{name, client, a}, err
}

// startStores starts the stores that were asked for, with the buckets that are needed.
func startStores(ctx context.Context, dir string) (list []*store, stop func() error, err error) {
	var closers []func() error
	stop = func() (err error) {
		for _, c := range closers {
			err = errors.Join(err, c())
		}
		return err
	}
	for name := range strings.SplitSeq(*only, ",") {
		var access server.Access
		switch name {
		case "embedded":
			e, err := server.Start(ctx, server.Options{Dir: filepath.Join(dir, "store")})
			if err != nil {
				return nil, nil, errors.Join(err, stop())
			}
			closers, access = append(closers, e.Close), e.Access
		case "MinIO":
			m, err := peers.StartMinIO(ctx)
			if err != nil {
				return nil, nil, errors.Join(err, stop())
			}
			closers = append(closers, m.Close)
			access = server.Access{Endpoint: m.Endpoint, AccessKey: m.AccessKey, SecretKey: m.SecretKey, Region: m.Region}
		default:
			return nil, nil, errors.Join(fmt.Errorf("-stores has %q: valid are embedded and MinIO", name), stop())
		}
		s, err := open(name, access)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		for _, bucket := range []string{"input", "output", "checkpoints"} {
			if err := s.client.MakeBucket(ctx, bucket); err != nil {
				return nil, nil, errors.Join(err, stop())
			}
		}
		list = append(list, s)
	}
	return list, stop, nil
}

// compare measures everything that the flags ask for and prints a table.
func compare(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "millstream-bench-files-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if *program == "" {
		*program = filepath.Join(dir, "millstream")
		build := exec.CommandContext(ctx, "go", "build", "-o", *program, "./cmd/millstream")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("cannot build the binary: %w", err)
		}
	}
	stores, stop, err := startStores(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	var all []*comparison
	for format := range strings.SplitSeq(*formats, ",") {
		for _, s := range stores {
			c, err := s.compare(ctx, format)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", format, s.name, err)
			}
			all = append(all, c)
		}
	}
	if *withFlink {
		if err := addFlink(ctx, stores[len(stores)-1], all); err != nil {
			return err
		}
	}
	printTable(all)
	return nil
}

// compare fills the store with an object of the format and runs the loop and the job over it, in turns.
func (s *store) compare(ctx context.Context, format string) (*comparison, error) {
	c := &comparison{format: format, store: s}
	if err := c.fill(ctx); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	access, err := json.Marshal(s.access)
	if err != nil {
		return nil, err
	}
	env := []string{environment + "=" + string(access)}
	c.contenders = []*contender{
		{name: "hand-written loop", prefix: "hand/", run: func(ctx context.Context) (measure.Figure, error) {
			return measure.Process(ctx, env, self, "-by-hand", format)
		}},
		{name: "Millstream, SQL", prefix: "sql/", run: func(ctx context.Context) (measure.Figure, error) {
			return measure.Process(ctx, nil, *program, s.arguments(format)...)
		}},
	}
	for i := range *runs + 1 {
		for _, one := range c.contenders {
			if err := s.clear(ctx, one.prefix); err != nil {
				return nil, err
			}
			f, err := one.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.name, err)
			}
			if i > 0 {
				one.all = append(one.all, f)
				continue
			}
			if err := c.check(ctx, one.name, one.prefix); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// check compares the rows below a prefix with those that were generated, in a process of its own: a child's peak memory begins with what its parent has.
func (c *comparison) check(ctx context.Context, name, prefix string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	access, err := json.Marshal(c.store.access)
	if err != nil {
		return err
	}
	f, err := measure.Process(ctx, []string{environment + "=" + string(access)}, self, "-sums", prefix)
	if err != nil {
		return err
	}
	if got, want := string(f.Output), c.want.String(); got != want {
		return fmt.Errorf("the output of %s has other rows than were generated:\n%swant\n%s", name, got, want)
	}
	return nil
}

// arguments are those of the binary for the job.
func (s *store) arguments(format string) []string {
	args := []string{"sql", "--quiet"}
	for _, kv := range [][2]string{
		{"s3.endpoint", s.access.Endpoint}, {"s3.access-key", s.access.AccessKey}, {"s3.secret-key", s.access.SecretKey},
		{"s3.region", cmp.Or(s.access.Region, "us-east-1")}, {"execution.checkpointing.interval", checkpoints.String()},
		{"execution.checkpointing.dir", "s3://checkpoints/millstream"},
	} {
		args = append(args, "-D", kv[0]+"="+kv[1])
	}
	for _, text := range statements(format, "s3://output/sql") {
		args = append(args, "-e", text)
	}
	return args
}

// clear removes what a run before has written.
func (s *store) clear(ctx context.Context, prefix string) error {
	bucket := s.client.Bucket("output")
	for info, err := range bucket.List(ctx, prefix, objstore.ListOptions{}) {
		if err != nil {
			return err
		}
		if err := bucket.Delete(ctx, info.Key); err != nil {
			return err
		}
	}
	return nil
}
