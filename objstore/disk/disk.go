// Package disk keeps objects as files below a root directory: the stores behind file:// URLs.
//
// What enters and leaves is what [objstore.Store] says; a key is a path relative to the root, with "/".
// Parent directories come into being with the first file in them. Keys that a file system cannot hold
// ("a//b", "..", "dir/", a key below another key) are refused with kind BadURL.
//
// How the promises are kept:
//   - Bytes go into a hidden file beside the target (see [tempName]), which is on the same file system.
//     It is fsynced, then renamed over the target or, for IfAbsent, linked to it, which fails if the
//     target exists; then the directory is fsynced. No reader sees a part, no crash leaves one.
//   - An upload is such a hidden file and nothing else, so any process can commit, abort or list it.
//   - IfMatch compares and renames under an exclusive lock on the directory; every other write holds the
//     lock shared. The lock ends with the process that holds it.
//   - The ETag is made of inode, size and modification time, which a rename does not change: a second
//     Commit recognises its own file by it.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/millstream/millstream/objstore"
)

// Options tunes a [Store].
type Options struct {
	// NoSync leaves out fsync: writes are still atomic for other processes, but a power failure may
	// lose or empty files that were committed shortly before.
	NoSync bool
}

// Store is one root directory.
type Store struct {
	root string
	opts Options
}

var _ objstore.Store = (*Store)(nil)

// New returns the store of a root directory, which may come into being with the first write.
func New(root string, opts Options) (*Store, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, &objstore.Error{Op: "open", URL: root, Kind: objstore.BadURL, Reason: "the working directory is unknown: " + err.Error(), Err: err}
	}
	return &Store{root: abs, opts: opts}, nil
}

func (s *Store) String() string { return strings.TrimSuffix(s.URL(""), "/") }

// URL returns "file:///root/key".
func (s *Store) URL(key string) string {
	root := strings.TrimSuffix(filepath.ToSlash(s.root), "/")
	if !strings.HasPrefix(root, "/") && root != "" {
		root = "/" + root // a Windows drive
	}
	return "file://" + root + "/" + key
}

// tempPrefix marks hidden files of uploads and of writes under way.
const tempPrefix = ".millstream-"

// idLen is the length of an upload id in hexadecimal digits.
const idLen = 16

// tempName is the hidden file of upload id to a key whose last segment is base:
// ".millstream-0123456789abcdef.base".
func tempName(id, base string) string { return tempPrefix + id + "." + base }

// parseTemp is the inverse of tempName.
func parseTemp(name string) (id, base string, ok bool) {
	rest, ok := strings.CutPrefix(name, tempPrefix)
	if !ok || len(rest) < idLen+2 || rest[idLen] != '.' || !validID(rest[:idLen]) {
		return "", "", false
	}
	return rest[:idLen], rest[idLen+1:], true
}

func validID(id string) bool {
	return len(id) == idLen && strings.Trim(id, "0123456789abcdef") == ""
}

// path returns the file of a key, or an error if a file system cannot have the key or ctx has ended.
func (s *Store) path(ctx context.Context, op, key string) (string, error) {
	if ctx.Err() != nil {
		return "", objstore.ContextError(ctx, op, s.URL(key), "")
	}
	reason := ""
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			reason = "a path in a file system cannot have the segment '" + segment + "'"
		case strings.HasPrefix(segment, tempPrefix):
			reason = "names that begin with " + tempPrefix + " are reserved for uploads"
		case filepath.Separator != '/' && strings.ContainsRune(segment, filepath.Separator), strings.ContainsRune(segment, 0):
			reason = "the segment '" + segment + "' contains a character that a file name cannot have"
		}
	}
	if key == "" {
		reason = "the path is that of the root directory"
	}
	if reason != "" {
		return "", &objstore.Error{Op: op, URL: s.URL(key), Kind: objstore.BadURL, Reason: reason, Hint: "name a file"}
	}
	return filepath.Join(s.root, filepath.FromSlash(key)), nil
}

// fail translates an error of the system.
func (s *Store) fail(op, key string, err error) error {
	var already *objstore.Error
	if err == nil || errors.As(err, &already) {
		return err
	}
	e := &objstore.Error{Op: op, URL: s.URL(key), Kind: objstore.Other, Reason: reason(err), Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR) && op == "read":
		e.Kind, e.Reason = objstore.NotFound, "there is no such file"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Kind, e.Hint = objstore.Denied, "check the owner and mode of the file and its directories"
	case isNoSpace(err):
		e.Kind, e.Reason, e.Hint = objstore.NoSpace, "the disk is full ("+reason(err)+")", "free some space on it"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENAMETOOLONG):
		e.Kind = objstore.BadURL
	}
	return e
}

// reason is the system's own words, without the paths that package os adds: the URL says the place.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// Head implements [objstore.Store].
func (s *Store) Head(ctx context.Context, key string) (objstore.Info, error) {
	path, err := s.path(ctx, "read", key)
	if err != nil {
		return objstore.Info{}, err
	}
	fi, err := os.Stat(path)
	if err != nil {
		return objstore.Info{}, s.fail("read", key, err)
	}
	if !fi.Mode().IsRegular() {
		return objstore.Info{}, s.notAFile(key, fi)
	}
	return info(key, fi), nil
}

// notAFile reports a directory, device or socket: as an object it does not exist.
func (s *Store) notAFile(key string, fi fs.FileInfo) error {
	what := "a special file"
	if fi.IsDir() {
		what = "a directory"
	}
	return &objstore.Error{Op: "read", URL: s.URL(key), Kind: objstore.NotFound, Reason: "it is " + what + ", not a file"}
}

// modTime reads the modification time back out of an ETag.
func modTime(etag string) time.Time {
	ns, err := strconv.ParseInt(etag[strings.LastIndexByte(etag, '-')+1:], 16, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

func info(key string, fi fs.FileInfo) objstore.Info {
	return objstore.Info{Key: key, Size: fi.Size(), ModTime: fi.ModTime(),
		ETag: fmt.Sprintf("%x-%x-%x", inode(fi), fi.Size(), fi.ModTime().UnixNano())}
}

// Get implements [objstore.Store]. The reader goes on reading the version that it opened, even if that is
// replaced or deleted meanwhile.
func (s *Store) Get(ctx context.Context, key string, r objstore.Range) (io.ReadCloser, objstore.Info, error) {
	path, err := s.path(ctx, "read", key)
	if err != nil {
		return nil, objstore.Info{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, objstore.Info{}, s.fail("read", key, err)
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = s.notAFile(key, fi)
	}
	if err != nil {
		_ = f.Close()
		return nil, objstore.Info{}, s.fail("read", key, err)
	}
	from := min(max(r.Offset, 0), fi.Size())
	to := fi.Size()
	if r.Length >= 0 {
		to = from + min(r.Length, to-from)
	}
	return &reader{ctx: ctx, store: s, key: key, f: f, at: from, end: to}, info(key, fi), nil
}

// reader reads [at, end) of a file with pread.
type reader struct {
	ctx     context.Context
	store   *Store
	key     string
	f       *os.File
	at, end int64
}

func (r *reader) Read(p []byte) (int, error) {
	if r.at >= r.end {
		return 0, io.EOF
	}
	if r.ctx.Err() != nil {
		return 0, objstore.ContextError(r.ctx, "read", r.store.URL(r.key), "")
	}
	n, err := r.f.ReadAt(p[:min(int64(len(p)), r.end-r.at)], r.at)
	r.at += int64(n)
	switch {
	case err == io.EOF && r.at < r.end:
		return n, &objstore.Error{Op: "read", URL: r.store.URL(r.key), Kind: objstore.Changed,
			Reason: fmt.Sprintf("the file was truncated while it was read: it ended at byte %d, not %d", r.at, r.end)}
	case err != nil && err != io.EOF:
		return n, r.store.fail("read", r.key, err)
	}
	return n, nil
}

func (r *reader) Close() error { return r.f.Close() }
