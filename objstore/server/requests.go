package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3response"
)

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
	in.ContentEncoding = withoutTransport(in.ContentEncoding)
	return b.Posix.PutObject(ctx, in)
}

// CreateMultipartUpload does not keep the transport's encoding with the object.
func (b *diskBackend) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	in.ContentEncoding = withoutTransport(in.ContentEncoding)
	return b.Posix.CreateMultipartUpload(ctx, in)
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
