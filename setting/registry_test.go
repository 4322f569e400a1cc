package setting

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func testRegistry() *Registry {
	r := NewRegistry("setting")
	for _, o := range []*Option{
		{Key: "s3.endpoint", Doc: "d"},
		{Key: "s3.path.style.access", Aliases: []string{"s3.path-style"}, Type: Bool, Doc: "d"},
		{Key: "s3.secret-key", Secret: true, Doc: "d"},
		{Key: "state.backend.type", Aliases: []string{"state.backend"}, Type: Enum, Values: []string{"hashmap", "filesystem"}, Default: "hashmap", Doc: "d"},
		{Key: "execution.checkpointing.interval", Type: Duration, Doc: "d"},
		{Key: "execution.checkpointing.dir", Doc: "d"},
		{Key: "parallelism.default", Type: Int, Default: "2", Doc: "d"},
		{Key: "jobmanager.", Prefix: true, Ignored: true, Doc: "d"},
		{Key: "fields.", Aliases: []string{"columns."}, Prefix: true, Doc: "d"},
		{Key: "fields.special", Type: Int, Doc: "d"},
		{Key: "fields.deep.", Prefix: true, Doc: "d"},
		{Key: "tags", Type: Map, Doc: "d"},
		{Key: "jars", Type: List, Doc: "d"},
		{Key: "ratio", Type: Double, Default: "1.5", Doc: "d"},
		{Key: "size", Type: MemorySize, Default: "1mb", Doc: "d"},
	} {
		r.Register(o)
	}
	return r
}

func TestLookup(t *testing.T) {
	r := testRegistry()
	for given, want := range map[string]string{
		"s3.endpoint":                    "s3.endpoint",
		"s3.path-style":                  "s3.path.style.access",
		"state.backend":                  "state.backend.type",
		"jobmanager.memory.process.size": "jobmanager.memory.process.size",
		"fields.a.kind":                  "fields.a.kind",
		"columns.a.kind":                 "fields.a.kind",
		"fields.special":                 "fields.special",
		"fields.deep.a":                  "fields.deep.a",
		"fields.":                        "",
		"jobmanager.":                    "",
		"jobmanager":                     "",
		"s3.endpont":                     "",
		"S3.ENDPOINT":                    "",
		"":                               "",
		".":                              "",
	} {
		_, got, ok := r.Lookup(given)
		if got != want || ok != (want != "") {
			t.Errorf("Lookup(%q) = %q, %v; want %q", given, got, ok, want)
		}
	}
	if o, _, _ := r.Lookup("fields.deep.a"); o.Key != "fields.deep." {
		t.Errorf("fields.deep.a belongs to %q, want the longest prefix", o.Key)
	}
}

func TestNearest(t *testing.T) {
	r := testRegistry()
	for given, want := range map[string]string{
		"s3.endpont":                    "s3.endpoint",
		"s3.endpoitn":                   "s3.endpoint",
		"S3_Endpoint":                   "s3.endpoint",
		"endpoint":                      "s3.endpoint",
		"s3.path-styel":                 "s3.path-style",
		"s3.pathstyle.access":           "s3.path.style.access",
		"execution.checkpoint.interval": "execution.checkpointing.interval",
		"checkpointing.interval":        "execution.checkpointing.interval",
		"execution.interval":            "execution.checkpointing.interval",
		"parallelism":                   "parallelism.default",
		"paralelism.default":            "parallelism.default",
		"jobmanger.memory.process.size": "jobmanager.memory.process.size",
		"feilds.a.kind":                 "fields.a.kind",
		"execution.checkpointing.foo":   "",
		"my.key":                        "",
		"x":                             "",
		"":                              "",
		"...":                           "",
		"wholly.different.thing":        "",
	} {
		if got := r.Nearest(given); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", given, got, want)
		}
	}
}

func TestUnknownKey(t *testing.T) {
	for given, want := range map[string]string{
		"s3.endpont":           "SET: unknown setting 's3.endpont'; did you mean 's3.endpoint'?",
		"s3.nothing.like.this": "SET: unknown setting 's3.nothing.like.this'; valid are 's3.endpoint', 's3.path.style.access' and 's3.secret-key'",
		"my.key":               "SET: unknown setting 'my.key'; valid are 'execution.checkpointing.dir', 'execution.checkpointing.interval', 'fields.', 'fields.deep.', 'fields.special', 'jars', 'parallelism.default', 'ratio', 's3.endpoint', 's3.path.style.access', 's3.secret-key', 'size', 'state.backend.type' and 'tags'",
	} {
		v := New(testRegistry())
		err := v.Set(given, "minio123", "SET")
		var unknown *UnknownKeyError
		ok := errors.As(err, &unknown)
		if !ok || err.Error() != want {
			t.Errorf("Set(%q):\n got %v\nwant %v", given, err, want)
		}
		if foreign := given == "my.key"; ok && unknown.Foreign != foreign {
			t.Errorf("Set(%q): Foreign is %v", given, unknown.Foreign)
		}
	}
}

// A key with one letter dropped, added, changed or swapped is led back to a key as near as the right one.
func TestNearestFindsMisspellings(t *testing.T) {
	var keys []string
	for o := range Engine.Options() {
		if !o.Ignored && len(o.Key) > 6 {
			keys = append(keys, o.Key)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		at := rapid.IntRange(1, len(key)-2).Draw(t, "at")
		misspelled := ""
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			misspelled = key[:at] + key[at+1:]
		case 1:
			misspelled = key[:at] + "x" + key[at:]
		case 2:
			misspelled = key[:at] + "x" + key[at+1:]
		case 3:
			misspelled = key[:at] + key[at+1:at+2] + key[at:at+1] + key[at+2:]
		}
		if _, _, known := Engine.Lookup(misspelled); known {
			t.Skip("known")
		}
		if got := Engine.Nearest(misspelled); got == "" || EditDistance(misspelled, got) > 3 {
			t.Fatalf("Nearest(%q) = %q, want %q", misspelled, got, key)
		}
	})
}

func TestEditDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "acbd", 1}, {"same", "same", 0}} {
		if got := EditDistance(test.a, test.b); got != test.want {
			t.Errorf("EditDistance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
	word := rapid.StringMatching(`[abc]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		there, back := EditDistance(a, b), EditDistance(b, a)
		if there != back || there > max(len(a), len(b)) || (there == 0) != (a == b) {
			t.Fatalf("EditDistance(%q, %q) = %d, back %d", a, b, there, back)
		}
	})
}

func TestRegisterPanics(t *testing.T) {
	for name, o := range map[string]*Option{
		"registered twice":       {Key: "s3.endpoint", Doc: "d"},
		"'state.backend' is reg": {Key: "new", Aliases: []string{"state.backend"}, Doc: "d"},
		"needs a key":            {Doc: "d"},
		"needs documentation":    {Key: "new"},
		"bad default":            {Key: "new", Type: Int, Default: "many", Doc: "d"},
		"if its type is Enum":    {Key: "new", Type: Enum, Doc: "d"},
		"if it is a prefix":      {Key: "new.", Doc: "d"},
		"cannot be required":     {Key: "new.", Prefix: true, Required: true, Doc: "d"},
		"alias old.":             {Key: "new", Aliases: []string{"old."}, Doc: "d"},
		"unknown type":           {Key: "new", Type: 99, Doc: "d"},
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, name) {
					t.Errorf("Register(%+v) panicked with %q, want %q", *o, got, name)
				}
			}()
			testRegistry().Register(o)
		}()
	}
}

func TestOptionsAreSorted(t *testing.T) {
	var keys []string
	for o := range testRegistry().Options() {
		keys = append(keys, o.Key)
	}
	if !slices.IsSorted(keys) || len(keys) != 15 {
		t.Errorf("Options() = %q, want 15 keys in order", keys)
	}
}
