package s3

import (
	"encoding/xml"

	"github.com/millstream/millstream/objstore"
)

// selectRequest is the body of SelectObjectContent.
type selectRequest struct {
	XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ SelectObjectContentRequest"`
	Expression          string
	ExpressionType      string
	RequestProgress     *selectProgress `xml:",omitempty"`
	InputSerialization  selectInput
	OutputSerialization selectOutput
	ScanRange           *scanRange `xml:",omitempty"`
}

type selectProgress struct{ Enabled bool }

// scanRange is [Start, End] of the bytes in which records begin; AWS reads End as the last byte.
type scanRange struct {
	Start int64
	End   *int64 `xml:",omitempty"`
}

type selectInput struct {
	CompressionType string
	CSV             *csvInput  `xml:",omitempty"`
	JSON            *jsonInput `xml:",omitempty"`
	Parquet         *struct{}  `xml:",omitempty"`
}

type csvInput struct {
	FileHeaderInfo             string
	RecordDelimiter            string
	FieldDelimiter             string
	QuoteCharacter             string
	QuoteEscapeCharacter       string `xml:",omitempty"`
	Comments                   string `xml:",omitempty"`
	AllowQuotedRecordDelimiter bool   `xml:",omitempty"`
}

type jsonInput struct{ Type string }

type selectOutput struct {
	CSV  *csvOutput  `xml:",omitempty"`
	JSON *jsonOutput `xml:",omitempty"`
}

type csvOutput struct {
	QuoteFields          string
	RecordDelimiter      string
	FieldDelimiter       string
	QuoteCharacter       string
	QuoteEscapeCharacter string
}

type jsonOutput struct{ RecordDelimiter string }

var (
	headerInfo   = [...]string{objstore.SelectNoHeader: "NONE", objstore.SelectIgnoreHeader: "IGNORE", objstore.SelectUseHeader: "USE"}
	compressions = [...]string{objstore.SelectPlain: "NONE", objstore.SelectGzip: "GZIP", objstore.SelectBzip2: "BZIP2"}
)

// encodeSelect writes the request's body.
func encodeSelect(s objstore.Selection) ([]byte, error) {
	r := selectRequest{Expression: s.Query, ExpressionType: "SQL"}
	if s.Progress {
		r.RequestProgress = &selectProgress{true}
	}
	if ranged(s.Scan) {
		r.ScanRange = &scanRange{Start: s.Scan.Offset}
		if s.Scan.Length > 0 {
			end := s.Scan.Offset + s.Scan.Length - 1
			r.ScanRange.End = &end
		}
	}
	in := &r.InputSerialization
	in.CompressionType = compressions[s.Input.Compression]
	switch s.Input.Format {
	case objstore.SelectCSV:
		in.CSV = &csvInput{
			FileHeaderInfo: headerInfo[s.Input.Header], RecordDelimiter: firstOf(s.Input.Record, "\n"), FieldDelimiter: firstOf(s.Input.Field, ","),
			QuoteCharacter: firstOf(s.Input.Quote, `"`), QuoteEscapeCharacter: s.Input.Escape, Comments: s.Input.Comment,
			AllowQuotedRecordDelimiter: s.Input.QuotedRecords,
		}
	case objstore.SelectJSONLines:
		in.JSON = &jsonInput{"LINES"}
	case objstore.SelectJSONDocument:
		in.JSON = &jsonInput{"DOCUMENT"}
	case objstore.SelectParquet:
		in.Parquet = &struct{}{}
	}
	if s.Output.Format == objstore.SelectCSV {
		quote := "ASNEEDED"
		if s.Output.AlwaysQuote {
			quote = "ALWAYS"
		}
		r.OutputSerialization.CSV = &csvOutput{
			QuoteFields: quote, RecordDelimiter: firstOf(s.Output.Record, "\n"), FieldDelimiter: firstOf(s.Output.Field, ","),
			QuoteCharacter: firstOf(s.Output.Quote, `"`), QuoteEscapeCharacter: firstOf(s.Output.Escape, `"`),
		}
	} else {
		r.OutputSerialization.JSON = &jsonOutput{firstOf(s.Output.Record, "\n")}
	}
	return xml.Marshal(r)
}

// ranged reports whether a query is restricted to a part of the object.
func ranged(r objstore.Range) bool { return r.Offset > 0 || r.Length > 0 }
