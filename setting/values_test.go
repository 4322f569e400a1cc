package setting

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// option returns the registered option, for tests that read one of testRegistry's.
func option(t *testing.T, r *Registry, key string) *Option {
	t.Helper()
	o, _, ok := r.Lookup(key)
	if !ok {
		t.Fatalf("no option %q", key)
	}
	return o
}

func TestGetters(t *testing.T) {
	r := testRegistry()
	v := New(r)
	for key, text := range map[string]string{
		"s3.endpoint": "http://h:1", "s3.path-style": " TRUE ", "state.backend": "FileSystem", "execution.checkpointing.interval": "10 s",
		"parallelism.default": "4", "tags": "a:1,b:2", "jars": "x;y", "ratio": "0.25", "size": "2mb", "fields.b": "2", "columns.a.kind": "1", "fields.special": "3",
	} {
		if err := v.Set(key, text, "SET"); err != nil {
			t.Fatal(err)
		}
	}
	at := func(key string) *Option { return option(t, r, key) }
	for _, test := range []struct{ got, want any }{
		{v.Text(at("s3.endpoint")), "http://h:1"},
		{v.Bool(at("s3.path-style")), true},
		{v.Enum(at("state.backend")), "filesystem"},
		{v.Duration(at("execution.checkpointing.interval")), 10 * time.Second},
		{v.Int(at("parallelism.default")), 4},
		{v.Map(at("tags")), map[string]string{"a": "1", "b": "2"}},
		{v.List(at("jars")), []string{"x", "y"}},
		{v.Double(at("ratio")), 0.25},
		{v.Memory(at("size")), int64(2 << 20)},
		{v.Has(at("size")), true},
		{v.Has(at("s3.secret-key")), false},
		{v.Has(at("fields.b")), true},
		{v.Has(at("jobmanager.x")), false},
		{v.Origin(at("size")), "SET"},
		{v.Origin(at("s3.secret-key")), ""},
	} {
		if !cmp.Equal(test.got, test.want) {
			t.Errorf("got %v, want %v", test.got, test.want)
		}
	}
	var below []string
	for key, text := range v.Prefixed(at("fields.b")) {
		below = append(below, key+"="+text)
	}
	if want := []string{"a.kind=1", "b=2"}; !cmp.Equal(below, want) {
		t.Errorf("Prefixed: %q, want %q (fields.special is an option of its own)", below, want)
	}
}

func TestDefaults(t *testing.T) {
	r := testRegistry()
	for name, v := range map[string]Values{"zero": {}, "new": New(r)} {
		at := func(key string) *Option { return option(t, r, key) }
		if v.Int(at("parallelism.default")) != 2 || v.Double(at("ratio")) != 1.5 || v.Memory(at("size")) != 1<<20 ||
			v.Enum(at("state.backend")) != "hashmap" || v.Text(at("ratio")) != "1.5" {
			t.Errorf("%s: defaults are not read", name)
		}
		if v.Duration(at("execution.checkpointing.interval")) != 0 || v.Bool(at("s3.path-style")) || v.List(at("jars")) != nil || v.Map(at("tags")) != nil || v.Text(at("s3.endpoint")) != "" {
			t.Errorf("%s: unset options without a default are not zero", name)
		}
		if len(v.All()) != 0 || len(v.Environ()) != 0 {
			t.Errorf("%s: lists what nobody gave", name)
		}
	}
	var zero Values
	if err := zero.Set("a", "b", "SET"); err == nil {
		t.Error("the zero Values takes a key")
	}
	zero.Reset("a")
}

func TestGetterOfWrongTypePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("reading an Int as a Duration did not panic")
		}
	}()
	r := testRegistry()
	New(r).Duration(option(t, r, "parallelism.default"))
}

func TestBadValues(t *testing.T) {
	v := New(testRegistry())
	for _, test := range []struct{ key, text, want string }{
		{"parallelism.default", "many", "c.yaml:3: setting 'parallelism.default' = 'many' is not an integer: valid are decimal integers such as '8'"},
		{"state.backend", "cloud", "c.yaml:3: setting 'state.backend.type' = 'cloud' is not one of the valid values 'hashmap' and 'filesystem'"},
		{"size", "9223372036854775808", "c.yaml:3: setting 'size' = '9223372036854775808' is out of range: the largest memory size is 8388607 tb"},
	} {
		if err := v.Set(test.key, test.text, "c.yaml:3"); err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %v", err, test.want)
		}
	}
	if len(v.All()) != 0 {
		t.Errorf("refused values were kept: %v", v.All())
	}
}

func TestSecretsAreMasked(t *testing.T) {
	r := testRegistry()
	r.Register(&Option{Key: "pin", Type: Int, Secret: true, Doc: "d"})
	v := New(r)
	for _, key := range []string{"s3.secret-key", "jobmanager.password", "jobmanager.size"} {
		if err := v.Set(key, "minio123", "SET"); err != nil {
			t.Fatal(err)
		}
	}
	v.Keep("my.token", "minio123", "SET")
	got := map[string]string{}
	for _, e := range v.All() {
		got[e.Key] = e.Text
	}
	want := map[string]string{"s3.secret-key": Masked, "jobmanager.password": Masked, "jobmanager.size": "minio123", "my.token": Masked}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all := v.AllWithSecrets(); all[2].Key != "my.token" || all[2].Text != "minio123" {
		t.Errorf("AllWithSecrets() = %v", all)
	}
	if err := v.Set("pin", "hunter2", "SET"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a bad secret gives %v", err)
	}
	if ignored := v.Ignored(); len(ignored) != 2 || ignored[0].Key != "jobmanager.password" || ignored[0].Text != Masked {
		t.Errorf("Ignored() = %v", ignored)
	}
}

func TestCheck(t *testing.T) {
	options := []*Option{
		{Key: "path", Required: true, Doc: "d"},
		{Key: "rows-per-second", Type: Int, Default: "10", Doc: "d"},
		{Key: "password", Aliases: []string{"pass"}, Secret: true, Doc: "d"},
		{Key: "fields.", Prefix: true, Doc: "d"},
	}
	for _, test := range []struct {
		given map[string]string
		want  string
	}{
		{map[string]string{"path": "/x", "fields.a.kind": "random"}, ""},
		{map[string]string{}, "Required option 'path' is missing"},
		{map[string]string{"pth": "/x"}, "unknown option 'pth'; did you mean 'path'?\nRequired option 'path' is missing"},
		{map[string]string{"path": "/x", "rows-per-second": "all"}, "option 'rows-per-second' = 'all' is not an integer: valid are decimal integers such as '8'"},
		{map[string]string{"path": "/x", "pass": "a", "password": "b"}, "option 'password': given twice, once as 'password'"},
		{map[string]string{"path": "/x", "color": "red"}, "unknown option 'color'; valid are 'fields.', 'password', 'path' and 'rows-per-second'"},
	} {
		v, err := Check(options, test.given)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%v:\n got %v\nwant %v", test.given, got, test.want)
		}
		if err == nil && (v.Text(options[0]) != "/x" || v.Origin(options[0]) != "WITH" || v.Int(options[1]) != 10 || !v.Has(options[3])) {
			t.Errorf("%v: read back as %v", test.given, v.All())
		}
	}
}

// Values behaves like a map of canonical keys, and a copy is a snapshot.
func TestValuesModel(t *testing.T) {
	r := testRegistry()
	canonical := map[string]string{"s3.endpoint": "s3.endpoint", "s3.path-style": "s3.path.style.access", "s3.path.style.access": "s3.path.style.access",
		"columns.a": "fields.a", "fields.a": "fields.a", "jobmanager.x": "jobmanager.x"}
	keys := []string{"s3.endpoint", "s3.path-style", "s3.path.style.access", "columns.a", "fields.a", "jobmanager.x"}
	rapid.Check(t, func(t *rapid.T) {
		v, model := New(r), map[string]string{}
		snapshot, snapshotModel := v, map[string]string{}
		compare := func(v Values, model map[string]string) {
			got := map[string]string{}
			for _, e := range v.AllWithSecrets() {
				got[e.Key] = e.Text
			}
			if diff := cmp.Diff(model, got); diff != "" {
				t.Fatal(diff)
			}
		}
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			key := rapid.SampledFrom(keys).Draw(t, "key")
			switch rapid.IntRange(0, 3).Draw(t, "do") {
			case 0, 1:
				text := rapid.SampledFrom([]string{"true", "false"}).Draw(t, "text")
				if err := v.Set(key, text, "SET"); err != nil {
					t.Fatal(err)
				}
				model[canonical[key]] = text
			case 2:
				v.Reset(key)
				delete(model, canonical[key])
			case 3:
				snapshot, snapshotModel = v.Clone(), map[string]string{}
				for k, text := range model {
					snapshotModel[k] = text
				}
			}
			compare(v, model)
			compare(snapshot, snapshotModel)
		}
	})
}
