package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3response"

	"github.com/millstream/millstream/objstore/event"
)

// This file is where changes of objects become events: behind each method of the backend that made one. Events of requests for one key that overlap in
// time may come in either order. A request that fails has no event; one whose answer is lost has.

// requestKey is where a request's context has its [request].
type requestKey struct{}

// request is what an event says of the request that caused it. Its strings live as long as the request.
type request struct {
	id, ip string
	form   bool // a form of a browser rather than an upload
}

// rememberRequest keeps for the backend what only the HTTP side knows.
func (b *diskBackend) rememberRequest(c fiber.Ctx) error {
	if b.hub.active() && c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		id, _ := utils.EnsureRequestIDs(c)
		c.Locals(requestKey{}, request{id: id, ip: c.IP(), form: c.Method() == fiber.MethodPost})
	}
	return c.Next()
}

// tell publishes an event with what the request adds to it.
func (b *diskBackend) tell(ctx context.Context, e event.Event) {
	if r, ok := ctx.Value(requestKey{}).(request); ok {
		e.RequestID, e.SourceIP = r.id, r.ip
	}
	if account, ok := ctx.Value(string(utils.ContextKeyAccount)).(auth.Account); ok {
		e.Principal = account.Access
	}
	e.Region = b.region
	b.hub.publish(e)
}

// putObject stores an object and tells of it.
func (b *diskBackend) putObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	out, err := b.Posix.PutObject(ctx, in)
	if err != nil || !b.hub.active() {
		return out, err
	}
	e := event.Event{Name: "ObjectCreated:Put", Bucket: *in.Bucket, Key: *in.Key, ETag: trimQuotes(out.ETag), VersionID: out.VersionID,
		ContentType: text(in.ContentType), UserData: in.Metadata}
	if r, ok := ctx.Value(requestKey{}).(request); ok && r.form {
		e.Name = "ObjectCreated:Post"
	}
	switch {
	case out.Size != nil:
		e.Size = *out.Size
	case in.ContentLength != nil:
		e.Size = *in.ContentLength
	}
	b.tell(ctx, e)
	return out, nil
}

// CopyObject copies and tells of the copy.
func (b *diskBackend) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	if !filed(in.Key) {
		return s3response.CopyObjectOutput{}, errUnfiled
	}
	if !filedSource(in.CopySource) {
		return s3response.CopyObjectOutput{}, errNoKey
	}
	out, err := b.Posix.CopyObject(ctx, in)
	if err == nil && b.hub.active() {
		etag := ""
		if out.CopyObjectResult != nil {
			etag = text(out.CopyObjectResult.ETag)
		}
		b.tellOfObject(ctx, "ObjectCreated:Copy", *in.Bucket, *in.Key, etag, text(out.VersionId))
	}
	return out, err
}

// tellOfObject tells of an object that was made of others. What the result of that does not say is read from the object, unless it is another by now.
func (b *diskBackend) tellOfObject(ctx context.Context, name, bucket, key, etag, version string) {
	e := event.Event{Name: name, Bucket: bucket, Key: key, ETag: trimQuotes(etag), VersionID: version}
	if head, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key}); err == nil && trimQuotes(text(head.ETag)) == e.ETag {
		e.ContentType, e.UserData = text(head.ContentType), head.Metadata
		if head.ContentLength != nil {
			e.Size = *head.ContentLength
		}
	}
	b.tell(ctx, e)
}

// present tells whether an object that is about to be deleted is there: one that is not is deleted with success, and nothing happens.
func (b *diskBackend) present(bucket, key string) bool {
	if !b.hub.active() {
		return false
	}
	info, err := os.Stat(filepath.Join(bucket, key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil: // as where a file stands in the key's way
		return false
	}
	return info.IsDir() == strings.HasSuffix(key, "/")
}

// tellOfRemoval tells that an object is gone.
func (b *diskBackend) tellOfRemoval(ctx context.Context, bucket, key, version string) {
	b.tell(ctx, event.Event{Name: "ObjectRemoved:Delete", Bucket: bucket, Key: key, VersionID: version})
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func trimQuotes(etag string) string { return strings.Trim(etag, `"`) }
