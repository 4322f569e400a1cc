package objstore

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/millstream/millstream/setting"
)

// Location is a URL taken apart. Nothing is percent-decoded: keys may contain any character, as in
// Hadoop's and Flink's paths.
type Location struct {
	URL    string // as given
	Scheme string // lower case; "file" for a bare path
	Bucket string // bucket or host; empty for "file"
	Path   string // key without leading "/"; for "file" an absolute path with it
}

// Opener opens the store of one scheme and returns the key that loc has in it. It does not go to the
// network: a missing bucket shows at the first operation.
type Opener func(ctx context.Context, loc Location) (store Store, key string, err error)

// Resolver opens stores by URL. It is safe for concurrent use once its Openers are set.
type Resolver struct {
	Openers map[string]Opener // by scheme, lower case
}

// Open returns the store that url points into and the key (or key prefix, or pattern) in it. The error is
// an [*Error] of kind [BadURL] where url cannot mean anything.
func (r *Resolver) Open(ctx context.Context, url string) (store Store, key string, err error) {
	loc, err := ParseURL(url)
	if err != nil {
		return nil, "", err
	}
	open, ok := r.Openers[loc.Scheme]
	if !ok {
		return nil, "", badURL(url, "the scheme '"+loc.Scheme+"://' is unknown", "write "+r.nearest(loc.Scheme))
	}
	return open(ctx, loc)
}

// nearest names the known scheme that scheme was probably meant to be, or all of them.
func (r *Resolver) nearest(scheme string) string {
	var known []string
	best, distance := "", 3
	for name := range r.Openers {
		known = append(known, name+"://")
		if d := setting.EditDistance(scheme, name); d < distance || d == distance && name < best {
			best, distance = name, d
		}
	}
	if best != "" {
		return best + "://"
	}
	slices.Sort(known)
	return "one of " + strings.Join(known, ", ")
}

// ParseURL takes url apart: "scheme://bucket/key", "file:///path", "file:/path" or a bare path, relative
// ones against the working directory.
func ParseURL(url string) (Location, error) {
	if url == "" {
		return Location{}, badURL(url, "the path is empty", "write s3://bucket/key, file:///path or a path")
	}
	scheme, rest, found := strings.Cut(url, ":")
	// One letter is a Windows drive; a scheme has no slash, so "a/b:c" is a path.
	if !found || len(scheme) < 2 || strings.ContainsAny(scheme, `/\.`) {
		return fileLocation(url, url)
	}
	scheme = strings.ToLower(scheme)
	if scheme == "file" {
		switch {
		case strings.HasPrefix(rest, "///"):
			return fileLocation(url, rest[2:])
		case strings.HasPrefix(rest, "//localhost/"):
			return fileLocation(url, rest[len("//localhost"):])
		case strings.HasPrefix(rest, "//"):
			return Location{}, badURL(url, "'"+rest[2:]+"' stands where a host would",
				"write three slashes, file:///"+rest[2:]+", or a path without scheme for a relative one")
		}
		return fileLocation(url, rest)
	}
	if !strings.HasPrefix(rest, "//") {
		return Location{}, badURL(url, "two slashes are missing", "write "+scheme+"://"+strings.TrimLeft(rest, "/"))
	}
	bucket, path, _ := strings.Cut(rest[2:], "/")
	if i := strings.LastIndexByte(bucket, '@'); i >= 0 {
		// Never echo what may be a secret.
		clean := scheme + "://" + rest[2+i+1:]
		return Location{}, badURL(clean, "the URL carries credentials", "set s3.access-key and s3.secret-key instead and write "+clean)
	}
	if bucket == "" {
		hint := "write " + scheme + "://BUCKET/KEY"
		if path != "" {
			hint = "write " + scheme + "://" + path + " if '" + firstSegment(path) + "' is the bucket"
		}
		return Location{}, badURL(url, "the bucket is missing", hint)
	}
	if i := strings.IndexAny(bucket, " ?#%\\:"); i >= 0 {
		return Location{}, badURL(url, "'"+bucket+"' is no bucket name: it contains '"+bucket[i:i+1]+"'",
			"write "+scheme+"://BUCKET/KEY; host and port belong into s3.endpoint")
	}
	return Location{URL: url, Scheme: scheme, Bucket: bucket, Path: strings.TrimLeft(path, "/")}, nil
}

func firstSegment(path string) string {
	s, _, _ := strings.Cut(path, "/")
	return s
}

// fileLocation makes path absolute. A trailing slash says "directory" and is kept.
func fileLocation(url, path string) (Location, error) {
	if path == "" {
		return Location{}, badURL(url, "the path is empty", "write file:///path")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return Location{}, &Error{Op: "open", URL: url, Kind: BadURL, Reason: "the working directory is unknown: " + err.Error(), Err: err}
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // C:/dir
	}
	if last := path[len(path)-1]; (last == '/' || last == filepath.Separator) && abs != "/" {
		abs += "/"
	}
	return Location{URL: url, Scheme: "file", Path: abs}, nil
}

func badURL(url, reason, hint string) error {
	return &Error{Op: "open", URL: "'" + url + "'", Kind: BadURL, Reason: reason, Hint: hint}
}

// Nearest returns the candidate closest to name by edit distance, or "" if none is close enough to have
// been meant.
func Nearest(name string, candidates []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := setting.EditDistance(name, c); d < distance {
			best, distance = c, d
		}
	}
	return best
}
