package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/storetest"
	"github.com/millstream/millstream/test/peers"
)

// eachStore runs a test on the embedded store and on MinIO.
func eachStore(t *testing.T, test func(t *testing.T, p place)) {
	for name, open := range map[string]func(*testing.T) place{"embedded store": embedded, "MinIO": minIO} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// s3 runs a verb of millstream s3 in a directory, with the settings of a place.
func (p place) s3(t *testing.T, dir, verb string, args ...string) outcome {
	t.Helper()
	return millstream(t, dir, append([]string{"s3", verb, "--config", p.config, "-q"}, args...)...)
}

// oddKeys are names that something on the way may take for another, and the pattern that means just them.
var oddKeys = map[string]string{
	"a b/c  d.csv": "", "wörter/数 é 😀.csv": "", "100%25/%.csv": "", "%2e%2e/x.csv": "", "a+b/c+.csv": "", "day=1&2/x=y.csv": "", `q/"it's".csv`: "",
	"h#a;sh,y.csv": "", "tab\there.csv": "", "ends with a blank ": "", ".hidden/x.csv": "", "...": "", "a..b/c.csv": "", "~!@$^()'.csv": "", "<&>.xml": "",
	"why?.csv": `why\?.csv`, "star*.csv": `star\*.csv`, "[1].csv": `\[1].csv`, "{a,b}.csv": `\{a,b}.csv`, `back\slash.csv`: `back\\slash.csv`,
}

// TestObjectNames copies objects with odd names in, within the store and back, lists, looks at and deletes them.
func TestObjectNames(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		dir := t.TempDir()
		store, _ := p.open(t, p.input)
		must := func(o outcome) outcome {
			t.Helper()
			if o.code != 0 {
				t.Fatalf("exit code %d: %s", o.code, o.stderr)
			}
			return o
		}
		var keys []string
		for key, pattern := range oddKeys {
			keys = append(keys, "in/"+key)
			writeFile(t, filepath.Join(dir, "text"), "text of "+key)
			must(p.s3(t, dir, "cp", "text", "s3://input/in/"+key))
			if pattern == "" {
				pattern = key
			}
			if got := must(p.s3(t, dir, "cat", "s3://input/in/"+pattern)).stdout; got != "text of "+key {
				t.Errorf("%q: cat writes %q", key, got)
			}
			if got := must(p.s3(t, dir, "ls", "s3://input/in/"+pattern)).stdout; !strings.HasSuffix(got, "  "+key[strings.LastIndexByte(key, '/')+1:]+"\n") {
				t.Errorf("%q: ls writes %q", key, got)
			}
			if got := must(p.s3(t, dir, "head", "s3://input/in/"+key)).stdout; !strings.Contains(got, "s3://input/in/"+key+"\n") {
				t.Errorf("%q: head writes %q", key, got)
			}
		}
		slices.Sort(keys)
		if got := storetest.Keys(t, store, "in/", objstore.ListOptions{}); !slices.Equal(got, keys) {
			t.Errorf("there are\n%q, want\n%q", got, keys)
		}
		listed := must(p.s3(t, dir, "ls", "-r", "s3://input/in")).stdout
		for _, key := range keys {
			if !strings.Contains(listed, "  "+strings.TrimPrefix(key, "in/")+"\n") {
				t.Errorf("ls does not show %q", key)
			}
		}

		must(p.s3(t, dir, "cp", "-r", "s3://input/in", "s3://input/copy"))
		must(p.s3(t, dir, "cp", "-r", "s3://input/copy", "back"))
		for key := range oddKeys {
			if got, err := os.ReadFile(filepath.Join(dir, "back", filepath.FromSlash(key))); err != nil || string(got) != "text of "+key {
				t.Errorf("%q came back as %q, %v", key, got, err)
			}
		}
		must(p.s3(t, dir, "rm", "-r", "--force", "s3://input/copy"))
		for key, pattern := range oddKeys {
			if pattern == "" {
				pattern = key
			}
			must(p.s3(t, dir, "rm", "s3://input/in/"+pattern))
		}
		if got := storetest.Keys(t, store, "", objstore.ListOptions{}); len(got) > 0 {
			t.Errorf("left are %q", got)
		}

		// Both stores keep objects as files, and say what they do not take rather than mean another object.
		p.put(t, p.input+"/x.csv", "1")
		for _, key := range []string{"a/../x.csv", "../x.csv", "./x.csv", "a/./x.csv", "a//x.csv", "a/.."} {
			o := p.s3(t, dir, "cp", "text", "s3://input/"+key)
			checkError(t, o, "cannot write s3://input/"+key, p.store.Endpoint, "use another for the object")
			if o := p.s3(t, dir, "cat", "s3://input/"+key); o.code != 1 || !strings.Contains(o.stderr, "s3://input/"+key) {
				t.Errorf("cat of %q: exit code %d, %s", key, o.code, o.stderr)
			}
			if err := store.Delete(t.Context(), key, "another"); err != nil && objstore.KindOf(err) != objstore.BadURL {
				t.Errorf("deleting %q: %v", key, err)
			}
		}
		if got := must(p.s3(t, dir, "cat", "s3://input/x.csv")).stdout; got != "1" {
			t.Errorf("x.csv is now %q", got)
		}
		if got := storetest.Keys(t, store, "", objstore.ListOptions{}); !slices.Equal(got, []string{"x.csv"}) {
			t.Errorf("there are %q", got)
		}
	})
}

// TestObjectVerbs goes through what the verbs do besides.
func TestObjectVerbs(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		dir := t.TempDir()
		check := func(o outcome, code int, stdout string) {
			t.Helper()
			if o.code != code || !strings.Contains(o.stdout, stdout) {
				t.Errorf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
			}
		}
		check(p.s3(t, dir, "mb", "s3://new"), 0, "")
		check(p.s3(t, dir, "mb", "s3://new"), 0, "")
		check(p.s3(t, dir, "ls"), 0, "  s3://new\n")
		big := storetest.Bytes(1, 21<<20+7)
		writeFile(t, filepath.Join(dir, "big"), string(big))
		check(p.s3(t, dir, "cp", "big", "s3://new/dir/"), 0, "")
		check(p.s3(t, dir, "cp", "s3://new/dir/big", "s3://new/again"), 0, "")
		check(p.s3(t, dir, "cp", "s3://new/again", "back"), 0, "")
		if got, err := os.ReadFile(filepath.Join(dir, "back")); err != nil || !bytes.Equal(got, big) {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
		check(p.s3(t, dir, "ls", "-h", "s3://new"), 0, "22.0 MB  again\n")
		check(p.s3(t, dir, "rb", "s3://new"), 1, "")
		check(p.s3(t, dir, "rm", "--dry-run", "s3://new/**"), 0, "s3://new/again\ns3://new/dir/big\n")
		check(p.s3(t, dir, "rm", "s3://new/**"), 0, "")
		check(p.s3(t, dir, "rb", "s3://new"), 0, "")
		if got := p.s3(t, dir, "ls").stdout; strings.Contains(got, "new") {
			t.Errorf("there are\n%s", got)
		}

		p.put(t, p.input+"/a b+c/people.csv", "name,city\nAnn,Oslo\nBob,Rome\n")
		check(p.s3(t, dir, "select", "SELECT s.name FROM S3Object s WHERE s.city = 'Rome'", "s3://input/a b+c/*.csv"), 0, "Bob\n")
		check(p.s3(t, dir, "select", "-o", "json", "SELECT s.name FROM S3Object s LIMIT 1", "s3://input/a b+c/people.csv"), 0, `{"name":"Ann"}`)
		checkError(t, p.s3(t, dir, "select", "SELECT * FROM S3Object s", "s3://input/none.csv"), "s3://input/none.csv", "there is no such object")
		checkError(t, p.s3(t, dir, "ls", "s3://inptu"), "there is no bucket 'inptu'", "is 'input' meant")
		checkError(t, p.s3(t, dir, "cp", "-D", "s3.secret-key=wrong-secret", "big", "s3://input"), "s3://input/big", "secret key")
	})
}

// TestEventsByPolling waits for what happens by listings, which every store has.
func TestEventsByPolling(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		done := make(chan outcome, 1)
		dir := t.TempDir()
		go func() {
			defer close(done) // also where it fails
			done <- p.s3(t, dir, "events", "--poll", "20ms", "-n", "1", "s3://input")
		}()
		var o outcome
		for i := 0; ; i++ {
			// An event is one of what comes after the first listing, whose end nobody tells here: one of these objects does.
			p.put(t, p.input+"/in/a b+ü%.csv", strings.Repeat("x", i+1))
			select {
			case o = <-done:
			default:
				continue
			}
			break
		}
		list, err := event.Parse([]byte(o.stdout))
		if o.code != 0 || err != nil || len(list) != 1 || list[0].Key != "in/a b+ü%.csv" || list[0].Bucket != "input" || !list[0].Created() {
			t.Errorf("exit code %d, %v, %+v, %s", o.code, err, list, o.stderr)
		}
	})
}

// saysNothing is what is said of stores that take the request to listen, and never answer it.
const saysNothing = "it takes the request and says nothing"

// diagnosis is the JSON of millstream doctor.
type diagnosis struct {
	Healthy bool
	Points  []struct{ Name, Status, Found, Costs, Advice string }
}

func (p place) doctor(t *testing.T, args ...string) (d diagnosis, o outcome) {
	t.Helper()
	o = millstream(t, t.TempDir(), append([]string{"doctor", "--config", p.config, "--json"}, args...)...)
	if err := json.Unmarshal([]byte(o.stdout), &d); err != nil || d.Healthy != (o.code == 0) {
		t.Fatalf("exit code %d, %v, %s%s", o.code, err, o.stdout, o.stderr)
	}
	if strings.Contains(o.stdout+o.stderr, p.store.SecretKey) {
		t.Error("the secret is told")
	}
	return d, o
}

// missing are the points that are not as they should be.
func (d diagnosis) missing() []string {
	var names []string
	for _, point := range d.Points {
		if point.Status != "works" && point.Status != "untested" {
			names = append(names, point.Name)
		}
	}
	return names
}

// TestDoctor examines both stores, in place of settings that are wrong too.
func TestDoctor(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		d, _ := p.doctor(t, "--skip", "latency,throughput", "s3://testbucket/some where")
		may := []string{"keys", "listen"} // some builds of MinIO take the request to listen, and say nothing
		if !d.Healthy || slices.ContainsFunc(d.missing(), func(name string) bool { return !slices.Contains(may, name) }) {
			t.Errorf("got %+v", d)
		}
		for _, point := range d.Points {
			if point.Name != "listen" {
				continue
			}
			if silent := strings.Contains(point.Found, saysNothing); silent && (!p.minIO || point.Status != "limited" || !strings.Contains(point.Advice, "webhook, kafka or nats")) ||
				!silent && point.Status != "works" {
				t.Errorf("got %+v", point)
			}
		}
		store, _ := p.open(t, p.output)
		if got := storetest.Keys(t, store, "", objstore.ListOptions{}); len(got) > 0 {
			t.Errorf("left are %q", got)
		}
		for flags, want := range map[string]string{
			"-D s3.secret-key=wrong-secret s3://testbucket": "credentials",
			"-D s3.access-key=nobody s3://testbucket":       "credentials",
			"s3://testbuckte": "bucket",
			"-D s3.endpoint=http://127.0.0.1:1 s3://testbucket":                                                     "reach",
			"-D s3.endpoint=" + strings.Replace(p.store.Endpoint, "http:", "https:", 1) + " s3://testbucket":        "reach",
			"-D s3.path-style=false s3://testbucket":                                                                "addressing",
			"-D s3.path-style=false --skip tls --endpoint " + p.store.Endpoint + " s3://testbucket/below/some/path": "addressing",
		} {
			d, o := p.doctor(t, strings.Fields(flags)...)
			if o.code != 1 || !slices.Equal(d.missing(), []string{want}) || !strings.Contains(o.stderr, "lacks what is needed: "+want) {
				t.Errorf("%s: exit code %d, %q, %s", flags, o.code, d.missing(), o.stderr)
			}
		}
	})
}

// TestDoctorOfTLS examines stores with a private authority.
func TestDoctorOfTLS(t *testing.T) {
	certs := makeCertificate(t, time.Now().Add(-time.Hour), time.Now().Add(71*time.Hour))
	s := peers.MinIOWith(t, peers.MinIOOptions{CertsDir: certs})
	p := place{config: writeFile(t, filepath.Join(t.TempDir(), "flink-conf.yaml"), guide(s)), store: s}
	if d, _ := p.doctor(t, "s3://testbucket"); !slices.Equal(d.missing(), []string{"reach"}) || !strings.Contains(d.Points[0].Advice, "s3.tls.ca-file") {
		t.Errorf("got %+v", d)
	}
	if d, _ := p.doctor(t, "-D", "s3.tls.ca-file="+filepath.Join(certs, "public.crt"), "s3://testbucket"); !slices.Equal(d.missing(), []string{"tls", "bucket"}) ||
		!strings.Contains(d.Points[1].Costs, "in 2 days") {
		t.Errorf("got %+v", d)
	}
	if d, _ := p.doctor(t, "-D", "s3.tls.insecure-skip-verify=true", "s3://testbucket"); !slices.Equal(d.missing(), []string{"tls", "bucket"}) ||
		!strings.Contains(d.Points[1].Found, "not checked") {
		t.Errorf("got %+v", d)
	}
}
