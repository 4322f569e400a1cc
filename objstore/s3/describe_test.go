package s3_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestDescribe(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/b/dir/x" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		for name, value := range map[string]string{"ETag": `"abc"`, "Content-Length": "7", "Content-Type": "text/csv", "Content-Encoding": "gzip",
			"X-Amz-Storage-Class": "GLACIER_IR", "X-Amz-Version-Id": "v1", "X-Amz-Meta-Owner": "me", "x-amz-meta-Two-Words": "a b", "X-Amz-Other": "no"} {
			w.Header().Set(name, value)
		}
	}))
	defer srv.Close()
	c, err := s3.New(s3.Config{Endpoint: srv.URL, AccessKey: "a", SecretKey: "s", PathStyle: s3.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := c.Bucket("b").(objstore.Describer)
	d, err := b.Describe(t.Context(), "dir/x")
	if err != nil {
		t.Fatal(err)
	}
	if d.Key != "dir/x" || d.Size != 7 || d.ETag != "abc" || d.VersionID != "v1" || d.ContentType != "text/csv" || d.ContentEncoding != "gzip" ||
		d.StorageClass != "GLACIER_IR" || !maps.Equal(d.UserData, map[string]string{"owner": "me", "two-words": "a b"}) {
		t.Errorf("got %+v", d)
	}
	_, err = b.Describe(t.Context(), "dir/y")
	storetest.WantKind(t, err, objstore.NotFound, "dir/y")
}
