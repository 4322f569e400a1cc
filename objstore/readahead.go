package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
)

// ReadAheadOptions tunes a [ReadAhead]. Zero values mean the defaults.
type ReadAheadOptions struct {
	BlockSize   int    // bytes delivered in one block, default 1 MiB
	RequestSize int64  // bytes asked for in one ranged GET, rounded up to whole blocks, default 8 MiB
	Parallel    int    // ranged GETs in flight, default 4
	ETag        string // the version that must be read; empty: the one that the first answer shows
}

// The defaults are the smallest sizes at which a larger one gained nothing, over memory and over S3 on
// loopback; see the benchmarks.
const (
	defaultBlockSize   = 1 << 20
	defaultRequestSize = 8 << 20
	defaultParallel    = 4
)

// ReadAhead reads a range of one object in the background, by several ranged GETs at a time, and delivers
// it as blocks in order. It is used by one goroutine; only Release and Close may be called from others.
//
// Memory: at most Parallel × RequestSize bytes wait for the reader (32 MiB by default; a small range needs
// no more than its own size, in whole blocks), each block with [Headroom] and [Tailroom] on top, besides
// the blocks that the caller holds.
type ReadAhead struct {
	ctx    context.Context // ends all requests
	cancel context.CancelFunc
	store  Store
	key    string
	pool   *sync.Pool
	ready  chan struct{}
	wg     sync.WaitGroup

	blockSize   int
	requestSize int64
	start       int64 // first byte of the range

	mu      sync.Mutex
	free    sync.Cond // a worker may start the next request, or everything has ended
	end     int64     // first byte behind the range
	bounded bool      // end is known to lie within the object
	etag    string
	head    int64   // number of the request that is delivered now
	next    int64   // number of the request to start next
	window  []fetch // requests head..head+len-1, request i at index i%len
	workers int
	failure error // what Next returns for ever: io.EOF or the first error, in order
	closed  bool
}

// fetch is the state of one ranged GET.
type fetch struct {
	blocks []*Block // filled and not yet taken
	done   bool
	err    error
}

// NewReadAhead starts to read rng of key. The caller must Close it.
func NewReadAhead(ctx context.Context, store Store, key string, rng Range, opts ReadAheadOptions) *ReadAhead {
	if opts.BlockSize <= 0 {
		opts.BlockSize = defaultBlockSize
	}
	if opts.RequestSize <= 0 {
		opts.RequestSize = defaultRequestSize
	}
	if opts.Parallel <= 0 {
		opts.Parallel = defaultParallel
	}
	block := int64(opts.BlockSize)
	r := &ReadAhead{
		store: store, key: key, etag: opts.ETag,
		pool: blockPool(opts.BlockSize), ready: make(chan struct{}, 1),
		blockSize: opts.BlockSize, requestSize: (opts.RequestSize + block - 1) / block * block,
		start: rng.Offset, end: math.MaxInt64,
		window: make([]fetch, opts.Parallel),
	}
	r.free.L = &r.mu
	if rng.Length >= 0 && rng.Length < math.MaxInt64-rng.Offset {
		r.end = rng.Offset + rng.Length
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.mu.Lock()
	r.addWorkers()
	r.mu.Unlock()
	return r
}

// addWorkers starts as many workers as there are requests to make; while the object's size is unknown,
// one, whose first answer tells it.
func (r *ReadAhead) addWorkers() {
	want := 1
	if r.end != math.MaxInt64 {
		requests := (r.end - r.start + r.requestSize - 1) / r.requestSize
		want = max(1, int(min(requests, int64(len(r.window)))))
	}
	for ; r.workers < want; r.workers++ {
		r.wg.Add(1)
		go r.work()
	}
}

// work makes one request after another until none is left.
func (r *ReadAhead) work() {
	defer r.wg.Done()
	for {
		r.mu.Lock()
		for !r.closed && r.failure == nil && r.next >= r.head+int64(len(r.window)) {
			r.free.Wait()
		}
		i := r.next
		offset := r.start + i*r.requestSize
		// The first request is made even for an empty range: it finds out that the object exists.
		if r.closed || r.failure != nil || (offset >= r.end && i > 0) {
			r.mu.Unlock()
			return
		}
		r.next++
		length := min(r.requestSize, r.end-offset)
		r.mu.Unlock()

		err := r.fetch(i, Range{offset, length})
		r.mu.Lock()
		f := &r.window[i%int64(len(r.window))]
		f.done, f.err = true, err
		r.signal(i)
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// fetch makes request i and queues its blocks.
func (r *ReadAhead) fetch(i int64, rng Range) error {
	body, info, err := r.store.Get(r.ctx, r.key, rng)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := r.settle(info); err != nil {
		return err
	}
	left := max(0, min(rng.Length, info.Size-rng.Offset))
	offset := rng.Offset
	for left > 0 {
		b := r.pool.Get().(*Block)
		n, err := io.ReadFull(body, b.Buf[Headroom:Headroom+int(min(left, int64(r.blockSize)))])
		if err != nil {
			r.pool.Put(b)
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				return r.changed(fmt.Sprintf("it ended at byte %d of %d", offset+int64(n), info.Size))
			}
			return err
		}
		b.Start, b.End, b.Offset = Headroom, Headroom+n, offset
		offset += int64(n)
		left -= int64(n)
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			r.pool.Put(b)
			return r.ctx.Err()
		}
		f := &r.window[i%int64(len(r.window))]
		f.blocks = append(f.blocks, b)
		r.signal(i)
		r.mu.Unlock()
	}
	return nil
}

// settle takes size and version from the first answer and holds every later one against it.
func (r *ReadAhead) settle(info Info) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.etag == "" {
		r.etag = info.ETag
	}
	if r.etag != info.ETag {
		return r.changed("its version is " + info.ETag + ", not " + r.etag)
	}
	if !r.bounded {
		r.bounded = true
		r.end = min(r.end, max(info.Size, r.start))
		r.addWorkers()
		r.free.Broadcast()
	}
	return nil
}

func (r *ReadAhead) changed(why string) error {
	return &Error{Op: "read", URL: r.store.URL(r.key), Kind: Changed,
		Reason: "the object was overwritten while it was read: " + why,
		Hint:   "write new data under new keys, or start the job again"}
}

// signal wakes the reader if request i is the one it waits for. r.mu is held.
func (r *ReadAhead) signal(i int64) {
	if i == r.head {
		r.wake()
	}
}

func (r *ReadAhead) wake() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// Ready is signalled when TryNext has something to return: a block, an error or the end. One call of
// TryNext per signal suffices: it signals again while there is more.
func (r *ReadAhead) Ready() <-chan struct{} { return r.ready }

// TryNext returns the next block if it is there. Otherwise ok is false, and err is nil while more is to
// come, io.EOF at the end, or the error that ended the reading. After an error it returns the same again.
func (r *ReadAhead) TryNext() (b *Block, ok bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.failure != nil {
			r.wake()
			return nil, false, r.failure
		}
		f := &r.window[r.head%int64(len(r.window))]
		switch {
		case len(f.blocks) > 0:
			b := f.blocks[0]
			f.blocks[0] = nil
			f.blocks = f.blocks[1:]
			if len(f.blocks) > 0 || f.done {
				r.wake()
			}
			return b, true, nil
		case f.err != nil:
			r.finish(f.err)
		case f.done:
			*f = fetch{}
			r.head++
			if r.start+r.head*r.requestSize >= r.end {
				r.finish(io.EOF)
			}
			r.free.Broadcast()
		default:
			return nil, false, nil
		}
	}
}

// finish makes err the last word and lets the workers go. r.mu is held.
func (r *ReadAhead) finish(err error) {
	r.failure = err
	r.cancel()
	r.free.Broadcast()
}

// Next waits for the next block. It returns io.EOF behind the last one.
func (r *ReadAhead) Next(ctx context.Context) (*Block, error) {
	for {
		b, ok, err := r.TryNext()
		if ok || err != nil {
			return b, err
		}
		select {
		case <-r.ready:
		case <-ctx.Done():
			return nil, ContextError(ctx, "read", r.store.URL(r.key), "")
		}
	}
}

// Release returns a block's buffer for reuse. The caller must not touch the block afterwards. A caller
// that lets the buffer escape simply does not release the block.
func (r *ReadAhead) Release(b *Block) {
	if b != nil && len(b.Buf) == Headroom+r.blockSize+Tailroom {
		r.pool.Put(b)
	}
}

// Close stops reading and waits for the background goroutines. Blocks that the caller holds stay valid.
func (r *ReadAhead) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		r.finish(&Error{Op: "read", URL: r.store.URL(r.key), Reason: "the reader is closed"})
	}
	r.mu.Unlock()
	r.wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.window {
		for _, b := range r.window[i].blocks {
			r.pool.Put(b)
		}
		r.window[i].blocks = nil
	}
	return nil
}

// blockPools holds one pool per block size, shared by all readers: the next file's reader takes the
// buffers of the last one's.
var blockPools sync.Map // int → *sync.Pool

func blockPool(size int) *sync.Pool {
	if p, ok := blockPools.Load(size); ok {
		return p.(*sync.Pool)
	}
	p, _ := blockPools.LoadOrStore(size, &sync.Pool{New: func() any {
		return &Block{Buf: make([]byte, Headroom+size+Tailroom)}
	}})
	return p.(*sync.Pool)
}
