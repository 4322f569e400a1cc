//go:build unix

package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
)

const (
	partRows   = 100_000
	partsEvery = 50 * time.Millisecond // from checkpoint to checkpoint
	partsSize  = 6 << 20               // of a file of CSV, so that parts of uploads and what is too short for one are there
)

// parts writes the same rows to files of CSV, which stay open across checkpoints, and to files of Parquet, which end with each and are merged.
var parts = victim{name: "parts", script: fmt.Sprintf(`CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '40000', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '1', 'fields.n.end' = '%d');
CREATE TABLE texts (n BIGINT, text STRING) WITH ('connector' = 'filesystem', 'path' = 'OUT/csv', 'format' = 'csv', 'sink.rolling-policy.file-size' = '%d b');
CREATE TABLE merged (n BIGINT, text STRING) WITH ('connector' = 'filesystem', 'path' = 'OUT/parquet', 'format' = 'parquet', 'auto-compaction' = 'true');
CREATE VIEW wide AS SELECT n, RPAD(CAST(n AS STRING), 150, 'x') FROM numbers;
EXECUTE STATEMENT SET BEGIN
INSERT INTO texts SELECT * FROM wide;
INSERT INTO merged SELECT * FROM wide;
END;`, partRows, partsSize)}

// onlooker lists a directory all the time, as readers do that know nothing of the job, and remembers what it has seen.
type onlooker struct {
	stop     context.CancelFunc
	done     chan error
	listings int
	seen     map[string]objstore.Info // visible objects
}

func (p place) onlook(t *testing.T, url string) *onlooker {
	t.Helper()
	store, prefix := p.open(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	o := &onlooker{stop: cancel, done: make(chan error, 1), seen: map[string]objstore.Info{}}
	go func() {
		defer close(o.done)
		pause := time.NewTicker(5 * time.Millisecond)
		defer pause.Stop()
		for ctx.Err() == nil {
			if err := o.look(ctx, store, prefix+"/"); err != nil && ctx.Err() == nil {
				o.done <- err
				return
			}
			<-pause.C
		}
	}()
	t.Cleanup(cancel)
	return o
}

// look compares one listing with those before.
func (o *onlooker) look(ctx context.Context, store objstore.Store, prefix string) error {
	now := map[string]objstore.Info{}
	for info, err := range store.List(ctx, prefix, objstore.ListOptions{}) {
		if err != nil {
			return err
		}
		if !hidden(strings.TrimPrefix(info.Key, prefix)) {
			now[info.Key] = info
		}
	}
	for key, before := range o.seen {
		info, there := now[key]
		if !there {
			return fmt.Errorf("%s was there, and is not any more", key)
		}
		if info.ETag != before.ETag || info.Size != before.Size || !info.ModTime.Equal(before.ModTime) {
			return fmt.Errorf("%s was %+v, and is %+v now", key, before, info)
		}
	}
	o.seen, o.listings = now, o.listings+1
	return nil
}

func (o *onlooker) end(t *testing.T) {
	t.Helper()
	o.stop()
	if err := <-o.done; err != nil {
		t.Error(err)
	}
}

// checkParts checks that the rows are there, each once, in few files, and nothing else.
func (p place) checkParts(t *testing.T, r *running, writers, checkpoints int) {
	t.Helper()
	store, prefix := p.open(t, r.output)
	have := make([]bool, partRows+1)
	count := map[string]int{}
	var rows, bytes int64
	for info, err := range store.List(t.Context(), prefix+"/", objstore.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		dir, name, _ := strings.Cut(strings.TrimPrefix(info.Key, prefix+"/"), "/")
		count[dir]++
		if begins := map[string]string{"csv": "part-", "parquet": "compacted-part-"}[dir]; begins == "" || !strings.HasPrefix(name, begins) {
			t.Errorf("%s was left", info.Key)
		}
		if dir != "csv" {
			continue
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
		bytes += int64(len(data))
		for line := range strings.Lines(string(data)) {
			var n int
			if _, err := fmt.Sscanf(line, "%d,", &n); err != nil || n < 1 || n > partRows || line != fmt.Sprintf("%d,\"%s\"\n", n, fmt.Sprint(n)+strings.Repeat("x", 150-len(fmt.Sprint(n)))) {
				t.Fatalf("%s has the line %q", info.Key, line)
			}
			if have[n] {
				t.Fatalf("row %d is there twice", n)
			}
			have[n] = true
			rows++
		}
	}
	if rows != partRows {
		t.Errorf("there are %d rows of CSV, want %d", rows, partRows)
	}
	got := p.query(t, []string{"-D", "execution.runtime-mode=batch"}, "CREATE TABLE merged (n BIGINT, text STRING) WITH ('connector' = 'filesystem', 'path' = '"+r.output+"/parquet', 'format' = 'parquet');"+
		"SELECT COUNT(*) AS n, COUNT(DISTINCT n) AS d, MIN(n) AS lo, MAX(n) AS hi, COUNT(*) FILTER (WHERE text = RPAD(CAST(n AS STRING), 150, 'x')) AS ok FROM merged")
	if want := fmt.Sprintf("map[d:%[1]d hi:%[1]d lo:1 n:%[1]d ok:%[1]d]", partRows); len(got) != 1 || strings.ReplaceAll(fmt.Sprint(got[0]), "1e+05", fmt.Sprint(partRows)) != want {
		t.Errorf("of the rows of Parquet there are %v, want %s", got, want)
	}
	// A writer ends its file where that is full, and each that was there in a run may have one more that is not; a commit makes one file of its checkpoint's.
	if most := int(bytes/partsSize) + writers; count["csv"] == 0 || count["csv"] > most {
		t.Errorf("there are %d files of CSV, want at most %d", count["csv"], most)
	}
	if count["parquet"] == 0 || count["parquet"] > checkpoints {
		t.Errorf("at most %d checkpoints made %d files of Parquet", checkpoints, count["parquet"])
	}
	t.Logf("at most %d checkpoints, %v files", checkpoints, count)
}

// A job whose part files stay open across checkpoints, and are merged, is killed at any moment: each row is there once, in few files, and whoever lists the output
// meanwhile never sees a file that changes or vanishes.
func TestPartsKilled(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		random := rand.New(rand.NewPCG(*killSeed, 2))
		t.Logf("seed %d", *killSeed)
		var reader *onlooker
		last, runs, killed, resumed, open, writers, began := int64(0), 0, 0, 0, 0, 0, time.Now()
		for {
			cmd, r, parallelism := p.processOf(t, parts, "killed", random, fmt.Sprint("execution.checkpointing.interval=", partsEvery))
			if reader == nil {
				reader = p.onlook(t, r.output)
			}
			writers, runs = writers+parallelism, runs+1
			job := watch(t, cmd)
			if killed < *kills+1 {
				last = p.untilCheckpoint(t, job, r, last)
				select {
				case <-time.After(100*time.Millisecond + time.Duration(random.Int64N(int64(300*time.Millisecond)))):
					_ = cmd.Process.Kill() // it may have ended
					<-job.done
				case <-job.done: // a slow machine has kept the test waiting
				}
			}
			code := job.end(t)
			if strings.Contains(job.text(), "goes on from") {
				resumed++
			}
			if code < 0 {
				killed++
				open += p.uploads(t)
				if !p.ended(t, r) {
					continue
				}
			} else if code != 0 {
				t.Fatalf("exit code %d: %s", code, job.text())
			}
			reader.end(t)
			p.checkParts(t, r, writers, int(time.Since(began)/partsEvery)+runs)
			p.checkClean(t)
			p.checkEnded(t, r)
			break
		}
		if killed == 0 || resumed == 0 || open == 0 {
			t.Errorf("killed %d times, with %d uploads open; resumed: %d", killed, open, resumed)
		}
		t.Logf("killed %d times, went on from a checkpoint %d times; %d listings", killed, resumed, reader.listings)
		if reader.listings < 20 {
			t.Errorf("the output was listed %d times", reader.listings)
		}
	})
}

// uploads counts the uploads that are not complete.
func (p place) uploads(t *testing.T) (n int) {
	t.Helper()
	client, err := p.store.Client()
	if err != nil {
		t.Fatal(err)
	}
	for upload := range client.ListIncompleteUploads(t.Context(), "testbucket", "", true) {
		if upload.Err != nil {
			t.Fatal(upload.Err)
		}
		n++
	}
	return n
}
