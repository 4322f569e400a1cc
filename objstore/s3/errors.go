package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore"
)

const (
	hintReachable = "is the store running? check s3.endpoint"
	hintKeys      = "check s3.access-key and s3.secret-key"
)

// fail makes the final error of an operation on s3://bucket/key, or on the endpoint if bucket is empty.
func (c *Client) fail(ctx context.Context, op, bucket, key string, err error) error {
	var already *objstore.Error
	if err == nil || errors.As(err, &already) {
		return err
	}
	e := &objstore.Error{Op: op, URL: c.url(bucket, key), Endpoint: c.endpoint.address(c.regionOf(bucket)), Err: err}
	// To a reader's caller io.EOF anywhere in the chain means that all is read.
	if errors.Is(err, io.EOF) {
		e.Err = io.ErrUnexpectedEOF
	}
	if ctx.Err() != nil {
		return objstore.ContextError(ctx, op, e.URL, e.Endpoint)
	}
	c.explain(ctx, e, bucket, err)
	var tried *triesError
	if errors.As(err, &tried) && tried.attempts > 1 {
		e.Reason += fmt.Sprintf(", after %d attempts", tried.attempts)
	}
	return e
}

func (c *Client) url(bucket, key string) string {
	if bucket == "" {
		return "s3://"
	}
	return "s3://" + bucket + "/" + key
}

// explain fills in kind, reason and hint.
func (c *Client) explain(ctx context.Context, e *objstore.Error, bucket string, err error) {
	var api *apiError
	var cred *credentialsError
	var notS3 *notS3Error
	reason, hint := tlsReason(err)
	switch {
	case errors.As(err, &api):
		c.explainAPI(ctx, e, bucket, api)
	case reason != "":
		e.Kind, e.Reason, e.Hint = objstore.BadTLS, reason, hint
	case errors.As(err, &cred):
		e.Kind, e.Reason, e.Hint = objstore.BadCredentials, "the credentials could not be renewed: "+cred.Error(), "check the AWS profile"
	case errors.As(err, &notS3):
		e.Kind, e.Reason, e.Hint = objstore.BadURL, notS3.Error(), "is s3.endpoint the address of the S3 API, not of a console or another server?"
	default:
		c.explainNetwork(ctx, e, bucket, err)
	}
}

func (c *Client) explainNetwork(ctx context.Context, e *objstore.Error, bucket string, err error) {
	switch classify(err) {
	case connectSlow:
		e.Kind, e.Reason, e.Hint = objstore.Unreachable, fmt.Sprintf("no connection within %s", c.cfg.ConnectTimeout), hintReachable
	case silent:
		e.Kind, e.Reason, e.Hint = objstore.TimedOut, fmt.Sprintf("no answer within %s", c.cfg.RequestTimeout), "is the store overloaded or hanging?"
	default:
		e.Kind, e.Reason, e.Hint = objstore.Unreachable, networkReason(err), hintReachable
		if c.endpoint.scheme == "http" && classify(err) == broken && c.speaksTLS(ctx, bucket) {
			e.Kind, e.Reason, e.Hint = objstore.BadTLS, reasonSpeaksTLS, hintHTTPS
		}
	}
}

const (
	reasonSpeaksTLS = "the server speaks HTTPS, not plain HTTP"
	hintHTTPS       = "write https:// in s3.endpoint"
)

// speaksTLS finds out whether a server that breaks plain connections does so because it wants TLS. Some
// break them before they have read the request, so that their explanation is lost.
func (c *Client) speaksTLS(ctx context.Context, bucket string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	host := c.endpoint.hostFor(c.regionOf(bucket))
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "80")
	}
	// Nothing is sent over this connection: whose certificate it is does not matter.
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// explainAPI translates an answer of the store.
func (c *Client) explainAPI(ctx context.Context, e *objstore.Error, bucket string, api *apiError) {
	e.Reason = api.Error()
	key := c.accessKey(ctx)
	switch api.code {
	case "NoSuchBucket":
		e.Kind, e.Reason = objstore.NoBucket, "there is no bucket '"+bucket+"'"
		e.Hint = c.nearestBucket(ctx, bucket)
		return
	case "NoSuchKey":
		e.Kind, e.Reason = objstore.NotFound, "there is no such object"
		return
	case "NoSuchUpload":
		e.Kind, e.Reason = objstore.NotFound, "the upload is unknown or was aborted"
		return
	case "InvalidAccessKeyId":
		e.Kind, e.Reason, e.Hint = objstore.BadCredentials, "the store does not know the access key '"+key+"'", hintKeys
		return
	case "SignatureDoesNotMatch":
		e.Kind, e.Reason, e.Hint = objstore.BadCredentials, "the secret key does not belong to the access key '"+key+"'", hintKeys
		return
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidTokenId":
		e.Kind, e.Hint = objstore.BadCredentials, "get new temporary credentials"
		return
	case "RequestTimeTooSkewed", "RequestExpired":
		e.Kind, e.Reason, e.Hint = objstore.BadCredentials, "this machine's clock and the store's differ"+skew(api.date), "set the clock"
		return
	case "AuthorizationHeaderMalformed", "InvalidRegion", "PermanentRedirect":
		e.Kind, e.Hint = objstore.BadURL, "check s3.region and s3.endpoint"
		return
	case "InvalidBucketName":
		e.Kind = objstore.BadURL
		return
	case "KeyTooLongError", "XMinioInvalidObjectName", "XMinioInvalidResourceName", "InvalidURI":
		e.Kind, e.Hint = objstore.BadURL, "this store does not take the name: use another for the object"
		return
	case "ObjectParentIsFile", "ExistingObjectIsDirectory", "XMinioParentIsObject", "XMinioObjectExistsAsDirectory":
		e.Kind, e.Hint = objstore.BadURL, "to this store a name is either an object or a directory of others: use another for one of them"
		return
	case "XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		e.Kind, e.Hint = objstore.NoSpace, "free some space in the store or raise its quota"
		return
	case "InvalidPart":
		e.Hint = "the store has lost parts that it had confirmed, as MinIO may when it or its client ends in the midst of a completion: " +
			"go on from a savepoint or an earlier checkpoint, and the rows that came after it are written again"
		return
	case "ConditionalRequestConflict":
		e.Kind, e.Reason = objstore.PreconditionFailed, "another writer was at the same object"
		return
	case "InvalidObjectState":
		e.Kind, e.Hint = objstore.Denied, "restore the object from the archive first"
		return
	case "BucketNotEmpty":
		e.Reason, e.Hint = "there are objects in it", "delete them first: millstream s3 rm -r s3://"+bucket
		return
	case "NotImplemented", "MethodNotAllowed":
		e.Kind = objstore.Unsupported
		return
	}
	switch {
	case api.status == http.StatusNotFound:
		e.Kind, e.Reason = objstore.NotFound, "there is no such object"
	case api.status == http.StatusPreconditionFailed:
		e.Kind, e.Reason = objstore.PreconditionFailed, "the object exists already or was changed by another writer"
	case (api.status == http.StatusForbidden || api.status == http.StatusUnauthorized) && key == "":
		e.Kind, e.Reason = objstore.BadCredentials, "the store refuses anonymous access and no credentials were found"
		e.Hint = "set s3.access-key and s3.secret-key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	case api.status == http.StatusForbidden || api.status == http.StatusUnauthorized:
		e.Kind, e.Reason = objstore.Denied, "access is denied for the access key '"+key+"'"
		e.Hint = "check the store's policy for this key; " + hintKeys
	case api.status == http.StatusNotImplemented:
		e.Kind = objstore.Unsupported
	case api.status == http.StatusInsufficientStorage:
		e.Kind, e.Hint = objstore.NoSpace, "free some space in the store"
	case api.class() == throttled:
		e.Kind, e.Reason, e.Hint = objstore.Throttled, "the store is overloaded ("+api.Error()+")", "lower the parallelism or add capacity to the store"
	case api.class() == broken:
		e.Kind, e.Reason, e.Hint = objstore.Throttled, "the store failed ("+api.Error()+")", "see the store's log"
	case api.status == http.StatusBadRequest && strings.Contains(api.message, "HTTP request to an HTTPS server"):
		e.Kind, e.Reason, e.Hint = objstore.BadTLS, reasonSpeaksTLS, hintHTTPS
	case api.code == "" && api.status/100 == 3:
		e.Kind, e.Reason, e.Hint = objstore.BadURL, "the server redirects elsewhere", "check s3.endpoint and s3.region"
	}
}

// skew tells how far the clocks are apart, as well as the answer's date shows it.
func skew(date string) string {
	server, err := http.ParseTime(date)
	if err != nil {
		return ""
	}
	if d := time.Since(server).Round(time.Second); d > 0 {
		return " (this one is " + d.String() + " ahead)"
	} else if d < 0 {
		return " (this one is " + (-d).String() + " behind)"
	}
	return ""
}

// accessKey returns the access key that requests are signed with, "" for none. It is no secret.
func (c *Client) accessKey(ctx context.Context) string {
	if c.creds == nil {
		return ""
	}
	v, err := c.creds.GetWithContext(nil)
	if err != nil {
		return ""
	}
	return v.AccessKeyID
}

// nearestBucket hints at what exists instead of a missing bucket, if the store tells quickly.
func (c *Client) nearestBucket(ctx context.Context, missing string) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var names []string
	list, err := c.listBucketsOnce(ctx)
	for _, b := range list {
		names = append(names, b.Name)
	}
	if err != nil {
		return "create it first, or check the name"
	}
	if near := objstore.Nearest(missing, names); near != "" {
		return "is '" + near + "' meant?"
	}
	if len(names) == 0 {
		return "create it first; the store has no buckets"
	}
	slices.Sort(names)
	if len(names) > 5 {
		names = append(names[:5], "…")
	}
	return "create it first, or use one of: " + strings.Join(names, ", ")
}
