package server

import (
	"bufio"
	"context"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// This file answers the requests about notifications: ListenBucketNotification and ListenNotification, which are MinIO's, and S3's
// Get- and PutBucketNotificationConfiguration. The library knows none of them.

const (
	keepAlive   = 5 * time.Second // between blanks while nothing happens, by which a connection that is gone shows
	longestPing = 5 * time.Minute // that a client may ask for
)

// listenKey marks the request of a listener for the backend, which then need not list anything.
type listenKey struct{}

// answerListeners turns a request GET /BUCKET?events=… or GET /?events=… into an endless answer. The library takes it for a listing: it checks the
// signature, the bucket and the right to list it, and its answer is replaced where it is a success.
func (b *diskBackend) answerListeners(c fiber.Ctx) error {
	args := c.RequestCtx().QueryArgs()
	if c.Method() != fiber.MethodGet || !args.Has("events") {
		return c.Next()
	}
	bucket := strings.Clone(strings.Trim(c.Path(), "/"))
	if strings.Contains(bucket, "/") {
		return c.Next()
	}
	w := wish{bucket: bucket, prefix: strings.Clone(c.Query("prefix")), suffix: strings.Clone(c.Query("suffix"))}
	for _, e := range args.PeekMulti("events") {
		w.events = append(w.events, strings.TrimPrefix(string(e), "s3:"))
	}
	ping := strings.Clone(c.Query("ping"))
	c.Locals(listenKey{}, true)
	if err := c.Next(); err != nil || c.Response().StatusCode() != http.StatusOK {
		return err
	}
	for _, e := range w.events {
		if !knownEvent(e) {
			return refuse(c, s3err.InvalidArgumentError{Description: "A specified event is not supported for notifications.", ArgumentName: "events", ArgumentValue: e})
		}
	}
	pause, line := keepAlive, " "
	if ping != "" {
		seconds, err := strconv.Atoi(ping)
		if err != nil || seconds < 1 || time.Duration(seconds)*time.Second > longestPing {
			return refuse(c, s3err.InvalidArgumentError{Description: "ping is not a number of seconds from 1 to " + strconv.Itoa(int(longestPing/time.Second)) + ".",
				ArgumentName: "ping", ArgumentValue: ping})
		}
		pause, line = time.Duration(seconds)*time.Second, `{"Records":[]}`+"\n"
	}
	conn := c.RequestCtx().Conn()
	sub, ok := b.hub.subscribe(w.wants, func() { b.cutOff(conn, bucket) })
	if !ok {
		return refuse(c, s3err.GetAPIError(s3err.ErrSlowDown))
	}
	c.Response().Reset()
	c.Status(http.StatusOK)
	utils.EnsureRequestIDs(c)
	c.Set("Content-Type", "text/event-stream") // as MinIO
	c.Set("Cache-Control", "no-cache")
	return c.SendStreamWriter(func(out *bufio.Writer) {
		defer sub.end()
		stream(out, sub, pause, line)
	})
}

// cutOff ends the connection of a listener that does not read what it is sent. It is called with the hub locked.
func (b *diskBackend) cutOff(conn net.Conn, bucket string) {
	logf(b.log, "store: cut off a listener to %q at %s, which read too slowly: it has to list what it missed", bucket, conn.RemoteAddr())
	go conn.Close() //nolint:errcheck // whatever it says, nobody uses it any more
}

// stream writes one line for each event, and what keeps the connection alive, until the listener is gone or cut off, or the store ends.
func stream(out *bufio.Writer, sub *subscription, pause time.Duration, line string) {
	// The first byte sends the answer's head: the client may rely on hearing of what happens from here on.
	if _, err := out.WriteString(" "); err != nil || out.Flush() != nil {
		return
	}
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		list, lost, more, closed := sub.take()
		if lost > 0 {
			return
		}
		for i := range list {
			if _, err := out.Write(append(list[i].body[:len(list[i].body):len(list[i].body)], '\n')); err != nil {
				return
			}
		}
		if len(list) > 0 && out.Flush() != nil {
			return
		}
		switch {
		case more:
		case closed:
			return
		case !sub.wait(context.Background(), ticker.C):
			if _, err := io.WriteString(out, line); err != nil || out.Flush() != nil {
				return
			}
		}
	}
}

// wish is what a listener wants to hear of.
type wish struct {
	bucket         string // empty: all
	prefix, suffix string
	events         []string // without "s3:"; "ObjectCreated:*" is all of a kind
}

func (w *wish) wants(n *notice) bool {
	return (w.bucket == "" || n.bucket == w.bucket) && strings.HasPrefix(n.key, w.prefix) && strings.HasSuffix(n.key, w.suffix) &&
		slices.ContainsFunc(w.events, func(e string) bool {
			kind, all := strings.CutSuffix(e, "*")
			return all && strings.HasPrefix(n.name, kind) || e == n.name
		})
}

// eventKinds are the kinds of events of S3 and MinIO. This store has those of the first two; one may listen for the others in vain.
var eventKinds = []string{"ObjectCreated", "ObjectRemoved", "ObjectAccessed", "ObjectTagging", "ObjectAcl", "ObjectRestore", "ObjectTransition", "Replication",
	"LifecycleExpiration", "LifecycleTransition", "IntelligentTiering", "ReducedRedundancyLostObject", "Scanner", "BucketCreated", "BucketRemoved"}

func knownEvent(name string) bool {
	kind, which, _ := strings.Cut(name, ":")
	return slices.Contains(eventKinds, kind) && (which == "*" || which != "" && !strings.ContainsAny(which, "*:") || kind == "ReducedRedundancyLostObject")
}

// ListObjects lists nothing for a listener.
func (b *diskBackend) ListObjects(ctx context.Context, in *s3.ListObjectsInput) (s3response.ListObjectsResult, error) {
	if ctx.Value(listenKey{}) != nil {
		return s3response.ListObjectsResult{}, nil
	}
	return b.Posix.ListObjects(ctx, in)
}

// ListBuckets lists nothing for a listener.
func (b *diskBackend) ListBuckets(ctx context.Context, in s3response.ListBucketsInput) (s3response.ListAllMyBucketsResult, error) {
	if ctx.Value(listenKey{}) != nil {
		return s3response.ListAllMyBucketsResult{}, nil
	}
	return b.Posix.ListBuckets(ctx, in)
}

// answerConfiguration answers the requests for a bucket's notification configuration, which the library refuses as not implemented once it has checked
// them. A bucket has none of its own: the targets are named when the store starts, and hear of all buckets. So the answer is always the
// same, an empty one may be put, and any other is refused with a word on what to do.
func answerConfiguration(c fiber.Ctx) error {
	args := c.RequestCtx().QueryArgs()
	if !args.Has("notification") || c.Method() != fiber.MethodGet && c.Method() != fiber.MethodPut {
		return c.Next()
	}
	var body []byte
	if c.Method() == fiber.MethodPut {
		body = append(body, c.Body()...)
	}
	if err := c.Next(); err != nil || c.Response().StatusCode() != http.StatusNotImplemented {
		return err
	}
	if c.Method() == fiber.MethodPut {
		var wanted struct {
			XMLName xml.Name `xml:"NotificationConfiguration"`
			Targets []struct {
				XMLName xml.Name
			} `xml:",any"`
		}
		switch {
		case xml.Unmarshal(body, &wanted) != nil:
			return refuse(c, s3err.GetAPIError(s3err.ErrMalformedXML))
		case len(wanted.Targets) > 0:
			return refuse(c, s3err.APIError{Code: "NotImplemented", HTTPStatusCode: http.StatusNotImplemented, Description: "This store has no targets " +
				"by bucket: start it with --notify, and the target hears of all buckets, or listen with ListenBucketNotification."})
		}
	}
	c.Response().ResetBody()
	c.Status(http.StatusOK)
	if c.Method() == fiber.MethodGet {
		c.Set("Content-Type", fiber.MIMEApplicationXML)
		return c.SendString(xml.Header + `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></NotificationConfiguration>`)
	}
	return nil
}

// refuse answers with one of S3's errors.
func refuse(c fiber.Ctx, err s3err.S3Error) error {
	request, host := utils.EnsureRequestIDs(c)
	c.Response().ResetBody()
	c.Set("Content-Type", fiber.MIMEApplicationXML)
	return c.Status(err.StatusCode()).Send(err.XMLBody(request, host))
}
