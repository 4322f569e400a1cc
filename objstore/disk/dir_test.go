package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestHasDir(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "a", "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a", "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := New(root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"": true, "a": true, "a/": true, "a/empty": true, "a/empty/": true, "a/file": false, "b": false, "a/file/x": false} {
		if got, err := s.HasDir(t.Context(), key); err != nil || got != want {
			t.Errorf("HasDir(%q) = %t, %v; want %t", key, got, err, want)
		}
	}
}
