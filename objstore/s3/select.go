package s3

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3/eventstream"
)

var _ objstore.Selector = (*bucket)(nil)

// Select implements [objstore.Selector].
func (b *bucket) Select(ctx context.Context, key string, s objstore.Selection) (objstore.SelectStream, error) {
	if err := b.check("select from", key); err != nil {
		return nil, err
	}
	body, err := encodeSelect(s)
	if err != nil {
		return nil, b.fail(ctx, "select from", key, err)
	}
	a := &selected{b: b, ctx: ctx, key: key, etag: s.ETag, request: request{
		method: http.MethodPost, bucket: b.name, key: key, query: url.Values{"select": {""}, "select-type": {"2"}},
		header: http.Header{"Content-Type": {"application/xml"}}, body: body, signed: true,
	}}
	if err := a.sameVersion(); err != nil {
		return nil, err
	}
	if err := b.c.retry(ctx, a.open); err != nil {
		return nil, a.fail(err)
	}
	return a, nil
}

// selected is what a query gives. Where it breaks off, the query is sent again, and what was read already left out: the same query over the same version gives the same
// bytes, which a checksum of them confirms.
type selected struct {
	b       *bucket
	ctx     context.Context
	key     string
	etag    string
	request request

	body     io.ReadCloser // nil: broken
	messages *eventstream.Reader
	records  []byte // of the current message, not read yet
	read     int64  // bytes given to the caller
	sum      uint32 // their CRC32
	skip     int64  // bytes of the repeated answer to be left out
	skipped  uint32 // the CRC32 of those left out so far
	failures int    // in a row, without a byte between
	internal int    // InternalErrors
	ended    bool
	err      error // final

	scanned, processed, returned atomic.Int64
}

// answerBuffer holds a message of the usual size.
const answerBuffer = 256 << 10

// open sends the query.
func (a *selected) open() error {
	resp, err := a.b.c.send(a.ctx, a.request) //nolint:bodyclose // the reader closes it with the answer
	if err != nil {
		return a.sooner(err)
	}
	a.body, a.messages = resp.Body, eventstream.NewReader(bufio.NewReaderSize(resp.Body, answerBuffer))
	a.records, a.skip, a.skipped = nil, a.read, 0
	return nil
}

// maxInternal is how often a query is tried that the store fails at by an InternalError: some say so of queries that fail again and again.
const maxInternal = 2

// sooner makes an error final that repeating the query does not help against, though that is usual for its kind.
func (a *selected) sooner(err error) error {
	var api *apiError
	if !errors.As(err, &api) || api.code != "InternalError" {
		return err
	}
	if a.internal++; a.internal < maxInternal && !unanswered(api) {
		return err
	}
	return &apiError{status: http.StatusBadRequest, message: api.Error(), header: api.header}
}

// unanswered reports whether an answer says that the store does not know the request, or objects of this format. Stores have many words for that.
func unanswered(e *apiError) bool {
	switch e.status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	switch e.code {
	case "NotImplemented", "MethodNotAllowed", "NotSupported", "InvalidRequest", "InvalidArgument", "InvalidDataSource", "MalformedXML", "MalformedPOSTRequest":
		return true
	}
	if strings.HasPrefix(e.code, "Unsupported") {
		return true
	}
	for _, words := range []string{"not enabled", "does not support", "not supported", "not implemented"} {
		if strings.Contains(e.message, words) {
			return true
		}
	}
	return false
}

func (a *selected) fail(err error) error {
	var api *apiError
	if errors.As(err, &api) {
		e := &objstore.Error{Op: "select from", URL: a.b.URL(a.key), Endpoint: a.b.c.Endpoint(), Err: err}
		switch {
		case api.code == "AccessDenied" || api.code == "" && api.status == http.StatusForbidden: // of an object whose metadata may be read
			e.Kind, e.Reason, e.Hint = objstore.Denied, "the store does not let this key ask by SelectObjectContent ("+api.Error()+")", "allow it in the store's policy, or read the object"
			return e
		case unanswered(api):
			e.Kind, e.Reason, e.Hint = objstore.Unsupported, "the store does not answer SelectObjectContent of this kind ("+api.Error()+")", "read the object"
			return e
		}
	}
	var damaged *eventstream.FormatError
	if errors.As(err, &damaged) {
		return &objstore.Error{Op: "select from", URL: a.b.URL(a.key), Endpoint: a.b.c.Endpoint(), Kind: objstore.Other, Reason: damaged.Error(), Err: err}
	}
	return a.b.fail(a.ctx, "select from", a.key, err)
}

// sameVersion looks whether the object is still the one that is to be read.
func (a *selected) sameVersion() error {
	if a.etag == "" {
		return nil
	}
	info, err := a.b.Head(a.ctx, a.key)
	switch {
	case objstore.KindOf(err) == objstore.NotFound:
		return a.changed("it was deleted")
	case err != nil:
		return err
	case info.ETag != a.etag:
		return a.changed("its version is " + info.ETag + ", not " + a.etag)
	}
	return nil
}

func (a *selected) changed(how string) error {
	return (&reader{b: a.b, key: a.key}).changed(how)
}

// Read implements [io.Reader].
func (a *selected) Read(p []byte) (int, error) {
	for {
		switch {
		case len(a.records) > 0:
			n := copy(p, a.records)
			a.sum = crc32.Update(a.sum, crc32.IEEETable, a.records[:n])
			a.records = a.records[n:]
			a.read += int64(n)
			a.failures = 0
			return n, nil
		case a.err != nil:
			return 0, a.err
		case len(p) == 0:
			return 0, nil
		case a.ended:
			if a.err = a.sameVersion(); a.err == nil {
				a.err = io.EOF
			}
			continue
		}
		if err := a.next(); err != nil {
			a.err = a.again(err)
		}
	}
}

// next takes the next message.
func (a *selected) next() error {
	m, err := a.messages.Next()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF // there was no End
	}
	if err != nil {
		return err
	}
	if m.Type == "error" {
		return &apiError{status: http.StatusOK, code: m.Code, message: m.Reason}
	}
	switch m.Event {
	case "Records":
		return a.take(m.Payload)
	case "Progress", "Stats":
		return a.measure(m.Payload)
	case "End":
		if a.skip > 0 {
			return a.changed("the repeated query gives less than before")
		}
		a.ended = true
	}
	return nil // Cont, and what may be added one day
}

// take makes a message's bytes the current ones, without those that were read before the query was repeated.
func (a *selected) take(data []byte) error {
	if a.skip > 0 {
		n := min(a.skip, int64(len(data)))
		a.skipped = crc32.Update(a.skipped, crc32.IEEETable, data[:n])
		data = data[n:]
		if a.skip -= n; a.skip == 0 && a.skipped != a.sum {
			return a.changed("the repeated query gives something else than before")
		}
	}
	a.records = data
	return nil
}

// measure notes statistics. They begin anew with a repeated query, but never go back.
func (a *selected) measure(data []byte) error {
	var doc struct {
		BytesScanned, BytesProcessed, BytesReturned int64
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return &eventstream.FormatError{Reason: "statistics that are no XML"}
	}
	a.scanned.Store(max(a.scanned.Load(), doc.BytesScanned))
	a.processed.Store(max(a.processed.Load(), doc.BytesProcessed))
	a.returned.Store(max(a.returned.Load(), doc.BytesReturned))
	return nil
}

// again repeats the query after err, unless that would give the same.
func (a *selected) again(err error) error {
	c := a.b.c
	a.close()
	a.failures++
	k := classify(err)
	var api *apiError
	if errors.As(err, &api) && strings.HasPrefix(api.code, "Busy") {
		k = throttled
	}
	tries := c.tries(k)
	if api != nil && api.code == "InternalError" {
		tries = min(tries, 2) // some stores say so of queries that fail again and again
	}
	if a.ctx.Err() != nil || a.failures >= tries {
		if k != final {
			err = &triesError{err, a.failures}
		}
		return a.fail(err)
	}
	c.pause(a.ctx, k, a.failures, "")
	if a.ctx.Err() != nil {
		return a.fail(a.ctx.Err())
	}
	if err := a.sameVersion(); err != nil {
		return err
	}
	if err := c.retry(a.ctx, a.open); err != nil {
		return a.fail(err)
	}
	return nil
}

// Stats implements [objstore.SelectStream].
func (a *selected) Stats() objstore.SelectStats {
	return objstore.SelectStats{Scanned: a.scanned.Load(), Processed: a.processed.Load(), Returned: a.returned.Load()}
}

func (a *selected) close() {
	if a.body != nil {
		_ = a.body.Close() // nothing was written
		a.body = nil
	}
}

// Close implements [io.Closer].
func (a *selected) Close() error {
	a.close()
	if a.err == nil {
		a.err = errors.New("the answer was closed")
	}
	a.records = nil
	return nil
}
