// Package s3 speaks to any S3-compatible object store.
//
// What enters: a [Config] and the calls of [objstore.Store]. What leaves: bytes, listings, and errors of
// type [*objstore.Error] that are final: everything that may pass (5xx, SlowDown, resets, timeouts, broken
// bodies) is tried again in retry.go, and nowhere else.
//
// Requests are made here, with minio-go's signer and credential providers, rather than by its client: that
// repeats, sleeps and looks up bucket locations by itself, cannot cancel a listing, and hides which attempt
// failed how. Payloads are not hashed (UNSIGNED-PAYLOAD): SHA-256 would cost more than the transfer on a
// local network, and TLS protects the bytes where that is needed.
//
// What must hold: memory is bounded. All uploads of a client together have Parallelism parts in flight,
// each in a buffer of PartSize, and one buffer per open upload that is being filled.
package s3

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/millstream/millstream/objstore"
)

// Client is a connection pool to one endpoint with one set of credentials. It is safe for concurrent use.
type Client struct {
	cfg       Config
	endpoint  endpoint
	creds     *credentials.Credentials // nil: anonymous
	transport *http.Transport
	regions   sync.Map      // bucket → region that differs from cfg.Region
	reached   atomic.Bool   // the endpoint has answered at least once
	slots     chan struct{} // taken by parts in flight
	buffers   sync.Pool     // *[]byte of PartSize
}

// BucketInfo describes a bucket.
type BucketInfo struct {
	Name    string
	Created time.Time
}

// New checks cfg and finds credentials. It does not go to the network.
func New(cfg Config) (*Client, error) {
	cfg, ep, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, endpoint: ep, slots: make(chan struct{}, cfg.Parallelism)}
	if c.creds, err = resolveCredentials(cfg); err != nil {
		return nil, err
	}
	if c.transport, err = newTransport(cfg); err != nil {
		return nil, err
	}
	c.buffers.New = func() any { b := make([]byte, 0, cfg.PartSize); return &b }
	return c, nil
}

// Endpoint returns scheme and host, such as "http://127.0.0.1:9000".
func (c *Client) Endpoint() string { return c.endpoint.address(c.cfg.Region) }

// AccessKey returns the access key that requests are signed with, empty for anonymous ones. It is no secret.
func (c *Client) AccessKey(ctx context.Context) string { return c.accessKey(ctx) }

// Region returns the region that requests to a bucket are signed for: the configured one, unless the store has named another.
func (c *Client) Region(bucket string) string { return c.regionOf(bucket) }

// VirtualHost reports whether requests name a bucket in the host rather than in the path.
func (c *Client) VirtualHost(bucket string) bool { return c.virtualHost(bucket) }

// Close closes idle connections. The client stays usable.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Bucket returns a bucket as a store, without asking whether it exists.
func (c *Client) Bucket(name string) objstore.Store { return &bucket{c: c, name: name} }

// ListBuckets returns the buckets that the credentials own.
func (c *Client) ListBuckets(ctx context.Context) ([]BucketInfo, error) {
	var list []BucketInfo
	err := c.retry(ctx, func() (err error) {
		list, err = c.listBucketsOnce(ctx)
		return err
	})
	if err != nil {
		return nil, c.fail(ctx, "list the buckets of", "", "", err)
	}
	return list, nil
}

func (c *Client) listBucketsOnce(ctx context.Context) ([]BucketInfo, error) {
	var doc struct {
		Buckets struct {
			Bucket []struct {
				Name         string
				CreationDate time.Time
			}
		}
	}
	if _, err := c.callOnce(ctx, request{method: http.MethodGet}, &doc); err != nil {
		return nil, err
	}
	var list []BucketInfo
	for _, b := range doc.Buckets.Bucket {
		list = append(list, BucketInfo{Name: b.Name, Created: b.CreationDate})
	}
	return list, nil
}

// MakeBucket creates a bucket. One that exists and has the same owner is not an error.
func (c *Client) MakeBucket(ctx context.Context, name string) error {
	r := request{method: http.MethodPut, bucket: name}
	if c.endpoint.aws && c.cfg.Region != "us-east-1" {
		r.signed = true
		r.body = []byte(`<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>` +
			c.cfg.Region + `</LocationConstraint></CreateBucketConfiguration>`)
	}
	_, err := c.call(ctx, r, nil)
	var api *apiError
	if errors.As(err, &api) {
		switch api.code {
		case "BucketAlreadyOwnedByYou":
			return nil
		case "BucketAlreadyExists":
			// Some stores say so of one's own bucket as well.
			if ok, existsErr := c.BucketExists(ctx, name); existsErr == nil && ok {
				return nil
			}
		}
	}
	return c.fail(ctx, "create the bucket", name, "", err)
}

// RemoveBucket deletes a bucket without objects.
func (c *Client) RemoveBucket(ctx context.Context, name string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, bucket: name}, nil)
	return c.fail(ctx, "delete the bucket", name, "", err)
}

// BucketExists reports whether a bucket exists. One that exists but may not be accessed is an error of
// kind Denied.
func (c *Client) BucketExists(ctx context.Context, name string) (bool, error) {
	// A page of no keys rather than HEAD, whose answer cannot explain a failure.
	var page listPage
	_, err := c.call(ctx, request{method: http.MethodGet, bucket: name,
		query: url.Values{"list-type": {"2"}, "max-keys": {"1"}}}, &page)
	var api *apiError
	if errors.As(err, &api) && (api.code == "NoSuchBucket" || api.status == http.StatusNotFound) {
		return false, nil
	}
	if err != nil {
		return false, c.fail(ctx, "look up the bucket", name, "", err)
	}
	return true, nil
}
