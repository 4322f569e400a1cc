// Package s3select answers SelectObjectContent: SQL in S3 Select's dialect over one object of CSV, JSON or Parquet.
//
// What enters: a request and the bytes of an object. What leaves: an event stream with the records that fulfil WHERE, in the order of
// the object, as CSV or JSON. The embedded store calls it (objstore/server).
//
// The dialect is not that of the engine: values have no declared types, MISSING is told from NULL, and a field of CSV becomes what it is
// compared with. It therefore has a parser and an evaluator of its own; docs/decisions/0035-select-in-the-store.md says why.
//
//	text → tokens (lex) → query and node (parse*) → columns bound to slots (prepare) → blocks (source) → workers (run, csv_scan, json, parquet)
//	→ chunks of the result, put back into order → messages (event)
//
// An object that can be read at any place is cut into blocks by position, each of which holds the records that start in it; compressed
// objects, JSON DOCUMENT and CSV with record delimiters in quotes are cut while they are read; of Parquet a block is a row group, of which only
// the columns that the query names are read. Workers, one for each of up to eight cores, filter the records
// of a block in batches: comparisons of fields with constants are loops over a selection vector, and only the fields that WHERE reads are
// found before it has decided.
//
// # What must hold
//
//   - A request holds a few megabytes for each core, whatever the object's size: workers wait for the client.
//   - Records and results of more than 1 MiB are refused, as in S3; values of JSON DOCUMENT may have 32 MiB.
//   - Errors before the first byte of the answer are answers of HTTP; later ones are the last message of the stream.
//   - Where the client goes away, the work ends with the next message, which comes at least once a second.
//
// # Rules of values
//
// A field of CSV is text. Compared with a number, a boolean or a timestamp it is read as one; where it is none, it is unequal to it and
// neither less nor greater. Two fields compare as texts. Operators and SUM, AVG, MIN and MAX read numbers. Numbers are whole ones of 64 bits
// or floats; DECIMAL is a float. Division of whole numbers is whole. Plain columns of Parquet have their types, others are JSON.
package s3select
