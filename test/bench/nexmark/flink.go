package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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

func flinkRun(ctx context.Context, cluster *peers.FlinkCluster, q string, mini bool, variables map[string]string) (f measure.Figure, err error) {
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	session, err := cluster.Session(ctx, map[string]string{
		"execution.runtime-mode": "streaming", "parallelism.default": "2", "table.dml-sync": "true", "table.local-time-zone": "UTC",
		"pipeline.object-reuse": "true", "table.exec.mini-batch.enabled": strconv.FormatBool(mini), "table.exec.mini-batch.allow-latency": "2 s",
		"table.exec.mini-batch.size": "50000", "table.optimizer.distinct-agg.split.enabled": strconv.FormatBool(mini),
	})
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
			// In Flink no file can be looked up: q13 becomes an ordinary join there.
			result, err := session.Submit(ctx, strings.ReplaceAll(text, " FOR SYSTEM_TIME AS OF b.p_time", ""))
			if err != nil {
				return f, fmt.Errorf("%s: %w", name, err)
			}
			f.Wall = max(f.Wall, result.Job)
		}
	}
	f.Memory, err = cluster.PeakMemory()
	return f, err
}
