package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
)

const benchSize = 200 << 20 // bytes

// BenchmarkGet reads an object of 200 MB in ranges, several at a time. The limit is a bare file server of
// the standard library under the same client loop, without signatures or a child process.
func BenchmarkGet(b *testing.B) {
	instance := start(b, Options{})
	client := newClient(b, instance.Access)
	makeBucket(b, client, "bucket")
	data := make([]byte, benchSize)
	rand.Read(data)
	mustPut(b, client, "bucket", "object", data)
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "object"), data, 0o600); err != nil {
		b.Fatal(err)
	}
	bare := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer bare.Close()

	readers := map[string]func(start, end int64) (io.ReadCloser, error){
		"store": func(start, end int64) (io.ReadCloser, error) {
			opts := minio.GetObjectOptions{}
			if err := opts.SetRange(start, end); err != nil {
				return nil, err
			}
			body, _, _, err := client.GetObject(context.Background(), "bucket", "object", opts)
			return body, err
		},
		"limit": func(start, end int64) (io.ReadCloser, error) {
			request, err := http.NewRequest(http.MethodGet, bare.URL+"/object", nil)
			if err != nil {
				return nil, err
			}
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", start, end))
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				return nil, err
			}
			return response.Body, nil
		},
	}
	for _, name := range []string{"store", "limit"} {
		for _, shape := range []struct {
			parallel int
			length   int64
		}{{1, 8 << 20}, {4, 1 << 20}, {4, 8 << 20}} {
			b.Run(fmt.Sprintf("%s/%dx%dMiB", name, shape.parallel, shape.length>>20), func(b *testing.B) {
				b.SetBytes(benchSize)
				for b.Loop() {
					readRanges(b, readers[name], shape.parallel, shape.length)
				}
			})
		}
	}
}

func readRanges(b *testing.B, open func(start, end int64) (io.ReadCloser, error), parallel int, length int64) {
	starts := make(chan int64)
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			buf := make([]byte, length)
			for start := range starts {
				end := min(start+length, benchSize)
				body, err := open(start, end-1)
				if err != nil {
					b.Error(err)
					continue
				}
				if _, err := io.ReadFull(body, buf[:end-start]); err != nil {
					b.Error(err)
				}
				body.Close()
			}
		})
	}
	for start := int64(0); start < benchSize; start += length {
		starts <- start
	}
	close(starts)
	wg.Wait()
}

// BenchmarkPut writes an object of 200 MB, as clients do that sign the content and as those that do not.
func BenchmarkPut(b *testing.B) {
	instance := start(b, Options{})
	client := newClient(b, instance.Access)
	makeBucket(b, client, "bucket")
	data := make([]byte, benchSize)
	rand.Read(data)
	for _, c := range []struct {
		name string
		opts minio.PutObjectOptions
	}{
		{"signed", minio.PutObjectOptions{DisableMultipart: true}},
		{"unsigned", minio.PutObjectOptions{DisableMultipart: true, DisableContentSha256: true}},
		{"4x16MiB/unsigned", minio.PutObjectOptions{PartSize: 16 << 20, NumThreads: 4, DisableContentSha256: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				if _, err := client.Client.PutObject(context.Background(), "bucket", "object", bytes.NewReader(data), benchSize, c.opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSmallObjects has the cost of a request: 1 KiB written, or read, one after the other.
func BenchmarkSmallObjects(b *testing.B) {
	instance := start(b, Options{})
	client := newClient(b, instance.Access)
	makeBucket(b, client, "bucket")
	data := make([]byte, 1<<10)
	b.Run("put", func(b *testing.B) {
		for b.Loop() {
			mustPut(b, client, "bucket", "object", data)
		}
	})
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			mustGet(b, client, "bucket", "object")
		}
	})
}

// BenchmarkStart is the time from nothing to a store that answers, in a child process, and back.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		instance, err := Start(context.Background(), Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := instance.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
