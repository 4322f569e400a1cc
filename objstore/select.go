package objstore

import (
	"context"
	"io"
)

// Selector is a [Store] that may be able to read an object by a query: S3's SelectObjectContent.
type Selector interface {
	// Select runs a query over one object. A store that does not know the request gives an error of kind [Unsupported], here or in the stream's
	// first Read. The stream ends with ctx, which is therefore that of its whole life; the caller closes it.
	Select(ctx context.Context, key string, s Selection) (SelectStream, error)
}

// SelectStream is the answer to a query, in the format that was asked for. Read gives [io.EOF] only after the store has said that all was sent:
// an answer that breaks off is an error, never a short one.
type SelectStream interface {
	io.ReadCloser
	// Stats are what the store has told last; they are complete at the end. Safe to call while another goroutine reads.
	Stats() SelectStats
}

// SelectStats are the bytes that a query has moved: taken from the object, the same decompressed, and sent.
type SelectStats struct{ Scanned, Processed, Returned int64 }

// Plus adds those of another query.
func (s SelectStats) Plus(t SelectStats) SelectStats {
	return SelectStats{s.Scanned + t.Scanned, s.Processed + t.Processed, s.Returned + t.Returned}
}

// Selection is a query over one object.
type Selection struct {
	// Query is in S3 Select's dialect, such as SELECT s._1 FROM S3Object s WHERE s._2 = 'x'.
	Query  string
	Input  SelectInput
	Output SelectOutput
	// Scan restricts the query to records that begin in the range; the zero value and [All] read all. A range is possible where records end at each line end, and
	// nothing is compressed.
	Scan Range
	// Progress asks for statistics while the query runs.
	Progress bool
	// ETag is the version that must be read; empty: any. The request itself cannot name one, so the object is looked at before and after.
	ETag string
}

// SelectFormat is the format of an object or of an answer.
type SelectFormat uint8

// The formats; Parquet is no answer's.
const (
	SelectCSV SelectFormat = iota
	SelectJSONLines
	SelectJSONDocument
	SelectParquet
)

// SelectHeader says what a CSV object's first line is.
type SelectHeader uint8

// What the first line may be.
const (
	SelectNoHeader     SelectHeader = iota // a record
	SelectIgnoreHeader                     // to be left out
	SelectUseHeader                        // the names of the columns
)

// SelectCompression is how an object is compressed as a whole.
type SelectCompression uint8

// The compressions that S3 names.
const (
	SelectPlain SelectCompression = iota
	SelectGzip
	SelectBzip2
)

// SelectInput says how the object is written. The fields below Compression are those of CSV; empty texts mean S3's own: a line end, a comma, double
// quotes, quotes doubled, no comments.
type SelectInput struct {
	Format      SelectFormat
	Compression SelectCompression
	Header      SelectHeader
	Record      string
	Field       string
	Quote       string
	Escape      string
	Comment     string
	// QuotedRecords says that quoted fields may have record delimiters in them.
	QuotedRecords bool
}

// SelectOutput says how the answer is written: as CSV or JSON lines. The delimiters are used as in [SelectInput].
type SelectOutput struct {
	Format      SelectFormat
	Record      string
	Field       string
	Quote       string
	Escape      string
	AlwaysQuote bool // all fields, not only those that need it
}

// Select queries an object of any store: one that is no [Selector] is one that cannot.
func Select(ctx context.Context, s Store, key string, q Selection) (SelectStream, error) {
	if sel, ok := s.(Selector); ok {
		return sel.Select(ctx, key, q)
	}
	return nil, &Error{Op: "select from", URL: s.URL(key), Kind: Unsupported, Reason: "this kind of store does not run queries", Hint: "read the object"}
}
