// Command wordcount measures the word count end to end, S3 to S3: the Go API and SQL, each as a process of its own, beside a
// hand-written loop over the same bytes in a local file, and beside Apache Flink where it can be started. It checks that all
// counts are equal before it prints a table.
//
//	go run ./test/bench/wordcount -flink
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/test/bench/measure"
	"github.com/millstream/millstream/test/peers"
)

var (
	runs      = flag.Int("runs", 5, "measured `runs` of each program, after one that is not counted")
	megabytes = flag.Int64("mb", 200, "size of the text in `MB`")
	withFlink = flag.Bool("flink", false, "run Apache Flink too, once")
	withMinIO = flag.Bool("minio", true, "run over MinIO too")
	hand      = flag.Bool("by-hand", false, "be the hand-written loop: count the words of `INPUT` into `OUTPUT`")
)

func main() {
	server.RunChildIfAsked()
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	if *hand {
		return countByHand(flag.Arg(0), flag.Arg(1))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "millstream-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	b := &bench{dir: dir, text: filepath.Join(dir, "test.txt"), binary: filepath.Join(dir, "millstream")}
	if b.words, err = writeText(b.text, *megabytes*1e6); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "./cmd/millstream")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("cannot build the binary: %w", err)
	}
	return b.measure(ctx)
}

// bench is one comparison.
type bench struct {
	dir, text, binary string
	words             int64
	closers           []func() error
}

// store is an S3 store with the text in it.
type store struct {
	name   string
	client *s3.Client
	access server.Access
}

func (s *store) flags() []string {
	return []string{
		"-D", "s3.endpoint=" + s.access.Endpoint, "-D", "s3.access-key=" + s.access.AccessKey, "-D", "s3.secret-key=" + s.access.SecretKey,
	}
}

func (b *bench) measure(ctx context.Context) error {
	defer func() {
		for _, c := range b.closers {
			c() //nolint:errcheck // the figures are there
		}
	}()
	stores, err := b.stores(ctx)
	if err != nil {
		return err
	}
	info, err := os.Stat(b.text)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	loopResult := filepath.Join(b.dir, "by-hand.txt")
	all := []*contender{{name: "hand-written loop over a local file", run: func(ctx context.Context) (measure.Figure, error) {
		return measure.Process(ctx, nil, self, "-by-hand", b.text, loopResult)
	}}}
	for _, s := range stores {
		all = append(all, b.millstream(s)...)
	}
	for i := range *runs + 1 {
		for _, c := range all {
			f, err := c.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if i > 0 {
				c.all = append(c.all, f)
			}
		}
	}
	if *withFlink {
		flink, err := b.flink(ctx, stores[len(stores)-1])
		if err != nil {
			return err
		}
		all = append(all, flink...)
	}
	want, err := readCounts(os.ReadFile(loopResult))
	if err != nil {
		return err
	}
	for _, s := range stores {
		for _, prefix := range []string{"go/", "sql/"} {
			if err := compare(ctx, s, prefix, want); err != nil {
				return err
			}
		}
	}
	fmt.Printf("%d cores, %.0f MB, %d words, %d distinct; medians of %d runs\n\n%s", runtime.NumCPU(),
		float64(info.Size())/1e6, b.words, len(want), *runs, table(all, info.Size()))
	return b.tiny(ctx)
}

// stores starts the embedded store, and MinIO, and puts the text in each.
func (b *bench) stores(ctx context.Context) ([]*store, error) {
	embedded, err := server.Start(ctx, server.Options{Dir: filepath.Join(b.dir, "store")})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, embedded.Close)
	list := []*store{{name: "embedded store", access: embedded.Access}}
	if *withMinIO {
		minio, err := peers.StartMinIO(ctx)
		if err != nil {
			return nil, err
		}
		b.closers = append(b.closers, minio.Close)
		list = append(list, &store{name: "MinIO", access: server.Access{
			Endpoint: minio.Endpoint, AccessKey: minio.AccessKey, SecretKey: minio.SecretKey, Region: minio.Region,
		}})
	}
	for _, s := range list {
		if err := s.fill(ctx, b.text); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return list, nil
}

func (s *store) fill(ctx context.Context, text string) error {
	var err error
	if s.client, err = s3.New(s3.Config{Endpoint: s.access.Endpoint, AccessKey: s.access.AccessKey, SecretKey: s.access.SecretKey}); err != nil {
		return err
	}
	for _, bucket := range []string{"input", "testbucket", "checkpoints"} {
		if err := s.client.MakeBucket(ctx, bucket); err != nil {
			return err
		}
	}
	up, err := s.client.Bucket("input").Create(ctx, "test.txt")
	if err != nil {
		return err
	}
	// In pieces: a child's peak memory begins with what its parent has when it starts it.
	f, err := os.Open(text)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.CopyBuffer(up, struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
		return err
	}
	pending, err := up.Seal(ctx)
	if err != nil {
		return err
	}
	_, err = s.client.Bucket("input").Commit(ctx, pending, objstore.Condition{})
	return err
}

// countSQL is the job in SQL, for Millstream and for Flink.
func countSQL(output string) []string {
	return []string{
		"CREATE TABLE text (line STRING) WITH ('connector' = 'filesystem', 'path' = 's3://input/test.txt', 'format' = 'raw')",
		"CREATE TABLE counts (word STRING, number BIGINT) WITH ('connector' = 'filesystem', 'path' = '" + output +
			"', 'format' = 'csv', 'csv.field-delimiter' = ' ')",
		"INSERT INTO counts SELECT word, COUNT(*) FROM text, UNNEST(SPLIT(line, ' ')) AS w(word) GROUP BY word",
	}
}

// millstream returns the contenders over one store. Each run empties its output first, outside of what is measured.
func (b *bench) millstream(s *store) []*contender {
	clear := func(ctx context.Context, prefix string) error {
		bucket := s.client.Bucket("testbucket")
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
	return []*contender{
		{name: "Millstream, Go API, " + s.name, run: func(ctx context.Context) (measure.Figure, error) {
			if err := clear(ctx, "go/"); err != nil {
				return measure.Figure{}, err
			}
			args := append([]string{"run", "--quiet"}, s.flags()...)
			return measure.Process(ctx, nil, b.binary, append(args, "wordcount", "--input", "s3://input/test.txt", "--output", "s3://testbucket/go")...)
		}},
		{name: "Millstream, SQL, " + s.name, run: func(ctx context.Context) (measure.Figure, error) {
			if err := clear(ctx, "sql/"); err != nil {
				return measure.Figure{}, err
			}
			args := append([]string{"sql", "--quiet", "-D", "execution.runtime-mode=batch"}, s.flags()...)
			for _, st := range countSQL("s3://testbucket/sql") {
				args = append(args, "-e", st)
			}
			return measure.Process(ctx, nil, b.binary, args...)
		}},
	}
}

// tiny measures from the start of the process to the end of a job over three rows.
func (b *bench) tiny(ctx context.Context) error {
	c := &contender{}
	for range *runs {
		f, err := measure.Process(ctx, nil, b.binary, "sql", "--quiet", "-e",
			"SELECT word, COUNT(*) AS n FROM (VALUES ('a'), ('b'), ('a')) AS t(word) GROUP BY word")
		if err != nil {
			return err
		}
		c.all = append(c.all, f)
	}
	fmt.Printf("\nFrom process start to the result of a job over three rows: %s\n",
		median(c.all, func(f measure.Figure) time.Duration { return f.Wall }).Round(100*time.Microsecond))
	return nil
}
