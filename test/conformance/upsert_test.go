package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// upsertQueries are queries whose results have the key id, with what their results do while rows come and go: change where they are joined, pass a
// condition and fail it, lose their match.
var upsertQueries = []string{
	`SELECT a.id, b.v FROM a JOIN b ON a.fk = b.id`,
	`SELECT a.id, b.v FROM a LEFT JOIN b ON a.fk = b.id`,
	`SELECT a.id, b.v FROM a JOIN b ON a.id = b.id AND a.v > b.v`,
	`SELECT a.id, a.v FROM a JOIN b ON a.id = b.id`,
	`SELECT id, v FROM a WHERE v > 2`,
	`SELECT id, v FROM a WHERE fk IN (SELECT fk FROM b WHERE v < 3)`,
	`SELECT id, v FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.fk = a.fk)`,
	`SELECT fk AS id, CAST(COUNT(*) AS INT) AS v FROM a GROUP BY fk HAVING COUNT(*) > 1`,
	`SELECT x.fk AS id, b.v FROM (SELECT fk, MAX(v) AS v FROM a GROUP BY fk) x JOIN b ON x.v = b.id`,
	`SELECT id, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY fk ORDER BY v DESC, id) AS n FROM a) WHERE n <= 2`,
	`SELECT id, v FROM (SELECT id, fk, v, ROW_NUMBER() OVER (PARTITION BY fk ORDER BY v DESC, id) AS n FROM (SELECT id, MAX(fk) AS fk, CAST(COUNT(*) AS INT) AS v FROM a GROUP BY id) WHERE v < 9) WHERE n = 1`,
	`SELECT a.id, b.v FROM a JOIN b ON a.fk = b.id JOIN (SELECT fk, COUNT(*) AS n FROM b GROUP BY fk) c ON c.fk = a.fk`,
}

// TestUpsertSink writes changelogs into a table that takes updates without what they replace, and reads it back: it holds the result of the query, whichever
// task a row's changes went through.
func TestUpsertSink(t *testing.T) {
	for seed := range uint64(3) {
		dir := t.TempDir()
		r := rand.New(rand.NewPCG(seed, 1))
		for _, name := range []string{"a", "b"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(randomLog(r)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for i, query := range upsertQueries {
			want := answerOf(t, plain, dir, query, "")
			for _, v := range []variant{plain, {parallelism: 1, schedule: seed + 1}, {parallelism: 4, schedule: seed + 2}} {
				v.settings = map[string]string{
					"table.optimizer.multi-join.enabled": fmt.Sprint(seed == 2), "table.exec.sink.require-on-conflict": "false",
				}
				out := fmt.Sprintf("out-%d-%d-%d", i, v.parallelism, v.schedule)
				if got := answerOf(t, v, dir, query, out); !slices.Equal(got, want) {
					text, _ := filepath.Glob(filepath.Join(dir, out, "*"))
					var log []string
					for _, p := range text {
						b, _ := os.ReadFile(p)
						log = append(log, string(b))
					}
					t.Errorf("seed %d, parallelism %d, schedule %d: %s\nthe table holds %v\nwant %v\n%s", seed, v.parallelism, v.schedule, query, got, want, strings.Join(log, "--\n"))
				}
			}
		}
	}
}

// answerOf returns the sorted rows of a query, by way of a table if out names one.
func answerOf(t *testing.T, v variant, dir, query, out string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := v.open("streaming")
	if err != nil {
		t.Fatal(err)
	}
	table := func(name, columns, more string) string {
		return fmt.Sprintf("CREATE TABLE %s (%s, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = 'file://%s/%s', 'format' = 'changelog-json'%s)",
			name, columns, dir, name, more)
	}
	list := []string{table("a", "id INT, fk INT, v INT", ""), table("b", "id INT, fk INT, v INT", ""), query}
	if out != "" {
		upsert := strings.Replace(table("`"+out+"`", "id INT, v INT", ", 'changelog-json.changelog-mode' = 'I,UA,D'"), "/`"+out+"`'", "/"+out+"'", 1)
		list = []string{list[0], list[1], upsert, "INSERT INTO `" + out + "` " + query, "SELECT * FROM `" + out + "`"}
	}
	var last *result
	for _, sql := range list {
		if last, err = run(ctx, s, sql); err != nil {
			t.Fatalf("%s: %s", sql, err)
		}
	}
	rows, err := last.final()
	if err != nil {
		t.Fatalf("%s: %s", query, err)
	}
	var texts []string
	for _, row := range rows {
		texts = append(texts, encode(row))
	}
	slices.Sort(texts)
	return texts
}

// randomLog is a changelog of few rows that come, change and go.
func randomLog(r *rand.Rand) string {
	var b strings.Builder
	live := map[int][2]int{}
	line := func(op string, id int, row [2]int) {
		fmt.Fprintf(&b, `{"op":"%s","data":{"id":%d,"fk":%d,"v":%d}}`+"\n", op, id, row[0], row[1])
	}
	for range 60 {
		id, row := r.IntN(6), [2]int{r.IntN(4), r.IntN(6)}
		old, there := live[id]
		switch {
		case !there:
			line("+I", id, row)
		case r.IntN(4) == 0:
			line("-D", id, old)
			delete(live, id)
			continue
		default:
			line("-U", id, old)
			line("+U", id, row)
		}
		live[id] = row
	}
	return b.String()
}
