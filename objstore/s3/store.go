package s3

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millstream/millstream/objstore"
)

// bucket implements [objstore.Store].
type bucket struct {
	c    *Client
	name string
}

var (
	_ objstore.Store    = (*bucket)(nil)
	_ objstore.Listener = (*bucket)(nil)
)

func (b *bucket) String() string        { return "s3://" + b.name + " (" + b.c.Endpoint() + ")" }
func (b *bucket) URL(key string) string { return b.c.url(b.name, key) }
func (b *bucket) Endpoint() string      { return b.c.Endpoint() }

func (b *bucket) fail(ctx context.Context, op, key string, err error) error {
	return b.c.fail(ctx, op, b.name, key, err)
}

// check refuses keys that no S3 store takes, before they turn into requests that mean something else.
func (b *bucket) check(op, key string) error {
	reason := ""
	switch {
	case key == "":
		reason = "the key is empty"
	case len(key) > 1024:
		reason = fmt.Sprintf("the key has %d bytes, S3 allows 1024", len(key))
	case !utf8.ValidString(key):
		reason = "the key is not valid UTF-8"
	default:
		return nil
	}
	return &objstore.Error{Op: op, URL: b.URL(key), Endpoint: b.c.Endpoint(), Kind: objstore.BadURL, Reason: reason, Hint: "name an object: s3://bucket/key"}
}

// Head implements [objstore.Store].
func (b *bucket) Head(ctx context.Context, key string) (objstore.Info, error) {
	info, _, err := b.head(ctx, "read", key)
	return info, err
}

// head returns the description of an object and the headers it came with.
func (b *bucket) head(ctx context.Context, op, key string) (info objstore.Info, header http.Header, err error) {
	if err := b.check(op, key); err != nil {
		return objstore.Info{}, nil, err
	}
	err = b.c.retry(ctx, func() error {
		resp, err := b.c.send(ctx, request{method: http.MethodHead, bucket: b.name, key: key})
		if err == nil {
			resp.Body.Close()
			header = resp.Header
			info, err = objectInfo(key, resp)
		}
		return b.whyHeadFailed(ctx, key, err)
	})
	if err != nil {
		return objstore.Info{}, nil, b.fail(ctx, op, key, err)
	}
	return info, header, nil
}

// whyHeadFailed asks again with GET where the answer to HEAD, having no body, does not tell a missing key
// from a missing bucket, or a wrong secret from a forbidden action.
func (b *bucket) whyHeadFailed(ctx context.Context, key string, err error) error {
	var api *apiError
	if !errors.As(err, &api) || api.code != "" || api.status >= 500 {
		return err
	}
	resp, getErr := b.c.send(ctx, request{method: http.MethodGet, bucket: b.name, key: key, header: http.Header{"Range": {"bytes=0-0"}}})
	if getErr == nil {
		resp.Body.Close()
		return err
	}
	return getErr
}

// objectInfo reads the answer to HEAD or GET.
func objectInfo(key string, resp *http.Response) (objstore.Info, error) {
	info := objstore.Info{Key: key, Size: resp.ContentLength, ETag: trimETag(resp.Header.Get("ETag")),
		ModTime: headerTime(resp.Header), VersionID: resp.Header.Get("X-Amz-Version-Id")}
	if info.VersionID == "null" {
		info.VersionID = ""
	}
	if resp.StatusCode == http.StatusPartialContent {
		_, _, total, err := contentRange(resp)
		if err != nil {
			return info, err
		}
		info.Size = total
	}
	if info.Size < 0 || info.ETag == "" {
		return info, notS3(resp.Header)
	}
	return info, nil
}

// contentRange reads "bytes 0-9/100".
func contentRange(resp *http.Response) (from, to, total int64, err error) {
	text := resp.Header.Get("Content-Range")
	if _, err = fmt.Sscanf(text, "bytes %d-%d/%d", &from, &to, &total); err != nil {
		return 0, 0, 0, &notS3Error{"the server's Content-Range '" + text + "' cannot be understood"}
	}
	return from, to, total, nil
}

// Get implements [objstore.Store].
func (b *bucket) Get(ctx context.Context, key string, r objstore.Range) (io.ReadCloser, objstore.Info, error) {
	if err := b.check("read", key); err != nil {
		return nil, objstore.Info{}, err
	}
	r.Offset = max(r.Offset, 0)
	if r.Length == 0 {
		info, err := b.Head(ctx, key)
		return http.NoBody, info, err
	}
	rd := &reader{b: b, ctx: ctx, key: key}
	var info objstore.Info
	err := b.c.retry(ctx, func() (err error) {
		info, err = rd.open(r, "")
		return err
	})
	if api := (*apiError)(nil); errors.As(err, &api) && api.status == http.StatusRequestedRangeNotSatisfiable {
		info, err := b.Head(ctx, key)
		if err == nil && info.Size > r.Offset {
			err = rd.changed("it grew to " + strconv.FormatInt(info.Size, 10) + " bytes")
		}
		return http.NoBody, info, err
	}
	if err != nil {
		return nil, objstore.Info{}, b.fail(ctx, "read", key, err)
	}
	return rd, info, nil
}

// reader reads [at, end) of one version of an object and opens a new connection where one breaks.
type reader struct {
	b        *bucket
	ctx      context.Context
	key      string
	etag     string
	body     io.ReadCloser // nil: broken
	at, end  int64
	failures int   // in a row, without a byte between
	lost     error // why body is nil
}

// open starts a request for r, of the version etag unless that is empty.
func (rd *reader) open(r objstore.Range, etag string) (objstore.Info, error) {
	req := request{method: http.MethodGet, bucket: rd.b.name, key: rd.key, header: http.Header{}}
	if r.Offset > 0 || r.Length >= 0 {
		text := "bytes=" + strconv.FormatInt(r.Offset, 10) + "-"
		if r.Length >= 0 && r.Length <= math.MaxInt64-r.Offset {
			text += strconv.FormatInt(r.Offset+r.Length-1, 10)
		}
		req.header.Set("Range", text)
	}
	if etag != "" {
		req.header.Set("If-Match", `"`+etag+`"`)
	}
	resp, err := rd.b.c.send(rd.ctx, req)
	if err != nil {
		return objstore.Info{}, err
	}
	info, err := objectInfo(rd.key, resp)
	from, to := int64(0), info.Size-1
	if err == nil && resp.StatusCode == http.StatusPartialContent {
		from, to, _, err = contentRange(resp)
	}
	if err == nil && from != r.Offset {
		err = &objstore.Error{Op: "read", URL: rd.b.URL(rd.key), Endpoint: rd.b.c.Endpoint(), Kind: objstore.Unsupported,
			Reason: "the store does not give ranges of objects"}
	}
	if err == nil && etag != "" && info.ETag != etag {
		err = rd.changed("its version is " + info.ETag + ", not " + etag)
	}
	if err != nil {
		resp.Body.Close()
		return objstore.Info{}, err
	}
	rd.body, rd.etag = resp.Body, info.ETag
	rd.at, rd.end = from, to+1
	if r.Length >= 0 {
		rd.end = min(rd.end, r.Offset+min(r.Length, math.MaxInt64-r.Offset))
	}
	return info, nil
}

func (rd *reader) changed(how string) error {
	return &objstore.Error{Op: "read", URL: rd.b.URL(rd.key), Endpoint: rd.b.c.Endpoint(), Kind: objstore.Changed,
		Reason: "the object was overwritten while it was read: " + how, Hint: "write new data under new keys, or start the job again"}
}

func (rd *reader) Read(p []byte) (int, error) {
	for {
		if rd.at >= rd.end {
			return 0, io.EOF
		}
		if rd.body == nil {
			if err := rd.resume(); err != nil {
				return 0, err
			}
		}
		n, err := rd.body.Read(p[:min(int64(len(p)), rd.end-rd.at)])
		rd.at += int64(n)
		if err != nil && rd.at < rd.end {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			rd.body.Close()
			rd.body, rd.lost = nil, err
		}
		if n > 0 {
			rd.failures = 0
			return n, nil
		}
		if len(p) == 0 {
			return 0, nil
		}
	}
}

// resume opens a new connection after one broke, with a pause that grows while no byte arrives.
func (rd *reader) resume() error {
	c := rd.b.c
	rd.failures++
	k := classify(rd.lost)
	if rd.ctx.Err() == nil && rd.failures >= c.tries(k) {
		return rd.b.fail(rd.ctx, "read", rd.key, &triesError{rd.lost, rd.failures})
	}
	if rd.failures > 1 {
		c.pause(rd.ctx, k, rd.failures-1, "")
	}
	if rd.ctx.Err() != nil {
		return rd.b.fail(rd.ctx, "read", rd.key, rd.ctx.Err())
	}
	at, end := rd.at, rd.end
	err := c.retry(rd.ctx, func() error {
		_, err := rd.open(objstore.Range{Offset: at, Length: end - at}, rd.etag)
		return err
	})
	if api := (*apiError)(nil); errors.As(err, &api) {
		switch api.status {
		case http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
			return rd.changed("its version is no longer " + rd.etag)
		case http.StatusNotFound:
			return rd.changed("it was deleted")
		}
	}
	return rd.b.fail(rd.ctx, "read", rd.key, err)
}

// maxDrain is how much of an answer is read to keep its connection, rather than closing both.
const maxDrain = 64 << 10

func (rd *reader) Close() error {
	if rd.body == nil {
		return nil
	}
	if left := rd.end - rd.at; left > 0 && left <= maxDrain {
		// Whether it works does not matter: Close comes next.
		_, _ = io.CopyN(io.Discard, rd.body, left)
	}
	err := rd.body.Close()
	rd.body, rd.at = nil, rd.end
	return err
}

// writeHeader marks a conditional write with a unique value, so that its writer can recognise it.
const writeHeader = "X-Amz-Meta-Millstream-Write"

// Put implements [objstore.Store].
func (b *bucket) Put(ctx context.Context, key string, data []byte, cond objstore.Condition) (objstore.Info, error) {
	if err := b.check("write", key); err != nil {
		return objstore.Info{}, err
	}
	r := request{method: http.MethodPut, bucket: b.name, key: key, body: data, header: conditionHeader(cond)}
	r.header.Set("Content-Type", "application/octet-stream")
	id := ""
	if cond != (objstore.Condition{}) {
		var random [16]byte
		rand.Read(random[:]) // never fails
		id = hex.EncodeToString(random[:])
		r.header.Set(writeHeader, id)
	}
	var header http.Header
	lost := false // an earlier attempt may have succeeded without our knowing
	err := b.c.retry(ctx, func() (err error) {
		header, err = b.c.callOnce(ctx, r, nil)
		lost = lost || err != nil && uncertain(err)
		return err
	})
	err = conditionError(cond, err)
	if api := (*apiError)(nil); lost && id != "" && errors.As(err, &api) && api.status == http.StatusPreconditionFailed {
		// Perhaps it is our own first attempt that is in the way.
		if info, h, headErr := b.head(ctx, "write", key); headErr == nil && h.Get(writeHeader) == id {
			return info, nil
		}
	}
	if err != nil {
		return objstore.Info{}, b.fail(ctx, "write", key, err)
	}
	info := objstore.Info{Key: key, Size: int64(len(data)), ETag: trimETag(header.Get("ETag")), ModTime: headerTime(header),
		VersionID: header.Get("X-Amz-Version-Id")}
	if info.ModTime.IsZero() {
		info.ModTime = serverTime(header)
	}
	return info, nil
}

func conditionHeader(cond objstore.Condition) http.Header {
	h := http.Header{}
	if cond.IfAbsent {
		h.Set("If-None-Match", "*")
	}
	if cond.IfMatch != "" {
		h.Set("If-Match", `"`+strings.Trim(cond.IfMatch, `"`)+`"`)
	}
	return h
}

// conditionError makes one of what stores answer if the object of an If-Match does not exist: 404 or 412.
func conditionError(cond objstore.Condition, err error) error {
	var api *apiError
	if cond.IfMatch != "" && errors.As(err, &api) && (api.code == "NoSuchKey" || api.code == "" && api.status == http.StatusNotFound) {
		return &apiError{status: http.StatusPreconditionFailed, code: "PreconditionFailed", header: api.header}
	}
	return err
}
