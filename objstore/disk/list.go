package disk

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/millstream/millstream/objstore"
)

func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// List implements [objstore.Store]. Symbolic links are followed; special files, and files that vanish
// while the listing runs, are left out.
func (s *Store) List(ctx context.Context, prefix string, opts objstore.ListOptions) iter.Seq2[objstore.Info, error] {
	return func(yield func(objstore.Info, error) bool) {
		w := walk{ctx: ctx, store: s, prefix: prefix, after: opts.StartAfter, op: "list"}
		w.file = func(key string, fi fs.FileInfo) bool { return yield(info(key, fi), nil) }
		if opts.Delimiter == "/" {
			// Do not walk into a directory that becomes one line: only look whether it has an object.
			w.dir = func(key string, inside func() (bool, error)) (enter, more bool, err error) {
				if strings.HasPrefix(prefix, key) {
					return true, true, nil
				}
				if key <= opts.StartAfter {
					return false, true, nil
				}
				any, err := inside()
				if err != nil || !any {
					return false, true, err
				}
				return false, yield(objstore.Info{Key: key}, nil), nil
			}
		} else if opts.Delimiter != "" {
			for info, err := range objstore.RollUp(s.List(ctx, prefix, objstore.ListOptions{}), prefix, opts) {
				if !yield(info, err) {
					return
				}
			}
			return
		}
		if err := w.run(); err != nil {
			yield(objstore.Info{}, err)
		}
	}
}

// Uploads implements [objstore.Store].
func (s *Store) Uploads(ctx context.Context, prefix string) iter.Seq2[objstore.PendingInfo, error] {
	return func(yield func(objstore.PendingInfo, error) bool) {
		w := walk{ctx: ctx, store: s, prefix: prefix, op: "list uploads", temps: true}
		w.temp = func(key, id string, fi fs.FileInfo) bool {
			return yield(objstore.PendingInfo{Key: key, UploadID: id, Initiated: fi.ModTime()}, nil)
		}
		if err := w.run(); err != nil {
			yield(objstore.PendingInfo{}, err)
		}
	}
}

// walk visits the files below a prefix in key order. Visitors return false to stop.
type walk struct {
	ctx    context.Context
	store  *Store
	prefix string
	after  string // leave out keys up to this one; empty: none
	op     string
	temps  bool // visit hidden files of uploads instead of objects

	file func(key string, fi fs.FileInfo) bool
	temp func(key, id string, fi fs.FileInfo) bool
	// dir, if set, decides whether to enter a directory; inside reports whether an object is in it.
	dir func(key string, inside func() (bool, error)) (enter, more bool, err error)

	above []fs.FileInfo // directories on the way down, to see a symbolic link that leads back up
}

func (w *walk) run() error {
	start := w.prefix[:strings.LastIndexByte(w.prefix, '/')+1]
	for segment := range strings.SplitSeq(strings.TrimSuffix(start, "/"), "/") {
		if start != "" && (segment == "" || segment == "." || segment == "..") {
			return nil // no key of this store looks like that
		}
	}
	path := filepath.Join(w.store.root, filepath.FromSlash(start))
	fi, err := os.Stat(path)
	if isMissing(err) || err == nil && !fi.IsDir() {
		return nil
	}
	if err != nil {
		return w.store.fail(w.op, start, err)
	}
	_, err = w.enter(path, start, fi)
	return err
}

// enter visits the directory at path, whose keys begin with key ("" or ending in "/").
func (w *walk) enter(path, key string, self fs.FileInfo) (more bool, err error) {
	if w.ctx.Err() != nil {
		return false, objstore.ContextError(w.ctx, w.op, w.store.URL(w.prefix), "")
	}
	for _, fi := range w.above {
		if os.SameFile(fi, self) {
			return true, nil
		}
	}
	w.above = append(w.above, self)
	defer func() { w.above = w.above[:len(w.above)-1] }()
	entries, err := os.ReadDir(path)
	if err != nil {
		if isMissing(err) {
			return true, nil
		}
		return false, w.store.fail(w.op, key, err)
	}
	for _, e := range w.order(path, entries) {
		child := key + e.name
		if e.isDir {
			child += "/"
		}
		if !w.wanted(child, e.isDir) {
			continue
		}
		// A name that vanished since ReadDir is left out, as if the listing had run later.
		fi, err := os.Stat(filepath.Join(path, e.file))
		if isMissing(err) {
			continue
		}
		if err != nil {
			return false, w.store.fail(w.op, child, err)
		}
		if more, err := w.visit(filepath.Join(path, e.file), child, e, fi); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

func (w *walk) visit(path, key string, e entry, fi fs.FileInfo) (more bool, err error) {
	switch {
	case e.isDir && fi.IsDir():
		if w.dir != nil {
			inside := func() (bool, error) { return w.hasObject(path, key, fi) }
			if enter, more, err := w.dir(key, inside); !enter || err != nil {
				return more, err
			}
		}
		return w.enter(path, key, fi)
	case e.isDir || !fi.Mode().IsRegular():
		return true, nil
	case w.temps:
		return w.temp(key, e.id, fi), nil
	}
	return w.file(key, fi), nil
}

// hasObject reports whether any object is below the directory.
func (w *walk) hasObject(path, key string, fi fs.FileInfo) (bool, error) {
	found := false
	inner := walk{ctx: w.ctx, store: w.store, prefix: key, op: w.op, above: w.above,
		file: func(string, fs.FileInfo) bool { found = true; return false }}
	_, err := inner.enter(path, key, fi)
	return found, err
}

// wanted reports whether key, or for a directory some key below it, is in the listing.
func (w *walk) wanted(key string, isDir bool) bool {
	if isDir {
		return (strings.HasPrefix(key, w.prefix) || strings.HasPrefix(w.prefix, key)) &&
			(key > w.after || strings.HasPrefix(w.after, key))
	}
	return strings.HasPrefix(key, w.prefix) && (key > w.after || w.after == "")
}

// entry is one name in a directory.
type entry struct {
	name  string // the key's segment
	file  string // the name in the file system
	id    string // of an upload
	isDir bool
}

// order sorts a directory's names as their keys sort: a directory as if its name ended in "/".
func (w *walk) order(path string, entries []fs.DirEntry) []entry {
	list := make([]entry, 0, len(entries))
	for _, e := range entries {
		id, base, temp := parseTemp(e.Name())
		x := entry{name: e.Name(), file: e.Name(), isDir: e.IsDir()}
		if e.Type()&fs.ModeSymlink != 0 {
			fi, err := os.Stat(filepath.Join(path, e.Name()))
			x.isDir = err == nil && fi.IsDir()
		}
		switch {
		case x.isDir:
		case temp && w.temps:
			x.name, x.id = base, id
		case temp || w.temps || strings.HasPrefix(e.Name(), tempPrefix):
			continue
		}
		list = append(list, x)
	}
	sortKey := func(e entry) string {
		if e.isDir {
			return e.name + "/"
		}
		return e.name
	}
	slices.SortFunc(list, func(a, b entry) int {
		if c := strings.Compare(sortKey(a), sortKey(b)); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	return list
}
