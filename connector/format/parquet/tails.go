package parquet

import (
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/connector/format"
)

// tails keeps the ends of files that were read last, and what was read from them: listing a file's pieces and reading each of them all begin with its footer,
// and the end of a small file is all of it.
var tails = tailCache{parts: map[tailKey]known{}}

// known is the end of a file with its footer.
type known struct {
	bytes []byte
	file  *parquet.File // only its metadata are read, by many at a time
}

// tailsBytes is how much is kept of the files' bytes.
const tailsBytes = 16 << 20

// tailKey names one version of a file; ETags alone need not be unique among stores.
type tailKey struct {
	store, url, etag string
	size, modified   int64
}

type tailCache struct {
	mu    sync.Mutex
	parts map[tailKey]known // never written to
	order []tailKey         // the oldest first
	bytes int
}

func keyOf(f format.File) tailKey {
	return tailKey{f.Store.String(), f.Store.URL(f.Info.Key), f.Info.ETag, f.Info.Size, f.Info.ModTime.UnixNano()}
}

func (c *tailCache) get(f format.File) (known, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.parts[keyOf(f)]
	return t, ok
}

// put keeps the end of a file whose version is known.
func (c *tailCache) put(f format.File, t known) {
	key := keyOf(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.parts[key]; there || key.etag == "" || f.Info.ModTime.IsZero() || len(t.bytes) > tailsBytes/4 {
		return
	}
	c.parts[key] = t
	c.order = append(c.order, key)
	for c.bytes += len(t.bytes); c.bytes > tailsBytes; c.order = slices.Delete(c.order, 0, 1) {
		c.bytes -= len(c.parts[c.order[0]].bytes)
		delete(c.parts, c.order[0])
	}
}
