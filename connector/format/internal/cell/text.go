package cell

import (
	"encoding/base64"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// TextForm says how a format spells scalar values that are not numbers.
type TextForm struct {
	Date      scan.DateForm
	Timestamp scan.TimestampForm // UTC is set for TIMESTAMP_LTZ by the reader of values
	TrimTime  bool               // blanks around timestamps are allowed
	ShortTime bool               // a TIME may lack seconds
}

// Text sets row i of a scalar column that is not text from b, and reports whether b reads as the column's type. A decimal
// with too many digits becomes NULL, as in Flink.
func (w *Writer) Text(i int, b []byte, form *TextForm) bool {
	switch w.Type.Kind {
	case column.Boolean:
		w.Bool(i, scan.IsTrue(scan.Trim(b)))
		return true
	case column.TinyInt:
		x, ok := scan.Int(scan.Trim(b))
		w.Int8(i, int8(x))
		return ok && x == int64(int8(x))
	case column.SmallInt:
		x, ok := scan.Int(scan.Trim(b))
		w.Int16(i, int16(x))
		return ok && x == int64(int16(x))
	case column.Int, column.IntervalYearMonth:
		x, ok := scan.Int(scan.Trim(b))
		w.Int32(i, int32(x))
		return ok && x == int64(int32(x))
	case column.BigInt, column.IntervalDayTime:
		x, ok := scan.Int(scan.Trim(b))
		w.Int64(i, x)
		return ok
	case column.Float:
		x, ok := scan.Float(scan.Trim(b))
		w.Float(i, x)
		return ok
	case column.Double:
		x, ok := scan.Double(scan.Trim(b))
		w.Double(i, x)
		return ok
	case column.Decimal:
		x, fits, ok := scan.Decimal(scan.Trim(b), int(w.Type.Precision), int(w.Type.Scale))
		w.Decimal(i, x)
		if ok && !fits {
			w.Null(i)
		}
		return ok
	case column.Binary, column.VarBinary:
		return w.base64(i, b)
	case column.Date:
		x, ok := scan.Date(b, form.Date)
		w.Int32(i, x)
		return ok
	case column.Time:
		x, ok := scan.Time(b, form.ShortTime)
		w.Int32(i, cutTime(x, w.Type.Precision))
		return ok
	case column.Timestamp, column.TimestampLTZ:
		if form.TrimTime {
			b = scan.Trim(b)
		}
		f := form.Timestamp
		f.UTC = w.Type.Kind == column.TimestampLTZ
		x, ok := scan.Timestamp(b, f, w.Type.TimeUnit())
		w.Int64(i, x)
		return ok
	case column.Null:
		w.Null(i)
		return true
	}
	return false
}

// cutTime turns nanoseconds of the day into milliseconds with as many fraction digits as the type has.
func cutTime(nanos int64, precision int32) int32 {
	ms := int32(nanos / 1e6)
	switch precision {
	case 0:
		return ms / 1000 * 1000
	case 1:
		return ms / 100 * 100
	case 2:
		return ms / 10 * 10
	}
	return ms
}

// base64 decodes b, with or without padding.
func (w *Writer) base64(i int, b []byte) bool {
	enc := base64.RawStdEncoding
	if n := len(b); n > 0 && b[n-1] == '=' {
		enc = base64.StdEncoding
	}
	out, err := enc.AppendDecode(w.scratch[:0], b)
	w.scratch = out[:0]
	if err != nil {
		return false
	}
	w.Bytes(i, out)
	return true
}

// Want says what a text of the column's type looks like, for error messages.
func (w *Writer) Want(form *TextForm) string {
	zone := ""
	switch w.Type.Kind {
	case column.Binary, column.VarBinary:
		return "base64 text"
	case column.Date:
		return "a date such as 2024-12-31"
	case column.Time:
		return "a time such as 23:59:59"
	case column.TimestampLTZ:
		zone = "Z"
		fallthrough
	case column.Timestamp:
		return fmt.Sprintf("a timestamp such as 2024-12-31%c23:59:59.999%s", form.Timestamp.Separator, zone)
	}
	return "a value of type " + w.Type.Optional().String()
}
