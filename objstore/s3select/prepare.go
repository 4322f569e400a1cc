package s3select

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxRecord is how long a record of the input or the result may be, as in S3.
const maxRecord = 1 << 20 // bytes

// Object is what is read.
type Object struct {
	io.ReaderAt
	Size int64 // bytes
}

// Run is a request that is ready to be answered. It is used once.
type Run struct {
	query    *query
	output   *output
	object   Object
	csv      *csvInput // nil: JSON or Parquet
	document bool      // JSON DOCUMENT
	parquet  *parquetInput
	progress bool
	workers  int

	from, to int64     // records that start in these bytes of the object are computed
	stream   io.Reader // what is left behind head, where the object cannot be read in parallel
	head     []byte    // already read of stream
	headAt   int64     // its place

	slots      []int  // the columns that are read, by slot
	whereWants []want // those of them that WHERE reads
	itemWants  []want // and the list
	filters    []filter
	countOnly  bool // only COUNT(*)
	sameCSV    bool // SELECT * can copy lines
	now        time.Time

	scanned, processed atomic.Int64
}

// Prepare checks a request and reads as much of the object as that takes: its header. The error is an [*Error], or one of reading the
// object.
func Prepare(in *s3.SelectObjectContentInput, object Object) (*Run, error) {
	if kind := string(in.ExpressionType); !strings.EqualFold(kind, string(types.ExpressionTypeSql)) {
		return nil, fail("InvalidExpressionType", "the only ExpressionType is SQL and not %q", kind)
	}
	expression := ""
	if in.Expression != nil {
		expression = *in.Expression
	}
	q, err := parse(expression)
	if err != nil {
		return nil, err
	}
	r := &Run{query: q, object: object, to: object.Size, workers: min(maxWorkers, runtime.GOMAXPROCS(0)), now: time.Now().UTC()}
	r.progress = in.RequestProgress != nil && in.RequestProgress.Enabled != nil && *in.RequestProgress.Enabled
	if r.output, err = newOutput(in.OutputSerialization); err != nil {
		return nil, err
	}
	if err := r.input(in.InputSerialization, in.ScanRange); err != nil {
		return nil, err
	}
	if r.output.json {
		for i, it := range q.items {
			name := it.name
			if name == "" {
				name = position(i)
			}
			r.output.names = append(r.output.names, jsonName(name))
		}
	}
	for _, a := range q.aggregates {
		r.countOnly = r.csv != nil && (a == q.aggregates[0] || r.countOnly) && a.op == opCount && len(a.args) == 0
	}
	return r, nil
}

// position is the name of what has none.
func position(i int) string { return "_" + strconv.Itoa(i+1) }

// input checks how the object is to be read.
func (r *Run) input(s *types.InputSerialization, scan *types.ScanRange) error {
	if s == nil {
		return fail("MissingRequiredParameter", "the request has no InputSerialization: CSV, JSON or Parquet")
	}
	given := 0
	for _, is := range []bool{s.CSV != nil, s.JSON != nil, s.Parquet != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fail("InvalidDataSource", "InputSerialization is one of CSV, JSON and Parquet")
	}
	compression := strings.ToUpper(string(s.CompressionType))
	if compression == "" {
		compression = "NONE"
	}
	if err := r.scanRange(scan); err != nil {
		return err
	}
	if scan != nil && compression != "NONE" {
		return fail("UnsupportedScanRangeInput", "a ScanRange cannot be read of a compressed object")
	}
	if s.Parquet != nil {
		if compression != "NONE" {
			return fail("InvalidRequestParameter", "CompressionType is NONE for Parquet, whose columns are compressed inside")
		}
		return r.openParquet(scan)
	}
	stream, err := r.open(compression)
	if err != nil {
		return err
	}
	if s.JSON != nil {
		if r.document, err = jsonType(s.JSON); err != nil {
			return err
		}
		if r.document && scan != nil {
			return fail("UnsupportedScanRangeInput", "a ScanRange cannot be read of JSON DOCUMENT: LINES can")
		}
		if r.document || stream != nil {
			r.stream = stream
			if stream == nil {
				r.stream = r.plain(0)
			}
		}
		return nil
	}
	if r.csv, err = newCSVInput(s.CSV); err != nil {
		return err
	}
	if err := r.csvHeader(stream); err != nil {
		return err
	}
	return r.bindCSV()
}

// scanRange reads the range: both ends count, and without a start it is the last End bytes.
func (r *Run) scanRange(s *types.ScanRange) error {
	if s == nil {
		return nil
	}
	switch {
	case s.Start == nil && s.End == nil:
		return fail("InvalidScanRange", "the ScanRange has neither Start nor End")
	case s.Start != nil && *s.Start < 0 || s.End != nil && *s.End < 0:
		return fail("InvalidScanRange", "the ScanRange begins or ends before the object")
	case s.Start == nil:
		r.from = max(0, r.object.Size-*s.End)
		return nil
	case s.End != nil && *s.End < *s.Start:
		return fail("InvalidScanRange", "the ScanRange ends at %d, before its start at %d", *s.End, *s.Start)
	}
	r.from = min(*s.Start, r.object.Size)
	if s.End != nil && *s.End < r.object.Size {
		r.to = *s.End + 1
	}
	return nil
}

// csvHeader finds where the records begin, and the names in the header.
func (r *Run) csvHeader(stream io.Reader) error {
	c := r.csv
	source := stream
	if stream == nil {
		source = r.plain(0)
	}
	start := 0 // of the first record, in head
	head := make([]byte, 0, 64<<10)
	ended := false
	for first := true; ; first = false {
		var err error
		if head, err = readMore(source, head); errors.Is(err, io.EOF) {
			ended = true
		} else if err != nil {
			return err
		}
		if first {
			start = len(head) - len(bytes.TrimPrefix(head, byteOrderMark))
		}
		if c.header == "NONE" {
			break
		}
		end, next := c.recordEnd(head[start:])
		for next >= 0 {
			line, ok := c.isRecord(head[start : start+end])
			start += next
			if ok {
				c.readHeader(line)
				break
			}
			end, next = c.recordEnd(head[start:])
		}
		if next >= 0 {
			break
		}
		if ended { // the header is all there is
			if line, ok := c.isRecord(head[start:]); ok {
				c.readHeader(line)
			}
			start = len(head)
			break
		}
		if len(head)-start > maxRecord {
			return fail("OverMaxRecordSize", "the header has more than %d bytes", maxRecord)
		}
	}
	if stream == nil && !c.quotedRecords && !overlapsItself(c.record) {
		r.from = max(r.from, int64(start))
		r.headAt = int64(start)
		r.scanned.Store(r.headAt) // workers read the rest again
		return nil
	}
	r.stream, r.head, r.headAt = source, head[start:], int64(start)
	return nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func (c *csvInput) readHeader(line []byte) {
	if c.header != "USE" {
		return
	}
	fields, _ := c.fields(line, nil, nil)
	for _, f := range fields {
		c.names = append(c.names, string(f))
	}
}

// readMore fills head's memory, or doubles it if it is full.
func readMore(source io.Reader, head []byte) ([]byte, error) {
	if len(head) == cap(head) {
		head = slices.Grow(head, max(len(head), 64<<10))
	}
	for len(head) < cap(head) {
		n, err := source.Read(head[len(head):cap(head)])
		if head = head[:len(head)+n]; err != nil {
			return head, readError(err)
		}
	}
	return head, nil
}

// bindCSV gives paths their slots and makes the filters.
func (r *Run) bindCSV() error {
	q := r.query
	if len(q.from) > 0 {
		return fail("ParseInvalidPathComponent", "FROM S3Object of CSV has no path")
	}
	columns := map[int]bool{}
	var failed *Error
	find := func(n *node) {
		if failed != nil {
			return
		}
		if len(n.path) != 1 || n.path[0].kind != stepName {
			failed = failAt("ParseInvalidPathComponent", q.text, n.pos, "a column of CSV is one name")
			return
		}
		column, err := r.csv.column(n.path[0])
		if err != nil {
			failed = failAt(err.Code, q.text, n.pos, "%s", err.Message)
			return
		}
		n.slot = column
		columns[column] = true
	}
	whereColumns := map[int]bool{}
	if q.where != nil {
		q.where.paths(find)
		for c := range columns {
			whereColumns[c] = true
		}
	}
	clear(columns)
	for _, it := range q.items {
		it.expr.paths(find)
	}
	if failed != nil {
		return failed
	}
	r.bindSlots(whereColumns, columns)
	r.filters = makeFilters(q.where, func(slot int) int {
		return slices.IndexFunc(r.whereWants, func(w want) bool { return w.slot == slot })
	})
	o := r.output
	r.sameCSV = !o.json && !o.always && o.quote == r.csv.quote && bytes.Equal(o.field, r.csv.field) && bytes.Equal(o.record, r.csv.record)
	return nil
}

// bindSlots numbers the columns that are read, in ascending order; paths hold their columns until then.
func (r *Run) bindSlots(where, items map[int]bool) {
	for c := range where {
		r.slots = append(r.slots, c)
	}
	for c := range items {
		if !where[c] {
			r.slots = append(r.slots, c)
		}
	}
	slices.Sort(r.slots)
	for slot, c := range r.slots {
		if where[c] {
			r.whereWants = append(r.whereWants, want{c, slot})
		}
		if items[c] {
			r.itemWants = append(r.itemWants, want{c, slot})
		}
	}
	seen := map[*node]bool{} // CASE x WHEN … shares x
	give := func(n *node) {
		if !seen[n] {
			seen[n] = true
			n.slot, _ = slices.BinarySearch(r.slots, n.slot)
		}
	}
	if r.query.where != nil {
		r.query.where.paths(give)
	}
	for _, it := range r.query.items {
		it.expr.paths(give)
	}
}

// paths calls f for all values of the record in an expression.
func (n *node) paths(f func(*node)) {
	if n.op == opPath {
		f(n)
	}
	for _, a := range n.args {
		a.paths(f)
	}
}
