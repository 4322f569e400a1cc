package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestItems(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT 1; SELECT 2", "SELECT 1|SELECT 2"},
		{"\\d t\nSELECT 1;\n\\x\n", `\d t|SELECT 1|\x`},
		{"  \\dt a*;\n", `\dt a*`},
		{"SELECT '\n\\d t\n';", "SELECT '\n\\d t\n'"},
		{"/*\n\\d t\n*/ SELECT 1", "SELECT 1"},
		{"SELECT 1 +\nQUIT;", "SELECT 1 +\nQUIT"},
		{"SELECT * FORM t\n\\d;", "error: unexpected word FORM"},
		{"SELECT 1;\nquit;\nSELECT 2;", `SELECT 1|\q|SELECT 2`},
		{"SOURCE 'a b.sql';\nHELP", `\i 'a b.sql'|\?`},
		{"SELECT 1; -- done\n\\q", `SELECT 1|\q`},
		{"CLEAR\nSELECT clear FROM t", `\clear|SELECT clear FROM t`},
		{"\\nothing at all", `? \nothing`},
		{"BEGIN STATEMENT SET;\nINSERT INTO t SELECT 1;\nEND;\n\\q", `BEGIN STATEMENT SET|INSERT INTO t SELECT 1|END|\q`},
		{"EXECUTE STATEMENT SET BEGIN\nINSERT INTO t SELECT 1;\nEND;", "EXECUTE STATEMENT SET BEGIN\nINSERT INTO t SELECT 1;\nEND"},
	} {
		items, err := parseItems("", c.text)
		var got []string
		for _, it := range items {
			switch {
			case it.command == &unknownCommand:
				got = append(got, "? "+it.args)
			case it.command != nil:
				got = append(got, strings.TrimSpace(it.command.names[0]+" "+it.args))
			default:
				got = append(got, it.statement.Text())
			}
		}
		text := strings.Join(got, "|")
		if err != nil {
			text = fmt.Sprint("error: ", err)
		}
		if text != c.want && (err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(c.want, "error: "))) {
			t.Errorf("%q has the items %q, want %q", c.text, text, c.want)
		}
	}
}

// TestPlacesInScripts checks that commands do not change where errors are said to be.
func TestPlacesInScripts(t *testing.T) {
	_, err := parseItems("job.sql", "\\x\nSELECT 1;\n\\dt ünicode\n  SELECT * FORM t;")
	if err == nil || !strings.HasPrefix(err.Error(), "job.sql:4:") {
		t.Errorf("error %v", err)
	}
}

func TestSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT 1": false, "SET 's3.secret-key' = 'abc'": true, "SET s3.secret-key = abc": true, "set 'S3.Secret-Key'='abc": true,
		"CREATE TABLE t (a INT) WITH ('connector' = 'x', 'password' = 'y')": true, "CREATE TABLE t (a INT) WITH ('path' = 's3://a/b')": false,
		"CREATE TABLE t (a INT) WITH ('url' = 'jdbc:db://user:pass@host/db')": true, "\\set s3.secret-key abc": true, "\\d t": false,
		"SELECT password FROM t": false, "-- token: abc\nSELECT 1": true, "SELECT 1;\n\\set s3.secret-key abc": true,
	} {
		if got := hasSecret(text); got != want {
			t.Errorf("%q has a secret: %t", text, got)
		}
	}
}
