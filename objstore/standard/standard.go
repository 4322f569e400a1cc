// Package standard is the usual wiring of URL schemes to object stores: s3, s3a and s3n to one S3 endpoint,
// file and bare paths to the local disk, mem to memory.
//
// What enters: the settings of the S3 endpoint. What leaves: an [objstore.Resolver], which the command
// line and the engine hand down to connectors and checkpoints. One S3 client, with its pool of connections,
// and one store per bucket serve a resolver for its lifetime.
package standard

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/disk"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/s3"
)

// New returns a resolver. Wrong S3 settings are reported when the first S3 URL is opened, so that a job
// that uses none needs none.
func New(cfg s3.Config) *objstore.Resolver {
	client := sync.OnceValues(func() (*s3.Client, error) { return s3.New(cfg) })
	s3Stores := cache{open: func(bucket string) (objstore.Store, error) {
		c, err := client()
		if err != nil {
			return nil, err
		}
		return c.Bucket(bucket), nil
	}}
	memStores := cache{open: func(name string) (objstore.Store, error) { return mem.New(name), nil }}
	return &objstore.Resolver{Openers: map[string]objstore.Opener{
		"s3": s3Stores.opener, "s3a": s3Stores.opener, "s3n": s3Stores.opener,
		"mem":  memStores.opener,
		"file": openFile,
	}}
}

// cache keeps one store per bucket.
type cache struct {
	open   func(bucket string) (objstore.Store, error)
	mu     sync.Mutex
	stores map[string]objstore.Store
}

func (c *cache) opener(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.stores[loc.Bucket]
	if !ok {
		var err error
		if s, err = c.open(loc.Bucket); err != nil {
			return nil, "", err
		}
		if c.stores == nil {
			c.stores = map[string]objstore.Store{}
		}
		c.stores[loc.Bucket] = s
	}
	return s, loc.Path, nil
}

// openFile opens the root of the file system: a key is an absolute path without its first slash.
func openFile(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
	root, key := "/", strings.TrimPrefix(loc.Path, "/")
	if volume := filepath.VolumeName(filepath.FromSlash(key)); volume != "" {
		root, key = volume+"/", strings.TrimPrefix(key[len(volume):], "/")
	}
	s, err := disk.New(root, disk.Options{})
	if err != nil {
		return nil, "", err
	}
	return s, key, nil
}
