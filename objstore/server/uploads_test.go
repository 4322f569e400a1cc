package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"pgregory.net/rapid"
)

const partSize = 5 << 20 // bytes, the smallest that S3 allows

// upload starts a multipart upload of data and stores its parts.
func upload(t testing.TB, client *minio.Core, bucket, key string, data []byte) (string, []minio.CompletePart) {
	t.Helper()
	ctx := context.Background()
	id, err := client.NewMultipartUpload(ctx, bucket, key, minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var parts []minio.CompletePart
	for part := range slices.Chunk(data, partSize) {
		number := len(parts) + 1
		stored, err := client.PutObjectPart(ctx, bucket, key, id, number, bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, minio.CompletePart{PartNumber: number, ETag: stored.ETag})
	}
	return id, parts
}

func complete(client *minio.Core, bucket, key, id string, parts []minio.CompletePart, opts minio.PutObjectOptions) error {
	_, err := client.CompleteMultipartUpload(context.Background(), bucket, key, id, parts, opts)
	return err
}

func TestMultipart(t *testing.T) {
	_, client := withBucket(t, "bucket")
	data := make([]byte, 2*partSize+1000)
	rand.Read(data)
	id, parts := upload(t, client, "bucket", "dir/key", data)
	_, _, err := get(client, "bucket", "dir/key", minio.GetObjectOptions{})
	wantCode(t, err, "NoSuchKey") // invisible until completed
	for range 2 {
		if err := complete(client, "bucket", "dir/key", id, parts, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustGet(t, client, "bucket", "dir/key"); !bytes.Equal(got, data) {
		t.Errorf("got %d bytes back that differ from the %d written", len(got), len(data))
	}
	second, _, err := get(client, "bucket", "dir/key", minio.GetObjectOptions{PartNumber: 2})
	if err != nil || !bytes.Equal(second, data[partSize:2*partSize]) {
		t.Errorf("part 2: %d bytes, %v", len(second), err)
	}

	id, parts = upload(t, client, "bucket", "aborted", data[:partSize])
	if err := client.AbortMultipartUpload(context.Background(), "bucket", "aborted", id); err != nil {
		t.Fatal(err)
	}
	wantCode(t, complete(client, "bucket", "aborted", id, parts, minio.PutObjectOptions{}), "NoSuchUpload")
}

// An aborted upload cannot be completed, even if another writer's object has its key.
func TestCompleteIsNotFooledByAnotherObject(t *testing.T) {
	_, client := withBucket(t, "bucket")
	id, parts := upload(t, client, "bucket", "key", []byte("mine"))
	if err := client.AbortMultipartUpload(context.Background(), "bucket", "key", id); err != nil {
		t.Fatal(err)
	}
	mustPut(t, client, "bucket", "key", []byte("theirs"))
	wantCode(t, complete(client, "bucket", "key", id, parts, minio.PutObjectOptions{}), "NoSuchUpload")
}

func TestConditionalComplete(t *testing.T) {
	_, client := withBucket(t, "bucket")
	absent := minio.PutObjectOptions{}
	absent.SetMatchETagExcept("*")
	const writers = 8
	ids, parts := make([]string, writers), make([][]minio.CompletePart, writers)
	for w := range writers {
		ids[w], parts[w] = upload(t, client, "bucket", "key", fmt.Appendf(nil, "writer %d", w))
	}
	var wg sync.WaitGroup
	won := make([]bool, writers)
	for w := range writers {
		wg.Go(func() { won[w] = complete(client, "bucket", "key", ids[w], parts[w], absent) == nil })
	}
	wg.Wait()
	winner := slices.Index(won, true)
	if winner < 0 || slices.Contains(won[winner+1:], true) {
		t.Fatalf("winners %v, want exactly one", won)
	}
	if got, want := string(mustGet(t, client, "bucket", "key")), fmt.Sprintf("writer %d", winner); got != want {
		t.Errorf("the object is from %q, want %q", got, want)
	}
}

// Requests to complete one upload at the same time all succeed, and none before the object is there.
func TestCompleteConcurrently(t *testing.T) {
	_, client := withBucket(t, "bucket")
	data := make([]byte, 3*partSize)
	rand.Read(data)
	id, parts := upload(t, client, "bucket", "key", data)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := complete(client, "bucket", "key", id, parts, minio.PutObjectOptions{}); err != nil {
				t.Error(err)
				return
			}
			if info, err := client.StatObject(context.Background(), "bucket", "key", minio.StatObjectOptions{}); err != nil || info.Size != int64(len(data)) {
				t.Errorf("completed, but the object has %d bytes: %v", info.Size, err)
			}
		})
	}
	wg.Wait()
}

// A kill while an upload is assembled leaves its directory under another name, with the object there or
// not. Afterwards it can be completed, and never seems complete without being it.
func TestRecoverUploads(t *testing.T) {
	dir := t.TempDir()
	instance := start(t, Options{Dir: dir})
	client := newClient(t, instance.Access)
	makeBucket(t, client, "bucket")
	data := []byte("the object")
	id, parts := upload(t, client, "bucket", "cut", data)
	doneID, doneParts := upload(t, client, "bucket", "done", data)
	doneDir := uploadDirs(t, dir, doneID)
	if err := complete(client, "bucket", "done", doneID, doneParts, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := instance.Close(); err != nil {
		t.Fatal(err)
	}
	cutDir := uploadDirs(t, dir, id)
	if len(cutDir) != 1 || len(doneDir) != 1 {
		t.Fatalf("upload directories %v and %v, want one each", cutDir, doneDir)
	}
	if err := os.Rename(cutDir[0], cutDir[0]+".abc-1"+inProgress); err != nil {
		t.Fatal(err)
	}
	// Killed between making the object and removing its parts.
	if err := os.MkdirAll(doneDir[0]+".abc-1"+inProgress, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (meta.XattrMeta{}).StoreAttribute(nil, filepath.Dir(doneDir[0]), "", objectNameAttribute, []byte("done")); err != nil {
		t.Fatal(err)
	}

	client = newClient(t, start(t, Options{Dir: dir}).Access)
	for range 2 {
		for key, u := range map[string]struct {
			id    string
			parts []minio.CompletePart
		}{"cut": {id, parts}, "done": {doneID, doneParts}} {
			if err := complete(client, "bucket", key, u.id, u.parts, minio.PutObjectOptions{}); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			if got := mustGet(t, client, "bucket", key); !bytes.Equal(got, data) {
				t.Errorf("%s: got %q", key, got)
			}
		}
	}
	if left := append(uploadDirs(t, dir, id), uploadDirs(t, dir, doneID)...); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func uploadDirs(t testing.TB, dir, id string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "buckets", "*", ".sgwtmp", "multipart", "*", id+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Nothing outside buckets/ can be read, written or removed through keys, copy sources or upload ids.
func TestEscapes(t *testing.T) {
	dir := t.TempDir()
	instance := start(t, Options{Dir: dir})
	client := newClient(t, instance.Access)
	makeBucket(t, client, "bucket")
	mustPut(t, client, "bucket", "key", []byte("x"))
	ctx := context.Background()
	for up := range 8 {
		out := strings.Repeat("../", up) + ".millstream"
		if err := client.AbortMultipartUpload(ctx, "bucket", "key", out); err == nil {
			t.Errorf("upload id %s: aborted", out)
		}
		if err := complete(client, "bucket", "key", out, []minio.CompletePart{{PartNumber: 1, ETag: "x"}}, minio.PutObjectOptions{}); err == nil {
			t.Errorf("upload id %s: completed", out)
		}
		if _, err := client.PutObjectPart(ctx, "bucket", "key", out, 1, strings.NewReader("x"), 1, minio.PutObjectPartOptions{}); err == nil {
			t.Errorf("upload id %s: stored a part", out)
		}
		if _, _, err := get(client, "bucket", out+"/credentials", minio.GetObjectOptions{}); err == nil {
			t.Errorf("key %s: read", out)
		}
		if _, err := put(client, "bucket", out+"/planted", []byte("x"), minio.PutObjectOptions{}); err == nil {
			if _, err := os.Stat(filepath.Join(dir, ".millstream", "planted")); err == nil {
				t.Errorf("key %s: written outside", out)
			}
		}
		for _, bucket := range []string{"bucket", ".."} {
			_, err := client.CopyObject(ctx, bucket, out+"/credentials", "bucket", "stolen", nil, minio.CopySrcOptions{}, minio.PutObjectOptions{})
			if err == nil {
				t.Errorf("copy source %s/%s: copied", bucket, out)
			}
		}
	}
	if _, err := os.Stat(instance.CredentialsFile); err != nil {
		t.Error(err)
	}
}

func TestPartsAttribute(t *testing.T) {
	sizes := func(parts backend.MpUploadMetadata) []byte {
		stored, err := encodeParts(parts)
		if err != nil {
			t.Fatal(err)
		}
		if len(stored) > maxPartsBytes {
			t.Errorf("%d parts take %d bytes", len(parts.Parts), len(stored))
		}
		return stored
	}
	rapid.Check(t, func(t *rapid.T) {
		want := backend.MpUploadMetadata{UploadID: "4dbb4d0c-1a2b-4c3d-8e4f-000000000000"}
		end := int64(0)
		for _, run := range rapid.SliceOfN(rapid.Int64Range(1, 5<<30), 0, 40).Draw(t, "sizes") {
			for range rapid.IntRange(1, 300).Draw(t, "times") {
				end += run
				want.Parts = append(want.Parts, end)
			}
		}
		value, err := decodeParts(sizes(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := backend.UnmarshalMpUploadMetadata(value, false)
		if err != nil || got.UploadID != want.UploadID || !slices.Equal(got.Parts, want.Parts) {
			t.Fatalf("got %v back, want %v: %v", got, want, err)
		}
	})

	irregular := backend.MpUploadMetadata{UploadID: "4dbb4d0c-1a2b-4c3d-8e4f-000000000000"}
	for i := range int64(maxParts) {
		irregular.Parts = append(irregular.Parts, i*i*1000+1)
	}
	var stored partRuns
	if err := json.Unmarshal(sizes(irregular), &stored); err != nil || stored.UploadID != irregular.UploadID || len(stored.Runs) != 0 {
		t.Errorf("irregular sizes are stored as %+v: %v", stored, err)
	}
}
