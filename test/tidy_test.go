package test

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/format"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What may stand at the root besides the layers' folders, with why.
var atRoot = map[string]string{
	".ci":             "what a build server runs",
	".editorconfig":   "for editors",
	".gitattributes":  "for git",
	".github":         "for GitHub",
	".gitignore":      "for git",
	".golangci.yml":   "the linters",
	"ARCHITECTURE.md": "the layers and the decisions",
	"LICENSE":         "Apache-2.0",
	"Makefile":        "the handful of commands",
	"README.md":       "the first thing read",
	"docs":            "documentation",
	"examples":        "programs to learn from",
	"go.mod":          "the module",
	"go.sum":          "the module",
	"test":            "tests of the whole",
}

// Files over a megabyte, with why they must be in the repository.
var mayBeLarge = map[string]string{
	"test/bench/nexmark/testdata/events.jsonl.gz": "the events of which Apache Flink gave the answers",
}

const (
	largestFile   = 1 << 20 // bytes
	longestSource = 1200    // lines
)

// Only what has a place stands at the root.
func TestRoot(t *testing.T) {
	layers := parseLayers(t, string(read(t, "ARCHITECTURE.md")))
	for _, file := range repositoryFiles(t) {
		top, _, _ := strings.Cut(file, "/")
		if atRoot[top] == "" && !slices.Contains(layers, top) {
			t.Errorf("%s: nothing that belongs at the root; move it, or list it in test/tidy_test.go with why", file)
		}
	}
}

// The repository holds text, and binary data only as tests' data or the web UI's pictures.
func TestNoBlobs(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range repositoryFiles(t) {
		data := read(t, file)
		seen[file] = true
		if len(data) > largestFile && mayBeLarge[file] == "" {
			t.Errorf("%s has %d bytes: generate it, or list it in test/tidy_test.go with why", file, len(data))
		}
		binary := bytes.IndexByte(data[:min(len(data), 8192)], 0) >= 0
		if binary && !strings.Contains(file, "/testdata/") && !strings.HasPrefix(file, "server/ui/") {
			t.Errorf("%s is binary and not below testdata", file)
		}
		if mode, err := os.Lstat(filepath.Join(root, file)); err != nil {
			t.Error(err)
		} else if script := bytes.HasPrefix(data, []byte("#!")); mode.Mode().Perm()&0o100 != 0 && !script {
			t.Errorf("%s is executable and no script", file)
		}
	}
	for file := range mayBeLarge {
		if !seen[file] {
			t.Errorf("test/tidy_test.go allows %s, which is gone", file)
		}
	}
}

// Words that a finished text does not hold. They are put together here so that this file passes too. The last one is also
// a time zone's offset in patterns of dates, so there it must begin a comment or end in a colon.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b|(//|#) *X` + `XX\b|\bX` + `XX:`)

// Paths of somebody's machine.
var machinePath = regexp.MustCompile(`(^|[\s"'` + "`" + `(=:,])/(home|Users|root|work)/[\w.-]+`)

func TestFinished(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		if strings.Contains(file, "/testdata/") || file == ".golangci.yml" { // which names what it forbids
			continue
		}
		for i, line := range strings.Split(string(read(t, file)), "\n") {
			if m := unfinished.FindString(line); m != "" {
				t.Errorf("%s:%d: %s: finish it, or write down in docs what is missing", file, i+1, m)
			}
			if m := machinePath.FindString(line); m != "" {
				t.Errorf("%s:%d: %q is a path of one machine: use one relative to the repository, or a temporary folder", file, i+1, strings.TrimSpace(m))
			}
		}
	}
}

func TestFormatted(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		if !isSource(file) {
			continue
		}
		data := read(t, file)
		formatted, err := format.Source(data)
		switch {
		case err != nil:
			t.Errorf("%s: %v", file, err)
		case !bytes.Equal(data, formatted):
			t.Errorf("%s is not formatted: make fmt", file)
		}
		generated := bytes.Contains(data, []byte("\n// Code generated ")) || bytes.HasPrefix(data, []byte("// Code generated "))
		if lines := bytes.Count(data, []byte("\n")); lines > longestSource && !generated {
			t.Errorf("%s has %d lines, more than %d: which two questions does it answer?", file, lines, longestSource)
		}
	}
}

// Every package says what it is, once.
func TestPackageDocs(t *testing.T) {
	type pkg struct{ documented []string }
	packages := map[string]*pkg{}
	for _, file := range repositoryFiles(t) {
		if !isSource(file) || strings.HasSuffix(file, "_test.go") {
			continue
		}
		_, head := parseHead(t, file)
		folder := path.Dir(file)
		if packages[folder] == nil {
			packages[folder] = &pkg{}
		}
		if strings.TrimSpace(head.Doc.Text()) != "" {
			packages[folder].documented = append(packages[folder].documented, path.Base(file))
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		if p := packages[folder]; len(p.documented) != 1 {
			t.Errorf("%s: the package's documentation stands in %d files %q, want one: say above 'package' what enters, what leaves, who calls and what must hold",
				folder, len(p.documented), p.documented)
		}
	}
}

// ban is an import that .golangci.yml refuses. The linter tells the same, but needs to be installed.
type ban struct {
	Package string `yaml:"pkg"`
	Instead string `yaml:"desc"`
}

// matches follows depguard: a '$' ends the path, else all below is meant.
func (b ban) matches(imported string) bool {
	if whole, exact := strings.CutSuffix(b.Package, "$"); exact {
		return imported == whole
	}
	return strings.HasPrefix(imported, b.Package)
}

func TestBannedImports(t *testing.T) {
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct{ Deny []ban }
				}
			}
		}
	}
	if err := yaml.Unmarshal(read(t, ".golangci.yml"), &config); err != nil {
		t.Fatal(err)
	}
	bans := config.Linters.Settings.Depguard.Rules["everywhere"].Deny
	if len(bans) < 5 {
		t.Fatalf(".golangci.yml bans only %v", bans)
	}
	for _, b := range bans {
		if instead, ok := strings.CutPrefix(b.Instead, "use: "); !ok || len(instead) < 5 {
			t.Errorf(".golangci.yml bans %s without naming a replacement: begin its desc with 'use: '", b.Package)
		}
	}
	for _, file := range repositoryFiles(t) {
		if !isSource(file) {
			continue
		}
		set, head := parseHead(t, file)
		for _, spec := range head.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if excepted(spec) {
				continue
			}
			if i := slices.IndexFunc(bans, func(b ban) bool { return b.matches(imported) }); i >= 0 {
				t.Errorf("%s: %s is banned; %s", set.Position(spec.Pos()), imported, bans[i].Instead)
			}
		}
	}
}

// excepted reports whether an import carries an exception with a reason, which the linter honours too.
func excepted(spec *ast.ImportSpec) bool {
	return spec.Comment != nil && strings.HasPrefix(spec.Comment.List[0].Text, "//nolint:depguard // ")
}

func TestBanMatches(t *testing.T) {
	for _, test := range []struct {
		pattern, imported string
		want              bool
	}{
		{"log$", "log", true}, {"log$", "log/slog", false}, {"io/ioutil", "io/ioutil", true},
		{"golang.org/x/exp", "golang.org/x/exp/maps", true},
		{"github.com/minio/minio$", "github.com/minio/minio-go/v7", false}, {"github.com/minio/minio/", "github.com/minio/minio/cmd", true},
	} {
		if got := (ban{Package: test.pattern}).matches(test.imported); got != test.want {
			t.Errorf("%s matches %s: %v", test.pattern, test.imported, got)
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
)

// anchor is the name by which a heading is linked to.
func anchor(heading string) string {
	return strings.ReplaceAll(regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), ""), " ", "-")
}

// A link within the repository leads somewhere.
func TestLinks(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		if !strings.HasSuffix(file, ".md") || strings.Contains(file, "/testdata/") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(string(read(t, file)), ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			target, fragment, _ := strings.Cut(m[1], "#")
			target = cmp.Or(target, path.Base(file))
			whole := path.Join(path.Dir(file), target)
			info, err := os.Stat(filepath.Join(root, whole))
			if err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
				continue
			}
			if fragment == "" || info.IsDir() || !strings.HasSuffix(whole, ".md") {
				continue
			}
			found := false
			for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(string(read(t, whole)), ""), -1) {
				found = found || anchor(h[1]) == fragment
			}
			if !found {
				t.Errorf("%s links to %s, which has no such heading", file, m[1])
			}
		}
	}
}

func TestPatterns(t *testing.T) {
	for text, want := range map[string]bool{
		"path /ho" + "me/me/x": true, `"/wo` + `rk/main"`: true, "--dir=/Us" + "ers/x": true, "https://h/home/x": false, "the /home folder": false, "a/root/b": false,
	} {
		if got := machinePath.MatchString(text); got != want {
			t.Errorf("%q is a machine's path: %v", text, got)
		}
	}
	for text, want := range map[string]bool{"// TO" + "DO: x": true, "TO" + "DOs": false, "context.TO" + "DO()": true,
		"// X" + "XX here": true, "X" + "XX: here": true, `"h a X` + `XX"`: false} {
		if got := unfinished.MatchString(text); got != want {
			t.Errorf("%q is unfinished: %v", text, got)
		}
	}
	if got := anchor("It's `done` when: now"); got != "its-done-when-now" {
		t.Errorf("anchor = %q", got)
	}
}
