package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// This file is where the library's answers differ from those of S3 and clients notice.

const (
	drainBytes   = 256 << 10   // of a body that the handler left unread, before the connection is given up
	drainTimeout = time.Second // for the client to send them
)

// drainChunkedBody reads what a handler leaves of a body in HTTP chunks, which the library does only for
// bodies of known length: otherwise the rest is taken for the next request of the connection, whose
// client gets an error for something it never asked. minio-go sends an empty object this way.
func drainChunkedBody(c fiber.Ctx) error {
	err := c.Next()
	body := c.Request().BodyStream()
	if body == nil || c.Request().Header.ContentLength() >= 0 {
		return err
	}
	if !strings.HasPrefix(c.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		// Read to its end by a handler that succeeded, and a second attempt would wait for more.
		if err != nil || c.Response().StatusCode() >= http.StatusBadRequest {
			c.Response().Header.SetConnectionClose()
		}
		return err
	}
	conn := c.RequestCtx().Conn()
	drained := conn.SetReadDeadline(time.Now().Add(drainTimeout))
	if drained == nil {
		_, drained = io.CopyN(io.Discard, body, drainBytes)
	}
	if resetErr := conn.SetReadDeadline(time.Time{}); resetErr != nil || !errors.Is(drained, io.EOF) {
		c.Response().Header.SetConnectionClose()
	}
	return err
}

// onlyOwner knows the owner of the keys and nobody else. The library's own answers a request with an
// unknown key with an error code of its own making.
type onlyOwner struct{ auth.IAMService }

func (o onlyOwner) GetUserAccount(accessKey string) (auth.Account, error) {
	account, err := o.IAMService.GetUserAccount(accessKey)
	if err != nil {
		return account, auth.ErrNoSuchUser // which becomes S3's InvalidAccessKeyId
	}
	return account, nil
}

// PutObject does not keep the transport's encoding with the object.
func (b *diskBackend) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	if !filed(in.Key) {
		return s3response.PutObjectOutput{}, errUnfiled
	}
	in.ContentEncoding = withoutTransport(in.ContentEncoding)
	return b.putObject(ctx, in)
}

// CreateMultipartUpload does not keep the transport's encoding with the object.
func (b *diskBackend) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	if !filed(in.Key) {
		return s3response.InitiateMultipartUploadResult{}, errUnfiled
	}
	in.ContentEncoding = withoutTransport(in.ContentEncoding)
	return b.Posix.CreateMultipartUpload(ctx, in)
}

// The key "dir/" is an object of its own only if somebody wrote it. Where it is just the directory of other
// objects there is nothing to delete, which S3 calls a success; the library alone calls it an error, on which
// Hadoop's client retries for minutes after each write.

var notEmpty = s3err.GetAPIError(s3err.ErrDirectoryNotEmpty)

func (b *diskBackend) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	if !filed(in.Key) {
		return &s3.DeleteObjectOutput{}, nil // nothing to delete
	}
	present := in.Key != nil && b.present(*in.Bucket, *in.Key)
	out, err := b.Posix.DeleteObject(ctx, in)
	if errors.Is(err, notEmpty) {
		return &s3.DeleteObjectOutput{}, nil
	}
	if err == nil && present {
		b.tellOfRemoval(ctx, *in.Bucket, *in.Key, text(out.VersionId))
	}
	return out, err
}

func (b *diskBackend) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	asked := *in.Delete
	kept, gone := withoutUnfiled(asked.Objects)
	asked.Objects = kept
	copied := *in
	copied.Delete, in = &asked, &copied
	present := map[string]bool{}
	for _, o := range in.Delete.Objects {
		if b.hub.active() && o.Key != nil {
			present[*o.Key] = b.present(*in.Bucket, *o.Key)
		}
	}
	result, err := b.Posix.DeleteObjects(ctx, in)
	if err == nil {
		result.Deleted = append(result.Deleted, gone...)
	}
	for _, o := range result.Deleted {
		if o.Key != nil && present[*o.Key] {
			present[*o.Key] = false // a request may name it twice
			b.tellOfRemoval(ctx, *in.Bucket, *o.Key, text(o.VersionId))
		}
	}
	result.Error = slices.DeleteFunc(result.Error, func(failed types.Error) bool {
		nothing := failed.Code != nil && *failed.Code == notEmpty.Code
		if nothing {
			result.Deleted = append(result.Deleted, types.DeletedObject{Key: failed.Key, VersionId: failed.VersionId})
		}
		return nothing
	})
	return result, err
}

// withoutTransport removes aws-chunked from a Content-Encoding: it says how the request was sent, and S3
// stores only what is left.
func withoutTransport(encoding *string) *string {
	if encoding == nil || !strings.Contains(*encoding, "aws-chunked") {
		return encoding
	}
	var kept []string
	for one := range strings.SplitSeq(*encoding, ",") {
		if one = strings.TrimSpace(one); one != "aws-chunked" && one != "" {
			kept = append(kept, one)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	rest := strings.Join(kept, ",")
	return &rest
}
