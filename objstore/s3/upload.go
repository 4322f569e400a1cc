package s3

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/millstream/millstream/objstore"
)

// upload is a multipart upload under way.
type upload struct {
	b      *bucket
	ctx    context.Context // of the parts under way
	cancel context.CancelFunc
	key    string
	id     string
	buf    []byte // the part being filled
	size   int64
	number int // of the last part handed over
	count  int // of the parts handed over
	ended  bool

	wg    sync.WaitGroup
	mu    sync.Mutex
	parts []objstore.Part
	err   error // the first that went wrong in the background
}

// smallBuffer is where a part begins: an upload of a few bytes should not cost a whole part's memory.
const smallBuffer = 64 << 10

// Create implements [objstore.Store].
func (b *bucket) Create(ctx context.Context, key string) (objstore.Upload, error) {
	if err := b.check("write", key); err != nil {
		return nil, err
	}
	var result struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		UploadID string   `xml:"UploadId"`
	}
	_, err := b.c.call(ctx, request{method: http.MethodPost, bucket: b.name, key: key, query: url.Values{"uploads": {""}},
		header: http.Header{"Content-Type": {"application/octet-stream"}}}, &result)
	if err == nil && result.UploadID == "" {
		err = &notS3Error{"the server gave no upload id"}
	}
	if err != nil {
		return nil, b.fail(ctx, "write", key, err)
	}
	u := &upload{b: b, key: key, id: result.UploadID}
	u.ctx, u.cancel = context.WithCancel(ctx)
	return u, nil
}

// partSize grows with the number of parts, of which S3 allows 10,000: the first 1000 have PartSize, the
// next 1000 twice that, and so on up to more than the 5 TiB that an object may have.
func (u *upload) partSize() int { return int(u.b.c.cfg.PartSize) << (u.count / 1000) }

func (u *upload) Write(p []byte) (n int, err error) {
	if err := u.usable(u.ctx); err != nil {
		return 0, err
	}
	for len(p) > 0 {
		size := u.partSize()
		if len(u.buf) == size {
			if err := u.flush(); err != nil {
				return n, err
			}
			continue
		}
		u.reserve(min(len(p), size-len(u.buf)), size)
		k := copy(u.buf[len(u.buf):min(cap(u.buf), size)], p)
		u.buf = u.buf[:len(u.buf)+k]
		u.size += int64(k)
		n += k
		p = p[k:]
	}
	return n, nil
}

// reserve makes room in the buffer: first a small one, then, when that is full, one of a whole part.
func (u *upload) reserve(n, size int) {
	switch {
	case len(u.buf)+n <= cap(u.buf):
	case u.buf == nil && n <= smallBuffer:
		u.buf = make([]byte, 0, smallBuffer)
	default:
		full := *u.b.c.buffers.Get().(*[]byte)
		if cap(full) < size {
			full = make([]byte, 0, size)
		}
		u.buf = append(full[:0], u.buf...)
	}
}

// flush hands the buffer over to be sent in the background. It waits while all the client's parts are
// under way.
func (u *upload) flush() error {
	select {
	case u.b.c.slots <- struct{}{}:
	case <-u.ctx.Done():
		if err := u.failure(); err != nil {
			return err
		}
		return u.b.fail(u.ctx, "write", u.key, u.ctx.Err())
	}
	if err := u.failure(); err != nil {
		<-u.b.c.slots
		return err
	}
	u.number++
	u.count++
	buf, number := u.buf, u.number
	u.buf = nil
	u.wg.Add(1)
	go func() {
		defer u.wg.Done()
		defer func() { <-u.b.c.slots }()
		part, err := u.send(number, buf)
		if int64(cap(buf)) == u.b.c.cfg.PartSize {
			buf = buf[:0]
			u.b.c.buffers.Put(&buf)
		}
		u.mu.Lock()
		defer u.mu.Unlock()
		if err == nil {
			u.parts = append(u.parts, part)
		} else if u.err == nil {
			u.err = err
			u.cancel() // the other parts are of no use any more
		}
	}()
	return nil
}

func (u *upload) send(number int, data []byte) (objstore.Part, error) {
	header, err := u.b.c.call(u.ctx, request{method: http.MethodPut, bucket: u.b.name, key: u.key, body: data,
		query: url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {u.id}}}, nil)
	if err != nil {
		return objstore.Part{}, u.b.fail(u.ctx, "write", u.key, err)
	}
	return objstore.Part{Number: number, ETag: trimETag(header.Get("ETag")), Size: int64(len(data))}, nil
}

func (u *upload) failure() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// usable reports what stands against going on.
func (u *upload) usable(ctx context.Context) error {
	if err := u.failure(); err != nil {
		return err
	}
	if u.ended {
		return &objstore.Error{Op: "write", URL: u.b.URL(u.key), Endpoint: u.b.c.Endpoint(), Reason: "the upload has ended"}
	}
	if ctx.Err() != nil {
		return u.b.fail(ctx, "write", u.key, ctx.Err())
	}
	return nil
}

// Seal sends what is left and waits for all parts. An empty object has one empty part, as S3 does not take
// an upload without any.
func (u *upload) Seal(ctx context.Context) (objstore.Pending, error) {
	if err := u.usable(ctx); err != nil {
		return objstore.Pending{}, err
	}
	// The parts follow the context of Create; here the wait for them ends with that of Seal too.
	stop := context.AfterFunc(ctx, u.cancel)
	defer stop()
	if len(u.buf) > 0 || u.count == 0 {
		if err := u.flush(); err != nil {
			return objstore.Pending{}, u.sealError(ctx, err)
		}
	}
	u.wg.Wait()
	if err := u.failure(); err != nil {
		return objstore.Pending{}, u.sealError(ctx, err)
	}
	u.ended = true
	u.cancel()
	slices.SortFunc(u.parts, func(a, b objstore.Part) int { return a.Number - b.Number })
	return objstore.Pending{Key: u.key, UploadID: u.id, Parts: u.parts, Size: u.size}, nil
}

// sealError tells the end of Seal's own context from other failures.
func (u *upload) sealError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return u.b.fail(ctx, "write", u.key, ctx.Err())
	}
	return err
}

func (u *upload) Abort(ctx context.Context) error {
	u.ended = true
	u.cancel()
	u.wg.Wait() // a part that arrives after the abort would be kept, and paid for
	u.buf = nil
	p := objstore.Pending{Key: u.key, UploadID: u.id}
	for n := 1; ; n++ {
		if err := u.b.Abort(ctx, p); err != nil || u.failure() == nil {
			return err
		}
		// The store may still have been writing a part whose request was broken off here, and then keeps
		// it in spite of the abort.
		there, known := u.b.uploadExists(ctx, p)
		switch {
		case !there || !known:
			return nil
		case n >= u.b.c.cfg.MaxAttempts || ctx.Err() != nil:
			return &objstore.Error{Op: "abort", URL: u.b.URL(u.key), Endpoint: u.b.c.Endpoint(),
				Reason: "the store keeps the upload " + u.id + " although it was aborted", Hint: "abort it again later"}
		}
		u.b.c.pause(ctx, broken, n, "")
	}
}

// serverTime is the time of an answer, which for a write is as good as the object's own.
func serverTime(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Now()
	}
	return t
}
