package main

import (
	"context"
	"fmt"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
	"github.com/millstream/millstream/test/peers"
)

// addFlink runs the same SQL on Apache Flink, on one store. A time is the job's own: the cluster runs already.
func addFlink(ctx context.Context, s *store, all []*comparison) error {
	cluster, err := peers.StartFlink(ctx, peers.FlinkOptions{S3: &peers.S3{
		Endpoint: s.access.Endpoint, AccessKey: s.access.AccessKey, SecretKey: s.access.SecretKey, Region: s.access.Region,
	}})
	if err != nil {
		return err
	}
	defer cluster.Close()
	for _, c := range all {
		if c.store != s {
			continue
		}
		prefix := "flink-" + c.format
		session, err := cluster.Session(ctx, map[string]string{
			"execution.runtime-mode": "streaming", "parallelism.default": "2", "pipeline.object-reuse": "true", "table.dml-sync": "true",
			"table.local-time-zone": "UTC", "execution.checkpointing.interval": checkpoints.String(),
		})
		if err != nil {
			return err
		}
		var job time.Duration
		for _, text := range statements(c.format, "s3://output/"+prefix) {
			result, err := session.SubmitWithin(ctx, time.Hour, text)
			if err != nil {
				return fmt.Errorf("Apache Flink, %s: %w", c.format, err)
			}
			job = max(job, result.Job)
		}
		if err := session.Close(ctx); err != nil {
			return err
		}
		memory, err := cluster.PeakMemory()
		if err != nil {
			return err
		}
		if err := c.check(ctx, "Apache Flink", prefix+"/"); err != nil {
			return err
		}
		c.contenders = append(c.contenders, &contender{name: "Apache Flink 2.3, SQL", prefix: prefix, all: []measure.Figure{{Wall: job, Memory: memory}}})
	}
	return nil
}
