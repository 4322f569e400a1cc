// Package format turns bytes into rows and back: the interfaces that every format implements and their registry.
//
// What enters: blocks of bytes or whole objects, and a schema. What leaves: batches, or bytes. Connectors call
// it; it knows nothing of where bytes come from. Each format is one sub-package with one spec.
//
// What must hold: a decoder appends only whole, good rows; a malformed record is a [*RecordError] with the record's
// position and reason, or, where the user asked for it, is skipped and counted, never silently dropped.
package format

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

// Spec describes a format. A format has either NewDecoder (a stream of records) or OpenFile (a file with an index), and
// likewise for writing.
type Spec struct {
	Name    string // the value of 'format'
	Doc     string
	Options []*setting.Option // keys without the format's name: "field-delimiter" for 'csv.field-delimiter'
	// Extension is the usual file name's end, such as ".csv".
	Extension string
	// Changes are the kinds of rows, besides inserts, that the format carries with the given options; nil: inserts only. A decoder of such a
	// format sets the rows' kinds, an encoder writes them, and a stream of its records is read in order.
	Changes func(options setting.Values) graph.Changes
	// FieldsByName says that a column of type ROW may have fewer fields than the data.
	FieldsByName bool
	NewDecoder   func(c Config) (Decoder, error)
	NewEncoder   func(c Config) (Encoder, error)
	// SplitFile lists the independently readable pieces of a file that has an index; OpenFile reads one.
	SplitFile func(ctx context.Context, f File, c Config) ([]Piece, error)
	OpenFile  func(ctx context.Context, f File, p Piece, c Config) (FileReader, error)
	NewFile   func(w io.Writer, c Config) (FileWriter, error)
	// SelectsAlike reports whether the columns that are projected stand in a file that has an index under the same names, and in types whose values all stores give
	// alike, or in ways that are told apart, when they are asked for them by S3's SelectObjectContent; nil: of no file.
	SelectsAlike func(ctx context.Context, f File, c Config) (bool, error)
}

// Config is what a decoder or encoder is made for.
type Config struct {
	Options setting.Values // the format's options, by keys without the format's name
	Columns []column.Field // the columns in the bytes, in order
	Project []int          // positions in Columns to decode, in this order; nil: all. Ignored by encoders
	Filter  []expr.Expr    // conjuncts over the projected columns; may be used to skip
	Zone    *time.Location // for TIMESTAMP_LTZ
	Ranged  bool           // a file is read in several ranges, each from where SkipPartial says to the end of its last record
	Keep    bool           // lent buffers are never reused by the caller, so batches may hold on to them
}

// Decoder reads a stream of records, such as lines. It is used by one goroutine.
type Decoder interface {
	// Decode appends rows of the records in data to out until out has max rows or no complete record is left, and returns the
	// bytes consumed. A record of several rows, which only a changelog's is, is not torn apart: out may end with more rows than max. last says that no bytes follow, so that a final record without delimiter counts. out's vectors may point
	// into data, which stays unchanged until out is reset. At least objstore.Tailroom bytes behind len(data) are readable within
	// cap(data).
	Decode(data []byte, last bool, out *column.Batch, max int) (consumed int, err error)
	// SkipPartial returns where the first record begins that begins behind data's first byte, when data starts at an arbitrary
	// place of a file, or -1 if none does. A record that begins right behind data counts: start is len(data) then. ok is
	// false where a file of this configuration cannot be split.
	SkipPartial(data []byte) (start int, ok bool)
	// Header consumes what stands before the first record of a file, such as column names; it returns -1 to ask for more data.
	Header(data []byte, last bool) (consumed int, err error)
	// Skipped is the number of malformed records that were skipped because the user asked for it.
	Skipped() int64
}

// Encoder writes records one after another.
type Encoder interface {
	// Header returns what stands before the first record of a file.
	Header(dst []byte) []byte
	// Encode appends the live rows of b to dst. A value that the format cannot carry is an error that names column and row.
	Encode(dst []byte, b *column.Batch) ([]byte, error)
}

// File is an object to read at random.
type File struct {
	Store objstore.Store
	Info  objstore.Info
}

// Piece is a part of a file with an index, such as some row groups.
type Piece struct {
	First, Count int   // units of the format
	Size         int64 // bytes, about
	// From is where the piece begins in the file, and To where the next unit does; both 0: not known.
	From, To int64
}

// FileReader reads a piece.
type FileReader interface {
	// Next fills out, which is empty, with the next rows after at most a few thousand; io.EOF at the end. It may block on I/O.
	Next(ctx context.Context, out *column.Batch) error
	BytesRead() int64
	Close() error
}

// FilteringReader is implemented by file readers that may leave out rows that do not pass the filter.
type FilteringReader interface {
	FileReader
	// Skip leaves out the first n rows of the piece. It is called before Next.
	Skip(n int64)
	// Passed is how many rows of the piece, those that were left out among them, lie behind the reader.
	Passed() int64
}

// FileWriter writes a file with an index.
type FileWriter interface {
	Write(b *column.Batch) error
	// BufferedBytes is what was taken in and not yet written, about.
	BufferedBytes() int64
	// Close writes what is buffered and the index; it does not close the underlying writer.
	Close() error
}

// RecordError is a malformed record.
type RecordError struct {
	Offset int64  // of the record, relative to the start of the data given to Decode; the connector makes it absolute
	Column string // empty where the whole record is malformed
	Text   string // the offending text, shortened
	Reason string
}

func (e *RecordError) Error() string {
	where := ""
	if e.Column != "" {
		where = " in column '" + e.Column + "'"
	}
	if e.Text != "" {
		return fmt.Sprintf("%s%s: %q", e.Reason, where, e.Text)
	}
	return e.Reason + where
}

// SplitProber is implemented by decoders whose files can be split by configuration, but not every one by its content.
type SplitProber interface {
	// Splittable looks at the head of a file, a block of it or so, and reports whether the file may be read in ranges that
	// begin where SkipPartial says. Where it says true and the rest of the file is unlike the head, Decode returns a
	// *RecordError that names the option by which splitting is switched off; rows are never silently wrong.
	Splittable(head []byte) bool
}

// HeadReader is implemented by decoders that learn from what stands before the first record of a file how its records are to be read.
type HeadReader interface {
	// Heads reports whether this one does. The reader of a range that does not begin with the file, or of a file of which some records were read, hands what stands
	// before the first record to Header first.
	Heads() bool
}

// Excerpt shortens a value for [RecordError.Text].
func Excerpt(b []byte) string {
	const most = 80
	if len(b) <= most {
		return string(b)
	}
	cut := most
	for cut > most-4 && b[cut]&0xC0 == 0x80 { // not within a character
		cut--
	}
	return string(b[:cut]) + "…"
}

var specs = map[string]*Spec{}

// Register adds a format; init functions of format packages call it. A second one of the same name panics.
func Register(s *Spec) {
	if s.Name == "" || s.Doc == "" || specs[s.Name] != nil {
		panic("format: incomplete or duplicate spec: " + s.Name)
	}
	specs[s.Name] = s
}

// Lookup finds a format by the value of 'format'.
func Lookup(name string) (*Spec, bool) {
	s, ok := specs[name]
	return s, ok
}

// Names lists the linked formats, sorted.
func Names() []string { return slices.Sorted(maps.Keys(specs)) }
