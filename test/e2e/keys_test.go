package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// query runs SQL and returns the rows, of which each is an object of JSON.
func (p place) query(t *testing.T, flags []string, statements string) (rows []map[string]any) {
	t.Helper()
	o := succeed(t, t.TempDir(), append(append([]string{"sql", "--config", p.config, "-q", "-o", "json"}, flags...), "-e", statements)...)
	for line := range strings.Lines(o.stdout) {
		row := map[string]any{}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		rows = append(rows, row)
	}
	return rows
}

// hidden reports whether a table leaves an object out, as one of which a part of the name begins with a dot.
func hidden(key string) bool {
	return slices.ContainsFunc(strings.Split(key, "/"), func(segment string) bool { return strings.HasPrefix(segment, ".") || strings.HasPrefix(segment, "_") })
}

// TestOddKeysInTables reads objects with odd names as a table, at once and as one that is monitored, each by itself, and as events.
func TestOddKeysInTables(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		var paths, keys []string
		for key := range oddKeys {
			p.put(t, p.input+"/in/"+key, "text of "+key)
			keys = append(keys, "in/"+key)
			if !hidden(key) {
				paths = append(paths, "s3://input/in/"+key)
			}
		}
		slices.Sort(paths)
		slices.Sort(keys)
		table := func(name, path, more string) string {
			return "CREATE TABLE " + name + " (line STRING, place STRING METADATA FROM 'file.path') WITH ('connector'='filesystem', 'format'='raw', 'path'='" + strings.ReplaceAll(path, "'", "''") + "'" + more + ");"
		}
		check := func(what string, rows []map[string]any) {
			t.Helper()
			var got []string
			for _, row := range rows {
				at := fmt.Sprint(row["place"])
				if got = append(got, at); row["line"] != "text of "+strings.TrimPrefix(at, "s3://input/in/") {
					t.Errorf("%s: %q has the text %q", what, at, row["line"])
				}
			}
			if slices.Sort(got); !slices.Equal(got, paths) {
				t.Errorf("%s: there are\n%q, want\n%q", what, got, paths)
			}
		}
		batch := []string{"-D", "execution.runtime-mode=batch"}
		check("directory", p.query(t, batch, table("t", p.input+"/in/", "")+"SELECT * FROM t"))
		check("monitored", p.query(t, nil, table("t", p.input+"/in/", ", 'source.monitor-interval'='1 s'")+fmt.Sprintf("SELECT * FROM t LIMIT %d", len(paths))))

		tables, each := "", []string{}
		for key, pattern := range oddKeys {
			if hidden(key) {
				continue
			}
			name := fmt.Sprint("t", len(each))
			tables += table(name, p.input+"/in/"+cmp.Or(pattern, key), "")
			each = append(each, "SELECT * FROM "+name)
		}
		check("each by itself", p.query(t, batch, tables+strings.Join(each, " UNION ALL ")))

		var events []string
		for _, row := range p.query(t, nil, "CREATE TABLE e (key STRING) WITH ('connector'='s3-events', 'path'='s3://input/in/', 'scan.mode'='poll', 'scan.existing-objects'='true', 'scan.poll-interval'='1 s');"+
			fmt.Sprintf("SELECT * FROM e LIMIT %d", len(keys))) {
			events = append(events, fmt.Sprint(row["key"]))
		}
		if slices.Sort(events); !slices.Equal(events, keys) {
			t.Errorf("events tell of\n%q, want\n%q", events, keys)
		}
	})
}

// TestOddPartitions writes partitions whose values are no simple names, and reads them back.
func TestOddPartitions(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		values := []string{"a b", "ü 数 😀", "50%", "%2F", "a+b", "..", ".", "...", "a/../b", "/a", "a//b", "a/", "=", "a=b", `it"s`, "it's", "x?y#z&;", `back\slash`, "*", "[a]", "{a,b}", "tab\there", " ends "}
		var rows []string
		for i, v := range values {
			rows = append(rows, fmt.Sprintf("(%d, '%s')", i, strings.ReplaceAll(v, "'", "''")))
		}
		table := "CREATE TABLE t (n INT, p STRING) PARTITIONED BY (p) WITH ('connector'='filesystem', 'format'='csv', 'path'='" + p.output + "/parts/');"
		batch := []string{"-D", "execution.runtime-mode=batch"}
		succeed(t, t.TempDir(), append([]string{"sql", "--config", p.config, "-q"}, append(batch, "-e", table+"INSERT INTO t VALUES "+strings.Join(rows, ", "))...)...)
		got := p.query(t, batch, table+"SELECT n, p FROM t ORDER BY n")
		if len(got) != len(values) {
			t.Fatalf("there are %d rows, want %d: %v", len(got), len(values), got)
		}
		for i, row := range got {
			if row["n"] != float64(i) || row["p"] != values[i] {
				t.Errorf("row %d is %v, want %q", i, row, values[i])
			}
		}
		for i, v := range values {
			one := p.query(t, batch, table+"SELECT n FROM t WHERE p = '"+strings.ReplaceAll(v, "'", "''")+"'")
			if len(one) != 1 || one[0]["n"] != float64(i) {
				t.Errorf("%q: %v", v, one)
			}
		}
	})
}
