package fault_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore/fault"
)

func TestProxy(t *testing.T) {
	var asked atomic.Int64
	var on atomic.Bool
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		// Clients break off on purpose here.
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "host="+r.Host+" "+strings.Repeat("x", 1000))
	}))
	defer target.Close()
	proxy, err := fault.NewProxy(target.URL, 1,
		fault.HTTPRule{Match: "/status", Status: 503, RetryAfter: "2"},
		fault.HTTPRule{Match: "/reset", Reset: true},
		fault.HTTPRule{Match: "/lost", Lost: true},
		fault.HTTPRule{Match: "/cut", Cut: 100},
		fault.HTTPRule{Match: "/stall", Stall: true},
		fault.HTTPRule{Match: "/replace", Replace: []byte("<html>")},
		fault.HTTPRule{Match: "/while", Trigger: fault.Trigger{While: on.Load, Skip: 1}, Status: 503},
		fault.HTTPRule{Method: "PUT", Match: "/once", Trigger: fault.Trigger{Times: 1}, Reset: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	ask := func(method, path string) (status int, body string, header http.Header, err error) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if path == "/stall" {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		}
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, method, proxy.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "signed.example.com"
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return 0, "", nil, err
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(data), resp.Header, err
	}
	if status, body, _, err := ask("GET", "/plain?q=a%20b+c"); status != 200 || !strings.HasPrefix(body, "host=signed.example.com x") || err != nil {
		t.Errorf("plain: %d, %.40q, %v", status, body, err)
	}
	before := asked.Load()
	if status, body, h, _ := ask("PUT", "/status"); status != 503 || !strings.Contains(body, "<Code>SlowDown</Code>") || h.Get("Retry-After") != "2" {
		t.Errorf("status: %d, %q", status, body)
	}
	if _, _, _, err := ask("PUT", "/reset"); err == nil {
		t.Error("no reset")
	}
	if _, _, _, err := ask("PUT", "/stall"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stall: %v", err)
	}
	if _, body, _, _ := ask("PUT", "/replace"); body != "<html>" {
		t.Errorf("replace: %q", body)
	}
	if asked.Load() != before {
		t.Error("the server was asked")
	}
	if _, _, _, err := ask("PUT", "/lost"); err == nil || asked.Load() != before+1 {
		t.Errorf("lost: %v, asked %d times", err, asked.Load()-before)
	}
	if _, body, _, err := ask("GET", "/cut"); err == nil || len(body) != 100 {
		t.Errorf("cut: %d bytes, %v", len(body), err)
	}
	if _, _, _, err := ask("GET", "/once"); err != nil {
		t.Errorf("another method: %v", err)
	}
	if _, _, _, err := ask("PUT", "/once"); err == nil {
		t.Error("once: no reset")
	}
	if _, _, _, err := ask("PUT", "/once"); err != nil {
		t.Errorf("twice: %v", err)
	}
	for i, want := range []int{200, 200, 503, 503, 200} { // the second is skipped: what came before it does not count
		on.Store(i > 0 && i < 4)
		if status, _, _, err := ask("GET", "/while"); status != want || err != nil {
			t.Errorf("while: request %d gets %d, %v", i+1, status, err)
		}
	}
	if n := len(proxy.Events()); n != 9 {
		t.Errorf("%d events", n)
	}
}
