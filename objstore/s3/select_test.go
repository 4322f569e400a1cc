package s3

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/storetest"
)

// selectMessage encodes a message of the event stream with the given headers, as name, value, name, value.
func selectMessage(payload string, headers ...string) string {
	var h []byte
	for i := 0; i < len(headers); i += 2 {
		h = append(append(h, byte(len(headers[i]))), headers[i]...)
		h = binary.BigEndian.AppendUint16(append(h, 7), uint16(len(headers[i+1])))
		h = append(h, headers[i+1]...)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(16+len(h)+len(payload)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(h)))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(append(b, h...), payload...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)))
}

func selectEvent(name, payload string) string {
	return selectMessage(payload, ":message-type", "event", ":event-type", name)
}

func selectFailure(code, reason string) string {
	return selectMessage("", ":message-type", "error", ":error-code", code, ":error-message", reason)
}

const selectStats = `<Stats><BytesScanned>100</BytesScanned><BytesProcessed>200</BytesProcessed><BytesReturned>6</BytesReturned></Stats>`

// selecting serves the answers, one to each query, the last one again and again; HEAD gives the ETags in the same way.
func selecting(t *testing.T, etags []string, answers ...func(http.ResponseWriter)) (b *bucket, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	var heads atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "9")
			w.Header().Set("ETag", `"`+etags[min(heads.Add(1), int64(len(etags)))-1]+`"`)
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil || !r.URL.Query().Has("select") {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		answers[min(asked.Add(1), int64(len(answers)))-1](w)
	}))
	t.Cleanup(srv.Close)
	c := newClient(t, Config{Endpoint: srv.URL, AccessKey: "k", SecretKey: "s", RetryDelay: time.Millisecond, MaxAttempts: 4})
	return c.Bucket("b").(*bucket), asked
}

// sends answers with messages as they are.
func sends(messages ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = io.WriteString(w, strings.Join(messages, "")) }
}

func fails(status int, code string) func(http.ResponseWriter) {
	return failsWith(status, code, "it failed")
}

func failsWith(status int, code, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>"+message+"</Message></Error>")
	}
}

// selectAll reads a whole answer.
func selectAll(t *testing.T, b *bucket, q objstore.Selection) (string, objstore.SelectStats, error) {
	s, err := b.Select(storetest.Context(t), "k", q)
	if err != nil {
		return "", objstore.SelectStats{}, err
	}
	data, err := io.ReadAll(s)
	stats := s.Stats()
	if closeErr := s.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	if n, _ := s.Read(make([]byte, 1)); n != 0 {
		t.Error("a closed answer can be read")
	}
	return string(data), stats, err
}

// TestSelect checks what comes out of answers, also of those that break off, are damaged or fail in passing.
func TestSelect(t *testing.T) {
	whole := sends(selectEvent("Records", "a\nb\n"), selectEvent("Cont", ""), selectEvent("Progress", selectStats), selectEvent("Records", "c\n"),
		selectEvent("Stats", selectStats), selectEvent("End", ""))
	damaged := selectEvent("Records", "c\n")
	damaged = damaged[:len(damaged)-6] + "x" + damaged[len(damaged)-5:]
	for name, first := range map[string]func(http.ResponseWriter){
		"whole":               whole,
		"no end":              sends(selectEvent("Records", "a\nb\n"), selectEvent("Stats", selectStats)),
		"nothing":             sends(),
		"cut in a message":    sends(selectEvent("Records", "a\n"), selectEvent("Records", "b\n")[:30]),
		"a damaged message":   sends(selectEvent("Records", "a\nb\n"), damaged, selectEvent("End", "")),
		"overloaded":          fails(503, "SlowDown"),
		"overloaded later":    sends(selectEvent("Records", "a\n"), selectFailure("SlowDown", "please")),
		"busy":                sends(selectFailure("Busy", "please")),
		"failed in the midst": sends(selectEvent("Records", "a\nb\nc"), selectFailure("InternalError", "oops")),
	} {
		t.Run(name, func(t *testing.T) {
			b, asked := selecting(t, []string{"v1"}, first, whole)
			data, stats, err := selectAll(t, b, objstore.Selection{ETag: "v1"})
			if err != nil || data != "a\nb\nc\n" || stats != (objstore.SelectStats{Scanned: 100, Processed: 200, Returned: 6}) {
				t.Errorf("got %q, %v, %v", data, stats, err)
			}
			if want := int64(2); name != "whole" && asked.Load() != want {
				t.Errorf("asked %d times, want %d", asked.Load(), want)
			}
		})
	}
}

// TestSelectFails checks the errors, and that none of these answers passes for a short one.
func TestSelectFails(t *testing.T) {
	some := selectEvent("Records", "a\nb\n")
	end := selectEvent("End", "")
	for name, c := range map[string]struct {
		etags   []string
		answers []func(http.ResponseWriter)
		kind    objstore.Kind
		text    string
		asked   int64
	}{
		"not implemented":       {nil, []func(http.ResponseWriter){fails(501, "NotImplemented")}, objstore.Unsupported, "SelectObjectContent", 1},
		"not allowed":           {nil, []func(http.ResponseWriter){fails(405, "MethodNotAllowed")}, objstore.Unsupported, "SelectObjectContent", 1},
		"not implemented later": {nil, []func(http.ResponseWriter){sends(selectFailure("NotImplemented", "no"))}, objstore.Unsupported, "SelectObjectContent", 1},
		"without an answer":     {nil, []func(http.ResponseWriter){fails(405, "")}, objstore.Unsupported, "SelectObjectContent", 1},
		"taken for a form":      {nil, []func(http.ResponseWriter){fails(400, "MalformedPOSTRequest")}, objstore.Unsupported, "SelectObjectContent", 1},
		"no such format":        {nil, []func(http.ResponseWriter){fails(400, "UnsupportedParquetType")}, objstore.Unsupported, "SelectObjectContent", 1},
		"a format switched off": {nil, []func(http.ResponseWriter){failsWith(500, "InternalError", "parquet format parsing not enabled on server")}, objstore.Unsupported, "not enabled", 1},
		"denied":                {nil, []func(http.ResponseWriter){fails(403, "AccessDenied")}, objstore.Denied, "does not let this key", 1},
		"another key":           {nil, []func(http.ResponseWriter){fails(403, "SignatureDoesNotMatch")}, objstore.BadCredentials, "secret key", 1},
		"failing again":         {nil, []func(http.ResponseWriter){fails(500, "InternalError")}, objstore.Other, "it failed", 2},
		"a wrong query":         {nil, []func(http.ResponseWriter){fails(400, "ParseUnexpectedToken")}, objstore.Other, "ParseUnexpectedToken", 1},
		"a failing query":       {nil, []func(http.ResponseWriter){sends(some, selectFailure("CastFailed", "no number"))}, objstore.Other, "CastFailed", 1},
		"never an end":          {nil, []func(http.ResponseWriter){sends(some)}, objstore.Unreachable, "broke", 4},
		"damaged for ever":      {nil, []func(http.ResponseWriter){sends(some[:20] + "~" + some[21:])}, objstore.Other, "damaged", 4},
		"no object":             {nil, []func(http.ResponseWriter){fails(404, "NoSuchKey")}, objstore.NotFound, "no such object", 1},
		"another version":       {[]string{"v2"}, []func(http.ResponseWriter){sends(some, end)}, objstore.Changed, "v2", 0},
		"overwritten":           {[]string{"v1", "v2"}, []func(http.ResponseWriter){sends(some, end)}, objstore.Changed, "v2", 1},
		"overwritten, repeated": {[]string{"v1", "v2"}, []func(http.ResponseWriter){sends(some), sends(some, end)}, objstore.Changed, "v2", 1},
		"another answer":        {[]string{"v1"}, []func(http.ResponseWriter){sends(some), sends(selectEvent("Records", "a\nx\nc\n"), end)}, objstore.Changed, "else", 2},
		"a shorter answer":      {[]string{"v1"}, []func(http.ResponseWriter){sends(some), sends(selectEvent("Records", "a\n"), end)}, objstore.Changed, "less", 2},
	} {
		t.Run(name, func(t *testing.T) {
			q := objstore.Selection{}
			if c.etags != nil {
				q.ETag = "v1"
			}
			b, asked := selecting(t, c.etags, c.answers...)
			data, _, err := selectAll(t, b, q)
			var e *objstore.Error
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %q, %v (kind %d)", data, err, objstore.KindOf(err))
			}
			if asked.Load() != c.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), c.asked)
			}
		})
	}
}

// TestSelectRequest checks what is sent.
func TestSelectRequest(t *testing.T) {
	const open, end = `<SelectObjectContentRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`, `</SelectObjectContentRequest>`
	for _, c := range []struct {
		q    objstore.Selection
		want string
	}{
		{objstore.Selection{Query: "SELECT s._1 FROM S3Object s WHERE s._2 < '&\n'", Progress: true, Scan: objstore.Range{Offset: 10, Length: 5}},
			"<Expression>SELECT s._1 FROM S3Object s WHERE s._2 &lt; &#39;&amp;&#xA;&#39;</Expression><ExpressionType>SQL</ExpressionType>" +
				"<RequestProgress><Enabled>true</Enabled></RequestProgress><InputSerialization><CompressionType>NONE</CompressionType><CSV>" +
				"<FileHeaderInfo>NONE</FileHeaderInfo><RecordDelimiter>&#xA;</RecordDelimiter><FieldDelimiter>,</FieldDelimiter><QuoteCharacter>&#34;</QuoteCharacter></CSV>" +
				"</InputSerialization><OutputSerialization><CSV><QuoteFields>ASNEEDED</QuoteFields><RecordDelimiter>&#xA;</RecordDelimiter><FieldDelimiter>,</FieldDelimiter>" +
				"<QuoteCharacter>&#34;</QuoteCharacter><QuoteEscapeCharacter>&#34;</QuoteEscapeCharacter></CSV></OutputSerialization>" +
				"<ScanRange><Start>10</Start><End>14</End></ScanRange>"},
		{objstore.Selection{Query: "q", Scan: objstore.All, Input: objstore.SelectInput{Format: objstore.SelectJSONLines, Compression: objstore.SelectGzip},
			Output: objstore.SelectOutput{Format: objstore.SelectJSONLines}},
			"<Expression>q</Expression><ExpressionType>SQL</ExpressionType><InputSerialization><CompressionType>GZIP</CompressionType><JSON><Type>LINES</Type></JSON>" +
				"</InputSerialization><OutputSerialization><JSON><RecordDelimiter>&#xA;</RecordDelimiter></JSON></OutputSerialization>"},
		{objstore.Selection{Query: "q", Scan: objstore.Range{Offset: 7, Length: -1}, Input: objstore.SelectInput{Format: objstore.SelectParquet},
			Output: objstore.SelectOutput{Format: objstore.SelectJSONLines, Record: "|"}},
			"<Expression>q</Expression><ExpressionType>SQL</ExpressionType><InputSerialization><CompressionType>NONE</CompressionType><Parquet></Parquet>" +
				"</InputSerialization><OutputSerialization><JSON><RecordDelimiter>|</RecordDelimiter></JSON></OutputSerialization><ScanRange><Start>7</Start></ScanRange>"},
	} {
		got, err := encodeSelect(c.q)
		if err != nil {
			t.Fatal(err)
		}
		if want := open + c.want + end; string(got) != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}
