package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/millstream/millstream/test/peers"
)

// besideFlink counts by key with a checkpoint each second, here and on Apache Flink, with the same store, and recovers both.
func besideFlink(ctx context.Context) error {
	minio, err := peers.StartMinIO(ctx)
	if err != nil {
		return err
	}
	defer minio.Close()
	if err := minio.MakeBuckets(ctx, "checkpoints"); err != nil {
		return err
	}
	keys := keysOf(*stateMB / 10)
	fmt.Printf("Beside Apache Flink, %d keys changing at random, MinIO, %d s:\n\n| | rows/s | checkpoints | all of it | uploaded for one | duration | recovery, to the first row |\n|---|---|---|---|---|---|---|\n", keys, *seconds)
	own := &measured{query: queries[0], keys: keys, dir: "s3://checkpoints/millstream", interval: "1 s", s3: &minio.S3}
	if err := ours(ctx, own); err != nil {
		return err
	}
	cluster, err := peers.StartFlink(ctx, peers.FlinkOptions{S3: &minio.S3, Config: map[string]string{
		"execution.checkpointing.interval": "1 s", "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
		"state.backend.type": "hashmap", "metrics.fetcher.update-interval": "100", "pipeline.object-reuse": "true",
	}})
	if err != nil {
		return err
	}
	defer cluster.Close()
	return theirs(ctx, cluster, keys)
}

// ours runs and recovers the job here.
func ours(ctx context.Context, j *measured) error {
	if err := j.start(ctx); err != nil {
		return err
	}
	if err := j.loaded(ctx); err != nil {
		return err
	}
	before, start := j.events.next.Load(), time.Now()
	if err := sleep(ctx, time.Duration(*seconds)*time.Second); err != nil {
		return err
	}
	rate := float64(j.events.next.Load()-before) / time.Since(start).Seconds()
	list := j.list()
	if err := j.stop(); err != nil {
		return err
	}
	var took time.Duration
	var written int64
	for _, c := range list {
		took += c.Timing.Aligning + c.Timing.Frozen + c.Timing.Copying + c.Storing
		written += c.Written
	}
	n := max(len(list), 1)
	again := &measured{query: j.query, keys: j.keys, dir: j.dir, interval: j.interval, s3: j.s3}
	start = time.Now()
	if err := again.start(ctx); err != nil {
		return err
	}
	first := <-again.events.first
	fmt.Printf("| Millstream | %.0f | %d | %.1f MB | %.1f MB | %v | %v |\n", rate, len(list), float64(list[len(list)-1].Bytes)/1e6, float64(written)/float64(n)/1e6,
		(took / time.Duration(n)).Round(time.Millisecond), first.Sub(start).Round(time.Millisecond))
	return again.stop()
}

// flinkJob is what Flink says of a job.
type flinkJob struct {
	Vertices []struct {
		Metrics struct {
			Read int64 `json:"read-records"`
		} `json:"metrics"`
	} `json:"vertices"`
}

// read is how many rows the last vertex has taken in.
func (j *flinkJob) read() int64 {
	if len(j.Vertices) == 0 {
		return 0
	}
	return j.Vertices[len(j.Vertices)-1].Metrics.Read
}

// flinkCheckpoints is what it says of a job's checkpoints.
type flinkCheckpoints struct {
	Counts  struct{ Completed int } `json:"counts"`
	Summary struct {
		Size     struct{ Avg float64 } `json:"state_size"`
		Written  struct{ Avg float64 } `json:"checkpointed_size"`
		Duration struct{ Avg float64 } `json:"end_to_end_duration"`
	} `json:"summary"`
	Latest struct {
		Completed struct {
			Path string `json:"external_path"`
		} `json:"completed"`
	} `json:"latest"`
}

// theirs runs and recovers it on Flink.
func theirs(ctx context.Context, cluster *peers.FlinkCluster, keys int64) error {
	first, err := submit(ctx, cluster, keys, "")
	if err != nil {
		return err
	}
	url := cluster.REST + "/jobs/" + first
	start, warm := time.Now(), time.Duration(*seconds)*time.Second
	enough := func(read int64) bool { return read >= 2*keys && time.Since(start) > warm } // most keys have come, and its code is compiled
	before, start, err := until(ctx, url, enough)
	if err != nil {
		return err
	}
	after, end, err := until(ctx, url, func(int64) bool { return time.Since(start) > time.Duration(*seconds)*time.Second })
	if err != nil {
		return err
	}
	rate := float64(after-before) / end.Sub(start).Seconds()
	var checkpoints flinkCheckpoints
	if err := request(ctx, http.MethodPatch, cluster.REST+"/jobs/"+first+"?mode=cancel", nil); err != nil {
		return err
	}
	if err := sleep(ctx, 2*time.Second); err != nil { // its slots are free again
		return err
	}
	if err := get(ctx, cluster.REST+"/jobs/"+first+"/checkpoints", &checkpoints); err != nil {
		return err
	}
	start = time.Now()
	second, err := submit(ctx, cluster, keys, checkpoints.Latest.Completed.Path)
	if err != nil {
		return err
	}
	_, end, err = until(ctx, cluster.REST+"/jobs/"+second, func(read int64) bool { return read > 0 })
	if err != nil {
		return err
	}
	s := checkpoints.Summary
	fmt.Printf("| Apache Flink 2.3, its processes running | %.0f | %d | %.1f MB | %.1f MB | %v | %v |\n", rate, checkpoints.Counts.Completed, s.Size.Avg/1e6, s.Written.Avg/1e6,
		time.Duration(s.Duration.Avg)*time.Millisecond, end.Sub(start).Round(time.Millisecond))
	return nil
}

// until asks how many rows a job has read until that has changed and done says that it will do, and returns when that was. Flink answers with what it knew
// when it was last asked, and looks again then: an answer after a pause is as old as the pause is long.
func until(ctx context.Context, url string, done func(read int64) bool) (read int64, at time.Time, err error) {
	last := int64(-1)
	for {
		var job flinkJob
		if err := get(ctx, url, &job); err != nil {
			return 0, at, err
		}
		if read = job.read(); read != last && last >= 0 && done(read) {
			return read, time.Now(), nil
		}
		last = read
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return 0, at, err
		}
	}
}

// submit starts the job on Flink, from a checkpoint unless that is empty, and returns its id.
func submit(ctx context.Context, cluster *peers.FlinkCluster, keys int64, from string) (string, error) {
	settings := map[string]string{"execution.runtime-mode": "streaming", "parallelism.default": "2"}
	if from != "" {
		settings["execution.state-recovery.path"] = from
	}
	session, err := peers.OpenSession(ctx, cluster.Gateway, settings)
	if err != nil {
		return "", err
	}
	id := ""
	for _, statement := range []string{
		fmt.Sprintf("CREATE TABLE events (k BIGINT, v BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100000000', 'fields.k.min' = '0', 'fields.k.max' = '%d', "+
			"'fields.v.min' = '0', 'fields.v.max' = '1023')", keys-1),
		"CREATE TABLE results (k BIGINT, n BIGINT, s BIGINT) WITH ('connector' = 'blackhole')",
		"INSERT INTO results " + queries[0].sql,
	} {
		result, err := session.Submit(ctx, statement)
		if err != nil {
			return "", err
		}
		if id = result.JobID; id == "" && len(result.Rows) == 1 && len(result.Rows[0].Fields) == 1 {
			id = fmt.Sprint(result.Rows[0].Fields[0])
		}
	}
	return id, session.Close(ctx)
}

func get(ctx context.Context, url string, into any) error {
	return request(ctx, http.MethodGet, url, into)
}

func request(ctx context.Context, method, url string, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, url, answer.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}
