package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/storetest"
)

// faulty returns a bucket reached through a proxy that follows rules, and the same without it.
func faulty(t *testing.T, change func(*Config), rules ...fault.HTTPRule) (through, direct *bucket, proxy *fault.Proxy) {
	t.Helper()
	cfg := testConfig(t)
	direct = newBucket(t, newClient(t, cfg))
	proxy, err := fault.NewProxy(cfg.Endpoint, 1, rules...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	cfg.Endpoint, cfg.RetryDelay = proxy.URL, time.Millisecond
	if change != nil {
		change(&cfg)
	}
	return newClient(t, cfg).Bucket(direct.name).(*bucket), direct, proxy
}

// once fires for the first matching request only.
var once = fault.Trigger{Times: 1}

// TestRetries breaks the first request of each kind in each way: nobody notices.
func TestRetries(t *testing.T) {
	for name, rule := range map[string]fault.HTTPRule{
		"503 SlowDown":     {Status: 503},
		"500":              {Status: 500},
		"429":              {Status: 429},
		"502 without body": {Status: 502, Code: "-"},
		"408 as 400":       {Status: 400, Code: "RequestTimeout"},
		"reset":            {Reset: true},
		"lost answer":      {Lost: true},
		"broken answer":    {Cut: 5},
		"no answer":        {Stall: true},
		"silent answer":    {Cut: 5, Stall: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rules []fault.HTTPRule
			for _, match := range []string{"HEAD ", "GET /key", "PUT /key", "POST ?uploads", "PUT partNumber=1&", "PUT partNumber=2", "POST uploadId=", "GET list-type", "GET uploads=", "POST ?delete", "DELETE /key"} {
				r := rule
				r.Method, r.Match, _ = strings.Cut(match, " ")
				r.Trigger = once
				rules = append(rules, r)
			}
			timeout := time.Minute
			if rule.Stall {
				timeout = 2 * time.Second // is waited for; long enough for a busy machine to answer the others in
			}
			s, _, proxy := faulty(t, func(c *Config) { c.PartSize, c.RequestTimeout = minPartSize, timeout }, rules...)
			ctx := storetest.Context(t)
			data := storetest.Bytes(1, 100_000)
			for _, cond := range []objstore.Condition{{}, {IfAbsent: true}} {
				key := fmt.Sprintf("key-%v", cond.IfAbsent)
				info, err := s.Put(ctx, key, data, cond)
				if err != nil {
					t.Fatal(err)
				}
				head, err := s.Head(ctx, key)
				if err != nil || head.ETag != info.ETag {
					t.Fatalf("%+v, %v; put %+v", head, err, info)
				}
				if got, _ := storetest.Read(t, s, key, objstore.All); !bytes.Equal(got, data) {
					t.Errorf("%d bytes", len(got))
				}
			}
			big := storetest.Bytes(2, 12<<20)
			p := storetest.Seal(t, s, "key-big", big)
			if _, err := s.Commit(ctx, p, objstore.Condition{IfAbsent: true}); err != nil {
				t.Fatal(err)
			}
			if got, _ := storetest.Read(t, s, "key-big", objstore.All); !bytes.Equal(got, big) {
				t.Errorf("%d bytes", len(got))
			}
			if got := storetest.Keys(t, s, "", objstore.ListOptions{}); len(got) != 3 {
				t.Errorf("listed %q", got)
			}
			for _, err := range s.Uploads(ctx, "") {
				if err != nil {
					t.Error(err)
				}
			}
			if err := s.Delete(ctx, "key-false", "key-true"); err != nil {
				t.Error(err)
			}
			if err := s.Delete(ctx, "key-big"); err != nil {
				t.Error(err)
			}
			if n := len(proxy.Events()); n < len(rules)-1 {
				t.Errorf("only %d of %d faults were injected: %v", n, len(rules), proxy.Events())
			}
		})
	}
}

// TestStorm has every request fail with a high probability, whatever it is.
func TestStorm(t *testing.T) {
	s, _, proxy := faulty(t, func(c *Config) { c.PartSize, c.MaxAttempts = minPartSize, 30 },
		fault.HTTPRule{Trigger: fault.Trigger{Chance: 0.4}, Status: 503},
		fault.HTTPRule{Trigger: fault.Trigger{Chance: 0.1}, Reset: true},
		fault.HTTPRule{Trigger: fault.Trigger{Chance: 0.1}, Lost: true},
		fault.HTTPRule{Method: "GET", Trigger: fault.Trigger{Chance: 0.3}, Cut: 30_000})
	ctx := storetest.Context(t)
	for i := range 5 {
		key := fmt.Sprint(i)
		data := storetest.Bytes(uint64(i), 7<<20+i)
		p := storetest.Seal(t, s, key, data)
		if _, err := s.Commit(ctx, p, objstore.Condition{IfAbsent: true}); err != nil {
			t.Fatal(err)
		}
		if got, _ := storetest.Read(t, s, key, objstore.All); !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes differ from %d", key, len(got), len(data))
		}
		if _, err := s.Put(ctx, key+"-put", data[:1000], objstore.Condition{IfAbsent: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got := storetest.Keys(t, s, "", objstore.ListOptions{}); len(got) != 10 {
		t.Errorf("listed %q", got)
	}
	t.Logf("%d faults", len(proxy.Events()))
}

// TestGivesUp has a store that stays overloaded.
func TestGivesUp(t *testing.T) {
	for _, c := range []struct {
		rule fault.HTTPRule
		kind objstore.Kind
		want string
	}{
		{fault.HTTPRule{Status: 503}, objstore.Throttled, "overloaded (SlowDown: injected fault), after 4 attempts"},
		{fault.HTTPRule{Status: 500}, objstore.Throttled, "failed (InternalError: injected fault), after 4 attempts"},
		{fault.HTTPRule{Reset: true}, objstore.Unreachable, "the connection broke, after 4 attempts"},
	} {
		s, _, proxy := faulty(t, func(c *Config) { c.MaxAttempts = 4 }, c.rule)
		_, _, err := s.Get(storetest.Context(t), "key", objstore.All)
		storetest.WantKind(t, err, c.kind, s.URL("key"))
		if !strings.Contains(err.Error(), c.want) || len(proxy.Events()) != 4 {
			t.Errorf("%d attempts, %v", len(proxy.Events()), err)
		}
	}
}

// TestFailureIsNoEnd has a server that closes every connection in order: the error must not look like the
// end of an object.
func TestFailureIsNoEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 64<<10))
			conn.Close()
		}
	}()
	s := newClient(t, Config{Endpoint: "http://" + l.Addr().String(), AccessKey: "a", SecretKey: "s", RetryDelay: time.Millisecond}).Bucket("b")
	_, _, err = s.Get(storetest.Context(t), "key", objstore.All)
	storetest.WantKind(t, err, objstore.Unreachable, "the connection broke")
	r := objstore.NewReadAhead(storetest.Context(t), s, "key", objstore.All, objstore.ReadAheadOptions{})
	defer r.Close()
	if _, aheadErr := r.Next(t.Context()); errors.Is(err, io.EOF) || errors.Is(aheadErr, io.EOF) || aheadErr == nil {
		t.Errorf("an end: %v, %v", err, aheadErr)
	}
}

// TestNoGoroutineStays uses a client in every way, well and badly, and closes it.
func TestNoGoroutineStays(t *testing.T) {
	cfg := testConfig(t)
	before := runtime.NumGoroutine()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := newBucket(t, c)
	ctx := storetest.Context(t)
	storetest.Put(t, s, "key", make([]byte, 3<<20))
	for range 3 {
		body, _, err := s.Get(ctx, "key", objstore.All)
		if err != nil {
			t.Fatal(err)
		}
		body.Close() // unread
		r := objstore.NewReadAhead(ctx, s, "key", objstore.All, objstore.ReadAheadOptions{RequestSize: 1 << 20})
		if _, err := r.Next(ctx); err != nil {
			t.Error(err)
		}
		r.Close()
		u, err := s.Create(ctx, "upload")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Write(make([]byte, 20<<20)); err != nil {
			t.Error(err)
		}
		if err := u.Abort(ctx); err != nil {
			t.Error(err)
		}
		for _, err := range s.List(ctx, "", objstore.ListOptions{}) {
			if err != nil {
				t.Error(err)
			}
			break
		}
	}
	c.Close()
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		buf := make([]byte, 64<<10)
		t.Errorf("%d goroutines before, %d after:\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
}

// TestFinalErrorsAreNotRetried counts the requests.
func TestFinalErrorsAreNotRetried(t *testing.T) {
	s, _, proxy := faulty(t, nil, fault.HTTPRule{Status: 403})
	_, err := s.Put(storetest.Context(t), "key", nil, objstore.Condition{})
	storetest.WantKind(t, err, objstore.Denied, s.URL("key"))
	if n := len(proxy.Events()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestRetryAfter(t *testing.T) {
	s, _, _ := faulty(t, nil, fault.HTTPRule{Trigger: once, Status: 503, RetryAfter: "1"})
	start := time.Now()
	storetest.Put(t, s, "key", nil)
	if took := time.Since(start); took < time.Second {
		t.Errorf("tried again after %s", took)
	}
}

// TestLostAnswers checks that a conditional write whose first answer was lost is not taken for a defeat,
// and that a real defeat after a lost answer is one.
func TestLostAnswers(t *testing.T) {
	s, direct, _ := faulty(t, nil, fault.HTTPRule{Method: "PUT", Match: "/won", Trigger: once, Lost: true},
		fault.HTTPRule{Method: "PUT", Match: "/beaten", Trigger: once, Reset: true},
		fault.HTTPRule{Method: "POST", Match: "/commit?uploadId", Trigger: once, Lost: true},
		fault.HTTPRule{Method: "POST", Match: "/lost?uploadId", Trigger: once, Reset: true})
	ctx := storetest.Context(t)
	if _, err := s.Put(ctx, "won", []byte("mine"), objstore.Condition{IfAbsent: true}); err != nil {
		t.Error(err)
	}
	old := storetest.Put(t, direct, "won-match", []byte("old"))
	info, err := s.Put(ctx, "won-match", []byte("new"), objstore.Condition{IfMatch: old.ETag})
	if err != nil || info.ETag == old.ETag {
		t.Errorf("%+v, %v", info, err)
	}
	// The same bytes from another writer are not ours.
	storetest.Put(t, direct, "beaten", []byte("same"))
	_, err = s.Put(ctx, "beaten", []byte("same"), objstore.Condition{IfAbsent: true})
	storetest.WantKind(t, err, objstore.PreconditionFailed, s.URL("beaten"))

	p := storetest.Seal(t, s, "commit", []byte("data"))
	for range 2 {
		if info, err := s.Commit(ctx, p, objstore.Condition{IfAbsent: true}); err != nil || info.Size != 4 {
			t.Errorf("commit: %+v, %v", info, err)
		}
	}
	p = storetest.Seal(t, s, "lost", []byte("same"))
	storetest.Put(t, direct, "lost", []byte("same"))
	_, err = s.Commit(ctx, p, objstore.Condition{IfAbsent: true})
	storetest.WantKind(t, err, objstore.PreconditionFailed, s.URL("lost"))
}

// TestUnknownUpload commits uploads that are gone: success only if the object is theirs.
func TestUnknownUpload(t *testing.T) {
	etag := strings.Repeat("0123456789abcdef", 2)
	parts := []objstore.Part{{Number: 1, ETag: etag, Size: 4}}
	made, ok := multipartETag(parts)
	if !ok {
		t.Fatal("no ETag")
	}
	for _, c := range []struct {
		name   string
		object http.Header
		length int
		ok     bool
	}{
		{"the very object", http.Header{"Etag": {`"` + made + `"`}}, 4, true},
		{"another object of that size", http.Header{"Etag": {`"` + strings.Repeat("0", 32) + `-1"`}}, 4, false},
		{"another size", http.Header{"Etag": {`"` + made + `"`}}, 5, false},
		{"ETags of another kind", http.Header{"Etag": {`"v17"`}}, 4, true},
		{"encrypted", http.Header{"Etag": {`"` + strings.Repeat("0", 32) + `-1"`}, "X-Amz-Server-Side-Encryption": {"aws:kms"}}, 4, true},
		{"no object", nil, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				code := ""
				switch {
				case r.Method == http.MethodPost:
					code = "NoSuchUpload"
				case c.object == nil:
					code = "NoSuchKey"
				default:
					for k, v := range c.object {
						w.Header()[k] = v
					}
					w.Header().Set("Content-Length", fmt.Sprint(c.length))
					return
				}
				w.WriteHeader(http.StatusNotFound)
				if r.Method != http.MethodHead {
					answer(t, w, "<Error><Code>"+code+"</Code></Error>")
				}
			}))
			defer srv.Close()
			s := newClient(t, Config{Endpoint: srv.URL, AccessKey: "a", SecretKey: "s"}).Bucket("b")
			_, err := s.Commit(storetest.Context(t), objstore.Pending{Key: "key", UploadID: "id", Size: 4, Parts: parts}, objstore.Condition{})
			if c.ok && err != nil {
				t.Error(err)
			}
			if !c.ok {
				storetest.WantKind(t, err, objstore.NotFound, "s3://b/key")
			}
		})
	}
}

// TestReaderResumes breaks the body again and again; the reader goes on where it was.
func TestReaderResumes(t *testing.T) {
	for _, stall := range []bool{false, true} {
		s, direct, proxy := faulty(t, func(c *Config) { c.RequestTimeout = 100 * time.Millisecond },
			fault.HTTPRule{Method: "GET", Cut: 70_000, Stall: stall, Trigger: fault.Trigger{Times: 8}})
		data := storetest.Bytes(1, 500_000)
		storetest.Put(t, direct, "key", data)
		for _, r := range []objstore.Range{objstore.All, {Offset: 1000, Length: 300_000}} {
			got, info := storetest.Read(t, s, "key", r)
			want := data
			if r.Length > 0 {
				want = data[r.Offset : r.Offset+r.Length]
			}
			if !bytes.Equal(got, want) || info.Size != int64(len(data)) {
				t.Errorf("range %v: %d bytes, %+v", r, len(got), info)
			}
		}
		if n := len(proxy.Events()); n != 8 {
			t.Errorf("%d breaks", n)
		}
	}
}

// TestReaderGivesUp breaks every body before its first byte.
func TestReaderGivesUp(t *testing.T) {
	s, direct, _ := faulty(t, func(c *Config) { c.MaxAttempts = 3 }, fault.HTTPRule{Method: "GET", Cut: 10})
	storetest.Put(t, direct, "key", make([]byte, 100_000))
	s.c.transport.DialContext = breakAfterHeader(s.c.transport.DialContext)
	_, _, err := storetest.ReadAll(storetest.Context(t), s, "key")
	storetest.WantKind(t, err, objstore.Unreachable, s.URL("key"))
}

// breakAfterHeader makes connections that give the head of an answer and then fail.
func breakAfterHeader(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &headOnly{Conn: conn}, err
	}
}

type headOnly struct {
	net.Conn
	done bool
}

func (c *headOnly) Read(p []byte) (int, error) {
	if c.done {
		return 0, syscall.ECONNRESET
	}
	n, err := c.Conn.Read(p)
	if i := bytes.Index(p[:n], []byte("\r\n\r\n")); i >= 0 {
		c.done = true
		n = i + 4
	}
	return n, err
}

// TestReaderSeesChange overwrites or deletes the object before the reader has to resume.
func TestReaderSeesChange(t *testing.T) {
	for _, change := range []string{"overwrite", "same size", "delete", "shorten"} {
		s, direct, _ := faulty(t, nil, fault.HTTPRule{Method: "GET", Cut: 300_000, Trigger: once})
		storetest.Put(t, direct, "key", make([]byte, 3<<20))
		body, _, err := s.Get(storetest.Context(t), "key", objstore.All)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(body, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		switch change {
		case "overwrite":
			storetest.Put(t, direct, "key", storetest.Bytes(1, 4<<20))
		case "same size":
			storetest.Put(t, direct, "key", storetest.Bytes(1, 3<<20))
		case "shorten":
			storetest.Put(t, direct, "key", []byte("x"))
		case "delete":
			if err := direct.Delete(storetest.Context(t), "key"); err != nil {
				t.Fatal(err)
			}
		}
		_, err = io.Copy(io.Discard, body)
		storetest.WantKind(t, err, objstore.Changed, s.URL("key"))
		body.Close()
	}
}

// TestCancelWhileWaiting ends the context in every state of waiting; nothing is left running.
func TestCancelWhileWaiting(t *testing.T) {
	s, direct, _ := faulty(t, func(c *Config) { c.RetryDelay, c.MaxAttempts = time.Hour, 100 },
		fault.HTTPRule{Match: "pause", Status: 500},
		fault.HTTPRule{Match: "hang", Stall: true},
		fault.HTTPRule{Match: "body", Method: "GET", Cut: 10, Stall: true})
	storetest.Put(t, direct, "body", make([]byte, 1000))
	for name, op := range map[string]func(ctx context.Context) error{
		"pause": func(ctx context.Context) error { _, err := s.Head(ctx, "pause"); return err },
		"hang":  func(ctx context.Context) error { _, err := s.Head(ctx, "hang"); return err },
		"list": func(ctx context.Context) error {
			for _, err := range s.List(ctx, "hang", objstore.ListOptions{}) {
				return err
			}
			return nil
		},
		"body":   func(ctx context.Context) error { _, _, err := storetest.ReadAll(ctx, s, "body"); return err },
		"create": func(ctx context.Context) error { _, err := s.Create(ctx, "hang"); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		start := time.Now()
		err := op(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || objstore.KindOf(err) != objstore.TimedOut {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

// TestUploadFailsInBackground has a part fail for good while the caller goes on writing.
func TestUploadFailsInBackground(t *testing.T) {
	s, direct, _ := faulty(t, func(c *Config) { c.PartSize = minPartSize }, fault.HTTPRule{Match: "partNumber=2&", Status: 403})
	ctx := storetest.Context(t)
	u, err := s.Create(ctx, "key")
	if err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, 1<<20)
	for range 1000 {
		if _, err = u.Write(piece); err != nil {
			break
		}
	}
	storetest.WantKind(t, err, objstore.Denied, s.URL("key"))
	_, err = u.Seal(ctx)
	storetest.WantKind(t, err, objstore.Denied, s.URL("key"))
	if err := u.Abort(ctx); err != nil {
		t.Error(err)
	}
	for p, err := range direct.Uploads(ctx, "") {
		t.Errorf("left over: %+v, %v", p, err)
	}
}

// TestUploadMemory writes much to a store that hangs: Write must wait, not buffer.
func TestUploadMemory(t *testing.T) {
	s, _, _ := faulty(t, func(c *Config) { c.PartSize, c.Parallelism = minPartSize, 2 }, fault.HTTPRule{Match: "partNumber", Stall: true})
	ctx, cancel := context.WithCancel(storetest.Context(t))
	u, err := s.Create(ctx, "key")
	if err != nil {
		t.Fatal(err)
	}
	var written atomic.Int64
	done := make(chan error)
	go func() {
		piece := make([]byte, 1<<20)
		for {
			n, err := u.Write(piece)
			if written.Add(int64(n)); err != nil {
				done <- err
				return
			}
		}
	}()
	// Two parts under way and one that is full: then Write waits for a slot.
	limit := int64(3 * minPartSize)
	for written.Load() < limit {
		runtime.Gosched()
	}
	time.Sleep(50 * time.Millisecond) // time to do wrong; a right Write cannot go on however long this is
	if n := written.Load(); n > limit {
		t.Errorf("%d bytes were taken, want at most %d", n, limit)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := u.Abort(storetest.Context(t)); err != nil {
		t.Error(err)
	}
}

func TestClassify(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	for _, c := range []struct {
		err  error
		want class
	}{
		{reset, broken}, {io.ErrUnexpectedEOF, broken}, {io.EOF, broken}, {errors.New("http: server closed idle connection"), broken},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, connect}, {&net.DNSError{IsNotFound: true}, final}, {&net.DNSError{IsTemporary: true}, connect},
		{&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, connectSlow}, {&net.OpError{Op: "read", Err: context.DeadlineExceeded}, silent},
		{&apiError{status: 503, code: "SlowDown"}, throttled}, {&apiError{status: 429}, throttled}, {&apiError{status: 499, code: "ClientDisconnected"}, broken}, {&apiError{status: 200, code: "InternalError"}, broken},
		{&apiError{status: 409, code: "ConditionalRequestConflict"}, broken}, {&apiError{status: 404}, final}, {&apiError{status: 507}, final}, {&apiError{status: 501}, final},
		{&notS3Error{"x"}, final}, {&objstore.Error{Kind: objstore.Changed}, final}, {fmt.Errorf("wrapped: %w", reset), broken},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%T %v: class %d, want %d", c.err, c.err, got, c.want)
		}
	}
}

// TestPauseEndsWithContext has a pause that would outlast the test.
func TestPauseEndsWithContext(t *testing.T) {
	c := newClient(t, Config{Endpoint: "http://127.0.0.1:1", RetryDelay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.pause(ctx, throttled, 30, "3600")
}
