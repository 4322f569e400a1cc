package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/notification"
	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/millstream/millstream/objstore/event"
)

// openListener opens a listener by hand: its head has come once this returns. The path has the bucket.
func openListener(t *testing.T, a Access, path string, query url.Values) (status int, lines *bufio.Scanner) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.Endpoint+"/"+path+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	req = signer.SignV4(*req, a.AccessKey, a.SecretKey, "", a.Region)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp.StatusCode, bufio.NewScanner(resp.Body)
}

// next returns the events of the next line that has any.
func next(t *testing.T, lines *bufio.Scanner) []event.Event {
	t.Helper()
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		list, err := event.ParsePlain(bytes.TrimSpace(lines.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 {
			return list
		}
	}
	t.Fatalf("the listener's answer ended: %v", lines.Err())
	return nil
}

var everything = url.Values{"events": {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}}

// Each way to make or remove an object is told of at once, with all that is known.
func TestListen(t *testing.T) {
	instance, client := withBucket(t, "bucket")
	status, lines := openListener(t, instance.Access, "bucket", everything)
	if status != http.StatusOK {
		t.Fatal(status)
	}
	const key = "in/a b+c%20ü&=.csv"
	ctx := context.Background()
	before := time.Now()
	var last event.Event
	check := func(want event.Event, etag string) {
		t.Helper()
		list := next(t, lines)
		got := list[0]
		if len(list) != 1 || got.Name != want.Name || got.Bucket != "bucket" || got.Key != want.Key || got.Size != want.Size || got.ContentType != want.ContentType ||
			fmt.Sprint(got.UserData) != fmt.Sprint(want.UserData) || got.ETag != strings.Trim(etag, `"`) {
			t.Fatalf("got %+v\nwant %+v with the ETag %s", got, want, etag)
		}
		if got.SourceIP != "127.0.0.1" || got.RequestID == "" || got.Principal != instance.AccessKey || got.Region != "us-east-1" ||
			got.Time.Before(before) || time.Since(got.Time) < 0 {
			t.Errorf("of the request: %+v", got)
		}
		if last.Sequencer != "" && !last.Before(&got) {
			t.Errorf("%q is not behind %q", got.Sequencer, last.Sequencer)
		}
		last = got
	}

	meta := map[string]string{"origin": "till 7"}
	info, err := put(client, "bucket", key, []byte("hello"), minio.PutObjectOptions{ContentType: "text/csv", UserMetadata: meta})
	if err != nil {
		t.Fatal(err)
	}
	check(event.Event{Name: "ObjectCreated:Put", Key: key, Size: 5, ContentType: "text/csv", UserData: meta}, info.ETag)

	// Of unknown length, in signed chunks.
	info, err = client.Client.PutObject(ctx, "bucket", "chunks", bytes.NewReader(make([]byte, 70_000)), 70_000, minio.PutObjectOptions{ContentType: "x/y"})
	if err != nil {
		t.Fatal(err)
	}
	check(event.Event{Name: "ObjectCreated:Put", Key: "chunks", Size: 70_000, ContentType: "x/y"}, info.ETag)

	copied, err := client.Client.CopyObject(ctx, minio.CopyDestOptions{Bucket: "bucket", Object: "copy"}, minio.CopySrcOptions{Bucket: "bucket", Object: key})
	if err != nil {
		t.Fatal(err)
	}
	check(event.Event{Name: "ObjectCreated:Copy", Key: "copy", Size: 5, ContentType: "text/csv", UserData: meta}, copied.ETag)

	upload, err := client.NewMultipartUpload(ctx, "bucket", "parts", minio.PutObjectOptions{ContentType: "p/q", UserMetadata: meta})
	if err != nil {
		t.Fatal(err)
	}
	part, err := client.PutObjectPart(ctx, "bucket", "parts", upload, 1, strings.NewReader("part"), 4, minio.PutObjectPartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	completed, err := client.CompleteMultipartUpload(ctx, "bucket", "parts", upload, []minio.CompletePart{{PartNumber: 1, ETag: part.ETag}}, minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	check(event.Event{Name: "ObjectCreated:CompleteMultipartUpload", Key: "parts", Size: 4, ContentType: "p/q", UserData: meta}, completed.ETag)

	// What is not there is deleted with success, and nothing happens.
	for _, name := range []string{"absent", key} {
		if err := client.RemoveObject(ctx, "bucket", name, minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	check(event.Event{Name: "ObjectRemoved:Delete", Key: key}, "")
	objects := make(chan minio.ObjectInfo, 3)
	for _, name := range []string{"copy", "absent", "parts"} {
		objects <- minio.ObjectInfo{Key: name}
	}
	close(objects)
	for failed := range client.RemoveObjects(ctx, "bucket", objects, minio.RemoveObjectsOptions{}) {
		t.Fatal(failed.Err)
	}
	check(event.Event{Name: "ObjectRemoved:Delete", Key: "copy"}, "")
	check(event.Event{Name: "ObjectRemoved:Delete", Key: "parts"}, "")
}

// A failed write has no event, and a write that is refused neither.
func TestListenNotToFailures(t *testing.T) {
	instance, client := withBucket(t, "bucket")
	_, lines := openListener(t, instance.Access, "bucket", everything)
	mustPut(t, client, "bucket", "k", nil)
	var absent minio.PutObjectOptions
	absent.SetMatchETagExcept("*")
	if _, err := put(client, "bucket", "k", []byte("x"), absent); err == nil {
		t.Fatal("the condition did not hold")
	}
	if _, err := put(client, "bucket", "k/below", nil, minio.PutObjectOptions{}); err == nil {
		t.Fatal("an object below an object")
	}
	mustPut(t, client, "bucket", "end", nil)
	for _, want := range []string{"k", "end"} {
		if got := next(t, lines)[0].Key; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// Listeners choose by bucket, prefix, suffix and event.
func TestListenSelects(t *testing.T) {
	instance, client := withBucket(t, "bucket")
	makeBucket(t, client, "other")
	tests := []struct {
		path  string
		query url.Values
		want  string
	}{
		{"bucket", everything, "+bucket/in/1.csv +bucket/in/2.json +bucket/x.csv -bucket/in/1.csv +bucket/end.csv"},
		{"bucket", url.Values{"events": {"s3:ObjectCreated:*"}, "prefix": {"in/"}}, "+bucket/in/1.csv +bucket/in/2.json"},
		{"bucket", url.Values{"events": {"s3:ObjectCreated:Put", "s3:ObjectRemoved:Delete"}, "prefix": {"in/"}, "suffix": {".csv"}}, "+bucket/in/1.csv -bucket/in/1.csv"},
		{"bucket", url.Values{"events": {"s3:ObjectRemoved:*"}}, "-bucket/in/1.csv"},
		{"bucket/", url.Values{"events": {"s3:ObjectCreated:Copy"}}, ""},
		{"other", everything, "+other/in/3.csv"},
		{"", everything, "+bucket/in/1.csv +bucket/in/2.json +other/in/3.csv +bucket/x.csv -bucket/in/1.csv +bucket/end.csv"},
	}
	var lines []*bufio.Scanner
	for _, test := range tests {
		status, scanner := openListener(t, instance.Access, test.path, test.query)
		if status != http.StatusOK {
			t.Fatal(status)
		}
		lines = append(lines, scanner)
	}
	mustPut(t, client, "bucket", "in/1.csv", nil)
	mustPut(t, client, "bucket", "in/2.json", nil)
	mustPut(t, client, "other", "in/3.csv", nil)
	mustPut(t, client, "bucket", "x.csv", nil)
	if err := client.RemoveObject(t.Context(), "bucket", "in/1.csv", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, client, "bucket", "end.csv", nil)
	if err := instance.Close(); err != nil { // listeners get what is there, and then the end
		t.Fatal(err)
	}
	for i, test := range tests {
		var got []string
		for lines[i].Scan() {
			if line := bytes.TrimSpace(lines[i].Bytes()); len(line) > 0 {
				list, err := event.ParsePlain(line)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range list {
					sign := "+"
					if e.Removed() {
						sign = "-"
					}
					got = append(got, sign+e.Bucket+"/"+e.Key)
				}
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s?%s: got %q\nwant %q", test.path, test.query.Encode(), got, test.want)
		}
	}
}

func TestListenRefuses(t *testing.T) {
	instance, _ := withBucket(t, "bucket")
	forged := instance.Access
	forged.SecretKey += "x"
	for _, test := range []struct {
		access Access
		path   string
		query  url.Values
		code   string
	}{
		{forged, "bucket", everything, "SignatureDoesNotMatch"},
		{forged, "", everything, "SignatureDoesNotMatch"},
		{instance.Access, "absent", everything, "NoSuchBucket"},
		{instance.Access, "bucket", url.Values{"events": {"s3:ObjectCreated:*", "s3:ObjectEaten"}}, "InvalidArgument"},
		{instance.Access, "bucket", url.Values{"events": {""}}, "InvalidArgument"},
		{instance.Access, "bucket", url.Values{"events": {"s3:ObjectCreated:*"}, "ping": {"-1"}}, "InvalidArgument"},
	} {
		status, lines := openListener(t, test.access, test.path, test.query)
		var body strings.Builder
		for lines.Scan() {
			body.Write(lines.Bytes())
		}
		if status/100 != 4 || !strings.Contains(body.String(), "<Code>"+test.code+"</Code>") {
			t.Errorf("%s?%s: %d %s, want %s", test.path, test.query.Encode(), status, body.String(), test.code)
		}
	}
}

// A listener that never reads is cut off, and the others go on.
func TestListenCutsOff(t *testing.T) {
	h := newHub()
	h.limit = 2000
	slow, _ := h.subscribe(func(*notice) bool { return true }, nil)
	cut := false
	slow.cut = func() { cut = true }
	for range 100 {
		h.publish(event.Event{Name: "ObjectCreated:Put", Bucket: "bucket", Key: "k"})
	}
	var out bytes.Buffer
	stream(bufio.NewWriter(&out), slow, time.Hour, " ") // returns
	if !cut || strings.TrimSpace(out.String()) != "" {
		t.Errorf("cut off: %v, got %q", cut, out.String())
	}
}

// minio-go's listener, which asks for pings and gets keys as they are, and its notification configuration.
func TestMinioListens(t *testing.T) {
	instance, client := withBucket(t, "bucket")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	infos := client.ListenBucketNotification(ctx, "bucket", "in/", ".csv", []string{"s3:ObjectCreated:*"})
	// When it listens is not to be seen: something is written until it does.
	for i := 0; ; i++ {
		mustPut(t, client, "bucket", fmt.Sprintf("in/ü+%%2F%d.csv", i), []byte("abc"))
		select {
		case info := <-infos:
			if info.Err != nil {
				t.Fatal(info.Err)
			}
			o := info.Records[0].S3.Object
			if name := info.Records[0].EventName; name != "s3:ObjectCreated:Put" || !strings.HasPrefix(o.Key, "in/ü+%2F") || o.Size != 3 || o.Sequencer == "" {
				t.Errorf("got %+v", info.Records[0])
			}
		default:
			continue
		}
		break
	}

	empty, err := client.GetBucketNotification(ctx, "bucket")
	if err != nil || len(empty.QueueConfigs)+len(empty.TopicConfigs)+len(empty.LambdaConfigs) > 0 {
		t.Errorf("configuration: %+v, %v", empty, err)
	}
	if err := client.SetBucketNotification(ctx, "bucket", notification.Configuration{}); err != nil {
		t.Errorf("an empty configuration: %v", err)
	}
	var config notification.Configuration
	queue := notification.NewConfig(notification.NewArn("minio", "sqs", "", "PRIMARY", "webhook"))
	queue.AddEvents(notification.ObjectCreatedAll)
	config.AddQueue(queue)
	err = client.SetBucketNotification(ctx, "bucket", config)
	wantCode(t, err, "NotImplemented")
	wantMessage(t, err, "--notify", "ListenBucketNotification")
	_, err = client.GetBucketNotification(ctx, "absent")
	wantCode(t, err, "NoSuchBucket")
	forged := instance.Access
	forged.SecretKey += "x"
	_, err = newClient(t, forged).GetBucketNotification(ctx, "bucket")
	wantCode(t, err, "SignatureDoesNotMatch")
	wantCode(t, newClient(t, forged).SetBucketNotification(ctx, "bucket", config), "SignatureDoesNotMatch")
}
