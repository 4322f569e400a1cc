package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/millstream/millstream/objstore"
)

// listPage is the answer to ListObjectsV2.
type listPage struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	IsTruncated           bool
	NextContinuationToken string
	EncodingType          string
	Contents              []struct {
		Key          string
		LastModified time.Time
		ETag         string
		Size         int64
	}
	CommonPrefixes []struct{ Prefix string }
}

// List implements [objstore.Store].
func (b *bucket) List(ctx context.Context, prefix string, opts objstore.ListOptions) iter.Seq2[objstore.Info, error] {
	return func(yield func(objstore.Info, error) bool) {
		query := url.Values{"list-type": {"2"}, "encoding-type": {"url"}, "prefix": {prefix}}
		if opts.Delimiter != "" {
			query.Set("delimiter", opts.Delimiter)
		}
		if opts.StartAfter != "" {
			query.Set("start-after", opts.StartAfter)
		}
		last := opts.StartAfter
		for {
			var page listPage
			_, err := b.c.call(ctx, request{method: http.MethodGet, bucket: b.name, query: query}, &page)
			if err == nil && page.IsTruncated && page.NextContinuationToken == "" {
				err = &notS3Error{"the server broke off the listing without a token to go on from"}
			}
			var infos []objstore.Info
			if err == nil {
				infos, err = page.infos()
			}
			if err != nil {
				yield(objstore.Info{}, b.fail(ctx, "list", prefix, err))
				return
			}
			for _, info := range infos {
				// Stores differ in whether StartAfter, or a page's end, hides a rolled-up key.
				if info.Key <= last && last != "" {
					continue
				}
				last = info.Key
				if !yield(info, nil) {
					return
				}
			}
			if !page.IsTruncated {
				return
			}
			query.Set("continuation-token", page.NextContinuationToken)
		}
	}
}

// infos merges keys and rolled-up keys, which come in two lists.
func (p *listPage) infos() ([]objstore.Info, error) {
	infos := make([]objstore.Info, 0, len(p.Contents)+len(p.CommonPrefixes))
	for _, o := range p.Contents {
		key, err := decodeKey(o.Key, p.EncodingType)
		if err != nil {
			return nil, err
		}
		infos = append(infos, objstore.Info{Key: key, Size: o.Size, ETag: trimETag(o.ETag), ModTime: o.LastModified})
	}
	for _, o := range p.CommonPrefixes {
		key, err := decodeKey(o.Prefix, p.EncodingType)
		if err != nil {
			return nil, err
		}
		infos = append(infos, objstore.Info{Key: key})
	}
	slices.SortFunc(infos, func(a, b objstore.Info) int { return strings.Compare(a.Key, b.Key) })
	return infos, nil
}

func decodeKey(key, encoding string) (string, error) {
	if encoding != "url" {
		return key, nil
	}
	decoded, err := url.QueryUnescape(key)
	if err != nil {
		return "", &notS3Error{"the server listed a key that is not percent-encoded as it says: " + err.Error()}
	}
	return decoded, nil
}

// uploadsPage is the answer to ListMultipartUploads.
type uploadsPage struct {
	XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
	IsTruncated        bool
	NextKeyMarker      string
	NextUploadIDMarker string `xml:"NextUploadIdMarker"`
	EncodingType       string
	Upload             []struct {
		Key       string
		UploadID  string `xml:"UploadId"`
		Initiated time.Time
	}
}

// Uploads implements [objstore.Store].
func (b *bucket) Uploads(ctx context.Context, prefix string) iter.Seq2[objstore.PendingInfo, error] {
	return func(yield func(objstore.PendingInfo, error) bool) {
		query := url.Values{"uploads": {""}, "encoding-type": {"url"}, "prefix": {prefix}}
		for {
			var page uploadsPage
			header, err := b.c.call(ctx, request{method: http.MethodGet, bucket: b.name, query: query}, &page)
			if err != nil {
				yield(objstore.PendingInfo{}, b.fail(ctx, "list uploads below", prefix, err))
				return
			}
			// MinIO takes the prefix for a whole key: ask it for all uploads, and choose here.
			if len(page.Upload) == 0 && query.Get("prefix") != "" && header.Get("Server") == "MinIO" {
				query.Set("prefix", "")
				continue
			}
			for _, u := range page.Upload {
				key, err := decodeKey(u.Key, page.EncodingType)
				if err != nil {
					yield(objstore.PendingInfo{}, b.fail(ctx, "list uploads below", prefix, err))
					return
				}
				if !strings.HasPrefix(key, prefix) {
					continue
				}
				if !yield(objstore.PendingInfo{Key: key, UploadID: u.UploadID, Initiated: u.Initiated}, nil) {
					return
				}
			}
			next, err := decodeKey(page.NextKeyMarker, page.EncodingType)
			if err != nil || !page.IsTruncated {
				return
			}
			query.Set("key-marker", next)
			query.Set("upload-id-marker", page.NextUploadIDMarker)
		}
	}
}

// maxDelete is how many keys S3 deletes in one request.
const maxDelete = 1000

// Delete implements [objstore.Store].
func (b *bucket) Delete(ctx context.Context, keys ...string) error {
	var many []string
	for _, key := range keys {
		if err := b.check("delete", key); err != nil {
			return err
		}
		// XML has no way to write some characters. Of several keys MinIO takes a/../b for b, and deletes that; alone it refuses it.
		if len(keys) == 1 || looksRelative(key) || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError }) {
			if err := b.deleteOne(ctx, key); err != nil {
				return err
			}
			continue
		}
		many = append(many, key)
	}
	for batch := range slices.Chunk(many, maxDelete) {
		if err := b.deleteMany(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// looksRelative reports whether a key has segments that a file system follows rather than keeps.
func looksRelative(key string) bool {
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return strings.Contains(key, "//") || key[0] == '/'
}

func (b *bucket) deleteOne(ctx context.Context, key string) error {
	_, err := b.c.call(ctx, request{method: http.MethodDelete, bucket: b.name, key: key}, nil)
	var api *apiError
	if errors.As(err, &api) && api.code == "NoSuchKey" {
		return nil
	}
	return b.fail(ctx, "delete", key, err)
}

func (b *bucket) deleteMany(ctx context.Context, keys []string) error {
	var body bytes.Buffer
	body.WriteString(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>`)
	for _, key := range keys {
		body.WriteString("<Object><Key>")
		_ = xml.EscapeText(&body, []byte(key)) // a Buffer takes everything
		body.WriteString("</Key></Object>")
	}
	body.WriteString("</Delete>")
	sum := md5.Sum(body.Bytes())
	var result struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Error   []struct{ Key, Code, Message string }
	}
	_, err := b.c.call(ctx, request{method: http.MethodPost, bucket: b.name, query: url.Values{"delete": {""}}, signed: true, body: body.Bytes(),
		header: http.Header{"Content-Md5": {base64.StdEncoding.EncodeToString(sum[:])}, "Content-Type": {"application/xml"}}}, &result)
	if api := (*apiError)(nil); errors.As(err, &api) && (api.code == "NotImplemented" || api.status == http.StatusNotImplemented) {
		for _, key := range keys {
			if err := b.deleteOne(ctx, key); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		return b.fail(ctx, "delete", keys[0], err)
	}
	for _, e := range result.Error {
		if e.Code == "NoSuchKey" {
			continue
		}
		api := &apiError{status: http.StatusOK, code: e.Code, message: e.Message}
		switch {
		case e.Code == "AccessDenied":
			api.status = http.StatusForbidden
		case api.class() != final:
			// Only this key failed in passing: try it by itself, with pauses.
			if err := b.deleteOne(ctx, e.Key); err != nil {
				return err
			}
			continue
		}
		return b.fail(ctx, "delete", e.Key, api)
	}
	return nil
}
