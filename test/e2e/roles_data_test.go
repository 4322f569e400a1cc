//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/storetest"
)

// results are what the job has written, in the order of their texts; of words, the sum of all changes.
type results struct {
	Words                  map[string]int
	Minutes, Failures, Log []string
}

// upload is an object that appears, and what is to come of it.
type upload struct{ key, text string }

// roleInput makes the uploads of a round and adds to want what they are to become.
func roleInput(random *rand.Rand, round, objects int, want *results) (list []upload) {
	begin := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for i := range objects {
		var text, requests strings.Builder
		for range 200 {
			word := fmt.Sprint("w", random.IntN(1+random.IntN(60)))
			want.Words[word]++
			text.WriteString(word + []string{" ", "\n", "  "}[random.IntN(3)])
		}
		for k := range 100 {
			id, at, status := (round*objects+i)*100+k, begin.Add(time.Duration(random.IntN(3600_000))*time.Millisecond), 200+100*random.IntN(4)
			host := fmt.Sprintf("h %d", random.IntN(4))
			at3 := at.Format("2006-01-02 15:04:05.000")
			fmt.Fprintf(&requests, "%d,%s,%s,%d,/some/path/%d\n", id, at3, host, status, id)
			if status >= 500 {
				want.Failures = append(want.Failures, fmt.Sprintf("%d,%s,%d,%s", id, at3, status, host))
				want.Minutes = append(want.Minutes, at.Truncate(time.Minute).Format("2006-01-02 15:04:05,")+host)
			}
		}
		name := fmt.Sprintf("%d/%03d ü+%%", round, i)
		list = append(list, upload{"texts/" + name + ".txt", text.String()}, upload{"requests/" + name + ".csv", requests.String()})
	}
	for _, u := range list {
		want.Log = append(want.Log, fmt.Sprintf("%s,%d", u.key, len(u.text)))
	}
	return list
}

// closing passes the watermark of all windows; it is put once everything else was read.
var closing = upload{"requests/last.csv", "-1,2026-03-02 00:00:00.000,none,500,/\n"}

// counted gathers the minutes and sorts everything.
func (r *results) counted() {
	n := map[string]int{}
	for _, minute := range r.Minutes {
		n[minute]++
	}
	r.Minutes = nil
	for minute, n := range n {
		r.Minutes = append(r.Minutes, fmt.Sprintf("%s,%d", minute, n))
	}
	slices.Sort(r.Minutes)
	slices.Sort(r.Failures)
	slices.Sort(r.Log)
}

// results reads what is visible.
func (r *roleRun) results(t *testing.T) *results {
	t.Helper()
	got := &results{Words: map[string]int{}, Log: r.near.rows(t, "s3://testbucket/"+r.name+"/log"), Minutes: r.near.rows(t, "s3://testbucket/"+r.name+"/minutes")}
	for i, line := range got.Log {
		got.Log[i] = strings.TrimPrefix(strings.ReplaceAll(line, `"`, ""), r.name+"/")
	}
	for i, line := range got.Minutes {
		got.Minutes[i] = strings.ReplaceAll(line, `"`, "")
	}
	slices.Sort(got.Log)
	for _, line := range r.near.rows(t, "s3://testbucket/"+r.name+"/words") {
		type row struct {
			Word string
			N    int
		}
		var change struct{ Before, After *row }
		if err := json.Unmarshal([]byte(line), &change); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if change.After != nil {
			got.Words[change.After.Word] += change.After.N
		}
		if change.Before != nil {
			got.Words[change.Before.Word] -= change.Before.N
		}
	}
	store, prefix := r.near.open(t, "s3://testbucket/"+r.name+"/failures/")
	if len(storetest.Keys(t, store, prefix, objstore.ListOptions{})) == 0 {
		return got
	}
	o := succeed(t, r.dir, "sql", "--config", r.near.config, "-o", "csv", "-D", "execution.runtime-mode=batch", "-e",
		"CREATE TABLE failures (id BIGINT, ts TIMESTAMP(3), status INT, host STRING) PARTITIONED BY (host) WITH ('connector' = 'filesystem', 'path' = 's3://testbucket/"+
			r.name+"/failures/', 'format' = 'parquet'); SELECT * FROM failures WHERE id >= 0")
	_, rows, _ := strings.Cut(o.stdout, "\n")
	got.Failures = strings.Split(strings.TrimSuffix(rows, "\n"), "\n")
	slices.Sort(got.Failures)
	return got
}
