package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
	"github.com/millstream/millstream/test/peers"
)

// addFlink runs the same scripts on Apache Flink over the same files.
func addFlink(ctx context.Context, t *table, list []string, dir string) error {
	cluster, err := peers.StartFlink(ctx, peers.FlinkOptions{Memory: "8g"})
	if err != nil {
		return err
	}
	defer cluster.Close()
	output, err := os.MkdirTemp("", "millstream-nexmark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(output) //nolint:errcheck // a temporary folder
	side := filepath.Join(output, "side_input.txt")
	if err := writeSide(side); err != nil {
		return err
	}
	for _, mode := range []string{"off", "on"} {
		if *miniBatch != mode && *miniBatch != "both" {
			continue
		}
		t.add("Flink, mini-batch "+mode, list, func(q string) (measure.Figure, bool, error) {
			variables := map[string]string{"path": "file://" + dir, "format": "parquet", "output": "file://" + filepath.Join(output, mode), "side_input": "file://" + side}
			f, err := flinkRun(ctx, cluster, q, mode == "on", variables)
			return f, true, err
		})
	}
	return nil
}

// flinkRun runs a query until its end or -flink-limit. A time is the job's own.
func flinkRun(ctx context.Context, cluster *peers.FlinkCluster, q string, mini bool, variables map[string]string) (f measure.Figure, err error) {
	settings := flinkSettings(mini)
	if *checkpoints > 0 { // to the cluster's local directory
		settings["execution.checkpointing.interval"] = checkpoints.String()
	}
	session, err := cluster.Session(ctx, settings)
	if err != nil {
		return f, err
	}
	defer session.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the figures are there
	for _, name := range []string{"source_files", "views", q} {
		texts, err := statements(name, variables)
		if err != nil {
			return f, err
		}
		for _, text := range texts {
			result, err := session.SubmitWithin(ctx, *flinkLimit, forFlink(text))
			if errors.Is(err, context.DeadlineExceeded) && result != nil && ctx.Err() == nil {
				f, err = stopped(ctx, cluster, result.JobID)
				if err != nil {
					return f, fmt.Errorf("%s: %w", name, err)
				}
				continue
			}
			if err != nil {
				return f, fmt.Errorf("%s: %w", name, err)
			}
			f.Wall = max(f.Wall, result.Job)
		}
	}
	f.Memory, err = cluster.PeakMemory()
	return f, err
}

// flinkSettings are those of all queries.
func flinkSettings(mini bool) map[string]string {
	return map[string]string{
		"execution.runtime-mode": "streaming", "parallelism.default": "2", "table.local-time-zone": "UTC",
		"pipeline.object-reuse": "true", "table.exec.mini-batch.enabled": strconv.FormatBool(mini), "table.exec.mini-batch.allow-latency": "2 s",
		"table.exec.mini-batch.size": "50000", "table.optimizer.distinct-agg.split.enabled": strconv.FormatBool(mini),
	}
}

// forFlink is a statement as Flink can run it: no file can be looked up there, so q13 becomes an ordinary join.
func forFlink(text string) string {
	return strings.ReplaceAll(text, " FOR SYSTEM_TIME AS OF b.p_time", "")
}

// stopped ends a job that takes too long, and says how much it did.
func stopped(ctx context.Context, cluster *peers.FlinkCluster, job string) (f measure.Figure, err error) {
	rows, failed := cluster.Read(ctx, job)
	if f.Wall, err = cluster.Elapsed(ctx, job); err != nil {
		return f, err
	}
	if err := cluster.Cancel(ctx, job); err != nil {
		return f, err
	}
	if failed != nil {
		return f, fmt.Errorf("stopped after %s: %w", f.Wall.Round(time.Second), failed)
	}
	if rows == 0 {
		return f, fmt.Errorf("stopped after %s without having read anything", f.Wall.Round(time.Second))
	}
	f.Part = float64(rows) / float64(*events)
	return f, nil
}
