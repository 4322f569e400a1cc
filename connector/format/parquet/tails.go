package parquet

import (
	"slices"
	"sync"

	"github.com/millstream/millstream/connector/format"
)

// tails keeps the ends of files that were read last: listing a file's pieces and reading each of them all begin with its footer, and
// the end of a small file is all of it.
var tails = tailCache{parts: map[tailKey][]byte{}}

// tailsBytes is how much is kept.
const tailsBytes = 16 << 20

// tailKey names one version of a file; ETags alone need not be unique among stores.
type tailKey struct {
	store, url, etag string
	size, modified   int64
}

type tailCache struct {
	mu    sync.Mutex
	parts map[tailKey][]byte // never written to
	order []tailKey          // the oldest first
	bytes int
}

func keyOf(f format.File) tailKey {
	return tailKey{f.Store.String(), f.Store.URL(f.Info.Key), f.Info.ETag, f.Info.Size, f.Info.ModTime.UnixNano()}
}

func (c *tailCache) get(f format.File) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.parts[keyOf(f)]
	return b, ok
}

// put keeps the end of a file whose version is known.
func (c *tailCache) put(f format.File, b []byte) {
	key := keyOf(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.parts[key]; known || key.etag == "" || f.Info.ModTime.IsZero() || len(b) > tailsBytes/4 {
		return
	}
	c.parts[key] = b
	c.order = append(c.order, key)
	for c.bytes += len(b); c.bytes > tailsBytes; c.order = slices.Delete(c.order, 0, 1) {
		c.bytes -= len(c.parts[c.order[0]])
		delete(c.parts, c.order[0])
	}
}
