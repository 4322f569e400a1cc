package s3

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
)

const (
	maxEventLine = 8 << 20 // bytes of one line, which may have many records
	maxEvents    = 4096    // that one Next returns
	// ping is the number of seconds asked for between signs of life. MinIO begins its answer with the first of them or the first event, so that
	// opening takes as long.
	ping = 1
	// longestSilence is how long a store may take to begin its answer. MinIO's last community builds, whose responses cannot be flushed, hold it back
	// until there are some kilobytes of events.
	longestSilence = 10 * time.Second
)

var (
	errClosed = errors.New("the listener was closed")
	errSilent = errors.New("no answer to the request to listen")
)

// Listen implements [objstore.Listener] by ListenBucketNotification, which MinIO and the embedded store answer. Others take the request for a listing
// or refuse it.
func (b *bucket) Listen(ctx context.Context, prefix string) (event.Stream, error) {
	r := request{method: http.MethodGet, bucket: b.name, query: url.Values{
		"events": {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}, "prefix": {prefix}, "suffix": {""}, "ping": {strconv.Itoa(ping)}}}
	life, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	end := func() { cancel(errClosed) }
	stop := context.AfterFunc(ctx, end)
	silence := time.AfterFunc(min(longestSilence, b.c.cfg.RequestTimeout/2), func() { cancel(errSilent) })
	var resp *http.Response
	err := b.c.retry(ctx, func() (err error) {
		if resp, err = b.c.send(life, r); errors.Is(context.Cause(life), errSilent) { //nolint:bodyclose // read closes it
			return b.whySilent(ctx, prefix)
		}
		return err
	})
	silence.Stop()
	if err == nil && (!stop() || life.Err() != nil) {
		resp.Body.Close()
		if err = ctx.Err(); err == nil {
			err = b.whySilent(ctx, prefix)
		}
	}
	if err == nil && strings.Contains(resp.Header.Get("Content-Type"), "xml") {
		resp.Body.Close()
		err = &objstore.Error{Op: "listen to", URL: b.URL(prefix), Endpoint: b.Endpoint(), Kind: objstore.Unsupported, Reason: "it takes the request for a listing"}
	}
	if err != nil {
		end()
		return nil, objstore.CannotListen(b.fail(ctx, "listen to", prefix, err))
	}
	l := &listener{b: b, prefix: prefix, end: end, lists: make(chan []event.Event, 16), done: make(chan struct{})}
	go l.read(life, resp.Body)
	return l, nil
}

// whySilent tells a store that answers others from one that hangs.
func (b *bucket) whySilent(ctx context.Context, prefix string) error {
	var page listPage
	_, err := b.c.callOnce(ctx, request{method: http.MethodGet, bucket: b.name, query: url.Values{"list-type": {"2"}, "max-keys": {"1"}}}, &page)
	if err != nil {
		return err
	}
	return &objstore.Error{Op: "listen to", URL: b.URL(prefix), Endpoint: b.Endpoint(), Kind: objstore.Unsupported, Reason: "it takes the request and says nothing, as the last community builds of MinIO do"}
}

// listener is a stream of events. A goroutine of its own reads the answer, so that Next can end before there is anything to read.
type listener struct {
	b      *bucket
	prefix string
	end    func()
	lists  chan []event.Event
	done   chan struct{} // closed when read has returned
	err    error         // why; valid after done
}

// read sends the events of each line. What else comes is blanks and lines without records, by which the store shows that it is there.
func (l *listener) read(ctx context.Context, body io.ReadCloser) {
	defer close(l.done)
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 64<<10), maxEventLine)
	lines.Split(wholeLines)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		list, err := parseLine(line)
		if err != nil {
			l.err = l.b.fail(ctx, "listen to", l.prefix, err)
			return
		}
		if len(list) == 0 {
			continue
		}
		select {
		case l.lists <- list:
		case <-ctx.Done():
			l.err = errClosed
			return
		}
	}
	err := lines.Err()
	switch {
	case ctx.Err() != nil:
		l.err = errClosed
		return
	case err == nil:
		err = io.ErrUnexpectedEOF // the answer has no end
	case errors.Is(err, bufio.ErrTooLong):
		err = &notS3Error{"a line of the store's answer has more than " + strconv.Itoa(maxEventLine>>20) + " MB"}
	}
	l.err = l.b.fail(ctx, "listen to", l.prefix, err)
}

// wholeLines splits as [bufio.ScanLines], but for the rest of a line behind which the connection broke.
func wholeLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	advance, line, err = bufio.ScanLines(data, false)
	if atEOF && advance == 0 {
		return len(data), nil, err
	}
	return advance, line, err
}

// parseLine reads a line; MinIO's sign of life has null for its records.
func parseLine(line []byte) ([]event.Event, error) {
	if bytes.Equal(line, []byte(`{"Records":null}`)) {
		return nil, nil
	}
	list, err := event.ParsePlain(line)
	if err != nil {
		return nil, &notS3Error{err.Error()}
	}
	return list, nil
}

// Next implements [event.Stream].
func (l *listener) Next(ctx context.Context) ([]event.Event, error) {
	var list []event.Event
	select {
	case list = <-l.lists:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.done:
		select {
		case list = <-l.lists: // what came before the end
		default:
			return nil, l.err
		}
	}
	for len(list) < maxEvents {
		select {
		case more := <-l.lists:
			list = append(list, more...)
			continue
		default:
		}
		break
	}
	return list, nil
}

// Position implements [event.Stream]: there is none.
func (l *listener) Position() []byte { return nil }

// Stored implements [event.Stream].
func (l *listener) Stored(context.Context, []byte) error { return nil }

// Close implements [event.Stream].
func (l *listener) Close() error {
	l.end()
	<-l.done
	return nil
}
