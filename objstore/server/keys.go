package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// A key is a path below its bucket's directory. To S3 the keys a/b, a//b, a/./b and a/x/../b are four objects; to a file system they are one, and the
// library would let each replace the others. So only the first of them can be an object here: the others cannot be written, and are not there.

// filed reports whether a key is the one that its file has.
func filed(key *string) bool {
	if key == nil || *key == "" {
		return true // what is wrong with that the library says
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(*key, "/"), "/") {
		switch segment {
		case "", ".", "..":
			return false
		}
	}
	return true
}

// filedSource is filed for what is to be copied.
func filedSource(source *string) bool {
	if source == nil {
		return true
	}
	_, key, _, err := backend.ParseCopySource(*source)
	return err != nil || filed(&key) // what is wrong with it the library says
}

var (
	errUnfiled = s3err.APIError{
		Code: "InvalidURI", HTTPStatusCode: http.StatusBadRequest,
		Description: "This store keeps objects as files: no segment of a key may be empty, '.' or '..' in it",
	}
	errNoKey = s3err.GetAPIError(s3err.ErrNoSuchKey)
)

// keyOf is the key in a request's target; empty where it cannot be read.
func keyOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	path, err := url.PathUnescape(path)
	if err != nil {
		return ""
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return key
}

// explainKeys answers for keys of which the library says no more than that the request is bad: those that lead out of their bucket.
func explainKeys(c fiber.Ctx) error {
	err := c.Next()
	if err != nil || c.Response().StatusCode() != http.StatusBadRequest {
		return err
	}
	if key := keyOf(c.OriginalURL()); filed(&key) {
		return nil
	}
	switch c.Method() {
	case http.MethodGet, http.MethodHead:
		return answerError(c, errNoKey)
	case http.MethodDelete:
		c.Response().Reset()
		return c.SendStatus(http.StatusNoContent)
	}
	return answerError(c, errUnfiled)
}

// HeadObject does not find keys that are no file's.
func (b *diskBackend) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	if !filed(in.Key) {
		return nil, errNoKey
	}
	return b.Posix.HeadObject(ctx, in)
}

// GetObjectAttributes does not find keys that are no file's.
func (b *diskBackend) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (s3response.GetObjectAttributesResponse, error) {
	if !filed(in.Key) {
		return s3response.GetObjectAttributesResponse{}, errNoKey
	}
	return b.Posix.GetObjectAttributes(ctx, in)
}

// PutObjectTagging does not find keys that are no file's.
func (b *diskBackend) PutObjectTagging(ctx context.Context, bucket, object, version string, tags map[string]string) error {
	if !filed(&object) {
		return errNoKey
	}
	return b.Posix.PutObjectTagging(ctx, bucket, object, version, tags)
}

// withoutUnfiled takes keys that are no file's out of a list of those to be deleted: they are not there, so that all is done.
func withoutUnfiled(list []types.ObjectIdentifier) (left []types.ObjectIdentifier, done []types.DeletedObject) {
	for _, o := range list {
		if filed(o.Key) {
			left = append(left, o)
		} else {
			done = append(done, types.DeletedObject{Key: o.Key})
		}
	}
	return left, done
}
