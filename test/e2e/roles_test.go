//go:build unix

package e2e

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
)

var (
	roleRounds  = flag.Int("roles.rounds", 1, "how often the store under all roles is disturbed in each way")
	roleObjects = flag.Int("roles.objects", 20, "objects of each kind that are uploaded in a round")
)

// roleScript has the object store in all its roles: objects are found by notifications through Kafka (texts), a webhook (requests) and NATS (the log of
// uploads), requests are read by SelectObjectContent, checkpoints and results lie in the store.
const roleScript = `SET 'table.exec.source.idle-timeout' = '200 ms';
CREATE TABLE texts (line STRING) WITH ('connector' = 'filesystem', 'path' = 's3://input/RUN/texts/', 'format' = 'raw', 'source.monitor-interval' = 'EVERY',
  'source.discovery' = 'kafka', 'kafka.bootstrap.servers' = 'KAFKA', 'kafka.topic' = 'TOPIC');
CREATE TABLE requests (id BIGINT, ts TIMESTAMP(3), host STRING, status INT, path STRING, WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH (
  'connector' = 's3-select', 'scan.select' = 'always', 'path' = 's3://input/RUN/requests/', 'format' = 'csv', 'source.monitor-interval' = 'EVERY',
  'source.discovery' = 'webhook', 'webhook.listen' = 'WEBHOOK', 'webhook.path' = 'HOOKPATH', 'webhook.token' = 'TOKEN');
CREATE TABLE uploads (key STRING, size BIGINT) WITH ('connector' = 's3-events', 'path' = 's3://input/RUN/', 'scan.poll-interval' = 'EVERY',
  'scan.existing-objects' = 'true', 'scan.events' = 's3:ObjectCreated:*',
  'scan.mode' = 'nats', 'nats.url' = 'NATS', 'nats.stream' = 'STREAM', 'nats.subject' = 'SUBJECT', 'nats.scan.startup.mode' = 'earliest');
CREATE TABLE words (word STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://testbucket/RUN/words', 'format' = 'debezium-json',
  'sink.visibility' = 'checkpoint');
CREATE TABLE minutes (starts TIMESTAMP(3), host STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://testbucket/RUN/minutes', 'format' = 'csv',
  'sink.visibility' = 'checkpoint');
CREATE TABLE failures (id BIGINT, ts TIMESTAMP(3), status INT, host STRING) PARTITIONED BY (host) WITH ('connector' = 'filesystem',
  'path' = 's3://testbucket/RUN/failures', 'format' = 'parquet', 'sink.partition-commit.policy.kind' = 'success-file');
CREATE TABLE log (key STRING, size BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://testbucket/RUN/log', 'format' = 'csv', 'sink.visibility' = 'checkpoint');
CREATE VIEW failed AS SELECT id, ts, host, status FROM requests WHERE status >= 500;
EXECUTE STATEMENT SET BEGIN
INSERT INTO words SELECT word, COUNT(*) FROM texts, UNNEST(SPLIT(line, ' ')) AS w(word) WHERE word <> '' GROUP BY word;
INSERT INTO minutes SELECT window_start, host, COUNT(*) FROM TABLE(TUMBLE(TABLE failed, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, host;
INSERT INTO failures SELECT id, ts, status, host FROM failed;
INSERT INTO log SELECT key, size FROM uploads;
END;`

// doorway is where requests that complete uploads can be held back.
type doorway struct {
	http.RoundTripper
	door sync.RWMutex
}

func (d *doorway) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost && req.URL.Query().Has("uploadId") {
		d.door.RLock()
		defer d.door.RUnlock()
	}
	return d.RoundTripper.RoundTrip(req)
}

// roleRun is one life of the job.
type roleRun struct {
	name  string
	s     *telling
	near  place // the store itself
	proxy *fault.Proxy
	down  atomic.Bool // the proxy answers 503
	door  doorway
	job   *watched
	head  *running
	dir   string
}

// startRoles starts the job, which reaches the store through a proxy. every is the time between listings.
func startRoles(t *testing.T, s *telling, to targets, name, every string) *roleRun {
	t.Helper()
	r := &roleRun{name: name, s: s, near: storePlace(t, s.store), dir: t.TempDir()}
	var err error
	r.proxy, err = fault.NewProxy(s.store.Endpoint, 1, fault.HTTPRule{Trigger: fault.Trigger{While: r.down.Load}, Status: 503}, fault.HTTPRule{Match: "?select"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.proxy.Close)
	r.door.RoundTripper = r.proxy.Base
	r.proxy.Base = &r.door
	through := *s.store
	through.Endpoint = r.proxy.URL
	script := strings.NewReplacer("RUN", name, "EVERY", every, "KAFKA", to.kafka, "TOPIC", kafkaTopic, "WEBHOOK", to.webhook, "HOOKPATH", webhookPath, "TOKEN", to.token,
		"NATS", to.nats, "STREAM", natsStream, "SUBJECT", natsSubject).Replace(roleScript)
	file := writeFile(t, filepath.Join(r.dir, "roles.sql"), script)
	r.head = &running{checkpoints: "s3://testbucket/" + name + "/checkpoints"}
	cmd := exec.Command(binary, "run", "--config", writeFile(t, filepath.Join(r.dir, "flink-conf.yaml"), guide(&through)),
		"-D", "parallelism.default=2", "-D", "pipeline.name=victim", "-D", "execution.checkpointing.dir="+r.head.checkpoints, "-D", "execution.checkpointing.interval=100ms",
		"-D", "execution.checkpointing.timeout=2s", "-D", "restart-strategy.type=fixed-delay", "-D", "restart-strategy.fixed-delay.attempts=1000",
		"-D", "restart-strategy.fixed-delay.delay=100ms", file)
	cmd.Dir = r.dir
	cmd.Env = []string{"HOME=" + r.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + r.dir}
	r.job = watch(t, cmd)
	return r
}

// put uploads objects, each once, also where an answer is lost.
func (r *roleRun) put(ctx context.Context, store objstore.Store, list ...upload) error {
	for _, u := range list {
		for {
			_, err := store.Put(ctx, r.name+"/"+u.key, []byte(u.text), objstore.Condition{IfAbsent: true})
			if kind := objstore.KindOf(err); err == nil || kind == objstore.PreconditionFailed { // an earlier attempt has written it
				break
			} else if kind != objstore.Unreachable && kind != objstore.TimedOut && kind != objstore.Throttled || ctx.Err() != nil {
				return err
			}
		}
	}
	return nil
}

// until waits until what is visible is enough, and returns it.
func (r *roleRun) until(t *testing.T, what string, enough func(got *results) bool) *results {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		got := r.results(t)
		if enough(got) {
			return got
		}
		select {
		case <-tick.C:
		case <-r.job.done:
			t.Fatalf("the job ended without %s: %s", what, r.job.text())
		case <-ctx.Done():
			t.Fatalf("%s did not appear: there are %d words, %d minutes, %d failures and %d uploads; %s", what, total(got.Words), len(got.Minutes), len(got.Failures), len(got.Log),
				r.job.text())
		}
	}
}

func total(words map[string]int) (n int) {
	for _, k := range words {
		n += k
	}
	return n
}

// finish puts rounds of objects, disturbs the store meanwhile, waits until everything was written and ends the job.
func (r *roleRun) finish(t *testing.T, rounds int, disturb func(round int)) (got, want *results) {
	t.Helper()
	store, _ := r.near.open(t, "s3://input")
	random, want := rand.New(rand.NewPCG(7, 0)), &results{Words: map[string]int{}}
	put := func(list ...upload) {
		t.Helper()
		if err := r.put(t.Context(), store, list...); err != nil {
			t.Fatal(err)
		}
	}
	put(roleInput(random, 0, 2, want)...)
	read := func(got *results) bool {
		return maps.Equal(got.Words, want.Words) && len(got.Failures) >= len(want.Failures) && len(got.Log) >= len(want.Log)
	}
	r.until(t, "what was there at the start", read)
	for round := range rounds {
		list := roleInput(random, round+1, *roleObjects, want)
		done := make(chan error, 1)
		go func() { done <- r.put(t.Context(), store, list...) }()
		disturb(round)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	r.until(t, "what was uploaded", read)
	put(closing)
	want.counted()
	last := r.until(t, "the windows", func(got *results) bool { return len(got.Minutes) >= len(want.Minutes) && len(got.Log) > len(want.Log) })
	want.Log = append(want.Log, fmt.Sprintf("%s,%d", closing.key, len(closing.text)))
	slices.Sort(want.Log)
	at := r.near.untilCheckpoint(t, r.job, r.head, 0)
	r.near.untilCheckpoint(t, r.job, r.head, at+1) // what came twice would be visible now
	if got = r.results(t); !cmp.Equal(last, got) {
		t.Errorf("rows came after the last one (-before +after):\n%.2000s", cmp.Diff(last, got))
	}
	store, _ = r.near.open(t, "s3://testbucket")
	for _, host := range []string{"h 0", "h 1", "h 2", "h 3"} {
		if _, err := store.Head(t.Context(), r.name+"/failures/host="+host+"/_SUCCESS"); err != nil {
			t.Error(err)
		}
	}
	if err := r.job.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r.job.end(t)
	return got, want
}

// count counts what the proxy did by a rule.
func (r *roleRun) count(rule int) (n int) {
	for _, e := range r.proxy.Events() {
		if e.Rule == rule {
			n++
		}
	}
	return n
}

// restart restarts the store, if it is careless while no upload is being completed.
func (r *roleRun) restart() {
	if r.s.careless {
		r.door.door.Lock()
		defer r.door.door.Unlock()
	}
	r.s.restart()
}

// untilFaults waits until so many requests more were answered by 503.
func (r *roleRun) untilFaults(t *testing.T, more int) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for end := r.count(0) + more; r.count(0) < end; {
		select {
		case <-tick.C:
		case <-r.job.done:
			t.Fatalf("the job ended while the store answered 503: %s", r.job.text())
		case <-limit:
			t.Fatalf("the store was asked %d times only", r.count(0)-end+more)
		}
	}
}

// A store in all its roles at once that is restarted, paused and answers 503 for a while ends up with what it has after an undisturbed run, in which
// nothing but notifications can have told of most objects.
func TestAllRoles(t *testing.T) {
	for name, start := range map[string]func(*testing.T, targets) *telling{"MinIO": tellingMinIO, "embedded store": tellingStore} {
		t.Run(name, func(t *testing.T) {
			to := startTargets(t)
			s := start(t, to)
			calm := startRoles(t, s, to, "calm", "1 h")
			undisturbed, want := calm.finish(t, *roleRounds, func(int) {})
			if diff := cmp.Diff(want, undisturbed); diff != "" {
				t.Fatalf("the undisturbed run (-want +got):\n%.3000s", diff)
			}
			wild := startRoles(t, s, to, "wild", "1 s")
			random := rand.New(rand.NewPCG(*killSeed, 1))
			got, _ := wild.finish(t, *roleRounds, func(int) {
				for _, way := range random.Perm(3) {
					last := wild.near.untilCheckpoint(t, wild.job, wild.head, 0)
					switch way {
					case 0:
						wild.restart()
					case 1:
						s.pause(t, func() { wild.job.again(t, "; the job goes on") })
					case 2:
						wild.down.Store(true)
						wild.untilFaults(t, 20)
						wild.down.Store(false)
					}
					wild.near.untilCheckpoint(t, wild.job, wild.head, last)
				}
			})
			if diff := cmp.Diff(undisturbed, got); diff != "" {
				t.Errorf("the disturbed run (-undisturbed +got):\n%.3000s\n%s", diff, wild.job.text())
			}
			if calm.count(1) == 0 || wild.count(1) == 0 {
				t.Error("the store was not asked by queries")
			}
			if n := wild.count(0); n < 20**roleRounds {
				t.Errorf("%d requests were answered by 503", n)
			}
		})
	}
}
