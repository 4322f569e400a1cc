package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/storetest"
)

// gather waits for n events.
func gather(t *testing.T, s event.Stream, n int) []event.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all []event.Event
	for len(all) < n {
		list, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("after %d of %d events: %v", len(all), n, err)
		}
		all = append(all, list...)
	}
	return all
}

func mustListen(t *testing.T, b *bucket, prefix string) event.Stream {
	t.Helper()
	s, err := b.Listen(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The embedded store tells at once of what happens below the prefix, to each of several listeners.
func TestListen(t *testing.T) {
	b := newBucket(t, newClient(t, testConfig(t)))
	in, all := mustListen(t, b, "in/ü +%/"), mustListen(t, b, "")
	if in.Position() != nil {
		t.Error("a listener has a position")
	}
	storetest.Put(t, b, "in/ü +%/a b", []byte("hello"))
	storetest.Put(t, b, "out", nil)
	p := storetest.Seal(t, b, "in/ü +%/parts", storetest.Bytes(1, 6<<20))
	if _, err := b.Commit(t.Context(), p, objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(t.Context(), "out", "in/ü +%/a b"); err != nil {
		t.Fatal(err)
	}
	show := func(list []event.Event) []string {
		var texts []string
		for _, e := range list {
			texts = append(texts, fmt.Sprint(e.Name, " ", e.Bucket == b.name, " ", e.Key, " ", e.Size))
		}
		slices.Sort(texts[len(texts)-2:]) // removed by one request
		return texts
	}
	put, parts, removed := "ObjectCreated:Put true in/ü +%/a b 5", fmt.Sprint("ObjectCreated:CompleteMultipartUpload true in/ü +%/parts ", 6<<20),
		"ObjectRemoved:Delete true in/ü +%/a b 0"
	if got := show(gather(t, all, 5)); !slices.Equal(got, []string{put, "ObjectCreated:Put true out 0", parts, removed, "ObjectRemoved:Delete true out 0"}) {
		t.Errorf("got %q", got)
	}
	if got := gather(t, in, 3); len(got) != 3 || got[2].Key != "in/ü +%/a b" || !got[2].Removed() {
		t.Errorf("got %+v", got)
	}
}

// Next ends with its context while nothing happens, and the stream goes on after that; Close ends it while another goroutine waits.
func TestListenEnds(t *testing.T) {
	b := newBucket(t, newClient(t, testConfig(t)))
	opening, cancel := context.WithCancel(t.Context())
	s, err := b.Listen(opening, "")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	storetest.Put(t, b, "k", nil)
	gather(t, s, 1)
	ended := make(chan error)
	go func() {
		_, err := s.Next(context.Background())
		ended <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("Next of a closed stream gave events")
	}
	if _, err := b.Listen(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("listening with an ended context: %v", err)
	}
}

// A connection that breaks ends the stream with an error, and opening is tried again.
func TestListenBreaks(t *testing.T) {
	through, direct, _ := faulty(t, nil, fault.HTTPRule{Trigger: once, Status: 503}, fault.HTTPRule{Trigger: once, Cut: 3})
	s := mustListen(t, through, "")
	storetest.Put(t, direct, "k", nil)
	_, err := s.Next(t.Context())
	storetest.WantKind(t, err, objstore.Unreachable, "listen to "+through.URL(""))
}

func answerXML(t *testing.T, w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Error(err)
	}
}

// Stores that do not know the request answer in several ways; each is said to be one.
func TestListenUnsupported(t *testing.T) {
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"a listing": {http.StatusOK, `<ListBucketResult><Name>b</Name></ListBucketResult>`},
		"501":       {http.StatusNotImplemented, `<Error><Code>NotImplemented</Code><Message>A header you provided implies functionality</Message></Error>`},
		"405":       {http.StatusMethodNotAllowed, `<Error><Code>MethodNotAllowed</Code></Error>`},
	} {
		ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answerXML(t, w, answer.status, answer.body) }))
		b := newClient(t, Config{Endpoint: ts.URL, AccessKey: "a", SecretKey: "secret"}).Bucket("bucket")
		_, err := objstore.Listen(t.Context(), b, "in/")
		storetest.WantKind(t, err, objstore.Unsupported, "ListenBucketNotification")
		if !strings.Contains(err.Error(), "webhook, Kafka or NATS, or poll") {
			t.Errorf("%s: %v", name, err)
		}
		ts.Close()
	}
	b := newClient(t, testConfig(t)).Bucket("no-such-bucket-here")
	_, err := objstore.Listen(t.Context(), b, "")
	storetest.WantKind(t, err, objstore.NoBucket, "no-such-bucket-here")
}

// MinIO sends not even the headers of its answer before there is an event or a sign of life.
func TestListenToMinIO(t *testing.T) {
	asked := make(chan string, 1)
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Query().Get("ping")
		seconds, err := strconv.Atoi(r.URL.Query().Get("ping"))
		if err != nil || seconds < 1 {
			t.Errorf("ping: %v", err)
		}
		ticker := time.NewTicker(time.Duration(seconds) * time.Second)
		defer ticker.Stop()
		for range 2 {
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			}
			if _, err := w.Write([]byte(`{"Records":null}` + "\n")); err != nil {
				t.Error(err)
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}
		// Keys are as they are.
		if _, err := io.WriteString(w, `{"Records":[{"eventVersion":"2.0","eventSource":"minio:s3","eventTime":"2026-02-12T20:18:48.123Z","eventName":"s3:ObjectCreated:Put",`+
			`"s3":{"bucket":{"name":"bucket"},"object":{"key":"a b+ü%/%2F.csv","size":101,"eTag":"b26a","sequencer":"18A2F0"}}}]}`+"\n"); err != nil {
			t.Error(err)
		}
	}))
	defer ts.Close()
	s := mustListen(t, newClient(t, Config{Endpoint: ts.URL, AccessKey: "a", SecretKey: "secret"}).Bucket("bucket").(*bucket), "")
	if got := <-asked; got != "1" {
		t.Errorf("opening takes %s s", got)
	}
	if got := gather(t, s, 1)[0]; got.Key != "a b+ü%/%2F.csv" || got.Size != 101 || !got.Created() {
		t.Errorf("got %+v", got)
	}
}

// Some builds of MinIO answer nothing until they have much to tell.
func TestListenToSilence(t *testing.T) {
	release := make(chan struct{})
	var hangs atomic.Bool
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("events") || hangs.Load() {
			<-release
			return
		}
		answerXML(t, w, http.StatusOK, `<ListBucketResult></ListBucketResult>`)
	}))
	defer ts.Close()
	defer close(release)
	b := newClient(t, Config{Endpoint: ts.URL, AccessKey: "a", SecretKey: "secret", RequestTimeout: 400 * time.Millisecond}).Bucket("bucket")
	_, err := objstore.Listen(t.Context(), b, "in/")
	storetest.WantKind(t, err, objstore.Unsupported, "takes the request and says nothing")
	if !strings.Contains(err.Error(), "webhook, Kafka or NATS, or poll") {
		t.Errorf("got %v", err)
	}
	hangs.Store(true)
	_, err = objstore.Listen(t.Context(), b, "in/")
	storetest.WantKind(t, err, objstore.TimedOut, "no answer within")
}

// What a store may send, and what it may not.
func TestListenLines(t *testing.T) {
	record := string(event.Format([]event.Event{{Name: "ObjectCreated:Put", Bucket: "bucket", Key: "k"}}))
	for body, want := range map[string]string{
		"  \n\n" + record + "\n" + `{"Records":null}` + "\n   " + record + "\n":  "the connection broke",
		record + "\n" + record + "\n" + "{\n":                                    "no JSON object of S3's",
		record + "\n" + record + "\n" + `{"Records":[{"eventName":"x"}]}` + "\n": "no s3.bucket.name",
		record + "\n" + record + "\n" + strings.Repeat("x", maxEventLine+1):      "a line of the store's answer has more than 8 MB",
	} {
		ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, err := bytes.NewBufferString(body).WriteTo(w); err != nil && len(body) < maxEventLine {
				t.Error(err)
			}
		}))
		s := mustListen(t, newClient(t, Config{Endpoint: ts.URL, AccessKey: "a", SecretKey: "secret"}).Bucket("bucket").(*bucket), "")
		gather(t, s, 2)
		_, err := s.Next(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q…: %v, want %s", body, err, want)
		}
		ts.Close()
	}
}
