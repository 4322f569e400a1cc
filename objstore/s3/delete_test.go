package s3_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millstream/millstream/objstore/s3"
)

// TestDeleteOfRelativeNames sends keys by themselves that some stores take for others when they come with others.
func TestDeleteOfRelativeNames(t *testing.T) {
	var mu sync.Mutex
	var alone, together []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodDelete {
			alone = append(alone, strings.TrimPrefix(r.RequestURI, "/b/"))
			w.WriteHeader(http.StatusNoContent)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		for _, part := range strings.Split(string(body), "<Key>")[1:] {
			key, _, _ := strings.Cut(part, "<")
			together = append(together, key)
		}
		if _, err := io.WriteString(w, "<DeleteResult></DeleteResult>"); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	c, err := s3.New(s3.Config{Endpoint: srv.URL, AccessKey: "a", SecretKey: "s", PathStyle: s3.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Bucket("b").Delete(t.Context(), "x", "a/../x", "./x", "a..b/c", "a//x", "...", "/x", "a/."); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a/../x", "./x", "a//x", "/x", "a/."}; !slices.Equal(alone, want) {
		t.Errorf("alone %q, want %q", alone, want)
	}
	if want := []string{"x", "a..b/c", "..."}; !slices.Equal(together, want) {
		t.Errorf("together %q, want %q", together, want)
	}
}
