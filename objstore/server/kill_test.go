package server

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

// content is what every object of TestKill holds: it follows from its key, so that any mixture or
// truncation shows.
func content(key string) []byte {
	sum := 0
	for _, c := range []byte(key) {
		sum = sum*31 + int(c)
	}
	return bytes.Repeat([]byte(key+"\n"), 1000+sum%5000)
}

// A store that is killed again and again while clients write has every object that it acknowledged, and
// none that is not whole.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var acknowledged []string
	for round := range 6 {
		instance, err := Start(context.Background(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		client := newClient(t, instance.Access)
		if round == 0 {
			makeBucket(t, client, "bucket")
		}
		written := make([][]string, 4)
		var wg sync.WaitGroup
		for w := range written {
			wg.Go(func() {
				for i := 0; ; i++ {
					key := fmt.Sprintf("%d/%d/%d", w, round, i)
					var err error
					if i%2 == 0 {
						_, err = put(client, "bucket", key, content(key), minio.PutObjectOptions{})
					} else {
						err = putInParts(client, "bucket", key, content(key))
					}
					if err != nil {
						return // killed
					}
					written[w] = append(written[w], key)
				}
			})
		}
		time.Sleep(time.Duration(20+random.IntN(60)) * time.Millisecond)
		if err := instance.kill(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		<-instance.Done()
		acknowledged = append(acknowledged, slices.Concat(written...)...)
	}
	if len(acknowledged) == 0 {
		t.Fatal("nothing was written")
	}

	client := newClient(t, start(t, Options{Dir: dir}).Access)
	there := map[string]bool{}
	for o := range client.Client.ListObjects(context.Background(), "bucket", minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		there[o.Key] = true
		if got := mustGet(t, client, "bucket", o.Key); !bytes.Equal(got, content(o.Key)) {
			t.Errorf("%s has %d bytes that are not its own, want %d", o.Key, len(got), len(content(o.Key)))
		}
	}
	for _, key := range acknowledged {
		if !there[key] {
			t.Errorf("%s was acknowledged and is gone", key)
		}
	}
	t.Logf("%d objects, %d acknowledged", len(there), len(acknowledged))
}

func putInParts(client *minio.Core, bucket, key string, data []byte) error {
	ctx := context.Background()
	id, err := client.NewMultipartUpload(ctx, bucket, key, minio.PutObjectOptions{})
	if err != nil {
		return err
	}
	part, err := client.PutObjectPart(ctx, bucket, key, id, 1, bytes.NewReader(data), int64(len(data)), minio.PutObjectPartOptions{})
	if err != nil {
		return err
	}
	return complete(client, bucket, key, id, []minio.CompletePart{{PartNumber: 1, ETag: part.ETag}}, minio.PutObjectOptions{})
}

// Interrupted uploads can be completed after a restart, whenever the kill came.
func TestKillWhileCompleting(t *testing.T) {
	dir := t.TempDir()
	data := bytes.Repeat([]byte("0123456789abcdef"), partSize/16*3)
	for round := range 5 {
		instance, err := Start(context.Background(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		client := newClient(t, instance.Access)
		if round == 0 {
			makeBucket(t, client, "bucket")
		}
		key := "object-" + strconv.Itoa(round)
		id, parts := upload(t, client, "bucket", key, data)
		completed := make(chan error, 1)
		go func() { completed <- complete(client, "bucket", key, id, parts, minio.PutObjectOptions{}) }()
		time.Sleep(time.Duration(round) * 2 * time.Millisecond)
		if err := instance.kill(); err != nil {
			t.Fatal(err)
		}
		first := <-completed
		<-instance.Done()

		again := start(t, Options{Dir: dir})
		client = newClient(t, again.Access)
		if err := complete(client, "bucket", key, id, parts, minio.PutObjectOptions{}); err != nil {
			t.Errorf("round %d: completing again after %v: %v", round, first, err)
		}
		if got := mustGet(t, client, "bucket", key); !bytes.Equal(got, data) {
			t.Errorf("round %d: the object has %d bytes that differ from the %d written", round, len(got), len(data))
		}
		if left := strings.Join(uploadDirs(t, dir, id), " "); left != "" {
			t.Errorf("round %d: left over: %s", round, left)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}
