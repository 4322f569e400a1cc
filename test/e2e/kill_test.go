//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state/snapshot"
	"github.com/millstream/millstream/test/peers"
)

var (
	kills    = flag.Int("kills", 2, "how often each job is killed on each store")
	killSeed = flag.Uint64("kills.seed", uint64(time.Now().UnixNano()), "seed of the moments, which do not repeat exactly even so")
)

// victim is a job that is killed. IN and, also with a path behind it, OUT are replaced by URLs.
type victim struct {
	name, script string
	parallelism  int // 0: another one each time
}

const events = "CREATE TABLE events (event_type INT, auction ROW<id BIGINT, category BIGINT>, bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3)>,\n" +
	"  ts AS bid.`dateTime`, WATERMARK FOR ts AS ts - INTERVAL '4' SECOND) WITH ('connector' = 'nexmark', 'events.num' = '%d', 'person.proportion' = '0', 'auction.proportion' = '%d');\n"

var victims = []victim{
	{name: "word count", script: `SET 'execution.runtime-mode' = 'batch';
CREATE TABLE text (line STRING) WITH ('connector' = 'filesystem', 'path' = 'IN', 'format' = 'raw');
CREATE TABLE results (word STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'OUT', 'format' = 'csv');
INSERT INTO results SELECT word, COUNT(*) FROM text, UNNEST(SPLIT(line, ' ')) AS w(word) WHERE word <> '' GROUP BY word;`},
	// Of splits that are read one after the other, which another parallelism brings about, the second is late.
	{name: "windows", parallelism: 2, script: fmt.Sprintf(events, 1_500_000, 0) +
		`CREATE TABLE results (auction BIGINT, ends TIMESTAMP(3), n BIGINT, m BIGINT) WITH ('connector' = 'filesystem', 'path' = 'OUT', 'format' = 'csv');
INSERT INTO results SELECT bid.auction, window_end, COUNT(*), MAX(bid.price) FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND))
GROUP BY bid.auction, window_start, window_end;`},
	{name: "join", script: fmt.Sprintf(events, 300_000, 3) +
		`CREATE TABLE results (auction BIGINT, category BIGINT, bidder BIGINT, price BIGINT, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'OUT', 'format' = 'csv');
INSERT INTO results SELECT a.auction.id, a.auction.category, b.bid.bidder, b.bid.price, b.bid.` + "`dateTime`" + `
FROM (SELECT * FROM events WHERE event_type = 1) a JOIN (SELECT * FROM events WHERE event_type = 2) b ON a.auction.id = b.bid.auction;`},
}

// Jobs that are killed at any moment and run again, each time from another directory, with nothing but the store, write what an undisturbed job writes, and
// leave no upload and no object of a checkpoint behind.
func TestKilled(t *testing.T) {
	text, _ := makeText()
	for _, on := range []struct {
		name string
		make func(*testing.T) place
	}{{"MinIO", minIO}, {"embedded store", embedded}} {
		t.Run(on.name, func(t *testing.T) {
			p := on.make(t)
			for i := range 6 {
				p.put(t, fmt.Sprintf("%s/text/%d.txt", p.input, i), text)
			}
			for _, v := range victims {
				t.Run(v.name, func(t *testing.T) {
					random := rand.New(rand.NewPCG(*killSeed, 0))
					t.Logf("seed %d", *killSeed)
					began := time.Now()
					r := p.run(t, v, "calm", 0, 0, random)
					long, calm := time.Since(began), p.rows(t, r.output)
					if len(calm) == 0 {
						t.Fatal("the job writes nothing")
					}
					var sum running
					for round := 0; sum.killed < *kills && round < 10+5**kills; round++ {
						began := time.Now()
						r := p.run(t, v, fmt.Sprint("wild-", round), *kills-sum.killed, long, random)
						sum.killed, sum.resumed = sum.killed+r.killed, sum.resumed+r.resumed
						if r.lost { // nothing can be right then: the job has said so rather than go on
							if sum.lostTimes++; sum.lostTimes > 1+*kills/20 {
								t.Fatalf("the store has lost parts %d times while the job was killed %d times", sum.lostTimes, sum.killed)
							}
							p.discardUploads(t)
							continue
						}
						if r.killed == 0 { // the machine has become faster
							long = min(long, time.Since(began))
						}
						if wild := p.rows(t, r.output); !slices.Equal(calm, wild) {
							t.Fatalf("%d rows of a job that was killed %d times and went on %d times differ from the %d of one that was not:\n%.2000s",
								len(wild), r.killed, r.resumed, len(calm), cmp.Diff(calm, wild))
						}
						p.checkClean(t)
						p.checkEnded(t, r)
					}
					if sum.killed < *kills {
						t.Errorf("killed only %d times", sum.killed)
					}
					t.Logf("killed %d times, went on from a checkpoint %d times, and %d times the store had lost parts", sum.killed, sum.resumed, sum.lostTimes)
				})
			}
		})
	}
}

// running is a job's life in several processes.
type running struct {
	output, checkpoints string
	killed, resumed     int
	// lost says that the store no longer has parts of an upload that it had confirmed: MinIO deletes their descriptions before it moves them, and stops in
	// between when its client goes away.
	lost      bool
	lostTimes int
}

// process is one of them, started in a directory of its own, without anything of the user's or of the others'.
func (p place) process(t *testing.T, v victim, name string, random *rand.Rand, settings ...string) (*exec.Cmd, *running) {
	t.Helper()
	cmd, r, _ := p.processOf(t, v, name, random, settings...)
	return cmd, r
}

// processOf is process, and tells the parallelism too.
func (p place) processOf(t *testing.T, v victim, name string, random *rand.Rand, settings ...string) (cmd *exec.Cmd, r *running, parallelism int) {
	t.Helper()
	base := p.output + "/" + strings.ReplaceAll(v.name+" "+name, " ", "-")
	r = &running{output: base + "/out", checkpoints: base + "/checkpoints"}
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "job.sql"), strings.NewReplacer("'IN'", "'"+p.input+"/text/'", "'OUT", "'"+r.output).Replace(v.script))
	parallelism = v.parallelism
	if parallelism == 0 {
		parallelism = 1 + random.IntN(4)
	}
	args := []string{"run", "--config", p.config, "-D", "execution.checkpointing.interval=10ms", "-D", "execution.checkpointing.dir=" + r.checkpoints,
		"-D", "pipeline.name=victim", "-D", fmt.Sprint("parallelism.default=", parallelism)}
	for _, s := range settings {
		args = append(args, "-D", s)
	}
	cmd = exec.Command(binary, append(args, file)...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}
	return cmd, r, parallelism
}

// run runs a job until it has ended, in processes of which so many are killed. long is how long it takes undisturbed.
func (p place) run(t *testing.T, v victim, name string, kills int, long time.Duration, random *rand.Rand) *running {
	t.Helper()
	var sum running
	for {
		cmd, r := p.process(t, v, name, random)
		sum.output, sum.checkpoints = r.output, r.checkpoints
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		after := time.Minute
		if sum.killed < kills {
			after = time.Duration(random.Int64N(int64(long) * 5 / 4))
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // the exit code tells
		timer.Stop()
		if strings.Contains(stderr.String(), "goes on from") {
			sum.resumed++
		}
		switch code := cmd.ProcessState.ExitCode(); {
		case code < 0 && sum.killed < kills:
			sum.killed++
			if p.ended(t, &sum) { // before its process did: run again, it would be run anew
				return &sum
			}
		case code != 0 && p.store != nil && strings.Contains(stderr.String(), "InvalidPart"):
			t.Logf("MinIO has lost parts: %s", stderr.String())
			sum.lost = true
			return &sum
		case code != 0:
			t.Fatalf("exit code %d: %s", code, stderr.String())
		default:
			return &sum
		}
	}
}

// ended reports whether the job has ended.
func (p place) ended(t *testing.T, r *running) bool {
	t.Helper()
	head, err := p.head(t, r)
	return err == nil && head.State == snapshot.Ended
}

func (p place) head(t *testing.T, r *running) (*snapshot.Head, error) {
	t.Helper()
	store, key := p.open(t, r.checkpoints)
	d := snapshot.Dir{Store: store, Prefix: key + "/victim/"}
	head, _, err := d.ReadHead(t.Context())
	return head, err
}

// rows returns the lines of all objects below a URL, sorted. There is nothing else but parts.
func (p place) rows(t *testing.T, url string) (rows []string) {
	t.Helper()
	store, prefix := p.open(t, url)
	for info, err := range store.List(t.Context(), prefix+"/", objstore.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if name := info.Key[strings.LastIndexByte(info.Key, '/')+1:]; !strings.HasPrefix(name, "part-") || strings.Contains(name, "inprogress") {
			t.Errorf("%s is no part", info.Key)
		}
		body, _, err := store.Get(t.Context(), info.Key, objstore.All)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(body)
		body.Close()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")...)
	}
	slices.Sort(rows)
	return rows
}

// checkEnded checks that the job has ended by what its head says.
func (p place) checkEnded(t *testing.T, r *running) {
	t.Helper()
	if !p.ended(t, r) {
		t.Error("the job has not ended")
	}
}

// watched is a process of which a test waits for what it says.
type watched struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	said strings.Builder
	news chan struct{} // has a value once there is more
	done chan struct{}
}

func watch(t *testing.T, cmd *exec.Cmd) *watched {
	t.Helper()
	w := &watched{cmd: cmd, news: make(chan struct{}, 1), done: make(chan struct{})}
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-w.done })
	go func() {
		defer close(w.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			w.mu.Lock()
			fmt.Fprintln(&w.said, lines.Text())
			w.mu.Unlock()
			select {
			case w.news <- struct{}{}:
			default:
			}
		}
		_ = cmd.Wait() // the exit code tells
	}()
	return w
}

func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

// until waits until the process has said something.
func (w *watched) until(t *testing.T, part string) {
	t.Helper()
	w.untilSaid(t, part, 1)
}

// again waits until the process says something once more.
func (w *watched) again(t *testing.T, part string) {
	t.Helper()
	w.untilSaid(t, part, strings.Count(w.text(), part)+1)
}

func (w *watched) untilSaid(t *testing.T, part string, times int) {
	t.Helper()
	for limit := time.After(time.Minute); strings.Count(w.text(), part) < times; {
		select {
		case <-w.news:
		case <-w.done:
			if strings.Count(w.text(), part) < times {
				t.Fatalf("the program ended without %q: %s", part, w.text())
			}
		case <-limit:
			t.Fatalf("after a minute the program has not said %q: %s", part, w.text())
		}
	}
}

// end waits for the end of the process and returns its exit code.
func (w *watched) end(t *testing.T) int {
	t.Helper()
	select {
	case <-w.done:
	case <-time.After(time.Minute):
		t.Fatalf("after a minute the program has not ended: %s", w.text())
	}
	return w.cmd.ProcessState.ExitCode()
}

// slow takes some seconds, whatever the machine.
var slow = victim{name: "slow", parallelism: 1, script: `CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '1', 'fields.n.end' = '4000');
CREATE TABLE results (n BIGINT, twice BIGINT) WITH ('connector' = 'filesystem', 'path' = 'OUT', 'format' = 'csv');
INSERT INTO results SELECT n, n * 2 FROM numbers;`}

func (p place) checkSlow(t *testing.T, r *running) {
	t.Helper()
	var want []string
	for n := range 4000 {
		want = append(want, fmt.Sprintf("%d,%d", n+1, 2*n+2))
	}
	slices.Sort(want)
	if got := p.rows(t, r.output); !slices.Equal(got, want) {
		t.Errorf("%d rows, which differ from the %d that should be there", len(got), len(want))
	}
	p.checkClean(t)
}

// untilCheckpoint waits until the job's head names a checkpoint behind the one given, and returns it.
func (p place) untilCheckpoint(t *testing.T, w *watched, r *running, behind int64) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if head, err := p.head(t, r); err == nil && len(head.Retained) > 0 {
			if last := head.Retained[len(head.Retained)-1].ID; last > behind {
				return last
			}
		}
		select {
		case <-tick.C:
		case <-w.done:
			t.Fatalf("the job ended before there was a checkpoint: %s", w.text())
		case <-ctx.Done():
			t.Fatalf("there is no checkpoint: %s", w.text())
		}
	}
}

// Of two processes for one job the second goes on with it, and the first ends and can commit nothing.
func TestFenced(t *testing.T) {
	for name, make := range map[string]func(*testing.T) place{"MinIO": minIO, "embedded store": embedded} {
		t.Run(name, func(t *testing.T) {
			p, random := make(t), rand.New(rand.NewPCG(1, 0))
			cmd, r := p.process(t, slow, "fenced", random)
			first := watch(t, cmd)
			p.untilCheckpoint(t, first, r, 0)
			cmd, _ = p.process(t, slow, "fenced", random)
			second := watch(t, cmd)
			second.until(t, "goes on from checkpoint")
			if code := first.end(t); code != 1 || !strings.Contains(first.text(), "another process has taken over the job") {
				t.Errorf("the first process ended with %d: %s", code, first.text())
			}
			if code := second.end(t); code != 0 {
				t.Errorf("the second process ended with %d: %s", code, second.text())
			}
			p.checkSlow(t, r)
		})
	}
}

// storeProcess runs the embedded store as a program of its own, at an address that stays.
func storeProcess(t *testing.T, dir, address string, flags ...string) *watched {
	t.Helper()
	args := []string{"store", "--dir", dir, "--listen", address, "--access-key", "key", "--secret-key", "secret-of-the-test"}
	cmd := exec.Command(binary, append(args, flags...)...)
	cmd.Dir = t.TempDir()
	w := watch(t, cmd)
	w.until(t, "S3 store at ")
	return w
}

// aStore starts a store of its own process.
func aStore(t *testing.T) (p place, w *watched, dir, address string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "store")
	w = storeProcess(t, dir, "127.0.0.1:0")
	_, rest, _ := strings.Cut(w.text(), "S3 store at ")
	endpoint, _, _ := strings.Cut(rest, "\n")
	return storePlace(t, &peers.S3{Endpoint: endpoint, AccessKey: "key", SecretKey: "secret-of-the-test", Region: "us-east-1"}), w, dir,
		strings.TrimPrefix(endpoint, "http://")
}

// While the store does not answer, the job goes on and says so; when it answers again, checkpoints succeed again.
func TestStoreStopped(t *testing.T) {
	p, store, _, _ := aStore(t)
	cmd, r := p.process(t, slow, "stopped", rand.New(rand.NewPCG(1, 0)), "execution.checkpointing.timeout=300ms")
	job := watch(t, cmd)
	p.untilCheckpoint(t, job, r, 0)
	if err := store.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	job.until(t, "; the job goes on")
	if err := store.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	job.until(t, "checkpoints succeed again")
	if code := job.end(t); code != 0 {
		t.Errorf("exit code %d: %s", code, job.text())
	}
	p.checkSlow(t, r)
}

// A store that is killed and started again over the same folder has all that it had confirmed, and the job goes on.
func TestStoreKilled(t *testing.T) {
	p, store, dir, address := aStore(t)
	random := rand.New(rand.NewPCG(1, 0))
	cmd, r := p.process(t, slow, "store-killed", random)
	job := watch(t, cmd)
	last := int64(0)
	for range 3 {
		last = p.untilCheckpoint(t, job, r, last)
		if err := store.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-store.done
		store = storeProcess(t, dir, address)
	}
	if code := job.end(t); code != 0 {
		cmd, _ := p.process(t, slow, "store-killed", random)
		if again := watch(t, cmd); again.end(t) != 0 {
			t.Fatalf("not even the second process ended well: %s", again.text())
		}
	}
	p.checkSlow(t, r)
}
