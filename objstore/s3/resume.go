package s3

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/millstream/millstream/objstore"
)

var (
	_ objstore.Resumer = (*bucket)(nil)
	_ objstore.Saver   = (*upload)(nil)
)

const (
	maxPartNumber = 10_000
	// resumeRoom is how many part numbers are left out by who goes on with an upload: whoever he replaces may still write parts. Their sizes are at
	// least minPartSize, so they have [objstore.SavedRoom].
	resumeRoom = objstore.SavedRoom/minPartSize + 2
)

// Save sends what can be a part and waits for all parts. What is left is shorter than S3 lets any part but the last be.
func (u *upload) Save(ctx context.Context) (*objstore.Saved, error) {
	if err := u.usable(ctx); err != nil {
		return nil, err
	}
	if u.number+2*resumeRoom > maxPartNumber {
		return nil, nil
	}
	stop := context.AfterFunc(ctx, u.cancel)
	defer stop()
	if len(u.buf) >= minPartSize {
		if err := u.flush(); err != nil {
			return nil, u.sealError(ctx, err)
		}
	}
	u.wg.Wait()
	if err := u.failure(); err != nil {
		return nil, u.sealError(ctx, err)
	}
	u.mu.Lock()
	parts := slices.Clone(u.parts)
	u.mu.Unlock()
	slices.SortFunc(parts, func(a, b objstore.Part) int { return a.Number - b.Number })
	return &objstore.Saved{
		Pending: objstore.Pending{Key: u.key, UploadID: u.id, Parts: parts, Size: u.size - int64(len(u.buf))}, Tail: bytes.Clone(u.buf),
	}, nil
}

// Resume implements [objstore.Resumer]. It goes on with the same upload, whose completion names the parts that belong to it: parts that others sent
// behind those that were saved stay out, and the store forgets them then. New parts get numbers behind all that others may still send.
func (b *bucket) Resume(ctx context.Context, saved objstore.Saved, _ string) (objstore.Upload, string, error) {
	if err := b.check("resume", saved.Key); err != nil {
		return nil, "", err
	}
	last := 0
	if n := len(saved.Parts); n > 0 {
		last = saved.Parts[n-1].Number
	}
	number, err := b.lastPart(ctx, saved.Pending, last)
	if err != nil {
		return nil, "", err
	}
	if number += resumeRoom; number+resumeRoom > maxPartNumber {
		number = last // after so many attempts, those who began the first ones have ended
	}
	u := &upload{b: b, key: saved.Key, id: saved.UploadID, parts: slices.Clone(saved.Parts), number: number, count: len(saved.Parts), size: saved.Size}
	u.ctx, u.cancel = context.WithCancel(ctx)
	if _, err := u.Write(saved.Tail); err != nil {
		u.cancel()
		return nil, "", err
	}
	return u, saved.Key, nil
}

// lastPart returns the highest number of an upload's parts, those up to last being known.
func (b *bucket) lastPart(ctx context.Context, p objstore.Pending, last int) (int, error) {
	for {
		var page struct {
			XMLName     xml.Name `xml:"ListPartsResult"`
			IsTruncated bool
			Part        []struct{ PartNumber int }
		}
		_, err := b.c.call(ctx, request{method: http.MethodGet, bucket: b.name, key: p.Key,
			query: url.Values{"uploadId": {p.UploadID}, "part-number-marker": {strconv.Itoa(last)}}}, &page)
		var api *apiError
		if errors.As(err, &api) && api.code == "NoSuchUpload" {
			return 0, &objstore.Error{Op: "resume", URL: b.URL(p.Key), Endpoint: b.c.Endpoint(), Kind: objstore.NotFound,
				Reason: "the upload " + p.UploadID + " is unknown, or was completed or aborted"}
		}
		if err != nil {
			return 0, b.fail(ctx, "resume", p.Key, err)
		}
		before := last
		for _, part := range page.Part {
			last = max(last, part.PartNumber)
		}
		if !page.IsTruncated || last == before {
			return last, nil
		}
	}
}
