package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/storetest"
)

func newStore(t testing.TB) (*Store, string) {
	dir := t.TempDir()
	s, err := New(dir, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// files lists everything below dir, hidden files too.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRefusedKeys(t *testing.T) {
	s, dir := newStore(t)
	storetest.Put(t, s, "file", nil)
	storetest.Put(t, s, "dir/file", nil)
	for _, key := range []string{"", "/x", "a//b", "a/", "..", "../x", "a/../../x", "./x", ".millstream-x", "a\x00b"} {
		_, err := s.Put(t.Context(), key, nil, objstore.Condition{})
		storetest.WantKind(t, err, objstore.BadURL, s.URL(key))
		_, err = s.Head(t.Context(), key)
		storetest.WantKind(t, err, objstore.BadURL, s.URL(key))
	}
	// A file where a directory would be needed, a directory where the file would be, a name too long.
	for _, key := range []string{"file/below", "dir", strings.Repeat("n", 300)} {
		_, err := s.Put(t.Context(), key, nil, objstore.Condition{})
		storetest.WantKind(t, err, objstore.BadURL, s.URL(key))
	}
	_, err := s.Head(t.Context(), "dir")
	storetest.WantKind(t, err, objstore.NotFound, "it is a directory")
	if got := files(t, dir); !slices.Equal(got, []string{"dir/file", "file"}) {
		t.Errorf("files: %q", got)
	}
}

func TestNothingLeftAfterFailure(t *testing.T) {
	s, dir := newStore(t)
	storetest.Put(t, s, "key", []byte("old"))
	for _, cond := range []objstore.Condition{{IfAbsent: true}, {IfMatch: "other"}} {
		_, err := s.Put(t.Context(), "key", []byte("new"), cond)
		storetest.WantKind(t, err, objstore.PreconditionFailed, s.URL("key"))
	}
	if got := files(t, dir); !slices.Equal(got, []string{"key"}) {
		t.Errorf("files: %q", got)
	}
}

// TestCrashedWriters leaves behind what a killed process would, at each step.
func TestCrashedWriters(t *testing.T) {
	s, dir := newStore(t)
	u, err := s.Create(t.Context(), "out/open")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	linked := storetest.Seal(t, s, "out/linked", []byte("data"))
	temp := filepath.Join(dir, "out", tempName(linked.UploadID, "linked"))
	if err := os.Link(temp, filepath.Join(dir, "out", "linked")); err != nil { // killed between link and remove
		t.Fatal(err)
	}
	if got := storetest.Keys(t, s, "", objstore.ListOptions{}); !slices.Equal(got, []string{"out/linked"}) {
		t.Errorf("listed %q", got)
	}
	if info, err := s.Commit(t.Context(), linked, objstore.Condition{IfAbsent: true}); err != nil || info.Size != 4 {
		t.Errorf("commit after the crash: %+v, %v", info, err)
	}
	n := 0
	for p, err := range s.Uploads(t.Context(), "out/") {
		if err != nil || p.Key != "out/open" {
			t.Errorf("upload %+v, %v", p, err)
		}
		if err := s.Abort(t.Context(), objstore.Pending{Key: p.Key, UploadID: p.UploadID}); err != nil {
			t.Error(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d uploads left over", n)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"out/linked"}) {
		t.Errorf("files: %q", got)
	}
}

func TestForgedUploadID(t *testing.T) {
	s, dir := newStore(t)
	storetest.Put(t, s, "victim", []byte("x"))
	p := objstore.Pending{Key: "key", UploadID: "../../victim", Parts: []objstore.Part{{Number: 1}}}
	if err := s.Abort(t.Context(), p); err != nil {
		t.Error(err)
	}
	if _, err := s.Commit(t.Context(), p, objstore.Condition{}); objstore.KindOf(err) != objstore.NotFound {
		t.Error(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"victim"}) {
		t.Errorf("files: %q", got)
	}
}

func TestSymbolicLinks(t *testing.T) {
	s, dir := newStore(t)
	storetest.Put(t, s, "real/sub/file", []byte("x"))
	for link, target := range map[string]string{"link": "real", "real/sub/up": "..", "alias": "real/sub/file", "dangling": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	want := []string{"alias", "link/sub/file", "real/sub/file"}
	if got := storetest.Keys(t, s, "", objstore.ListOptions{}); !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

func TestEmptyDirectoriesAreNoObjects(t *testing.T) {
	s, dir := newStore(t)
	storetest.Put(t, s, "full/x", nil)
	if err := os.MkdirAll(filepath.Join(dir, "empty", "inner"), 0o777); err != nil {
		t.Fatal(err)
	}
	storetest.Seal(t, s, "pending/x", []byte("x"))
	if got := storetest.Keys(t, s, "", objstore.ListOptions{Delimiter: "/"}); !slices.Equal(got, []string{"full/"}) {
		t.Errorf("listed %q", got)
	}
}

func TestOtherDelimiter(t *testing.T) {
	s, _ := newStore(t)
	for _, key := range []string{"a-1/x", "a-2", "b"} {
		storetest.Put(t, s, key, nil)
	}
	if got := storetest.Keys(t, s, "", objstore.ListOptions{Delimiter: "-"}); !slices.Equal(got, []string{"a-", "b"}) {
		t.Errorf("listed %q", got)
	}
}

func TestTruncatedWhileRead(t *testing.T) {
	s, dir := newStore(t)
	storetest.Put(t, s, "key", make([]byte, 1000))
	body, _, err := s.Get(t.Context(), "key", objstore.All)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if err := os.Truncate(filepath.Join(dir, "key"), 100); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1000)
	n, err := body.Read(buf)
	if n != 100 {
		t.Errorf("%d bytes", n)
	}
	storetest.WantKind(t, err, objstore.Changed, s.URL("key"))
}

func TestSystemErrors(t *testing.T) {
	s, _ := newStore(t)
	for errno, kind := range map[syscall.Errno]objstore.Kind{
		syscall.ENOSPC: objstore.NoSpace, syscall.EACCES: objstore.Denied, syscall.EPERM: objstore.Denied, syscall.EROFS: objstore.Denied,
		syscall.ENOENT: objstore.NotFound, syscall.ENAMETOOLONG: objstore.BadURL, syscall.EIO: objstore.Other,
	} {
		err := s.fail("write", "key", &fs.PathError{Op: "write", Path: "/hidden/temp/name", Err: errno})
		storetest.WantKind(t, err, kind, s.URL("key"))
		if !errors.Is(err, errno) || strings.Contains(err.Error(), "/hidden/temp/name") {
			t.Errorf("%v", err)
		}
	}
}

// TestFullDisk writes to a file system that takes nothing.
func TestFullDisk(t *testing.T) {
	s, dir := newStore(t)
	u, err := s.create(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	u.f.Close()
	u.f = full
	_, err = u.Write(make([]byte, 1<<20))
	storetest.WantKind(t, err, objstore.NoSpace, s.URL("key"))
	_, err = u.Seal(t.Context())
	storetest.WantKind(t, err, objstore.NoSpace, s.URL("key"))
	if err := u.Abort(t.Context()); err != nil {
		t.Error(err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("files: %q", got)
	}
}

func TestDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may do everything")
	}
	s, dir := newStore(t)
	storetest.Put(t, s, "ro/file", nil)
	if err := os.Chmod(filepath.Join(dir, "ro"), 0o555); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.Chmod(filepath.Join(dir, "ro"), 0o755); err != nil {
			t.Error(err)
		}
	}()
	_, err := s.Put(t.Context(), "ro/new", nil, objstore.Condition{})
	storetest.WantKind(t, err, objstore.Denied, s.URL("ro/new"))
	storetest.WantKind(t, s.Delete(t.Context(), "ro/file"), objstore.Denied, s.URL("ro/file"))
}

func BenchmarkPut4K(b *testing.B) {
	dir := b.TempDir()
	for name, opts := range map[string]Options{"sync": {}, "nosync": {NoSync: true}} {
		s, err := New(dir, opts)
		if err != nil {
			b.Fatal(err)
		}
		data := make([]byte, 4096)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Put(b.Context(), "dir/key", data, objstore.Condition{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
