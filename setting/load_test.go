package setting

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write puts a file into a new directory and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// texts returns what was given, secrets included, by key.
func texts(v Values) map[string]string {
	m := map[string]string{}
	for _, e := range v.AllWithSecrets() {
		m[e.Key] = e.Text
	}
	return m
}

const guide = `state.backend: filesystem
s3.endpoint: http://127.0.0.1:9000
s3.path-style: true
s3.access-key: minio
s3.secret-key: minio123
`

func TestLoadGuide(t *testing.T) {
	nested := `
state:
  backend: filesystem # in memory
s3:
  endpoint: http://127.0.0.1:9000
  path-style: true
  access-key: "minio"
  secret-key: 'minio123'
`
	mixed := "state.backend.type: filesystem\ns3:\n  endpoint: http://127.0.0.1:9000\n  path.style.access: true\ns3.access.key: minio\ns3.secret.key: minio123\n"
	for name, text := range map[string]string{"flink-conf.yaml": guide, "config.yaml": guide, "nested.yaml": nested, "mixed.yml": mixed, "crlf.yaml": strings.ReplaceAll(guide, "\n", "\r\n")} {
		v, err := Load(LoadOptions{File: write(t, name, text)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v.Enum(StateBackend) != "filesystem" || v.Text(S3Endpoint) != "http://127.0.0.1:9000" || !v.Bool(S3PathStyle) ||
			v.Text(S3AccessKey) != "minio" || v.Text(S3SecretKey) != "minio123" {
			t.Errorf("%s: read as %v", name, texts(v))
		}
	}
}

func TestLoadLegacy(t *testing.T) {
	text := `# a comment: with a colon
jobmanager.rpc.address: localhost
env.java.opts: -Dx=y -XX:+UseG1GC: more # and a comment
  pipeline.name: a#b: "c" 	# comment
s3.secret-key: se#cret
parallelism.default: 2
parallelism.default: 3
s3.endpoint: http://h:1
env.ssh.opts:
`
	v, err := Load(LoadOptions{File: write(t, legacyName, text)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"jobmanager.rpc.address": "localhost", "env.java.opts": "-Dx=y -XX:+UseG1GC: more", "pipeline.name": `a#b: "c"`,
		"s3.secret-key": "se#cret", "parallelism.default": "3", "s3.endpoint": "http://h:1"}
	if diff := cmp.Diff(want, texts(v)); diff != "" {
		t.Error(diff)
	}
}

func TestLoadYAMLShapes(t *testing.T) {
	r := testRegistry()
	r.Register(&Option{Key: "env.", Prefix: true, Ignored: true, Doc: "d"})
	text := `--- 
jars: [a.jar, 'b;c.jar', 3]
tags:
  region: eu
  note: "x, y"
jobmanager:
  memory.process.size: 1600m
  rpc: {address: localhost, port: 6123}
  bind-host:
env:
  java:
    opts:
      all: --add-exports=java.base/sun.net.util=ALL-UNNAMED
  list: [{a: b}, c]
fields:
  a: {kind: random}
ratio: &r 0.75
parallelism: {default: 3}
`
	v, err := Load(LoadOptions{File: write(t, "config.yaml", text), Registry: r})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"jars": "a.jar;'b;c.jar';3", "tags": "note:'x, y',region:eu", "jobmanager.memory.process.size": "1600m", "jobmanager.rpc.address": "localhost",
		"jobmanager.rpc.port": "6123", "env.java.opts.all": "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
		"fields.a.kind": "random", "ratio": "0.75", "parallelism.default": "3",
	}
	want["tags"] = "'note:x, y',region:eu"
	if diff := cmp.Diff(want, texts(v)); diff != "" {
		t.Error(diff)
	}
	if got := v.Map(option(t, r, "tags"))["note"]; got != "x, y" {
		t.Errorf("tags.note = %q", got)
	}
	if got := v.List(option(t, r, "jars")); !cmp.Equal(got, []string{"a.jar", "b;c.jar", "3"}) {
		t.Errorf("jars = %q", got)
	}
	if got := len(v.Ignored()); got != 4 {
		t.Errorf("%d settings without effect, want 4", got)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "{}", "~"} {
		if v, err := Load(LoadOptions{File: write(t, "config.yaml", empty), Registry: r}); err != nil || len(v.All()) != 0 {
			t.Errorf("%q: %v, %v", empty, v.All(), err)
		}
	}
}

// Flink's own configuration as it is delivered loads whole.
func TestLoadFlinkDefault(t *testing.T) {
	text := `
env:
  java:
    opts:
      all: --add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED
jobmanager:
  bind-host: localhost
  rpc: {address: localhost, port: 6123}
  memory: {process: {size: 1600m}}
  execution: {failover-strategy: region}
taskmanager:
  bind-host: localhost
  host: localhost
  numberOfTaskSlots: 1
  memory: {process: {size: 1728m}}
parallelism: {default: 1}
rest: {address: localhost, bind-address: localhost}
high-availability: {type: zookeeper, storageDir: hdfs:///flink/ha/, zookeeper: {quorum: "localhost:2181", client: {acl: open}}}
execution:
  checkpointing: {interval: 3min, externalized-checkpoint-retention: DELETE_ON_CANCELLATION, max-concurrent-checkpoints: 1, min-pause: 0, mode: EXACTLY_ONCE, timeout: 10min, tolerable-failed-checkpoints: 0, unaligned: false, incremental: false, dir: "hdfs://namenode-host:port/flink-checkpoints"}
state:
  backend: {type: hashmap}
  savepoints: {dir: "hdfs://namenode-host:port/flink-savepoints"}
io: {tmp: {dirs: /tmp}}
classloader: {resolve: {order: child-first}}
security: {kerberos: {login: {use-ticket-cache: true}}}
historyserver: {web: {address: 0.0.0.0, port: 8082}, archive: {fs: {dir: "hdfs:///completed-jobs/", refresh-interval: 10000}}}
web: {submit: {enable: false}}
metrics: {reporters: prom}
`
	v, err := Load(LoadOptions{File: write(t, "config.yaml", text)})
	if err != nil {
		t.Fatal(err)
	}
	if v.Int(Parallelism) != 1 || v.Duration(CheckpointInterval).Minutes() != 3 || !strings.HasPrefix(v.Text(CheckpointDir), "hdfs:") {
		t.Errorf("read as %v", texts(v))
	}
	for _, e := range v.Ignored() {
		if e.Option.Doc == "" || !strings.Contains(e.Origin, "config.yaml:") {
			t.Errorf("%s: origin %q, documentation %q", e.Key, e.Origin, e.Option.Doc)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
		want             []string // one a line; FILE stands for the path
	}{
		{"misspelled", "config.yaml", "s3.endpont: http://h:1\n", []string{"FILE:1: unknown setting 's3.endpont'; did you mean 's3.endpoint'?"}},
		{"all at once", "config.yaml", "s3:\n  endpont: x\n  path-style: maybe\n", []string{
			"FILE:2: unknown setting 's3.endpont'; did you mean 's3.endpoint'?",
			"FILE:3: setting 's3.path.style.access' = 'maybe' is not a boolean: valid are 'true' and 'false'"}},
		{"legacy misspelled", legacyName, "# first\ns3.endpont: http://h:1\n", []string{"FILE:2: unknown setting 's3.endpont'; did you mean 's3.endpoint'?"}},
		{"legacy no blank", legacyName, "s3.endpoint:http://h:1\n", []string{"FILE:1: not a setting: valid are lines such as 'key: value', with a blank behind the ':'"}},
		{"legacy nested", legacyName, "s3:\n  endpoint: http://h:1\n", []string{
			"FILE:1: 's3' has no value; flink-conf.yaml is not nested: write one whole key a line, such as 's3.endpoint: http://127.0.0.1:9000', or use config.yaml",
			"FILE:2: unknown setting 'endpoint'; did you mean 's3.endpoint'?"}},
		{"no value", "config.yaml", "s3.endpoint:\n", []string{"FILE:1: 's3.endpoint' has no value"}},
		{"empty mapping", "config.yaml", "a: 1\ns3: {}\n", []string{"FILE:2: 's3' has no value", "FILE:1: unknown setting 'a'"}},
		{"twice", "config.yaml", "s3.endpoint: http://h:1\ns3:\n  endpoint: http://h:2\n", []string{"FILE:3: 's3.endpoint' is given twice, first at FILE:1"}},
		{"two spellings", "config.yaml", "state.backend: hashmap\nstate.backend.type: rocksdb\n", []string{
			"FILE:2: 'state.backend.type' and 'state.backend' at FILE:1 are the same setting with different values: give one"}},
		{"not a mapping", "config.yaml", "s3.endpoint\n", []string{"FILE:1: not a configuration: valid are lines such as 's3.endpoint: http://127.0.0.1:9000', with a blank behind the ':'"}},
		{"a list", "config.yaml", "- a\n", []string{"FILE:1: not a configuration: valid are lines such as 's3.endpoint: http://127.0.0.1:9000', with a blank behind the ':'"}},
		{"second document", "config.yaml", "s3.endpoint: http://h:1\n---\ns3.region: x\n", []string{"FILE:2: a second document starts; a configuration file has one"}},
		{"anchor", "config.yaml", "jobmanager: &a {x: 1}\ns3: *a\n", []string{"FILE:2: 's3' refers to an anchor of more than one value, which configuration files here cannot: write it out"}},
		{"endpoint", "config.yaml", "s3.endpoint: 127.0.0.1:90000\n", []string{"FILE:1: setting 's3.endpoint' = '127.0.0.1:90000' is not an endpoint: valid are URLs such as 'http://127.0.0.1:9000', 'https://s3.example.com' or 'host:port', without user, path or query"}},
		{"bad default", "config.yaml", "parallelism.default: 0\n", []string{"FILE:1: setting 'parallelism.default' = '0' is out of range: valid are integers from 1"}},
		{"nested key", "config.yaml", "? [a]\n: b\n", []string{"FILE:1: not a setting's name: valid are words such as 's3' or keys such as 's3.endpoint'"}},
		{"list of maps", "config.yaml", "table.column-expansion-strategy: [{a: b}]\n", []string{"FILE:1: 'table.column-expansion-strategy' is a list of more than plain values"}},
	} {
		path := write(t, test.file, test.text)
		_, err := Load(LoadOptions{File: path})
		want := strings.ReplaceAll(strings.Join(test.want, "\n"), "FILE", path)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %v", test.name, err, want)
		}
	}
	for name, want := range map[string]string{"tab.yaml": ":2: not valid YAML: found character that cannot start any token", "colon.yaml": ":2: not valid YAML: mapping values are not allowed"} {
		text := map[string]string{"tab.yaml": "s3:\n\tendpoint: x\n", "colon.yaml": "s3.region: x\ns3.profile: a: b\n"}[name]
		path := write(t, name, text)
		if _, err := Load(LoadOptions{File: path}); err == nil || !strings.HasPrefix(err.Error(), path+want) {
			t.Errorf("%s: got %v, want %s", name, err, path+want)
		}
	}
	deep := strings.Repeat("{a: ", 40) + "1" + strings.Repeat("}", 40)
	if _, err := Load(LoadOptions{File: write(t, "deep.yaml", deep)}); err == nil || !strings.Contains(err.Error(), "deeper than 32") {
		t.Errorf("deep nesting: %v", err)
	}
	if _, err := Load(LoadOptions{File: "no/such.yaml"}); err == nil || !strings.HasPrefix(err.Error(), "no/such.yaml: cannot read the configuration file: ") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestPrecedence(t *testing.T) {
	path := write(t, "config.yaml", "parallelism.default: 2\npipeline.name: file\ns3.region: file\ns3.endpoint: http://file\ntable.exec.state.ttl: 1 h\n")
	v, err := Load(LoadOptions{
		File: path,
		Env: []string{"AWS_REGION=aws", "AWS_DEFAULT_REGION=default", "AWS_ENDPOINT_URL=http://aws", "AWS_ENDPOINT_URL_S3=http://aws-s3", "AWS_PROFILE=",
			"MILLSTREAM_PIPELINE_NAME=env", "MILLSTREAM_S3_REGION=env", "MILLSTREAM_PARALLELISM_DEFAULT=", "HOME=/x", "MILLSTREAM__CHILD=1", "MILLSTREAM_PEERS=/p", "=odd"},
		Defines: []string{"s3.region=define", "pipeline.max-parallelism=64", "pipeline.max-parallelism=32", "s3.profile=a=b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Set("table.exec.state.ttl", "2 h", "SET"); err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"parallelism.default":      {"2", path + ":1"},
		"pipeline.name":            {"env", "environment (MILLSTREAM_PIPELINE_NAME)"},
		"s3.endpoint":              {"http://aws-s3", "environment (AWS_ENDPOINT_URL_S3)"},
		"s3.endpoint.region":       {"define", "-D"},
		"pipeline.max-parallelism": {"32", "-D"},
		"s3.profile":               {"a=b", "-D"},
		"table.exec.state.ttl":     {"2 h", "SET"},
	}
	got := map[string][2]string{}
	for _, e := range v.All() {
		got[e.Key] = [2]string{e.Text, e.Origin}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadFlagAndVariableErrors(t *testing.T) {
	_, err := Load(LoadOptions{
		File:    write(t, "c.yaml", "s3.endpont: x\n"),
		Env:     []string{"MILLSTREAM_S3_ENDPONT=x", "MILLSTREAM_CONFIG=y", "AWS_ENDPOINT_URL=ftp://x", "MILLSTREAM_S3_PATH_STYLE=often"},
		Defines: []string{"paralelism.default=2", "minio123", "=x", "parallelism.default=two"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"unknown setting 's3.endpont'; did you mean 's3.endpoint'?",
		"unknown environment variable 'MILLSTREAM_S3_ENDPONT'; did you mean 'MILLSTREAM_S3_ENDPOINT'?",
		"unknown environment variable 'MILLSTREAM_CONFIG'; did you mean 'MILLSTREAM_CONF'?",
		"environment (AWS_ENDPOINT_URL): setting 's3.endpoint' = 'ftp://x' is not an endpoint",
		"environment (MILLSTREAM_S3_PATH_STYLE): setting 's3.path.style.access' = 'often' is not a boolean",
		"-D: unknown setting 'paralelism.default'; did you mean 'parallelism.default'?",
		"-D: not a setting: valid is -D key=value, such as -D parallelism.default=2",
		"-D: setting 'parallelism.default' = 'two' is not an integer",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "minio123") {
		t.Errorf("a -D without '=' is repeated: %v", err)
	}
}

// A session token never joins an access key that was given elsewhere.
func TestSessionToken(t *testing.T) {
	aws := []string{"AWS_ACCESS_KEY_ID=ak", "AWS_SECRET_ACCESS_KEY=sk", "AWS_SESSION_TOKEN=st"}
	for _, test := range []struct {
		name    string
		options LoadOptions
		want    string
	}{
		{"environment alone", LoadOptions{Env: aws}, "st"},
		{"-D with a key of its own", LoadOptions{Env: aws, Defines: []string{"s3.access-key=minio", "s3.secret-key=minio123"}}, ""},
		{"-D with key and token", LoadOptions{Env: aws, Defines: []string{"s3.access-key=minio", "s3.session-token=t2"}}, "t2"},
		{"-D with the same key", LoadOptions{Env: aws, Defines: []string{"s3.access-key=ak"}}, "st"},
		{"-D about something else", LoadOptions{Env: aws, Defines: []string{"pipeline.name=x"}}, "st"},
		{"MILLSTREAM_ over AWS_", LoadOptions{Env: append([]string{"MILLSTREAM_S3_ACCESS_KEY=minio"}, aws...)}, ""},
	} {
		v, err := Load(test.options)
		if err != nil || v.Text(S3SessionToken) != test.want {
			t.Errorf("%s: token %q, %v; want %q", test.name, v.Text(S3SessionToken), err, test.want)
		}
	}
}

// A profile replaces keys from a place that counts less, unless it only stands in AWS_PROFILE.
func TestProfile(t *testing.T) {
	keys := []string{"AWS_ACCESS_KEY_ID=ak", "AWS_SECRET_ACCESS_KEY=sk", "AWS_SESSION_TOKEN=st"}
	for name, test := range map[string]struct {
		options LoadOptions
		want    string // access key
	}{
		"-D":                  {LoadOptions{Env: keys, Defines: []string{"s3.profile=p"}}, ""},
		"MILLSTREAM_":         {LoadOptions{Env: append([]string{"MILLSTREAM_S3_PROFILE=p"}, keys...)}, ""},
		"AWS_PROFILE":         {LoadOptions{File: write(t, legacyName, guide), Env: []string{"AWS_PROFILE=p"}}, "minio"},
		"with a key":          {LoadOptions{Env: keys, Defines: []string{"s3.profile=p", "s3.access-key=minio"}}, "minio"},
		"below a key of -D":   {LoadOptions{Env: []string{"MILLSTREAM_S3_PROFILE=p"}, Defines: []string{"s3.access-key=minio"}}, "minio"},
		"in the file, alone":  {LoadOptions{File: write(t, "c.yaml", "s3.profile: p\n")}, ""},
		"in the file, beside": {LoadOptions{File: write(t, "c.yaml", "s3.profile: p\ns3.access-key: minio\n")}, "minio"},
	} {
		v, err := Load(test.options)
		if err != nil || v.Text(S3AccessKey) != test.want || v.Text(S3Profile) != "p" || test.want == "" && (v.Has(S3SecretKey) || v.Has(S3SessionToken)) {
			t.Errorf("%s: read as %v, %v", name, texts(v), err)
		}
	}
}

func TestFindFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	flink := t.TempDir()
	put := func(path, name string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("pipeline.name: "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func(file string, env ...string) string {
		t.Helper()
		v, err := Load(LoadOptions{File: file, Env: env})
		if err != nil {
			t.Fatal(err)
		}
		return v.Text(PipelineName)
	}
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("read %q, want %q", got, want)
		}
	}
	inFlink := "FLINK_CONF_DIR=" + flink
	check(load("", inFlink), "")
	put(filepath.Join(flink, "flink-conf.yaml"), "legacy")
	check(load("", inFlink), "legacy")
	put(filepath.Join(flink, "config.yaml"), "new")
	check(load("", inFlink), "new")
	check(load(""), "")
	put("millstream.yaml", "own")
	check(load("", inFlink), "own")
	put("named.yaml", "named")
	check(load("", inFlink, "MILLSTREAM_CONF=named.yaml"), "named")
	check(load("millstream.yaml", inFlink, "MILLSTREAM_CONF=named.yaml"), "own")
	if _, err := Load(LoadOptions{Env: []string{"MILLSTREAM_CONF=gone.yaml"}}); err == nil || !strings.Contains(err.Error(), "MILLSTREAM_CONF") {
		t.Errorf("MILLSTREAM_CONF names no file: %v", err)
	}
}

func TestEnviron(t *testing.T) {
	r := testRegistry()
	v := New(r)
	for key, text := range map[string]string{"s3.endpoint": "http://h:1", "s3.secret-key": "se;cret=", "state.backend": "filesystem", "fields.a.kind": "x;y=z", "fields.Ünï-c_o.de": "1", "jobmanager.x": "1", "tags": "a:1"} {
		if err := v.Set(key, text, "SET"); err != nil {
			t.Fatal(err)
		}
	}
	v.Keep("my.key", "1", "SET")
	child, err := Load(LoadOptions{Env: v.Environ(), Registry: r})
	if err != nil {
		t.Fatal(err)
	}
	want := texts(v)
	delete(want, "jobmanager.x") // without effect, so a child does without
	delete(want, "my.key")
	if diff := cmp.Diff(want, texts(child)); diff != "" {
		t.Error(diff)
	}
}

// Every engine-wide option has a variable of its own, by which it can be given, and reads back its default.
func TestEngine(t *testing.T) {
	byEnv := map[string]string{}
	for o := range Engine.Options() {
		if o.Doc == "" || !strings.HasSuffix(o.Doc, ".") {
			t.Errorf("%s: documentation %q is no sentence", o.Key, o.Doc)
		}
		if o.Required {
			t.Errorf("%s: an engine-wide option cannot be required", o.Key)
		}
		for _, key := range append([]string{o.Key}, o.Aliases...) {
			name := EnvName(key)
			if other, taken := byEnv[name]; taken && other != o.Key && !o.Ignored {
				t.Errorf("%s and %s share the variable %s", o.Key, other, name)
			}
			byEnv[name] = o.Key
			if Variables[name] != "" {
				t.Errorf("%s: %s means something else", o.Key, name)
			}
		}
		if o.Prefix || o.Ignored || o.Default == "" {
			continue
		}
		v, err := Load(LoadOptions{Env: []string{EnvName(o.Key) + "=" + o.Default}})
		if err != nil || v.Text(o) != o.Default || !v.Has(o) {
			t.Errorf("%s: its default %q is read from the environment as %q, %v", o.Key, o.Default, v.Text(o), err)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{guide, "a: b: c", "s3:\n  endpoint: x", "- a", "a: *b", "a: &a [*a]", "{a: {b: c}}", "a: |\n  b\n", "--- a\n--- b", "? a\n: b", "'", "\xff", "a: !!binary x"} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"config.yaml", legacyName} {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			v, err := Load(LoadOptions{File: path, Registry: Engine})
			if err == nil {
				for _, e := range v.All() {
					if _, canonical, ok := Engine.Lookup(e.Key); !ok || canonical != e.Key {
						t.Errorf("%q is kept under %q", text, e.Key)
					}
				}
			}
		}
	})
}

// What a process pays at its start; the limit is reading and splitting the same file by hand.
func BenchmarkLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), legacyName)
	if err := os.WriteFile(path, []byte(guide), 0o600); err != nil {
		b.Fatal(err)
	}
	env := []string{"MILLSTREAM_PARALLELISM_DEFAULT=2", "AWS_REGION=eu-central-1", "HOME=/x"}
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Load(LoadOptions{File: path, Env: env}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("limit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			data, err := os.ReadFile(path)
			if err != nil {
				b.Fatal(err)
			}
			m := map[string]string{}
			for line := range strings.Lines(string(data)) {
				key, text, _ := strings.Cut(line, ": ")
				m[key] = text
			}
		}
	})
}
