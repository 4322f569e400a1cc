package standard_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestFiles(t *testing.T) {
	r := standard.New(s3.Config{})
	dir := t.TempDir()
	t.Chdir(dir)
	for _, url := range []string{filepath.Join(dir, "in/a b.csv"), "file://" + filepath.ToSlash(dir) + "/in/b.csv", "in/c.csv", "./in/d.csv"} {
		s, key, err := r.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		storetest.Put(t, s, key, []byte(url))
	}
	s, prefix, err := r.Open(t.Context(), dir+"/")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, key := range storetest.Keys(t, s, prefix, objstore.ListOptions{}) {
		names = append(names, key[len(prefix):])
	}
	if want := []string{"in/a b.csv", "in/b.csv", "in/c.csv", "in/d.csv"}; !slices.Equal(names, want) {
		t.Errorf("below %s: %q, want %q", prefix, names, want)
	}
	if got, want := s.URL(prefix+"in/a b.csv"), "file://"+filepath.ToSlash(dir)+"/in/a b.csv"; got != want {
		t.Errorf("URL %s, want %s", got, want)
	}
	if s.String() == "" {
		t.Error("no name")
	}
}

func TestOneStorePerBucket(t *testing.T) {
	r := standard.New(s3.Config{Endpoint: "http://127.0.0.1:1", AccessKey: "a", SecretKey: "s"})
	open := func(url string) (objstore.Store, string) {
		t.Helper()
		s, key, err := r.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		return s, key
	}
	a, key := open("s3://bucket/dir/key")
	b, _ := open("s3a://bucket/other")
	c, _ := open("s3n://second/")
	if a != b || a == c || key != "dir/key" || a.URL(key) != "s3://bucket/dir/key" || a.String() != "s3://bucket (http://127.0.0.1:1)" {
		t.Errorf("%v, %v, %v, %q", a, b, c, key)
	}
	m, key := open("mem://m/x")
	storetest.Put(t, m, key, []byte("y"))
	again, _ := open("mem://m/")
	if got, _ := storetest.Read(t, again, "x", objstore.All); string(got) != "y" {
		t.Errorf("%q", got)
	}
}

func TestWrongSettingsOnlyHurtS3(t *testing.T) {
	r := standard.New(s3.Config{Endpoint: "ftp://x"})
	if _, _, err := r.Open(t.Context(), "/tmp/x"); err != nil {
		t.Error(err)
	}
	_, _, err := r.Open(t.Context(), "s3://bucket/key")
	storetest.WantKind(t, err, objstore.BadURL, "ftp://x")
	_, _, err = r.Open(t.Context(), "s4://bucket/key")
	storetest.WantKind(t, err, objstore.BadURL, "s3://")
}
