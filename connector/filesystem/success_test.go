package filesystem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore/mem"
)

func TestPartitionTime(t *testing.T) {
	for _, c := range []struct{ dir, pattern, formatter, zone, want string }{
		{"d=2024-03-05/", "", "", "UTC", "2024-03-05T00:00:00Z"},
		{"d=2024-3-5 7%3A08%3A09/", "", "", "UTC", "2024-03-05T07:08:09Z"},
		{"d=2024-03-05/h=07/", "$d $h:00:00", "", "UTC", "2024-03-05T07:00:00Z"},
		{"d=2024-03-05/h=07/", "$d $h:00:00", "", "Europe/Berlin", "2024-03-05T06:00:00Z"},
		{"d=20240305/h=23/", "$d$h", "yyyyMMddHH", "Asia/Shanghai", "2024-03-05T15:00:00Z"},
		{"d=05.03.1969/", "", "dd.MM.yyyy", "UTC", "1969-03-05T00:00:00Z"},
		{"d=1969-12-31 23%3A59%3A58.5/", "", "", "UTC", "1969-12-31T23:59:58Z"},
		{"d=x/", "", "", "UTC", "error: the partition d=x has no time, for 'x' is none"},
		{"d=__DEFAULT_PARTITION__/", "", "yyyy", "UTC", "error: it is not in the form yyyy"},
	} {
		table := graph.Table{Options: map[string]string{"path": "mem://t/out", "format": "units", "sink.partition-commit.policy.kind": "success-file",
			"sink.partition-commit.trigger": "partition-time", "sink.partition-commit.watermark-time-zone": c.zone}, Columns: []column.Field{{Name: "v", Type: column.Str()}}}
		if c.pattern != "" {
			table.Options["partition.time-extractor.timestamp-pattern"] = c.pattern
		}
		if c.formatter != "" {
			table.Options["partition.time-extractor.timestamp-formatter"] = c.formatter
		}
		for i, segment := range strings.Split(strings.TrimSuffix(c.dir, "/"), "/") {
			name, _, _ := strings.Cut(segment, "=")
			table.Columns = append(table.Columns, column.Field{Name: name, Type: column.Str()})
			table.PartitionBy = append(table.PartitionBy, i+1)
		}
		s, err := newSink(connector.SinkRequest{Env: memory(mem.New("t")), Table: table, JobID: "j"}, defaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		at, err := s.trigger.time(c.dir)
		got := time.UnixMilli(at).UTC().Format(time.RFC3339)
		if err != nil {
			got = "error: " + err.Error()
		}
		if want, isError := strings.CutPrefix(c.want, "error: "); got != c.want && (!isError || !strings.Contains(got, want)) {
			t.Errorf("%s by %q as %q in %s: got %s, want %s", c.dir, c.pattern, c.formatter, c.zone, got, c.want)
		}
	}
}

func TestPartitionCommitOptions(t *testing.T) {
	for option, want := range map[string]string{
		"sink.partition-commit.policy.kind=metastore,success-file": "'metastore' adds partitions to a Hive catalog",
		"sink.partition-commit.policy.kind=custom":                 "'custom' is a class of Java",
		"sink.partition-commit.policy.kind=other":                  "there is no policy 'other'",
		"sink.partition-commit.policy.class=a.B":                   "classes of Java cannot be run",
		"partition.time-extractor.kind=custom":                     "there is no extractor 'custom'",
		"partition.time-extractor.class=a.B":                       "classes of Java cannot be run",
		"partition.time-extractor.timestamp-formatter=yyyy'":       "a quote that does not end",
		"sink.partition-commit.watermark-time-zone=Mars/Sea":       "not a time zone",
		"sink.partition-commit.success-file.name=a/b":              "is no name of a file",
		"sink.partition-commit.trigger=noon":                       "process-time",
		"sink.partition-commit.delay=soon":                         "sink.partition-commit.delay",
	} {
		key, value, _ := strings.Cut(option, "=")
		table := partitionedLines("sink.partition-commit.policy.kind", "success-file")
		table.Options[key] = value
		_, err := newSink(connector.SinkRequest{Env: memory(mem.New("t")), Table: table, JobID: "j"}, defaultLimits)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", option, err)
		}
	}
}

// hours is a table with a partition for each hour of 1970.
func hours(options ...string) graph.Table {
	return partitionedLines(append([]string{"sink.partition-commit.policy.kind", "success-file",
		"partition.time-extractor.timestamp-pattern", "1970-01-01 $p:00:00"}, options...)...)
}

// writeHour writes rows to a partition.
func (s *stream) writeHour(subtask, hour, n int) {
	s.t.Helper()
	var rows []string
	var parts []any
	for range n {
		rows, parts = append(rows, fmt.Sprint(s.rows)), append(parts, fmt.Sprintf("%02d", hour))
		s.rows++
	}
	s.check(s.writers[subtask].Write(s.t.Context(), lines(s.table, rows, parts...)))
}

// succeeded are the partitions that are committed.
func (s *stream) succeeded() string {
	s.t.Helper()
	var list []string
	for hour := range 24 {
		if _, err := s.store.Head(s.t.Context(), fmt.Sprintf("out/p=%02d/_SUCCESS", hour)); err == nil {
			list = append(list, fmt.Sprint(hour))
		}
	}
	return strings.Join(list, " ")
}

const hour = int64(time.Hour / time.Millisecond)

// A partition is committed once the watermarks of all writers have passed its end, with all its files.
func TestCommitByWatermark(t *testing.T) {
	s := &stream{t: t, store: mem.New("t"), limits: defaultLimits,
		table: hours("sink.partition-commit.trigger", "partition-time", "sink.partition-commit.delay", "1 h")}
	step := func(marks [2]int64, visible int, want string) {
		t.Helper()
		for i, m := range marks {
			s.writers[i].Watermark(m)
		}
		s.checkpoint(false, true, true)
		s.complete(visible)
		if got := s.succeeded(); got != want {
			t.Errorf("committed are %q, want %q", got, want)
		}
	}
	s.start(2)
	s.writeHour(0, 1, 5)
	s.writeHour(1, 1, 5)
	step([2]int64{math.MinInt64, math.MinInt64}, 0, "")
	step([2]int64{2 * hour, 2 * hour}, 0, "") // not yet passed
	step([2]int64{2*hour + 1, 2 * hour}, 5, "")
	step([2]int64{2*hour + 1, 2*hour + 1}, 10, "1")
	s.writeHour(1, 1, 3) // late
	step([2]int64{2*hour + 1, 2*hour + 1}, 13, "1")
	s.writeHour(0, 3, 3)
	s.checkpoint(false, true, false) // the process dies
	s.start(2)
	step([2]int64{5 * hour, 5 * hour}, 16, "1 3")
	s.writeHour(0, 7, 1)
	step([2]int64{math.MaxInt64, 5 * hour}, 17, "1 3") // one has ended
	s.writers[0] = s.writers[1]
	s.writers = s.writers[:1]
	s.checkpoint(false, true, false) // the other has taken the partition over, and dies
	s.start(2)
	step([2]int64{9 * hour, 7 * hour}, 17, "1 3")
	step([2]int64{math.MaxInt64, math.MaxInt64}, 17, "1 3 7")
	s.close()
}

// A partition that waits for the open part of one writer when another one, which wrote to it too, has ended, is committed with that part.
func TestCommitBehindOpenPart(t *testing.T) {
	s := &stream{t: t, store: mem.New("t"), limits: defaultLimits, table: hours("sink.partition-commit.trigger", "partition-time")}
	s.start(2)
	s.writeHour(0, 3, 5)
	s.writeHour(1, 3, 5)
	s.writers[0].Watermark(math.MaxInt64)
	s.writers[1].Watermark(hour)
	ended, err := s.writers[0].Flush(t.Context(), true)
	s.check(err)
	list, err := s.writers[1].Flush(t.Context(), false)
	s.check(err)
	s.check(s.sink.Commit(t.Context(), append(ended, list...)))
	s.writers[1].Watermark(math.MaxInt64)
	if list, err = s.writers[1].Flush(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	s.check(s.sink.Commit(t.Context(), list))
	if got := s.succeeded(); got != "3" {
		t.Errorf("committed are %q, want 3", got)
	}
	s.complete(10)
	s.close()
}

// A savepoint, which has no committables, has the partitions of a writer that has just ended. Those that are committed with it do not come again.
func TestCommitBehindSavepoint(t *testing.T) {
	s := &stream{t: t, store: mem.New("t"), limits: defaultLimits,
		table: hours("sink.partition-commit.trigger", "partition-time", "sink.partition-commit.delay", "1 h")}
	s.start(2)
	s.writeHour(0, 0, 2)
	s.writeHour(0, 3, 5)
	s.writeHour(1, 4, 5)
	s.writers[0].Watermark(math.MaxInt64)
	s.writers[1].Watermark(hour + 1)
	s.checkpoint(true, true, true)
	pieces, err := s.sink.Lasting(s.last.list)
	s.check(err)
	s.last.list, s.last.held[0] = nil, pieces
	if got := s.succeeded(); got != "0" {
		t.Errorf("committed are %q, want 0", got)
	}
	s.check(s.store.Delete(t.Context(), "out/p=00/_SUCCESS"))
	s.start(1)
	for _, c := range []struct {
		mark int64
		want string
	}{{3 * hour, ""}, {4*hour + 1, "3"}, {5*hour + 1, "3 4"}} {
		s.writers[0].Watermark(c.mark)
		s.checkpoint(false, true, true)
		if got := s.succeeded(); got != c.want {
			t.Errorf("committed are %q, want %q", got, c.want)
		}
	}
	s.complete(12)
	s.close()
}

// With the trigger 'process-time', a partition is committed when it is old enough, and with all files that are there then.
func TestCommitByClock(t *testing.T) {
	now := time.Unix(0, 0)
	s := &stream{t: t, store: mem.New("t"), limits: defaultLimits, table: hours("sink.partition-commit.delay", "10 s")}
	s.limits.now = func() time.Time { return now }
	s.start(1)
	for i, want := range []string{"", "", "", "0", "0 1"} {
		if i < 2 {
			s.writeHour(0, i, 1)
		}
		s.checkpoint(false, true, true)
		if got := s.succeeded(); got != want {
			t.Errorf("at %v: committed are %q, want %q", now.Unix(), got, want)
		}
		now = now.Add(4 * time.Second)
	}
	s.close()
}

// However jobs die and go on, a partition is committed if and only if it should be, and then all rows of checkpoints are in it.
func TestCommitsAtRandom(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := &stream{t: t, store: mem.New("t"), limits: defaultLimits,
			table: hours("sink.partition-commit.trigger", "partition-time", "sink.rolling-policy.file-size", "60")}
		s.limits.begin = 1 + r.IntN(40)
		s.start(1 + r.IntN(3))
		mark, known := int64(0), map[int]bool{} // written to before the last stored checkpoint
		fresh := map[int]bool{}
		for range 60 {
			switch x := r.IntN(10); {
			case x < 5:
				h := r.IntN(24)
				fresh[h] = true
				s.writeHour(r.IntN(len(s.writers)), h, 1+r.IntN(9))
			case x < 8:
				mark += int64(r.IntN(int(hour)))
				for _, w := range s.writers {
					w.Watermark(mark)
				}
				s.checkpoint(r.IntN(5) == 0, true, true)
				var want []string
				for h := range 24 {
					if known[h] = known[h] || fresh[h]; known[h] && (mark > int64(h)*hour || strings.Contains(" "+s.succeeded()+" ", fmt.Sprintf(" %d ", h))) {
						want = append(want, fmt.Sprint(h))
						if mark <= int64(h)*hour {
							t.Fatalf("seed %d: hour %d is committed too early", seed, h)
						}
					}
				}
				clear(fresh)
				if got := s.succeeded(); got != strings.Join(want, " ") {
					t.Fatalf("seed %d: committed are %q, want %q", seed, got, want)
				}
			default:
				clear(fresh)
				if x == 8 {
					s.checkpoint(false, false, true)
					s.close()
				}
				s.start(1 + r.IntN(3))
			}
		}
		for _, w := range s.writers {
			w.Watermark(math.MaxInt64)
		}
		s.checkpoint(true, true, true)
		s.complete(s.rows)
		for h := range fresh {
			known[h] = true
		}
		n := 0
		for _, there := range known {
			if there {
				n++
			}
		}
		if got := len(strings.Fields(s.succeeded())); got != n {
			t.Errorf("seed %d: %d partitions are committed at the end, want %d", seed, got, n)
		}
		s.close()
	}
}
