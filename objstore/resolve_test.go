package objstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

func TestParseURL(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	wd = filepath.ToSlash(wd)
	for _, c := range []struct{ url, scheme, bucket, path string }{
		{"s3://bucket/key", "s3", "bucket", "key"},
		{"s3://bucket", "s3", "bucket", ""},
		{"s3://bucket/", "s3", "bucket", ""},
		{"s3://bucket/a/b c/%20+?#*.csv", "s3", "bucket", "a/b c/%20+?#*.csv"},
		{"s3://bucket//key", "s3", "bucket", "key"},
		{"s3://bucket/dir/", "s3", "bucket", "dir/"},
		{"S3A://bucket/key", "s3a", "bucket", "key"},
		{"mem://b/k", "mem", "b", "k"},
		{"file:///tmp/x y.csv", "file", "", "/tmp/x y.csv"},
		{"file:/tmp/x", "file", "", "/tmp/x"},
		{"file://localhost/tmp/x", "file", "", "/tmp/x"},
		{"/tmp/dir/", "file", "", "/tmp/dir/"},
		{"/tmp/../x", "file", "", "/x"},
		{"/", "file", "", "/"},
		{"data/x.csv", "file", "", wd + "/data/x.csv"},
		{"./data/", "file", "", wd + "/data/"},
		{".", "file", "", wd},
		{"a/b:c", "file", "", wd + "/a/b:c"},
		{"file:x", "file", "", wd + "/x"},
	} {
		got, err := objstore.ParseURL(c.url)
		want := objstore.Location{URL: c.url, Scheme: c.scheme, Bucket: c.bucket, Path: c.path}
		if err != nil || got != want {
			t.Errorf("ParseURL(%q) = %+v, %v; want %+v", c.url, got, err, want)
		}
	}
}

func TestResolver(t *testing.T) {
	store := mem.New("bucket")
	r := &objstore.Resolver{Openers: map[string]objstore.Opener{}}
	for _, scheme := range []string{"s3", "s3a", "file", "mem"} {
		r.Openers[scheme] = func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
			return store, loc.Path, nil
		}
	}
	if got, key, err := r.Open(t.Context(), "s3://bucket/dir/key"); got != store || key != "dir/key" || err != nil {
		t.Errorf("Open = %v, %q, %v", got, key, err)
	}
	for url, want := range map[string][]string{
		"":                             {"empty"},
		"s3://":                        {"'s3://'", "bucket is missing", "s3://BUCKET/KEY"},
		"s3:///input/test.txt":         {"bucket is missing", "s3://input/test.txt", "if 'input' is the bucket"},
		"s3:/bucket/key":               {"slashes", "s3://bucket/key"},
		"s4://bucket/key":              {"'s4://' is unknown", "write s3://"},
		"hdfs://namenode/key":          {"'hdfs://' is unknown", "one of file://, mem://, s3://, s3a://"},
		"file://data/x.csv":            {"'data/x.csv' stands where a host would", "file:///data/x.csv"},
		"s3://127.0.0.1:9000/bucket/x": {"no bucket name", "s3.endpoint"},
		"s3://my bucket/x":             {"no bucket name", "' '"},
		"s3://key:secret@bucket/x":     {"carries credentials", "s3.access-key", "s3://bucket/x"},
	} {
		_, _, err := r.Open(t.Context(), url)
		var e *objstore.Error
		if !errors.As(err, &e) || e.Kind != objstore.BadURL {
			t.Errorf("Open(%q) = %v", url, err)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("Open(%q): %q does not say %q", url, err, part)
			}
		}
		if strings.Contains(err.Error(), "secret@") {
			t.Errorf("Open(%q) tells the secret: %v", url, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"s3://b/k", "file:///x", "a:b", "://", "s3://u:p@b/k", "C:\\x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		loc, err := objstore.ParseURL(url)
		if err != nil {
			if objstore.KindOf(err) != objstore.BadURL {
				t.Errorf("%q: %v", url, err)
			}
			return
		}
		if (loc.Scheme == "file") != (loc.Bucket == "") || loc.Scheme == "file" && !strings.HasPrefix(loc.Path, "/") {
			t.Errorf("%q: %+v", url, loc)
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"input", "output", "checkpoints"}
	for name, want := range map[string]string{"inputs": "input", "Output": "output", "checkpoint": "checkpoints", "zebra": "", "chekpoins": "checkpoints"} {
		if got := objstore.Nearest(name, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
