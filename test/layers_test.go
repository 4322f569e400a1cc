package test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/millstream/millstream"

// place says where a folder at the root stands among the layers, 0 on top. ok is false for a folder that
// has no place.
func place(layers []string, folder string) (int, bool) {
	if folder == "test" {
		return -1, true
	}
	i := slices.Index(layers, folder)
	return i, i >= 0
}

// judge returns what is wrong with a file's import, or "".
func judge(layers []string, path, imported string) string {
	rest, inModule := strings.CutPrefix(imported, module)
	if !inModule || rest != "" && rest[0] != '/' {
		return ""
	}
	from, _, inFolder := strings.Cut(path, "/")
	to, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	if !inFolder || to == "" {
		return "Go files belong in a folder of a layer, not at the root"
	}
	fromPlace, ok := place(layers, from)
	if !ok {
		return fmt.Sprintf("the folder %s has no place among the layers of ARCHITECTURE.md", from)
	}
	toPlace, ok := place(layers, to)
	if !ok {
		return fmt.Sprintf("the folder %s has no place among the layers of ARCHITECTURE.md", to)
	}
	switch {
	case from == to || fromPlace < toPlace:
		return ""
	case fromPlace == toPlace:
		return fmt.Sprintf("%s and %s stand side by side and cannot import each other", from, to)
	}
	return fmt.Sprintf("%s stands above %s: take a function or an interface instead, or move the code", to, from)
}

func parseLayers(t *testing.T, architecture string) []string {
	t.Helper()
	m := regexp.MustCompile("(?m)^```layers\n(.*)\n```$").FindStringSubmatch(architecture)
	if m == nil {
		t.Fatal("ARCHITECTURE.md has no block ```layers with a line such as: cmd → sql → engine")
	}
	layers := strings.Split(m[1], " → ")
	if len(layers) < 3 || slices.Contains(layers, "") {
		t.Fatalf("ARCHITECTURE.md: not a list of layers: %q", m[1])
	}
	return layers
}

// Imports point downwards, in tests too.
func TestLayers(t *testing.T) {
	layers := parseLayers(t, string(read(t, "ARCHITECTURE.md")))
	checked := 0
	for _, path := range repositoryFiles(t) {
		if !isSource(path) {
			continue
		}
		set, file := parseHead(t, path)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if problem := judge(layers, path, imported); problem != "" {
				t.Errorf("%s imports %s: %s", set.Position(spec.Pos()), imported, problem)
			}
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("only %d imports were seen", checked)
	}
}

func TestJudge(t *testing.T) {
	layers := []string{"cmd", "examples", "sql", "engine", "setting"}
	for _, test := range []struct{ path, imported, want string }{
		{"sql/bind/bind.go", module + "/engine/task", ""},
		{"sql/bind/bind.go", module + "/sql/syntax", ""},
		{"sql/bind/bind_test.go", module + "/cmd/millstream", "cmd stands above sql"},
		{"engine/task.go", module + "/sql", "sql stands above engine"},
		{"setting/x.go", module + "/engine", "engine stands above setting"},
		{"examples/x/main.go", module + "/sql", ""},
		{"examples/x/main.go", module + "/cmd/millstream", "stands above"},
		{"engine/task.go", module + "/test/peers", "test stands above engine"},
		{"test/peers/x.go", module + "/cmd/millstream", ""},
		{"test/peers/x.go", module + "/test/report", ""},
		{"tools/x.go", module + "/sql", "tools has no place"},
		{"sql/x.go", module + "/util", "util has no place"},
		{"x.go", module + "/sql", "not at the root"},
		{"sql/x.go", module, "not at the root"},
		{"setting/x.go", "strings", ""},
		{"setting/x.go", module + "-other/sql", ""},
	} {
		got := judge(layers, test.path, test.imported)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s imports %s: %q, want %q", test.path, test.imported, got, test.want)
		}
	}
}
