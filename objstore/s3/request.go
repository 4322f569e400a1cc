package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// request is one call of the S3 API.
type request struct {
	method string
	bucket string
	key    string
	query  url.Values
	header http.Header
	body   []byte
	signed bool // sign the body too; otherwise only the headers are signed
}

// apiError is an answer that is no success.
type apiError struct {
	status     int
	code       string // such as NoSuchKey; may be empty for HEAD
	message    string
	region     string // where the bucket is, if the store says so
	retryAfter string
	date       string // the server's clock
	header     http.Header
}

func (e *apiError) Error() string {
	text := firstOf(e.message, e.code, http.StatusText(e.status))
	if e.code != "" && e.message != "" {
		text = e.code + ": " + e.message
	}
	return strings.TrimSuffix(strings.TrimSpace(text), ".")
}

// emptySHA256 is the hash of no bytes.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// send makes one attempt. It returns a successful answer, whose body the caller closes, an [*apiError], or
// what went wrong on the way.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	region := c.regionOf(r.bucket)
	resp, err := c.sendTo(ctx, r, region)
	var api *apiError
	// A store that expects another region names it: take that from now on.
	if errors.As(err, &api) && api.region != "" && api.region != region && wrongRegion(api) {
		c.regions.Store(r.bucket, api.region)
		return c.sendTo(ctx, r, api.region)
	}
	return resp, err
}

func wrongRegion(e *apiError) bool {
	switch e.status {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest, http.StatusForbidden:
		return e.code == "" || e.code == "AuthorizationHeaderMalformed" || e.code == "PermanentRedirect" ||
			e.code == "TemporaryRedirect" || e.code == "InvalidRegion" || e.code == "IllegalLocationConstraintException"
	}
	return false
}

func (c *Client) regionOf(bucket string) string {
	if region, ok := c.regions.Load(bucket); ok {
		return region.(string)
	}
	return c.cfg.Region
}

// credentialsClient fetches credentials that a profile has elsewhere.
var credentialsClient = &http.Client{Timeout: 10 * time.Second}

func (c *Client) sendTo(ctx context.Context, r request, region string) (*http.Response, error) {
	var v credentials.Value
	if c.creds != nil {
		var err error
		if v, err = c.creds.GetWithContext(&credentials.CredContext{Client: credentialsClient, Context: ctx}); err != nil {
			return nil, &credentialsError{err}
		}
	}
	req := c.build(ctx, r, region)
	hash := "UNSIGNED-PAYLOAD"
	switch {
	case len(r.body) == 0:
		hash = emptySHA256
	case r.signed:
		sum := sha256.Sum256(r.body)
		hash = hex.EncodeToString(sum[:])
	}
	if v.AccessKeyID != "" {
		req.Header.Set("X-Amz-Content-Sha256", hash)
		req = signer.SignV4(*req, v.AccessKeyID, v.SecretAccessKey, v.SessionToken, region)
	}
	body := attachBody(req, r.body)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		body.detach()
		return nil, err
	}
	c.reached.Store(true)
	if resp.StatusCode/100 == 2 {
		if r.body != nil {
			resp.Body = &detachOnClose{resp.Body, body}
		}
		return resp, nil
	}
	defer body.detach()
	defer resp.Body.Close()
	return nil, readError(resp)
}

// build makes the HTTP request of r without signature and body.
func (c *Client) build(ctx context.Context, r request, region string) *http.Request {
	host, path := c.endpoint.hostFor(region), "/"
	if r.bucket != "" {
		if c.virtualHost(r.bucket) {
			host = r.bucket + "." + host
		} else {
			path += r.bucket
			if r.key != "" {
				path += "/"
			}
		}
		path += r.key
	}
	req := &http.Request{
		Method: r.method,
		URL: &url.URL{Scheme: c.endpoint.scheme, Host: host, Path: path, RawPath: s3utils.EncodePath(path),
			RawQuery: s3utils.QueryEncode(r.query)},
		Host:   host,
		Header: http.Header{"User-Agent": {"millstream"}},
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	return req.WithContext(ctx)
}

// virtualHost reports whether requests name the bucket in the host. A dot in the bucket would not fit
// the server's wildcard certificate.
func (c *Client) virtualHost(bucket string) bool {
	return c.endpoint.style == VirtualHost && !(c.endpoint.scheme == "https" && strings.Contains(bucket, "."))
}

// body hands out the bytes of a request until it is detached. The transport may go on reading after it
// returned, while the buffer is used for the next part already.
type body struct {
	mu   sync.Mutex
	data []byte
}

func attachBody(req *http.Request, data []byte) *body {
	b := &body{data: data}
	if len(data) > 0 {
		req.Body = b
		req.ContentLength = int64(len(data))
	}
	return b
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

func (b *body) Close() error { return nil }

func (b *body) detach() {
	b.mu.Lock()
	b.data = nil
	b.mu.Unlock()
}

type detachOnClose struct {
	io.ReadCloser
	body *body
}

func (d *detachOnClose) Close() error {
	d.body.detach()
	return d.ReadCloser.Close()
}

// maxErrorBody bounds what is read of an error document.
const maxErrorBody = 64 << 10

// readError understands an answer that is no success.
func readError(resp *http.Response) error {
	e := &apiError{status: resp.StatusCode, header: resp.Header, date: resp.Header.Get("Date"),
		retryAfter: resp.Header.Get("Retry-After"), region: resp.Header.Get("X-Amz-Bucket-Region")}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil && resp.StatusCode < 500 {
		return err // the reason is lost: ask again
	}
	var doc errorDocument
	if xml.Unmarshal(data, &doc) == nil && doc.XMLName.Local == "Error" {
		e.code, e.message = doc.Code, doc.Message
		e.region = firstOf(e.region, doc.Region)
	} else if text := strings.TrimSpace(string(data)); text != "" && !strings.HasPrefix(text, "<") {
		e.message, _, _ = strings.Cut(text, "\n")
	}
	// MinIO explains a failed HEAD, which has no body, in headers.
	e.code = firstOf(e.code, resp.Header.Get("X-Minio-Error-Code"))
	e.message = firstOf(e.message, strings.Trim(resp.Header.Get("X-Minio-Error-Desc"), `"`))
	return e
}

type errorDocument struct {
	XMLName xml.Name
	Code    string
	Message string
	Region  string
}

// call makes a request with retries, reads the answer's XML into result (unless that is nil) and returns
// its headers.
func (c *Client) call(ctx context.Context, r request, result any) (header http.Header, err error) {
	err = c.retry(ctx, func() error {
		header, err = c.callOnce(ctx, r, result)
		return err
	})
	return header, err
}

func (c *Client) callOnce(ctx context.Context, r request, result any) (http.Header, error) {
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	if err != nil {
		return nil, err
	}
	if result == nil {
		return resp.Header, nil
	}
	// A success may turn into a failure while the store works on it: then the error is in the body.
	var doc errorDocument
	if err := xml.Unmarshal(data, &doc); err != nil {
		return nil, notS3(resp.Header)
	}
	if doc.XMLName.Local == "Error" {
		return nil, &apiError{status: resp.StatusCode, code: doc.Code, message: doc.Message, header: resp.Header}
	}
	if err := xml.Unmarshal(data, result); err != nil {
		return nil, notS3(resp.Header)
	}
	return resp.Header, nil
}

// maxDocument bounds what is read of an answer: a page of a listing with 1000 keys of 1 KiB, percent-encoded,
// has 4 MiB.
const maxDocument = 16 << 20

// notS3Error is an answer that S3 does not give.
type notS3Error struct{ reason string }

func (e *notS3Error) Error() string { return e.reason }

// notS3 describes an answer whose body or headers are something else.
func notS3(h http.Header) error {
	return &notS3Error{"the server answers with something else than S3 (" + firstOf(h.Get("Content-Type"), "no content type") + ")"}
}

// credentialsError wraps a failure to fetch credentials again.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

// trimETag takes the quotes off an ETag.
func trimETag(s string) string { return strings.Trim(strings.TrimPrefix(s, "W/"), `"`) }

// headerTime reads an HTTP date; the zero time if there is none.
func headerTime(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return time.Time{}
	}
	return t
}
