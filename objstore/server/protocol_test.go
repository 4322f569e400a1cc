package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func TestRanges(t *testing.T) {
	_, client := withBucket(t, "bucket")
	big := make([]byte, 300<<10+7) // above and below smallBody
	rand.Read(big)
	mustPut(t, client, "bucket", "dir/big", big)
	mustPut(t, client, "bucket", "empty", nil)
	size := int64(len(big))

	for _, c := range []struct {
		header     string
		start, end int64 // of the expected bytes
	}{
		{"bytes=0-0", 0, 1},
		{"bytes=5-9", 5, 10},
		{"bytes=100-", 100, size},
		{"bytes=-11", size - 11, size},
		{"bytes=-999999999", 0, size},
		{"bytes=1000-299999", 1000, 300000},
		{"bytes=300000-999999999", 300000, size},
		{"bytes=0-" + fmt.Sprint(size-1), 0, size},
	} {
		opts := minio.GetObjectOptions{}
		opts.Set("Range", c.header)
		got, header, err := get(client, "bucket", "dir/big", opts)
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		if !bytes.Equal(got, big[c.start:c.end]) {
			t.Errorf("%s: got %d bytes that are not those from %d to %d", c.header, len(got), c.start, c.end)
		}
		want := fmt.Sprintf("bytes %d-%d/%d", c.start, c.end-1, size)
		if r := header.Get("Content-Range"); r != want {
			t.Errorf("%s: Content-Range is %q, want %q", c.header, r, want)
		}
	}
	if got, header, err := get(client, "bucket", "dir/big", minio.GetObjectOptions{}); err != nil || !bytes.Equal(got, big) || header.Get("Content-Range") != "" {
		t.Errorf("whole object: %d bytes, Content-Range %q, %v", len(got), header.Get("Content-Range"), err)
	}
	if got := mustGet(t, client, "bucket", "empty"); len(got) != 0 {
		t.Errorf("empty object: %d bytes", len(got))
	}
	for _, header := range []string{"bytes=" + fmt.Sprint(size) + "-", "bytes=-0"} {
		opts := minio.GetObjectOptions{}
		opts.Set("Range", header)
		_, _, err := get(client, "bucket", "dir/big", opts)
		wantCode(t, err, "InvalidRange")
	}
	_, _, err := get(client, "bucket", "dir", minio.GetObjectOptions{})
	wantCode(t, err, "NoSuchKey")
	_, _, err = get(client, "nobucket", "dir", minio.GetObjectOptions{})
	wantCode(t, err, "NoSuchBucket")
}

// A ranged read carries no checksum: the stored one is that of the whole object.
func TestRangeChecksums(t *testing.T) {
	_, client := withBucket(t, "bucket")
	mustPut(t, client, "bucket", "key", []byte("some bytes"))
	for _, c := range []struct {
		header string
		want   bool
	}{{"", true}, {"bytes=0-3", false}, {"bytes=0-", true}} {
		opts := minio.GetObjectOptions{Checksum: true}
		if c.header != "" {
			opts.Set("Range", c.header)
		}
		_, header, err := get(client, "bucket", "key", opts)
		if err != nil {
			t.Fatal(err)
		}
		has := slices.ContainsFunc(slices.Collect(mapKeys(header)), func(name string) bool {
			return strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Type"
		})
		if has != c.want {
			t.Errorf("range %q: checksum %v, want %v (%v)", c.header, has, c.want, header)
		}
	}
}

func mapKeys(header http.Header) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range header {
			if !yield(name) {
				return
			}
		}
	}
}

// An empty object is sent in HTTP chunks; its connection must be fit for the next request. Nor may the
// transport's encoding stay with the object.
func TestEmptyObjects(t *testing.T) {
	instance := start(t, Options{})
	var dialed atomic.Int32
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialed.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	client := newClientWith(t, instance.Access, transport)
	makeBucket(t, client, "bucket")
	for i := range 50 {
		key := fmt.Sprintf("empty-%d", i)
		mustPut(t, client, "bucket", key, nil)
		data, header, err := get(client, "bucket", key, minio.GetObjectOptions{})
		if err != nil || len(data) != 0 || header.Get("Content-Encoding") != "" {
			t.Fatalf("object %d: %d bytes, Content-Encoding %q, %v", i, len(data), header.Get("Content-Encoding"), err)
		}
	}
	if n := dialed.Load(); n > 5 {
		t.Errorf("%d connections for requests one after the other: they are not kept", n)
	}
	zipped := minio.PutObjectOptions{ContentEncoding: "gzip"}
	if _, err := put(client, "bucket", "zipped", []byte("x"), zipped); err != nil {
		t.Fatal(err)
	}
	info, err := client.StatObject(context.Background(), "bucket", "zipped", minio.StatObjectOptions{})
	if got := info.Metadata.Get("Content-Encoding"); err != nil || got != "gzip" {
		t.Errorf("Content-Encoding is %q: %v", got, err)
	}
}

func TestConditionalPut(t *testing.T) {
	_, client := withBucket(t, "bucket")
	absent := minio.PutObjectOptions{}
	absent.SetMatchETagExcept("*")
	for round := range 20 {
		key := fmt.Sprintf("manifest-%d", round)
		const writers = 16
		var wg sync.WaitGroup
		won := make([]bool, writers)
		for w := range writers {
			wg.Go(func() {
				_, err := put(client, "bucket", key, fmt.Appendf(nil, "writer %d", w), absent)
				if won[w] = err == nil; !won[w] {
					wantCode(t, err, "PreconditionFailed")
				}
			})
		}
		wg.Wait()
		winner := slices.Index(won, true)
		if winner < 0 || slices.Contains(won[winner+1:], true) {
			t.Fatalf("round %d: winners %v, want exactly one", round, won)
		}
		if got, want := string(mustGet(t, client, "bucket", key)), fmt.Sprintf("writer %d", winner); got != want {
			t.Errorf("round %d: the object is from %q, but %q was told that it won", round, got, want)
		}
	}

	first, err := put(client, "bucket", "swap", []byte("1"), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	match := minio.PutObjectOptions{}
	match.SetMatchETag(first.ETag)
	if _, err := put(client, "bucket", "swap", []byte("2"), match); err != nil {
		t.Errorf("If-Match with the current ETag: %v", err)
	}
	_, err = put(client, "bucket", "swap", []byte("3"), match)
	wantCode(t, err, "PreconditionFailed")
}

func TestListAndDelete(t *testing.T) {
	_, client := withBucket(t, "bucket")
	var keys []string
	for i := range 25 {
		keys = append(keys, fmt.Sprintf("a/%02d", i))
	}
	keys = append(keys, "b/x/y", "c")
	for _, key := range keys {
		mustPut(t, client, "bucket", key, []byte(key))
	}
	var listed []string
	for token, pages := "", 0; ; pages++ {
		page, err := client.ListObjectsV2("bucket", "", "", token, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			listed = append(listed, o.Key)
			if o.Size != int64(len(o.Key)) || o.ETag == "" {
				t.Errorf("listed %s with %d bytes and ETag %q", o.Key, o.Size, o.ETag)
			}
		}
		if !page.IsTruncated {
			if pages != 2 {
				t.Errorf("%d full pages of 10 for %d keys", pages, len(keys))
			}
			break
		}
		token = page.NextContinuationToken
	}
	if !slices.Equal(listed, keys) {
		t.Errorf("listed %v, want %v", listed, keys)
	}
	page, err := client.ListObjectsV2("bucket", "", "a/20", "", "/", 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.CommonPrefixes) != 1 || page.CommonPrefixes[0].Prefix != "b/" || len(page.Contents) != 1 || page.Contents[0].Key != "c" {
		t.Errorf("top level after a/20: %+v %+v", page.CommonPrefixes, page.Contents)
	}

	ctx := context.Background()
	for range 2 { // deleting what is gone is no error
		if err := client.RemoveObject(ctx, "bucket", "c", minio.RemoveObjectOptions{}); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	_, _, err = get(client, "bucket", "c", minio.GetObjectOptions{})
	wantCode(t, err, "NoSuchKey")
	versions := client.Client.ListObjects(ctx, "bucket", minio.ListObjectsOptions{WithVersions: true, Prefix: "c", Recursive: true})
	for o := range versions {
		if o.Err == nil {
			t.Errorf("a version of a deleted object is left: %+v", o)
		}
	}
}

// Hadoop's client makes objects that stand for directories and deletes them, whether they are there or not,
// once they have content.
func TestDirectoryObjects(t *testing.T) {
	_, client := withBucket(t, "bucket")
	mustPut(t, client, "bucket", "explicit/", nil)
	mustPut(t, client, "bucket", "explicit/a", []byte("a"))
	mustPut(t, client, "bucket", "implicit/a", []byte("a"))
	ctx := context.Background()
	for _, key := range []string{"explicit/", "implicit/", "absent/"} {
		if err := client.RemoveObject(ctx, "bucket", key, minio.RemoveObjectOptions{}); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
		several := make(chan minio.ObjectInfo, 1)
		several <- minio.ObjectInfo{Key: key}
		close(several)
		for failed := range client.Client.RemoveObjects(ctx, "bucket", several, minio.RemoveObjectsOptions{}) {
			t.Errorf("delete %s among several: %v", key, failed.Err)
		}
		_, _, err := get(client, "bucket", key, minio.GetObjectOptions{})
		wantCode(t, err, "NoSuchKey")
	}
	for _, key := range []string{"explicit/a", "implicit/a"} {
		if got := mustGet(t, client, "bucket", key); string(got) != "a" {
			t.Errorf("%s is %q", key, got)
		}
	}
}

func TestAccessIsRefused(t *testing.T) {
	instance, client := withBucket(t, "bucket")
	mustPut(t, client, "bucket", "key", []byte("secret"))
	for name, c := range map[string]struct {
		creds *credentials.Credentials
		code  string
	}{
		"anonymous":      {credentials.NewStaticV4("", "", ""), "AccessDenied"},
		"wrong secret":   {credentials.NewStaticV4(instance.AccessKey, "wrong-secret", ""), "SignatureDoesNotMatch"},
		"unknown key":    {credentials.NewStaticV4("nobody", instance.SecretKey, ""), "InvalidAccessKeyId"},
		"old signatures": {credentials.NewStaticV2(instance.AccessKey, instance.SecretKey, ""), "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			stranger, err := minio.NewCore(strings.TrimPrefix(instance.Endpoint, "http://"),
				&minio.Options{Creds: c.creds, Region: instance.Region, MaxRetries: 1})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = get(stranger, "bucket", "key", minio.GetObjectOptions{})
			if err == nil {
				t.Fatal("read without the right key")
			}
			if name != "old signatures" { // refused in one way or another
				wantCode(t, err, c.code)
			}
			if _, err = put(stranger, "bucket", "key", []byte("x"), minio.PutObjectOptions{}); err == nil {
				t.Error("wrote without the right key")
			}
			if _, err = stranger.ListObjectsV2("bucket", "", "", "", "", 1); err == nil {
				t.Error("listed without the right key")
			}
		})
	}
	if got := mustGet(t, client, "bucket", "key"); string(got) != "secret" {
		t.Errorf("the object is now %q", got)
	}
}

func TestCopy(t *testing.T) {
	_, client := withBucket(t, "bucket")
	mustPut(t, client, "bucket", "from", []byte("bytes"))
	_, err := client.Client.CopyObject(context.Background(),
		minio.CopyDestOptions{Bucket: "bucket", Object: "to"}, minio.CopySrcOptions{Bucket: "bucket", Object: "from"})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustGet(t, client, "bucket", "to"); string(got) != "bytes" {
		t.Errorf("the copy is %q", got)
	}
}

// TestKeysThatAreNoFiles checks that a key is never taken for another one that would have the same file.
func TestKeysThatAreNoFiles(t *testing.T) {
	_, core := withBucket(t, "bucket")
	client := core.Client
	mustPut(t, core, "bucket", "b", []byte("the one"))
	mustPut(t, core, "bucket", "dir/b", []byte("the other"))
	ctx := t.Context()
	code := func(err error) string { return minio.ToErrorResponse(err).Code }
	for _, key := range []string{"dir/../b", "../b", "./b", "dir/./b", "dir//b", "dir/..", "..", "x/../dir/b", "/b", "../bucket/b", "../../b"} {
		if _, err := client.PutObject(ctx, "bucket", key, bytes.NewReader([]byte("new")), 3, minio.PutObjectOptions{}); code(err) != "InvalidURI" {
			t.Errorf("writing %q: %v", key, err)
		}
		if _, err := core.NewMultipartUpload(ctx, "bucket", key, minio.PutObjectOptions{}); code(err) != "InvalidURI" {
			t.Errorf("beginning an upload of %q: %v", key, err)
		}
		if _, err := client.CopyObject(ctx, minio.CopyDestOptions{Bucket: "bucket", Object: key}, minio.CopySrcOptions{Bucket: "bucket", Object: "b"}); code(err) != "InvalidURI" {
			t.Errorf("copying to %q: %v", key, err)
		}
		if _, err := client.CopyObject(ctx, minio.CopyDestOptions{Bucket: "bucket", Object: "copy"}, minio.CopySrcOptions{Bucket: "bucket", Object: key}); err == nil {
			t.Errorf("copying from %q succeeds", key)
		}
		if _, _, err := get(core, "bucket", key, minio.GetObjectOptions{}); code(err) != "NoSuchKey" {
			t.Errorf("reading %q: %v", key, err)
		}
		if _, err := client.StatObject(ctx, "bucket", key, minio.StatObjectOptions{}); code(err) != "NoSuchKey" {
			t.Errorf("looking at %q: %v", key, err)
		}
		if err := client.RemoveObject(ctx, "bucket", key, minio.RemoveObjectOptions{}); err != nil {
			t.Errorf("deleting %q: %v", key, err)
		}
		many := make(chan minio.ObjectInfo, 2)
		many <- minio.ObjectInfo{Key: key}
		many <- minio.ObjectInfo{Key: "nothing"}
		close(many)
		for e := range client.RemoveObjects(ctx, "bucket", many, minio.RemoveObjectsOptions{}) {
			t.Errorf("deleting %q with another: %v", e.ObjectName, e.Err)
		}
	}
	if got := mustGet(t, core, "bucket", "b"); string(got) != "the one" {
		t.Errorf("b is %q", got)
	}
	if got := mustGet(t, core, "bucket", "dir/b"); string(got) != "the other" {
		t.Errorf("dir/b is %q", got)
	}
	n := 0
	for range client.ListObjects(ctx, "bucket", minio.ListObjectsOptions{Recursive: true}) {
		n++
	}
	if n != 2 {
		t.Errorf("there are %d objects", n)
	}
}
