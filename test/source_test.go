package test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the repository's, as seen from this folder.
const root = ".."

// files returns the paths, with '/', of all files that belong to the repository or might soon: those that
// git knows or does not ignore, or without git all that are not hidden.
var files = sync.OnceValues(func() ([]string, error) {
	git := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir = root
	if out, err := git.Output(); err == nil {
		var paths []string
		for path := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			if _, err := os.Lstat(filepath.Join(root, path)); err == nil && !slices.Contains(paths, path) {
				paths = append(paths, path)
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		slices.Sort(paths)
		return paths, nil
	}
	var paths []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(d.Name(), ".") && path != root; d.IsDir() && (hidden || d.Name() == "bin" || d.Name() == "dist") {
			return fs.SkipDir
		}
		if !d.IsDir() {
			path, err = filepath.Rel(root, path)
			paths = append(paths, filepath.ToSlash(path))
		}
		return err
	})
	return paths, err
})

func repositoryFiles(t *testing.T) []string {
	t.Helper()
	paths, err := files()
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 10 {
		t.Fatalf("found only %q", paths)
	}
	return paths
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// isSource reports whether path is Go source that is built, which testdata is not.
func isSource(path string) bool {
	return strings.HasSuffix(path, ".go") && !strings.Contains("/"+path, "/testdata/")
}

// parseHead parses a file up to its imports, with comments.
func parseHead(t *testing.T, path string) (*token.FileSet, *ast.File) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, read(t, path), parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return set, file
}
