package main

import (
	"context"
	"fmt"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
	"github.com/millstream/millstream/test/peers"
)

// flink runs the same SQL on Apache Flink, over MinIO, in batch and, into a blackhole since files take no updates, in streaming mode.
func (b *bench) flink(ctx context.Context, s *store) ([]*contender, error) {
	cluster, err := peers.StartFlink(ctx, peers.FlinkOptions{S3: &peers.S3{
		Endpoint: s.access.Endpoint, AccessKey: s.access.AccessKey, SecretKey: s.access.SecretKey, Region: s.access.Region,
	}})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, cluster.Close)
	var all []*contender
	for _, mode := range []string{"batch", "streaming"} {
		c := &contender{name: "Apache Flink 2.3, SQL, " + mode + ", MinIO"}
		session, err := cluster.Session(ctx, map[string]string{
			"execution.runtime-mode": mode, "parallelism.default": "2", "table.dml-sync": "true",
		})
		if err != nil {
			return nil, err
		}
		var job time.Duration
		for i, st := range countSQL("s3://testbucket/flink") {
			if i == 1 && mode == "streaming" {
				st = "CREATE TABLE counts (word STRING, number BIGINT) WITH ('connector' = 'blackhole')"
			}
			result, err := session.Submit(ctx, st)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			job = max(job, result.Job)
		}
		memory, err := cluster.PeakMemory()
		if err != nil {
			return nil, err
		}
		c.all = []measure.Figure{{Wall: job, Memory: memory}}
		all = append(all, c)
		if err := session.Close(ctx); err != nil {
			return nil, err
		}
	}
	return all, nil
}
