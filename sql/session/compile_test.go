package session

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// A compiled plan means the same after what it names has changed, and holds no secret.
func TestCompiledPlan(t *testing.T) {
	store := mem.New("bucket")
	objects := &objstore.Resolver{Openers: map[string]objstore.Opener{
		"mem": func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
			return store, loc.Path, nil
		},
	}}
	var ran []*Job
	s := New(Config{Settings: testSettings(), Env: connector.Env{Objects: objects}, Run: func(_ context.Context, j *Job) error {
		ran = append(ran, j)
		return nil
	}})
	texts(t, s, `
		CREATE TABLE src (a INT, b STRING) WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines', 'secret-key' = 'hush');
		CREATE VIEW v AS SELECT a + 1 AS a FROM src WHERE b = 'x;y';
		CREATE TABLE dst (a INT) WITH ('connector' = 'lake', 'path' = 'y', 'format' = 'lines');
		COMPILE PLAN 'mem://bucket/one.json' FOR INSERT INTO dst SELECT a FROM v;
		COMPILE PLAN 'mem://bucket/two.json' FOR STATEMENT SET BEGIN INSERT INTO dst SELECT a FROM v; INSERT INTO dst VALUES (1); END;
		COMPILE PLAN 'mem://bucket/one.json' IF NOT EXISTS FOR INSERT INTO dst VALUES (5)`)
	r, _, err := store.Get(t.Context(), "one.json", objstore.All)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil || bytes.Contains(data, []byte("hush")) || !bytes.Contains(data, []byte("INSERT INTO dst SELECT a FROM v")) {
		t.Errorf("the plan is %s, error %v", data, err)
	}
	execute := func(sql string) *graph.Graph {
		t.Helper()
		ran = nil
		r, err := run(s, "", sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if err := r.Run(t.Context(), discardBatch); err != nil || len(ran) != 1 {
			t.Fatalf("%s: %d jobs, error %v", sql, len(ran), err)
		}
		return ran[0].Graph
	}
	scan := func(g *graph.Graph) *graph.Scan {
		t.Helper()
		for _, n := range g.Nodes {
			if op, ok := n.Op.(*graph.Scan); ok {
				return op
			}
		}
		t.Fatal("nothing is read")
		return nil
	}
	texts(t, s, "ALTER TABLE src RENAME a TO c; DROP VIEW v")
	if got := scan(execute("EXECUTE PLAN 'mem://bucket/one.json'")).Table.Options["secret-key"]; got != "hush" {
		t.Errorf("the secret is %q", got)
	}
	texts(t, s, "DROP TABLE src; DROP TABLE dst; CREATE DATABASE d; USE d")
	g := execute("EXECUTE PLAN 'mem://bucket/two.json'")
	sinks := 0
	for _, n := range g.Nodes {
		if _, ok := n.Op.(*graph.Sink); ok {
			sinks++
		}
	}
	if sinks != 2 || scan(g).Table.Options["secret-key"] != "" {
		t.Errorf("%d sinks, options %v", sinks, scan(g).Table.Options)
	}
	if _, err := store.Put(t.Context(), "bad.json", []byte("{}"), objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range [][2]string{
		{"EXECUTE PLAN 'mem://bucket/none.json'", "none.json"},
		{"EXECUTE PLAN 'mem://bucket/bad.json'", "is no compiled plan"},
		{"COMPILE PLAN 'mem://bucket/one.json' FOR INSERT INTO nope VALUES (1)", "'nope'"},
		{"SET 'execution.runtime-mode' = 'batch'; COMPILE PLAN 'mem://bucket/three.json' FOR INSERT INTO dst VALUES (1)", "cannot run in batch mode"},
	} {
		if _, err := run(s, "", test[0]); err == nil || !strings.Contains(err.Error(), test[1]) {
			t.Errorf("%s: error %v, want %q", test[0], err, test[1])
		}
	}
	jobs := texts(t, s, "SHOW JOBS")
	if len(jobs) != 2 || jobs[0][2] != "FINISHED" {
		t.Errorf("jobs %v", jobs)
	}
	if got := texts(t, s, "DESCRIBE JOB '"+jobs[1][0].(string)+"'"); len(got) != 1 || got[0][0] != jobs[1][0] {
		t.Errorf("the job is %v", got)
	}
	if _, err := run(s, "", "STOP JOB '"+jobs[1][0].(string)+"'"); err == nil || !strings.Contains(err.Error(), "has ended already") {
		t.Errorf("error %v", err)
	}
}

// STOP JOB ends a job that runs.
func TestStopJob(t *testing.T) {
	started := make(chan *Job, 1)
	s := New(Config{Settings: testSettings(), Run: func(ctx context.Context, j *Job) error {
		started <- j
		<-ctx.Done()
		return context.Cause(ctx)
	}})
	r, err := run(s, "", "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(t.Context(), discardBatch) }()
	id := (<-started).ID
	texts(t, s, "STOP JOB '"+id+"'")
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "STOP JOB") {
		t.Errorf("the job ended with %v", err)
	}
	if got := texts(t, s, "DESCRIBE JOB '"+id+"'"); got[0][2] != "CANCELED" {
		t.Errorf("the job is %v", got)
	}
}
