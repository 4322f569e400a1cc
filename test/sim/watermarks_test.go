package sim

import (
	"slices"
	"testing"

	"github.com/millstream/millstream/graph"
)

// Watermarks that nothing else waits for reach a sink whose partitions are committed by them, and no other.
func TestWatermarksForPartitions(t *testing.T) {
	for options, want := range map[string]bool{
		`'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.trigger' = 'partition-time'`: true,
		`'sink.partition-commit.policy.kind' = 'success-file'`:                                                     false,
		`'sink.partition-commit.trigger' = 'partition-time'`:                                                       false,
	} {
		p, err := plan(`CREATE TABLE results (id BIGINT, s STRING) PARTITIONED BY (s) WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'csv', ` + options + `);
			INSERT INTO results SELECT id, CAST(ts AS STRING) FROM a`)
		if err != nil {
			t.Fatal(err)
		}
		marked := slices.ContainsFunc(p.Graph.Nodes, func(n *graph.Node) bool { _, ok := n.Op.(*graph.Watermark); return ok })
		if marked != want {
			t.Errorf("with %s, the plan has watermarks: %v", options, marked)
		}
	}
}
