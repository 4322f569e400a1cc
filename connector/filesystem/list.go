package filesystem

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/millstream/millstream/objstore"
)

// found is a file to be read. Below is its key below the table's directory, from which partitions are told.
type found struct {
	objstore.Info
	Below string
}

// list finds the files of a table's path, in key order.
func list(ctx context.Context, store objstore.Store, key, regex string) ([]found, error) {
	files, err := walk(ctx, store, key)
	if err != nil || regex == "" {
		return files, err
	}
	match, err := pathFilter(store, regex)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(files, func(f found) bool { return !match(f.Key) }), nil
}

// pathFilter returns whether the path of a key matches a pattern.
func pathFilter(store objstore.Store, regex string) (func(key string) bool, error) {
	match, err := compilePathPattern(regex)
	if err != nil {
		return nil, err
	}
	return func(key string) bool {
		url := store.URL(key)
		return match.MatchString(url) || match.MatchString(bare(url))
	}, nil
}

// compilePathPattern compiles a pattern that must match a whole path.
func compilePathPattern(text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("option '%s': '%s' is not a regular expression (of RE2, which has no look-around and no back-references): %w", regexOption.Key, text, err)
	}
	return re, nil
}

// bare cuts scheme and bucket off a URL: "s3://bucket/a/b" is "/a/b", and so is "file:///a/b".
func bare(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
	}
	return url
}

func walk(ctx context.Context, store objstore.Store, key string) ([]found, error) {
	if objstore.HasGlob(key) {
		return glob(ctx, store, key)
	}
	key = objstore.GlobText(key)
	if key != "" && !strings.HasSuffix(key, "/") {
		info, err := store.Head(ctx, key)
		if err == nil {
			return []found{{info, info.Key[strings.LastIndexByte(info.Key, '/')+1:]}}, nil
		}
		if objstore.KindOf(err) != objstore.NotFound {
			return nil, err
		}
		key += "/"
	}
	var files []found
	exists := key == ""
	for info, err := range store.List(ctx, key, objstore.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		exists = true
		below := info.Key[len(key):]
		if !hidden(below, nil) && below != "" && !strings.HasSuffix(below, "/") {
			files = append(files, found{info, below})
		}
	}
	if !exists && !isEmptyDir(ctx, store, key) {
		at := strings.TrimSuffix(key, "/")
		return nil, notFound(store, at, "there is no such file, and none below it")
	}
	return files, nil
}

// notFound says that a table's path leads nowhere, and at which endpoint where the store has one.
func notFound(store objstore.Store, key, reason string) error {
	e := &objstore.Error{Op: "read", URL: store.URL(key), Kind: objstore.NotFound, Reason: reason, Hint: "check 'path'", Err: fs.ErrNotExist}
	if remote, ok := store.(interface{ Endpoint() string }); ok {
		e.Endpoint = remote.Endpoint()
	}
	return e
}

// directories is implemented by stores that have directories of their own, which can be empty.
type directories interface {
	HasDir(ctx context.Context, key string) (bool, error)
}

func isEmptyDir(ctx context.Context, store objstore.Store, key string) bool {
	d, ok := store.(directories)
	if !ok {
		return false
	}
	is, err := d.HasDir(ctx, key)
	return err == nil && is
}

// glob finds the files that a pattern matches, and those in directories that it matches.
func glob(ctx context.Context, store objstore.Store, pattern string) ([]found, error) {
	prefix, below, err := globBelow(pattern)
	if err != nil {
		return nil, err
	}
	var files []found
	for info, err := range store.List(ctx, prefix, objstore.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		if b, ok := below(info.Key); ok {
			files = append(files, found{info, b})
		}
	}
	if len(files) == 0 {
		return nil, notFound(store, strings.TrimSuffix(pattern, "/"), "no file matches the pattern")
	}
	return files, nil
}

// globBelow returns what the keys of a pattern's files begin with, and which of those that do are the pattern's.
func globBelow(pattern string) (prefix string, below func(key string) (below string, ok bool), err error) {
	pattern = strings.TrimSuffix(pattern, "/")
	match, err := objstore.CompileGlob(pattern)
	if err != nil {
		return "", nil, fmt.Errorf("option 'path': %w", err)
	}
	prefix = pattern[:strings.IndexAny(pattern, `*?[{\`)]
	root := len(prefix[:strings.LastIndexByte(prefix, '/')+1])
	asked := strings.Split(pattern[root:], "/")
	return prefix, func(key string) (string, bool) {
		below := key[root:]
		return below, !strings.HasSuffix(below, "/") && !hidden(below, asked) && matchesAny(key, root, match)
	}, nil
}

// pathBelow is globBelow for a path, of a file or of a directory.
func pathBelow(path string) (prefix string, below func(key string) (below string, ok bool)) {
	return path, func(key string) (string, bool) {
		below, inside := strings.CutPrefix(key[len(path):], "/")
		if path == "" || strings.HasSuffix(path, "/") {
			below, inside = key[len(path):], true
		}
		switch {
		case below == "" && !inside: // the file itself
			return path[strings.LastIndexByte(path, '/')+1:], true
		case below == "" || !inside || strings.HasSuffix(below, "/") || hidden(below, nil):
			return "", false
		}
		return below, true
	}
}

// matchesAny reports whether the key or one of its directories behind from matches.
func matchesAny(key string, from int, match func(string) bool) bool {
	for i := from; i < len(key); i++ {
		if key[i] == '/' && match(key[:i]) {
			return true
		}
	}
	return match(key)
}

// hidden reports whether any segment of a path begins with '.' or '_'. asked are the segments of a pattern, of which those that
// begin so themselves ask for such names.
func hidden(path string, asked []string) bool {
	i := 0
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, ".") || strings.HasPrefix(segment, "_") {
			if i >= len(asked) || asked[i] == "" || asked[i][0] != segment[0] {
				return true
			}
		}
		i++
	}
	return false
}
