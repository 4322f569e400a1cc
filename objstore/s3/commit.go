package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/millstream/millstream/objstore"
)

// Commit implements [objstore.Store].
func (b *bucket) Commit(ctx context.Context, p objstore.Pending, cond objstore.Condition) (objstore.Info, error) {
	if err := b.check("commit", p.Key); err != nil {
		return objstore.Info{}, err
	}
	body := completion{Xmlns: "http://s3.amazonaws.com/doc/2006-03-01/"}
	for _, part := range p.Parts {
		body.Part = append(body.Part, completedPart{part.Number, `"` + part.ETag + `"`})
	}
	data, err := xml.Marshal(body)
	if err != nil {
		return objstore.Info{}, b.fail(ctx, "commit", p.Key, err)
	}
	header := conditionHeader(cond)
	header.Set("Content-Type", "application/xml")
	var result struct {
		XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
		ETag    string
	}
	answer, err := b.c.call(ctx, request{method: http.MethodPost, bucket: b.name, key: p.Key, query: url.Values{"uploadId": {p.UploadID}},
		header: header, body: data, signed: true}, &result)
	err = conditionError(cond, err)
	if err == nil {
		return objstore.Info{Key: p.Key, Size: p.Size, ETag: trimETag(result.ETag), ModTime: serverTime(answer),
			VersionID: answer.Get("X-Amz-Version-Id")}, nil
	}
	if info, ok := b.committedBefore(ctx, p, err); ok {
		return info, nil
	}
	return objstore.Info{}, b.fail(ctx, "commit", p.Key, err)
}

type completion struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Xmlns   string   `xml:"xmlns,attr"`
	Part    []completedPart
}

type completedPart struct {
	PartNumber int
	ETag       string
}

// committedBefore finds out whether a commit failed because this very upload was committed already: by
// another process, or by an earlier attempt whose answer was lost.
func (b *bucket) committedBefore(ctx context.Context, p objstore.Pending, err error) (objstore.Info, bool) {
	var api *apiError
	if !errors.As(err, &api) || api.code != "NoSuchUpload" && api.status != http.StatusPreconditionFailed && api.status != http.StatusNotFound {
		return objstore.Info{}, false
	}
	info, header, headErr := b.head(ctx, "commit", p.Key)
	if headErr != nil || !b.isObjectOf(p, info, header) {
		return objstore.Info{}, false
	}
	// Another upload of the same bytes looks the same. While ours is still there, it was the other.
	if api.code != "NoSuchUpload" {
		if there, known := b.uploadExists(ctx, p); there || !known {
			return objstore.Info{}, false
		}
	}
	return info, true
}

// isObjectOf compares an object with what the parts of p make: size and, where the store computes it in the
// usual way, the ETag.
func (b *bucket) isObjectOf(p objstore.Pending, info objstore.Info, header http.Header) bool {
	if info.Size != p.Size {
		return false
	}
	want, ok := multipartETag(p.Parts)
	usual := len(info.ETag) == len(want) && strings.HasSuffix(info.ETag, fmt.Sprintf("-%d", len(p.Parts)))
	encrypted := strings.HasPrefix(header.Get("X-Amz-Server-Side-Encryption"), "aws:kms") || header.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != ""
	if !ok || !usual || encrypted {
		return true // its size is all there is to go by
	}
	return strings.EqualFold(info.ETag, want)
}

// multipartETag is the MD5 of the parts' MD5s and their number.
func multipartETag(parts []objstore.Part) (string, bool) {
	h := md5.New()
	for _, p := range parts {
		sum, err := hex.DecodeString(p.ETag)
		if err != nil || len(sum) != md5.Size {
			return "", false
		}
		h.Write(sum)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts)), true
}

// uploadExists reports whether the store still has the upload p, if that can be known.
func (b *bucket) uploadExists(ctx context.Context, p objstore.Pending) (there, known bool) {
	_, err := b.c.call(ctx, request{method: http.MethodGet, bucket: b.name, key: p.Key, query: url.Values{"uploadId": {p.UploadID}, "max-parts": {"1"}}}, nil)
	var api *apiError
	gone := errors.As(err, &api) && api.code == "NoSuchUpload"
	return err == nil, err == nil || gone
}

// Abort implements [objstore.Store].
func (b *bucket) Abort(ctx context.Context, p objstore.Pending) error {
	if err := b.check("abort", p.Key); err != nil {
		return err
	}
	_, err := b.c.call(ctx, request{method: http.MethodDelete, bucket: b.name, key: p.Key, query: url.Values{"uploadId": {p.UploadID}}}, nil)
	var api *apiError
	if errors.As(err, &api) && api.code == "NoSuchUpload" {
		return nil
	}
	return b.fail(ctx, "abort", p.Key, err)
}
