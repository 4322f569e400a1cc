package session

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

const outDDL = `CREATE TABLE o (a INT, b STRING NOT NULL) WITH ('connector' = 'feed'); CREATE TABLE o2 (a INT) WITH ('connector' = 'feed');`

func TestPhases(t *testing.T) {
	boom := errors.New("the store is gone")
	s := New(Config{Settings: testSettings(), Run: func(context.Context, *Job) error { return boom }})
	for text, want := range map[string]ErrorPhase{
		"SELEC 1":                            ParsePhase,
		"SELECT nope":                        ValidatePhase,
		"ANALYZE TABLE t COMPUTE STATISTICS": ValidatePhase,
		"SELECT 1":                           RuntimePhase,
	} {
		r, err := run(s, "job.sql", text)
		if err == nil {
			err = r.Run(t.Context(), func(*column.Batch) error { return nil })
		}
		if Phase(err) != want {
			t.Errorf("%s: phase %s of %v, want %s", text, Phase(err), err, want)
		}
		if want == RuntimePhase && !errors.Is(err, boom) {
			t.Errorf("%s: %v does not wrap the runner's error", text, err)
		}
	}
	if Phase(boom) != NoPhase || Phase(nil) != NoPhase {
		t.Error("errors of others have no phase")
	}
	_, err := run(s, "job.sql", "SELECT 1;\n\nSELECT nope")
	if want := "job.sql:3:8: "; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the error is %q, want it to begin with %q", err, want)
	}
}

func TestInsertGivesItsJob(t *testing.T) {
	var ran *Job
	s := New(Config{Settings: testSettings(), Run: func(_ context.Context, j *Job) error { ran = j; return nil }})
	r, err := run(s, "job.sql", outDDL+"INSERT INTO o VALUES (1, 'x')")
	if err != nil {
		t.Fatal(err)
	}
	if ran != nil {
		t.Error("the job ran before Run was called")
	}
	var ids []string
	if err := r.Run(t.Context(), func(b *column.Batch) error {
		ids = append(ids, string(b.Cols[0].BytesAt(0)))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if r.Kind != Write || ran != r.Job || len(ids) != 1 || ids[0] != r.Job.ID || !regexp.MustCompile("^[0-9a-f]{32}$").MatchString(ids[0]) {
		t.Errorf("kind %d, ids %q, job %+v", r.Kind, ids, r.Job)
	}
	if want := "insert-into_default_catalog.default_database.o"; r.Job.Name != want {
		t.Errorf("the job is called %s, want %s", r.Job.Name, want)
	}
}

func TestStatementSetIsOneJob(t *testing.T) {
	for _, text := range []string{
		"EXECUTE STATEMENT SET BEGIN INSERT INTO o VALUES (1, 'x'); INSERT INTO o2 VALUES (2); END",
		"BEGIN STATEMENT SET; INSERT INTO o VALUES (1, 'x'); INSERT INTO o2 VALUES (2); END",
	} {
		s := New(Config{Settings: testSettings()})
		r, err := run(s, "job.sql", outDDL+text)
		if err != nil {
			t.Fatal(err)
		}
		sinks := 0
		for i, n := range r.Job.Graph.Nodes {
			if n.ID != i {
				t.Errorf("node %d has the id %d", i, n.ID)
			}
			if _, ok := n.Op.(*graph.Sink); ok {
				sinks++
			}
		}
		if r.Kind != Write || sinks != 2 {
			t.Errorf("%s: kind %d with %d sinks", text, r.Kind, sinks)
		}
	}
}

func TestNotNullEnforcer(t *testing.T) {
	const insert = tableDDL + outDDL + "INSERT INTO o SELECT a, s FROM t"
	s := New(Config{Settings: testSettings()})
	r, err := run(s, "job.sql", insert)
	if err != nil {
		t.Fatal(err)
	}
	if text := r.Job.Graph.Nodes[1].Op.(*graph.Calc).Project[1].String(); text != "REQUIRE_NOT_NULL(s)" {
		t.Errorf("the nullable column is written as %s", text)
	}
	r, err = run(New(Config{Settings: testSettings()}), "job.sql", "SET 'table.exec.sink.not-null-enforcer' = 'drop';"+insert)
	if err != nil {
		t.Fatal(err)
	}
	if text := r.Job.Graph.Nodes[1].Op.(*graph.Calc).Filter.String(); text != "IS NOT NULL(s)" {
		t.Errorf("rows are left out by %s", text)
	}
}

// TestNullIntoNotNull runs a query whose NULLs meet a NOT NULL column.
func TestNullIntoNotNull(t *testing.T) {
	s := New(Config{Settings: testSettings()})
	r, err := run(s, "job.sql", tableDDL+outDDL+"INSERT INTO o SELECT a, s FROM t")
	if err != nil {
		t.Fatal(err)
	}
	enforce := r.Job.Graph.Nodes[1].Op.(*graph.Calc).Project[1]
	for _, c := range []struct {
		values []string
		sel    []int32
		fails  bool
	}{
		{values: []string{"a", "b"}},
		{values: []string{"a", "NULL"}, fails: true},
		{values: []string{"a", "NULL"}, sel: []int32{0}},
		{values: []string{"NULL", "a"}, sel: []int32{0}, fails: true},
	} {
		err := evaluate(enforce, c.values, c.sel)
		if (err != nil) != c.fails {
			t.Errorf("%q, selection %v: error %v", c.values, c.sel, err)
		}
		if err != nil && !strings.Contains(err.Error(), "column 'b' of table 'default_catalog.default_database.o'") {
			t.Errorf("the error does not name the column: %v", err)
		}
	}
}

func TestSettingsOfTheJob(t *testing.T) {
	s := New(Config{Settings: testSettings()})
	r, err := run(s, "job.sql", "SET 'pipeline.name' = 'nightly'; SET 'execution.runtime-mode' = 'automatic';"+tableDDL+"SELECT a FROM t")
	if err != nil {
		t.Fatal(err)
	}
	if r.Job.Name != "nightly" || !r.Job.Batch {
		t.Errorf("name %s, batch %v", r.Job.Name, r.Job.Batch)
	}
	r, err = run(s, "job.sql", "CREATE TABLE live (a INT) WITH ('connector' = 'live'); SELECT a FROM live")
	if err != nil {
		t.Fatal(err)
	}
	if r.Job.Batch {
		t.Error("a table that never ends made a batch job")
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"orders", "order%", true}, {"orders", "order_", true}, {"orders", "order", false}, {"orders", "%", true}, {"", "%", true},
		{"a_b", `a\_b`, true}, {"axb", `a\_b`, false}, {"aXbXc", "a%b%c", true}, {"aXbXd", "a%b%c", false}, {"orders", "order*", false},
		{"größe", "gr__e", true}, {strings.Repeat("a", 2000), strings.Repeat("%a", 1000) + "b", false},
	} {
		if got := like([]rune(c.name), []rune(c.pattern)); got != c.want {
			t.Errorf("%.20q like %.20q is %v", c.name, c.pattern, got)
		}
	}
}

func TestSecretsStayOut(t *testing.T) {
	s := New(Config{Settings: testSettings()})
	const ddl = "CREATE TABLE x (a INT) WITH ('connector' = 'lake', 'path' = 'p', 'format' = 'lines', 'secret-key' = 'hunter2');"
	for _, text := range []string{"SHOW CREATE TABLE x", "EXPLAIN SELECT * FROM x", "EXPLAIN INSERT INTO x VALUES (1)"} {
		r, err := run(s, "job.sql", ddl+text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(r.Text()[0][0].(string), "hunter2") {
			t.Errorf("%s shows the secret", text)
		}
		if _, err := run(s, "job.sql", "DROP TABLE x"); err != nil {
			t.Fatal(err)
		}
	}
}
